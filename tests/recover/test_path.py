"""Ink as equal time steps: planted speeds come back as spacing, whoever wrote and however long they rested."""

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
    SLOWEST,
    SPEED,
    STRIDE,
    TIME_STEP,
    UP,
    Path,
    ink_of_path,
    path_of,
    without_rests,
)

ToyHand = Callable[..., Ink]


def path_of_recorded(ink: Ink) -> Path:
    return path_of(without_rests(ink))


def strides(path: Path) -> np.ndarray:
    """Pixels of each step that the pen is down."""
    return np.asarray(np.hypot(*np.diff(path.points, axis=0).T)[path.pen[:-1] == DOWN])


@pytest.mark.parametrize("tempo", [0.2, 1.0, 7.0])
def test_a_planted_speed_comes_back_as_spacing(tempo: float) -> None:
    time = np.sort(np.concatenate([[0, 1], np.random.default_rng(0).uniform(0, 1, 600)]))
    x = 200 * (time + 0.6 * np.sin(2 * np.pi * time) / (2 * np.pi))  # the speed is 200 * (1 + 0.6 cos)
    path = path_of_recorded(Ink.from_strokes([np.column_stack([x, np.full(len(x), 30), tempo * time])]))
    steps = len(path) - 1
    middle = (np.arange(steps) + 0.5) / steps
    assert steps == round(200 / STRIDE)
    np.testing.assert_allclose(strides(path), STRIDE * (1 + 0.6 * np.cos(2 * np.pi * middle)), atol=0.05)
    assert path.points[0] == pytest.approx([0, 30])
    assert path.points[-1] == pytest.approx([200, 30])


@pytest.mark.parametrize("size", [25, 50])
def test_the_mean_stride_is_the_same_for_every_hand(toy_hand: ToyHand, size: float) -> None:
    path = path_of_recorded(toy_hand("abc cab", size=size))
    assert strides(path).mean() == pytest.approx(STRIDE, rel=0.1)
    assert path.points.dtype == np.float32


def test_the_pen_is_lifted_after_each_stroke_and_done_after_the_last() -> None:
    bar = np.column_stack([np.zeros(9), np.linspace(0, 40, 9), np.linspace(0, 0.2, 9)])
    dot = np.array([[5.0, 5.0, 0.5]])
    path = path_of_recorded(Ink.from_strokes([bar, dot, bar + np.array([20, 0, 0.8]), dot + np.array([20, 0, 1.0])]))
    lifts = np.flatnonzero(path.pen != DOWN)
    assert path.pen[lifts].tolist() == [UP, UP, UP, END]
    assert lifts[-1] == len(path) - 1
    ends = [[0, 40], [5, 5], [20, 40], [25, 5]]
    np.testing.assert_allclose(path.points[lifts], ends, atol=1e-5)
    np.testing.assert_allclose(path.points[[0, *(lifts[:-1] + 1)]], [[0, 0], [5, 5], [20, 0], [25, 5]], atol=1e-5)


def test_rests_and_pauses_take_no_steps() -> None:
    time = np.linspace(0, 1, 101)
    go = np.column_stack([100 * time, 20 + 10 * np.sin(9 * time), 0.5 * time])
    rest = np.column_stack([np.tile(go[-1, :2], (50, 1)), np.linspace(0.51, 1.5, 50)])
    after = go + np.array([100, 0, 0])
    after[:, 1] += go[-1, 1] - after[0, 1]
    at_once = path_of_recorded(Ink.from_strokes([np.concatenate([go, after[1:] + np.array([0, 0, 0.5])])]))
    rested = path_of_recorded(Ink.from_strokes([np.concatenate([go, rest, after[1:] + np.array([0, 0, 1.5])])]))
    assert abs(len(rested) - len(at_once)) <= 2
    assert strides(rested).min() > SLOWEST * STRIDE / 2
    np.testing.assert_allclose(rested.points[:30], at_once.points[:30], atol=0.5)
    lifted = [path_of_recorded(Ink.from_strokes([go, after + np.array([0, 0, 0.5 + pause])])) for pause in (0.1, 30.0)]
    assert len(lifted[0]) == len(lifted[1])


def test_a_creeping_pen_is_no_slower_than_the_slowest() -> None:
    x, time = np.array([0.0, 100.0, 101.0, 201.0]), np.array([0.0, 1.0, 3.0, 4.0])
    ink = without_rests(Ink.from_strokes([np.column_stack([x, np.zeros(4), time])]))
    speed = 201 / 4
    np.testing.assert_allclose(np.diff(ink.points[:, 2]), [1, 1 / (SLOWEST * speed), 1], rtol=1e-5)
    np.testing.assert_allclose(ink.points[:, 0], x)


def test_a_path_becomes_ink_with_a_typical_clock() -> None:
    points = np.array([[3, 4], [5, 4], [8, 4], [8, 30], [8, 33]], np.float32)
    ink = ink_of_path(Path(points, np.array([DOWN, DOWN, UP, DOWN, END])))
    np.testing.assert_allclose(ink.points[:, :2], points, atol=1e-5)
    assert ink.pen_up.tolist() == [False, False, True, False, True]
    over = GAP[0] + GAP[1] * 26 / TALL
    np.testing.assert_allclose(np.diff(ink.points[:, 2]), [TIME_STEP, TIME_STEP, over, TIME_STEP], rtol=1e-4)
    assert pytest.approx(SPEED * TALL) == STRIDE / TIME_STEP
    assert not len(ink_of_path(Path(points[:0], np.zeros(0, np.int64))))


def test_there_and_back_is_the_same_path() -> None:
    turn = STRIDE * np.arange(40) / 20
    arc = np.column_stack([60 + 20 * np.cos(turn), 30 + 20 * np.sin(turn)]).astype(np.float32)
    pen = np.full(80, DOWN)
    pen[[39, 79]] = UP, END
    path = Path(np.concatenate([arc, arc + np.array([50, 3])]).astype(np.float32), pen)
    back = path_of_recorded(ink_of_path(path))
    np.testing.assert_array_equal(back.pen, pen)
    np.testing.assert_allclose(back.points, path.points, atol=0.01)


@pytest.mark.parametrize(
    ("strokes", "wrong"),
    [
        ([[(0, 0), (30, 40)]], "without a clock"),
        ([], "without a clock"),
        ([[(7, 7, 0.0)]], "does not move"),
        ([[(7, 7, 0.0), (7, 7, 0.5)]], "does not move"),
        ([[(7, 7, 0.0), (9, 9, 0.0)]], "does not move"),
    ],
)
def test_ink_without_clock_or_length_is_refused(strokes: list[list[tuple[float, ...]]], wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        path_of_recorded(Ink.from_strokes(strokes))
