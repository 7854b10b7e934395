"""The decoded path on the glyph's skeleton: every stroke follows the ink, and all of the ink is written.

The net says in which order and direction the pen went, the skeleton where it went exactly. What the net left
out is added in reading order. The skeleton itself is made in `skeleton`; nothing here is learned. The stroke order,
which needs no decoded path, is compared with this, and trained on true paths that are matched to the skeleton so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from handwrite.core.ink import Ink
from handwrite.recover.path import DOWN, Path, at_one_speed
from handwrite.recover.ways import Ways

NEAR, MOST, FEW = 4.0, 24, 3
"""A decoded point may belong to the places within so many pixels, at most so many, and always to the nearest few."""

NOISE = 1.5
"""Pixels by which decoded points stray from the skeleton, as a standard deviation."""

SLACK = 1.0
"""Pixels by which a move on the skeleton differs from the decoded step, in the mean."""

LIFT = 12.0
"""Cost of lifting the pen where the net did not, as the negative logarithm of its odds."""

REACH = 24.0
"""Pixels along the skeleton that the pen goes in a step at most."""

CHUNK = 128
"""Steps of the path whose ways are looked for at once; bounds the memory."""

LEAN, MOST_LEAN = 0.1, 0.1
"""Share of its distance from the skeleton that a point keeps, and at most so many pixels: so that the two ways of a
retraced line do not fall together, and the side on which each ran is not lost."""

STRAIGHT = 0.5
"""Cosine of the turn up to which a stroke goes on where the skeleton branches."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def snap(path: Path, ways: Ways) -> Ink:
    """The path as strokes along the ways of its glyph, at one speed; x, y in pixels of the glyph.

    Order and direction are the path's. A stroke that leaves the ink is broken there. Each edge of the skeleton that is
    longer than the pen is wide is visited, and so is each part of the ink, whatever the path.
    """
    strokes = _followed(path, ways) if len(path) and len(ways.places) else []
    return _ink_of(_completed(strokes, ways), ways)


def followed(path: Path, ways: Ways) -> list[Ints]:
    """The places (n,) that each stroke of the path passes, each a neighbour of the one before or the same."""
    return [stroke.way for stroke in _followed(path, ways)]


@dataclass(frozen=True, eq=False)
class _Stroke:
    """Places (n,) that the pen passes, each a neighbour of the one before or the same, and how far beside them it
    passes, (n, 2) in pixels."""

    way: Ints
    lean: Floats

    def __getitem__(self, part: slice) -> _Stroke:
        return _Stroke(self.way[part], self.lean[part])

    def then(self, other: _Stroke) -> _Stroke:
        """This stroke and, without a lift, one that begins where it ends."""
        return _Stroke(np.concatenate([self.way, other.way[1:]]), np.concatenate([self.lean, other.lean[1:]]))


def _stroke_along(way: Ints) -> _Stroke:
    """A stroke in the very middle of the ink."""
    return _Stroke(way, np.zeros((len(way), 2)))


def _followed(path: Path, ways: Ways) -> list[_Stroke]:
    """The strokes of the path on the skeleton, without those pieces of broken ones that are scraps or off the ink."""
    stops, lifted = _match(path, ways)
    on = np.flatnonzero(~lifted)
    routes = dict(zip(on.tolist(), _routes(ways, stops[on], stops[on + 1]), strict=True))
    broken = np.concatenate([[False], lifted & (path.pen[:-1] == DOWN), [False]])
    strokes = []
    for part in np.split(np.arange(len(stops)), np.flatnonzero(lifted) + 1):
        stroke = _stroke_through(path.points[part], stops[part], [routes[step] for step in part[:-1].tolist()], ways)
        away = np.median(np.hypot(*(path.points[part] - ways.places[stops[part]]).T))
        whole = not (broken[part[0]] or broken[part[-1] + 1])
        if whole or (away < NEAR and ways.length(stroke.way) > ways.width):
            strokes.append(stroke)
    return strokes


def _stroke_through(points: NDArray[np.float32], stops: Ints, routes: Sequence[Ints], ways: Ways) -> _Stroke:
    """The stroke along the routes (n - 1) from stop to stop (n,), a step each, that leans to the points (n, 2)."""
    passed = [np.zeros(1)]
    for number, (stop, route) in enumerate(zip(stops.tolist(), routes, strict=False)):
        along = ways.along(np.array([stop, *route]))[1:]
        passed.append(number + (along / along[-1] if along[-1] else np.ones(len(along))))
    steps = np.concatenate(passed)
    aside = LEAN * (points - ways.places[stops])
    aside *= np.minimum(1, MOST_LEAN / np.maximum(np.hypot(*aside.T), MOST_LEAN))[:, None]
    lean = np.column_stack([np.interp(steps, np.arange(len(stops)), aside[:, axis]) for axis in (0, 1)])
    return _Stroke(np.concatenate([stops[:1], *routes]), lean)


def _match(path: Path, ways: Ways) -> tuple[Ints, NDArray[np.bool_]]:
    """The place (N,) of each point of the path and, for each step (N - 1,), whether the pen is lifted.

    Newson and Krumm 2009, "Hidden Markov map matching through noise and sparseness": the most likely states of a
    hidden Markov model, by Viterbi's algorithm. A point lies around its place by a normal distribution (eq. 1).
    """
    apart, near = KDTree(ways.places).query(path.points, k=np.arange(1, min(MOST, len(ways.places)) + 1))
    cost = (apart / NOISE) ** 2 / 2
    cost[:, FEW:][apart[:, FEW:] > NEAR] = np.inf
    down = path.pen[:-1] == DOWN
    back, lifts = np.zeros(near.shape, np.int64), np.zeros(near.shape, np.bool_)
    total = cost[0]
    for number, move in enumerate(_moves(path.points, near, ways), 1):
        reached = total[:, None] + move if down[number - 1] else np.full(move.shape, np.inf)
        anew = total.min() + LIFT * down[number - 1]
        lifts[number] = anew < reached.min(axis=0)
        back[number] = np.where(lifts[number], total.argmin(), reached.argmin(axis=0))
        total = np.minimum(reached.min(axis=0), anew) + cost[number]
    chosen = np.full(len(near), total.argmin())
    for number in range(len(near) - 1, 0, -1):
        chosen[number - 1] = back[number, chosen[number]]
    every = np.arange(len(near))
    return near[every, chosen].astype(np.int64), lifts[every, chosen][1:]


def _moves(points: NDArray[np.float32], near: Ints, ways: Ways) -> Iterator[Floats]:
    """For each step the cost (K, K) of moving from each of the places near a point to each of those near the next.

    The length of the way along the skeleton differs from the step's by an exponential distribution (Newson and Krumm
    2009, eq. 2), and so does the move from the step, as that, unlike a car's, has a known direction.
    """
    for first in range(0, len(points) - 1, CHUNK):
        part, starts = near[first : first + CHUNK + 1], near[first : min(first + CHUNK, len(points) - 1)]
        sources, row = np.unique(starts, return_inverse=True)
        reach = dijkstra(ways.graph, indices=sources, limit=REACH)
        lengths = reach[row.reshape(starts.shape)[:, :, None], part[1:, None, :]]
        step = np.diff(points[first : first + CHUNK + 1], axis=0)[:, None, None]
        strays = ways.places[part[1:, None, :]] - ways.places[starts[:, :, None]] - step
        longer = np.abs(lengths - np.hypot(step[..., 0], step[..., 1]))
        yield from (longer + np.hypot(strays[..., 0], strays[..., 1])) / SLACK


def _routes(ways: Ways, starts: Ints, ends: Ints) -> list[Ints]:
    """The places after each start up to its end, on the shortest way; the end alone where it is the start."""
    routes = []
    for first in range(0, len(starts), CHUNK):
        part = slice(first, first + CHUNK)
        sources, row = np.unique(starts[part], return_inverse=True)
        _, before = dijkstra(ways.graph, indices=sources, limit=REACH, return_predecessors=True)
        for number, start, end in zip(row.tolist(), starts[part].tolist(), ends[part].tolist(), strict=True):
            route = [end]
            while route[-1] != start and before[number, route[-1]] != start:
                route.append(int(before[number, route[-1]]))
            routes.append(np.array(route[::-1]))
    return routes


def _completed(strokes: Sequence[_Stroke], ways: Ways) -> list[_Stroke]:
    """The strokes and what they left out: first where they go on or turn back too early, then strokes of its own."""
    done, touched = list(strokes), {place for stroke in strokes for place in stroke.way.tolist()}
    own = []
    for trail in _trails(_left_out(strokes, ways), ways):
        long = ways.length(trail) > ways.width
        if (long or 1 in ways.branches[trail[[0, -1]]]) and _goes_on(done, trail, ways):
            continue
        if long or touched.isdisjoint(trail.tolist()):
            own.append(_directed(trail, ways))
    for trail in sorted(own, key=lambda trail: float(ways.places[trail, 1].min())):
        _insert(done, _stroke_along(trail), ways)
    return done


def _goes_on(strokes: list[_Stroke], trail: Ints, ways: Ways) -> bool:
    """Let the stroke that ends, starts or turns back straightest where the trail begins go along it, if there is one.

    A stroke that turns back does so at the trail's end.
    """
    best, chosen = STRAIGHT, None
    for way in (trail, trail[::-1]):
        for number, stroke in enumerate(strokes):
            for at in np.flatnonzero(stroke.way == way[0]).tolist():
                if (straight := _straight(stroke.way, at, way, ways)) > best:
                    best, chosen = straight, (number, at, way)
    if chosen is None:
        return False
    number, at, way = chosen
    out, back, stroke = _stroke_along(way), _stroke_along(way[::-1]), strokes[number]
    if (stroke.way[at:] == way[0]).all():
        strokes[number] = stroke.then(out)
    elif (stroke.way[:at] == way[0]).all():
        strokes[number] = back.then(stroke)
    else:
        strokes[number] = stroke[: at + 1].then(out).then(back).then(stroke[at:])
    return True


def _straight(way: Ints, at: int, trail: Ints, ways: Ways) -> float:
    """Cosine of the turn from what comes before or after place number `at` of a way into a trail, the sharper turn.

    Amid a line, where a pen can go nowhere else, 1.
    """
    if ways.branches[trail[0]] == 2:
        return 1.0
    arms = [arm for arm in (way[at::-1], way[at:]) if (arm != trail[0]).any()]
    return min((-float(ways.heading(arm) @ ways.heading(trail)) for arm in arms), default=1.0)


def _left_out(strokes: Iterable[_Stroke], ways: Ways) -> list[Ints]:
    """The longest pieces of chains that no stroke has passed."""
    passed = {tuple(sorted(step)) for stroke in strokes for step in pairwise(stroke.way.tolist())}
    touched = {place for stroke in strokes for place in stroke.way.tolist()}
    pieces = []
    for chain in ways.chains:
        if len(chain) == 1:
            pieces += [chain] * (int(chain[0]) not in touched)
            continue
        free = np.array([tuple(sorted(step)) not in passed for step in pairwise(chain.tolist())])
        changes = np.flatnonzero(np.diff(free, prepend=False, append=False)).reshape(-1, 2)
        pieces += [chain[first : last + 1] for first, last in changes.tolist()]
    return pieces


def _trails(pieces: Sequence[Ints], ways: Ways) -> list[Ints]:
    """The pieces joined where they meet, the straightest two first, as a pen would go on there."""
    partner = _partners(pieces, ways)
    trails, used = [], set[int]()
    for end in sorted(((number, side) for number in range(len(pieces)) for side in (0, -1)), key=partner.__contains__):
        if end[0] in used:
            continue
        trail: list[Ints] = []
        following: tuple[int, int] | None = end
        while following and following[0] not in used:
            number, side = following
            used.add(number)
            piece = pieces[number] if side == 0 else pieces[number][::-1]
            trail.append(piece[bool(trail) :])
            following = partner.get((number, -1 - side))
        trails.append(np.concatenate(trail))
    return trails


def _partners(pieces: Sequence[Ints], ways: Ways) -> dict[tuple[int, int], tuple[int, int]]:
    """For ends of pieces (number, 0 or -1) the end of another piece at which a pen goes on."""
    ends: dict[int, list[tuple[int, int]]] = {}
    for number, piece in enumerate(pieces):
        for side in (0, -1):
            ends.setdefault(int(piece[side]), []).append((number, side))
    away = {end: ways.heading(pieces[end[0]][:: 1 if end[1] == 0 else -1]) for at in ends.values() for end in at}
    partner: dict[tuple[int, int], tuple[int, int]] = {}
    for at in ends.values():
        straight = {pair: -float(away[pair[0]] @ away[pair[1]]) for pair in combinations(at, 2)}
        for one, other in sorted(straight, key=straight.__getitem__, reverse=True):
            if straight[one, other] > STRAIGHT and one[0] != other[0] and not {one, other} & partner.keys():
                partner[one], partner[other] = other, one
    return partner


def _directed(trail: Ints, ways: Ways) -> Ints:
    """The trail from left to right or, where it is higher than wide, from top to bottom."""
    right, down = (ways.places[trail[-1]] - ways.places[trail[0]]).tolist()
    return trail if (right if abs(right) > abs(down) else down) >= 0 else trail[::-1]


def _insert(strokes: list[_Stroke], stroke: _Stroke, ways: Ways) -> None:
    """Put a stroke before the first that lies wholly to its right, or last."""
    right = ways.places[stroke.way, 0].max()
    later = [number for number, other in enumerate(strokes) if ways.places[other.way, 0].min() > right]
    strokes.insert(later[0] if later else len(strokes), stroke)


def _ink_of(strokes: Sequence[_Stroke], ways: Ways) -> Ink:
    return at_one_speed([ways.places[stroke.way] + stroke.lean for stroke in strokes])
