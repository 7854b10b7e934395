"""Ink as equal steps of way: whatever the pace, the same path; and back to ink with a typical clock."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.errors import InputError
from handwrite.recover.glyph import TALL
from handwrite.recover.path import (
    DOWN,
    END,
    GAP,
    SPEED,
    STRIDE,
    UP,
    Path,
    ink_of_path,
    one_after_another,
    path_of,
)

ToyHand = Callable[..., Ink]


def strides(path: Path) -> np.ndarray:
    """Pixels of each step that the pen is down."""
    return np.asarray(np.hypot(*np.diff(path.points, axis=0).T)[path.pen[:-1] == DOWN])


def test_steps_are_equal_whatever_the_pace() -> None:
    t = np.linspace(0, 1, 400)
    x = 200 * (t + 0.6 * np.sin(2 * np.pi * t) / (2 * np.pi))
    paths = [
        path_of(Ink.from_strokes([np.column_stack([x, np.full(len(x), 30), clock])]))
        for clock in (t, 7 * t, np.full(len(x), np.nan))
    ]
    assert len(paths[0]) == round(200 / STRIDE) + 1
    np.testing.assert_allclose(strides(paths[0]), 200 / round(200 / STRIDE), atol=0.01)
    for path in paths:
        np.testing.assert_allclose(path.points[[0, -1]], [[0, 30], [200, 30]], atol=1e-4)
        np.testing.assert_allclose(path.points, paths[0].points, atol=1e-4)


def test_a_resting_pen_takes_no_steps(toy_hand: ToyHand) -> None:
    ink = toy_hand("abc cab", size=40)
    rested = Ink.from_strokes([np.repeat(stroke, 3, axis=0) for stroke in ink.strokes()])
    path, other = path_of(ink), path_of(rested)
    np.testing.assert_allclose(path.points, other.points, atol=1e-4)
    assert strides(path).min() > STRIDE / 2
    assert strides(path).mean() == pytest.approx(STRIDE, rel=0.1)
    assert path.points.dtype == np.float32


def test_the_pen_is_lifted_after_each_stroke_and_done_after_the_last() -> None:
    bar = np.column_stack([np.zeros(9), np.linspace(0, 40, 9), np.linspace(0, 0.2, 9)])
    dot = np.array([[5.0, 5.0, 0.5]])
    path = path_of(Ink.from_strokes([bar, dot, bar + np.array([20, 0, 0.8]), dot + np.array([20, 0, 1.0])]))
    lifts = np.flatnonzero(path.pen != DOWN)
    assert path.pen[lifts].tolist() == [UP, UP, UP, END]
    assert lifts[-1] == len(path) - 1
    ends = [[0, 40], [5, 5], [20, 40], [25, 5]]
    np.testing.assert_allclose(path.points[lifts], ends, atol=1e-5)
    np.testing.assert_allclose(path.points[[0, *(lifts[:-1] + 1)]], [[0, 0], [5, 5], [20, 0], [25, 5]], atol=1e-5)


def test_a_short_stroke_is_a_step_and_a_shorter_one_a_dot() -> None:
    long = np.array([(0.0, 0.0), (30.0, 0.0)])
    for length, points in ((0.7 * STRIDE, 2), (0.4 * STRIDE, 1)):
        path = path_of(Ink.from_strokes([long, np.array([(9.0, 9.0), (9.0, 9.0 + length)])]))
        assert int(np.flatnonzero(path.pen == END)[0] - np.flatnonzero(path.pen == UP)[0]) == points


def test_a_path_becomes_ink_at_one_speed() -> None:
    points = np.array([[3, 4], [5, 4], [8, 4], [8, 30], [8, 33]], np.float32)
    ink = ink_of_path(Path(points, np.array([DOWN, DOWN, UP, DOWN, END])))
    np.testing.assert_allclose(ink.points[:, :2], points, atol=1e-5)
    assert ink.pen_up.tolist() == [False, False, True, False, True]
    over, pixel = GAP[0] + GAP[1] * 26 / TALL, 1 / (SPEED * TALL)
    np.testing.assert_allclose(np.diff(ink.points[:, 2]), [2 * pixel, 3 * pixel, over, 3 * pixel], rtol=1e-4)
    assert not len(ink_of_path(Path(points[:0], np.zeros(0, np.int64))))


def test_there_and_back_is_the_same_path() -> None:
    turn = STRIDE * np.arange(40) / 20
    arc = np.column_stack([60 + 20 * np.cos(turn), 30 + 20 * np.sin(turn)]).astype(np.float32)
    pen = np.full(80, DOWN)
    pen[[39, 79]] = UP, END
    path = Path(np.concatenate([arc, arc + np.array([50, 3])]).astype(np.float32), pen)
    back = path_of(ink_of_path(path))
    np.testing.assert_array_equal(back.pen, pen)
    np.testing.assert_allclose(back.points, path.points, atol=0.01)


def test_strokes_follow_one_another_in_time() -> None:
    strokes = [np.array([(0, 0, 5.0), (3, 4, 5.5)]), np.array([(3, 14, 1.0)]), np.array([(3, 14, 0.0), (0, 0, 0.25)])]
    ink = one_after_another(strokes, gap=(0.1, 0.01))
    np.testing.assert_allclose(ink.points[:, 2], [0, 0.5, 0.7, 0.8, 1.05], atol=1e-5)
    np.testing.assert_allclose(ink.points[:, :2], np.concatenate(strokes)[:, :2])


def test_dots_are_a_path_and_no_ink_is_none() -> None:
    path = path_of(Ink.from_strokes([[(7, 7, 0.0), (7, 7, 0.5)], [(9, 9, 1.0)]]))
    np.testing.assert_allclose(path.points, [[7, 7], [9, 9]])
    assert path.pen.tolist() == [UP, END]
    with pytest.raises(InputError, match="no ink"):
        path_of(Ink.from_strokes([]))
