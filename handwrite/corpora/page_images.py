"""Page images with ALTO or PAGE XML beside them, cut into samples of one line each.

Which lines a page has and what they say is taken from the XML; nothing is found or read in the image.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from handwrite.core.image import SUFFIXES, GreyImage, read_image
from handwrite.core.lines import cut
from handwrite.core.reading import Point
from handwrite.core.store import Sample, no_ink
from handwrite.corpora.archive import Progress
from handwrite.corpora.line_folder import OWN_SPLIT, UNSTATED, clean_text, reason_of
from handwrite.corpora.tally import Skipped
from handwrite.errors import InputError
from handwrite.formats.xml_page import XmlPage, read_xml_page

SMALLEST = 4  # pixels; a line of which less is on the page, across or down, holds no writing


def read(place: Path, *, source: str, level: str, progress: Progress) -> Iterator[Sample | Skipped]:
    """The lines of an XML file, or of all those in a folder and below, as samples of the named source and level, and
    what was left out.

    All lines go to the split `train`, and their writers are unknown. Raises InputError when there is no such file or
    folder, or no XML in it.
    """
    files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.suffix.lower() == ".xml")
    if not files:
        reason = "holds no XML" if place.is_dir() else "no such file or folder"
        raise InputError(
            f"{place}: {reason}; give ALTO or PAGE files, or a folder of them, with their images beside them"
        )
    for number, file in enumerate(files, 1):
        yield from _page(file, source=source, level=level)
        progress(number / len(files))


def licence(place: Path) -> str:
    """What is known of the licence of pages: nothing."""
    return UNSTATED


def upright(line: GreyImage, baseline: Sequence[Point] | None) -> GreyImage:
    """A line whose baseline, from its start to its end, leads up, down or back, as in margins, turned by right angles
    so that it leads to the right."""
    if not baseline:
        return line
    (x, y), (end_x, end_y) = baseline[0], baseline[-1]
    return np.rot90(line, round(math.atan2(end_y - y, end_x - x) / (math.pi / 2)))


def _page(file: Path, *, source: str, level: str) -> Iterator[Sample | Skipped]:
    try:
        page, image = opened(file)
    except InputError as error:
        yield Skipped(file.name, reason_of(error, str(file)), level="page")
        return
    if not page.lines:
        yield Skipped(file.name, "a page without lines", level="page", count=0)
    scale = np.array(image.shape[::-1]) / (page.width, page.height)
    for number, line in enumerate(page.lines, 1):
        name, text = f"{file.stem}-{number:02d}", clean_text(line.text)
        picture = cut(image, np.array(line.outline) * scale)[0] if text else None
        if picture is None or min(picture.shape) < SMALLEST:
            yield Skipped(name, "with an outline off the page" if text else "without a text", level=level)
        else:
            yield Sample(
                no_ink(), text, source, name, split=OWN_SPLIT, level=level, image=upright(picture, line.baseline)
            )


def opened(file: Path) -> tuple[XmlPage, GreyImage]:
    """A page and its image. Raises InputError when one of them is missing or cannot be read."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error}); check the file") from error
    page = read_xml_page(content, str(file))
    image = _image_of(file, page.image_name)
    if image is None:
        raise InputError(f"{file}: no image {page.image_name or file.stem} beside the XML; put it there")
    return page, read_image(image)


def _image_of(file: Path, image_name: str) -> Path | None:
    """The image that an XML file names or that has a name like it: beside it, or a folder above, where some exports
    have it."""
    named = PurePosixPath(image_name.replace("\\", "/"))
    wanted = [named.name, *(f"{stem}{suffix}" for stem in (named.stem, file.stem) for suffix in SUFFIXES)]
    for folder in (file.parent, file.parent.parent):
        images = {path.name.lower(): path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES}
        for name in wanted:
            if name.lower() in images:
                return images[name.lower()]
    return None
