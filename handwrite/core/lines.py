"""The image of a page -> its lines of writing, in reading order, and each line cut out alone.

Blob lines by anisotropic smoothing at the scale of the writing (Cohen, Dinstein, El-Sana, Kedem: Using scale-space
anisotropic smoothing for text line extraction in historical documents, ICIAR 2014), with a bank of directions and the
ridges of its answer as in Bukhari, Shafait, Breuel: Text-line extraction using a convolution of isotropic Gaussian
filter with a set of line filters, ICDAR 2011. Nothing is learned and no file is read. What a line says is the work of
`recognize`.

The scale of the writing is the `sigma` of the smoothing, in pixels: about a fifth of the distance between lines, half
the height of a small letter. Ridges are traced in a coarse copy of the page, ink is given to lines in a fine one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.reading import Box, Point

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]
Labels = NDArray[np.int32]
IntArray = NDArray[np.int64]

FIRST_LOOK = 900_000  # pixels of the copy in which the scale is measured
COARSE = 3.0  # sigma, in pixels of the coarse copy
FINE = 8.0  # sigma, in pixels of the fine copy
SCALES = np.geomspace(1.5, 14.0, 11)  # sigmas tried, in pixels of half the first look
LARGER = 0.35  # exponent of sigma by which larger scales are preferred
SLOPES = np.tan(np.radians(np.arange(-16.0, 17.0, 4.0)))  # of the lines that are looked for
FAINTEST_RIDGE = 0.08  # as a share of the strong ones
WEAK = 0.45  # response of a ridge, as a share of that of its neighbour
FAINT = 0.2  # the same, as a share of that of most
HALF = 64  # of 255, ink in a pixel of the coarse copy that counts
COLUMN = 3  # least lines of a column
LEAST_SECOND = 0.25  # size of a second line that makes a page, as a share of the largest
HOLLOW = 0.04  # ink of a frame, as a share of its rectangle
LEAST_PART = 0.15  # of a piece of ink, for a line to have a share in it; of what its main line has
STRIP = 3  # width of the strips that join the parts of an outline, in pixels of the fine copy
OUTLINE_ERROR = 0.8  # of the outline's corners, in pixels of the fine copy
LEAST_CONTRAST = 12  # greys between paper and ink
PAPER_WINDOW = 31  # pixels of the median that finds the paper

# Lengths in sigmas.
SMOOTHING = 5.0  # sigma of the smoothing along the line
SURROUNDINGS = 12.0  # sigma of the surroundings in which lines are parallel
SHORTEST_RULE = 20.0  # of ruled lines
THICKEST_RULE = 0.5  # of ruled lines
BLOT = 2.5  # ink as thick and high as this is no stroke
EDGE = 4.0  # ink along the edge of the image that is no writing
LONGEST_STROKE = 20.0  # height from which ink may be a frame
WIDEST_GAP = 14.0  # between the parts of a line
GUTTER = 5.0  # least width of the gap between columns
NEIGHBOURHOOD = 22.0  # height of the lines that bear witness to a gutter
LONGEST_OVERLAP = 3.0  # of parts of a line
CLOSEST = 2.8  # between lines
CLOSE = 4.2  # between lines one of which is weak
STEP = 1.6  # in height between parts of a line
CORE = 0.8  # half the height of the band around a ridge whose ink surely belongs to the line
REACH = 3.5  # from the ridge to ink that may belong to the line
MARGIN = 1.0  # of paper that the outline leaves around ink
SMALLEST = 1.4  # height of the ink of a line


@dataclass(frozen=True)
class TextLine:
    """A line of writing found on a page.

    outline : corners (x, y) of the polygon around its ink, clockwise, in pixels of the page, pixel k covering
    [k, k + 1). box : the rectangle around the outline.
    """

    outline: tuple[Point, ...]
    box: Box


@dataclass(frozen=True, eq=False)
class _Ridge:
    """The middle of a line or of a part of it: y (N,) at the columns start, start + 1, ...; response : (N,) there."""

    start: int
    y: Floats
    response: Floats

    @property
    def end(self) -> int:
        return self.start + len(self.y)

    @property
    def mean(self) -> float:
        """The mean response."""
        return float(self.response.sum()) / len(self.response)

    @property
    def path(self) -> Labels:
        """(N, 2) int32: the pixels x, y."""
        return np.column_stack([np.arange(self.start, self.end), self.y.round()]).astype(np.int32)

    def part(self, first: int, last: int) -> _Ridge:
        """The columns first, ..., last - 1, counted from the ridge's start."""
        return _Ridge(self.start + first, self.y[first:last], self.response[first:last])

    def joined(self, other: _Ridge) -> _Ridge:
        """This ridge, then the other, straight across a gap, changing over where they lie side by side."""
        left, right = np.arange(self.start, self.end), np.arange(other.start, other.end)
        middle = (self.end + other.start) / 2
        own, others = left <= middle, right > middle
        columns = np.concatenate([left[own], right[others]])
        every = np.arange(self.start, other.end)
        y = np.interp(every, columns, np.concatenate([self.y[own], other.y[others]]))
        response = np.interp(every, columns, np.concatenate([self.response[own], other.response[others]]))
        return _Ridge(self.start, y.astype(np.float32), response.astype(np.float32))


def find_lines(page: Grey) -> list[TextLine]:
    """The lines of writing on a page (H, W) uint8 grey, in reading order.

    Dark ink on light paper and the reverse; lines may slant by up to 16 degrees, bend and touch.
    """
    sigma = measure(page)
    if not sigma:
        return []
    zoom = min(FINE / sigma, 1.0)
    fine = _without_rules(_ink(_resized(page, zoom), sigma=sigma * zoom), sigma=sigma * zoom)
    sigma *= zoom
    fine = _without_dirt(fine, sigma=sigma)
    coarse = _resized(fine * np.uint8(255), COARSE / sigma)
    ridges = [part for ridge in _ridges(_response(coarse)) for part in _inked(ridge, coarse)]
    ridges = _strongest(_joined(_strongest(ridges, coarse.shape)), coarse.shape)
    ridges = _in_reading_order(_in_columns(ridges, coarse))
    ridges = [_rescaled(ridge, sigma / COARSE, fine.shape[1]) for ridge in ridges]
    return list(_outlines(_assign(fine, ridges, sigma=sigma), ridges, sigma=sigma, zoom=zoom))


def is_page(lines: Sequence[TextLine]) -> bool:
    """Whether lines found on an image stand below one another, and are not one line with scraps of its neighbours.

    Some line must be at least a quarter as large as the largest and stand above or below it.
    """
    if not lines:
        return False
    sizes = np.array([cv2.contourArea(np.array(line.outline, np.float32)) for line in lines])
    largest = lines[int(sizes.argmax())]
    others = [line for line, size in zip(lines, sizes, strict=True) if size > LEAST_SECOND * sizes.max()]
    return any(line is not largest and _stacked(line, largest) for line in others)


def _stacked(line: TextLine, other: TextLine) -> bool:
    """Whether one is above the other for at least half of the shorter one's width."""
    shared = min(line.box.right, other.box.right) - max(line.box.left, other.box.left)
    return shared > 0.5 * min(line.box.width, other.box.width)


def cut(page: Grey, line: TextLine) -> tuple[Grey, tuple[int, int]]:
    """The image (h, w) uint8 of a line of a page (H, W), and where its left top corner lies on the page: left, top.

    What lies outside the outline is painted over with paper.
    """
    left, top = max(int(line.box.left), 0), max(int(line.box.top), 0)
    crop = page[top : int(np.ceil(line.box.bottom)), left : int(np.ceil(line.box.right))]
    inside = np.zeros(crop.shape, np.uint8)
    corners = np.floor(np.array(line.outline) - (left, top)).astype(np.int32)
    cv2.fillPoly(inside, [corners], 1)
    return np.where(inside == 1, crop, paper_of(crop, window=2.0 * len(crop))), (left, top)


def _resized(image: Grey, zoom: float, *, method: int = cv2.INTER_AREA) -> Grey:
    size = (max(round(image.shape[1] * zoom), 1), max(round(image.shape[0] * zoom), 1))
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def paper_of(image: Grey, *, window: float) -> Grey:
    """The paper under the ink: the median of some pixels within about `window` of them, (H, W) uint8."""
    small = _resized(image, min(PAPER_WINDOW / window, 1.0), method=cv2.INTER_NEAREST)  # means would mix ink and paper
    pad = PAPER_WINDOW // 2
    framed = cv2.copyMakeBorder(small, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    paper = cv2.medianBlur(framed, PAPER_WINDOW)[pad:-pad, pad:-pad]
    return np.asarray(cv2.resize(paper, image.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _ink(image: Grey, *, sigma: float) -> Grey:
    """1 where there is ink, 0 elsewhere: (H, W) uint8. Ink is what differs from the paper to the commoner side."""
    paper = paper_of(image, window=12 * sigma)
    dark, light = cv2.subtract(paper, image), cv2.subtract(image, paper)
    contrast = max(dark, light, key=lambda side: float(side[side > 40].sum(dtype=np.float64)))
    otsu, _ = cv2.threshold(contrast, 0, 255, cv2.THRESH_OTSU)
    return (contrast > max(0.8 * otsu, LEAST_CONTRAST)).astype(np.uint8)


def measure(page: Grey) -> float:
    """The scale of the writing on a page in its pixels, 0 for a blank one.

    The sigma at which second derivatives down the page, normalised for scale, answer most (Lindeberg: Feature
    detection with automatic scale selection, IJCV 1998, section 4).
    """
    zoom = min((FIRST_LOOK / page.size) ** 0.5, 1.0)
    guess = max(page.shape) * zoom / 140
    ink = _without_rules(_ink(_resized(page, zoom), sigma=guess), sigma=guess)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    kept = (height >= 4) & (width < 14 * height) & (height < 14 * width)
    kept[0] = False
    half = _resized(kept[labels].astype(np.uint8) * np.uint8(255), 0.5).astype(np.float32)
    density = np.sqrt(cv2.GaussianBlur(half, (0, 0), 2.0))
    energy = np.array([_energy(half, density, float(sigma)) for sigma in SCALES]) * SCALES**LARGER
    if not energy.any():
        return 0.0
    weight = np.where(energy > 0.9 * energy.max(), energy, 0)
    return float(2 / zoom * np.exp((weight * np.log(SCALES)).sum() / weight.sum()))


def _energy(image: Floats, density: Floats, sigma: float) -> float:
    """The squared response over the page, less where the middle of a line would lie between lines."""
    smooth = cv2.GaussianBlur(image, (0, 0), sigmaX=min(4 * sigma, 20.0), sigmaY=sigma)
    bent = sigma**2 * (2 * smooth[1:-1] - smooth[2:] - smooth[:-2])
    return float((np.square(np.maximum(bent, 0)) * density[1:-1]).sum())


def _without_rules(ink: Grey, *, sigma: float) -> Grey:
    """The ink without long thin straight lines, level and upright; what crosses them stays."""
    for _ in range(2):
        ink = np.ascontiguousarray(_without_level_rules(ink, sigma=sigma).T)
    return ink


def _without_level_rules(ink: Grey, *, sigma: float) -> Grey:
    run, thick = np.ones((1, round(6 * sigma)), np.uint8), round(THICKEST_RULE * sigma) + 1
    whole = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, thick), np.uint8))
    level = cv2.morphologyEx(cv2.dilate(whole, np.ones((3, 1), np.uint8)), cv2.MORPH_OPEN, run)
    level = cv2.morphologyEx(level, cv2.MORPH_CLOSE, run)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(level, connectivity=8)
    width, area = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_AREA]
    rule = (width >= SHORTEST_RULE * sigma) & (area <= (thick + 2) * width)
    rule[0] = False
    crossing = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((thick + 1, 1), np.uint8))
    return np.where(rule[labels] & (crossing == 0), 0, ink).astype(np.uint8)


def _without_dirt(ink: Grey, *, sigma: float) -> Grey:
    """The ink without blots, frames and what lies along the edges of the image."""
    blot = cv2.morphologyEx(ink, cv2.MORPH_OPEN, _box(BLOT * sigma))
    ink = np.where(cv2.dilate(blot, _box(BLOT * sigma)) > 0, 0, ink).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height, area = stats[:, 2:].T.astype(np.float64)
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    along = np.bincount(edges, minlength=len(stats))
    frame = (height > LONGEST_STROKE * sigma) & ((area < HOLLOW * width * height) | (width < 0.1 * height))
    dirt = (along > EDGE * sigma) | frame
    dirt[0] = True
    return np.asarray(~dirt[labels], np.uint8)


def _box(side: float) -> Grey:
    return np.ones((round(side), round(side)), np.uint8)


def _response(coarse: Grey) -> Floats:
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


def _ridges(response: Floats) -> list[_Ridge]:
    """Crests of the response, followed from column to column while they are each other's nearest."""
    framed = np.pad(response, ((1, 1), (0, 0)), constant_values=-np.inf)
    crest = (response >= framed[:-2]) & (response > framed[2:]) & (response > 0)
    if not crest.any():
        return []
    crest &= response > FAINTEST_RIDGE * np.percentile(response[crest], 90)
    done: list[_Ridge] = []
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


def _ridge(response: Floats, start: int, path: list[int]) -> _Ridge:
    along = response[path, np.arange(start, start + len(path))]
    return _Ridge(start, np.array(path, np.float32), along)


def _inked(ridge: _Ridge, coarse: Grey) -> list[_Ridge]:
    """The parts of a ridge between wide gaps, each from its first ink to its last."""
    columns = np.flatnonzero(_ink_along(ridge, coarse))
    parts = np.split(columns, np.flatnonzero(np.diff(columns) > WIDEST_GAP * COARSE) + 1)
    return [ridge.part(int(part[0]), int(part[-1]) + 1) for part in parts if len(part) > 1]


def _ink_along(ridge: _Ridge, coarse: Grey) -> NDArray[np.bool_]:
    """(N,) whether there is ink at each column of a ridge."""
    reach = round(CORE * COARSE)
    rows = ridge.y.round().astype(np.intp)[:, None] + np.arange(-reach, reach + 1)
    columns = np.arange(ridge.start, ridge.end)[:, None]
    return np.asarray(coarse[rows.clip(0, len(coarse) - 1), columns].max(axis=1) > HALF)


def _strongest(ridges: Sequence[_Ridge], shape: tuple[int, ...]) -> list[_Ridge]:
    """The ridges but those that run close to a stronger one, such as the row of ascenders above a line.

    The weaker a ridge beside another, the farther away it has to be.
    """
    strongest = np.zeros(shape, np.float32)
    kept: list[_Ridge] = []
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


def _joined(ridges: list[_Ridge]) -> list[_Ridge]:
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


def _ends(ridge: _Ridge) -> tuple[float, ...]:
    """x, y and slope of the left end and of the right one; short ridges are taken as flatter than they look."""
    reach = round(8 * COARSE)
    ends: list[float] = []
    for part, x in ((ridge.y[:reach], ridge.start), (ridge.y[-reach:], ridge.end - 1)):
        columns = np.arange(len(part)) - (len(part) - 1) / 2
        slope = float((columns * part).sum()) / (float((columns**2).sum()) + reach**3 / 24)
        ends += [x, float(part.mean()) + slope * (columns[0] if x == ridge.start else columns[-1]), slope]
    return tuple(ends)


def _in_columns(ridges: Sequence[_Ridge], coarse: Grey) -> list[_Ridge]:
    """The ridges split at gutters: gaps that several lines above and below have as well."""
    split: list[_Ridge] = []
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


def _beside(ridge: _Ridge, other: _Ridge, gap: tuple[int, int]) -> bool:
    if other is ridge:
        return False
    y, other_y = (float(np.interp(sum(gap) / 2, [r.start, r.end], r.y[[0, -1]])) for r in (ridge, other))
    return abs(y - other_y) < NEIGHBOURHOOD * COARSE


def _vote(ridge: _Ridge, ink: NDArray[np.bool_], gap: tuple[int, int]) -> int:
    """1 when the line has the gap too or starts where it ends, -1 when it writes across, 0 when it is elsewhere."""
    if abs(ridge.start - gap[1]) < GUTTER / 2 * COARSE:
        return 1
    if ridge.start >= gap[0] or ridge.end <= gap[1]:
        return 0
    blank = ~ink[gap[0] - ridge.start : gap[1] - ridge.start]
    return 1 if blank.sum() > 0.8 * GUTTER * COARSE else -1


def _in_reading_order(ridges: Sequence[_Ridge]) -> list[_Ridge]:
    """From top to bottom; where columns stand side by side, the left one first."""
    slopes = [np.full(len(ridge.y), (ridge.y[-1] - ridge.y[0]) / len(ridge.y)) for ridge in ridges]
    slope = float(np.median(np.concatenate(slopes))) if slopes else 0.0
    rest = sorted(ridges, key=lambda r: float(r.y.mean()) - slope * (r.start + r.end) / 2)
    ordered: list[_Ridge] = []
    while rest:
        left, right = _columns(rest)
        taken = [*_in_reading_order(left), *_in_reading_order(right)] or rest[:1]
        ordered += taken
        rest = [ridge for ridge in rest if not any(ridge is other for other in taken)]
    return ordered


def _columns(ridges: Sequence[_Ridge]) -> tuple[list[_Ridge], list[_Ridge]]:
    """The two columns with which the page begins, down to the first line that goes across; or none."""
    best: tuple[list[_Ridge], list[_Ridge]] = ([], [])
    for x in sorted({ridge.start for ridge in ridges}):
        left, right = [], []
        for ridge in ridges:
            if ridge.end <= x + COARSE:
                left.append(ridge)
            elif ridge.start >= x - COARSE:
                right.append(ridge)
            else:
                break
        if min(len(left), len(right)) >= COLUMN and _side_by_side(left, right) > 0.5:
            best = max(best, (left, right), key=lambda pair: len(pair[0]) + len(pair[1]))
    return best


def _side_by_side(left: Sequence[_Ridge], right: Sequence[_Ridge]) -> float:
    """The share of the lower column's height beside which the other stands."""
    (top, bottom), (other_top, other_bottom) = (
        (min(r.y.min() for r in column), max(r.y.max() for r in column)) for column in (left, right)
    )
    shared = min(bottom, other_bottom) - max(top, other_top)
    return float(shared / max(min(bottom - top, other_bottom - other_top), 1.0))


def _rescaled(ridge: _Ridge, zoom: float, width: int) -> _Ridge:
    columns = (np.arange(ridge.start, ridge.end) + 0.5) * zoom - 0.5
    start, end = int(max(columns[0], 0)), int(min(columns[-1], width - 1)) + 1
    y, response = (
        np.interp(np.arange(start, end), columns, values).astype(np.float32)
        for values in ((ridge.y + 0.5) * zoom - 0.5, ridge.response)
    )
    return _Ridge(start, y, response)


def _assign(ink: Grey, ridges: Sequence[_Ridge], *, sigma: float) -> Labels:
    """(H, W) int32: 0, or the number, from 1, of the line whose ink it is."""
    core = np.zeros(ink.shape, np.int32)
    for number, ridge in enumerate(ridges, start=1):
        cv2.polylines(core, [ridge.path], False, number, 2 * round(CORE * sigma) + 1)
    count, found, stats, centres = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    parts = np.asarray(found, np.int32)
    owner = np.zeros(count, np.int32)
    shared: dict[int, list[int]] = {}
    for part, numbers, pixels in _crossings(parts, core):
        owner[part] = numbers[pixels.argmax()]
        sharing = numbers[pixels >= LEAST_PART * pixels.max()].tolist()
        if len(sharing) > 1:
            shared[part] = sharing
    loose = np.flatnonzero(owner[1:] == 0) + 1
    owner[loose] = _nearest(np.asarray(centres[loose], np.float64), ridges, sigma=sigma)
    labels = np.asarray(owner[parts], np.int32)
    for part, kept in shared.items():
        left, top, width, height = stats[part, :4]
        window = np.s_[top : top + height, left : left + width]
        inside = parts[window] == part
        labels[window][inside] = _split(inside, np.where(np.isin(core[window], kept), core[window], 0))[inside]
    return labels


def _crossings(parts: Labels, core: Labels) -> Iterator[tuple[int, IntArray, IntArray]]:
    """Each part of the ink that lies on ridges, the numbers of these, and how many of its pixels are on each."""
    on = (parts > 0) & (core > 0)
    pairs, pixels = np.unique(parts[on].astype(np.int64) * (core.max() + 1) + core[on], return_counts=True)
    part, number = np.divmod(pairs, core.max() + 1)
    starts = np.flatnonzero(np.diff(part, prepend=-1))
    for rows in np.split(np.arange(len(part)), starts[1:]) if len(part) else []:
        yield int(part[rows[0]]), np.asarray(number[rows], np.int64), np.asarray(pixels[rows], np.int64)


def _nearest(points: NDArray[np.float64], ridges: Sequence[_Ridge], *, sigma: float) -> Labels:
    """(N,) the number of the line that passes nearest to each point (N, 2) above or below it, 0 if none is near."""
    nearest = np.full(len(points), REACH * sigma)
    numbers = np.zeros(len(points), np.int32)
    x, y = points.T
    for number, ridge in enumerate(ridges, start=1):
        distance = np.abs(y - np.interp(x, np.arange(ridge.start, ridge.end), ridge.y))
        closer = (distance < nearest) & (x > ridge.start - REACH * sigma) & (x < ridge.end + REACH * sigma)
        numbers[closer], nearest[closer] = number, distance[closer]
    return numbers


def _split(inside: NDArray[np.bool_], seeds: Labels) -> Labels:
    """Each pixel of a part (H, W) with the number of the seed that is nearest along the ink."""
    inside, seeds = np.pad(inside, 1), np.pad(seeds, 1)
    paper = int(seeds.max()) + 1
    markers = np.where(inside, seeds, paper).astype(np.int32)
    cv2.watershed(np.where(inside, 0, 255).astype(np.uint8)[:, :, None].repeat(3, axis=2), markers)
    markers[(markers < 0) | (markers == paper)] = 0
    grown = cv2.dilate(markers.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
    return np.where(markers > 0, markers, grown)[1:-1, 1:-1]


def _outlines(labels: Labels, ridges: Sequence[_Ridge], *, sigma: float, zoom: float) -> Iterator[TextLine]:
    """Around each line the paper that is nearer to its ink than to that of others."""
    distance, nearest = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner = np.zeros(labels.size + 1, np.int32)
    owner[nearest[labels > 0]] = labels[labels > 0]
    territory = np.where(distance <= MARGIN * sigma, owner[nearest], 0)
    first, last = _extents(labels, count=len(ridges))
    pad = round(MARGIN * sigma) + 1
    for number, ridge in enumerate(ridges, start=1):
        if last[number, 1] - first[number, 1] < SMALLEST * sigma:
            continue
        left, top = np.maximum(first[number] - pad, 0)
        right, bottom = last[number] + pad + 1
        region = (territory[top:bottom, left:right] == number).astype(np.uint8)
        path = ridge.path[max(left - ridge.start, 0) : max(right - ridge.start, 0)] - (left, top)
        yield _outline(_connected(region, path), corner=(int(left), int(top)), zoom=zoom)


def _extents(labels: Labels, *, count: int) -> tuple[Labels, Labels]:
    """(count + 1, 2) each: the least x, y of the pixels with each number, and the greatest; -1 for both without any."""
    rows, columns = np.nonzero(labels)
    numbers, points = labels[rows, columns], np.column_stack([columns, rows]).astype(np.int32)
    last = np.full((count + 1, 2), -1, np.int32)
    np.maximum.at(last, numbers, points)
    first = last.copy()
    np.minimum.at(first, numbers, points)
    return first, last


def _connected(region: Grey, path: Labels) -> Grey:
    """The region (H, W) with its parts joined by strips: along the ridge, and up or down to it."""
    cv2.polylines(region, [path.astype(np.int32)], False, 1, STRIP)
    _, _, _, centres = cv2.connectedComponentsWithStats(region, connectivity=4)
    for x, y in centres[1:].round().astype(int).tolist():
        on_ridge = path[np.abs(path[:, 0] - x).argmin()].tolist() if len(path) else (x, y)
        cv2.polylines(region, [np.array([(x, y), (x, on_ridge[1]), on_ridge], np.int32)], False, 1, STRIP)
    return region


def _outline(region: Grey, *, corner: tuple[int, int], zoom: float) -> TextLine:
    contours, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contour = cv2.approxPolyDP(max(contours, key=cv2.contourArea), OUTLINE_ERROR, True)[:, 0]
    corners = (contour + (np.array(corner) + 0.5)) / zoom
    clockwise = cv2.contourArea(contour.astype(np.float32), oriented=True) > 0
    points = tuple((float(x), float(y)) for x, y in (corners if clockwise else corners[::-1]))
    return TextLine(points, Box(*map(float, corners.min(axis=0)), *map(float, corners.max(axis=0))))
