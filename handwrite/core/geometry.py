"""Ink to ink: clock, smoothing, slope, slant, size and resampling.

Every function is pure and takes the ink of one word or line. Nothing here draws or knows a model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handwrite.core.ink import FloatArray, Ink
from handwrite.core.polyline import stepped

MAX_GAP = 0.5
"""Seconds that the pen may stay up between two strokes; what is longer is a pause for thought, not writing."""

SHORTEST_GAP = 1e-3
"""Seconds between two strokes at least, so that times within strokes never overlap."""

X_HEIGHT_PER_SPREAD = 1.9
"""x-height over the standard deviation of y in running text, measured on words of low letters alone."""

WIDEST = 60.0
"""x-heights that the flattest ink is wide: what is flatter is a dash."""

SLANTS = np.linspace(-0.5, 1.3, 19)
"""dx per dy up that are tried where leaning writing is made upright."""


def tidy_clock(ink: Ink) -> Ink:
    """The ink with gaps between strokes of at least a millisecond and at most `MAX_GAP` seconds."""
    if not ink.has_clock:
        return ink
    intervals = np.diff(ink.points[:, 2].astype(np.float64), prepend=0)
    starts = np.flatnonzero(ink.pen_up[:-1]) + 1
    intervals[starts] = np.clip(intervals[starts], SHORTEST_GAP, MAX_GAP)
    return ink.with_points(np.column_stack([ink.points[:, :2], np.cumsum(intervals)]))


def smooth(ink: Ink, *, passes: int = 1) -> Ink:
    """Each inner point moved to the mean (1, 2, 1) / 4 of itself and its neighbours in the stroke; ends stay."""
    xy = ink.points[:, :2].astype(np.float64)
    inner = np.ones(len(ink), np.bool_)
    inner[:1] = False
    inner[np.flatnonzero(ink.pen_up[:-1]) + 1] = False
    inner &= ~ink.pen_up
    index = np.flatnonzero(inner)
    for _ in range(passes):
        xy[index] = (xy[index - 1] + 2 * xy[index] + xy[index + 1]) / 4
    return ink.with_points(np.column_stack([xy, ink.points[:, 2]]))


def slope(ink: Ink) -> float:
    """dy / dx of the least-squares line through the points; 0 for ink at most four times as wide as high."""
    left, top, right, bottom = ink.bounds
    if right - left <= 4 * (bottom - top):
        return 0.0
    x, y = ink.points[:, 0] - ink.points[:, 0].mean(), ink.points[:, 1]
    return float((x * y).sum() / (x * x).sum())


def deslope(ink: Ink) -> Ink:
    """The ink with its line of writing made level, by shearing y along x."""
    left = ink.bounds[0]
    points = ink.points.copy()
    points[:, 1] -= slope(ink) * (points[:, 0] - left)
    return ink.with_points(points)


def slant(ink: Ink, shear: float) -> Ink:
    """The ink with x moved by -`shear` * y: a positive shear leans the writing to the right."""
    points = ink.points.copy()
    points[:, 0] -= np.float32(shear) * points[:, 1]
    return ink.with_points(points)


def resample(ink: Ink, time_step: float) -> Ink:
    """The ink at equal time steps, so that the spacing of its points is velocity.

    Each stroke keeps its ends and gets the whole number of steps nearest to its duration / `time_step`; a lone point
    stays one. The clock must be tidy (`tidy_clock`). Raises ValueError when the ink has no clock.
    """
    if not len(ink):
        return ink
    if not ink.has_clock:
        raise ValueError("ink without a clock cannot be resampled in time")
    times = ink.points[:, 2].astype(np.float64)
    last = np.flatnonzero(ink.pen_up)
    first = np.concatenate([[0], last[:-1] + 1])
    wanted, stroke = stepped(times[first], times[last], time_step, lone=last == first)
    columns = [np.interp(wanted, times, ink.points[:, axis]) for axis in (0, 1)]
    pen_up = np.diff(stroke, append=len(last)) > 0
    return Ink(np.column_stack([*columns, wanted - wanted[0]]), pen_up)


def spread(ink: Ink) -> float:
    """Standard deviation of y, in the ink's unit: a measure of size that one long descender hardly moves."""
    return float(ink.points[:, 1].std()) if len(ink) else 0.0


def x_height_of(ink: Ink) -> float:
    """The x-height of running text, in the ink's unit, as its spread tells it; a dash is measured by its width, and a
    lone dot counts as 1 high."""
    left, _, right, _ = ink.bounds
    return max(X_HEIGHT_PER_SPREAD * spread(ink), (right - left) / WIDEST) or 1.0


def baseline(ink: Ink) -> float:
    """y of the line that the writing stands on: the median of the lowest points of its down-strokes.

    Letters with descenders are outvoted where most letters have none; ink without a turn gives its lowest point.
    """
    bottoms = _turning_points(ink.points[:, 1], ink)
    return float(np.median(bottoms)) if len(bottoms) else ink.bounds[3]


def _turning_points(y: FloatArray, ink: Ink) -> NDArray[np.float32]:
    """Values of y where the pen turns from down to up within a stroke, or stops at the end of a falling stroke."""
    falls = np.zeros(len(y) + 1, np.int8)
    falls[1:-1] = np.sign(np.diff(y))
    starts = np.concatenate([[True], ink.pen_up[:-1]])
    before = np.where(starts, 0, falls[:-1])
    after = np.where(ink.pen_up, -1, falls[1:])
    return y[(before > 0) & (after <= 0)]
