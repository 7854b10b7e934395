"""Points along lines, against lines whose lengths are known."""

from __future__ import annotations

import numpy as np
import pytest

from handwrite.core.polyline import along, at, evenly, stepped

CORNER = np.array([(0, 0, 5), (3, 4, 6), (3, 14, 8)], np.float32)
"""5 long, then 10, with a clock."""


def test_the_way_is_that_of_x_and_y() -> None:
    np.testing.assert_allclose(along(CORNER), [0, 5, 15])
    assert along(CORNER[:1]).tolist() == [0]
    assert along(CORNER).dtype == np.float64


def test_points_at_ways() -> None:
    expected = [(1.5, 2, 5.5), (3, 9, 7), (3, 14, 8)]
    np.testing.assert_allclose(at(CORNER, [2.5, 10, 99]), expected)
    np.testing.assert_allclose(at(CORNER, [2.5, 10, 99], way=along(CORNER)), expected)


@pytest.mark.parametrize("count", [2, 7, 16])
def test_points_of_equal_distance(count: int) -> None:
    points = evenly(CORNER[:2], count)
    assert len(points) == count
    np.testing.assert_allclose(np.hypot(*np.diff(points[:, :2], axis=0).T), 5 / (count - 1))
    np.testing.assert_allclose(points[[0, -1]], CORNER[:2])


def test_a_point_is_a_line() -> None:
    assert evenly(CORNER[:1], 3).tolist() == [[0, 0, 5]] * 3


def test_numbers_in_equal_steps() -> None:
    starts, ends = np.array([0.0, 5.0, 7.0, 9.0]), np.array([1.0, 5.0, 7.0, 9.1])
    numbers, owner = stepped(starts, ends, 0.3, lone=np.array([False, True, False, False]))
    np.testing.assert_allclose(numbers, [0, 1 / 3, 2 / 3, 1, 5, 7, 7, 9, 9.1])
    assert owner.tolist() == [0, 0, 0, 0, 1, 2, 2, 3, 3]
