"""Ink: what the pen did, in time. The value that the whole program takes and returns.

This module knows strokes, offsets and bounds. It does not change the shape of ink (`geometry`), draw it (`render`)
or read files (`formats`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ink:
    """A pen's path.

    points : (N, 3) float32, columns x, y, t. x to the right, y down, in any one unit; t in seconds from the first
        point, never falling, or NaN throughout when the source has no clock.
    pen_up : (N,) bool, true at the last point of each stroke; so true at the last point of all.

    N may be 0: a blank line is ink too. Raises ValueError when an invariant does not hold.
    """

    points: FloatArray
    pen_up: BoolArray

    def __post_init__(self) -> None:
        points = np.ascontiguousarray(self.points, np.float32)
        pen_up = np.ascontiguousarray(self.pen_up, np.bool_)
        if points.ndim != 2 or points.shape[1] != 3 or pen_up.shape != points.shape[:1]:
            raise ValueError(f"ink wants points (N, 3) and pen_up (N,), not {points.shape} and {pen_up.shape}")
        if not np.isfinite(points[:, :2]).all():
            raise ValueError("ink coordinates must be finite")
        if len(points):
            _check_clock(points[:, 2])
            if not pen_up[-1]:
                raise ValueError("the last point of ink must lift the pen")
        points.flags.writeable = pen_up.flags.writeable = False
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "pen_up", pen_up)

    @classmethod
    def from_strokes(cls, strokes: Iterable[ArrayLike]) -> Ink:
        """Ink from strokes of shape (n, 2) without a clock or (n, 3) with one; empty strokes are passed over.

        The clock is shifted so that the first point is at 0.
        """
        arrays = [_stroke_array(stroke) for stroke in strokes]
        arrays = [array for array in arrays if len(array)]
        if not arrays:
            return cls(np.zeros((0, 3), np.float32), np.zeros(0, np.bool_))
        points = np.concatenate(arrays)
        points[:, 2] -= points[0, 2]
        pen_up = np.zeros(len(points), np.bool_)
        pen_up[np.cumsum([len(array) for array in arrays]) - 1] = True
        return cls(points.astype(np.float32), pen_up)

    @classmethod
    def from_offsets(cls, offsets: ArrayLike, *, time_step: float, gap: tuple[float, float] = (0.0, 0.0)) -> Ink:
        """Ink from offsets (N, 3): dx, dy, pen_up, each from the point before it; the first from the origin.

        A step within a stroke takes `time_step` seconds; from one stroke to the next the pen takes `gap[0]` seconds
        and `gap[1]` more per unit of the way, but never less than `time_step`.
        """
        array = np.asarray(offsets, np.float64).reshape(-1, 3)
        pen_up = array[:, 2] > 0.5
        steps = np.full(len(array), time_step)
        lifted = np.flatnonzero(pen_up[:-1]) + 1
        steps[lifted] = np.maximum(time_step, gap[0] + gap[1] * np.hypot(array[lifted, 0], array[lifted, 1]))
        steps[:1] = 0.0
        points = np.column_stack([np.cumsum(array[:, :2], axis=0), np.cumsum(steps)])
        if len(pen_up):
            pen_up[-1] = True
        return cls(points.astype(np.float32), pen_up)

    @property
    def has_clock(self) -> bool:
        """True when the points carry times."""
        return len(self) > 0 and not np.isnan(self.points[0, 2])

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the points; zeros when there are none."""
        if not len(self):
            return 0.0, 0.0, 0.0, 0.0
        left, top = self.points[:, :2].min(axis=0).tolist()
        right, bottom = self.points[:, :2].max(axis=0).tolist()
        return left, top, right, bottom

    @property
    def duration(self) -> float:
        """Seconds from the first point to the last; 0 without a clock."""
        return float(self.points[-1, 2]) if self.has_clock else 0.0

    @property
    def writing_time(self) -> float:
        """Seconds that the pen is down; 0 without a clock."""
        if not self.has_clock:
            return 0.0
        intervals = np.diff(self.points[:, 2].astype(np.float64))
        return float(intervals[~self.pen_up[:-1]].sum())

    @property
    def dots(self) -> BoolArray:
        """(N,) bool, true at the points that are strokes by themselves."""
        alone: BoolArray = self.pen_up & np.concatenate([[True], self.pen_up])[:-1]
        return alone

    @property
    def stroke_index(self) -> IntArray:
        """(N,) int64, which stroke each point belongs to, counted from 0."""
        index: IntArray = np.cumsum(self.pen_up) - self.pen_up
        return index

    def __len__(self) -> int:
        return len(self.points)

    def strokes(self) -> list[FloatArray]:
        """The strokes, each (n, 3) float32: x, y, t."""
        return np.split(self.points, np.flatnonzero(self.pen_up)[:-1] + 1) if len(self) else []

    def offsets(self) -> FloatArray:
        """(N, 3) float32: dx, dy from the point before (the first is 0, 0) and pen_up as 0 or 1."""
        steps = np.diff(self.points[:, :2], axis=0, prepend=self.points[:1, :2])
        return np.column_stack([steps, self.pen_up]).astype(np.float32)

    def with_points(self, points: ArrayLike) -> Ink:
        """The same strokes with other coordinates and times, (N, 3)."""
        return Ink(np.asarray(points, np.float32), self.pen_up)

    def moved(self, dx: float, dy: float) -> Ink:
        """This ink moved by (dx, dy)."""
        return self.with_points(self.points + np.array([dx, dy, 0], np.float32))

    def scaled(self, factor: float) -> Ink:
        """This ink `factor` times as large, about the origin; the clock stays."""
        return self.with_points(self.points * np.array([factor, factor, 1], np.float32))


def join(inks: Sequence[Ink], *, pause: float = 0.0) -> Ink:
    """One ink from several, in their coordinates, written one after another with `pause` seconds between them.

    Without a clock in one of them the whole has none.
    """
    written = [ink for ink in inks if len(ink)]
    if not written:
        return Ink.from_strokes([])
    parts, start = [], 0.0
    for ink in written:
        parts.append(ink.points + np.array([0, 0, start], np.float32))
        start += ink.duration + pause
    points = np.concatenate(parts)
    points[:, 2] = np.maximum.accumulate(points[:, 2])  # rounding must not turn the clock back
    if np.isnan(points[:, 2]).any():
        points[:, 2] = np.nan
    return Ink(points, np.concatenate([ink.pen_up for ink in written]))


def _check_clock(times: FloatArray) -> None:
    missing = np.isnan(times)
    if missing.all():
        return
    if missing.any() or not np.isfinite(times).all():
        raise ValueError("ink has times for all of its points or for none")
    if times[0] != 0 or (np.diff(times) < 0).any():
        raise ValueError("ink times start at 0 and never fall")


def _stroke_array(stroke: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(stroke, np.float64)
    if array.ndim != 2 or array.shape[1] not in (2, 3):
        raise ValueError(f"a stroke wants shape (n, 2) or (n, 3), not {array.shape}")
    if array.shape[1] == 2:
        array = np.column_stack([array, np.full(len(array), np.nan)])
    return array.copy()
