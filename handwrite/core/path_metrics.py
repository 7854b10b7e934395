"""How well a recovered pen path agrees with the true one: where the pen went, in which order, which way and how fast.

One definition of each measure. `match` resamples both inks to points of equal spacing and matches them, once for all
measures, which are functions of the `Match`. Lengths are in glyph heights. What is measured on which data, and how it
is shown, is not known here; how wrong a reading is, is told by `metrics`.

A measure is None where the truth does not define it, such as the order of a single stroke.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.ink import Ink
from handwrite.core.polyline import stepped

Float64Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

FLATTEST = 5.0  # a glyph counts as at least 1 / 5 as high as its widest stroke is wide, so that a dash has a height

# Lengths in glyph heights.
STEP = 1 / 32  # between points, along the path
TURN = 0.02  # that a unit of difference between directions of travel weighs in matching
LOCAL = 0.2  # between the x of points whose order a sweep from left to right does not give away
LIFT_REACH = 0.1  # between the ends of a lift and of the one that it is matched to
SHORTEST = 0.2  # length of a stroke that has a direction

COVERED = 0.5  # share of a true stroke's points that recovered points must be nearest to
SMOOTHING = 0.05  # seconds over which speed is averaged
SLOWEST = 0.05  # of the median speed; slower is taken for that slow
FEWEST = 8  # points that a correlation is worth taking over

IMAGE_HEIGHT = 112  # pixels of a glyph's height in drawings that are compared
TRUE_LINE = 5  # pixels, width of the line of the true path: twice as large as `render.render` draws it by default
LINES = (1, 3, 5, 7, 9)  # pixels, widths tried for the recovered path
FRACTION_BITS = 6  # of coordinates handed to OpenCV


@dataclass(frozen=True, eq=False)
class Trace:
    """A pen's path at N points of equal spacing, close to `STEP`, along each stroke; a dot is one point.

    xy : (N, 2) glyph heights. direction : (N, 2) unit vector of travel, 0 at a dot. speed : (N,) glyph heights a
    second, the mean over `SMOOTHING` seconds around the point, NaN without a clock and where the pen rests.
    stroke : (N,) index of the stroke.
    """

    xy: Float64Array
    direction: Float64Array
    speed: Float64Array
    stroke: IntArray

    def __len__(self) -> int:
        return len(self.xy)


@dataclass(frozen=True, eq=False)
class Match:
    """A true and a recovered path, point to point.

    truth, recovered : Trace, of N and M points. nearest : (N,) the recovered point nearest to each true point.
    covered : (S,) whether each true stroke was recovered: at least `COVERED` times as many recovered points as it has
    points are nearer to it than to any other stroke. true_lifts, lifts : (L, 4), (K, 4) x, y where the pen lifts and
    where it lands again, glyph heights.
    """

    truth: Trace
    recovered: Trace
    nearest: IntArray
    covered: BoolArray
    true_lifts: Float64Array
    lifts: Float64Array


@dataclass(frozen=True)
class PenLifts:
    """How many lifts were found, recovered and true; counts, so that those of a corpus may be added up."""

    found: int
    recovered: int
    true: int

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None when there is no lift on either side."""
        total = self.recovered + self.true
        return 2 * self.found / total if total else None


def glyph_height(ink: Ink) -> float:
    """Height of the ink's bounds, but at least 1 / `FLATTEST` of the width of its widest stroke; 1 for a dot."""
    _, top, _, bottom = ink.bounds
    widest = max((float(np.ptp(stroke[:, 0])) for stroke in ink.strokes()), default=0.0)
    return max(bottom - top, widest / FLATTEST) or 1.0


def in_unit_box(ink: Ink) -> Ink:
    """The ink with its bounds made the unit square, so that two people's inks of one character can be matched.

    A side shorter than 1 / `FLATTEST` of the other keeps that proportion and lies in the middle.
    """
    left, top, right, bottom = ink.bounds
    sides = np.array([right - left, bottom - top])
    sides = np.maximum(sides, sides.max() / FLATTEST)
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    points = ink.points.astype(np.float64)
    points[:, :2] = (points[:, :2] - middle) / np.where(sides > 0, sides, 1.0) + 0.5
    return ink.with_points(points)


def match(truth: Ink, recovered: Ink) -> Match:
    """Resample two inks in the same coordinates and match their points.

    The nearest point is the nearest in place and direction of travel u: |xy - xy'|^2 + TURN^2 |u - u'|^2. The
    direction weighs no more than half a line's width, so it decides only between passes over the same place, at
    crossings and where a line is traced twice; without it chance would. Raises ValueError when an ink is empty.
    """
    if not len(truth) or not len(recovered):
        raise ValueError(f"no paths to match: {len(truth)} true points, {len(recovered)} recovered")
    height = glyph_height(truth)
    true, found = trace_of(truth, height), trace_of(recovered, height)
    distance = _squares(true.xy, found.xy) + TURN**2 * _squares(true.direction, found.direction)
    owner = true.stroke[distance.argmin(axis=0)]
    points = np.bincount(true.stroke)
    return Match(
        truth=true,
        recovered=found,
        nearest=distance.argmin(axis=1),
        covered=np.bincount(owner, minlength=len(points)) >= COVERED * points,
        true_lifts=_lifts(truth, height),
        lifts=_lifts(recovered, height),
    )


def warp_cost(distance: Float64Array) -> float:
    """The least sum of distances (N, M) along a path from corner to corner that goes on by one row, one column or
    both; Sakoe and Chiba 1978, without weights. Taken diagonal by diagonal, because the cells of one are independent.
    """
    rows, columns = distance.shape
    skewed = np.full((rows, rows + columns), np.inf)
    skewed[:, :columns] = distance
    # Rows one shorter push row i to the right by i, so that diagonals become columns.
    skewed = skewed.ravel()[: rows * (rows + columns - 1)].reshape(rows, -1)
    before, last, best = np.full(rows + 1, np.inf), np.full(rows + 1, np.inf), np.empty(rows)
    before[0] = 0.0
    for diagonal in np.ascontiguousarray(skewed.T):
        np.minimum(last[1:], last[:-1], out=best)
        np.minimum(best, before[:-1], out=best)
        np.add(best, diagonal, out=before[1:])
        before[0] = np.inf
        before, last = last, before
    return float(last[-1])


def dtw(match: Match) -> float:
    """Dynamic time warping distance of the paths: the sum of distances between aligned points, in glyph heights.

    It grows with the length of the path: a point every `STEP`.
    """
    return warp_cost(_distances(match.truth.xy, match.recovered.xy))


def ldtw(match: Match) -> float:
    """Length-independent DTW, in glyph heights: `dtw` over the number of points of the true path. After Chen et al.
    2022, "Complex handwriting trajectory recovery: evaluation metrics and algorithm", section 3."""
    return dtw(match) / len(match.truth)


def rmse(match: Match) -> float:
    """Root mean square distance, in glyph heights, of points equally far along the paths, as shares of their lengths;
    both are stretched to the number of points of the longer."""
    count = max(len(match.truth), len(match.recovered))
    share = np.linspace(0, 1, count)
    true, found = (t.xy[np.round(share * (len(t) - 1)).astype(np.int64)] for t in (match.truth, match.recovered))
    return float(np.sqrt(((true - found) ** 2).sum(axis=1).mean()))


def start_error(match: Match) -> float:
    """Distance of the first points, in glyph heights."""
    return float(np.hypot(*(match.truth.xy[0] - match.recovered.xy[0])))


def aiou(match: Match) -> float:
    """Adaptive intersection over union of the drawn glyphs, 0 to 1: how faithful the shape is, whatever the order.

    The true path is drawn `TRUE_LINE` wide at `IMAGE_HEIGHT` pixels a glyph height, the recovered one at each width
    of `LINES`, and the best ratio is taken. After Chen et al. 2022, section 3, who take the true glyph from its image
    and widen the recovered line until the ratio stops rising. Recovered ink more than a glyph height outside the
    bounds of the truth is cut off.
    """
    true, found = match.truth.xy, match.recovered.xy
    low = np.maximum(found.min(axis=0), true.min(axis=0) - 1).clip(max=true.min(axis=0))
    high = np.minimum(found.max(axis=0), true.max(axis=0) + 1).clip(min=true.max(axis=0))
    margin = max(LINES) / IMAGE_HEIGHT
    columns, rows = np.ceil((high - low + 2 * margin) * IMAGE_HEIGHT).astype(int).tolist()
    truth = _drawn(match.truth, low - margin, (rows, columns), TRUE_LINE)
    return max(_overlap(truth, _drawn(match.recovered, low - margin, (rows, columns), line)) for line in LINES)


def point_order(match: Match, *, local: bool = False) -> float | None:
    """How far points follow one another in the true order, -1 to 1: over pairs of true points, the mean of +1 where
    the recovered points nearest to them come in the same order, -1 in the other and 0 where they are one point.
    Kendall 1938, tau-a.

    local : only pairs less than `LOCAL` apart in x. None when there is no pair.
    """
    pairs = np.triu(np.ones((len(match.truth),) * 2, np.bool_), 1)
    if local:
        x = match.truth.xy[:, 0]
        pairs &= np.abs(x[:, None] - x) < LOCAL
    signs = np.sign(match.nearest - match.nearest[:, None])[pairs]
    return float(signs.mean()) if len(signs) else None


def stroke_order(match: Match) -> float | None:
    """Kendall's tau-a of the order of the true strokes and that of their recovered places; None for a single stroke.

    A stroke's place is the median, in order of writing, of the recovered points nearest to its points, wherever the
    recovered strokes begin and end. Pairs with a stroke that was not recovered (`Match.covered`) add 0.
    """
    count = len(match.covered)
    if count < 2:
        return None
    points = np.split(match.nearest, np.flatnonzero(np.diff(match.truth.stroke)) + 1)
    place = np.array([np.median(stroke) for stroke in points])
    signs = np.sign(place - place[:, None])[np.triu(match.covered[:, None] & match.covered, 1)]
    return float(signs.sum()) / (count * (count - 1) / 2)


def direction_accuracy(match: Match) -> float | None:
    """Share of the true strokes that were traversed in the true direction; None when all are shorter than `SHORTEST`.

    That is where the directions of travel at matched points agree on the whole: their mean cosine is above 0. So a
    loop may begin elsewhere. A stroke that was not recovered (`Match.covered`) counts as wrong.
    """
    truth = match.truth
    cosine = (truth.direction * match.recovered.direction[match.nearest]).sum(axis=1)
    right = match.covered & (np.bincount(truth.stroke, weights=cosine) > 0)
    long = np.bincount(truth.stroke, weights=_steps(truth.xy, truth.stroke)) >= SHORTEST
    return float(right[long].mean()) if long.any() else None


def pen_lifts(match: Match) -> PenLifts:
    """Lifts between strokes, the last not counted. One is found when a recovered lift and it are each other's nearest
    and both its ends, where the pen lifts and where it lands, lie within `LIFT_REACH`."""
    true, lifts = match.true_lifts, match.lifts
    found = 0
    if len(true) and len(lifts):
        apart = np.maximum(_distances(true[:, :2], lifts[:, :2]), _distances(true[:, 2:], lifts[:, 2:]))
        nearest = apart.argmin(axis=1)
        index = np.arange(len(true))
        found = int(((apart.argmin(axis=0)[nearest] == index) & (apart[index, nearest] <= LIFT_REACH)).sum())
    return PenLifts(found=found, recovered=len(lifts), true=len(true))


def velocity_r(match: Match) -> float | None:
    """Pearson's r of log speed at matched points, -1 to 1; speed is smoothed over `SMOOTHING` seconds.

    None without both clocks, for fewer than `FEWEST` points at which both pens move, and where either speed never
    changes.
    """
    speeds = np.stack([match.truth.speed, match.recovered.speed[match.nearest]])
    speeds = speeds[:, np.isfinite(speeds).all(axis=0)]
    if speeds.shape[1] < FEWEST:
        return None
    logs = np.log(np.maximum(speeds, SLOWEST * np.median(speeds, axis=1, keepdims=True)))
    if not (logs.std(axis=1) > 1e-3).all():
        return None
    return float(np.corrcoef(logs)[0, 1])


def trace_of(ink: Ink, height: float) -> Trace:
    """The ink, at least a point, at points of equal spacing, in heights of so many of its units."""
    xy = ink.points[:, :2].astype(np.float64) / height
    stroke = ink.stroke_index
    # A lift adds 1 to way and time, so that no two strokes share a place on them.
    way = np.cumsum(_steps(xy, stroke)) + stroke
    clock = ink.points[:, 2].astype(np.float64) + stroke
    last = np.flatnonzero(ink.pen_up)
    first = np.concatenate([[0], last[:-1] + 1])
    wanted, owner = stepped(way[first], way[last], STEP, lone=way[first] == way[last])
    places = np.column_stack([np.interp(wanted, way, xy[:, axis]) for axis in (0, 1)])
    middle = np.interp(wanted, way, clock)
    early = np.maximum(middle - SMOOTHING / 2, clock[first][owner])
    late = np.minimum(middle + SMOOTHING / 2, clock[last][owner])
    moved = np.interp(late, clock, way) - np.interp(early, clock, way)
    speed = np.full(len(moved), np.nan)
    np.divide(moved, late - early, out=speed, where=(late > early) & (moved > 0))
    return Trace(xy=places, direction=_directions(places, owner), speed=speed, stroke=owner)


def _steps(xy: Float64Array, stroke: IntArray) -> Float64Array:
    """(N,) the way from the point before in the stroke, 0 at its first."""
    way: Float64Array = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
    way[1:][np.diff(stroke) != 0] = 0.0
    return way


def _directions(xy: Float64Array, stroke: IntArray) -> Float64Array:
    """(N, 2) unit vectors from the point before to the point after, within strokes; 0 where they are one."""
    index = np.arange(len(xy))
    opens = np.diff(stroke, prepend=-1) != 0
    closes = np.diff(stroke, append=stroke[-1] + 1) != 0
    chord: Float64Array = xy[index + ~closes] - xy[index - ~opens]
    length = np.hypot(*chord.T)[:, None]
    unit = np.zeros_like(chord)
    np.divide(chord, length, out=unit, where=length > 0)
    return unit


def _squares(a: Float64Array, b: Float64Array) -> Float64Array:
    """(N, M) squared distances between points (N, 2) and (M, 2)."""
    return np.square(a[:, None, 0] - b[:, 0]) + np.square(a[:, None, 1] - b[:, 1])


def _distances(a: Float64Array, b: Float64Array) -> Float64Array:
    """(N, M) distances between points (N, 2) and (M, 2)."""
    return np.asarray(np.sqrt(_squares(a, b)))


def _lifts(ink: Ink, height: float) -> Float64Array:
    """(L, 4) x, y of the last point of each stroke but the last, and of the first point of the next."""
    xy = ink.points[:, :2].astype(np.float64) / height
    ends = np.flatnonzero(ink.pen_up)[:-1]
    return np.column_stack([xy[ends], xy[ends + 1]])


def _drawn(trace: Trace, origin: Float64Array, shape: tuple[int, int], line: int) -> BoolArray:
    """(H, W) where a line `line` pixels wide along the trace leaves ink."""
    canvas = np.zeros(shape, np.uint8)
    pixels = (trace.xy - origin) * IMAGE_HEIGHT - 0.5
    pixels = pixels.clip(-IMAGE_HEIGHT, np.array(shape[::-1]) + IMAGE_HEIGHT)  # OpenCV's numbers end somewhere
    corners = np.round(pixels * (1 << FRACTION_BITS)).astype(np.int32)
    strokes = np.split(corners, np.flatnonzero(np.diff(trace.stroke)) + 1)
    lines = [stroke if len(stroke) > 1 else stroke.repeat(2, axis=0) for stroke in strokes]  # no line, no dot
    cv2.polylines(canvas, lines, False, 1, line, shift=FRACTION_BITS)
    return canvas.view(np.bool_)


def _overlap(a: BoolArray, b: BoolArray) -> float:
    return float(np.count_nonzero(a & b) / np.count_nonzero(a | b))
