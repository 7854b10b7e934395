"""A word list as a weighted automaton: words of the list cost nothing, others a penalty, so that they stay possible.

Case and punctuation are tolerated: a listed word may be capitalized or all in capitals, and what is not a letter may
stand before, after and between words. How often words are used is not known here: that is the language model's matter.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from handwrite.core.alphabet import BLANK, Alphabet
from handwrite.errors import InputError
from handwrite.recognize.automaton import Automaton, Ints, Trie

PENALTY = 3.0
"""Nats that a word outside the list costs."""


class Lexicon(Automaton):
    """The automaton. Its states are the nodes of the trie of all listed forms, and one for being in an unlisted word.

    A letter that leads out of the trie pays, as does ending a word before a listed one is complete. Numbers are free.
    Raises InputError when no word can be spelled in the alphabet.
    """

    start = 0

    def __init__(self, words: Iterable[str], alphabet: Alphabet, *, penalty: float = PENALTY) -> None:
        forms = {form for word in words for form in _forms(word.strip()) if form and all(c in alphabet for c in form)}
        if not forms:
            raise InputError("the word list has no word in the alphabet of the model; give one word a line")
        self._trie, ends = _build([alphabet.encode(form) for form in sorted(forms)], len(alphabet))
        self._outside, self._penalty = self._trie.inner, penalty
        super().__init__(alphabet=alphabet, states=self._outside + 1, depth=1)
        self._letters = np.array([False, *map(str.isalpha, alphabet.chars)])
        self._fresh, self._ended = self._borders(ends)

    def _borders(self, ends: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Per state, whether a word may begin, and whether one may end: both do after "well-" if "well" is listed."""
        fresh, ended = np.zeros(self._outside + 1, np.bool_), np.append(ends, True)
        fresh[self.start] = ended[self.start] = True
        parents = np.repeat(np.arange(self._trie.inner), np.diff(self._trie.first))
        for node in 1 + np.flatnonzero(~self._letters[self._trie.symbols[1:]]):  # parents come before children
            fresh[node] = ended[parents[node - 1]]
            ended[node] |= fresh[node]
        return fresh, ended

    def _row(self, state: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        leaving = 0.0 if state == self._outside else -self._penalty
        ending = 0.0 if self._ended[state] else -self._penalty
        gains = np.where(self._letters, leaving, ending).astype(np.float32)
        following = np.where(self._letters, self._outside, self.start).astype(np.int32)
        for node in (self.start, state) if self._fresh[state] else (state,):
            children = self._trie.children(node)
            gains[self._trie.symbols[children]] = 0
            following[self._trie.symbols[children]] = np.arange(children.start, children.stop)
        return gains, following


def _forms(word: str) -> tuple[str, str, str]:
    return word, word[:1].upper() + word[1:], word.upper()


def _build(words: list[Ints], symbols: int) -> tuple[Trie, NDArray[np.bool_]]:
    """The trie of words, and which nodes end one; by depth, all words at once."""
    lengths = np.array([len(word) for word in words])
    letters = np.full((len(words), lengths.max()), BLANK)
    letters[np.arange(lengths.max()) < lengths[:, None]] = np.concatenate(words)
    node = np.zeros(len(words), np.int64)
    keys, ends, count = [np.zeros(0, np.int64)], [], 1
    for depth in range(lengths.max()):
        alive = lengths > depth
        level, of = np.unique(node[alive] * symbols + letters[alive, depth], return_inverse=True)
        node[alive] = count + of
        keys.append(level)
        count += len(level)
        ends.append(node[lengths == depth + 1])
    key = np.concatenate(keys)
    first = 1 + np.searchsorted(key, np.arange(count + 1) * symbols)
    is_end = np.zeros(count, bool)
    is_end[np.concatenate(ends)] = True
    return Trie(np.append(BLANK, key % symbols), first), is_end
