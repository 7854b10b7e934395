"""Skeletons cut into what a pen passes whole, and what a pen passed of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from handwrite.core.image import GreyImage
from handwrite.recover.arcs import QUARTERS, Arcs, Step, arcs_of, passed
from handwrite.recover.data import Example
from handwrite.recover.glyph import glyph_of
from handwrite.recover.skeleton import skeleton_of
from handwrite.recover.snap import followed
from handwrite.recover.ways import Ways, ways_of

Picture = Callable[..., GreyImage]


def line(*corners: tuple[float, float]) -> np.ndarray:
    """Points a pixel apart from corner to corner."""
    parts = [
        np.linspace(one, other, round(np.hypot(*np.subtract(other, one))), endpoint=False)
        for one, other in pairwise(corners)
    ]
    return np.concatenate([*parts, [corners[-1]]])


def single(places: np.ndarray, chain: list[int] | None = None) -> Arcs:
    return arcs_of(Ways(places, (np.array(chain if chain else range(len(places))),), width=2.0))


def test_each_piece_comes_in_both_directions() -> None:
    arcs = single(line((0, 0), (30, 0)))
    assert len(arcs) == 2
    np.testing.assert_array_equal(arcs.ways[0], arcs.ways[1][::-1])
    assert not arcs.is_dot(0)


@pytest.mark.parametrize(("last", "pieces"), [((20, 20), 2), ((36, 12), 1), ((2, 20), 2)])
def test_lines_are_cut_at_sharp_corners(last: tuple[float, float], pieces: int) -> None:
    places = line((0, 0), (20, 0), last)
    arcs = single(places)
    assert len(arcs) == 2 * pieces
    if pieces > 1:
        np.testing.assert_allclose(places[arcs.ways[0][-1]], (20, 0), atol=2)
        assert arcs.ways[0][-1] == arcs.ways[2][0]


def test_a_ring_may_be_begun_anywhere() -> None:
    angle = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    ring = np.column_stack([20 * np.cos(angle), 20 * np.sin(angle)])
    arcs = single(ring, [*range(80), 0])
    assert len(arcs) == 2 * QUARTERS
    assert sorted(len(way) for way in arcs.ways[::2]) == pytest.approx([21] * QUARTERS, abs=1)
    assert sum(len(way) - 1 for way in arcs.ways[::2]) == 80


def test_a_dot_is_a_piece() -> None:
    arcs = single(np.array([[3.0, 4.0]]))
    assert arcs.is_dot(0)
    assert [stroke.tolist() for stroke in arcs.strokes([Step(0, lifted=True)])] == [[[3, 4]]]


def test_crossings_cut(picture: Picture) -> None:
    glyph = glyph_of(picture([(50, 20), (50, 80)], [(20, 50), (80, 50)]))
    arcs = arcs_of(ways_of(skeleton_of(glyph.mask)))
    assert len(arcs) == 8
    assert {int(way[0]) for way in arcs.ways} & {int(way[-1]) for way in arcs.ways}


def test_steps_become_strokes() -> None:
    arcs = single(line((0, 0), (20, 0), (20, 20)))
    assert [len(stroke) for stroke in arcs.strokes([Step(0, lifted=True), Step(2, lifted=False)])] == [41]
    first, second = arcs.strokes([Step(3, lifted=True), Step(0, lifted=True)])
    np.testing.assert_array_equal(first[[0, -1]], [(20, 20), (20, 0)])
    np.testing.assert_array_equal(second[[0, -1]], [(0, 0), (20, 0)])


def test_what_a_pen_passes_is_told_in_order() -> None:
    arcs = single(line((0, 0), (20, 0), (20, 20)))
    there, back, on = arcs.ways[0], arcs.ways[1], arcs.ways[2]
    steps = passed([np.concatenate([there, back[1:], there[1:5]]), on], arcs)
    assert steps == [Step(0, lifted=True), Step(1, lifted=False), Step(2, lifted=True)]
    assert passed([np.concatenate([there, on[1:]])], arcs) == [Step(0, lifted=True), Step(2, lifted=False)]
    assert passed([np.repeat(there, 2)], arcs) == [Step(0, lifted=True)], "a pen may rest"
    assert passed([there[:8]], arcs) == [], "less than half"
    thrice = np.concatenate([there, back[1:], there[1:]])
    assert passed([thrice], arcs) == [Step(0, lifted=True), Step(1, lifted=False)]


def test_a_dot_is_passed() -> None:
    places = np.concatenate([line((0, 0), (20, 0)), [[40.0, 5.0]]])
    arcs = arcs_of(Ways(places, (np.arange(21), np.array([21])), width=2.0))
    assert passed([np.array([21, 21]), np.arange(21)], arcs) == [Step(2, lifted=True), Step(0, lifted=True)]


def test_a_drawn_path_is_found_again(example_of: Callable[..., Example]) -> None:
    """The crossing is passed twice, the second stroke goes up, the third is drawn there and back."""
    strokes = [(20, 50), (80, 50)], [(50, 80), (50, 20)], [(100, 20), (100, 80), (100, 22)]
    example = example_of(*strokes)
    ways = ways_of(skeleton_of(example.glyph.mask))
    arcs = arcs_of(ways)
    found = arcs.strokes(passed(followed(example.path, ways), arcs))
    assert len(found) == 3
    for stroke, true in zip(found, strokes, strict=True):
        placed = example.glyph.scale * (np.array(true) - (example.glyph.left, example.glyph.top))
        np.testing.assert_allclose(stroke[0], placed[0], atol=3)
        np.testing.assert_allclose(stroke[-1], placed[-1], atol=3)
    assert len(found[2]) == pytest.approx(2 * len(found[1]), rel=0.15)
