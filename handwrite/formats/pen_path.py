"""The path of a pen over a page: what every drawn format draws, as runs of smooth curves of one width each.

Follows the curves and the widths of `core.render`, with as few curves as it takes. Knows no file format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from handwrite.core.curve import Float64Array, bezier, without_repeats
from handwrite.core.curve_fit import fit
from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.core.render import pressure_of
from handwrite.formats.look import Look

TOLERANCE = 0.015  # millimetres between the curves through every point and the fewer ones that are drawn
WIDTH_STEP = 1.08  # ratio of neighbouring widths: 0.018 mm on each side of a ballpoint's line, which no eye sees


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """A part of a stroke at one width.

    curves : (M, 4, 2) float64, the control points of cubic Bezier curves in millimetres, each from where the one
    before it ends; M is at least 1, and a dot is a curve that stays where it is. width : in millimetres. times :
    (M + 1,) float64, seconds from the page's first point at the ends of the curves; zeros without a clock.
    """

    curves: Float64Array
    width: float
    times: Float64Array


def pen_runs(page: Page, look: Look) -> list[list[Run]]:
    """The runs of each stroke in the order of writing. Without pressure a stroke is one run.

    Widths follow the pen's speed as `core.render.pressure_of` has it, in steps too small to be seen; without a clock
    the points are taken as evenly spaced in time.
    """
    ink = without_repeats(page.ink)
    stroke = ink.stroke_index
    strokes: list[list[Run]] = [[] for _ in range(int(ink.pen_up.sum()))]
    for point, run in [*_dots(ink, look), *_lines(ink, look)]:
        strokes[stroke[point]].append(run)
    return strokes


def _lines(ink: Ink, look: Look) -> Iterator[tuple[int, Run]]:
    """The runs of all strokes but dots in the order of writing, and the point that each starts from."""
    curves, start = bezier(ink)
    if not len(curves):
        return
    weight = pressure_of(ink, pressure=look.pressure)
    level = _level((weight[start] + weight[start + 1]) / 2)
    breaks = np.concatenate([[True], (np.diff(level) != 0) | (np.diff(start) > 1)])
    fitted, first = fit(curves, opens=breaks, tolerance=TOLERANCE)
    last = np.append(first[1:], len(curves)) - 1
    clock, cuts = _clock(ink), np.flatnonzero(breaks[first]).tolist()
    for low, high in pairwise([*cuts, len(fitted)]):
        times = np.append(clock[start[first[low:high]]], clock[start[last[high - 1]] + 1])
        run = Run(curves=fitted[low:high], width=_width(look, float(level[first[low]])), times=times)
        yield int(start[first[low]]), run


def _dots(ink: Ink, look: Look) -> Iterator[tuple[int, Run]]:
    """The strokes of one point."""
    clock, level = _clock(ink), _level(pressure_of(ink, pressure=look.pressure))
    for point in np.flatnonzero(ink.dots).tolist():
        still = np.broadcast_to(ink.points[point, :2].astype(np.float64), (1, 4, 2))
        yield point, Run(curves=still, width=_width(look, float(level[point])), times=clock[[point, point]])


def _clock(ink: Ink) -> Float64Array:
    return ink.points[:, 2].astype(np.float64) if ink.has_clock else np.zeros(len(ink))


def _level(weight: Float64Array) -> Float64Array:
    """The step of width that is nearest to the pen's width times `weight`; 0 is the pen's own width."""
    return np.asarray(np.round(np.log(weight) / np.log(WIDTH_STEP)))


def _width(look: Look, level: float) -> float:
    return float(look.width * WIDTH_STEP**level)
