"""Planted curves are found again with few pieces, and nothing strays further than it may."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from handwrite.core.curve import bezier, points_at, without_repeats
from handwrite.core.curve_fit import fit
from handwrite.core.ink import Ink


def places(curves: np.ndarray, count: int = 41) -> np.ndarray:
    """(M * count, 2) points along curves."""
    return points_at(curves, np.broadcast_to(np.linspace(0, 1, count), (len(curves), count))).reshape(-1, 2)


def distance(points: np.ndarray, others: np.ndarray) -> float:
    """How far the furthest of the points is from the nearest of the others."""
    return float(cKDTree(others).query(points)[0].max())


def opening(ink: Ink) -> tuple[np.ndarray, np.ndarray]:
    curves, start = bezier(ink)
    return curves, np.diff(start, prepend=-9) > 1


def test_one_cubic_in_many_pieces_becomes_one_again() -> None:
    cubic = np.array([[0.0, 0], [1, 2.2], [2.2, 2], [3, -0.8]])
    speed = 3 * np.diff(cubic, axis=0)
    knots = np.linspace(0, 1, 31)
    ends = points_at(cubic[None], knots[None])[0]
    weights = np.stack([(1 - knots) ** 2, 2 * knots * (1 - knots), knots**2], axis=1)
    handles = weights @ speed / 30 / 3
    pieces = np.stack([ends[:-1], ends[:-1] + handles[:-1], ends[1:] - handles[1:], ends[1:]], axis=1)
    fitted, first = fit(pieces, opens=np.arange(30) == 0, tolerance=0.02)
    assert first.tolist() == [0]
    assert distance(places(fitted), places(cubic[None], 4000)) < 0.02


def test_a_circle_takes_a_piece_for_each_quarter_or_so() -> None:
    angles = np.linspace(0, 2 * np.pi, 200)
    ink = Ink.from_strokes([5 * np.column_stack([np.cos(angles), np.sin(angles)])])
    curves, opens = opening(ink)
    fitted, _ = fit(curves, opens=opens, tolerance=0.01)
    assert 3 <= len(fitted) <= 8
    np.testing.assert_allclose(np.hypot(*places(fitted).T), 5, atol=0.011)
    assert len(fit(curves, opens=opens, tolerance=1e-5)[0]) > len(fitted)


def test_curves_begin_where_they_must_and_go_on_in_the_same_direction() -> None:
    x = np.linspace(0, 20, 80)
    ink = Ink.from_strokes([np.column_stack([x, np.sin(x)]), np.column_stack([x, 5 + np.cos(x)])])
    curves, opens = opening(ink)
    opens[[11, 30, 100]] = True
    fitted, first = fit(curves, opens=opens, tolerance=0.02)
    assert {0, 11, 30, 79, 100} <= set(first.tolist())
    inner = np.flatnonzero(np.diff(first) > 0)[first[1:] != 79]
    leave, arrive = fitted[1:, 1] - fitted[1:, 0], fitted[:-1, 3] - fitted[:-1, 2]
    cosine = (leave * arrive).sum(axis=1) / (np.hypot(*leave.T) * np.hypot(*arrive.T))
    np.testing.assert_allclose(cosine[inner], 1, atol=1e-6)
    np.testing.assert_allclose(fitted[1:, 0][inner], fitted[:-1, 3][inner])


def test_nothing_to_fit() -> None:
    fitted, first = fit(np.zeros((0, 4, 2)), opens=np.zeros(0, np.bool_), tolerance=0.1)
    assert (fitted.shape, first.shape) == ((0, 4, 2), (0,))


points = st.tuples(*[st.integers(-200, 200)] * 2)


@given(st.lists(st.lists(points, min_size=2, max_size=12), min_size=1, max_size=3))
def test_no_line_strays_whatever_the_ink(strokes: list[list[tuple[int, int]]]) -> None:
    curves, opens = opening(without_repeats(Ink.from_strokes([np.array(stroke) / 50 for stroke in strokes])))
    fitted, first = fit(curves, opens=opens, tolerance=0.015)
    assert len(fitted) <= len(curves)
    bounds = [*first.tolist(), len(curves)]
    for index, curve in enumerate(fitted):
        whole = curves[bounds[index] : bounds[index + 1]]
        np.testing.assert_array_equal(curve[[0, 3]], [whole[0, 0], whole[-1, 3]])
        dense = places(curve[None], 400)
        spacing = np.hypot(*np.diff(dense, axis=0).T).max()
        at_knots_and_between = places(whole, 5)
        assert distance(at_knots_and_between, dense) < 0.015 + spacing


@pytest.mark.parametrize("turn", [np.array([[1.0, 0], [2, 0], [1, 0]]), np.array([[1.0, 0], [2, 0], [2, 1]])])
def test_sharp_turns_stay(turn: np.ndarray) -> None:
    curves, opens = opening(Ink.from_strokes([turn]))
    fitted, _ = fit(curves, opens=opens, tolerance=0.01)
    assert distance(turn, places(fitted, 300)) < 0.01
