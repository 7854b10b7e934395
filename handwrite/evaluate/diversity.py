"""How much handwriting varies from line to line: slant, size, speed and spacing, of people's lines and of written ones.

A synthesizer that always writes alike is legible and dull; how far its lines spread, beside people's, tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handwrite.core.geometry import X_HEIGHT_PER_SPREAD, spread
from handwrite.core.ink import Ink
from handwrite.evaluate.specimens import Specimen

STEEP = 1.7
"""Width over height of a move up to which it is steep: within 60 degrees of upright."""


@dataclass(frozen=True)
class Spread:
    """The mean over lines, and their standard deviation."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class Diversity:
    """Over the lines of a specimen.

    slant : degrees to the right, of steep moves. size : of the line over its writer's. speed : x-heights in a second
    with the pen down. spacing : x-heights of width for each character.
    """

    lines: int
    slant: Spread
    size: Spread
    speed: Spread
    spacing: Spread


def diversity(specimen: Specimen) -> Diversity:
    """How the lines of a specimen vary, those that have ink."""
    rows = [_measured(ink, text) for ink, text in zip(specimen.inks, specimen.texts, strict=True) if len(ink) > 1]
    columns = np.array(rows, np.float64).T
    return Diversity(len(rows), *(Spread(float(column.mean()), float(column.std())) for column in columns))


def _measured(ink: Ink, text: str) -> tuple[float, float, float, float]:
    """Slant, size, speed and spacing of ink in x-heights."""
    left, _, right, _ = ink.bounds
    return _slant(ink), X_HEIGHT_PER_SPREAD * spread(ink), _speed(ink), (right - left) / len(text)


def _slant(ink: Ink) -> float:
    """Degrees to the right by which the steep moves of the pen lean, weighed by their height; 0 of ink without any."""
    right, down = np.diff(ink.points[:, :2].astype(np.float64), axis=0)[~ink.pen_up[:-1]].T
    steep = np.abs(right) < STEEP * np.abs(down)
    height = np.abs(down[steep]).sum()
    return float(np.rad2deg(np.arctan(-(right * np.sign(down))[steep].sum() / height))) if height else 0.0


def _speed(ink: Ink) -> float:
    """The way with the pen down over the time that it took; NaN when the ink has no clock."""
    moves = np.diff(ink.points.astype(np.float64), axis=0)[~ink.pen_up[:-1]]
    seconds = float(moves[:, 2].sum())
    return float(np.hypot(*moves[:, :2].T).sum()) / seconds if seconds > 0 else float("nan")
