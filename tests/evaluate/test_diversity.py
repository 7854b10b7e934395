"""How lines vary: ink whose slant, size, speed and spacing are planted."""

from __future__ import annotations

import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.evaluate.diversity import diversity
from handwrite.evaluate.specimens import Specimen


def upright(bars: int, *, seconds: float = 1.0, pitch: float = 1.0) -> Ink:
    """Vertical bars of 2 x-heights, each drawn in so many seconds."""
    heights = np.linspace(-1, 1, 41)
    columns = [np.full(41, pitch * number) for number in range(bars)]
    starts = 2 * seconds * np.arange(bars)
    clock = np.linspace(0, seconds, 41)
    return Ink.from_strokes(
        [np.column_stack([x, heights, start + clock]) for x, start in zip(columns, starts, strict=True)]
    )


def leaning(ink: Ink, shear: float) -> Ink:
    x, y, time = ink.points.T
    return ink.with_points(np.column_stack([x - shear * y, y, time]))


def specimen(*inks: Ink) -> Specimen:
    return Specimen("planted", inks, ("abcd",) * len(inks), ("",) * len(inks))


def test_means_are_those_of_the_lines() -> None:
    found = diversity(specimen(upright(5, pitch=2.0)))
    assert found.lines == 1
    assert found.slant.mean == pytest.approx(0, abs=1e-6)
    assert found.size.mean == pytest.approx(1.9 * np.linspace(-1, 1, 41).std(), rel=1e-3)
    assert found.speed.mean == pytest.approx(2.0, rel=1e-3)
    assert found.spacing.mean == pytest.approx(8 / 4)
    assert found.speed.deviation == 0


def test_slants_are_told_in_degrees_to_the_right() -> None:
    found = diversity(specimen(leaning(upright(6), 0.5), leaning(upright(6), 0.1)))
    assert found.slant.mean == pytest.approx(np.rad2deg(np.arctan([0.5, 0.1])).mean(), abs=0.1)
    assert found.slant.deviation == pytest.approx(np.rad2deg(np.arctan([0.5, 0.1])).std(), abs=0.1)


def test_what_varies_is_found_and_no_ink_is_left_out() -> None:
    nothing = Ink(np.zeros((0, 3), np.float32), np.zeros(0, np.bool_))
    found = diversity(specimen(upright(5), upright(5, seconds=0.5), nothing))
    assert found.lines == 2
    assert found.speed.deviation == pytest.approx(1.0, rel=1e-3)
    assert found.spacing.deviation == 0
