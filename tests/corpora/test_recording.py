"""UNIPEN recordings: the counting rule, parts of components, and the clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwrite.corpora.recording import MAX_PAUSE, Recording, Unresolved, parse_delineation, parse_recording, statements

HEAD = ".VERSION 1.0\n.COORD X Y\n.POINTS_PER_SECOND 100\n.WRITER_ID anna\n"
BODY = """.PEN_DOWN
1 10
2 20
3 30
.PEN_UP
.PEN_DOWN
.PEN_UP
4 40
5 50
.PEN_DOWN
6 60
.COMMENT .PEN_DOWN in a comment
 .PEN_DOWN in an indented one
.PEN_UP
.PEN_DOWN
7 70
8 80
"""
"""Components: 0 down (1, 2, 3), 1 up (4, 5), 2 down (6), 3 down (7, 8); the empty blocks between do not count."""


def recording(text: str) -> Recording:
    return parse_recording(statements(text.encode("latin-1")))


def xs(recording: Recording, delineation: str) -> list[list[float]]:
    return [stroke[:, 0].tolist() for stroke in recording.cut(delineation).strokes()]


@pytest.mark.parametrize(
    ("delineation", "strokes"),
    [
        ("0", [[1, 2, 3]]),
        ("0-0", [[1, 2, 3]]),
        ("2", [[6]]),
        ("0-2", [[1, 2, 3], [6]]),
        ("0-3", [[1, 2, 3], [6], [7, 8]]),
        ("0,3", [[1, 2, 3], [7, 8]]),
        ("3+0", [[1, 2, 3], [7, 8]]),
        ("3,0-2", [[1, 2, 3], [6], [7, 8]]),
        ("0:1-3:0", [[2, 3], [6], [7]]),
        ("0:1-0:1", [[2]]),
        ("0:2", [[3]]),
        ("0-0:1,3:1-3", [[1, 2], [8]]),
        ("0,0", [[1, 2, 3]]),
    ],
)
def test_components_are_the_blocks_with_points(delineation: str, strokes: list[list[float]]) -> None:
    assert xs(recording(HEAD + BODY), delineation) == strokes


@pytest.mark.parametrize(
    ("delineation", "reason"),
    [
        ("0-4", "does not have"),
        ("1", "no ink with the pen down"),
        ("0:7-0:9", "no ink with the pen down"),
        ("3-0", "backwards"),
        ("a-b", "cannot be read"),
        ("", "cannot be read"),
        ("0-", "cannot be read"),
    ],
)
def test_what_does_not_resolve_says_why(delineation: str, reason: str) -> None:
    with pytest.raises(Unresolved, match=reason):
        recording(HEAD + BODY).cut(delineation)


@given(first=st.integers(0, 50), size=st.integers(0, 50))
def test_a_range_names_every_component_once(first: int, size: int) -> None:
    parts = parse_delineation(f"{first}-{first + size}")
    assert [part.component for part in parts] == list(range(first, first + size + 1))


def test_y_is_turned_down_and_the_writer_is_known() -> None:
    found = recording(HEAD + BODY)
    assert found.cut("0").points[:, 1].tolist() == [-10, -20, -30]
    assert found.writer == "anna"


def test_the_clock_runs_on_through_pen_up_points_and_what_is_left_out() -> None:
    found = recording(HEAD + BODY)
    assert np.allclose(found.cut("0-2").points[:, 2], [0, 0.01, 0.02, 0.05])
    assert np.allclose(found.cut("0,3").points[:, 2], [0, 0.01, 0.02, 0.06, 0.07])


def test_pauses_that_are_told_count_up_to_a_limit() -> None:
    text = HEAD + ".PEN_DOWN\n1 1\n.DT 250\n.PEN_DOWN\n2 1\n.DT 999999\n.PEN_DOWN\n3 1\n"
    assert np.allclose(recording(text).cut("0-2").points[:, 2], [0, 0.26, 0.26 + MAX_PAUSE])


@pytest.mark.parametrize(("unit", "name"), [(1e3, "milliseconds"), (1e6, "microseconds")])
def test_a_time_channel_is_taken_in_its_own_unit(unit: float, name: str) -> None:
    ticks = [round(unit * t) for t in (5.0, 5.01, 5.02, 5.5, 5.51)]
    rows = "".join(f"{i} 0 {tick} 9\n" for i, tick in enumerate(ticks))
    text = HEAD.replace("X Y", "X Y T P") + ".PEN_DOWN\n" + rows
    assert np.allclose(recording(text).cut("0").points[:, 2], [0, 0.01, 0.02, 0.5, 0.51], atol=1e-4), name


def test_a_time_channel_that_begins_anew_goes_on_at_the_rate() -> None:
    text = HEAD.replace("X Y", "X Y T") + ".PEN_DOWN\n1 0 5000\n1 0 5010\n.PEN_DOWN\n1 0 0\n1 0 10\n"
    assert np.allclose(recording(text).cut("0-1").points[:, 2], [0, 0.01, 0.02, 0.03])


def test_without_rate_or_time_there_is_no_clock() -> None:
    assert not recording(".COORD X Y\n" + BODY).cut("0-3").has_clock


def test_unequal_resolutions_are_made_equal() -> None:
    head = HEAD + ".X_POINTS_PER_INCH 100\n.Y_POINTS_PER_INCH 200\n"
    assert xs(recording(head + BODY), "0") == [[2, 4, 6]]


def test_a_line_that_holds_no_point_is_passed_over_and_words_are_refused() -> None:
    assert xs(recording(HEAD + ".PEN_DOWN\n1 1\n-1 418 495\n2 2\n"), "0") == [[1, 2]]
    with pytest.raises(Unresolved, match="not numbers"):
        recording(HEAD + ".PEN_DOWN\n1 one\n")
