"""The least total of a sum of small tables over shared variables, by eliminating one variable after another.

Knows nothing of pens and paths; `routes` decides with it which way each piece of a skeleton was written.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
Factor = tuple[Sequence[int], Table]

WIDEST = 9  # variables in one table; more are split, and the answer is then no longer surely the least


def least(count: int, values: int, factors: Sequence[Factor]) -> list[int]:
    """The values, 0 to `values` - 1, of `count` variables for which the sum of all factors is least.

    A factor is the different variables that it is of and a table with an axis of `values` for each. Bucket elimination
    (Dechter 1999, "Bucket elimination: a unifying framework for reasoning"), exact as long as no more than `WIDEST`
    variables come together; beyond that mini-buckets (Dechter and Rish 2003), which may miss the least.
    """
    scopes = [list(scope) for scope, _ in factors]
    tables = [table for _, table in factors]
    holding: list[set[int]] = [set() for _ in range(count)]
    for number, scope in enumerate(scopes):
        for variable in scope:
            holding[variable].add(number)
    eliminated = []
    widths = {variable: _width(holding[variable], scopes) for variable in range(count)}
    while widths:
        variable = min(widths, key=widths.__getitem__)
        del widths[variable]
        buckets = []
        for numbers in _buckets(sorted(holding[variable]), scopes):
            scope = sorted(set().union(*(scopes[number] for number in numbers)) - {variable})
            total = np.zeros((values,) * (len(scope) + 1))
            for number in numbers:
                total += _spread(scopes[number], tables[number], [variable, *scope])
            buckets.append((scope, total))
            for number in numbers:
                for other in scopes[number]:
                    holding[other].discard(number)
            for other in scope:
                holding[other].add(len(scopes))
            scopes.append(scope)
            tables.append(total.min(axis=0))
            widths |= {other: _width(holding[other], scopes) for other in scope}
        eliminated.append((variable, buckets))
    chosen = [0] * count
    for variable, buckets in reversed(eliminated):
        columns = [np.moveaxis(total, 0, -1)[tuple(chosen[other] for other in scope)] for scope, total in buckets]
        chosen[variable] = int(np.argmin(np.sum(columns, axis=0)))
    return chosen


def _width(numbers: set[int], scopes: list[list[int]]) -> int:
    """How many variables the factors with these numbers are of."""
    return len({variable for number in numbers for variable in scopes[number]})


def _buckets(numbers: list[int], scopes: list[list[int]]) -> list[list[int]]:
    """The factors in groups of at most `WIDEST` variables, the largest factors first; mostly one group."""
    groups: list[tuple[set[int], list[int]]] = []
    for number in sorted(numbers, key=lambda number: -len(scopes[number])):
        fitting = (group for group in groups if len(group[0] | set(scopes[number])) <= WIDEST)
        scope, members = next(fitting, (set(), []))
        if not members:
            groups.append((scope, members))
        scope.update(scopes[number])
        members.append(number)
    return [members for _, members in groups]


def _spread(scope: Sequence[int], table: Table, order: list[int]) -> Table:
    """The table with its axes in that order of variables, and an axis of 1 for those that it is not of."""
    axes = sorted(range(len(scope)), key=lambda axis: order.index(scope[axis]))
    sizes = [table.shape[0] if variable in scope else 1 for variable in order]
    return table.transpose(axes).reshape(sizes)
