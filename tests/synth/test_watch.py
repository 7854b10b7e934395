"""The window's verdict on planted attention."""

from __future__ import annotations

import numpy as np
import pytest

from handwrite.synth.watch import SLOWEST, Verdict, dwell, judge


def attention(*points: float, sharp: bool = True) -> np.ndarray:
    """The window that spends so many points on each place, one after the other; the last is after the text."""
    rows = [np.eye(len(points))[place] for place, count in enumerate(points) for _ in range(int(count))]
    return np.array(rows, np.float32) * (1 if sharp else 0.3)


def test_dwell_counts_points_whatever_the_height_of_phi() -> None:
    for sharp in (True, False):
        assert dwell(attention(4, 0, 2, 1, sharp=sharp)).tolist() == [4, 0, 2, 1]
    assert dwell(np.array([[0.5, 0.25, 0.25]], np.float32)).tolist() == [0.5, 0.25, 0.25]
    assert dwell(np.zeros((3, 2), np.float32)).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("points", "finished", "problems"),
    [
        ((10, 10, 10, 1), True, []),
        ((10, 0, 10, 1), True, ["may have skipped 'b' in 'abc'"]),
        ((20, 3, 20, 1), True, []),
        ((20, 2, 20, 1), True, ["may have skipped 'b' in 'abc'"]),
        ((10, 0, 0, 1), True, ["may have skipped 'bc' in 'abc'"]),
        ((20, 61, 20, 1), True, ["may have repeated 'b' in 'abc'"]),
        ((20, 60, 20, 1), True, []),
        ((SLOWEST, 3 * SLOWEST, SLOWEST, 1), True, []),
        ((200, 200, 200, 1), True, ["may have repeated 'abc' in 'abc'"]),
        ((10, 10, 10, 80), False, ["ran on past the end of 'abc'"]),
        (
            (80, 0, 10, 0),
            False,
            ["may have skipped 'b' in 'abc'", "may have repeated 'a' in 'abc'", "ran on past the end of 'abc'"],
        ),
    ],
)
def test_what_is_noticed(points: tuple[int, ...], finished: bool, problems: list[str]) -> None:
    assert judge("abc", attention(*points), finished=finished).problems == problems


def test_marks_may_be_too_short_to_see_but_not_too_long() -> None:
    assert judge("abc, .", attention(9, 9, 9, 9, 0, 0, 1), finished=True).problems == []
    assert judge("abc,", attention(9, 9, 9, 90, 1), finished=True).repeated == ","


def test_the_order_of_verdicts() -> None:
    verdicts = [Verdict("abc", "", "", True), Verdict("abc", "a", "", True), Verdict("abc", "a", "b", True)]
    verdicts += [Verdict("abc", "", "", False), Verdict("abc", "a", "", False)]
    assert sorted(verdicts, key=lambda verdict: verdict.severity) == verdicts
    assert len({verdict.severity for verdict in verdicts}) == 5
