"""Weighted automata over the symbols of an alphabet: what a language model and a word list are to the beam search.

An automaton is deterministic: in each state each symbol has a gain (log weight) and a state that follows. Both are kept
as rows over all symbols, made when a state is first met, so that a search only looks up. What the gains mean is said by
`lm` and `lexicon`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handwrite.core.alphabet import BLANK, Alphabet

Ints = NDArray[np.int64]

ROWS = 1 << 15
"""Rows kept; when they are used up, all are forgotten."""


@dataclass(frozen=True)
class Trie:
    """A tree of strings in flat arrays. Node 0 is the root; nodes are numbered by depth, the children of one in a row.

    symbols : (nodes,) the last symbol of each node (that of the root means nothing). first : (inner + 1,) int64, the
    children of node v are first[v] to first[v + 1]; nodes from `inner` on are leaves.
    """

    symbols: NDArray[np.integer]
    first: Ints

    @property
    def inner(self) -> int:
        """How many nodes may have children."""
        return len(self.first) - 1

    def children(self, node: int) -> slice:
        """The nodes a symbol longer; none for a leaf."""
        return slice(int(self.first[node]), int(self.first[node + 1])) if node < self.inner else slice(0, 0)


class Automaton(ABC):
    """The rows of an automaton. Subclasses say how a row is made.

    gains : (ROWS, S) float32, log weights; following : (ROWS, S) int32, states. `BLANK` gains nothing and stays.
    start : the state at the beginning of a line.
    """

    start: int

    def __init__(self, *, alphabet: Alphabet, states: int, depth: int) -> None:
        """depth : how many rows may have to be made for one state, its own and those that it builds on."""
        self.gains = np.zeros((ROWS, len(alphabet)), np.float32)
        self.following = np.zeros((ROWS, len(alphabet)), np.int32)
        self._space = int(alphabet.encode(" ")[0]) if " " in alphabet else BLANK
        self._slot = np.full(states, -1, np.int32)
        self._used, self._depth = 0, depth

    def slots(self, states: Ints) -> NDArray[np.int32]:
        """The rows of states, of the same shape; good until the next call. Raises ValueError for more than fit."""
        slots = self._slot.take(states)
        if slots.min() < 0:
            self._make_room(states.size)
            for state in states[self._slot.take(states) < 0].tolist():
                self._remember(state)
            slots = self._slot.take(states)
        return slots

    def endings(self, states: Ints) -> NDArray[np.float32]:
        """Log weight of the end of a line in each state. Lines end where words do: it is that of a space."""
        ends: NDArray[np.float32] = self.gains[self.slots(states), self._space]
        return ends

    def walk(self, symbols: Ints) -> Ints:
        """(U + 1,) the states before and after each symbol (U,) of a line."""
        self._make_room(len(symbols))
        states = [self.start]
        for symbol in symbols.tolist():
            states.append(int(self.following[self._remember(states[-1]), symbol]))
        return np.array(states)

    def _make_room(self, states: int) -> None:
        """See to it that the rows of so many states fit; if need be by forgetting all that are there."""
        wanted = states * self._depth
        if wanted > ROWS:
            raise ValueError(f"{states} states at once; only {ROWS // self._depth} fit")
        if self._used + wanted > ROWS:
            self._slot.fill(-1)
            self._used = 0

    def _remember(self, state: int) -> int:
        """The slot of a state, whose row is made when it has none."""
        if self._slot[state] < 0:
            gains, following = self._row(state)
            gains[BLANK], following[BLANK] = 0, state
            self.gains[self._used], self.following[self._used] = gains, following
            self._slot[state] = self._used
            self._used += 1
        return int(self._slot[state])

    @abstractmethod
    def _row(self, state: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """The gains and the following states (S,) of a state, in new arrays; `BLANK` is seen to elsewhere."""
