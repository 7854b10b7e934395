"""The image of a page -> its lines of writing, in reading order, and each line cut out alone.

Which ink there is on the page is told by `page_ink`, where lines run by `ridges`. Here ink is given to the line whose
ridge it lies on or near, and each line gets its outline. Nothing is learned and no file is read. What a line says is
the work of `recognize`.

Ridges are traced in a coarse copy of the page, ink is given to lines in a fine one. Sigma is the scale of the writing,
as `page_ink` measures it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import GreyImage
from handwrite.core.page_ink import ink_of, measure, paper_of, resized, without_dirt, without_rules
from handwrite.core.reading import Box, Point
from handwrite.core.ridges import COARSE, COLUMN, CORE, Ridge, find_ridges

Labels = NDArray[np.int32]
IntArray = NDArray[np.int64]

FINE = 8.0  # sigma, in pixels of the fine copy
LEAST_SECOND = 0.25  # size of a second line that makes a page, as a share of the largest
MOST_TORN = 0.5  # share of a page's ink that is in connected parts of several lines
LEAST_PART = 0.15  # of a piece of ink, for a line to have a share in it; of what its main line has
STRIP = 3  # width of the strips that join the parts of an outline, in pixels of the fine copy
OUTLINE_ERROR = 0.8  # of the outline's corners, in pixels of the fine copy

# Lengths in sigmas.
REACH = 3.5  # from the ridge to ink that may belong to the line
MARGIN = 1.0  # of paper that the outline leaves around ink
SMALLEST = 1.4  # height of the ink of a line
DISTANCE = 5.0  # of lines below one another


@dataclass(frozen=True)
class TextLine:
    """A line of writing found on a page.

    outline : corners (x, y) of the polygon around its ink, clockwise, in pixels of the page, pixel k covering
    [k, k + 1). box : the rectangle around the outline.
    """

    outline: tuple[Point, ...]
    box: Box


def find_lines(page: GreyImage) -> list[TextLine]:
    """The lines of writing on a page (H, W) uint8 grey, in reading order.

    Dark ink on light paper and the reverse; lines may slant by up to 16 degrees, bend and touch.
    """
    return _find(page, sigma=measure(page))[0]


def find_page(image: GreyImage) -> list[TextLine]:
    """The lines of an image that shows a page, as `find_lines` finds them; none when it shows one line or word: as
    `is_page` tells, or as most of its ink would be torn apart. Where two lines have no room, nothing is looked for: the
    scale of the writing takes a third of the time."""
    sigma = measure(image)
    if len(image) < (DISTANCE + SMALLEST) * sigma:
        return []
    found, torn = _find(image, sigma=sigma)
    return found if torn < MOST_TORN and is_page(found) else []


def _find(page: GreyImage, *, sigma: float) -> tuple[list[TextLine], float]:
    """The lines of writing of that scale, in pixels of the page, and the share of the ink that is torn apart for them;
    none where it is 0."""
    if not sigma:
        return [], 0.0
    zoom = min(FINE / sigma, 1.0)
    fine = without_rules(ink_of(resized(page, zoom), sigma=sigma * zoom), sigma=sigma * zoom)
    sigma *= zoom
    fine = without_dirt(fine, sigma=sigma)
    coarse = resized(fine * np.uint8(255), COARSE / sigma)
    ridges = [ridge.rescaled(sigma / COARSE, fine.shape[1]) for ridge in _in_reading_order(find_ridges(coarse))]
    labels, torn = _assign(fine, ridges, sigma=sigma)
    return list(_outlines(labels, ridges, sigma=sigma, zoom=zoom)), torn


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


def cut(page: GreyImage, outline: Sequence[Point] | NDArray[np.float64]) -> tuple[GreyImage, tuple[int, int]]:
    """What an outline holds of a page (H, W): an image (h, w) uint8, and where its left top corner lies on the page:
    left, top.

    outline : corners (x, y) of a polygon in pixels of the page, any part of it off the page. What lies outside it is
    painted over with the paper thereabouts. The image is empty, (0, 0), when nothing of the outline is on the page.
    """
    corners = np.array(outline, np.float64)
    left, top = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int).tolist()
    right, bottom = np.maximum(np.ceil(corners.max(axis=0)), 0).astype(int).tolist()
    crop = page[top:bottom, left:right]
    inside = np.zeros(crop.shape, np.uint8)
    if crop.size:
        cv2.fillPoly(inside, [np.floor(corners - (left, top)).astype(np.int32)], 1)
    if not inside.any():
        return crop[:0, :0], (left, top)
    return np.where(inside == 1, crop, paper_of(crop, window=2.0 * len(crop))), (left, top)


def _in_reading_order(ridges: Sequence[Ridge]) -> list[Ridge]:
    """From top to bottom; where columns stand side by side, the left one first."""
    slopes = [np.full(len(ridge.y), (ridge.y[-1] - ridge.y[0]) / len(ridge.y)) for ridge in ridges]
    slope = float(np.median(np.concatenate(slopes))) if slopes else 0.0
    rest = sorted(ridges, key=lambda r: float(r.y.mean()) - slope * (r.start + r.end) / 2)
    ordered: list[Ridge] = []
    while rest:
        left, right = _columns(rest)
        taken = [*_in_reading_order(left), *_in_reading_order(right)] or rest[:1]
        ordered += taken
        rest = [ridge for ridge in rest if not any(ridge is other for other in taken)]
    return ordered


def _columns(ridges: Sequence[Ridge]) -> tuple[list[Ridge], list[Ridge]]:
    """The two columns with which the page begins, down to the first line that goes across; or none."""
    best: tuple[list[Ridge], list[Ridge]] = ([], [])
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


def _side_by_side(left: Sequence[Ridge], right: Sequence[Ridge]) -> float:
    """The share of the lower column's height beside which the other stands."""
    (top, bottom), (other_top, other_bottom) = (
        (min(r.y.min() for r in column), max(r.y.max() for r in column)) for column in (left, right)
    )
    shared = min(bottom, other_bottom) - max(top, other_top)
    return float(shared / max(min(bottom - top, other_bottom - other_top), 1.0))


def _assign(ink: GreyImage, ridges: Sequence[Ridge], *, sigma: float) -> tuple[Labels, float]:
    """(H, W) int32: 0, or the number, from 1, of the line whose ink it is; and the share of the ink in connected parts
    of which several lines have some."""
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
    area = stats[:, cv2.CC_STAT_AREA]
    return labels, float(area[list(shared)].sum() / max(area[1:].sum(), 1))


def _crossings(parts: Labels, core: Labels) -> Iterator[tuple[int, IntArray, IntArray]]:
    """Each part of the ink that lies on ridges, the numbers of these, and how many of its pixels are on each."""
    on = (parts > 0) & (core > 0)
    pairs, pixels = np.unique(parts[on].astype(np.int64) * (core.max() + 1) + core[on], return_counts=True)
    part, number = np.divmod(pairs, core.max() + 1)
    starts = np.flatnonzero(np.diff(part, prepend=-1))
    for rows in np.split(np.arange(len(part)), starts[1:]) if len(part) else []:
        yield int(part[rows[0]]), np.asarray(number[rows], np.int64), np.asarray(pixels[rows], np.int64)


def _nearest(points: NDArray[np.float64], ridges: Sequence[Ridge], *, sigma: float) -> Labels:
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


def _outlines(labels: Labels, ridges: Sequence[Ridge], *, sigma: float, zoom: float) -> Iterator[TextLine]:
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


def _connected(region: GreyImage, path: Labels) -> GreyImage:
    """The region (H, W) with its parts joined by strips: along the ridge, and up or down to it."""
    cv2.polylines(region, [path.astype(np.int32)], False, 1, STRIP)
    _, _, _, centres = cv2.connectedComponentsWithStats(region, connectivity=4)
    for x, y in centres[1:].round().astype(int).tolist():
        on_ridge = path[np.abs(path[:, 0] - x).argmin()].tolist() if len(path) else (x, y)
        cv2.polylines(region, [np.array([(x, y), (x, on_ridge[1]), on_ridge], np.int32)], False, 1, STRIP)
    return region


def _outline(region: GreyImage, *, corner: tuple[int, int], zoom: float) -> TextLine:
    contours, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contour = cv2.approxPolyDP(max(contours, key=cv2.contourArea), OUTLINE_ERROR, True)[:, 0]
    corners = (contour + (np.array(corner) + 0.5)) / zoom
    clockwise = cv2.contourArea(contour.astype(np.float32), oriented=True) > 0
    points = tuple((float(x), float(y)) for x, y in (corners if clockwise else corners[::-1]))
    return TextLine(points, Box(*map(float, corners.min(axis=0)), *map(float, corners.max(axis=0))))
