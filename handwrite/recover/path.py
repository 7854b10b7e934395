"""Ink -> the path that the net learns to emit, and back: points at equal steps of way, each with what comes next.

Steps of way and not of time: where a pen slows down, at ends and in corners, equal times give many steps that hardly
move, and a net that follows its own words comes to a stand there. How fast the pen went is told by `tempo` afterwards,
from the whole path. Seconds are those of a typical writer, for a still picture does not know its writer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handwrite.core.ink import Ink
from handwrite.core.polyline import along, evenly
from handwrite.errors import InputError
from handwrite.recover.glyph import TALL

STRIDE = 3.0
"""Pixels of a glyph that the pen moves in a step, about."""

SPEED = 6.0
"""Heights of a glyph that a pen goes in a second, about the median of Latin words; for the clock of recovered ink."""

GAP = (0.12, 0.15)
"""Seconds from one stroke to the next, and more for each height of the way."""

DOWN, UP, END, START, HOVER = range(5)
"""What the pen does after a point: it goes on writing, is lifted, or is done. And what it did before the first point of
all, and before the first point of a stroke, over which it hovers."""


@dataclass(frozen=True, eq=False)
class Path:
    """points : (N, 2) float32, pixels of the glyph. pen : (N,) int64, `DOWN`, `UP` or `END` after each point."""

    points: NDArray[np.float32]
    pen: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pen)


def path_of(ink: Ink) -> Path:
    """The path of ink that is in pixels of its glyph. Raises InputError when there is none."""
    strokes = [_strides(stroke[:, :2].astype(np.float64)) for stroke in ink.strokes()]
    if not strokes:
        raise InputError("no ink; give ink of a character or a word")
    pen = np.full(sum(map(len, strokes)), DOWN)
    pen[np.cumsum([len(stroke) for stroke in strokes]) - 1] = UP
    pen[-1] = END
    return Path(np.concatenate(strokes).astype(np.float32), pen)


def _strides(stroke: NDArray[np.float64]) -> NDArray[np.float64]:
    """The stroke (n, 2) at equal steps of way, nearly `STRIDE` long, from its first point to its last; a dot is one."""
    way = along(stroke)
    if way[-1] < STRIDE / 2:
        return np.asarray(stroke.mean(axis=0, keepdims=True))
    return evenly(stroke, round(way[-1] / STRIDE) + 1, way=way)


def ink_of_path(path: Path) -> Ink:
    """The path as ink, at one speed."""
    lifts = np.flatnonzero(path.pen != DOWN)
    return at_one_speed([stroke for stroke in np.split(path.points, lifts + 1) if len(stroke)])


def at_one_speed(strokes: Sequence[NDArray[Any]]) -> Ink:
    """Strokes (n, 2), in pixels of a glyph, as ink at the mean speed of a typical writer."""
    timed = [np.column_stack([stroke, along(stroke) / (SPEED * TALL)]) for stroke in strokes]
    return one_after_another(timed, gap=(GAP[0], GAP[1] / TALL))


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
