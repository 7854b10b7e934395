"""The figures of a recognizer on lines with planted errors."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from handwrite.core.reading import Box, Line, Word
from handwrite.evaluate.recognition import Confusion, Judged, judge, worst_lines

BOX = Box(0, 0, 10, 10)


def line(text: str, *confidences: float) -> Line:
    """A reading of a line, each word with its confidence."""
    words = tuple(Word(word, one, BOX, ()) for word, one in zip(text.split(), confidences, strict=True))
    return Line(text, min(confidences, default=1.0), BOX, words, ())


def judged(text: str, read: Line, *, source: str = "here", writer: str = "") -> Judged:
    return Judged(f"{source}/{text[:3]}", source, writer, text, read)


LINES = [
    judged("Well , the cat", line("Well, the cut", 0.9, 0.9, 0.4), writer="ann"),
    judged("a cat", line("a cut", 0.8, 0.4), writer="bob"),
    judged("a dog", line("a dog", 0.8, 0.9), source="there"),
]


def test_figures_by_source_and_in_all() -> None:
    found = judge(LINES, lines_per_second=12.5)
    here, there = found.sources["here"], found.sources["there"]
    assert list(found.sources) == ["here", "there"]
    assert (here.lines, here.characters, there.lines, there.characters) == (2, 12 + 5, 1, 5)
    assert here.cer.value == pytest.approx(2 / 17)  # "Well,the cat" has 12 characters
    assert here.cer_as_is.value == pytest.approx(3 / 19)
    assert here.wer.value == pytest.approx(2 / 4)
    assert here.wer_as_is.value == pytest.approx((3 + 1) / (4 + 2))  # Well and , are not Well, but two of four words
    assert here.cer.low <= here.cer.value <= here.cer.high
    assert (there.cer.value, there.cer.low, there.cer.high) == (0, 0, 0)
    assert found.total.cer.value == pytest.approx(2 / 22)
    assert found.total.lines == 3
    assert found.lines_per_second == 12.5


def test_confusions_are_counted_over_all_lines() -> None:
    found = judge([*LINES, judged("cart", line("cat", 0.5))], lines_per_second=1)
    assert found.confusions == (Confusion("a", "u", 2), Confusion("r", "", 1))


def test_calibration_is_that_of_the_words() -> None:
    calibration = judge(LINES, lines_per_second=1).total.calibration
    assert calibration.words == 7
    gaps = [0.1, 0.1, 0.4, 0.2, 0.4, 0.2, 0.1]  # fewer words than bins: one each, and both words of 0.4 are wrong
    assert calibration.error == pytest.approx(sum(gaps) / 7)
    assert sum(one.count for one in calibration.curve) == 7


def test_intervals_are_over_writers_where_there_are_several() -> None:
    right, wrong = line("cat", 0.5), line("dog", 0.5)
    two = [judged("cat", read, writer=writer) for writer, read in (("ann", right), ("bob", wrong)) for _ in range(50)]
    one = [judged("cat", read, writer="ann") for read in (right, wrong) for _ in range(50)]
    unknown = [judged("cat", read) for read in (right, wrong) for _ in range(50)]
    rows = [judge(lines, lines_per_second=1).total for lines in (two, one, unknown)]
    assert [row.by_writer for row in rows] == [True, False, False]
    assert [(row.cer.low, row.cer.high) for row in rows[:1]] == [(0, 1)]
    for row in rows[1:]:
        assert 0.3 < row.cer.low < 0.45 < 0.55 < row.cer.high < 0.7


def test_the_same_writer_in_two_sources_is_two() -> None:
    lines = [judged("cat", line("cat", 0.5), source=source, writer="1") for source in ("one", "two")]
    found = judge(lines, lines_per_second=1)
    assert found.total.by_writer
    assert not found.sources["one"].by_writer


def test_accents_count_alike_however_they_are_encoded() -> None:
    found = judge([judged("cafe\u0301 a", line("café a", 0.9, 0.9))], lines_per_second=1)
    assert (found.total.characters, found.total.cer.value, found.total.wer_as_is.value) == (6, 0, 0)
    assert found.total.calibration.error == pytest.approx(0.1)


def test_nothing_read_is_all_wrong_and_all_figures_are_plain() -> None:
    found = judge([judged("cat", line(""))], lines_per_second=1)
    assert found.total.cer.value == 1
    assert (found.total.calibration.words, found.total.calibration.error) == (0, 0)
    assert json.loads(json.dumps(asdict(found), allow_nan=False))["sources"]["here"]["wer"]["value"] == 1


def test_worst_lines_first_and_of_equal_ones_the_more_confident() -> None:
    lines = [
        judged("abcd", line("abcx", 0.3)),
        judged("abcd", line("abcd", 0.9)),
        judged("abcd", line("abcx", 0.8)),
        judged("ab", line("xyz", 0.1)),
    ]
    assert worst_lines(lines, 3) == [3, 2, 0]
    assert worst_lines(lines, 9) == [3, 2, 0, 1]


def test_a_line_needs_a_text() -> None:
    with pytest.raises(ValueError, match="no text"):
        judged("  ", line("a", 0.5))
