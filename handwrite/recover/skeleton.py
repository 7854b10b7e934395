"""Ink mask -> skeleton graph: the middle lines of the strokes, where they end and where they meet.

Says where a pen can have gone, not in which order or direction it went (`trace`). Coordinates are those of
`core.render`: x to the right, y down, pixel k covers [k, k + 1), so its centre is at k + 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.morphology import skeletonize

from handwrite.core.polyline import along

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Widths = NDArray[np.float32]

SPUR = 1.0  # a dead end shorter than this many stroke widths is a bump of the outline
BRIDGE = 1.5  # two junctions nearer than this many stroke widths are one crossing
PASSES = 6  # of smoothing by (1, 2, 1) / 4, which ends the staircases of pixels
DOT = 1.2  # stroke widths; ink whose only edge is shorter is a dot
STRAY = 0.9  # pixels that smoothing may move a point; less than 1
SMALLEST_LOOP = 2.0  # stroke widths round a hole; shorter loops are specks of paper in the ink


@dataclass(frozen=True, eq=False)
class Edge:
    """A piece of the skeleton between two nodes.

    start, end : the numbers of its nodes, the same for a loop. path : (n, 2) x, y in pixels from one to the other,
    n >= 2, about a pixel apart; both points of a dot are its node. width : of the stroke in pixels, the mean along
    the path.
    """

    start: int
    end: int
    path: Floats
    width: float

    @cached_property
    def length(self) -> float:
        """Pixels along the path; 0 for a dot."""
        return float(along(self.path)[-1])


@dataclass(frozen=True, eq=False)
class Skeleton:
    """A graph of strokes: nodes (N, 2) x, y in pixels, where strokes end or meet, and the edges between them.

    width : the median width of the strokes in pixels, 0 where there is no ink.
    """

    nodes: Floats
    edges: tuple[Edge, ...]
    width: float

    @cached_property
    def incident(self) -> tuple[tuple[tuple[int, bool], ...], ...]:
        """For each node the edges that meet there: (number, True where the edge starts here); a loop comes twice."""
        ends: list[list[tuple[int, bool]]] = [[] for _ in self.nodes]
        for number, edge in enumerate(self.edges):
            ends[edge.start].append((number, True))
            ends[edge.end].append((number, False))
        return tuple(map(tuple, ends))

    @cached_property
    def components(self) -> tuple[tuple[int, ...], ...]:
        """The numbers of the edges of each connected part, the parts by their leftmost point."""
        seen: set[int] = set()
        parts = []
        for first in sorted(range(len(self.edges)), key=lambda number: float(self.edges[number].path[:, 0].min())):
            if first in seen:
                continue
            seen.add(first)
            part, fresh = [], [first]
            while fresh:
                part.append(number := fresh.pop())
                edge = self.edges[number]
                near = {other for node in (edge.start, edge.end) for other, _ in self.incident[node]} - seen
                seen |= near
                fresh += near
            parts.append(tuple(sorted(part)))
        return tuple(parts)


def skeleton_of(mask: Mask) -> Skeleton:
    """The skeleton graph of a boolean mask (H, W), True where there is ink.

    The skeleton of Zhang and Suen 1984, "A fast parallel algorithm for thinning digital patterns", without spurs
    shorter than the local stroke width, with junctions hardly further apart joined into one, and smoothed. Every
    part of the ink keeps at least a node with an edge. The edge of a part without ends or crossings, such as an o,
    starts and ends at its only node, its highest point.
    """
    if mask.ndim != 2:
        raise ValueError(f"a mask wants shape (H, W), not {mask.shape}")
    padded = np.pad(mask, 1)
    distance = cv2.distanceTransform(padded.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    thin: Mask = skeletonize(padded)  # type: ignore[no-untyped-call]
    thin |= _lost(padded, thin)
    widths = np.asarray(2 * distance - 1, np.float32)
    graph = _trace_pixels(thin)
    graph.simplify(widths)
    return graph.frozen(widths, width=float(np.median(np.maximum(widths[thin], 1))) if thin.any() else 0.0)


def _lost(mask: Mask, thin: Mask) -> Mask:
    """A pixel in each part of the ink that thinning has left nothing of."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    keep = np.zeros_like(thin)
    for label in set(range(1, count)) - set(np.unique(labels[thin]).tolist()):
        rows, columns = np.nonzero(labels == label)
        nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
        keep[rows[nearest], columns[nearest]] = True
    return keep


@dataclass(eq=False)
class _Line:
    """An edge while the graph changes: its nodes and its path."""

    start: int
    end: int
    path: Floats

    @property
    def length(self) -> float:
        return float(along(self.path)[-1])

    def leaving(self, node: int) -> Floats:
        """The path from that node on."""
        return self.path if self.start == node else self.path[::-1]

    def other(self, node: int) -> int:
        return self.end if self.start == node else self.start


@dataclass(eq=False)
class _Graph:
    """A graph that changes, in pixels of the padded mask whose pixel k has its centre at k."""

    nodes: dict[int, Floats] = field(default_factory=dict)
    lines: dict[int, _Line] = field(default_factory=dict)
    ends: dict[int, list[int]] = field(default_factory=dict)
    made: int = 0

    def add_node(self, at: Floats) -> int:
        number = len(self.nodes)
        self.nodes[number], self.ends[number] = at, []
        return number

    def add(self, start: int, end: int, path: Floats) -> None:
        self.lines[self.made] = _Line(start, end, path)
        self.ends[start].append(self.made)
        self.ends[end].append(self.made)
        self.made += 1

    def remove(self, number: int) -> _Line:
        line = self.lines.pop(number)
        self.ends[line.start].remove(number)
        self.ends[line.end].remove(number)
        return line

    def simplify(self, widths: Widths) -> None:
        """Spurs and specks go and near junctions join, the least first, until all that is left is long enough."""
        excess = {number: self._excess(number, widths) for number in self.lines}
        while excess:
            number = min(excess, key=excess.__getitem__)
            if excess[number] >= 0:
                return
            touched = self._contract(number) if self._is_bridge(number) else self._drop(number)
            for known in excess.keys() - self.lines.keys():
                del excess[known]
            for node in touched:
                for near in self.ends[node]:
                    excess[near] = self._excess(near, widths)

    def _is_bridge(self, number: int) -> bool:
        line = self.lines[number]
        return line.start != line.end and min(len(self.ends[line.start]), len(self.ends[line.end])) > 1

    def _excess(self, number: int, widths: Widths) -> float:
        """Pixels by which a line is longer than what is dropped or contracted; infinite where it must stay."""
        line = self.lines[number]
        degrees = len(self.ends[line.start]), len(self.ends[line.end])
        if line.start == line.end:
            return line.length - SMALLEST_LOOP * _width_at(line.path, widths) if degrees[0] > 2 else np.inf
        if max(degrees) <= 1:
            return np.inf
        if min(degrees) > 1:
            return line.length - BRIDGE * _width_at(line.path, widths)
        junction = line.start if degrees[0] > 1 else line.end
        return line.length - SPUR * _width_at(self.nodes[junction][None], widths)

    def _drop(self, number: int) -> list[int]:
        """Take a spur or a speck away; returns the nodes that this touched."""
        line = self.remove(number)
        return [self._pass_through(node) for node in {line.start, line.end} if self.ends[node]]

    def _contract(self, number: int) -> list[int]:
        """Join the two nodes of a line at its middle; returns the node."""
        line = self.remove(number)
        middle = len(line.path) // 2
        kept, gone = line.start, line.end
        tails = {kept: line.path[: middle + 1][::-1], gone: line.path[middle:]}
        self.nodes[kept] = line.path[middle]
        for node, tail in tails.items():
            for near in dict.fromkeys(self.ends[node]):
                self._prolong(near, node, tail)
        for near in list(self.ends[gone]):
            moved = self.lines[near]
            moved.start, moved.end = (kept if node == gone else node for node in (moved.start, moved.end))
        self.ends[kept] += self.ends[gone]
        self.ends[gone] = []
        return [self._pass_through(kept)]

    def _prolong(self, number: int, node: int, tail: Floats) -> None:
        """Let a line that meets the node reach the first point of the tail, which leads from there to the node."""
        line = self.lines[number]
        if line.start == node:
            line.path = _cut_corner(np.concatenate([tail[:-1], line.path]), 2 * len(tail))
        if line.end == node:
            line.path = _cut_corner(np.concatenate([tail[:-1], line.path[::-1]]), 2 * len(tail))[::-1]

    def _pass_through(self, node: int) -> int:
        """Make two lines that meet alone at a node one; returns a node of what is there then."""
        if len(self.ends[node]) != 2 or self.ends[node][0] == self.ends[node][1]:
            return node
        first, second = (self.remove(number) for number in list(self.ends[node]))
        path = np.concatenate([first.leaving(node)[::-1], second.leaving(node)[1:]])
        start = first.other(node)
        self.add(start, second.other(node), path)
        return start

    def frozen(self, widths: Widths, *, width: float) -> Skeleton:
        """The graph as others see it: smoothed, and in the coordinates of the mask."""
        for number in list(self.lines):
            self._shrink(number, widths)
        used = [node for node, ends in self.ends.items() if ends]
        number_of = {node: number for number, node in enumerate(used)}
        edges = tuple(
            Edge(
                number_of[line.start],
                number_of[line.end],
                _smooth(line.path, widths) - 0.5,
                _width_at(line.path, widths),
            )
            for line in self.lines.values()
        )
        nodes = np.array([self.nodes[node] for node in used]).reshape(-1, 2) - 0.5
        return Skeleton(nodes, edges, width)

    def _shrink(self, number: int, widths: Widths) -> None:
        """Make a line that is all of a part of the ink, and too short to have a direction, a dot."""
        line = self.lines[number]
        if len({*self.ends[line.start], *self.ends[line.end]}) > 1 or line.length > DOT * _width_at(line.path, widths):
            return
        self.remove(number)
        middle = (line.path.min(axis=0) + line.path.max(axis=0)) / 2
        self.nodes[line.start] = middle
        self.add(line.start, line.start, np.array([middle, middle]))


def _cut_corner(path: Floats, count: int) -> Floats:
    """The path with its first points, at most that many and not the last, on a straight line."""
    last = min(count, len(path) - 1)
    share = np.linspace(0, 1, last + 1)[:, None]
    return np.concatenate([path[0] * (1 - share) + path[last] * share, path[last + 1 :]])


def _width_at(path: Floats, widths: Widths) -> float:
    """The mean width of the stroke at the points (n, 2)."""
    columns, rows = np.round(path).astype(np.int64).T
    return float(np.maximum(widths[rows, columns], 1).mean())


def _smooth(path: Floats, widths: Widths) -> Floats:
    """The path with its staircases worn away; its ends stay, and no point goes further than `STRAY` or off the ink."""
    smooth = path.copy()
    for _ in range(PASSES):
        smooth[1:-1] = (smooth[:-2] + 2 * smooth[1:-1] + smooth[2:]) / 4
    moved = smooth - path
    distance = np.hypot(*moved.T)[:, None]
    smooth = path + moved * np.minimum(1, STRAY / np.maximum(distance, STRAY))
    columns, rows = np.round(smooth).astype(np.int64).T
    return np.where(widths[rows, columns, None] > 0, smooth, path)


def _trace_pixels(thin: Mask) -> _Graph:
    """The graph of a skeleton one pixel thick: pixels that have not just two neighbours are nodes."""
    near = _neighbours(thin)
    rows, columns = np.nonzero(thin)
    at = np.column_stack([columns, rows]).astype(np.float64)
    graph = _Graph()
    node_of = {pixel: graph.add_node(at[pixel]) for pixel in range(len(near)) if len(near[pixel]) != 2}
    left = {pixel for pixel in range(len(near)) if len(near[pixel]) == 2}
    for pixel, node in list(node_of.items()):
        if not near[pixel]:
            graph.add(node, node, at[[pixel, pixel]])
        for step in near[pixel]:
            if step in node_of and step > pixel:
                graph.add(node, node_of[step], at[[pixel, step]])
            elif step in left:
                walk = _walk(pixel, step, near, left)
                graph.add(node, node_of[walk[-1]], at[walk])
    while left:
        pixel = min(left)
        node_of[pixel] = graph.add_node(at[pixel])
        left.remove(pixel)
        walk = _walk(pixel, near[pixel][0], near, left)
        graph.add(node_of[pixel], node_of[pixel], at[walk])
    return graph


def _walk(pixel: int, step: int, near: list[list[int]], left: set[int]) -> list[int]:
    """The pixels from one through the next while they are left, and the node behind them; takes them out of `left`."""
    walk = [pixel, step]
    while step in left:
        left.remove(step)
        first, second = near[step]
        pixel, step = step, second if first == pixel else first
        walk.append(step)
    return walk


def _neighbours(thin: Mask) -> list[list[int]]:
    """The neighbours of each pixel, row by row; diagonal ones only where no third pixel links the two.

    So corners of staircases are no junctions (m-adjacency; Gonzalez and Woods, "Digital Image Processing").
    """
    number = np.full((thin.shape[0] + 2, thin.shape[1] + 2), -1)
    number[1:-1, 1:-1][thin] = np.arange(np.count_nonzero(thin))
    found: list[list[int]] = [[] for _ in range(np.count_nonzero(thin))]
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = np.s_[1:-1, 1:-1]
        there = number[1 + down : number.shape[0] - 1 + down, 1 + right : number.shape[1] - 1 + right]
        joined = (number[here] >= 0) & (there >= 0)
        if down and right:
            below, beside = number[2:, 1:-1], number[1:-1, 1 + right : number.shape[1] - 1 + right]
            joined &= (below < 0) & (beside < 0)
        for pixel, other in zip(number[here][joined].tolist(), there[joined].tolist(), strict=True):
            found[pixel].append(other)
            found[other].append(pixel)
    return found
