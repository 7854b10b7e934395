"""What the ink reader sees: the same path gives the same features, whatever its size, place and sampling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from handwrite.core import geometry
from handwrite.core.ink import Ink
from handwrite.recognize.ink_features import (
    FEATURES,
    FINE,
    LONGEST_MOVE,
    SHORTEST_MOVE,
    SPACING,
    describe,
    evenly,
    features,
    normal_ink,
    slant_of,
)

DX, DY, COSINE, SINE, TURN_COSINE, TURN_SINE, AIR, HEIGHT, BEHIND = range(FEATURES)
ToyHand = Callable[..., Ink]


def word(points: int = 400, *, warp: float = 1.0) -> Ink:
    """Two waves and a dot above the first, sampled evenly in time or ever slower."""
    time = np.linspace(0, 1, points) ** warp
    strokes = [np.column_stack([4 * time + 5 * place, np.sin(18 * time + place)]) for place in (0, 1)]
    return Ink.from_strokes([*strokes, np.array([[2.0, -2.0]])])


def like(left: np.ndarray, right: np.ndarray, *, tolerance: float) -> bool:
    """True when the features differ by little, but for a point more or less in a stroke."""
    size = min(len(left), len(right))
    return abs(len(left) - len(right)) <= 2 and np.median(np.abs(left[:size] - right[:size]).max(1)) < tolerance


@pytest.mark.parametrize(
    "other",
    [
        word().scaled(137.0),
        word().scaled(1e-3),
        word().moved(-1000.0, 500.0),
        word(1500),
        word(warp=2.0),
        Ink.from_strokes([np.repeat(stroke, 3, axis=0) for stroke in word().strokes()]),
    ],
    ids=["larger", "smaller", "moved", "denser", "slower", "pausing"],
)
def test_size_place_and_sampling_do_not_count(other: Ink) -> None:
    assert like(features(word()), features(other), tolerance=0.1)


def test_slant_and_slope_do_not_count_but_shape_and_order_do() -> None:
    plain = features(word())
    assert abs(slant_of(normal_ink(geometry.slant(word(), 0.5))) - slant_of(normal_ink(word()))) < 0.11
    line = Ink.from_strokes([stroke + np.array([6 * place, 0, 0]) for place in range(4) for stroke in word().strokes()])
    rising = line.with_points(line.points - line.points[:, :1] * np.array([0, 0.1, 0]))
    np.testing.assert_allclose(geometry.slope(normal_ink(rising)), 0, atol=0.01)
    first, *rest = word().strokes()
    assert not like(plain, features(Ink.from_strokes([first[::-1], *rest])), tolerance=0.1)
    assert not like(plain, features(Ink.from_strokes([*rest, first])), tolerance=0.1)


def test_points_stand_evenly_on_each_stroke_and_ends_stay() -> None:
    even = evenly(word(), FINE)
    assert len(even.strokes()) == 3
    for new, old in zip(even.strokes(), word().strokes(), strict=True):
        np.testing.assert_allclose(new[[0, -1], :2], old[[0, -1], :2], atol=1e-6)
        steps = np.hypot(*np.diff(new[:, :2], axis=0).T)
        assert len(new) >= 2
        assert np.ptp(steps) < 0.1 * FINE


def test_features_say_what_they_are_said_to_say() -> None:
    corner = Ink.from_strokes([[[0, 0], [1.5, 0], [1.5, 1.5]], [[0, 1.5], [0, 1.5]]])
    seen = describe(corner)
    down, air = seen[seen[:, AIR] == 0], seen[seen[:, AIR] == 1]
    assert SHORTEST_MOVE <= len(air) <= LONGEST_MOVE
    assert len(down) == round(3 / SPACING) + 1
    np.testing.assert_allclose(down[:10, [COSINE, SINE]], np.tile([1, 0], (10, 1)), atol=1e-6)
    np.testing.assert_allclose(down[10:20, [COSINE, SINE]], np.tile([0, 1], (10, 1)), atol=1e-6)
    assert down[10, TURN_SINE] == pytest.approx(1)
    assert np.abs(down[1:10, TURN_SINE]).max() < 1e-6
    np.testing.assert_allclose(np.sinh(down[:20, [DX, DY]]).sum(0) * SPACING, [1.5, 1.5], rtol=1e-4)
    np.testing.assert_allclose(np.sinh(air[:, [DX, DY]]).sum(0) * SPACING, [-1.5, 0], atol=1e-4)
    assert down[19, HEIGHT] == pytest.approx(1.5, abs=1e-4)
    assert np.sinh(seen[-1, BEHIND]) == pytest.approx(1.5, abs=1e-4)
    assert not seen[-1, [DX, DY, COSINE, SINE, TURN_COSINE, TURN_SINE]].any()


@pytest.mark.parametrize(
    "strokes",
    [[[[3, 4]]], [[[3, 4], [3, 4]]], [[[0, 0], [900, 0]]], [[[0, 0], [0, 900]]], [[[1e6, 1e6], [1e6 + 1, 1e6 + 1]]]],
    ids=["dot", "still dot", "dash", "bar", "far away"],
)
def test_any_ink_has_few_finite_features(strokes: list[list[list[float]]]) -> None:
    seen = features(Ink.from_strokes(strokes))
    assert 1 <= len(seen) < 600
    assert seen.dtype == np.float32
    assert np.isfinite(seen).all()


def test_no_ink_has_none() -> None:
    assert features(Ink.from_strokes([])).shape == (0, FEATURES)


def test_ink_without_a_clock_is_read_alike(toy_hand: ToyHand) -> None:
    ink = toy_hand("abc ab")
    bare = Ink.from_strokes([stroke[:, :2] for stroke in ink.strokes()])
    np.testing.assert_array_equal(features(ink), features(bare))
