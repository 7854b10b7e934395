"""The invariants of Ink, and that its views give the same ink again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from handwrite.core.ink import Ink, join

STROKES = [[[10, 20, 5.0], [11, 22, 5.25], [13, 21, 5.5]], [[40, 0, 7.0]]]


def test_strokes_become_points_on_a_clock_from_zero() -> None:
    ink = Ink.from_strokes(STROKES)
    assert ink.points.tolist() == [[10, 20, 0], [11, 22, 0.25], [13, 21, 0.5], [40, 0, 2]]
    assert ink.pen_up.tolist() == [False, False, True, True]
    assert (ink.has_clock, ink.duration, len(ink)) == (True, 2.0, 4)
    assert ink.bounds == (10, 0, 40, 22)
    assert [stroke.tolist() for stroke in ink.strokes()] == [ink.points[:3].tolist(), ink.points[3:].tolist()]


def test_dots_and_the_strokes_of_points() -> None:
    ink = Ink.from_strokes([[[5, 5]], *STROKES, [[1, 1], [2, 2]]])
    assert ink.dots.tolist() == [True, False, False, False, True, False, False]
    assert ink.stroke_index.tolist() == [0, 1, 1, 1, 2, 3, 3]
    assert ink.stroke_index.dtype == np.int64


def test_strokes_without_times_have_no_clock_and_empty_ones_do_not_count() -> None:
    ink = Ink.from_strokes([[[1, 2], [3, 4]], np.zeros((0, 2)), [[5, 6]]])
    assert np.isnan(ink.points[:, 2]).all()
    assert (ink.has_clock, ink.duration) == (False, 0.0)
    assert ink.pen_up.tolist() == [False, True, True]


def test_a_blank_line_is_ink() -> None:
    blank = Ink.from_strokes([])
    assert (len(blank), blank.strokes(), blank.bounds, blank.duration) == (0, [], (0, 0, 0, 0), 0)
    assert blank.offsets().shape == (0, 3)
    assert (blank.dots.shape, blank.stroke_index.shape) == ((0,), (0,))
    assert len(Ink.from_offsets(blank.offsets(), time_step=0.02)) == 0
    assert len(join([blank, blank])) == 0


@pytest.mark.parametrize(
    ("points", "pen_up", "complaint"),
    [
        (np.zeros((2, 2)), [False, True], r"points \(N, 3\)"),
        (np.zeros((2, 3)), [True], r"pen_up \(N,\)"),
        ([[np.inf, 0, 0]], [True], "finite"),
        ([[0, 0, 0], [1, 1, 1]], [True, False], "lift the pen"),
        ([[0, 0, 0], [1, 1, np.nan]], [False, True], "all of its points or for none"),
        ([[0, 0, 0], [1, 1, np.inf]], [False, True], "all of its points or for none"),
        ([[0, 0, 1], [1, 1, 2]], [False, True], "start at 0"),
        ([[0, 0, 0], [1, 1, 2], [1, 1, 1]], [False, False, True], "never fall"),
    ],
)
def test_broken_invariants_are_refused(points: object, pen_up: list[bool], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Ink(np.asarray(points, np.float32), np.array(pen_up))


@pytest.mark.parametrize("stroke", [[1, 2, 3], [[1], [2]], [[1, 2, 3, 4]]])
def test_a_stroke_of_another_shape_is_refused(stroke: object) -> None:
    with pytest.raises(ValueError, match="a stroke wants shape"):
        Ink.from_strokes([stroke])


def test_ink_cannot_be_changed_and_does_not_share_its_strokes() -> None:
    source = np.array([[1.0, 2.0, 0.0]])
    ink = Ink.from_strokes([source])
    source[0, 0] = 9
    assert ink.points[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        ink.points[0, 0] = 9


@given(arrays.arrays(np.int32, st.tuples(st.integers(1, 30), st.just(2)), elements=st.integers(-1000, 1000)), st.data())
def test_offsets_give_the_ink_again(xy: np.ndarray, data: st.DataObject) -> None:
    pen_up = np.array(data.draw(st.lists(st.booleans(), min_size=len(xy), max_size=len(xy))))
    pen_up[-1] = True
    ink = Ink(np.column_stack([xy, np.full(len(xy), np.nan)]).astype(np.float32), pen_up)
    again = Ink.from_offsets(ink.offsets(), time_step=0.02).moved(*ink.points[0, :2])
    np.testing.assert_array_equal(again.points[:, :2], ink.points[:, :2])
    np.testing.assert_array_equal(again.pen_up, ink.pen_up)


def test_offsets_keep_time_with_pauses_where_the_pen_was_up() -> None:
    ink = Ink.from_offsets([[0, 0, 0], [1, 0, 1], [1, 0, 0], [1, 0, 0]], time_step=0.02, gap=(0.1, 0.02))
    np.testing.assert_allclose(ink.points[:, 2], [0, 0.02, 0.14, 0.16], rtol=1e-6)
    assert ink.pen_up.tolist() == [False, True, False, True]


def test_moving_and_scaling_leave_the_clock() -> None:
    ink = Ink.from_strokes(STROKES).moved(-10, 5).scaled(2)
    assert ink.points[0].tolist() == [0, 50, 0]
    assert ink.points[-1].tolist() == [60, 10, 2]


def test_rounding_never_turns_the_clock_of_joined_ink_back() -> None:
    ink = Ink.from_strokes([[(0, 0, 0.0), (1, 0, 0.1), (2, 0, 1 / 3)]])
    times = join([ink] * 300).points[:, 2]
    assert (np.diff(times) >= 0).all()
    assert times[-1] == pytest.approx(100, rel=1e-4)


def test_joined_ink_is_written_one_after_another() -> None:
    ink = Ink.from_strokes(STROKES)
    both = join([ink, Ink.from_strokes([]), ink.moved(100, 0)], pause=1.0)
    assert both.points[:, 2].tolist() == [0, 0.25, 0.5, 2, 3, 3.25, 3.5, 5]
    assert both.points[4].tolist() == [110, 20, 3]
    assert len(both.strokes()) == 4
    assert not join([ink, Ink.from_strokes([[[0, 0]]])]).has_clock
