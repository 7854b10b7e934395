"""Where a pen can go on a glyph: the skeleton as places about a pixel apart, and the ways between them.

In pixels of the glyph. Which way a pen went is for others to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from handwrite.core.polyline import along, evenly
from handwrite.recover.glyph import FINE
from handwrite.recover.skeleton import Edge, Skeleton

SPACING = 1.0
"""Pixels of the glyph between neighbouring places on the skeleton, about."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ways:
    """The skeleton as places about a pixel apart.

    places : (N, 2) pixels of the glyph. chains : of each edge its places, at least two in between; of a dot one.
    width : of the pen.
    """

    places: Floats
    chains: tuple[Ints, ...]
    width: float

    @cached_property
    def graph(self) -> csr_array:
        """(N, N) pixels between neighbouring places."""
        pairs = np.concatenate([np.column_stack([chain[:-1], chain[1:]]) for chain in self.chains])
        apart = np.maximum(np.hypot(*(self.places[pairs[:, 0]] - self.places[pairs[:, 1]]).T), 1e-6)
        size = len(self.places)
        return csr_array((np.tile(apart, 2), (pairs.T.ravel(), pairs[:, ::-1].T.ravel())), shape=(size, size))

    @cached_property
    def branches(self) -> Ints:
        """(N,) the neighbours of each place: 1 where a stroke ends, 0 for a dot."""
        return np.asarray(np.diff(self.graph.indptr), np.int64)

    def within(self, least: float, most: float) -> NDArray[np.bool_]:
        """(N, N) which places lie from `least` to `most` pixels along the skeleton from which."""
        away = dijkstra(self.graph, limit=most)
        return np.asarray((away >= least) & (away <= most))

    def along(self, way: Ints) -> Floats:
        """(n,) pixels along places (n,), from the first on."""
        return along(self.places[way])

    def length(self, way: Ints) -> float:
        """Pixels along places."""
        return float(self.along(way)[-1])

    def heading(self, way: Ints) -> Floats:
        """(2,) the direction in which places are left from the first on, over about a pen's width."""
        ahead = self.places[way[min(len(way) - 1, 1 + int(self.width / SPACING))]] - self.places[way[0]]
        return np.asarray(ahead / max(float(np.hypot(*ahead)), 1e-6))


def ways_of(skeleton: Skeleton) -> Ways:
    """The ways of a skeleton, which is in pixels of the fine image."""
    places, chains, count = [skeleton.nodes], [], len(skeleton.nodes)
    for edge in skeleton.edges:
        inner = _inner(edge)
        chains.append(np.array([edge.start, *range(count, count + len(inner)), *[edge.end] * bool(edge.length)]))
        places.append(inner)
        count += len(inner)
    return Ways(np.concatenate(places) / FINE, tuple(chains), skeleton.width / FINE)


def _inner(edge: Edge) -> Floats:
    """(n, 2) points evenly along an edge without its ends, at least two; none of a dot."""
    steps = max(3, round(edge.length / (FINE * SPACING))) if edge.length else 1
    return evenly(edge.path, steps + 1)[1:-1]
