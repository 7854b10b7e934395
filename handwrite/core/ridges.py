"""The ink of a page -> ridges, the middles of its lines of writing.

A ridge is a crest of the ink smoothed along the lines, with the parts of one line joined and columns parted. Whose ink
it is and in which order lines are read is the work of `lines`.

Blob lines by anisotropic smoothing at the scale of the writing (Cohen, Dinstein, El-Sana, Kedem: Using scale-space
anisotropic smoothing for text line extraction in historical documents, ICIAR 2014), with a bank of directions and the
ridges of its answer as in Bukhari, Shafait, Breuel: Text-line extraction using a convolution of isotropic Gaussian
filter with a set of line filters, ICDAR 2011.

Ridges are traced in a coarse copy of the page, in which the sigma of the smoothing, the scale of the writing, is
`COARSE` pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import GreyImage

Floats = NDArray[np.float32]
Labels = NDArray[np.int32]

COARSE = 3.0  # sigma, in pixels of the coarse copy
SLOPES = np.tan(np.radians(np.arange(-16.0, 17.0, 4.0)))  # of the lines that are looked for
FAINTEST_RIDGE = 0.08  # as a share of the strong ones
WEAK = 0.45  # response of a ridge, as a share of that of its neighbour
FAINT = 0.2  # the same, as a share of that of most
HALF = 64  # of 255, ink in a pixel of the coarse copy that counts
COLUMN = 3  # least lines of a column

# Lengths in sigmas.
SMOOTHING = 5.0  # sigma of the smoothing along the line
SURROUNDINGS = 12.0  # sigma of the surroundings in which lines are parallel
WIDEST_GAP = 14.0  # between the parts of a line
GUTTER = 5.0  # least width of the gap between columns
NEIGHBOURHOOD = 22.0  # height of the lines that bear witness to a gutter
LONGEST_OVERLAP = 3.0  # of parts of a line
CLOSEST = 2.8  # between lines
CLOSE = 4.2  # between lines one of which is weak
STEP = 1.6  # in height between parts of a line
CORE = 0.8  # half the height of the band around a ridge whose ink surely belongs to the line


@dataclass(frozen=True, eq=False)
class Ridge:
    """The middle of a line or of a part of it: y (N,) at the columns start, start + 1, ...; response : (N,) there."""

    start: int
    y: Floats
    response: Floats

    @property
    def end(self) -> int:
        """The column after the last."""
        return self.start + len(self.y)

    @property
    def mean(self) -> float:
        """The mean response."""
        return float(self.response.sum()) / len(self.response)

    @property
    def path(self) -> Labels:
        """(N, 2) int32: the pixels x, y."""
        return np.column_stack([np.arange(self.start, self.end), self.y.round()]).astype(np.int32)

    def part(self, first: int, last: int) -> Ridge:
        """The columns first, ..., last - 1, counted from the ridge's start."""
        return Ridge(self.start + first, self.y[first:last], self.response[first:last])

    def joined(self, other: Ridge) -> Ridge:
        """This ridge, then the other, straight across a gap, changing over where they lie side by side."""
        left, right = np.arange(self.start, self.end), np.arange(other.start, other.end)
        middle = (self.end + other.start) / 2
        own, others = left <= middle, right > middle
        columns = np.concatenate([left[own], right[others]])
        every = np.arange(self.start, other.end)
        y = np.interp(every, columns, np.concatenate([self.y[own], other.y[others]]))
        response = np.interp(every, columns, np.concatenate([self.response[own], other.response[others]]))
        return Ridge(self.start, y.astype(np.float32), response.astype(np.float32))

    def rescaled(self, zoom: float, width: int) -> Ridge:
        """This ridge in a copy of the page, `zoom` times as large and `width` pixels wide."""
        columns = (np.arange(self.start, self.end) + 0.5) * zoom - 0.5
        start, end = int(max(columns[0], 0)), int(min(columns[-1], width - 1)) + 1
        y, response = (
            np.interp(np.arange(start, end), columns, values).astype(np.float32)
            for values in ((self.y + 0.5) * zoom - 0.5, self.response)
        )
        return Ridge(start, y, response)


def find_ridges(coarse: GreyImage) -> list[Ridge]:
    """The ridges of a coarse copy (H, W) of a page, 255 where there is nothing but ink and 0 on paper, in no order."""
    ridges = [part for ridge in _ridges(_response(coarse)) for part in _inked(ridge, coarse)]
    ridges = _strongest(_joined(_strongest(ridges, coarse.shape)), coarse.shape)
    return _in_columns(ridges, coarse)


def _response(coarse: GreyImage) -> Floats:
    """How much the page looks like a line through each pixel, at the slope of its surroundings: (H, W) float32."""
    height, width = coarse.shape
    pad = int(np.ceil(width / 2 * SLOPES.max())) + 1
    size = (width, height + 2 * pad)
    framed = cv2.copyMakeBorder(coarse, pad, pad, 0, 0, cv2.BORDER_CONSTANT, value=0.0).astype(np.float32)
    response = strongest = np.full(coarse.shape, -1, np.float32)
    for slope in SLOPES:
        shear = np.array([[1, 0, 0], [slope, 1, -slope * width / 2]])
        level = cv2.warpAffine(framed, shear, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        smooth = cv2.GaussianBlur(level, (0, 0), sigmaX=SMOOTHING * COARSE, sigmaY=COARSE)
        bent = cv2.filter2D(smooth, -1, np.array([[-1.0], [2.0], [-1.0]]))
        here = cv2.warpAffine(bent, shear, size, flags=cv2.INTER_LINEAR)[pad : pad + height]
        energy = _around(np.square(np.maximum(here, 0)))
        response = np.where(energy > strongest, here, response)
        strongest = np.maximum(energy, strongest)
    return np.asarray(response, np.float32)


def _around(energy: Floats) -> Floats:
    """The energy of a pixel's surroundings, a few letters and lines wide."""
    size = (energy.shape[1] // 4 + 1, energy.shape[0] // 4 + 1)
    small = cv2.resize(energy, size, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(small, (0, 0), sigmaX=SURROUNDINGS * COARSE / 4, sigmaY=SURROUNDINGS * COARSE / 8)
    return np.asarray(cv2.resize(smooth, energy.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _ridges(response: Floats) -> list[Ridge]:
    """Crests of the response, followed from column to column while they are each other's nearest."""
    framed = np.pad(response, ((1, 1), (0, 0)), constant_values=-np.inf)
    crest = (response >= framed[:-2]) & (response > framed[2:]) & (response > 0)
    if not crest.any():
        return []
    crest &= response > FAINTEST_RIDGE * np.percentile(response[crest], 90)
    done: list[Ridge] = []
    open_: dict[int, tuple[int, list[int]]] = {}
    for column in range(crest.shape[1] + 1):
        peaks = np.flatnonzero(crest[:, column]) if column < crest.shape[1] else np.zeros(0, np.intp)
        grown: dict[int, tuple[int, list[int]]] = {}
        for y, (start, path) in open_.items():
            nearest = peaks[np.abs(peaks - y).argmin()] if len(peaks) else y + 9
            if abs(nearest - y) <= 2 and int(nearest) not in grown:
                grown[int(nearest)] = (start, [*path, int(nearest)])
            else:
                done.append(_ridge(response, start, path))
        open_ = {int(y): grown.get(int(y), (column, [int(y)])) for y in peaks}
    return done


def _ridge(response: Floats, start: int, path: list[int]) -> Ridge:
    along = response[path, np.arange(start, start + len(path))]
    return Ridge(start, np.array(path, np.float32), along)


def _inked(ridge: Ridge, coarse: GreyImage) -> list[Ridge]:
    """The parts of a ridge between wide gaps, each from its first ink to its last."""
    columns = np.flatnonzero(_ink_along(ridge, coarse))
    parts = np.split(columns, np.flatnonzero(np.diff(columns) > WIDEST_GAP * COARSE) + 1)
    return [ridge.part(int(part[0]), int(part[-1]) + 1) for part in parts if len(part) > 1]


def _ink_along(ridge: Ridge, coarse: GreyImage) -> NDArray[np.bool_]:
    """(N,) whether there is ink at each column of a ridge."""
    reach = round(CORE * COARSE)
    rows = ridge.y.round().astype(np.intp)[:, None] + np.arange(-reach, reach + 1)
    columns = np.arange(ridge.start, ridge.end)[:, None]
    return np.asarray(coarse[rows.clip(0, len(coarse) - 1), columns].max(axis=1) > HALF)


def _strongest(ridges: Sequence[Ridge], shape: tuple[int, ...]) -> list[Ridge]:
    """The ridges but those that run close to a stronger one, such as the row of ascenders above a line.

    The weaker a ridge beside another, the farther away it has to be.
    """
    strongest = np.zeros(shape, np.float32)
    kept: list[Ridge] = []
    usual = np.median(np.concatenate([np.full(len(ridge.y), ridge.mean) for ridge in ridges])) if ridges else 0.0
    for ridge in sorted(ridges, key=lambda ridge: -float(ridge.response.sum())):
        near = strongest[ridge.path[:, 1], ridge.path[:, 0]]
        if ridge.mean < FAINT * usual or (near > ridge.mean / WEAK).mean() + (near < 0).mean() >= 0.5:
            continue
        kept.append(ridge)
        band = np.zeros(shape, np.uint8)
        cv2.polylines(band, [ridge.path], False, 1, 2 * round(CLOSE * COARSE) + 1)
        np.maximum(strongest, band * np.float32(ridge.mean), out=strongest, where=strongest >= 0)
        cv2.polylines(strongest, [ridge.path], False, -1, 2 * round(CLOSEST * COARSE) + 1)
    return kept


def _joined(ridges: list[Ridge]) -> list[Ridge]:
    """Parts of the same line put together, the best fitting first."""
    while len(ridges) > 1:
        cost = _misfit(np.array([_ends(ridge) for ridge in ridges]))
        i, j = np.unravel_index(cost.argmin(), cost.shape)
        if cost[i, j] > STEP * COARSE:
            break
        ridges = [ridge for k, ridge in enumerate(ridges) if k not in (i, j)] + [ridges[i].joined(ridges[j])]
    return ridges


def _misfit(ends: Floats) -> Floats:
    """(R, R) pixels by which ridges j and i, carried on to the middle of the gap, miss each other; or infinity."""
    x0, y0, slope0, x1, y1, slope1 = ends.T[:, :, None]
    start, y, slope, end = x0.T, y0.T, slope0.T, x1.T
    middle = (x1 + start) / 2
    beside = np.abs(y1 + slope1 * (middle - x1) - y - slope * (middle - start))
    gap = start - x1
    fits = (gap >= -LONGEST_OVERLAP * COARSE) & (gap <= WIDEST_GAP * COARSE) & (end > x1) & (start > x0)
    return np.where(fits, beside + 0.03 * np.maximum(gap, 0), np.inf)


def _ends(ridge: Ridge) -> tuple[float, ...]:
    """x, y and slope of the left end and of the right one; short ridges are taken as flatter than they look."""
    reach = round(8 * COARSE)
    ends: list[float] = []
    for part, x in ((ridge.y[:reach], ridge.start), (ridge.y[-reach:], ridge.end - 1)):
        columns = np.arange(len(part)) - (len(part) - 1) / 2
        slope = float((columns * part).sum()) / (float((columns**2).sum()) + reach**3 / 24)
        ends += [x, float(part.mean()) + slope * (columns[0] if x == ridge.start else columns[-1]), slope]
    return tuple(ends)


def _in_columns(ridges: Sequence[Ridge], coarse: GreyImage) -> list[Ridge]:
    """The ridges split at gutters: gaps that several lines above and below have as well."""
    split: list[Ridge] = []
    inks = [_ink_along(ridge, coarse) for ridge in ridges]
    for ridge, ink in zip(ridges, inks, strict=True):
        columns = np.flatnonzero(ink)
        ends = [columns[0]]
        for before in np.flatnonzero(np.diff(columns) > GUTTER * COARSE):
            gap = (ridge.start + int(columns[before]) + 1, ridge.start + int(columns[before + 1]))
            near = [(other, along) for other, along in zip(ridges, inks, strict=True) if _beside(ridge, other, gap)]
            votes = [_vote(other, along, gap) for other, along in near]
            if votes.count(1) >= COLUMN and votes.count(1) >= 4 * votes.count(-1):
                ends += [columns[before] + 1, columns[before + 1]]
        ends.append(columns[-1] + 1)
        split += [ridge.part(int(first), int(last)) for first, last in zip(ends[::2], ends[1::2], strict=True)]
    return split


def _beside(ridge: Ridge, other: Ridge, gap: tuple[int, int]) -> bool:
    if other is ridge:
        return False
    y, other_y = (float(np.interp(sum(gap) / 2, [r.start, r.end], r.y[[0, -1]])) for r in (ridge, other))
    return abs(y - other_y) < NEIGHBOURHOOD * COARSE


def _vote(ridge: Ridge, ink: NDArray[np.bool_], gap: tuple[int, int]) -> int:
    """1 when the line has the gap too or starts where it ends, -1 when it writes across, 0 when it is elsewhere."""
    if abs(ridge.start - gap[1]) < GUTTER / 2 * COARSE:
        return 1
    if ridge.start >= gap[0] or ridge.end <= gap[1]:
        return 0
    blank = ~ink[gap[0] - ridge.start : gap[1] - ridge.start]
    return 1 if blank.sum() > 0.8 * GUTTER * COARSE else -1
