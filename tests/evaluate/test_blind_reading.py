"""A blind reading compared with its key: known edits, known counts."""

from __future__ import annotations

import pytest

from handwrite.errors import InputError
from handwrite.evaluate.blind_reading import format_key, parse_reading, score_reading

TEXTS = ("Quiz at 7:45", "Dear Zoe,", '"It\'s" - no', "12 keys")


def test_known_edits() -> None:
    read = parse_reading("0\tQuiz at 7:45\n1\tDeer Zoe\n\n3\t12 keya\n2\t“It’s” – no\n", name="reading.txt")
    score = score_reading(read, TEXTS, name="reading.txt")
    assert [line.wrong for line in score.lines] == [0, 2, 0, 1]
    assert score.legible == 3
    assert score.cer == pytest.approx(3 / sum(map(len, TEXTS)))


def test_the_key_reads_as_itself() -> None:
    score = score_reading(parse_reading(format_key(TEXTS), name="key"), TEXTS, name="key")
    assert score.legible == len(TEXTS)
    assert score.cer == 0


def test_what_was_not_read_is_wrong_as_a_whole_and_doubled_spaces_are_not() -> None:
    score = score_reading({0: "  Quiz   at 7:45 "}, TEXTS, name="reading.txt")
    assert [line.wrong for line in score.lines] == [0, *(len(text) for text in TEXTS[1:])]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0 Quiz", "line 1: not a number"),
        ("0\tQuiz\nDear\tZoe", "line 2: not a number"),
        ("1\ta\n1\tb", "number 1 comes twice"),
        ("4\ta", "no piece has the number 4"),
    ],
)
def test_what_is_no_reading(content: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        score_reading(parse_reading(content, name="reading.txt"), TEXTS, name="reading.txt")
