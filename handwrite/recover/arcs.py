"""The skeleton of a glyph in pieces that a pen passes whole, each in both directions: its arcs.

Pieces reach from one end, crossing or sharp corner of the skeleton to the next. A pen's path is a sequence of arcs,
some of them after a lift; which one comes next is told by `order`, which one came next in recorded ink by `passed`. In
pixels of the glyph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from handwrite.recover.ways import Floats, Ints, Ways

CORNER = 0.5
"""Cosine of the turn beyond which a line has a corner, where a pen may have been lifted."""

LEAST_ARM = 3
"""Places on each side of a corner at least, over which its directions are taken; as many as the pen is wide if more."""

QUARTERS = 4
"""Pieces of a ring: a pen may begin it anywhere."""

TANGENT = 3
"""Places over which the direction at an end of an arc is taken."""

PASSED = 0.5
"""Share of a piece that the pen has to pass in one direction."""

MOST_PASSES = 2
"""How often a pen passes a piece at most: once, or there and back."""


class Step(NamedTuple):
    """What a pen does next: it goes along an arc, lifted before or not."""

    arc: int
    lifted: bool


@dataclass(frozen=True, eq=False)
class Arcs:
    """The arcs of a glyph.

    places : (P, 2) of the skeleton. ways : of each arc the places that it passes, in order; of a dot one. Arc 2 k + 1
    is arc 2 k turned round. width : of the pen.
    """

    places: Floats
    ways: tuple[Ints, ...]
    width: float

    def __len__(self) -> int:
        return len(self.ways)

    def is_dot(self, arc: int) -> bool:
        """Whether the arc has no direction."""
        return len(self.ways[arc]) == 1

    @cached_property
    def headings(self) -> NDArray[np.float32]:
        """(N, 2, 2) unit vectors in which arcs leave where they begin and reach where they end, 0 of dots."""
        found = np.zeros((len(self), 2, 2), np.float32)
        for number, way in enumerate(self.ways):
            line = self.places[way]
            reach = min(TANGENT, len(line) - 1)
            found[number] = line[reach] - line[0], line[-1] - line[-1 - reach]
        length = np.linalg.norm(found, axis=2, keepdims=True)
        return np.asarray(found / np.maximum(length, 1e-6), np.float32)

    def strokes(self, steps: Sequence[Step]) -> list[Floats]:
        """The strokes (n, 2) of a pen that takes these steps."""
        strokes: list[list[Ints]] = []
        for step in steps:
            way = self.ways[step.arc]
            if step.lifted or not strokes:
                strokes.append([way])
            else:
                strokes[-1].append(way[1:])
        return [self.places[np.concatenate(stroke)] for stroke in strokes]


def arcs_of(ways: Ways) -> Arcs:
    """The arcs of the ways of a skeleton."""
    pieces = [piece for chain in ways.chains for piece in _pieces(chain, ways)]
    return Arcs(ways.places, tuple(way for piece in pieces for way in (piece, piece[::-1])), ways.width)


def _pieces(chain: Ints, ways: Ways) -> list[Ints]:
    """A chain cut where it may begin or turn."""
    is_ring = len(chain) > 1 and chain[0] == chain[-1] and ways.branches[chain[0]] == 2
    if is_ring:
        cuts = [round(len(chain) * quarter / QUARTERS) for quarter in range(1, QUARTERS)]
    else:
        cuts = _corners(ways.places[chain], arm=max(LEAST_ARM, round(ways.width)))
    edges = sorted({0, *cuts, len(chain) - 1})
    return [chain[first : last + 1] for first, last in pairwise(edges)] or [chain]


def _corners(line: Floats, *, arm: int) -> list[int]:
    """The points of a line (n, 2) at which it turns sharply, sharper than any other within an arm's length."""
    if len(line) < 2 * arm + 1:
        return []
    back, ahead = line[arm:-arm] - line[: -2 * arm], line[2 * arm :] - line[arm:-arm]
    cosine = (back * ahead).sum(axis=1) / np.maximum(np.hypot(*back.T) * np.hypot(*ahead.T), 1e-6)
    found: list[int] = []
    for place in np.argsort(cosine, kind="stable").tolist():
        if cosine[place] >= CORNER:
            break
        if all(abs(place + arm - other) > arm for other in found):
            found.append(place + arm)
    return found


def passed(strokes: Sequence[Ints], arcs: Arcs) -> list[Step]:
    """The steps of a pen whose strokes pass these places (n,), each next to the one before or the same. Pieces of which
    it passes less than `PASSED` in one direction are no step, nor are more passes than `MOST_PASSES`."""
    where = {
        link: (arc, place) for arc in range(len(arcs)) for place, link in enumerate(pairwise(arcs.ways[arc].tolist()))
    }
    dots = {int(arcs.ways[arc][0]): arc for arc in range(0, len(arcs), 2) if arcs.is_dot(arc)}
    steps: list[Step] = []
    passes = np.zeros(len(arcs) // 2, np.int64)
    for stroke in strokes:
        last = -1
        for arc in _runs(stroke.tolist(), where, dots, arcs):
            if passes[arc // 2] < MOST_PASSES:
                steps.append(Step(arc, lifted=last != arcs.ways[arc][0]))
                passes[arc // 2] += 1
                last = int(arcs.ways[arc][-1])
    return steps


def _runs(
    stroke: list[int], where: dict[tuple[int, int], tuple[int, int]], dots: dict[int, int], arcs: Arcs
) -> list[int]:
    """The arcs that a stroke passes for the most part."""
    links = [where[link] for link in pairwise(stroke) if link in where]
    if not links:
        return [dots[stroke[0]]] if stroke and stroke[0] in dots else []
    found, start = [], 0
    for number in range(1, len(links) + 1):
        goes_on = number < len(links) and links[number] == (links[number - 1][0], links[number - 1][1] + 1)
        if not goes_on:
            arc = links[start][0]
            if number - start >= PASSED * (len(arcs.ways[arc]) - 1):
                found.append(arc)
            start = number
    return found
