"""Composed lines say what their pieces say, in the order of the ink."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.synth import compose as module
from handwrite.synth.compose import LONGEST, PAUSE, compose
from handwrite.synth.data import Line

TEXTS = ["0", "1", "2", "A", "B", "c", "a", "n", "word", "other", "can"]
MARKS = {text: 1.2 + number / 20 for number, text in enumerate(TEXTS)}
"""text -> height of its one stroke, so that the ink tells the text."""


def piece(text: str, *, writer: str = "toy/w", level: str | None = None) -> Line:
    ink = Ink.from_strokes([[(5, 0, 0), (5.5 + len(text) / 2, -MARKS[text], 0.1)]])
    return Line(ink, text, writer, level or ("word" if len(text) > 1 else "character"))


ALL = [piece(text) for text in MARKS] * 10


def read(line: Line) -> str:
    """The text that the strokes stand for, without spaces."""
    texts = {round(height, 2): text for text, height in MARKS.items()}
    return "".join(texts[round(-float(stroke[-1, 1]), 2)] for stroke in line.ink.strokes())


def test_ink_and_text_agree_and_run_to_the_right() -> None:
    lines = compose(ALL, seed=0)
    assert len(lines) >= 5
    for line in lines:
        assert read(line) == line.text.replace(" ", "")
        strokes = line.ink.strokes()
        assert strokes[0][0, 0] == 0
        assert all(after[0, 0] > before[-1, 0] for before, after in itertools.pairwise(strokes))
        pauses = [after[0, 2] - before[-1, 2] for before, after in itertools.pairwise(strokes)]
        assert pauses == pytest.approx([PAUSE] * len(pauses), abs=1e-5)
        assert (line.level, line.writer) == ("line", "toy/w")
        assert len(line.text) <= LONGEST


def test_white_between_words_is_wider_than_between_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHARACTER_GAP", (0.3, 0.0))
    monkeypatch.setattr(module, "WORD_GAP", (1.0, 0.0))
    seen: dict[bool, set[float]] = {True: set(), False: set()}
    for line in compose(ALL, seed=0):
        strokes, at = line.ink.strokes(), 0
        for before, after in itertools.pairwise(strokes):
            at += len(read(Line(Ink.from_strokes([before]), "", "", "word")))
            apart = line.text[at] == " "
            at += apart
            seen[apart].add(round(float(after[0, 0] - before[-1, 0]), 3))
    assert seen == {True: {1.0}, False: {0.3}}


def test_every_digit_and_capital_comes_about_as_often_as_asked() -> None:
    for uses in (1.0, 3.0):
        counts = Counter(char for line in compose(ALL, seed=1, uses=uses) for char in line.text if not char.islower())
        single = sum(counts[char] for char in "012AB")
        assert 50 * uses <= single < 50 * uses + LONGEST
    assert compose(ALL, seed=1, uses=0) == []


def test_a_name_is_a_capital_and_a_word_of_the_texts_in_single_letters() -> None:
    words = {word for line in compose(ALL, seed=0) for word in line.text.split()}
    names = {word for word in words if word[0] in "AB" and word[1:].islower()}
    assert names == {"Acan", "Bcan"}


@pytest.mark.parametrize(("height", "used"), [(1.0, False), (1.2, True), (3.0, True), (3.3, False)])
def test_a_character_of_an_impossible_height_is_left_out(height: float, used: bool) -> None:
    ink = Ink.from_strokes([[(0, 0, 0), (1, -height, 0.1)]])
    assert bool(compose([Line(ink, "A", "toy/w", "character")], seed=0)) == used


def test_hands_are_not_mixed_and_nobody_has_no_hand() -> None:
    lines = compose([piece("0", writer="toy/w"), piece("A", writer="toy/v"), piece("1", writer="")], seed=0)
    assert {line.writer: set(line.text) - {" "} for line in lines} == {"toy/w": {"0"}, "toy/v": {"A"}}


def test_the_seed_alone_decides() -> None:
    one, two, other = (compose(lines, seed=seed) for lines, seed in ((ALL, 3), (list(ALL), 3), (ALL, 4)))
    assert [line.text for line in one] == [line.text for line in two]
    assert all(np.array_equal(a.ink.points, b.ink.points) for a, b in zip(one, two, strict=True))
    assert [line.text for line in one] != [line.text for line in other]


def test_words_alone_compose_nothing() -> None:
    assert compose([piece("word"), piece("can", level="line")], seed=0) == []
