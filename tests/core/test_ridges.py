"""Ridges of planted bars of ink: where they run, what is joined across gaps, and what gutters part."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.core.ridges import COARSE, Ridge, find_ridges

SHAPE = (240, 400)
PITCH = 5 * COARSE

Bar = tuple[float, int, int]


def bars(*places: Bar, slope: float = 0.0) -> NDArray[np.uint8]:
    """Bars of ink two sigmas high, each given by its height in the middle of the page, its start and its end."""
    page = np.zeros(SHAPE, np.uint8)
    for y, start, end in places:
        for x in range(start, end):
            middle = round(y + slope * (x - SHAPE[1] / 2))
            page[middle - 3 : middle + 3, x] = 255
    return page


def from_the_top(page: NDArray[np.uint8]) -> list[Ridge]:
    return sorted(find_ridges(page), key=lambda ridge: (round(float(ridge.y.mean())), ridge.start))


@pytest.mark.parametrize("slope", [0.0, 0.14, -0.14])
def test_ridges_run_along_the_middle_of_the_ink_from_its_start_to_its_end(slope: float) -> None:
    heights = [90 + PITCH * index for index in range(5)]
    found = from_the_top(bars(*((y, 60, 340) for y in heights), slope=slope))
    assert len(found) == 5
    for ridge, y in zip(found, heights, strict=True):
        assert (ridge.start, ridge.end) == pytest.approx((60, 340), abs=2)
        assert len(ridge.response) == len(ridge.y) == ridge.end - ridge.start
        line = y - 0.5 + slope * (np.arange(ridge.start, ridge.end) - SHAPE[1] / 2)
        assert np.abs(ridge.y - line)[10:-10].max() <= 1.5


def test_parts_of_a_line_are_joined_and_parts_of_columns_are_not() -> None:
    heights = [60 + PITCH * index for index in range(8)]
    gap = [(y, *part) for y in heights for part in ((20, 180), (220, 380))]
    assert len(from_the_top(bars(*gap))) == 16
    alone = [(y, *part) for y in heights[3:4] for part in ((20, 180), (220, 380))]
    (ridge,) = find_ridges(bars(*alone))
    assert (ridge.start, ridge.end) == pytest.approx((20, 380), abs=2)


def test_a_page_without_ink_has_no_ridges() -> None:
    assert find_ridges(bars()) == []


def test_a_joined_ridge_goes_straight_across_the_gap_and_keeps_the_rest() -> None:
    left = Ridge(0, np.full(4, 10.0, np.float32), np.full(4, 1.0, np.float32))
    right = Ridge(8, np.full(4, 15.0, np.float32), np.full(4, 3.0, np.float32))
    joined = left.joined(right)
    np.testing.assert_allclose(joined.y, [10] * 4 + [11, 12, 13, 14] + [15] * 4, rtol=1e-6)
    assert (joined.start, joined.end, joined.mean) == (0, 12, pytest.approx(2))
    np.testing.assert_array_equal(joined.part(8, 12).path, right.path)


def test_a_rescaled_ridge_lies_on_the_same_ink_and_on_the_page() -> None:
    ridge = Ridge(10, np.linspace(20, 29, 90, dtype=np.float32), np.ones(90, np.float32))
    twice = ridge.rescaled(2.0, 150)
    assert (twice.start, twice.end) == (20, 150)
    np.testing.assert_allclose(twice.y[1], (20 + 0.25 * 9 / 89 + 0.5) * 2 - 0.5, rtol=1e-5)
