"""Lines put together from a writer's own words and single characters.

Running text has few digits and capitals, and collections of single characters have many. A line composed of both, all
of one hand, standing on one baseline, teaches the network to write them where they belong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from handwrite.core.ink import Ink, join
from handwrite.synth.data import Line

CHARACTER_GAP = (0.35, 0.1)
"""Mean and standard deviation of the white between two characters, in x-heights."""

WORD_GAP = (1.1, 0.25)
"""The same between two words."""

PAUSE = 0.15
"""Seconds between two pieces."""

LONGEST = 24
"""Characters of a composed line at most."""


def compose(lines: Sequence[Line], *, seed: int, uses: float = 1.0) -> list[Line]:
    """Composed lines in which every digit and capital of the single characters comes about `uses` times.

    A number has one to five digits, a group of capitals one to four; words of the same writer stand between them
    where there are any. Writers come in sorted order and the chance from `seed`, so that the result is always the same.
    """
    generator = np.random.default_rng((seed, 2))
    composed = []
    for writer, hand in sorted(_hands(lines).items()):
        singles = len(hand["digit"]) + len(hand["capital"])
        left = uses * singles
        while singles and left > 0:
            pieces = _choose(hand, generator)
            left -= sum(len(piece) for piece in pieces if piece[0].level == "character")
            composed.append(_line(pieces, writer, generator))
    return composed


def _hands(lines: Sequence[Line]) -> dict[str, dict[str, list[Line]]]:
    hands: dict[str, dict[str, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if line.writer and line.level == "word":
            hands[line.writer]["word"].append(line)
        elif line.writer and line.level == "character" and line.text.isascii() and line.text.isdigit():
            hands[line.writer]["digit"].append(line)
        elif line.writer and line.level == "character" and line.text.isascii() and line.text.isupper():
            hands[line.writer]["capital"].append(line)
    return hands


def _choose(hand: dict[str, list[Line]], generator: np.random.Generator) -> list[list[Line]]:
    """Words, each a list of the pieces that it is made of, of `LONGEST` characters together at most."""
    kinds = [kind for kind in ("digit", "capital", "word") if hand[kind]]
    longest = {"digit": 5, "capital": 4, "word": 1}
    chosen: list[list[Line]] = []
    length = 0
    for turn in range(int(generator.integers(1, 5))):
        kind = kinds[int(generator.integers(len(kinds if turn else kinds[: max(1, len(kinds) - 1)])))]
        count = int(generator.integers(1, longest[kind] + 1))
        word = [hand[kind][int(index)] for index in generator.integers(len(hand[kind]), size=count)]
        size = sum(len(piece.text) for piece in word)
        if chosen and length + size + 1 > LONGEST:
            break
        chosen.append(word)
        length += size + 1
    return [chosen[index] for index in generator.permutation(len(chosen))]


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
