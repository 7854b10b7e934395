"""Elimination against trying all values."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from handwrite.recover import elimination
from handwrite.recover.elimination import Factor, least

VARIABLES = 6


def random_factors(seed: int) -> list[Factor]:
    rng = np.random.default_rng(seed)
    scopes = [rng.permutation(VARIABLES)[: rng.integers(1, 4)].tolist() for _ in range(8)]
    return [(scope, rng.normal(size=(3,) * len(scope))) for scope in scopes]


def total(values: tuple[int, ...], factors: list[Factor]) -> float:
    return sum(float(table[tuple(values[variable] for variable in scope)]) for scope, table in factors)


@pytest.mark.parametrize("seed", range(20))
def test_it_finds_the_least_total(seed: int) -> None:
    factors = random_factors(seed)
    found = tuple(least(VARIABLES, 3, factors))
    best = min(product(range(3), repeat=VARIABLES), key=lambda values: total(values, factors))
    assert total(found, factors) == pytest.approx(total(best, factors))


def test_an_infinite_cost_is_avoided() -> None:
    assert least(2, 2, [([0], np.array([0.0, 1.0])), ([1, 0], np.array([[np.inf, 3.0], [np.inf, 2.0]]))]) == [1, 1]


def test_too_wide_problems_are_split_and_still_come_near_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elimination, "WIDEST", 3)
    share = []
    for seed in range(20):
        factors = random_factors(seed)
        totals = [total(values, factors) for values in product(range(3), repeat=VARIABLES)]
        found = total(tuple(least(VARIABLES, 3, factors)), factors)
        share.append((found - min(totals)) / (max(totals) - min(totals)))
    assert np.mean(share) < 0.1
