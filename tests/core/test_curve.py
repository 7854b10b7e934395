"""The curve goes through its points, as an explicit reading of the Catmull-Rom recursion says."""

import numpy as np
import pytest

from handwrite.core.curve import bezier, letter_height, without_repeats
from handwrite.core.ink import Ink


def barry_goldman(p: np.ndarray, u: float) -> np.ndarray:
    """The centripetal Catmull-Rom point between p[1] and p[2] by Barry and Goldman's pyramid; the oracle."""
    t = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1) ** 0.5)])
    at = t[1] + u * (t[2] - t[1])
    rows = [p[0], p[1], p[2], p[3]]
    for level in (1, 2):
        rows = [
            (t[i + level] - at) / (t[i + level] - t[i]) * rows[i] + (at - t[i]) / (t[i + level] - t[i]) * rows[i + 1]
            for i in range(len(rows) - 1)
        ]
    return (t[2] - at) / (t[2] - t[1]) * rows[0] + (at - t[1]) / (t[2] - t[1]) * rows[1]


def test_segments_equal_the_recursion() -> None:
    points = np.random.default_rng(1).normal(0, 10, (12, 2)).astype(np.float32)
    curves, start = bezier(Ink.from_strokes([points]))
    assert start.tolist() == list(range(11))
    for u in (0.2, 0.5, 0.9):
        weights = np.array([(1 - u) ** 3, 3 * (1 - u) ** 2 * u, 3 * (1 - u) * u**2, u**3])
        for index in range(1, 10):
            expected = barry_goldman(points[index - 1 : index + 3].astype(np.float64), u)
            np.testing.assert_allclose(weights @ curves[index], expected, atol=1e-9)


def test_segments_join_their_points_and_stay_in_their_strokes() -> None:
    rng = np.random.default_rng(2)
    ink = Ink.from_strokes([rng.normal(size=(4, 2)), rng.normal(size=(1, 2)), rng.normal(size=(2, 2)) + 100])
    curves, start = bezier(ink)
    assert start.tolist() == [0, 1, 2, 5]
    np.testing.assert_array_equal(curves[:, 0], ink.points[start, :2])
    np.testing.assert_array_equal(curves[:, 3], ink.points[start + 1, :2])
    np.testing.assert_allclose(curves[3], np.linspace(*ink.points[5:, :2], 4), atol=1e-5)
    assert bezier(Ink.from_strokes([]))[0].shape == (0, 4, 2)


def test_repeats_go_and_strokes_stay() -> None:
    ink = Ink.from_strokes([[[0, 0], [0, 0], [1, 0], [1, 0]], [[1, 0], [1, 0]], [[5, 5]]])
    lean = without_repeats(ink)
    assert [stroke[:, :2].tolist() for stroke in lean.strokes()] == [[[0, 0], [1, 0]], [[1, 0]], [[5, 5]]]
    assert np.isfinite(bezier(ink)[0]).all()


@pytest.mark.parametrize(("lines", "slope"), [(1, 0.0), (1, 0.2), (12, 0.0)])
def test_letter_height_is_that_of_the_letters_not_of_the_page(lines: int, slope: float) -> None:
    x = np.arange(800) / 2
    line = np.column_stack([x, 15 * np.sin(x / 3) + slope * x])
    page = Ink.from_strokes([line + np.array([0, 100 * number]) for number in range(lines)])
    assert 28 < letter_height(page) < 42
    assert letter_height(page.scaled(3)) == pytest.approx(3 * letter_height(page), rel=1e-4)


def test_letter_height_of_dashes_dots_and_nothing() -> None:
    assert letter_height(Ink.from_strokes([[[0, 5], [7, 5]]])) == 7
    assert letter_height(Ink.from_strokes([[[3, 5]]])) == 0
    assert letter_height(Ink.from_strokes([])) == 0
