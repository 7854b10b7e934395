"""Whole words that went wrong between a text and what was read: lost, said again, or added beyond the text.

Readings show misread letters too; a word counts as lost only when most of it has no counterpart at all. So the same
count serves ink that a person wrote and ink that a machine wrote, whatever the reader's own errors are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

LOST = 0.5
"""Share of a word's characters without a counterpart in the reading, above which the word is lost."""

ADDED = 3
"""Characters without a counterpart in the text that, together, are more than a misread letter."""

AGAIN = 0.5
"""Share of added characters, at least, that stand in the same order in the text before or after them, if it is said
again."""

_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class WordFaults:
    """Of so many words of the text, how many were lost; and how many times words were said again, or others added."""

    words: int
    lost: int
    repeated: int
    run_on: int

    @property
    def share(self) -> float:
        """All faults for each word."""
        return (self.lost + self.repeated + self.run_on) / self.words if self.words else 0.0


def word_faults(text: str, read: str) -> WordFaults:
    """The faults of a reading of a text, by a best alignment of their characters (Levenshtein)."""
    edits = Levenshtein.editops(text, read)
    missing = {edit.src_pos for edit in edits if edit.tag == "delete"}
    spans = [match.span() for match in _WORD.finditer(text)]
    lost = sum(len(missing.intersection(range(*span))) > LOST * (span[1] - span[0]) for span in spans)
    runs = [(place, run) for place, run in _added(edits, read) if len(run) >= ADDED]
    repeated = sum(_said_again(run, text, place) for place, run in runs)
    return WordFaults(len(spans), lost, repeated, len(runs) - repeated)


def total_faults(parts: Iterable[WordFaults]) -> WordFaults:
    """The faults of several readings together."""
    rows = [(part.words, part.lost, part.repeated, part.run_on) for part in parts]
    return WordFaults(*(sum(column) for column in zip(*rows, strict=True))) if rows else WordFaults(0, 0, 0, 0)


def _added(edits: Levenshtein.Editops, read: str) -> list[tuple[int, str]]:  # type: ignore[name-defined]
    """The characters that were read between two of the text and stand for none of it: where in the text, and which,
    without spaces."""
    runs: dict[int, str] = {}
    for edit in edits:
        if edit.tag == "insert":
            runs[edit.src_pos] = runs.get(edit.src_pos, "") + read[edit.dest_pos].strip()
    return list(runs.items())


def _said_again(run: str, text: str, place: int) -> bool:
    before, after = "".join(text[:place].split())[-len(run) :], "".join(text[place:].split())[: len(run)]
    return any(Levenshtein.distance(run, near) <= (1 - AGAIN) * len(run) for near in (before, after))
