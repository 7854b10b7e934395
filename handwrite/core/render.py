"""Ink -> grey image: what the pen leaves on paper, and what a scanner makes of it.

A `Frame` says where ink lies in the image, a `Pen` how wide and dark its line is, a `Paper` what noise lies over both.
Nothing is learned here and nothing is random but what a given generator draws. Files are the work of `formats`;
distortion of ink or images for training is the work of `augment`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.curve import Float64Array, IntArray, bezier, lines_needed, points_at, without_repeats
from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink
from handwrite.errors import InputError

Coverage = NDArray[np.float32]

MAX_PIXELS = 40_000_000  # an A3 page at 400 dots per inch
MAX_ASPECT = 40.0  # ink flatter than this, such as a dash, is fitted as if it were this high
LINE_SUBPIXELS = 15.0  # the width of a middling line while it is drawn; OpenCV widens lines in steps of 2 of them
FRACTION_BITS = 6  # of coordinates handed to OpenCV
FLATNESS = 0.05  # pixels that a curve may stray from the lines it is drawn with
SPEED_RANGE = 6.0  # a pen 6 times slower or faster than the median presses no harder or lighter than that
SMOOTHING = 5  # points over which speed is averaged


@dataclass(frozen=True, kw_only=True)
class Pen:
    """How a pen marks paper.

    width : pixels at the median speed. pressure : the line is (median speed / speed) ** pressure times as wide, so 0
    is a technical pen. darkness : of the line at the median speed, 0 to 1; fast lines are paler.
    """

    width: float = 2.5
    pressure: float = 0.16
    darkness: float = 0.88

    def __post_init__(self) -> None:
        if not (0 < self.width < 2000 and 0 <= self.pressure <= 1 and 0 < self.darkness <= 1):
            raise ValueError(f"pen out of range: {self}")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What paper and scanner add; all 0 (and white 1) is a clean image.

    white : grey of the paper, 0 to 1. contrast : grey of full ink below that, as a share of it. shading : how much
    darker the darkest corner is. grain : standard deviation of the noise of each pixel. fibre : that of the paper's
    slow unevenness. skips : share of ink that rough paper does not take. blur : standard deviation in pixels.
    ruled : pixels between ruled lines; 0 for none. Greys are on a scale from 0 (black) to 1 (white).
    """

    white: float = 0.94
    contrast: float = 0.9
    shading: float = 0.06
    grain: float = 0.012
    fibre: float = 0.006
    skips: float = 0.25
    blur: float = 0.45
    ruled: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.white, self.contrast, self.shading, self.skips)
        if not all(0 <= share <= 1 for share in shares) or min(self.grain, self.fibre, self.blur, self.ruled) < 0:
            raise ValueError(f"paper out of range: {self}")


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Where ink lies in an image: pixel = ink * scale + (left, top), pixel k covering [k, k + 1).

    height, width : of the image in pixels. scale : pixels per unit of ink.
    """

    height: int
    width: int
    scale: float
    left: float
    top: float

    def place(self, ink: Ink) -> Ink:
        """The ink in pixels of the image; the clock stays."""
        return ink.scaled(self.scale).moved(self.left, self.top)


def fit(ink: Ink, *, height: int, margin: float = 4.0) -> Frame:
    """The frame of an image `height` pixels high that the ink fills but for `margin` pixels on each side."""
    inner = height - 2 * margin
    if inner <= 0 or margin < 0:
        raise ValueError(f"no room for ink in {height} pixels with margins of {margin}")
    left, top, right, bottom = ink.bounds
    extent = max(bottom - top, (right - left) / MAX_ASPECT)
    scale = inner / extent if extent else 1.0
    width = (right - left) * scale + 2 * margin
    return _frame(height, width, scale, margin - left * scale, height / 2 - (top + bottom) / 2 * scale)


def enlarge(ink: Ink, *, scale: float, margin: float = 4.0) -> Frame:
    """The frame of an image that shows the ink at `scale` pixels a unit, with `margin` pixels on each side."""
    if not scale > 0 or margin < 0:
        raise ValueError(f"scale must be above 0 and margin not below: {scale}, {margin}")
    left, top, right, bottom = ink.bounds
    height, width = (bottom - top) * scale + 2 * margin, (right - left) * scale + 2 * margin
    return _frame(height, width, scale, margin - left * scale, margin - top * scale)


def _frame(height: float, width: float, scale: float, left: float, top: float) -> Frame:
    if not height * width <= MAX_PIXELS:
        size = f"{width:.0f} x {height:.0f} pixels"
        raise InputError(f"ink too large to draw: {size} is more than {MAX_PIXELS:,}; draw it smaller, or as svg")
    rows, columns = (max(int(np.ceil(side)), 1) for side in (height, width))
    return Frame(height=rows, width=columns, scale=scale, left=left, top=top)


def render(
    ink: Ink,
    *,
    height: int = 64,
    margin: float = 4.0,
    frame: Frame | None = None,
    pen: Pen | None = None,
    paper: Paper | None = None,
    rng: np.random.Generator | None = None,
) -> GreyImage:
    """Draw ink: (H, W) uint8, dark on white, 255 where there is none.

    The ink fills `height` pixels but for the margins, or lies where `frame` puts it. `paper` adds the noise of paper
    and scan, drawn from `rng`, which it then needs. Raises InputError when the image would be huge.
    """
    pen = pen or Pen()
    frame = frame or fit(ink, height=height, margin=margin)
    cover = draw(frame.place(ink), shape=(frame.height, frame.width), pen=pen)
    if paper is None:
        return 255 - cover
    if rng is None:
        raise ValueError("paper noise needs a generator: render(..., rng=numpy.random.default_rng(seed))")
    return scan(cover, paper=paper, rng=rng)


def draw(ink: Ink, *, shape: tuple[int, int], pen: Pen) -> GreyImage:
    """The mark that a pen leaves: (H, W) uint8, 0 for bare paper to 255 for full ink. The ink is in pixels.

    Lines follow smooth curves with round ends, wider and darker where the pen is slow. They are drawn enlarged and
    averaged down, from the palest up, so that crossings keep the darker mark.
    """
    factor = int(np.clip(np.round(LINE_SUBPIXELS / pen.width), 3, 8))
    canvas = np.zeros((shape[0] * factor, shape[1] * factor), np.uint8)
    if len(ink):
        ink = without_repeats(ink)
        lines, weight = _flatten(ink, pressure_of(ink, pressure=pen.pressure), pen=pen, factor=factor)
        corners = np.round((lines * factor - 0.5) * (1 << FRACTION_BITS)).astype(np.int32)
        radius = np.maximum(np.round((weight * pen.width * factor - 1) / 2), 0).astype(np.int64)
        for step in np.unique(radius):
            grey = _grey(pen, (2 * step + 1) / (pen.width * factor))
            cv2.polylines(canvas, corners[radius == step], False, grey, max(2 * int(step), 1), shift=FRACTION_BITS)
    return np.asarray(cv2.resize(canvas, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), np.uint8)


def _grey(pen: Pen, weight: float) -> int:
    return round(255 * min(pen.darkness * weight**0.5, 1.0)) if pen.pressure else round(255 * pen.darkness)


def pressure_of(ink: Ink, *, pressure: float) -> Float64Array:
    """(N,) how much wider than usual the line is at each point: (median speed / speed) ** pressure.

    Without a clock the points are taken as evenly spaced in time. A lone dot is pressed as a pen at rest is.
    """
    strongest = SPEED_RANGE**pressure
    speed = np.hypot(*np.diff(ink.points[:, :2].astype(np.float64), axis=0).T)
    if ink.has_clock:
        duration = np.diff(ink.points[:, 2].astype(np.float64))
        speed = speed / np.maximum(duration, 1e-3)
    drawn = ~ink.pen_up[:-1] & (speed > 0)
    if not drawn.any():
        return np.full(len(ink), strongest)
    slowness = np.zeros(len(ink) + 1)
    slowness[1:-1][drawn] = np.clip(-np.log(speed[drawn] / np.median(speed[drawn])), *_LOG_RANGE)
    known = np.zeros(len(ink) + 1)
    known[1:-1] = drawn
    box = np.ones(SMOOTHING + 1)  # an even number of steps, centred on the point between them
    total, count = (np.convolve(values, box)[SMOOTHING // 2 + 1 :][: len(ink)] for values in (slowness, known))
    factor = np.exp(pressure * total / np.maximum(count, 1))
    return np.where(ink.dots, strongest, factor)


_LOG_RANGE = (-float(np.log(SPEED_RANGE)), float(np.log(SPEED_RANGE)))


def _flatten(ink: Ink, weight: Float64Array, *, pen: Pen, factor: int) -> tuple[Float64Array, Float64Array]:
    """Straight pieces (M, 2, 2) of the ink's curves and the weight (M,) of each; a dot is a piece of no length."""
    curves, start = bezier(ink)
    counts = _pieces(curves, np.abs(np.diff(weight)[start]) * pen.width * factor / 2)
    curve = np.repeat(np.arange(len(curves)), counts)
    step = np.arange(len(curve)) - np.repeat(np.cumsum(counts) - counts, counts)
    begin, end = step / counts[curve], (step + 1) / counts[curve]
    lines = points_at(curves[curve], np.stack([begin, end], axis=1))
    middle = (begin + end) / 2
    weights = weight[start][curve] * (1 - middle) + weight[start + 1][curve] * middle
    dots = np.flatnonzero(ink.dots)
    if not len(dots):
        return lines, weights
    spots = np.repeat(ink.points[dots, None, :2].astype(np.float64), 2, axis=1)
    return np.concatenate([lines, spots]), np.concatenate([weights, weight[dots]])


def _pieces(curves: Float64Array, widening: Float64Array) -> IntArray:
    """(M,) lines that each curve needs to stay flat and to widen gradually."""
    flat = lines_needed(curves, tolerance=FLATNESS)
    return np.asarray(np.clip(np.ceil(np.maximum(flat, widening)), 1, 64), np.int64)


def scan(cover: GreyImage, *, paper: Paper, rng: np.random.Generator) -> GreyImage:
    """A scan of paper with `cover` (H, W), as `draw` gives it: (H, W) uint8, the same for the same generator state."""
    ink = cover.astype(np.float32) / 255
    shape = ink.shape
    if paper.skips:
        ink *= 1 - paper.skips * np.clip(_cloud(shape, rng, cell=1.5), 0, 1)
    light = np.full(shape, paper.white, np.float32)
    if paper.ruled:
        light *= _rules(shape, spacing=paper.ruled, first=float(rng.uniform(0.5, 1)))
    if paper.fibre:
        light += paper.fibre * _cloud(shape, rng, cell=5.0)
    if paper.shading:
        light *= 1 - paper.shading * _slope(shape, angle=float(rng.uniform(0, 2 * np.pi)))
    image = np.asarray(light * (1 - paper.contrast * ink), np.float32)
    if paper.blur:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), paper.blur), np.float32)
    if paper.grain:
        image += paper.grain * rng.standard_normal(shape, np.float32)
    return np.asarray(np.clip(np.round(image * 255), 0, 255), np.uint8)


def _cloud(shape: tuple[int, ...], rng: np.random.Generator, *, cell: float) -> Coverage:
    """(H, W) smooth noise of about unit deviation whose features are `cell` pixels wide."""
    small = (int(shape[0] / cell) + 2, int(shape[1] / cell) + 2)
    noise = rng.standard_normal(small, np.float32)
    return np.asarray(cv2.resize(noise, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def _slope(shape: tuple[int, ...], *, angle: float) -> Coverage:
    """(H, W) from 0 at one end to 1 at the other, rising in the direction `angle` (radians)."""
    across, down = np.linspace(-1, 1, shape[1]), np.linspace(-1, 1, shape[0])
    plane = np.cos(angle) * across[None, :] + np.sin(angle) * down[:, None]
    return np.asarray(0.5 + plane / (2 * (abs(np.cos(angle)) + abs(np.sin(angle)))), np.float32)


def _rules(shape: tuple[int, ...], *, spacing: float, first: float) -> Coverage:
    """(H, 1) the light that pale ruled lines leave; the first lies at the share `first` of a spacing."""
    rows = np.arange(shape[0], dtype=np.float32) + 0.5
    distance = np.abs((rows - first * spacing + spacing / 2) % spacing - spacing / 2)
    return np.asarray(1 - 0.22 * np.clip(1.2 - distance, 0, 1), np.float32)[:, None]
