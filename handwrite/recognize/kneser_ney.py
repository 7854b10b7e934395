"""Plain text to a character n-gram model, by interpolated modified Kneser-Ney smoothing.

Chen and Goodman 1998, "An empirical study of smoothing techniques for language modeling", sec. 3. The text is taken as
a circle, its end before its beginning, so that every n-gram has a neighbour on both sides. What the model is, and its
file, is said in `lm`.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handwrite.core.alphabet import Alphabet
from handwrite.errors import InputError, OptionError
from handwrite.recognize.automaton import Ints, Trie
from handwrite.recognize.lm import LanguageModel, encoded, normalize

ORDER = 6
MAX_BYTES = 8_000_000
ORDERS = range(2, 9)
"""Lengths of n-gram that a model may have: eight characters of a byte fill the 64 bits of a sort key."""
LARGEST_ALPHABET = 255
OVERHEAD = 8192
"""Bytes of a file besides its arrays, at most."""
USUAL_DISCOUNTS = (0.5, 1.0, 1.5)
"""For a text too small to estimate them from."""

Keys = NDArray[np.uint64]


def train_lm(
    texts: Iterable[str], *, alphabet: Alphabet | None = None, order: int = ORDER, max_bytes: int = MAX_BYTES
) -> LanguageModel:
    """Make a model of some texts; line ends are spaces.

    alphabet : what the texts are respelled in, best that of the recognizer; by default their own characters that come
    twice or more. Rare n-grams are cut, from the longest on, until the file takes at most `max_bytes`.
    Raises OptionError for an order out of `ORDERS`, or a size that holds no model; InputError for too little text.
    """
    if order not in ORDERS:
        raise OptionError(f"a model of order {order} cannot be made; choose {ORDERS[0]} to {ORDERS[-1]}")
    texts = list(texts)
    alphabet = _usual_alphabet(texts) if alphabet is None else alphabet
    if len(alphabet.chars) > LARGEST_ALPHABET:
        raise OptionError(f"an alphabet of {len(alphabet.chars)} characters; at most {LARGEST_ALPHABET} are possible")
    text = normalize([*texts, ""], alphabet)  # with a space where the circle closes
    if len(text) <= order:
        raise InputError(f"a text of {len(text)} characters makes no language model; give more")
    levels = _count(alphabet.encode(text) - 1, order)
    levels[0] = _with_all(levels[0], len(alphabet.chars))
    _cut(levels, max_bytes - OVERHEAD)
    return _model(levels, alphabet)


@dataclass
class _Level:
    """The n-grams of one length, sorted. keys : (M,) characters, 8 bits each, the last in the lowest.

    seen : (M,) how often. counts : (M,) what the smoothing counts: for the longest how often, for the others how many
    different characters stand before. kept : (M,) which go into the model.
    """

    keys: Keys
    seen: Ints
    counts: Ints
    kept: NDArray[np.bool_]


def _usual_alphabet(texts: list[str]) -> Alphabet:
    counts = Counter(unicodedata.normalize("NFC", "".join(texts)))
    common = [char for char, count in counts.most_common(LARGEST_ALPHABET - 1) if count > 1]
    return Alphabet.from_texts([*common, " "])


def _count(codes: Ints, order: int) -> list[_Level]:
    """The n-grams of all lengths of a circular text, from 1 to `order`."""
    keys = np.zeros(len(codes), np.uint64)
    for offset in range(order):
        keys = keys << np.uint64(8) | np.roll(codes, -offset).astype(np.uint64)
    keys.sort()
    levels: list[_Level] = []
    for length in range(order, 0, -1):
        grams, starts = np.unique(keys >> np.uint64(8 * (order - length)), return_index=True)
        seen = np.diff(starts, append=len(keys))
        counts = _continuations(levels[-1].keys, length) if levels else seen
        levels.append(_Level(grams, seen, counts, np.ones(len(grams), np.bool_)))
    return levels[::-1]


def _continuations(longer: Keys, length: int) -> Ints:
    """Before how many characters each n-gram of a length comes; all come after some, as the text is a circle."""
    counts: Ints = np.unique(longer & np.uint64(2 ** (8 * length) - 1), return_counts=True)[1]
    return counts


def _with_all(singles: _Level, characters: int) -> _Level:
    """The single characters, with those that were never seen."""
    seen, counts = np.zeros((2, characters), np.int64)
    codes = singles.keys.astype(np.int64)
    seen[codes], counts[codes] = singles.seen, singles.counts
    return _Level(np.arange(characters, dtype=np.uint64), seen, counts, np.ones(characters, np.bool_))


def _cut(levels: list[_Level], max_bytes: int) -> None:
    """Drop n-grams that were seen too rarely, the longest first, until the rest fits; none outlives its beginning."""
    least = 1
    while any(level.kept.any() for level in levels[1:]):
        least += 1 + least // 4
        for level in reversed(levels[1:]):
            if _bytes(levels) <= max_bytes:
                return
            level.kept = level.seen >= least
    raise OptionError(f"no model fits in {max_bytes + OVERHEAD} bytes; allow more")


def _bytes(levels: list[_Level]) -> int:
    """Bytes of the arrays of a model: two for an n-gram, and two more where it can be a context."""
    kept = [int(level.kept.sum()) for level in levels]
    return 2 * sum(kept) + 2 * sum(kept[:-1])


def _model(levels: list[_Level], alphabet: Alphabet) -> LanguageModel:
    contexts: Keys = np.zeros(1, np.uint64)  # the root
    symbols, frequencies = [np.zeros(1, np.uint64)], [np.ones(1)]
    children, masses = [], []
    for level in levels:
        keys, frequency = level.keys[level.kept], _discounted(level)[level.kept]
        context = np.searchsorted(contexts, keys >> np.uint64(8))
        children.append(np.bincount(context, minlength=len(contexts)))
        masses.append(np.bincount(context, weights=frequency, minlength=len(contexts)).astype(np.float64))
        symbols.append(keys & np.uint64(255))
        frequencies.append(frequency)
        contexts = keys
    count = np.concatenate(children)
    trie = Trie(np.concatenate(symbols).astype(np.uint8), np.append(1, 1 + count.cumsum()))
    left = 1 - np.concatenate(masses)[count > 0]
    return LanguageModel(len(levels), alphabet, trie, encoded(np.concatenate(frequencies)), encoded(left))


def _discounted(level: _Level) -> NDArray[np.float64]:
    """Of each n-gram, its discounted count over the count of all with the same context (Chen and Goodman, eq. 22)."""
    contexts = level.keys >> np.uint64(8)
    starts = np.unique(contexts, return_index=True)[1]
    totals = np.repeat(np.add.reduceat(level.counts, starts), np.diff(starts, append=len(contexts)))
    discounts = np.array([0.0, *_discounts(level.counts)])
    frequency: NDArray[np.float64] = (level.counts - discounts[np.minimum(level.counts, 3)]) / totals
    return frequency


def _discounts(counts: Ints) -> tuple[float, ...]:
    """What is taken from counts of one, two, and three or more (Chen and Goodman, eq. 26)."""
    n1, n2, n3, n4 = (int((counts == count).sum()) for count in (1, 2, 3, 4))
    if not (n1 and n2 and n3):
        return USUAL_DISCOUNTS
    y = n1 / (n1 + 2 * n2)
    estimated = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
    return tuple(np.clip(estimated, 0, (1, 2, 3)).tolist()) if min(estimated) > 0 else USUAL_DISCOUNTS
