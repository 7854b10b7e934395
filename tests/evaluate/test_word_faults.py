"""Words lost, said again and added: planted readings."""

from __future__ import annotations

import pytest

from handwrite.evaluate.word_faults import WordFaults, total_faults, word_faults

TEXT = "the quick brown fox"


@pytest.mark.parametrize(
    ("read", "lost", "repeated", "run_on"),
    [
        (TEXT, 0, 0, 0),
        ("the brown fox", 1, 0, 0),
        ("the qu brown fox", 1, 0, 0),
        ("the qui brown fox", 0, 0, 0),
        ("", 4, 0, 0),
        ("the quick quick brown fox", 0, 1, 0),
        ("the quick brown brwn fox", 0, 1, 0),
        ("the quick brown fox jumps", 0, 0, 1),
        ("the quick brown foxes", 0, 0, 0),
        ("thequick brown fox", 0, 0, 0),
        ("tbe quack brawn fax", 0, 0, 0),
    ],
)
def test_planted_faults(read: str, lost: int, repeated: int, run_on: int) -> None:
    assert word_faults(TEXT, read) == WordFaults(4, lost, repeated, run_on)


def test_faults_add_up() -> None:
    found = total_faults([word_faults(TEXT, "the brown fox jumps"), word_faults("a cat", "a cat cat")])
    assert found == WordFaults(6, 1, 1, 1)
    assert found.share == pytest.approx(3 / 6)
    assert total_faults([]).share == 0
