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

FIRST_LOOK = 1_200_000  # pixels of the copy in which the scale is measured
COARSE = 3.0  # sigma, in pixels of the coarse copy
FINE = 8.0  # sigma, in pixels of the fine copy
SCALES = np.geomspace(1.5, 16.0, 14)  # sigmas tried, in pixels of half the first look
SLOPES = np.tan(np.radians(np.arange(-16.0, 17.0, 4.0)))  # of the lines that are looked for
FAINTEST_RIDGE = 0.08  # as a share of the strong ones
WEAK = 0.45  # response of a ridge, as a share of that of its neighbour
FAINT = 0.2  # the same, as a share of that of most
HALF = 64  # of 255, ink in a pixel of the coarse copy that counts
LEAST_CONTRAST = 12  # greys between paper and ink
PAPER_WINDOW = 31  # pixels of the median that finds the paper

# Lengths in sigmas.
SMOOTHING = 5.0  # sigma of the smoothing along the line
SURROUNDINGS = 12.0  # sigma of the surroundings in which lines are parallel
SHORTEST_RULE = 20.0
THICKEST_RULE = 0.5
BLOT = 2.5  # ink as thick and high as this is no stroke
EDGE = 4.0  # ink along the edge of the image that is no writing
LONGEST_STROKE = 20.0
HOLLOW = 0.04
WIDEST_GAP = 14.0  # between the parts of a line
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

    def joined(self, other: _Ridge) -> _Ridge:
        """This ridge, then the other, with a straight piece in the gap, or changing over where they lie side by side."""
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
    labels = _assign(fine, _rescaled(ridges, sigma / COARSE, fine.shape[1]), sigma=sigma)
    return _in_reading_order(list(_outlines(labels, sigma=sigma, zoom=zoom)))


def _resized(image: Grey, zoom: float) -> Grey:
    size = (max(round(image.shape[1] * zoom), 1), max(round(image.shape[0] * zoom), 1))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def paper_of(image: Grey, *, window: float) -> Grey:
    """The paper under the ink: the median over about `window` pixels, (H, W) uint8."""
    small = _resized(image, min(PAPER_WINDOW / window, 1.0))
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
    energy = np.array([_energy(half, float(sigma)) for sigma in SCALES]) * SCALES**0.25
    if not energy.any():
        return 0.0
    weight = np.where(energy > 0.9 * energy.max(), energy, 0)
    return 2 / zoom * float(np.exp((weight * np.log(SCALES)).sum() / weight.sum()))


def _energy(image: Floats, sigma: float) -> float:
    smooth = cv2.GaussianBlur(image, (0, 0), sigmaX=min(4 * sigma, 20.0), sigmaY=sigma)
    bent = sigma**2 * (2 * smooth[1:-1] - smooth[2:] - smooth[:-2])
    return float(np.square(np.maximum(bent, 0)).sum())


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
    """The ink without what lies along the edges of the image and without frames."""
    blot = np.ones((round(BLOT * sigma), round(BLOT * sigma)), np.uint8)
    ink = cv2.subtract(ink, cv2.dilate(cv2.morphologyEx(ink, cv2.MORPH_OPEN, blot), np.ones((5, 5), np.uint8)))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height, area = (stats[:, column].astype(np.float64) for column in (2, 3, 4))
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    along = np.bincount(edge, minlength=len(stats))
    frame = (height > LONGEST_STROKE * sigma) & ((area < HOLLOW * width * height) | (width < 0.1 * height))
    dirt = (along > EDGE * sigma) | frame
    dirt[0] = True
    return (~dirt[labels]).astype(np.uint8)


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
    small = cv2.resize(energy, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(small, (0, 0), sigmaX=SURROUNDINGS * COARSE / 4, sigmaY=SURROUNDINGS * COARSE / 8)
    return np.asarray(cv2.resize(smooth, energy.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _ridges(response: Floats) -> list[_Ridge]:
    """Crests of the response, followed from column to column while they are each other's nearest."""
    above, below = np.roll(response, 1, axis=0), np.roll(response, -1, axis=0)
    crest = (response >= above) & (response > below)
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


def _inked(ridge: _Ridge, coarse: Grey) -> Iterator[_Ridge]:
    """The parts of a ridge between wide gaps, each from its first ink to its last."""
    columns = np.arange(ridge.start, ridge.end)
    reach = round(CORE * COARSE)
    rows = ridge.y.astype(np.intp)[:, None] + np.arange(-reach, reach + 1)
    ink = coarse[rows.clip(0, len(coarse) - 1), columns[:, None]].max(axis=1) > HALF
    inked = np.flatnonzero(ink)
    for part in np.split(inked, np.flatnonzero(np.diff(inked) > WIDEST_GAP * COARSE) + 1):
        if len(part) >= 2:
            yield _Ridge(ridge.start + int(part[0]), *(along[part[0] : part[-1] + 1] for along in (ridge.y, ridge.response)))


def _strongest(ridges: Sequence[_Ridge], shape: tuple[int, ...]) -> list[_Ridge]:
    """The ridges but those that run close to a stronger one, such as the row of ascenders above a line.

    The weaker a ridge beside another, the farther away it has to be.
    """
    strongest = np.zeros(shape, np.float32)
    kept: list[_Ridge] = []
    usual = np.median([ridge.mean for ridge in ridges for _ in range(len(ridge.y))]) if ridges else 0.0
    for ridge in sorted(ridges, key=lambda ridge: -float(ridge.response.sum())):
        path = np.column_stack([np.arange(ridge.start, ridge.end), ridge.y.round()]).astype(np.int32)
        near = strongest[path[:, 1], path[:, 0]]
        if ridge.mean < FAINT * usual or (near > ridge.mean / WEAK).mean() + (near < 0).mean() >= 0.5:
            continue
        kept.append(ridge)
        band = np.zeros(shape, np.uint8)
        cv2.polylines(band, [path], False, 1, 2 * round(CLOSE * COARSE) + 1)
        np.maximum(strongest, band * np.float32(ridge.mean), out=strongest, where=strongest >= 0)
        cv2.polylines(strongest, [path], False, -1, 2 * round(CLOSEST * COARSE) + 1)
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
    """(R, R) how many pixels ridge j continues beside ridge i, each carried on to the middle of the gap; or infinity."""
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


def _rescaled(ridges: Sequence[_Ridge], zoom: float, width: int) -> list[_Ridge]:
    scaled = []
    for ridge in ridges:
        columns = (np.arange(ridge.start, ridge.end) + 0.5) * zoom - 0.5
        start, end = int(max(columns[0], 0)), int(min(columns[-1], width - 1)) + 1
        y = np.interp(np.arange(start, end), columns, (ridge.y + 0.5) * zoom - 0.5)
        scaled.append(_Ridge(start, y.astype(np.float32), y.astype(np.float32)))
    return scaled


def _assign(ink: Grey, ridges: Sequence[_Ridge], *, sigma: float) -> Labels:
    """(H, W) int32: 0, or the number, from 1, of the line whose ink it is."""
    core = np.zeros(ink.shape, np.int32)
    for number, ridge in enumerate(ridges, start=1):
        path = np.column_stack([np.arange(ridge.start, ridge.end), ridge.y]).round().astype(np.int32)
        cv2.polylines(core, [path], False, number, 2 * round(CORE * sigma) + 1)
    core[ink == 0] = 0
    count, parts, stats, centres = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    pairs = np.unique(np.column_stack([parts[core > 0], core[core > 0]]), axis=0, return_counts=True)
    owner = np.zeros(count, np.int32)
    shared: dict[int, list[int]] = {}
    for part in np.unique(pairs[0][:, 0]):
        rows = pairs[0][:, 0] == part
        numbers, pixels = pairs[0][rows, 1], pairs[1][rows]
        kept = numbers[pixels >= 0.15 * pixels.max()]
        owner[part] = numbers[pixels.argmax()]
        if len(kept) > 1:
            shared[int(part)] = kept.tolist()
    loose = np.flatnonzero(owner == 0)[1:]
    owner[loose] = _nearest(centres[loose], ridges, sigma=sigma)
    owner[0] = 0
    labels = owner[parts]
    for part, numbers in shared.items():
        _split(labels, parts == part, core, numbers, stats[part])
    return labels


def _nearest(points: NDArray[np.float64], ridges: Sequence[_Ridge], *, sigma: float) -> Labels:
    """The number of the line that passes nearest to each point (N, 2) above or below it, 0 if none is near."""
    distance = np.full((len(ridges) + 1, len(points)), REACH * sigma)
    for number, ridge in enumerate(ridges, start=1):
        x = points[:, 0]
        y = np.interp(x, np.arange(ridge.start, ridge.end), ridge.y)
        near = (x > ridge.start - 3 * sigma) & (x < ridge.end + 3 * sigma)
        distance[number] = np.where(near, np.abs(points[:, 1] - y), np.inf)
    return distance.argmin(axis=0).astype(np.int32)


def _split(labels: Labels, part: NDArray[np.bool_], core: Labels, numbers: Sequence[int], stats: Labels) -> None:
    """Give each pixel of a part that several lines share to the line whose core is nearest along the ink."""
    left, top, width, height = stats[:4]
    window = np.s_[top : top + height, left : left + width]
    inside = np.pad(part[window], 1)
    seeds = np.pad(np.where(np.isin(core[window], numbers), core[window], 0), 1)
    paper = max(numbers) + 1
    markers = np.where(inside, seeds, paper).astype(np.int32)
    cv2.watershed(np.where(inside, 0, 255).astype(np.uint8)[:, :, None].repeat(3, axis=2), markers)
    markers[(markers < 0) | (markers == paper)] = 0
    grown = cv2.dilate(markers.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
    labels[window][part[window]] = np.where(markers > 0, markers, grown)[1:-1, 1:-1][part[window]]


def _outlines(labels: Labels, *, sigma: float, zoom: float) -> Iterator[TextLine]:
    """Around each line the paper that is nearer to its ink than to that of others."""
    distance, nearest = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner = np.zeros(labels.size + 1, np.int32)
    owner[nearest[labels > 0]] = labels[labels > 0]
    territory = np.where(distance <= MARGIN * sigma, owner[nearest], 0)
    for number, (top, bottom, left, right) in _extents(labels).items():
        if bottom - top < SMALLEST * sigma:
            continue
        pad = round(MARGIN * sigma) + 1
        top, left = max(top - pad, 0), max(left - pad, 0)
        region = (territory[top : bottom + pad, left : right + pad] == number).astype(np.uint8)
        yield _outline(_connected(region), left=left, top=top, zoom=zoom)


def _extents(labels: Labels) -> dict[int, tuple[int, int, int, int]]:
    """Line -> top, bottom, left, right of its ink, the ends exclusive."""
    rows, columns = np.nonzero(labels)
    numbers = labels[rows, columns]
    order = np.argsort(numbers, kind="stable")
    found, start = np.unique(numbers[order], return_index=True)
    low_y, high_y = (f.reduceat(rows[order], start) for f in (np.minimum, np.maximum)) if len(found) else ([], [])
    low_x, high_x = (f.reduceat(columns[order], start) for f in (np.minimum, np.maximum)) if len(found) else ([], [])
    ends = zip(low_y, high_y, low_x, high_x, strict=True)
    return {int(n): (int(t), int(b) + 1, int(l), int(r) + 1) for n, (t, b, l, r) in zip(found, ends, strict=True)}


def _connected(region: Grey) -> Grey:
    """The region with its parts joined by strips, from left to right."""
    count, _, _, centres = cv2.connectedComponentsWithStats(region, connectivity=4)
    order = 1 + np.argsort(centres[1:, 0])
    path = centres[order].round().astype(np.int32)
    if count > 2:
        cv2.polylines(region, [path], False, 1, 3)
    return region


def _outline(region: Grey, *, left: int, top: int, zoom: float) -> TextLine:
    contours, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contour = cv2.approxPolyDP(max(contours, key=cv2.contourArea), 0.8, True)[:, 0]
    corners = (contour + (left + 0.5, top + 0.5)) / zoom
    area = cv2.contourArea(contour.astype(np.float32), oriented=True)
    points = tuple((float(x), float(y)) for x, y in (corners if area > 0 else corners[::-1]))
    return TextLine(points, Box(*map(float, corners.min(axis=0)), *map(float, corners.max(axis=0))))


def _in_reading_order(lines: list[TextLine]) -> list[TextLine]:
    return sorted(lines, key=lambda line: line.box.top)
