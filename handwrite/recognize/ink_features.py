"""Ink -> what the ink reader sees of it: the pen's path at equal spacing, of one size, level and upright.

Only the path and its order count, not when the pen was where: ink that was recovered from a picture, whose timing is a
guess, looks like ink from a digitizer. `normal_ink` measures size, slope and slant as `core.normalize` does it for
images; `describe` turns normal ink into features. How training varies ink is known to `ink_task`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handwrite.core import geometry
from handwrite.core.ink import FloatArray, Ink

FINE, SPACING = 0.05, 0.15
"""x-heights between points while ink is measured and smoothed, and between those that the net sees."""

SMOOTHING = 3
"""Passes of smoothing at the fine spacing; they take the stairs of pixels and of coarse digitizers away."""

COLUMN = 0.25
"""x-heights of the columns in which upright strokes pile up."""

MOVE, SHORTEST_MOVE, LONGEST_MOVE = 0.3, 2, 6
"""x-heights between points while the pen is in the air, and fewest and most points of a way there: the least word space
or dot is seen, and the way back to a forgotten dot is short."""

FEATURES = 9
"""Columns of the features, see `describe`."""

Floats = NDArray[np.float64]


def features(ink: Ink) -> FloatArray:
    """What the net sees of one word or line, in any unit, with or without a clock: (T, FEATURES) float32.

    The same for the same path in another size, at another place or with other points on it. See `describe`.
    """
    return describe(normal_ink(ink))


def normal_ink(ink: Ink) -> Ink:
    """The ink at equal spacing along its path, level and upright, with an x-height of 1 and the mean of y at 0.

    Each stroke has two points at least. The third column is no clock but the length of the path, ways in the air with
    it. Ink without points stays as it is.
    """
    if not len(ink):
        return ink
    ink = _sized(ink)
    ink = geometry.smooth(evenly(ink, FINE), passes=SMOOTHING)
    ink = _sized(geometry.deslope(ink))
    return geometry.slant(ink, -slant_of(ink))


def evenly(ink: Ink, spacing: float) -> Ink:
    """The ink with points at equal spacing along each stroke, which keeps its ends; the third column is the length of
    the path."""
    index = np.repeat(np.arange(len(ink)), 1 + ink.dots)
    xy = ink.points[index, :2].astype(np.float64)
    travelled = np.cumsum(np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T))
    pen_up = ink.pen_up[index] & np.append(np.diff(index) > 0, True)
    return geometry.resample(Ink(np.column_stack([xy, travelled]), pen_up), spacing)


def _sized(ink: Ink) -> Ink:
    """The ink with an x-height of 1, beginning at x = 0, with the mean of y at 0."""
    return ink.moved(-ink.bounds[0], -float(ink.points[:, 1].mean())).scaled(1 / geometry.x_height_of(ink))


def slant_of(ink: Ink) -> float:
    """dx per dy up by which evenly spaced ink in x-heights leans to the right: upright, it fills the fewest columns.

    The shear with the greatest sum of squares of the column sums, as Vinciarelli and Luettin 2001 seek it.
    """
    x, y = ink.points[:, :2].astype(np.float64).T
    columns = (x + geometry.SLANTS[:, None] * y) / COLUMN
    whole = (columns - columns.min(1, keepdims=True)).astype(np.int64)
    sharpness = [float(np.square(np.bincount(row)).sum()) for row in whole]
    return float(geometry.SLANTS[int(np.argmax(sharpness))])


def describe(ink: Ink) -> FloatArray:
    """The features of normal ink, one row for each step of the pen: (T, FEATURES) float32.

    Columns: dx and dy in spacings, compressed by arsinh; cosine and sine of the direction; cosine and sine of the turn
    from the step before, in which a bend of the path shows; 1 when the pen is in the air; y below the line's middle, in
    x-heights; how far the pen is behind the rightmost point so far, in x-heights, compressed likewise. A step that
    leads nowhere has neither direction nor turn.
    """
    if not len(ink):
        return np.zeros((0, FEATURES), np.float32)
    steps, air = _steps(evenly(ink, SPACING))
    direction = steps / np.maximum(np.hypot(*steps.T), 1e-9)[:, None]
    before = np.vstack([np.zeros(2), direction[:-1]])
    turn_cosine = (before * direction).sum(1)
    turn_sine = before[:, 0] * direction[:, 1] - before[:, 1] * direction[:, 0]
    x, y = np.cumsum(steps, axis=0).T
    y += ink.points[0, 1]
    behind = np.arcsinh(np.maximum.accumulate(x) - x)
    scaled = np.arcsinh(steps / SPACING)
    return np.column_stack([scaled, direction, turn_cosine, turn_sine, air, y, behind]).astype(np.float32)


def _steps(ink: Ink) -> tuple[Floats, NDArray[np.bool_]]:
    """The steps (T, 2) of evenly spaced ink, ways in the air cut into several, and which ones are there."""
    whole = np.diff(ink.points[:, :2].astype(np.float64), axis=0, prepend=ink.points[:1, :2])[1:]
    air = ink.pen_up[:-1]
    parts = np.clip(np.round(np.hypot(*whole.T) / MOVE), SHORTEST_MOVE, LONGEST_MOVE).astype(np.int64)
    count = np.where(air, parts, 1)
    return np.repeat(whole / count[:, None], count, axis=0), np.repeat(air, count)
