"""Ink as a smooth curve: cubic Bezier segments through its points.

`render` samples the curve and `formats.svg` writes it down, so that both show the same line. The points themselves are
not changed here (`geometry` does that).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handwrite.core.ink import Ink

Float64Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

LETTERS_POINTS = 80  # points in a few letters, at the clock of common tablets


def without_repeats(ink: Ink) -> Ink:
    """The ink without points that stand where the point before them in the stroke stands."""
    if not len(ink):
        return ink
    moved = (np.diff(ink.points[:, :2], axis=0) != 0).any(axis=1)
    keep = np.concatenate([[True], moved | ink.pen_up[:-1]])
    stroke = ink.stroke_index
    pen_up = np.diff(stroke[keep], append=stroke[-1] + 1) > 0
    return Ink(ink.points[keep], pen_up)


def bezier(ink: Ink) -> tuple[Float64Array, IntArray]:
    """Centripetal Catmull-Rom splines through the points of each stroke, as cubic Bezier segments.

    Returns the control points (M, 4, 2) of the M segments, in the order of writing, and the index (M,) of the point
    that each starts from; it ends at the next point. A stroke of one point has no segment. Centripetal knots keep
    unevenly spaced points from making loops (Yuksel, Schaefer and Keyser 2011, "Parameterization and applications of
    Catmull-Rom curves").
    """
    xy, pen_up = ink.points[:, :2].astype(np.float64), ink.pen_up
    start = np.flatnonzero(~pen_up)
    if not len(start):
        return np.zeros((0, 4, 2)), start
    opens = np.concatenate([[True], pen_up[:-1]])[start][:, None]
    closes = pen_up[start + 1][:, None]
    p1, p2 = xy[start], xy[start + 1]
    p0 = np.where(opens, 2 * p1 - p2, xy[start - 1])
    p3 = np.where(closes, 2 * p2 - p1, xy[np.minimum(start + 2, len(xy) - 1)])
    k0, k1, k2 = _knots(p1 - p0), _knots(p2 - p1), _knots(p3 - p2)
    m1 = k1 * ((p1 - p0) / k0 - (p2 - p0) / (k0 + k1)) + (p2 - p1)
    m2 = k1 * ((p3 - p2) / k2 - (p3 - p1) / (k1 + k2)) + (p2 - p1)
    return np.stack([p1, p1 + m1 / 3, p2 - m2 / 3, p2], axis=1), start


def lines_needed(curves: Float64Array, *, tolerance: float) -> Float64Array:
    """(M,) how many straight lines keep within `tolerance` of each Bezier curve (M, 4, 2), before rounding up.

    Wang's bound on the error of a cubic: the second differences of its control points bound the second derivative.
    """
    bend = np.abs(np.diff(curves, n=2, axis=1)).sum(axis=2).max(axis=1)
    return np.asarray(np.sqrt(0.75 * bend / tolerance))


def points_at(curves: Float64Array, t: Float64Array) -> Float64Array:
    """(M, S, 2) the points at `t` (M, S), 0 to 1, of Bezier curves (M, 4, 2)."""
    return np.asarray(bernstein(t) @ curves)


def bernstein(t: Float64Array) -> Float64Array:
    """(..., 4) the weights of a cubic Bezier curve's control points at `t` (...)."""
    s = 1 - t
    return np.stack([s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t], axis=-1)


def _knots(steps: Float64Array) -> Float64Array:
    """(M, 1) the knot interval of each step: the root of its length, and never 0."""
    return np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1e-12)[:, None] ** 0.5


def letter_height(ink: Ink) -> float:
    """How high the writing is, in the ink's unit, for a word, a line and a page alike; about 1.6 x-heights.

    The median height over windows of a few letters, so that neither a sloping line nor the number of lines counts.
    (Over lines of IAM-OnDB it varies by 11 % against the spread of a straightened line.) Ink without height is
    measured by its width; a lone dot gives 0.
    """
    if not len(ink):
        return 0.0
    x, y = ink.points[:, 0], ink.points[:, 1]
    starts = np.arange(0, max(len(ink) - LETTERS_POINTS // 2, 1), LETTERS_POINTS)
    heights = np.maximum.reduceat(y, starts) - np.minimum.reduceat(y, starts)
    return float(np.median(heights)) or float(np.ptp(y)) or float(np.ptp(x))
