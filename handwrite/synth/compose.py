"""Lines put together from a writer's own words and single characters.

Running text has few digits and capitals, and collections of single characters have many. A line composed of both, all
of one hand, standing on one baseline, teaches the network to write them where they belong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from handwrite.core.ink import Ink, join
from handwrite.synth.data import DEEP, LOW, STANDING, TALL, Line

Piece = TypeVar("Piece")

CHARACTER_GAP = (0.35, 0.1)
"""Mean and standard deviation of the white between two characters, in x-heights."""

WORD_GAP = (1.1, 0.25)
"""The same between two words."""

PAUSE = 0.15
"""Seconds between two pieces."""

LONGEST = 24
"""Characters of a composed line at most."""

HEIGHTS = {TALL: (1.1, 3.2), LOW: (0.5, 1.9)}
"""Least and greatest height of single characters, in x-heights; what is beyond is a stroke without its character, or
a character and more."""

LONGEST_NUMBER, LONGEST_GROUP = 5, 4
SPELLED = range(2, 9)
"""Lengths of the words that follow a capital, in single letters."""


@dataclass
class _Hand:
    """What there is of a writer: single characters by kind, whole words, and the texts that the singles can spell."""

    digits: list[Line] = field(default_factory=list)
    capitals: list[Line] = field(default_factory=list)
    letters: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))
    words: list[Line] = field(default_factory=list)
    spelled: list[str] = field(default_factory=list)

    @property
    def rare(self) -> int:
        """How many digits and capitals there are."""
        return len(self.digits) + len(self.capitals)

    def kinds(self) -> list[str]:
        """What can be made of it: the kinds with digits or capitals first, whole words last."""
        there = {
            "number": self.digits,
            "capitals": self.capitals,
            "name": self.capitals and self.spelled,
            "word": self.words,
        }
        return [kind for kind, pieces in there.items() if pieces]


def compose(lines: Sequence[Line], *, seed: int, uses: float = 1.0) -> list[Line]:
    """Composed lines in which every digit and capital of the single characters comes about `uses` times.

    A number has one to five digits and a group of capitals one to four; a name is a capital and, in single letters, a
    word of the texts; words of the same writer stand between them where there are any. Writers come in sorted order
    and the chance from `seed`, so that the result is always the same.
    """
    generator = np.random.default_rng((seed, 2))
    composed = []
    for writer, hand in sorted(_hands(lines).items()):
        left = uses * hand.rare
        while hand.rare and left > 0:
            pieces = _choose(hand, generator)
            left -= sum(_is_rare(piece) for word in pieces for piece in word)
            composed.append(_line(pieces, writer, generator))
    return composed


def _hands(lines: Sequence[Line]) -> dict[str, _Hand]:
    hands: dict[str, _Hand] = defaultdict(_Hand)
    for line in lines:
        if line.writer and line.level == "word":
            hands[line.writer].words.append(line)
        elif line.writer and line.level == "character" and _is_whole(line):
            _sort_in(line, hands[line.writer])
    vocabulary = _vocabulary(line.text for line in lines)
    for hand in hands.values():
        hand.spelled = [word for word in vocabulary if hand.letters and all(char in hand.letters for char in word)]
    return hands


def _is_whole(line: Line) -> bool:
    """False for a single character of a height that it cannot have; see `HEIGHTS`."""
    _, top, _, bottom = line.ink.bounds
    limits = (HEIGHTS[kind] for kind in HEIGHTS if line.text in kind)
    least, most = next(limits, (0.0, np.inf))
    return least <= bottom - top <= most


def _sort_in(line: Line, hand: _Hand) -> None:
    if line.text.isascii() and line.text.isdigit():
        hand.digits.append(line)
    elif line.text.isascii() and line.text.isupper():
        hand.capitals.append(line)
    elif line.text in STANDING | DEEP:
        hand.letters[line.text].append(line)


def _vocabulary(texts: Iterable[str]) -> list[str]:
    words = {word for text in texts for word in text.split()}
    return sorted(word for word in words if len(word) in SPELLED and word.isalpha() and word.islower())


def _is_rare(piece: Line) -> bool:
    return piece.level == "character" and not piece.text.islower()


def _choose(hand: _Hand, generator: np.random.Generator) -> list[list[Line]]:
    """Words, each a list of the pieces that it is made of, of `LONGEST` characters together at most."""
    kinds = hand.kinds()
    first = [kind for kind in kinds if kind != "word"]
    chosen: list[list[Line]] = []
    length = 0
    for turn in range(int(generator.integers(1, 5))):
        word = _word(hand, _any(kinds if turn else first, generator), generator)
        size = sum(len(piece.text) for piece in word)
        if chosen and length + size + 1 > LONGEST:
            break
        chosen.append(word)
        length += size + 1
    return [chosen[index] for index in generator.permutation(len(chosen))]


def _word(hand: _Hand, kind: str, generator: np.random.Generator) -> list[Line]:
    if kind == "number":
        return [_any(hand.digits, generator) for _ in range(generator.integers(1, LONGEST_NUMBER + 1))]
    if kind == "capitals":
        return [_any(hand.capitals, generator) for _ in range(generator.integers(1, LONGEST_GROUP + 1))]
    if kind == "name":
        letters = [_any(hand.letters[char], generator) for char in _any(hand.spelled, generator)]
        return [_any(hand.capitals, generator), *letters]
    return [_any(hand.words, generator)]


def _any(options: Sequence[Piece], generator: np.random.Generator) -> Piece:
    return options[int(generator.integers(len(options)))]


def _line(words: Sequence[Sequence[Line]], writer: str, generator: np.random.Generator) -> Line:
    x, inks = 0.0, []
    for word in words:
        for piece in word:
            left, _, right, _ = piece.ink.bounds
            inks.append(piece.ink.moved(x - left, 0))
            x += right - left + _gap(CHARACTER_GAP, generator)
        x += _gap(WORD_GAP, generator) - CHARACTER_GAP[0]
    text = " ".join("".join(piece.text for piece in word) for word in words)
    ink: Ink = join(inks, pause=PAUSE)
    return Line(ink, text, writer, "line")


def _gap(gap: tuple[float, float], generator: np.random.Generator) -> float:
    mean, deviation = gap
    return max(0.1, float(generator.normal(mean, deviation)))
