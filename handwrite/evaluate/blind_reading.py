"""How much of the sheet a blind reader got right.

A reading is a text file, one line `number<TAB>text` for each piece of ink; the key has the same form. Who the reader
is, person or program, is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handwrite.core.metrics import character_errors
from handwrite.errors import InputError

TOLERATED = 1
"""Wrong characters that a line may have and still count as read."""

_LOOK_ALIKES = str.maketrans("‘’“”–—", "''\"\"--")


@dataclass(frozen=True)
class ReadLine:
    """A line of the key, what was read, and the number of character errors in it."""

    number: int
    text: str
    read: str
    wrong: int


@dataclass(frozen=True)
class ReadingScore:
    """All lines of the key with what was read."""

    lines: tuple[ReadLine, ...]

    @property
    def legible(self) -> int:
        """Lines with at most `TOLERATED` wrong characters."""
        return sum(line.wrong <= TOLERATED for line in self.lines)

    @property
    def cer(self) -> float:
        """Character error rate: wrong characters over characters of the key."""
        return sum(line.wrong for line in self.lines) / sum(len(line.text) for line in self.lines)


def parse_reading(content: str, *, name: str) -> dict[int, str]:
    """Number -> text. Raises InputError, naming the line, for one that is not `number<TAB>text` or comes twice."""
    read: dict[int, str] = {}
    for row, line in enumerate(content.splitlines(), start=1):
        number, tab, text = line.partition("\t")
        if not line.strip():
            continue
        if not (tab and number.strip().isdecimal()):
            raise InputError(f"{name}, line {row}: not a number, a tab and a text; write one such line for each piece")
        if int(number) in read:
            raise InputError(f"{name}, line {row}: number {int(number)} comes twice; keep one")
        read[int(number)] = text
    return read


def score_reading(read: Mapping[int, str], texts: Sequence[str], *, name: str) -> ReadingScore:
    """Compare a reading with the texts, numbered from 0; a number that is missing counts as read as nothing.

    Doubled spaces and the slant of quotation marks, which ink does not show, are no errors. Raises InputError for a
    number that there is no text for.
    """
    strangers = sorted(set(read) - set(range(len(texts))))
    if strangers:
        raise InputError(f"{name}: no piece has the number {strangers[0]}; they run from 0 to {len(texts) - 1}")
    lines = []
    for number, text in enumerate(texts):
        seen = plain(read.get(number, ""))
        lines.append(ReadLine(number, text, seen, character_errors(plain(text), seen)))
    return ReadingScore(tuple(lines))


def plain(text: str) -> str:
    """The text with single spaces and straight quotation marks and dashes."""
    return re.sub(r"\s+", " ", text.translate(_LOOK_ALIKES)).strip()


def format_key(texts: Sequence[str]) -> str:
    """The texts as a key, numbered from 0."""
    return "".join(f"{number}\t{text}\n" for number, text in enumerate(texts))
