"""Who shares a batch: always the same, of like length, and each sample once in an epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from handwrite.core.pools import LANES, POOLED, Pools
from handwrite.errors import InputError

Made = tuple[int, float]


def make(draw: int, rng: np.random.Generator) -> Made | None:
    """Which sample it is, and how long it happens to be."""
    return draw, float(rng.uniform(50, 150))


def pools(
    *,
    count: int = 60,
    budget: int = 200,
    line: Callable[[int, np.random.Generator], Made | None] = make,
    shows: int = 1,
) -> Pools[int, Made]:
    return Pools(
        epoch=lambda rng: rng.permutation(count).tolist(),
        estimate=lambda draw: 100,
        make=line,
        length=lambda made: int(made[1]),
        budget=budget,
        seed=3,
        shows=shows,
    )


def test_a_batch_is_the_same_whenever_it_is_asked_for() -> None:
    here, there = pools(), pools()
    batches = [here.batch(index) for index in range(3 * POOLED * LANES)]
    for index in reversed(range(3 * POOLED * LANES)):
        assert there.batch(index) == batches[index]


def test_an_epoch_shows_each_sample_once_and_like_lengths_together() -> None:
    made = pools()
    batches = [made.batch(index) for index in range(len(made.plan(0)) * POOLED * LANES)]
    counts = Counter(index for batch in batches for index, _ in batch)
    assert set(counts.values()) == {1}
    assert len(counts) == 60
    together = np.mean([np.std([length for _, length in batch]) for batch in batches if len(batch) > 1])
    assert together < 0.5 * np.std([length for batch in batches for _, length in batch])


def test_a_pool_is_shown_several_times_before_the_next_is_made() -> None:
    once, thrice, pool = pools(), pools(shows=3), POOLED * LANES
    for index in range(6 * pool):
        assert thrice.batch(index) == once.batch(index // (3 * pool) * pool + index % pool)


def test_each_process_makes_half_of_a_pool() -> None:
    made = pools()
    lanes = [{index for place in range(POOLED) for index, _ in made.batch(place * LANES + lane)} for lane in (0, 1)]
    assert not lanes[0] & lanes[1]


def test_no_batch_is_empty_when_few_samples_are_of_use_and_one_is_long() -> None:
    def line(draw: int, rng: np.random.Generator) -> Made | None:
        return None if draw % 3 == 0 else (draw, 5000.0 if draw == 7 else 100.0)

    made = pools(budget=100, line=line)
    assert len(made.plan(0)) > 1
    assert all(made.batch(index) for index in range(len(made.plan(0)) * POOLED * LANES))


def test_few_samples_and_samples_of_no_use() -> None:
    few = pools(count=1)
    assert all(few.batch(index) for index in range(40))
    with pytest.raises(InputError, match="no training sample"):
        pools(line=lambda draw, rng: None).batch(0)
