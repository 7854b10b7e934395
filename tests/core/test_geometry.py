"""Geometry against planted answers and plain oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwrite.core import geometry
from handwrite.core.ink import Ink


def two_strokes(gap: float) -> Ink:
    """A stroke of a second to the right and, after `gap` seconds, one of half a second downwards."""
    right = [(x, 0.0, x / 10) for x in range(11)]
    down = [(20.0, y, 1 + gap + y / 10) for y in range(6)]
    return Ink.from_strokes([right, down])


@pytest.mark.parametrize(("gap", "kept"), [(0.0, 0.001), (0.2, 0.2), (7.0, 0.5)])
def test_gaps_are_clipped_and_strokes_keep_their_time(gap: float, kept: float) -> None:
    ink = geometry.tidy_clock(two_strokes(gap))
    assert np.diff(ink.points[:, 2])[10] == pytest.approx(kept, abs=1e-6)
    assert ink.duration == pytest.approx(1.5 + kept, abs=1e-5)
    np.testing.assert_array_equal(ink.points[:, :2], two_strokes(gap).points[:, :2])


def test_ink_without_a_clock_has_none_to_tidy_or_to_resample_by() -> None:
    ink = Ink.from_strokes([[(0, 0), (1, 1)]])
    assert geometry.tidy_clock(ink) is ink
    with pytest.raises(ValueError, match="without a clock"):
        geometry.resample(ink, 0.02)


def test_smoothing_is_the_weighted_mean_of_inner_points() -> None:
    ink = Ink.from_strokes([[(0, 0), (1, 4), (2, 0), (3, 4)], [(9, 9)], [(10, 0), (11, 8)]])
    assert geometry.smooth(ink).points[:, 1].tolist() == [0, 2, 2, 4, 9, 0, 8]
    assert geometry.smooth(ink, passes=0).points[:, 1].tolist() == [0, 4, 0, 4, 9, 0, 8]


def test_a_planted_slope_is_found_and_taken_out() -> None:
    x = np.linspace(5, 105, 401)
    level = Ink.from_strokes([np.column_stack([x, np.sin(x * 2 * np.pi / 10), x])])
    sheared = level.with_points(level.points + np.column_stack([0 * x, 0.1 * x, 0 * x]))
    assert geometry.slope(sheared) == pytest.approx(geometry.slope(level) + 0.1, abs=1e-5)
    assert geometry.slope(geometry.deslope(sheared)) == pytest.approx(0, abs=1e-5)
    assert geometry.deslope(sheared).points[0].tolist() == sheared.points[0].tolist()


def test_a_short_steep_word_is_not_levelled() -> None:
    ink = Ink.from_strokes([[(0, 0), (4, 1)]])
    assert geometry.slope(ink) == 0
    assert geometry.slope(Ink.from_strokes([[(0, 0), (8, 1)]])) == pytest.approx(1 / 8)


def test_a_positive_slant_leans_right() -> None:
    leaning = geometry.slant(Ink.from_strokes([[(0, 0), (0, -10)]]), 0.5)
    assert leaning.points[:, :2].tolist() == [[0, 0], [5, -10]]


def plain_resample(stroke: np.ndarray, step: float) -> np.ndarray:
    """One stroke at equal times, point by point."""
    start, end = float(stroke[0, 2]), float(stroke[-1, 2])
    steps = max(round((end - start) / step), 1) if len(stroke) > 1 else 0
    out = []
    for number in range(steps + 1):
        t = start + (end - start) * number / max(steps, 1)
        out.append([np.interp(t, stroke[:, 2], stroke[:, 0]), np.interp(t, stroke[:, 2], stroke[:, 1]), t])
    return np.array(out)


@given(st.lists(st.lists(st.integers(5, 60), min_size=0, max_size=8), min_size=1, max_size=4), st.floats(0.01, 0.1))
def test_resampling_against_a_plain_loop(intervals: list[list[int]], step: float) -> None:
    generator = np.random.default_rng(len(intervals))
    strokes, start = [], 0.0
    for parts in intervals:
        times = start + np.cumsum([0, *parts]) / 1000
        strokes.append(np.column_stack([generator.normal(size=(len(times), 2)), times]))
        start = times[-1] + 0.3
    ink = Ink.from_strokes(strokes)
    resampled = geometry.resample(ink, step)
    for got, stroke in zip(resampled.strokes(), ink.strokes(), strict=True):
        np.testing.assert_allclose(got, plain_resample(stroke.astype(np.float64), step), atol=2e-4)
        np.testing.assert_allclose(got[[0, -1]], stroke[[0, -1]], atol=2e-4)
        assert np.ptp(np.diff(got[:, 2]), axis=0) < 1e-5 if len(got) > 1 else len(stroke) == 1


def test_resampling_nothing_and_the_spread_of_nothing() -> None:
    nothing = Ink.from_strokes([])
    assert len(geometry.resample(nothing, 0.02)) == 0
    assert (geometry.spread(nothing), geometry.baseline(nothing)) == (0.0, 0.0)


def test_spread_is_the_deviation_of_y() -> None:
    assert geometry.spread(Ink.from_strokes([[(5, 0), (6, 4)]])) == 2.0


def test_the_x_height_of_writing_of_a_dash_and_of_a_dot() -> None:
    wave = Ink.from_strokes([[(x, 10 * (x % 2)) for x in range(20)]])
    assert geometry.x_height_of(wave) == pytest.approx(5 * geometry.X_HEIGHT_PER_SPREAD)
    assert geometry.x_height_of(wave.scaled(3)) == pytest.approx(15 * geometry.X_HEIGHT_PER_SPREAD)
    assert geometry.x_height_of(Ink.from_strokes([[(5, 0), (125, 0)]])) == 120 / geometry.WIDEST
    assert geometry.x_height_of(Ink.from_strokes([[(5, 5)]])) == 1


def test_a_planted_baseline_outvotes_a_descender() -> None:
    strokes = [[(x, -10), (x + 1, 0.0), (x + 2, -10)] for x in (0, 10, 20)] + [[(30, -10), (31, 12.0)]]
    assert geometry.baseline(Ink.from_strokes(strokes)) == 0
    assert geometry.baseline(Ink.from_strokes([[(0, 3), (5, 1)]])) == 3, "ink that only rises stands on its lowest"
