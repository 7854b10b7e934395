"""A character n-gram model: kept in a small file, read by the beam search as an automaton.

P(c | h) = f(c | h) + backoff(h) P(c | h'), where h' is the context h without its first character and f is a discounted
frequency; below the single characters lies a uniform distribution. How f and backoff are estimated is said in
`kneser_ney`. It knows nothing of images.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from handwrite.core.alphabet import BLANK, Alphabet
from handwrite.core.checkpoint import Header, load_checkpoint, save_checkpoint
from handwrite.errors import CheckpointError, InputError
from handwrite.recognize.automaton import Automaton, Ints, Trie

KIND = "lm"
STEP = np.log(1e6) / 255
"""Nats between two codes of a probability: one byte holds 1 down to a millionth, to 3 per cent."""
UNKNOWN = float(np.log(1e-5))
"""Log probability of a character that the model has never heard of."""
LANES = 256
"""Pieces of a text that are scored side by side."""


@dataclass(frozen=True)
class LanguageModel:
    """P(next character | those before), up to order - 1 of them.

    alphabet : the characters; code c stands for alphabet.chars[c]. trie : the n-grams; the strings of nodes with
    children are the contexts. discounted : (nodes,) uint8, codes of the discounted relative frequency of the n-gram's
    last character after the others. backoff : (contexts,) uint8, codes of what that leaves to the shorter context, for
    the nodes with children in order.
    """

    order: int
    alphabet: Alphabet
    trie: Trie
    discounted: NDArray[np.uint8]
    backoff: NDArray[np.uint8]

    def for_alphabet(self, alphabet: Alphabet) -> CharacterAutomaton:
        """The model over the symbols of a recognizer; characters that it does not know are improbable everywhere."""
        return CharacterAutomaton(self, alphabet)

    def bits_per_character(self, text: str) -> float:
        """Cross-entropy of a text, respelled in the model's characters. Raises InputError when the text is empty."""
        symbols = self.alphabet.encode(normalize([text], self.alphabet)).astype(np.int64)
        if len(symbols) < 2:
            raise InputError("there is no text to score; give some")
        automaton, warm_up = self.for_alphabet(self.alphabet), self.order - 1
        starts = np.unique(np.linspace(0, len(symbols), min(LANES, len(symbols)) + 1).astype(np.int64))
        states, nats = np.full(len(starts) - 1, automaton.root), 0.0
        for step in range(-warm_up, int(np.diff(starts).max())):
            position = starts[:-1] + step
            entries = automaton.slots(states), symbols.take(position, mode="clip")
            if step >= 0:
                nats -= float(automaton.gains[entries][position < starts[1:]].sum())
            states = np.where(position < 0, automaton.root, automaton.following[entries])
        return nats / len(symbols) / float(np.log(2))

    def save(self, path: str | Path, *, corpora: Mapping[str, str], scores: Mapping[str, float]) -> None:
        """Write the model as a checkpoint. corpora : name -> licence; scores : name -> figure."""
        children = np.diff(self.trie.first).astype(np.uint8)
        arrays = {
            "symbols": self.trie.symbols.astype(np.uint8),
            "children": children,
            "discounted": self.discounted,
            "backoff": self.backoff,
        }
        header = Header(
            KIND, {"order": self.order}, self.alphabet.chars, {}, corpora=dict(corpora), scores=dict(scores)
        )
        save_checkpoint(path, header, {name: torch.from_numpy(array) for name, array in arrays.items()})

    @classmethod
    def load(cls, weights: str | Path) -> LanguageModel:
        """Read a model: a file, or the name of one that comes with the program. Raises CheckpointError."""
        checkpoint = load_checkpoint(weights, kind=KIND)
        try:
            arrays = {name: tensor.numpy().astype(np.uint8) for name, tensor in checkpoint.tensors.items()}
            first = np.concatenate([[1], 1 + arrays["children"].cumsum(dtype=np.int64)])
            trie = Trie(arrays["symbols"], first)
            order, alphabet = int(checkpoint.header.config["order"]), Alphabet(checkpoint.header.alphabet)
            return cls(order, alphabet, trie, arrays["discounted"], arrays["backoff"])
        except (KeyError, ValueError) as error:
            raise CheckpointError(f"{weights}: its language model is damaged; make it again") from error


class CharacterAutomaton(Automaton):
    """A language model over the symbols of an alphabet; gains are log probabilities.

    Its states are the contexts; after each symbol the longest one that the model knows follows, as in Aho and Corasick
    1975, for a context that no n-gram continues says the same as the one a character shorter. start : after a space,
    for lines begin where words do. root : when nothing is known of what came before.
    """

    root = 0

    def __init__(self, model: LanguageModel, alphabet: Alphabet) -> None:
        super().__init__(alphabet=alphabet, states=model.trie.inner, depth=model.order)
        known = [alphabet.encode(char)[0] if char in alphabet else BLANK for char in model.alphabet.chars]
        self._trie, self._columns = model.trie, np.array(known)[model.trie.symbols]
        self._unknown = np.setdiff1d(np.arange(1, len(alphabet)), known)
        self._uniform = 1 / len(known)
        self._discounted, self._backoff = _normalized(model)
        self._shorter = _shorter(model.trie)
        is_context = np.zeros(len(model.trie.symbols), np.bool_)
        is_context[: model.trie.inner] = np.diff(model.trie.first) > 0
        self._contexts = np.where(is_context, np.arange(len(is_context)), self.root).astype(np.int32)
        space = model.alphabet.chars.find(" ")
        self.start = self.root if space < 0 else int(self._contexts[model.trie.first[self.root] + space])

    def _row(self, state: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """P(c | h) = f(c | h) + backoff(h) P(c | h'), made from the row of the shorter context h'."""
        if state == self.root:
            probability = np.full(self.gains.shape[1], self._uniform, np.float32)
            following = np.full(len(probability), self.root, np.int32)
        else:
            shorter = self._remember(int(self._shorter[state]))
            probability, following = np.exp(self.gains[shorter]), self.following[shorter].copy()
        children = self._trie.children(state)
        columns, contexts = self._columns[children], self._contexts[children]
        probability *= self._backoff[state]
        probability[columns] += self._discounted[children]
        inner = contexts != self.root
        following[columns[inner]] = contexts[inner]
        gains = np.log(probability)
        gains[self._unknown] = UNKNOWN
        return gains, following


def _normalized(model: LanguageModel) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Discounted frequencies (nodes,) and what they leave (inner,), so that in each context they sum to 1 exactly."""
    counts = np.diff(model.trie.first)
    contexts = np.flatnonzero(counts)
    backoff = np.ones(len(counts))
    backoff[contexts] = _decoded(model.backoff)
    discounted = _decoded(model.discounted)
    sums = np.add.reduceat(discounted, model.trie.first[contexts])
    discounted[1:] *= np.repeat((1 - backoff[contexts]) / sums, counts[contexts])
    return discounted.astype(np.float32), backoff.astype(np.float32)


def _shorter(trie: Trie) -> NDArray[np.int64]:
    """(inner,) the longest context that ends the string of each context and is shorter; the root for others."""
    counts = np.diff(trie.first)
    parents = np.repeat(np.arange(trie.inner), counts)
    contexts = np.flatnonzero(counts)[1:]
    symbols = trie.symbols[contexts].astype(np.int64)
    above = parents[contexts - 1]
    keys = above << 8 | symbols
    shorter = np.zeros(trie.inner, np.int64)
    for level in _levels(trie, contexts):
        nodes, codes, candidates = contexts[level], symbols[level], shorter[above[level]]
        while nodes.size:
            wanted = candidates << 8 | codes
            found = np.searchsorted(keys, wanted)
            hit = keys.take(found, mode="clip") == wanted
            shorter[nodes[hit]] = contexts[found[hit]]
            left = ~hit & (candidates != CharacterAutomaton.root)
            nodes, codes, candidates = nodes[left], codes[left], shorter[candidates[left]]
    return shorter


def _levels(trie: Trie, contexts: Ints) -> Iterator[slice]:
    """The slices of `contexts`, nodes in order, that are of equal length, from two characters on."""
    start, stop = 1, int(trie.first[1])
    while stop < trie.inner:
        start, stop = int(trie.first[start]), int(trie.first[stop])
        yield slice(*np.searchsorted(contexts, [start, stop]))


_SPACES = re.compile(r"\s+")


def normalize(texts: Iterable[str], alphabet: Alphabet) -> str:
    """One text in characters of the alphabet, with single spaces for all white space.

    Characters outside the alphabet are respelled by `Alphabet.fit`: curly quotes become straight where only those are.
    """
    joined = unicodedata.normalize("NFC", _SPACES.sub(" ", " ".join(texts)))
    spelling = str.maketrans({char: alphabet.fit(char)[0] for char in set(joined) if char not in alphabet})
    return _SPACES.sub(" ", joined.translate(spelling))


def encoded(probability: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Probabilities as codes of a byte, on a logarithmic scale (STEP)."""
    steps = np.rint(-np.log(np.maximum(probability, np.exp(-255 * STEP))) / STEP)
    codes: NDArray[np.uint8] = steps.clip(0, 255).astype(np.uint8)
    return codes


def _decoded(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    probability: NDArray[np.float64] = np.exp(-STEP * np.arange(256))[codes]
    return probability
