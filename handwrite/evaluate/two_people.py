"""How far two people agree on the order of strokes: who wrote the same character of Omniglot.

That is as much as recovery can be asked for on average, since a picture does not tell whose hand it was. Only inks are
compared here; nothing is recovered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from handwrite.core.ink import Ink
from handwrite.core.path_metrics import in_unit_box, match, stroke_order
from handwrite.core.store import Store
from handwrite.corpora import omniglot
from handwrite.evaluate.recovery import Figure, mean_of

PAIRS = 1000
"""Pairs of drawings of a script that are compared at most."""


@dataclass(frozen=True)
class Pair:
    """Two drawings of one character by different people: samples of `store`. writer : who made the first."""

    store: Store
    index: int
    other_index: int
    writer: str

    @property
    def truth(self) -> Ink:
        """The first drawing."""
        return self.store[self.index].ink

    @property
    def other(self) -> Ink:
        """The second."""
        return self.store[self.other_index].ink


def agreement(
    stores: Iterable[Store], *, split: str, most: int = PAIRS, seed: int = 0
) -> dict[tuple[str, str], Figure]:
    """Stroke tau of drawings by another person against Omniglot's drawings in a split that have two strokes and more,
    by source and script; both fill the unit square.

    The other drawings may be of any split. most : pairs of a script, drawn evenly among all by `seed`.
    """
    rng = np.random.default_rng(seed)
    figures = {}
    for script, pairs in sorted(_pairs(stores, split=split).items()):
        chosen = [pairs[index] for index in rng.permutation(len(pairs))[:most]]
        taus = [stroke_order(match(in_unit_box(pair.truth), in_unit_box(pair.other))) for pair in chosen]
        if figure := mean_of(taus, [pair.writer for pair in chosen], seed=seed):
            figures[omniglot.SOURCE, script] = figure
    return figures


def _pairs(stores: Iterable[Store], *, split: str) -> dict[str, list[Pair]]:
    """Pairs by script, the first drawing of each in the split."""
    pairs: dict[str, list[Pair]] = defaultdict(list)
    for store in stores:
        drawings = _drawings(store)
        for index in store.select(splits=(split,), sources=(omniglot.SOURCE,), holds="ink").tolist():
            others = drawings[_character(store.name[index])]
            pairs[str(store.script[index])] += _pairs_with(store, index, others)
    return pairs


def _pairs_with(store: Store, index: int, others: Sequence[int]) -> list[Pair]:
    """A drawing of several strokes, and each of those of the same character by somebody else."""
    writer = str(store.writer[index])
    if len(store[index].ink.strokes()) < 2:
        return []
    return [Pair(store, index, other, writer) for other in others if store.writer[other] != writer]


def _drawings(store: Store) -> dict[str, list[int]]:
    """The samples of each character."""
    found: dict[str, list[int]] = defaultdict(list)
    for index in store.select(sources=(omniglot.SOURCE,), holds="ink").tolist():
        found[_character(store.name[index])].append(index)
    return found


def _character(name: str) -> str:
    """The name of a drawing without its drawer, `ALPHABET/characterNN/NNNN_DRAWER`."""
    return name.rpartition("_")[0]
