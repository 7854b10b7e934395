"""The order of training: which samples of an epoch share a batch, so that those of like length sit together.

How long a varied sample is, is known only when it is made. So the draws of several batches, of about the same length,
are made together as a pool, sorted by length and shared out. What a sample is, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np

from handwrite.core.batch import bucket
from handwrite.errors import InputError

POOLED, LANES = 8, 2
"""Batches that are made together, and how many processes share a pool without making each other's samples; more do, but
in vain."""

Draw = TypeVar("Draw")
Made = TypeVar("Made")
Rng = np.random.Generator


class Pools(Generic[Draw, Made]):
    """The batches of training, each the same whenever it is asked for: all chance is drawn from the seed and its place.

    epoch : the draws of an epoch, at least one. estimate : about how long a draw is. make : the sample of a draw,
    varied, None when it is of no use. length : of a sample, in the units of the estimate. budget : of a batch when
    padded, in the same units. shows : how often the batches of a pool come round before the next pool is made.
    """

    def __init__(
        self,
        *,
        epoch: Callable[[Rng], Sequence[Draw]],
        estimate: Callable[[Draw], int],
        make: Callable[[Draw, Rng], Made | None],
        length: Callable[[Made], int],
        budget: int,
        seed: int,
        shows: int = 1,
    ) -> None:
        self._epoch, self._estimate, self._make, self._length = epoch, estimate, make, length
        self._budget, self._seed, self._shows = budget, seed, shows
        self._plans: list[list[list[Draw]]] = []
        self._kept: dict[int, tuple[tuple[int, int], list[list[Made]]]] = {}

    def batch(self, index: int) -> list[Made]:
        """The samples of a batch, never none. Raises InputError when no sample of its pool is of use."""
        rounds, place = divmod(index, POOLED * LANES)
        index, epoch = rounds // self._shows * POOLED * LANES + place, 0
        while index >= len(self.plan(epoch)) * POOLED * LANES:
            index -= len(self.plan(epoch)) * POOLED * LANES
            epoch += 1
        pool, lane, place = index // (POOLED * LANES), index % LANES, index // LANES % POOLED
        return self._pool(epoch, pool, lane)[place]

    def plan(self, epoch: int) -> list[list[Draw]]:
        """The pools of an epoch, for all lanes together: draws of about the same length."""
        while epoch >= len(self._plans):
            rng = np.random.default_rng((self._seed, 0, len(self._plans)))
            draws = list(self._epoch(rng))
            draws *= -(-POOLED * LANES // len(draws))
            lengths = np.array([self._estimate(draw) for draw in draws], np.int64)
            plan = bucket(lengths, budget=self._budget * POOLED * LANES, generator=rng)
            full = [part for part in plan if len(part) >= POOLED * LANES]
            self._plans.append([[draws[member] for member in part.tolist()] for part in full or plan])
        return self._plans[epoch]

    def _pool(self, epoch: int, number: int, lane: int) -> list[list[Made]]:
        """A lane's batches of a pool; the last of each lane are kept."""
        key = (epoch, number)
        if lane not in self._kept or self._kept[lane][0] != key:
            rng = np.random.default_rng((self._seed, 1, epoch, number, lane))
            made = [self._make(draw, rng) for draw in self.plan(epoch)[number][lane::LANES]]
            self._kept[lane] = key, self._shared_out([sample for sample in made if sample is not None])
        return self._kept[lane][1]

    def _shared_out(self, samples: list[Made]) -> list[list[Made]]:
        """Samples as batches of like length, of about the same length in all, none empty."""
        if not samples:
            raise InputError("no training sample of a whole pool is of use; check that the data is what it says it is")
        samples = sorted(samples * -(-POOLED // len(samples)), key=self._length)
        total = np.cumsum([self._length(sample) for sample in samples])
        borders = np.searchsorted(total, total[-1] * np.arange(1, POOLED) / POOLED)
        least = np.arange(1, POOLED)
        edges = [0, *np.clip(borders, least, len(samples) - POOLED + least).tolist(), len(samples)]
        return [samples[start:stop] for start, stop in pairwise(edges)]
