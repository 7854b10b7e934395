"""Lines of writing told apart by the ink: planted pages of letters, and what looks like a break and is none."""

from __future__ import annotations

import pytest

from handwrite.core.ink import Ink
from handwrite.corpora.line_breaks import spans_lines

Box = list[tuple[float, float]]


def letter(x: float, y: float, width: float = 10, height: float = 20) -> Box:
    return [(x, y), (x + width, y + height)]


def line(count: int, *, x: float = 0, y: float = 0, rise: float = 0) -> list[Box]:
    return [letter(x + 15 * i, y - rise * i) for i in range(count)]


T_BAR: Box = [(2, 4), (14, 4)]
I_DOT: Box = [(20, -8), (21, -8)]
FULL_STOP: Box = [(160, 21), (161, 22)]


@pytest.mark.parametrize(
    "strokes",
    [
        line(10) + line(8, y=40),
        line(10) + line(3, x=20, y=30),
        line(3) + line(10, y=40),
        line(10, rise=3) + line(8, y=40, rise=3),
        line(4) + line(4, y=30) + line(4, y=60),
        line(4) + line(4, x=100, y=60),
    ],
)
def test_several_lines(strokes: list[Box]) -> None:
    assert spans_lines(Ink.from_strokes(strokes))


@pytest.mark.parametrize(
    "strokes",
    [
        [],
        line(1),
        line(10),
        line(10, rise=2),
        line(10, rise=-2),
        [*line(10), T_BAR, I_DOT],
        [*line(10), FULL_STOP],
    ],
)
def test_one_line(strokes: list[Box]) -> None:
    assert not spans_lines(Ink.from_strokes(strokes))


def test_one_word_asks_for_both_signs() -> None:
    bar_before_stem = Ink.from_strokes([[(0, 0), (60, -2)], letter(5, 0, 20, 40), letter(30, 20), letter(45, 20)])
    assert spans_lines(bar_before_stem)
    assert not spans_lines(bar_before_stem, one_word=True)
    assert spans_lines(Ink.from_strokes(line(10) + line(3, y=40)), one_word=True)
