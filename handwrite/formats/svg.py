"""SVG: ink as one smooth path of millimetres, with its text as title and what made it as metadata.

Written only. The path is the curve that `core.render` draws, at one width. This is the one module that knows svgwrite.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
import svgwrite

from handwrite.core.curve import IntArray, bezier, without_repeats
from handwrite.core.ink import Ink
from handwrite.formats.document import LINE_MM, MARGIN_MM, legal, millimetres

PRECISION = 100  # steps per millimetre: two decimals
COLOUR = "#14213d"


def encode(
    ink: Ink,
    *,
    text: str = "",
    metadata: Mapping[str, Any] | None = None,
    colour: str = COLOUR,
    line_width: float = LINE_MM,
    margin: float = MARGIN_MM,
) -> bytes:
    """An SVG file. Its unit is the millimetre and its size that of everyday writing; widths are in millimetres."""
    scale = millimetres(ink)
    left, top, right, bottom = (side * scale for side in ink.bounds)
    width, height = right - left + 2 * margin, bottom - top + 2 * margin
    drawing = svgwrite.Drawing(
        size=(f"{width:.2f}mm", f"{height:.2f}mm"), viewBox=f"0 0 {width:.2f} {height:.2f}", debug=False
    )
    drawing.set_desc(title=legal(text) or None, desc=_description(metadata or {}))
    if metadata:
        drawing.set_metadata(_metadata(metadata))
    placed = ink.scaled(scale).moved(margin - left, margin - top)
    pen = {"fill": "none", "stroke": colour, "stroke_width": f"{line_width:g}"}
    if len(ink):
        drawing.add(drawing.path(d=path_data(placed), stroke_linecap="round", stroke_linejoin="round", **pen))
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n{drawing.tostring()}\n'
    return document.encode()


def path_data(ink: Ink) -> str:
    """The path: an absolute M to each stroke's first point, then relative Bezier curves; a dot is a tiny line.

    Coordinates have two decimals. Steps are taken between rounded points, so that rounding does not add up.
    """
    ink = without_repeats(ink)
    curves, start = bezier(ink)
    corners = np.round(curves * PRECISION).astype(np.int64)
    steps = dict(zip(start.tolist(), corners[:, 1:] - corners[:, :1], strict=True))
    points = np.round(ink.points[:, :2].astype(np.float64) * PRECISION).astype(np.int64)
    ends = np.flatnonzero(ink.pen_up)
    starts = np.concatenate([[0], ends[:-1] + 1])
    return "".join(
        _stroke(points[first], [steps[index] for index in range(first, last)])
        for first, last in zip(starts.tolist(), ends.tolist(), strict=True)
    )


def _stroke(first: IntArray, steps: list[IntArray]) -> str:
    curves = [number for step in steps if step.any() for number in step.ravel().tolist()]
    body = "c" + _numbers(curves) if curves else "h.01"  # renderers drop a line of no length
    return "M" + _numbers(first.tolist()) + body


def _numbers(values: list[int]) -> str:
    """Numbers in hundredths as SVG wants them, with no space that its grammar can do without."""
    text = before = ""
    for number in map(_number, values):
        touches = not text or number[0] == "-" or (number[0] == "." and "." in before)
        text += number if touches else " " + number
        before = number
    return text


def _number(hundredths: int) -> str:
    whole, rest = divmod(abs(hundredths), PRECISION)
    sign = "-" if hundredths < 0 else ""
    decimals = f".{rest:02d}".rstrip("0") if rest else ""
    return f"{sign}{whole or ('' if rest else 0)}{decimals}"


def _description(metadata: Mapping[str, Any]) -> str:
    told = ", ".join(f"{name} {value}" for name, value in metadata.items())
    return legal("Handwriting by handwrite" + (f": {told}" if told else ""))


def _metadata(metadata: Mapping[str, Any]) -> Element:
    element = Element("handwrite", xmlns="urn:handwrite:metadata")
    element.text = legal(json.dumps(dict(metadata), ensure_ascii=False))
    return element
