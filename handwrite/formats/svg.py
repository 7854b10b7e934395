"""SVG: a page in millimetres, drawn as smooth curves, with its text as title and what made it as metadata.

Still, written before the reader's eyes by CSS alone, or bare for pen plotters. Written only. This is the one module
that knows svgwrite.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
import svgwrite

from handwrite.core.curve import Float64Array, points_at
from handwrite.core.page import Page
from handwrite.formats.look import BALLPOINT, PLAIN, RULE_COLOUR, RULE_WIDTH, Look
from handwrite.formats.pen_path import Run, pen_runs
from handwrite.formats.safe_xml import legal

PRECISION = 100  # steps per millimetre: two decimals
EVEN_SPEED = 30.0  # millimetres a second, on paper and above it, of ink without a clock; common for letters of 4 mm
DOT_TIME, DOT_LENGTH = 0.001, 0.01  # seconds and millimetres that a dot is given
EVEN = 0.1  # millimetres that the pen may be away from where an even speed would have it, unseen
PLACES = 9  # on a curve whose length is measured

# A run waits unseen (its round caps would show at any offset), then its one dash grows from its first point to its
# --length. The dash is gone when the run is done, and there is none where motion is not wanted or CSS not understood.
# Lengths are ours: browsers measure pathLength in coarse steps when the unit is a millimetre.
ANIMATION = """@media (prefers-reduced-motion:no-preference){\
.handwriting path{animation:handwriting linear backwards}\
@keyframes handwriting{\
from{visibility:hidden;stroke-dasharray:var(--length) 9999;stroke-dashoffset:var(--length)}\
to{visibility:visible;stroke-dasharray:var(--length) 9999;stroke-dashoffset:0}}}"""


def encode(
    page: Page, *, look: Look = PLAIN, metadata: Mapping[str, Any] | None = None, animate: bool = False
) -> bytes:
    """An SVG file of a page as it looks. The same page gives the same bytes.

    animate : the pen writes once when the file is opened, in the ink's own time, or at an even speed when the ink has
    no clock. `metadata` is plain data as JSON takes it.
    """
    drawing = _drawing(page, metadata)
    if look.background is not None:
        drawing.add(drawing.rect(size=("100%", "100%"), fill=look.background))
    if len(page.rules):
        pen = {"fill": "none", "stroke": RULE_COLOUR, "stroke_width": f"{RULE_WIDTH:g}"}
        drawing.add(drawing.path(d="".join(map(_rule, page.rules)), **pen))
    writing = drawing.g(class_="handwriting", fill="none", stroke=look.colour)
    writing.update({"stroke-linecap": "round", "stroke-linejoin": "round"})
    runs = [run for stroke in pen_runs(page, look) for run in stroke]
    if animate:
        drawing.defs.add(drawing.style(ANIMATION))
    for attributes in _in_time(runs, has_clock=page.ink.has_clock) if animate else _by_width(runs):
        writing.add(drawing.path(**attributes))
    drawing.add(writing)
    return _document(drawing)


def encode_plotter(page: Page, *, metadata: Mapping[str, Any] | None = None) -> bytes:
    """An SVG file for a pen plotter: the strokes alone, one path each, in the order of writing, without fill.

    Neither paper nor its rules are drawn: the sheet in the plotter has its own.
    """
    drawing = _drawing(page, metadata)
    writing = drawing.g(fill="none", stroke="#000000", stroke_width=f"{BALLPOINT:g}")
    for (run,) in pen_runs(page, PLAIN):
        writing.add(drawing.path(d=path_data(run.curves)))
    drawing.add(writing)
    return _document(drawing)


def path_data(curves: Float64Array) -> str:
    """A run of Bezier curves (M, 4, 2) as a path: an absolute M, then relative curves; a dot is a tiny line.

    Coordinates have two decimals. Steps are taken between rounded points, so that rounding does not add up.
    """
    corners = np.round(curves * PRECISION).astype(np.int64)
    steps = corners[:, 1:] - corners[:, :1]
    numbers = steps[steps.any(axis=(1, 2))].ravel().tolist()
    body = "c" + _numbers(numbers) if numbers else "h.01"  # renderers drop a line of no length
    return "M" + _numbers(corners[0, 0].tolist()) + body


def _drawing(page: Page, metadata: Mapping[str, Any] | None) -> svgwrite.Drawing:
    width, height = _plain(page.width), _plain(page.height)
    drawing = svgwrite.Drawing(size=(f"{width}mm", f"{height}mm"), viewBox=f"0 0 {width} {height}", debug=False)
    drawing.set_desc(title=legal(page.text) or None, desc=_description(metadata or {}))
    if metadata:
        drawing.set_metadata(_metadata(metadata))
    return drawing


def _document(drawing: svgwrite.Drawing) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{drawing.tostring()}\n'.encode()


def _rule(ends: Iterable[float]) -> str:
    x1, y1, x2, y2 = (_plain(end) for end in ends)
    return f"M{x1} {y1}L{x2} {y2}"


def _by_width(runs: Iterable[Run]) -> Iterator[dict[str, str]]:
    """The attributes of one path for each width, which holds all runs of that width."""
    paths: dict[float, list[str]] = {}
    for run in runs:
        paths.setdefault(run.width, []).append(path_data(run.curves))
    for width, parts in paths.items():
        yield {"d": "".join(parts), "stroke_width": f"{width:.3g}"}


def _in_time(runs: list[Run], *, has_clock: bool) -> Iterator[dict[str, str]]:
    """The attributes of one path for each run, with the time that it is written in."""
    lengths = [_lengths(run.curves) for run in runs]
    clocks = [run.times for run in runs] if has_clock else _even_clocks(runs, lengths)
    for run, times, parts in zip(runs, clocks, lengths, strict=True):
        yield {"d": path_data(run.curves), "stroke_width": f"{run.width:.3g}", "style": _timing(times, parts)}


def _timing(times: Float64Array, lengths: Float64Array) -> str:
    """When a run is written, how long that takes, and how its dash grows: as the pen moved."""
    duration = max(float(times[-1] - times[0]), DOT_TIME)
    length = max(float(lengths.sum()), DOT_LENGTH)
    delay = f"animation-delay:{_milliseconds(times[0])};animation-duration:{_milliseconds(duration)}"
    style = f"--length:{_plain(length)};{delay}"
    shares, moments = np.cumsum(lengths)[:-1] / length, (times[1:-1] - times[0]) / duration
    if not (np.abs(shares - moments) * length > EVEN).any():
        return style
    stops = [f"{_plain(share)} {moment:.0%}" for share, moment in zip(shares, moments, strict=True)]
    return f"{style};animation-timing-function:linear(0,{','.join(stops)},1)"


def _milliseconds(seconds: float) -> str:
    return f"{round(float(seconds) * 1000)}ms"


def _even_clocks(runs: list[Run], lengths: list[Float64Array]) -> list[Float64Array]:
    """Times for each run, as `Run.times`, of a pen that moves at one speed."""
    clocks, now, place = [], 0.0, runs[0].curves[0, 0] if runs else None
    for run, parts in zip(runs, lengths, strict=True):
        now += float(np.hypot(*(run.curves[0, 0] - place))) / EVEN_SPEED
        clocks.append(now + np.concatenate([[0.0], np.cumsum(parts)]) / EVEN_SPEED)
        now, place = float(clocks[-1][-1]), run.curves[-1, 3]
    return clocks


def _lengths(curves: Float64Array) -> Float64Array:
    """(M,) the length of each curve."""
    places = points_at(curves, np.broadcast_to(np.linspace(0, 1, PLACES), (len(curves), PLACES)))
    steps = np.diff(places, axis=1)
    return np.asarray(np.hypot(steps[..., 0], steps[..., 1]).sum(axis=1))


def _plain(number: float) -> str:
    """A number with two decimals at most."""
    return _number(round(float(number) * PRECISION))


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
