"""A part of a skeleton -> the strokes that it was written with: which edges follow one another, and which way.

Each edge is followed one way, the other, or there and back; where edges meet, each arrival goes on as a departure, or
the stroke ends there. The cheapest choice by the writer's habits is found for all edges at once. After Kato and
Yasuhara 2000, "Recovery of drawing order from single-stroke handwriting images", whose smooth passages, double-traced
lines and turns at dead ends these are, and Jaeger 1998, who takes the path of least turning; the costs are `habits`.
The order of the strokes is left to `trace`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations, pairwise, product

import numpy as np
from numpy.typing import NDArray

from handwrite.core.polyline import along, at, evenly
from handwrite.recover.elimination import Factor, least
from handwrite.recover.habits import Habits
from handwrite.recover.skeleton import Edge, Floats, Skeleton

Half = tuple[int, bool]  # an end of an edge: its number, True for where it starts
Strand = tuple[int, bool]  # an edge as it is followed: its number, True from start to end

FORWARD, BACKWARD, BOTH = range(3)  # how an edge is followed
MOST_MEETING = 4  # ends of edges at a node that are weighed together; of more, the straightest pairs go on as pairs
NEAR, FAR = 0.7, 3.0  # stroke widths from a node, between which the direction of an edge is taken
SHORT = 0.3  # glyph heights; the direction of shorter edges counts less
FURTHEST = 2.0  # glyph heights and half turns; more counts as that much
SHARPEST = 2.6  # radians; sharper turns are to neither side
APART = 2.0  # what going on costs where a node's ends are weighed in different groups


@dataclass(frozen=True)
class Route:
    """A stroke: the edges in the order in which the pen follows them. closed : it is a ring that may start anywhere."""

    strands: tuple[Strand, ...]
    closed: bool = False

    def path(self, skeleton: Skeleton) -> Floats:
        """(n, 2) x, y in pixels, the nodes between edges once; a ring ends where it starts."""
        paths = [skeleton.edges[number].path[:: 1 if forward else -1] for number, forward in self.strands]
        return np.concatenate([paths[0], *(path[1:] for path in paths[1:])])


def routes(skeleton: Skeleton, part: Sequence[int], *, height: float, habits: Habits) -> list[Route]:
    """The strokes of a connected part of the skeleton, given by the numbers of its edges; all are covered.

    height : of the glyph in pixels, the measure of all lengths.
    """
    edges = [skeleton.edges[number] for number in part]
    if len(edges) == 1 and edges[0].length == 0:
        return [Route(((part[0], True),))]
    meetings = list(_meetings(skeleton, part, height=height, habits=habits))
    index = {number: place for place, number in enumerate(part)}
    factors: list[Factor] = [([place], _edge_costs(skeleton, edge, height, habits)) for place, edge in enumerate(edges)]
    factors += [meeting.factor(index) for meeting in meetings]
    ways = dict(zip(part, least(len(part), 3, factors), strict=True))
    following = dict(link for meeting in meetings for link in meeting.links(ways))
    strands = [(number, forward) for number, way in ways.items() for forward in _DIRECTIONS[way]]
    open_routes, rings = _chains(strands, following)
    return _joined(open_routes, rings, _Links(skeleton, meetings))


_REVERSED = (BACKWARD, FORWARD, BOTH)
_DIRECTIONS = {FORWARD: (True,), BACKWARD: (False,), BOTH: (True, False)}


def _edge_costs(skeleton: Skeleton, edge: Edge, height: float, habits: Habits) -> Floats:
    """(3,) the cost of following an edge forward, backward and both ways."""
    alone = len(skeleton.incident[edge.start]) == 2
    heading = float(_heading(edge, height, alone=alone) @ habits.heading)
    dead_end = min(len(skeleton.incident[edge.start]), len(skeleton.incident[edge.end])) == 1
    length = edge.length / height
    twice = np.array([1, length, dead_end, dead_end * length]) @ habits.twice
    return np.array([heading, -heading, np.inf if edge.start == edge.end else twice])


def _heading(edge: Edge, height: float, *, alone: bool) -> Floats:
    """(7,) what `Habits.heading` is multiplied by, of an edge followed from start to end.

    A ring that is alone counts as a loop above its node.
    """
    path = evenly(edge.path, max(int(edge.length / 1.5) + 1, 2))
    chord = path[-1] - path[0]
    turn = float(np.clip(_turns(path).sum() / np.pi, -FURTHEST, FURTHEST))
    if edge.start == edge.end:
        above = alone or path[:, 1].mean() < path[0, 1]
        shape = [0.0, np.sign(turn) * above, np.sign(turn) * (not above)]
    else:
        shape = [turn, 0.0, 0.0]
    unit = chord / max(edge.length, SHORT * height)
    return np.array([*unit, *np.clip(chord / height, -FURTHEST, FURTHEST), *shape])


def _turns(path: Floats) -> Floats:
    """(n - 2,) radians of the turn at each inner point, clockwise above 0."""
    steps = np.diff(path, axis=0)
    return np.asarray(_angle(steps[:-1].T, steps[1:].T))


def _angle(before: Floats, after: Floats) -> Floats:
    """Radians from one direction x, y (2, ...) to another, clockwise above 0."""
    return np.asarray(np.arctan2(before[0] * after[1] - before[1] * after[0], (before * after).sum(axis=0)))


@dataclass(frozen=True, eq=False)
class _Meeting:
    """Ends of edges at a node that are weighed together, and what the pen pays there.

    joint : (k, k) of arriving by one end and going on by another, or back by the same. start, end : (k,) of a stroke
    that departs or arrives by each end without joint.
    """

    halves: tuple[Half, ...]
    joint: Floats
    start: Floats
    end: Floats

    def factor(self, index: dict[int, int]) -> Factor:
        """The cost of each choice of how the edges that meet are followed, at its best joints."""
        costs, _ = self._best
        table = costs.reshape((3,) * len(self.halves))
        for axis, (_, starts) in enumerate(self.halves):
            if not starts:
                table = table.take(_REVERSED, axis=axis)
        axes = [index[number] for number, _ in self.halves]
        scope = list(dict.fromkeys(axes))
        letters = "".join("abcd"[scope.index(axis)] for axis in axes)  # the two ends of a loop are one variable
        return scope, np.asarray(np.einsum(f"{letters}->{'abcd'[: len(scope)]}", table))

    def links(self, ways: dict[int, int]) -> Iterator[tuple[Strand, Strand]]:
        """Which strand follows which, when the edges are followed in these ways."""
        _, best = self._best
        roles = [ways[number] if starts else _REVERSED[ways[number]] for number, starts in self.halves]
        chosen = _matchings(len(roles)).joints[best[np.ravel_multi_index(roles, (3,) * len(roles))]]
        for arriving, departing in np.argwhere(chosen).tolist():
            (before, at_start), (after, from_start) = self.halves[arriving], self.halves[departing]
            yield (before, not at_start), (after, from_start)

    @cached_property
    def _best(self) -> tuple[Floats, NDArray[np.int64]]:
        """For each choice of roles the least cost and the number of the matching that has it."""
        matchings = _matchings(len(self.halves))
        gains = (matchings.joints * (self.joint - self.end[:, None] - self.start)).sum(axis=(1, 2))
        costs = np.where(matchings.possible, gains, np.inf)
        return costs.min(axis=1) + matchings.arrives @ self.end + matchings.departs @ self.start, costs.argmin(axis=1)


@dataclass(frozen=True, eq=False)
class _Matchings:
    """All ways to match arrivals to departures at k ends of edges, some of them perhaps to none.

    joints : (M, k, k) 1 where the arrival by an end goes on by another. departs, arrives : (3 ** k, k) whether the
    pen does so by each end, for each choice of roles: away, towards or both. possible : (3 ** k, M) whether the
    matching uses only such arrivals and departures.
    """

    joints: Floats
    departs: NDArray[np.bool_]
    arrives: NDArray[np.bool_]
    possible: NDArray[np.bool_]


@cache
def _matchings(ends: int) -> _Matchings:
    joints = []
    for targets in product(range(-1, ends), repeat=ends):
        used = [target for target in targets if target >= 0]
        if len(set(used)) == len(used):
            joints.append(np.eye(ends)[list(targets)] * (np.array(targets)[:, None] >= 0))
    stack = np.array(joints)
    roles = np.array(list(product(range(3), repeat=ends)))
    departs, arrives = roles != BACKWARD, roles != FORWARD
    arriving, departing = stack.any(axis=2), stack.any(axis=1)
    possible = ((arriving <= arrives[:, None]) & (departing <= departs[:, None])).all(axis=2)
    return _Matchings(stack, departs, arrives, possible)


def _meetings(skeleton: Skeleton, part: Sequence[int], *, height: float, habits: Habits) -> Iterator[_Meeting]:
    """The meetings at all nodes of a part."""
    edges = [skeleton.edges[number] for number in part]
    points = np.concatenate([edge.path for edge in edges])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    for node in sorted({node for edge in edges for node in (edge.start, edge.end)}):
        halves = skeleton.incident[node]
        leaving = [
            _direction(skeleton.edges[number].path[:: 1 if starts else -1], skeleton.width) for number, starts in halves
        ]
        place = (skeleton.nodes[node] - middle) / height
        dead_end = len(halves) == 1
        start, end = (float(np.array([dead_end, not dead_end, *place]) @ costs) for costs in (habits.start, habits.end))
        for group in _groups(leaving):
            joint = [
                [_joint(-leaving[i], leaving[j], habits) if i != j else habits.back[not dead_end] for j in group]
                for i in group
            ]
            count = len(group)
            yield _Meeting(tuple(halves[i] for i in group), np.array(joint), np.full(count, start), np.full(count, end))


def _groups(leaving: list[Floats]) -> list[list[int]]:
    """Ends that leave a node in these directions, by number: straight pairs apart until few enough are left."""
    rest, groups = list(range(len(leaving))), []
    while len(rest) > MOST_MEETING:
        pair = min(combinations(rest, 2), key=lambda two: float(leaving[two[0]] @ leaving[two[1]]))
        groups.append(list(pair))
        rest = [end for end in rest if end not in pair]
    return [*groups, rest]


def _direction(path: Floats, width: float) -> Floats:
    """(2,) the unit vector in which a path leaves its first point."""
    way = along(path)
    between = min(NEAR * width, way[-1] / 3), min(FAR * width, way[-1])
    near, far = at(path, between, way=way)
    return np.asarray((far - near) / max(float(np.hypot(*(far - near))), 1e-9))


def _joint(before: Floats, after: Floats, habits: Habits) -> float:
    """The cost of going on from one direction in another."""
    turn = float(_angle(before, after))
    aside = turn / (np.pi / 2) if abs(turn) < SHARPEST else 0.0
    return float(np.array([1.0, 1 - np.cos(turn), aside]) @ habits.joint)


def _chains(strands: list[Strand], following: dict[Strand, Strand]) -> tuple[list[list[Strand]], list[list[Strand]]]:
    """The strands in chains that start somewhere, and in rings that do not."""
    followed = set(following.values())
    chains: list[list[Strand]] = []
    rings: list[list[Strand]] = []
    seen: set[Strand] = set()
    for first in sorted(strands, key=lambda strand: strand in followed):
        if first in seen:
            continue
        chain = [first]
        while (after := following.get(chain[-1])) not in (None, first):
            chain.append(after)
        seen.update(chain)
        (rings if first in followed else chains).append(chain)
    return chains, rings


class _Links:
    """What it costs that one strand follows another."""

    def __init__(self, skeleton: Skeleton, meetings: Sequence[_Meeting]) -> None:
        self.skeleton = skeleton
        self.place = {half: (meeting, k) for meeting in meetings for k, half in enumerate(meeting.halves)}

    def node(self, half: Half) -> int:
        """The node at an end of an edge."""
        edge = self.skeleton.edges[half[0]]
        return edge.start if half[1] else edge.end

    def cost(self, before: Strand | None, after: Strand | None) -> float:
        """Of strands that meet; 0 where there is but one, since a start or an end of a stroke only moves."""
        if before is None or after is None:
            return 0.0
        (there, arriving), (here, departing) = self.place[_arrival(before)], self.place[after]
        return float(here.joint[arriving, departing]) if here is there else APART


def _arrival(strand: Strand) -> Half:
    """The end of the edge at which the pen arrives; it departs from the one that looks like the strand itself."""
    return strand[0], not strand[1]


def _joined(chains: list[list[Strand]], rings: list[list[Strand]], links: _Links) -> list[Route]:
    """The chains as routes, each ring made part of the route that it can be entered from and left to most cheaply.

    A ring that touches no route is one itself.
    """
    routes = [Route(tuple(chain)) for chain in chains]
    while rings:
        insertions = list(_insertions(routes, rings, links))
        if not insertions:
            routes.append(Route(tuple(rings.pop()), closed=True))
            continue
        _, ring, turn, route, place = min(insertions)
        loop = rings.pop(ring)
        strands = routes[route].strands
        strands = (*strands[:place], *loop[turn:], *loop[:turn], *strands[place:])
        routes[route] = Route(strands, closed=routes[route].closed)
    return routes


def _insertions(
    routes: list[Route], rings: list[list[Strand]], links: _Links
) -> Iterator[tuple[float, int, int, int, int]]:
    """All ways to enter a ring from a route: the cost, the ring, its strand that is first, the route and the place."""
    passing: dict[int, list[tuple[int, int]]] = {}
    for ring, loop in enumerate(rings):
        for turn, first in enumerate(loop):
            passing.setdefault(links.node(first), []).append((ring, turn))
    for number, route in enumerate(routes):
        ends = [route.strands[-1], route.strands[0]] if route.closed else [None, None]
        for place, (before, after) in enumerate(pairwise([ends[0], *route.strands, ends[1]])):
            here = after or (before and _arrival(before))
            for ring, turn in passing.get(links.node(here), []) if here else []:
                first, last = rings[ring][turn], rings[ring][turn - 1]
                saved = links.cost(before, after) + links.cost(last, first)
                yield links.cost(before, first) + links.cost(last, after) - saved, ring, turn, number, place
