"""Padding, masks and the plan of who sits with whom."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from handwrite.core.batch import InkBatch, bucket, length_mask, pad

Lengths = st.lists(st.integers(1, 300), min_size=1, max_size=80)


@given(Lengths, st.integers(1, 2000), st.integers(0, 9))
def test_buckets_hold_everyone_once_within_the_budget(lengths: list[int], budget: int, seed: int) -> None:
    sizes = np.array(lengths)
    batches = bucket(sizes, budget=budget, generator=np.random.default_rng(seed))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(sizes)))
    assert all(len(batch) == 1 or sizes[batch].max() * len(batch) <= budget for batch in batches)


def test_buckets_waste_little_and_change_company() -> None:
    sizes = np.random.default_rng(0).integers(10, 500, 400)
    one, two = (bucket(sizes, budget=5000, generator=np.random.default_rng(seed)) for seed in (1, 2))
    padded = sum(sizes[batch].max() * len(batch) for batch in one)
    assert padded < 1.15 * sizes.sum()
    assert {tuple(sorted(batch)) for batch in one} != {tuple(sorted(batch)) for batch in two}
    again = bucket(sizes, budget=5000, generator=np.random.default_rng(1))
    assert [batch.tolist() for batch in one] == [batch.tolist() for batch in again]


def test_padding_is_zero_beyond_each_end() -> None:
    arrays = [np.full((size, 2), size, np.float32) for size in (1, 3)]
    assert pad(arrays)[:, :, 0].tolist() == [[1, 0, 0], [3, 3, 3]]
    assert pad(arrays, time_first=True)[:, :, 1].tolist() == [[1, 3], [0, 3], [0, 3]]
    assert pad([np.array([4, 5])]).tolist() == [[4, 5]]
    assert pad([np.array([4, 5])], multiple=4).tolist() == [[4, 5, 0, 0]]
    assert pad([np.array([4, 5])], multiple=2).tolist() == [[4, 5]]


def test_the_mask_says_where_points_are() -> None:
    lengths = torch.tensor([1, 3])
    assert length_mask(lengths, 3).tolist() == [[True, False, False], [True, True, True]]
    batch = InkBatch(torch.zeros(4, 2, 3), lengths, torch.zeros(2, 1), torch.zeros(2)).to(torch.device("cpu"))
    assert batch.mask.T.tolist() == [[True, False, False, False], [True, True, True, False]]
