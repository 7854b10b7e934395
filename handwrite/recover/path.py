"""Ink -> the path that the net learns to emit, and back: points at equal time steps, each with what the pen does next.

A still picture does not say how fast its writer was, only where the pen went faster and slower; so the time step is
such that the pen's mean way in a step is `STRIDE` pixels of a glyph, whoever wrote it. Real seconds come back with a
typical speed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handwrite.core.geometry import resample, tidy_clock
from handwrite.core.ink import Ink
from handwrite.errors import InputError
from handwrite.recover.glyph import TALL

STRIDE = 2.5
"""Pixels that the pen moves in a step, in the mean while it is down."""

SPEED = 6.0
"""Heights of a glyph that a pen goes in a second, about the median of Latin words; for the clock of recovered ink."""

SLOWEST = 0.1
"""Of the mean speed; a pen that goes slower rests."""

TIME_STEP = STRIDE / TALL / SPEED

GAP = (0.12, 0.15)
"""Seconds from one stroke to the next, and more for each height of the way."""

DOWN, UP, END = 0, 1, 2
"""What the pen does after a point: it goes on writing, is lifted, or is done."""


@dataclass(frozen=True, eq=False)
class Path:
    """points : (N, 2) float32, pixels of the glyph. pen : (N,) int64, `DOWN`, `UP` or `END` after each point."""

    points: NDArray[np.float32]
    pen: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pen)


def path_of(ink: Ink) -> Path:
    """The path of ink that is in pixels of its glyph and `without_rests`."""
    way = np.hypot(*np.diff(ink.points[:, :2], axis=0).T)[~ink.pen_up[:-1]].sum()
    even = resample(ink, float(STRIDE * ink.writing_time / way))
    pen = np.where(even.pen_up, UP, DOWN)
    pen[-1] = END
    return Path(even.points[:, :2], pen)


def without_rests(ink: Ink) -> Ink:
    """The ink without the time for which the pen rests on the paper: it goes at `SLOWEST` of its mean speed or more.

    Raises InputError for ink without a clock or length.
    """
    if not ink.has_clock:
        raise InputError("ink without a clock; give ink that was recorded in time")
    ink = tidy_clock(ink)
    steps = np.hypot(*np.diff(ink.points[:, :2].astype(np.float64), axis=0).T)
    intervals, down = np.diff(ink.points[:, 2].astype(np.float64)), ~ink.pen_up[:-1]
    if not steps[down].sum() or not intervals[down].sum():
        raise InputError("ink that does not move; give ink of a character or a word")
    speed = steps[down].sum() / intervals[down].sum()
    shorter = np.where(down, np.minimum(intervals, steps / (SLOWEST * speed)), intervals)
    times = np.concatenate([[0], np.cumsum(shorter)])
    return ink.with_points(np.column_stack([ink.points[:, :2], times]))


def ink_of_path(path: Path) -> Ink:
    """The path as ink, with the clock of a typical writer."""
    offsets = np.diff(path.points, axis=0, prepend=path.points[:1])
    ink = Ink.from_offsets(
        np.column_stack([offsets, path.pen != DOWN]), time_step=TIME_STEP, gap=(GAP[0], GAP[1] / TALL)
    )
    return ink.moved(*path.points[0].tolist()) if len(path) else ink


def one_after_another(strokes: Sequence[NDArray[Any]], *, gap: tuple[float, float]) -> Ink:
    """Strokes (n, 3), x, y, t, as one ink, each with its own tempo. gap : seconds from one to the next, and more for
    each unit of the way."""
    placed: list[NDArray[np.float64]] = []
    for stroke in strokes:
        clock = 0.0
        if placed:
            clock = float(placed[-1][-1, 2] + gap[0] + gap[1] * np.hypot(*(stroke[0, :2] - placed[-1][-1, :2])))
        placed.append(stroke + np.array([0, 0, clock - stroke[0, 2]]))
    return Ink.from_strokes(placed)
