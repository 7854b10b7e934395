"""Words: the pieces of written ink that a page can be laid out with.

Which stroke belongs to which word, the window says: it looked at the word's characters while the stroke was drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from handwrite.core import geometry
from handwrite.core.ink import FloatArray, Ink

JOINED = 0.25
"""A stroke that gives a second word more than this share of the window's weight joins the two: no line ends there."""

WIDE = 0.8
"""x-heights that such a stroke is wide at least; a dot or a dash joins nothing."""

DOT = 0.08
"""x-heights that a touch of the pen is wide and high at most; the bar of a t is wider."""

LOW = 0.3
"""x-heights that a cross is high at most."""

SPACE_WEIGHT = 0.01

WORD_SPACE = (1.4, 2.5)
"""x-heights of white between words, at least and at most; the default hand leaves 1.8 in the median."""

LETTER_SPACE = 0.7
"""x-heights of white inside a word at most, 0.4 in its median: where there is more, two words are read."""

PIECE_SPACE, PART_SPACE = 1.8, 0.3
"""x-heights of white between words, and between parts of a word, that were drawn apart."""

SHORTEST_PAUSE = 0.02
"""Seconds between two words at least."""


@dataclass(frozen=True, eq=False)
class Word:
    """A written word, in x-heights; two that are joined by a stroke count as one.

    ink : its left end at x = 0, its baseline at y = 0, its clock from 0. space : white before it, within `WORD_SPACE`.
    pause : seconds before it. For the first of a line both are 0.
    """

    text: str
    ink: Ink
    space: float = 0.0
    pause: float = 0.0


def place(words: Sequence[Word]) -> Ink:
    """The words side by side on one baseline, from x = 0."""
    strokes, x, clock = [], 0.0, 0.0
    for word in words:
        x, clock = x + word.space, clock + word.pause
        strokes += [stroke + np.array([x, 0, clock], np.float32) for stroke in word.ink.strokes()]
        x, clock = x + word.ink.bounds[2], clock + word.ink.duration
    return Ink.from_strokes(strokes)


def joined(first: Word, second: Word) -> Word:
    """Two parts of one word as one."""
    return Word(first.text + second.text, place([replace(first, space=0, pause=0), second]), first.space, first.pause)


def split_words(text: str, ink: Ink, attention: FloatArray) -> list[Word]:
    """The words of a line of ink, as far apart as words are, and the letters of each no farther than letters are, but
    where two cannot be parted; without touches of the pen that mean nothing. text : words with one space between them.
    attention : (N, U + 1), phi of the window at each point, on each character and on the place after the last. A word
    without ink of its own is taken into the one before it, or after it."""
    names, strokes = text.split(" "), ink.strokes()
    if not strokes:
        return [Word(text, ink)]
    shares = _shares(text, ink, attention)
    meant = ~_touches(names, strokes, shares.argmax(axis=1))
    strokes, shares = [stroke for stroke, kept in zip(strokes, meant, strict=True) if kept], shares[meant]
    owner = _owners(strokes, shares)
    group = _groups(owner, shares, np.array([(stroke[:, 0].min(), stroke[:, 0].max()) for stroke in strokes]))
    words: list[Word] = []
    before: list[FloatArray] = []
    for number in range(group[-1] + 1):
        own = [stroke for stroke, word in zip(strokes, owner, strict=True) if group[word] == number]
        said = " ".join(name for name, of in zip(names, group, strict=True) if of == number)
        words.append(_word(said, own, before))
        before = own
    return words


def _shares(text: str, ink: Ink, attention: FloatArray) -> NDArray[np.float32]:
    """(strokes, words): the share of each word in the window's weight on a stroke. A space, which the window looks at
    between two words, hardly counts."""
    weights = attention / np.maximum(attention.sum(axis=1, keepdims=True), 1e-12)
    spaces = np.flatnonzero([char == " " for char in text])
    weights[:, spaces] *= SPACE_WEIGHT
    by_word = np.add.reduceat(weights, [0, *(spaces + 1)], axis=1)
    summed = np.add.reduceat(by_word, [0, *(np.flatnonzero(ink.pen_up)[:-1] + 1)], axis=0)
    shares: NDArray[np.float32] = summed / np.maximum(summed.sum(axis=1, keepdims=True), 1e-12)
    return shares


def _touches(names: Sequence[str], strokes: Sequence[FloatArray], looked: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(strokes,) where the pen left a dot that no character has of the word that is looked at, or of the one before it,
    whose dots may come late. What is alone in its word is none."""
    dotted = np.array([_has_dots(name) for name in names])
    late = np.concatenate([[False], dotted[:-1]])
    small = np.array([np.ptp(stroke[:, :2], axis=0).max() <= DOT for stroke in strokes])
    alone = np.bincount(looked, weights=~small, minlength=len(names)) == 0
    found: NDArray[np.bool_] = small & ~(dotted | late | alone)[looked]
    return found


def _has_dots(text: str) -> bool:
    """Whether a part of some character may be as small as a dot: none of plain letters and digits, but of i and j."""
    return any(char in "ij" or not (char.isascii() and char.isalnum()) for char in text)


def _owners(strokes: Sequence[FloatArray], shares: NDArray[np.float32]) -> NDArray[np.int64]:
    """(strokes,) the word that each belongs to: the one looked at most, or, for a cross or a dot that was set when
    the window went on, the word before it that it lies over or by."""
    owner: NDArray[np.int64] = shares.argmax(axis=1)
    low = np.array([np.ptp(stroke[:, 1]) <= LOW for stroke in strokes])
    spans = np.array([(stroke[:, 0].min(), stroke[:, 0].max()) for stroke in strokes])
    edges = np.full(shares.shape[1], -np.inf)
    for index, (left, right) in enumerate(spans.tolist()):
        word = int(owner[index])
        if word:
            over = (left + right) / 2 < edges[word - 1]
            shared = low[index] and np.isinf(edges[word]) and shares[index, word - 1] > JOINED
            rest = spans[index + 1 :, 0][owner[index + 1 :] == word].min(initial=np.inf)
            by = shared and left - edges[word - 1] < rest - right < np.inf
            word -= int(over or by)
        owner[index] = word
        edges[word] = max(edges[word], right)
    return owner


def _groups(owner: NDArray[np.int64], shares: NDArray[np.float32], edges: FloatArray) -> NDArray[np.int64]:
    """(words,) a number for each word, the same for words that cannot be parted. edges (strokes, 2): left and right."""
    count = shares.shape[1]
    written = np.bincount(owner, minlength=count) > 0
    apart = written[1:].copy()
    for word in np.flatnonzero(written[:-1] & written[1:]):
        both = np.minimum(shares[:, word], shares[:, word + 1])
        joined = ((both > JOINED) & (edges[:, 1] - edges[:, 0] > WIDE)).any()
        white = edges[owner == word + 1, 0].min() - edges[owner == word, 1].max()
        apart[word] = not joined or white > 0
    apart[: int(written.argmax())] = False
    return np.concatenate([[0], np.cumsum(apart)])


def _word(text: str, strokes: Sequence[FloatArray], before: Sequence[FloatArray]) -> Word:
    """The word of its strokes, `before` being those of the word before it."""
    left = min(stroke[:, 0].min() for stroke in strokes)
    drawn = strokes if " " in text else _closed_up(strokes)
    ink = geometry.tidy_clock(Ink.from_strokes(drawn)).moved(-left, 0)
    if not before:
        return Word(text, ink)
    space = left - max(stroke[:, 0].max() for stroke in before)
    pause = float(np.clip(strokes[0][0, 2] - before[-1][-1, 2], SHORTEST_PAUSE, geometry.MAX_GAP))
    return Word(text, ink, float(np.clip(space, *WORD_SPACE)), pause)


def _closed_up(strokes: Sequence[FloatArray]) -> list[FloatArray]:
    """The strokes of one word with no white in it that is wider than `LETTER_SPACE`."""
    lefts = np.array([stroke[:, 0].min() for stroke in strokes])
    moved, reach, shift = list(strokes), float(lefts.min()), 0.0
    for number in np.argsort(lefts, kind="stable").tolist():
        shift += max(float(lefts[number]) - reach - LETTER_SPACE, 0.0)
        moved[number] = strokes[number] - np.array([shift, 0, 0], np.float32)
        reach = max(reach, float(strokes[number][:, 0].max()))
    return moved
