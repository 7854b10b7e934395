"""How well a recognizer reads: the figures of `handwrite evaluate recognize`, as plain values.

Whoever runs the net hands over the lines that it read. The measures themselves are `core.metrics`'; the pictures are
`recognition_sheet`'s and `calibration_curve`'s.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from handwrite.core.metrics import (
    Bin,
    bootstrap_interval,
    calibration_error,
    character_errors,
    confusions,
    joined,
    reliability,
    word_errors,
    words_right,
)
from handwrite.core.reading import Line

MOST_CONFUSED = 20


@dataclass(frozen=True)
class Judged:
    """A line and what a recognizer read in it. writer : unique within its source, empty when unknown.

    Raises ValueError for a text without characters, of which no share can be wrong.
    """

    name: str
    source: str
    writer: str
    text: str
    read: Line

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError(f"{self.name}: no text to compare a reading with")

    @property
    def truth(self) -> str:
        """The text, composed (NFC), as all comparisons here take it."""
        return unicodedata.normalize("NFC", self.text)

    @property
    def reading(self) -> str:
        """What was read, composed (NFC)."""
        return unicodedata.normalize("NFC", self.read.text)

    @property
    def cer(self) -> float:
        """Joined character error rate of the line; above 1 when more was read than is there."""
        truth = joined(self.truth)
        return character_errors(truth, joined(self.reading)) / len(truth)


@dataclass(frozen=True)
class Rate:
    """An error rate over all lines, with its bootstrap 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """How far the confidences of words are from the share that is right: the expected calibration error, and the
    reliability curve."""

    words: int
    error: float
    curve: tuple[Bin, ...]


@dataclass(frozen=True)
class Row:
    """The figures of some lines. characters : of the true texts, joined. by_writer : the intervals are over writers,
    else over lines. cer, wer : with the spaces around punctuation joined; `_as_is` : with all spaces as they are."""

    lines: int
    characters: int
    by_writer: bool
    cer: Rate
    wer: Rate
    cer_as_is: Rate
    wer_as_is: Rate
    calibration: Calibration


@dataclass(frozen=True)
class Confusion:
    """A character that was read for another, and how often; "" is written for what was added and read for what was
    left out."""

    written: str
    read: str
    count: int


@dataclass(frozen=True)
class Recognition:
    """All figures. sources : by name, in alphabetical order. total : of all lines together. confusions : the most
    frequent ones, joined."""

    sources: dict[str, Row]
    total: Row
    confusions: tuple[Confusion, ...]
    lines_per_second: float


def judge(lines: Sequence[Judged], *, lines_per_second: float, seed: int = 0) -> Recognition:
    """The figures of at least one line. lines_per_second : the speed of reading. seed : of the bootstrap."""
    names = sorted({line.source for line in lines})
    rows = {name: _row([line for line in lines if line.source == name], seed=seed) for name in names}
    total = rows[names[0]] if len(names) == 1 else _row(lines, seed=seed)
    return Recognition(rows, total, _most_confused(lines), lines_per_second)


def worst_lines(lines: Sequence[Judged], count: int) -> list[int]:
    """The indices of the lines with the highest joined CER, worst first; of equally bad ones the more confident is
    worse."""
    order = sorted(range(len(lines)), key=lambda index: (-lines[index].cer, -lines[index].read.confidence))
    return order[:count]


def _row(lines: Sequence[Judged], *, seed: int) -> Row:
    as_is = [(line.truth, line.reading) for line in lines]
    together = [(joined(truth), joined(read)) for truth, read in as_is]
    writers = _writers(lines)

    def rate(errors: Callable[[str, str], int], size: Callable[[str], int], pairs: list[tuple[str, str]]) -> Rate:
        wrong, sizes = [errors(*pair) for pair in pairs], [size(truth) for truth, _ in pairs]
        return Rate(sum(wrong) / sum(sizes), *bootstrap_interval(wrong, sizes, groups=writers, seed=seed))

    return Row(
        lines=len(lines),
        characters=sum(len(truth) for truth, _ in together),
        by_writer=writers is not None,
        cer=rate(character_errors, len, together),
        wer=rate(word_errors, _words, together),
        cer_as_is=rate(character_errors, len, as_is),
        wer_as_is=rate(word_errors, _words, as_is),
        calibration=_calibration(lines),
    )


def _words(text: str) -> int:
    return len(text.split())


def _writers(lines: Sequence[Judged]) -> list[str] | None:
    """The writer of each line, a line of an unknown one being its own; None when one writer wrote all, whose lines are
    then all that can be drawn from."""
    writers = [
        f"{line.source}\t{line.writer}" if line.writer else f"{line.source}\t\t{index}"
        for index, line in enumerate(lines)
    ]
    return writers if any(line.writer for line in lines) and len(set(writers)) > 1 else None


def _calibration(lines: Sequence[Judged]) -> Calibration:
    confidence = [word.confidence for line in lines for word in line.read.words]
    right = list(
        chain.from_iterable(
            words_right(line.truth, [unicodedata.normalize("NFC", word.text) for word in line.read.words])
            for line in lines
        )
    )
    return Calibration(len(right), calibration_error(confidence, right), reliability(confidence, right))


def _most_confused(lines: Sequence[Judged]) -> tuple[Confusion, ...]:
    counts = Counter(chain.from_iterable(confusions(joined(line.truth), joined(line.reading)) for line in lines))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Confusion(*pair, count) for pair, count in ranked[:MOST_CONFUSED])
