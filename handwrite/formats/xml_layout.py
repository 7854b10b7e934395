"""What ALTO and PAGE share: the lines that such a file marks, numbers and points, and whole pixels.

The two formats themselves are in `alto` and `page_xml`; `xml_page` tells them apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from handwrite.core.reading import Box, Point, Reading

FEWEST_CORNERS = 3  # of a polygon
SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"


class XmlLine(NamedTuple):
    """A line that a file marks, in the unit of its page.

    text : with single spaces, none at its ends; empty when the file tells none. outline : corners (x, y) of the polygon
    around it. baseline : points (x, y) from its start to its end, None when the file has none.
    """

    text: str
    outline: tuple[Point, ...]
    baseline: tuple[Point, ...] | None


@dataclass(frozen=True)
class XmlPage:
    """The lines of a page, in reading order, and the size of the page in their unit, mostly pixels of its image.

    The image may have another size: scale x by its width over `width`, and y by its height over `height`. image_name
    is empty when the file names none. Raises ValueError for a page without a size.
    """

    image_name: str
    width: float
    height: float
    lines: tuple[XmlLine, ...]

    def __post_init__(self) -> None:
        if not (self.width > 0 and self.height > 0):
            raise ValueError(f"a page of {self.width:g} x {self.height:g}; its width and height must be above 0")


def number(text: str | None) -> float:
    """A finite number. Raises ValueError for anything else."""
    value = float(text or "nan")
    if not math.isfinite(value):
        raise ValueError(f"want a number, not {text!r}")
    return value


def points(text: str | None) -> tuple[Point, ...]:
    """The points of a list "x,y x,y" or "x y x y". Raises ValueError when it is neither."""
    values = [number(value) for value in re.split(r"[\s,]+", text or "") if value]
    if len(values) % 2:
        raise ValueError(f"a list of points with an odd count of numbers: {(text or '')[:40]!r}")
    return tuple(zip(values[::2], values[1::2], strict=True))


def single_spaced(words: Iterable[str]) -> str:
    """Texts as one line, with one space wherever there was white space or a joint."""
    return " ".join(" ".join(words).split())


def whole_pixels(box: Box, reading: Reading) -> Box:
    """The pixels that a box touches, inside the image of a reading; coordinates are integers."""
    return Box(
        _inside(math.floor(box.left), reading.width),
        _inside(math.floor(box.top), reading.height),
        _inside(math.ceil(box.right), reading.width),
        _inside(math.ceil(box.bottom), reading.height),
    )


def point_list(corners: Iterable[Point], reading: Reading) -> str:
    """Points as "x,y x,y", rounded to whole pixels and moved inside the image of a reading."""
    return " ".join(f"{_inside(round(x), reading.width)},{_inside(round(y), reading.height)}" for x, y in corners)


def _inside(value: int, size: int) -> int:
    return min(max(value, 0), size)
