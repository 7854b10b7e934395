"""The image of a line -> the line as a model sees it: black ground, white ink, of one size, level, at one height.

The same function prepares what a model learns from and what it reads. Sizes and slopes are measured by moments of the
ink (Kozielski, Forster and Ney 2012, "Moment-based image normalization for handwritten text recognition"): the spread
of its rows is a steadier measure of the size of letters than its top and bottom. Pages are cut into lines by `lines`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from handwrite.core.geometry import SLANTS
from handwrite.core.image import WHITE, GreyImage, is_dark_on_light
from handwrite.core.reading import Box
from handwrite.errors import InputError

FloatImage = NDArray[np.float32]
FloatArray = NDArray[np.float64]

HEIGHT = 40
"""Rows of a normalized line."""

SPREAD = 6.5
"""Standard deviation of the ink's rows in a normalized line, in rows: letters without ascenders are about 12 high."""

WIDTH = 1.4
"""Times its own width that a line has for this height: crowded letters are else too narrow to be told apart."""

MARGIN = 6  # empty columns on each side of a normalized line
MOST_COLUMNS = 11_264
WORK_HEIGHT = 96  # rows of the image while light and slope are measured
LETTER = WORK_HEIGHT // 3  # about the height of a letter then
DIM = 32.0  # grey of the darkest paper whose light is levelled
DARK_LIMIT = 0.06  # contrast with the paper that ink has at least, as a share of the paper's light
RULE_LENGTH, RULE_WIDTH = 1.6, 5  # the shortest rule, in heights of the image; more rows than the thickest rule has
NEAR = 2.6  # spreads from the middle that ink counts for the spread
STRAIGHT, CURVED = 4.0, 9.0  # widths over heights from which on a line's slope and its bend are measured
STEEPEST = 0.35  # rows per column that a line may rise or fall and still be taken for a line
FILL = 1.06  # heights that the ink without its outermost rows may fill
SMALLEST = 0.62  # of the wanted size, for that: what then stands out belongs to other lines


@dataclass(frozen=True, eq=False)
class NormalLine:
    """A line made ready for a model, and the way back to the image that it came from.

    pixels : (HEIGHT, W) uint8, 0 where there is no ink, 255 for full ink. scale : normalized rows per pixel of the
    image; columns are `WIDTH` times as many. left : column of the image where the left edge of normalized column 0
    lies. middle : (3,) coefficients of the row of the image that normalized row HEIGHT / 2 follows, highest power
    first, in columns of the image. slant : columns of the image that the writing leaned to the right for each row up.
    """

    pixels: GreyImage
    scale: float
    left: float
    middle: FloatArray
    slant: float

    def boxes(self, edges: ArrayLike) -> list[Box]:
        """The boxes, in pixels of the image, of the ink between neighbouring edges (K + 1,), normalized columns that
        never fall; of a letter's height where there is none."""
        edges = np.asarray(edges, np.float64)
        columns, rows = (0.5 + places for places in np.nonzero(self.pixels.T > WHITE // 2))
        part = np.searchsorted(edges, columns, "right") - 1
        inside = (part >= 0) & (part < len(edges) - 1)
        bare = np.setdiff1d(np.arange(len(edges) - 1), part)
        part = np.concatenate([part[inside], bare, bare])
        columns = np.concatenate([columns[inside], edges[bare] + 0.5, edges[bare + 1] - 0.5])
        rows = np.concatenate([rows[inside], *np.full((len(bare), 2), HEIGHT / 2 + SPREAD * np.array([-1, 1])).T])
        x, y = self._in_image(columns, rows)
        corners = np.full((4, len(edges) - 1), np.inf)  # left, top, minus right, minus bottom
        for corner, values in zip(corners, (x, y, -x, -y), strict=True):
            np.minimum.at(corner, part, values - 0.5 / self.scale)
        left, top, right, bottom = (corners * [[1], [1], [-1], [-1]]).tolist()
        return [Box(*sides) for sides in zip(left, top, right, bottom, strict=True)]

    def _in_image(self, columns: NDArray[Any], rows: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
        """Where points of the normalized line lie in the image."""
        up = HEIGHT / 2 - rows
        x = self.left + (columns / WIDTH + self.slant * up) / self.scale
        bend, slope, row = self.middle
        return x, (bend * x + slope) * x + row - up / self.scale


def normalize(image: GreyImage) -> NormalLine:
    """Make the image (H, W) uint8 of one line ready for a model. Raises InputError when there is no ink in it."""
    shrunk = min(1.0, WORK_HEIGHT / image.shape[0])
    small = image
    if shrunk < 1:
        size = (max(round(image.shape[1] * shrunk), 1), WORK_HEIGHT)
        small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    factor = np.array([small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]])
    ink = without_rules(ink_of(small))
    middle, scale = _shape(ink)
    first, last = _extent(ink)
    slant = _slant(_resample(ink, middle, scale=scale, slant=0.0, left=first, right=last))
    lean = MARGIN + abs(slant) * HEIGHT / 2
    left, right = first - lean / scale, last + lean / scale
    pixels = _resample(ink, middle, scale=scale, slant=slant, left=left, right=right, width=WIDTH)
    start, stop = _extent((pixels / WHITE).astype(np.float32))
    begin = max(start - MARGIN, 0)
    # in pixels of the image: y = polynomial(x * factor_x) / factor_y
    powers = factor[0] ** np.arange(len(middle) - 1, -1, -1)
    return NormalLine(
        pixels=np.ascontiguousarray(pixels[:, begin : stop + MARGIN][:, :MOST_COLUMNS]),
        scale=float(scale * factor[0]),
        left=float((left + begin / (WIDTH * scale)) / factor[0]),
        middle=middle * powers / factor[1],
        slant=slant,
    )


def stretched(pixels: GreyImage, by: float) -> GreyImage:
    """A normalized line (HEIGHT, W) uint8 as (HEIGHT, W * by)."""
    return np.asarray(cv2.resize(pixels, (max(round(pixels.shape[1] * by), 1), HEIGHT)), np.uint8)


def ink_of(image: GreyImage) -> FloatImage:
    """How much ink there is at each pixel of an image (H, W): float32 from 0 for paper to 1.

    White ground and dark ink are made certain, shadows and uneven light levelled. Raises InputError when nothing stands
    out from the paper.
    """
    grey = image if is_dark_on_light(image, around=LETTER) else WHITE - image
    paper = _paper(grey)
    contrast = np.clip((paper - grey) / np.maximum(paper, DIM), 0, 1)
    quantized = np.round(contrast * WHITE).astype(np.uint8)
    threshold, _ = cv2.threshold(quantized, 0, WHITE, cv2.THRESH_OTSU)
    dark = contrast[quantized > threshold]
    if not len(dark) or dark.mean() < DARK_LIMIT:
        raise InputError("no writing in it; give an image of dark writing on light paper, or of light on dark")
    pale = contrast[quantized <= threshold]
    floor = min(float(pale.mean() + pale.std()), 0.5 * float(dark.mean()))
    full = float(np.percentile(dark, 70))
    return np.asarray(np.clip((contrast - floor) / max(full - floor, 1e-3), 0, 1), np.float32)


def _halved(image: NDArray[Any]) -> NDArray[Any]:
    """The image at half its size, at least one pixel."""
    size = (max(image.shape[1] // 2, 1), max(image.shape[0] // 2, 1))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def _paper(grey: GreyImage) -> FloatImage:
    """(H, W) float32: how light the paper is at each pixel, seen between the strokes."""
    height, width = grey.shape
    small = cv2.resize(grey, (max(width // 4, 1), max(height // 4, 1)), interpolation=cv2.INTER_AREA)
    around = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((LETTER // 4, LETTER // 4), np.uint8))
    even = cv2.GaussianBlur(around, (0, 0), 1.0)
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def without_rules(ink: FloatImage) -> FloatImage:
    """Ink (H, W) without ruled lines: long, thin and level ones; strokes that cross them stay whole. What ends
    before the image does and is most of the ink is a dash and stays."""
    length = round(RULE_LENGTH * ink.shape[0])
    if ink.shape[1] < 2 * length:
        return ink
    along = np.ones((1, length), np.uint8)
    if not cv2.erode((ink >= 0.1).astype(np.uint8), along).any():
        return ink
    long_runs = cv2.morphologyEx(ink, cv2.MORPH_OPEN, along)
    thin = long_runs - cv2.morphologyEx(long_runs, cv2.MORPH_OPEN, np.ones((RULE_WIDTH, 1), np.uint8))
    ruled = cv2.dilate(thin, np.ones((3, 1), np.uint8))
    rest = np.clip(ink - 1.2 * ruled, 0, 1)
    if ruled[:, [0, -1]].max() < 0.1 and rest.sum() < 0.5 * ink.sum():
        return ink
    beside = np.ones((RULE_WIDTH, 5), np.uint8)
    above, below = (cv2.dilate(rest, beside, anchor=(2, row)) for row in (RULE_WIDTH - 1, 0))
    return np.asarray(np.where(ruled > 0.05, np.minimum(ink, np.minimum(above, below)), rest), np.float32)


def _shape(ink: FloatImage) -> tuple[FloatArray, float]:
    """Coefficients (3,) of the row that the middle of the ink follows, and normalized pixels per pixel: letters of one
    size, or somewhat smaller where the height would not hold the ink. Measured at half the size."""
    small = _halved(ink)
    height, width = small.shape
    up, across = ink.shape[0] / height, ink.shape[1] / width
    rows, columns = (np.arange(height) + 0.5) * up, (np.arange(width) + 0.5) * across
    middle = _middle(small, rows, columns)
    away = np.abs(rows[:, None] - np.polyval(middle, columns)[None, :]).astype(np.float32)
    near, spread = small, 0.0
    for _ in range(3):  # then without scraps of other lines
        spread = float(np.sqrt((away * away * near).sum() / near.sum()))
        near = small * (away <= max(NEAR * spread, up))
    heavy = away[small > 0.3] if (small > 0.3).any() else away[small > 0]
    edge = int(0.985 * (len(heavy) - 1))
    reach = float(np.partition(heavy, edge)[edge]) + up / 2
    wanted = SPREAD / max(spread, 1e-3)
    return middle, max(min(wanted, FILL * HEIGHT / 2 / reach), SMALLEST * wanted)


def _middle(ink: FloatImage, rows: FloatArray, columns: FloatArray) -> FloatArray:
    """(3,) coefficients of the row that the middle of the ink follows: bent, straight or level, as the width allows."""
    mass = ink.sum(axis=0, dtype=np.float64)
    centre = np.asarray(rows @ ink / np.maximum(mass, 1e-9), np.float64)
    width, height = np.ptp(columns), np.ptp(rows)
    degree = int(width > STRAIGHT * height) + int(width > CURVED * height)
    middle = _fit(columns, centre, mass, degree=degree)
    steepest = np.abs(np.polyval(np.polyder(middle), columns[[0, -1]])).max()
    return middle if steepest <= STEEPEST else _fit(columns, centre, mass, degree=0)


def _fit(columns: FloatArray, centre: FloatArray, mass: FloatArray, *, degree: int) -> FloatArray:
    """(3,) the least-squares polynomial through the centres of columns, weighted by the ink in each."""
    unit = max(float(columns[-1]), 1.0)  # keeps the powers of columns of about the same size
    powers = np.vander(columns / unit, degree + 1)
    weight = np.sqrt(mass)
    solved = np.linalg.lstsq(powers * weight[:, None], centre * weight, rcond=None)[0]
    return np.concatenate([np.zeros(2 - degree), solved / unit ** np.arange(degree, -1, -1)])


def _extent(ink: FloatImage) -> tuple[int, int]:
    """The first column with ink and the one after the last."""
    used = np.flatnonzero(ink.max(axis=0) > 0.4)
    return (int(used[0]), int(used[-1]) + 1) if len(used) else (0, ink.shape[1])


def _slant(pixels: GreyImage) -> float:
    """Columns that writing leans to the right for each row up: upright, its strokes fill the fewest columns.

    The shear with the greatest sum of squares of the column sums, as Vinciarelli and Luettin 2001 seek it.
    """
    small = _halved(pixels)
    height, width = small.shape
    room = height // 2 + 1
    sharpest, found = 0.0, 0.0
    for slant in SLANTS:
        shear = np.array([[1, slant, room - slant * (height - 1) / 2], [0, 1, 0]])
        upright = cv2.warpAffine(small, shear, (width + 2 * room, height))
        columns = upright.sum(axis=0, dtype=np.float64)
        sharpness = float(columns @ columns)
        if sharpness > sharpest:
            sharpest, found = sharpness, float(slant)
    return found


def _resample(
    ink: FloatImage,
    middle: FloatArray,
    *,
    scale: float,
    slant: float,
    left: float,
    right: float,
    width: float = 1.0,
) -> GreyImage:
    """(HEIGHT, W) uint8: the ink between two columns, straightened around `middle`, scaled, made upright and so many
    times as wide."""
    if scale < 0.75:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.35 / scale), np.float32)
    columns = int(np.clip(np.ceil((right - left) * scale * width), 1, 2 * MOST_COLUMNS))
    x = left + (np.arange(columns) + 0.5) / (scale * width)
    y = (np.arange(HEIGHT) + 0.5 - HEIGHT / 2) / scale
    map_x = (x[None, :] - slant * y[:, None] - 0.5).astype(np.float32)
    map_y = (y[:, None] + np.polyval(middle, x)[None, :] - 0.5).astype(np.float32)
    drawn = cv2.remap(np.round(ink * WHITE).astype(np.uint8), map_x, map_y, cv2.INTER_LINEAR)
    return np.asarray(drawn, np.uint8)
