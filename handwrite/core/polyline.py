"""Lines through points (n, d): how far along them the points are, and what lies in between."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def along(line: NDArray[np.floating]) -> Float64Array:
    """(n,) the way from the first point to each, along the line."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line[:, :2].astype(np.float64), axis=0).T))])


def at(
    line: NDArray[np.floating],
    ways: NDArray[np.floating] | Sequence[float],
    *,
    way: Float64Array | None = None,
) -> Float64Array:
    """(m, d) the points of the line at these ways (m,) from its first; those beyond an end are that end.

    way : `along` of the line, where it is known already.
    """
    way = along(line) if way is None else way
    return np.column_stack([np.interp(ways, way, axis) for axis in line.T])


def evenly(line: NDArray[np.floating], count: int, *, way: Float64Array | None = None) -> Float64Array:
    """(count, d) points of equal distance along the line, from its first to its last. way : as of `at`."""
    way = along(line) if way is None else way
    return at(line, np.linspace(0, way[-1], count), way=way)


def stepped(starts: Float64Array, ends: Float64Array, step: float, *, lone: BoolArray) -> tuple[Float64Array, IntArray]:
    """(N,) numbers from each start (S,) to its end, both among them, in equal steps of nearly `step`, and the index
    (N,) of the start that each belongs to. Where `lone` (S,) is true there is the start alone, elsewhere a step at
    least."""
    steps = np.where(lone, 0, np.maximum(np.round((ends - starts) / step), 1)).astype(np.int64)
    owner = np.repeat(np.arange(len(steps)), steps + 1)
    opening = np.cumsum(steps + 1) - steps - 1
    share = (np.arange(len(owner)) - opening[owner]) / np.maximum(steps, 1)[owner]
    return starts[owner] + share * (ends - starts)[owner], owner
