"""Paths traced on planted shapes: which strokes, which way, in which order, and how fast."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from handwrite.core import path_metrics
from handwrite.core.ink import FloatArray, Ink
from handwrite.core.render import Pen, draw
from handwrite.recover.habits import GENERAL, LATIN, Habits
from handwrite.recover.skeleton import Mask, Skeleton, skeleton_of
from handwrite.recover.trace import trace

Floats = NDArray[np.float64]

SHAPE = (72, 120)


def drawn(*strokes: ArrayLike) -> Mask:
    return draw(Ink.from_strokes(strokes), shape=SHAPE, pen=Pen(width=3.5, pressure=0, darkness=1)) > 127


def traced(*strokes: ArrayLike, habits: Habits = LATIN) -> list[FloatArray]:
    return trace(skeleton_of(drawn(*strokes)), habits=habits).strokes()


def arc(x: float, y: float, radius: float, start: float, end: float) -> Floats:
    """Points of a circle, in degrees clockwise from the right."""
    angle = np.radians(np.linspace(start, end, 60))
    return np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])


def clockwise(stroke: FloatArray) -> bool:
    x, y = stroke[:, :2].T.astype(np.float64)
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()) > 0


def scribbles(seed: int) -> list[Floats]:
    rng = np.random.default_rng(seed)
    corners = [rng.uniform((6, 6), (SHAPE[1] - 6, SHAPE[0] - 6), (rng.integers(1, 6), 2)) for _ in range(5)]
    return [np.repeat(points, 2, axis=0) if len(points) == 1 else points for points in corners]


@pytest.mark.parametrize("habits", [LATIN, GENERAL])
def test_a_cross_is_two_strokes_straight_through(habits: Habits) -> None:
    strokes = traced([(20, 36), (80, 36)], [(50, 8), (50, 64)], habits=habits)
    level = next(stroke for stroke in strokes if np.ptp(stroke[:, 0]) > 30)
    upright = next(stroke for stroke in strokes if np.ptp(stroke[:, 1]) > 30)
    assert len(strokes) == 2
    assert max(np.ptp(level[4:-4, 1]), np.ptp(upright[4:-4, 0])) <= 2
    assert level[0, 0] < level[-1, 0]
    assert upright[0, 1] < upright[-1, 1]


def test_a_t_is_a_bar_and_a_stem() -> None:
    strokes = traced([(20, 10), (80, 10)], [(50, 10), (50, 64)], habits=GENERAL)
    assert len(strokes) == 2
    assert [np.ptp(stroke[:, 0]) > 40 for stroke in strokes] == [True, False]


def test_an_o_starts_at_its_top_and_goes_anticlockwise() -> None:
    [stroke] = traced(arc(50, 36, 24, 0, 360))
    np.testing.assert_allclose(stroke[0, :2], stroke[-1, :2])
    assert stroke[0, 1] < 18
    assert not clockwise(stroke)


def test_an_eight_is_one_stroke_through_its_crossing() -> None:
    angle = np.linspace(0, 2 * np.pi, 120)
    [stroke] = traced(np.column_stack([50 + 18 * np.sin(2 * angle), 36 - 28 * np.cos(angle)]))
    np.testing.assert_allclose(stroke[0, :2], stroke[-1, :2])
    inside = np.abs(stroke[:, 1] - 36) < 5
    steps = np.diff(stroke[inside, :2], axis=0)
    assert (np.abs(steps[:, 1]) > 0.3).mean() > 0.8  # straight through, not turning back


def test_a_loop_like_that_of_an_e_is_gone_round_between_what_leads_to_it_and_from_it() -> None:
    word = np.concatenate([[(10, 50), (40, 44)], arc(50, 30, 17, 60, -220), [(60, 58), (100, 56)]])
    [stroke] = traced(word)
    assert stroke[0, 0] < 14
    assert stroke[-1, 0] > 95
    assert stroke[:, 1].argmin() in range(len(stroke) // 4, 3 * len(stroke) // 4)


def test_the_top_of_an_i_is_traced_up_and_down_again() -> None:
    i = [(20, 60), (34, 56), (48, 36), (42, 54), (46, 60), (56, 58), (70, 36)]
    _, stroke = traced([(12, 6), (12, 66)], i)
    np.testing.assert_allclose(stroke[[0, -1], :2], [(20, 60), (70, 36)], atol=3)
    top = stroke[np.hypot(stroke[:, 0] - 47, stroke[:, 1] - 39) < 3, 1]
    assert (np.diff(top) < 0).sum() >= 2  # up
    assert (np.diff(top) > 0).sum() >= 2  # and down again


def test_a_spiral_is_one_stroke() -> None:
    angle = np.linspace(0.5, 6 * np.pi, 300)
    spiral = np.column_stack([60 + 1.7 * angle * np.cos(angle), 36 + 1.7 * angle * np.sin(angle)])
    [stroke] = traced(spiral)
    turned = np.unwrap(np.arctan2(stroke[5:-5, 1] - 36, stroke[5:-5, 0] - 60))
    assert abs(turned[-1] - turned[0]) > 4.5 * np.pi


def test_a_dot_is_one_point() -> None:
    [stroke] = traced([(50, 30)])
    np.testing.assert_allclose(stroke, [(50, 30, 0)], atol=1)


def test_a_bump_adds_no_stroke() -> None:
    assert len(traced([(20, 36), (80, 36)], [(50, 36), (50, 33)])) == 1


def test_strokes_come_from_left_to_right_and_the_dot_after_its_stem() -> None:
    stems = [[(x, 30), (x, 60)] for x in (80, 20, 50)]
    strokes = traced(*stems, [(20, 16)])
    assert [round(float(stroke[0, 0]), -1) for stroke in strokes] == [20, 20, 50, 80]
    assert len(strokes[1]) == 1
    assert all(stroke[0, 1] < stroke[-1, 1] for stroke in strokes if len(stroke) > 1)


def test_other_scripts_go_from_top_to_bottom() -> None:
    strokes = traced([(20, 60), (90, 60)], [(30, 12), (80, 12)], [(36, 36), (74, 36)], habits=GENERAL)
    assert [round(float(stroke[:, 1].mean()), -1) for stroke in strokes] == [10, 40, 60]
    assert all(stroke[0, 0] < stroke[-1, 0] for stroke in strokes)


def test_joined_writing_comes_back_in_order() -> None:
    x = np.linspace(0, 4 * np.pi, 200)
    word = Ink.from_strokes([np.column_stack([10 + 6 * x - 12 * np.sin(x), 36 + 18 * np.cos(x)])])
    match = path_metrics.match(word, trace(skeleton_of(drawn(*(stroke[:, :2] for stroke in word.strokes())))))
    assert (path_metrics.point_order(match, local=True) or 0) > 0.9


@pytest.mark.parametrize("habits", [LATIN, GENERAL])
@pytest.mark.parametrize("seed", range(8))
def test_all_edges_are_covered_and_nothing_else(seed: int, habits: Habits) -> None:
    skeleton = skeleton_of(drawn(*scribbles(seed)))
    points = trace(skeleton, habits=habits).points[:, :2]
    middle = np.concatenate([edge.path for edge in skeleton.edges])
    apart = np.hypot(points[:, None, 0] - middle[:, 0], points[:, None, 1] - middle[:, 1])
    assert apart.min(axis=0).max() < 1e-3
    assert apart.min(axis=1).max() < 1e-3


@pytest.mark.parametrize("seed", range(4))
def test_strokes_do_not_jump(seed: int) -> None:
    mask = drawn(*scribbles(seed))
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    for stroke in trace(skeleton_of(mask)).strokes():
        assert np.hypot(*np.diff(stroke[:, :2], axis=0).T).max(initial=0) < 2.5
        columns, rows = np.floor(stroke[:, :2]).astype(int).T
        assert distance[rows, columns].max() <= 1


def test_the_pen_is_slow_at_its_ends_and_in_corners_and_pauses_the_longer_the_further_it_goes() -> None:
    [stroke] = traced([(20, 60), (50, 12), (80, 60)])
    speed = np.hypot(*np.diff(stroke[:, :2], axis=0).T) / np.diff(stroke[:, 2])
    tip, halfway = stroke[:, 1].argmin(), len(stroke) // 4
    assert speed[[0, -1]].max() < 0.5 * speed[halfway]
    assert speed[tip] < 0.8 * speed[halfway]
    strokes = traced([(20, 20), (20, 60)], [(30, 20), (30, 60)], [(100, 20), (100, 60)])
    near, far = (after[0, 2] - before[-1, 2] for before, after in pairwise(strokes))
    assert 0.05 < near < far < 1


def test_no_ink_is_empty_ink() -> None:
    assert len(trace(Skeleton(np.zeros((0, 2)), (), 0.0))) == 0
