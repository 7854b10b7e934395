"""What training does to vary its samples: ink -> image as someone else's pen might have left it, image -> image.

`draw_line` draws ink in another size, slant and pen on some paper; `vary_image` does to images of lines, drawn ones and
scans alike, what cameras, scanners, printers of ruled paper and neighbouring lines do. How strongly is said by `Hand`
and `Strength`. Both are made for speed, a few milliseconds a line: exact drawing is the work of `render`. What is
written is never cut off, and a person can still read it. Images are given dark on light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.curve import Float64Array, bezier, points_at, without_repeats
from handwrite.core.geometry import deslope, smooth, x_height_of
from handwrite.core.image import WHITE, GreyImage
from handwrite.core.ink import Ink
from handwrite.core.render import pressure_of

FloatImage = NDArray[np.float32]

PIECES = 3  # straight lines that a curve between two points is drawn with
THINNEST = 0.8  # pixels that a pen is wide at least
SUBPIXELS = 4  # per pixel, along each side, while a line is drawn
FRACTION_BITS = 6  # of coordinates handed to OpenCV
BYTE_DEVIATION = 73.9  # standard deviation of a random byte
DOTTED = 0.15  # share of ruled lines that are dotted
THICK_RULES = 50  # rows of an image from which on its ruled lines may be two pixels thick
MESH = 8  # pixels between the points at which slow changes of light are worked out
SHADOW_EDGE = (8.0, 400.0)  # half-pixels over which light falls off, least and most
REACH = 61  # pixels along an edge among which the paper there is looked for: more than a tail of a letter is wide


@dataclass(frozen=True, kw_only=True)
class Hand:
    """How far `draw_line` varies ink, pen and paper. Ranges are (least, most); lengths in x-heights where not said.

    x_height : pixels; with ascenders and descenders a line is about 3 times as high. margin : pixels on each side.
    slant : standard deviation of dx per dy. stretch : width over natural width. rotation : standard deviation, degrees.
    wave : most that the baseline rises or falls. jitter : standard deviation of the slow trembling of strokes.
    smoothing : chance that corners are rounded. width, pressure, darkness : of the pen, see `render.Pen`. nib : share
    that strokes in one direction are wider than usual, and those across it narrower. white_scan : share of lines on
    blank white, as scanners that clean up give them; the others lie on paper.
    """

    x_height: tuple[float, float] = (12.0, 23.0)
    margin: tuple[float, float] = (2.0, 12.0)
    slant: float = 0.15
    stretch: tuple[float, float] = (0.8, 1.25)
    rotation: float = 0.8
    wave: float = 0.15
    jitter: float = 0.025
    smoothing: float = 0.3
    width: tuple[float, float] = (0.05, 0.22)
    pressure: tuple[float, float] = (0.0, 0.35)
    nib: tuple[float, float] = (0.0, 0.3)
    darkness: tuple[float, float] = (0.55, 1.0)
    white_scan: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Dose:
    """How often a distortion comes, 0 to 1, and how strong it is at most, in the unit of the distortion."""

    chance: float
    most: float


@dataclass(frozen=True, kw_only=True)
class Strength:
    """How often and how strongly `vary_image` distorts, each independently of the others.

    clean : share of images that are left as they are. slant : dx per dy. stretch : log of width over natural width.
    rotation : degrees. elastic : displacement, image heights. thicker : share of the change that one pixel more of
    pen width makes. thinner : share of the ink that goes. hard : how near to black and white a scanner's threshold
    drives the greys, 0 to 1. contrast : share that the contrast loses. gamma : log of the exponent. shadow : share of
    the light lost in the darkest place. blur : standard deviation, pixels. noise : the same, greys of 255.
    jpeg : 100 - quality. rules : darkness of ruled lines, 0 to 1. neighbours : height of the strip that a neighbouring
    line shows in, image heights. bleed : darkness of the writing that shines through from the back, 0 to 1.
    invert : only its chance counts.
    """

    clean: float = 0.4
    slant: Dose = Dose(chance=0.35, most=0.3)
    stretch: Dose = Dose(chance=0.35, most=0.2)
    rotation: Dose = Dose(chance=0.3, most=1.5)
    elastic: Dose = Dose(chance=0.3, most=0.035)
    thicker: Dose = Dose(chance=0.15, most=0.9)
    thinner: Dose = Dose(chance=0.12, most=0.4)
    hard: Dose = Dose(chance=0.1, most=0.9)
    contrast: Dose = Dose(chance=0.25, most=0.6)
    gamma: Dose = Dose(chance=0.2, most=0.5)
    shadow: Dose = Dose(chance=0.15, most=0.5)
    blur: Dose = Dose(chance=0.2, most=1.3)
    noise: Dose = Dose(chance=0.2, most=9.0)
    jpeg: Dose = Dose(chance=0.25, most=75.0)
    rules: Dose = Dose(chance=0.15, most=0.8)
    neighbours: Dose = Dose(chance=0.25, most=0.2)
    bleed: Dose = Dose(chance=0.06, most=0.2)
    invert: Dose = Dose(chance=0.02, most=1.0)


HAND = Hand()
STRENGTH = Strength()


def draw_line(ink: Ink, *, rng: np.random.Generator, hand: Hand = HAND) -> GreyImage:
    """Ink of one line or word, in any unit, as a scanner or a phone might see it: (H, W) uint8, dark on light.

    All of the ink lies within the image. Blank ink gives a small blank image.
    """
    return draw_with_ink(ink, rng=rng, hand=hand)[0]


def draw_with_ink(ink: Ink, *, rng: np.random.Generator, hand: Hand = HAND) -> tuple[GreyImage, Ink]:
    """The image that `draw_line` makes and the ink in it, in its pixels."""
    x_height = float(np.exp(rng.uniform(*np.log(hand.x_height))))
    placed = _written(ink, x_height, hand, rng)
    width = max(x_height * float(np.exp(rng.uniform(*np.log(hand.width)))), THINNEST)
    margins = rng.uniform(*hand.margin, 4) + width
    left, top, right, bottom = placed.bounds
    shape = (int(np.ceil(bottom - top + margins[0] + margins[1])), int(np.ceil(right - left + margins[2] + margins[3])))
    placed = placed.moved(margins[2] - left, margins[0] - top)
    weight = width * pressure_of(placed, pressure=rng.uniform(*hand.pressure)) if len(ink) else np.zeros(0)
    cover = _cover(placed, shape, weight, nib=rng.uniform(*hand.nib), angle=rng.uniform(0, np.pi))
    image = _on_paper(cover, darkness=rng.uniform(*hand.darkness), white=rng.random() < hand.white_scan, rng=rng)
    return image, placed


def _written(ink: Ink, x_height: float, hand: Hand, rng: np.random.Generator) -> Ink:
    """The ink in pixels, in another slant, stretch, direction and rhythm."""
    if not len(ink):
        return ink
    ink = without_repeats(ink)
    if rng.random() < hand.smoothing:
        ink = smooth(ink, passes=2)
    ink = deslope(ink)
    scale = x_height / x_height_of(ink)
    xy = (ink.points[:, :2].astype(np.float64) - (ink.bounds[0], ink.points[:, 1].mean())) * scale
    x, y = xy.T
    stretch, angle = np.exp(rng.uniform(*np.log(hand.stretch))), np.deg2rad(hand.rotation) * rng.standard_normal()
    x = stretch * x - hand.slant * rng.standard_normal() * y
    y = y + hand.wave * x_height * rng.uniform() * np.sin(x / (x_height * rng.uniform(6, 30)) + rng.uniform(0, 7))
    x, y = x + angle * y, y - angle * x
    tremble = _slow_noise(len(ink), rng) * hand.jitter * x_height
    return ink.with_points(np.column_stack([x + tremble[:, 0], y + tremble[:, 1], ink.points[:, 2]]))


def _slow_noise(count: int, rng: np.random.Generator) -> FloatImage:
    """(count, 2) noise of about unit deviation that changes over some ten points."""
    coarse = rng.standard_normal((count // 10 + 2, 2), np.float32)
    return np.asarray(cv2.resize(coarse, (2, count), interpolation=cv2.INTER_CUBIC), np.float32)


def _cover(ink: Ink, shape: tuple[int, int], weight: Float64Array, *, nib: float, angle: float) -> GreyImage:
    """The mark of a pen that is `weight` (N,) pixels wide: (H, W) uint8, 0 to 255. As `render.draw`, but of one
    darkness, in fewer pieces and with a nib that is held at an angle."""
    canvas = np.zeros((shape[0] * SUBPIXELS, shape[1] * SUBPIXELS), np.uint8)
    if len(ink):
        lines, weights = _lines(ink, weight)
        way = lines[:, -1] - lines[:, 0]
        lean = np.cos(2 * (np.arctan2(way[:, 1], way[:, 0]) - angle)) * way.any(axis=1)  # dots lie in no direction
        weights = weights * (1 + nib * lean)
        corners = np.round((lines * SUBPIXELS - 0.5) * (1 << FRACTION_BITS)).astype(np.int32)
        thickness = np.maximum(np.round(weights * SUBPIXELS), 1).astype(np.int64)
        for step in np.unique(thickness):
            cv2.polylines(canvas, corners[thickness == step], False, (WHITE,), int(step), shift=FRACTION_BITS)
    return np.asarray(cv2.resize(canvas, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), np.uint8)


def _lines(ink: Ink, weight: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Polygons (M, PIECES + 1, 2) along the ink's curves, and the weight (M,) of each; a dot is one of no length."""
    curves, start = bezier(ink)
    lines = points_at(curves, np.broadcast_to(np.linspace(0, 1, PIECES + 1), (len(curves), PIECES + 1)))
    dots = np.flatnonzero(ink.dots)
    spots = np.repeat(ink.points[dots, None, :2].astype(np.float64), PIECES + 1, axis=1)
    return np.concatenate([lines, spots]), np.concatenate([(weight[start] + weight[start + 1]) / 2, weight[dots]])


def _on_paper(cover: GreyImage, *, darkness: float, white: bool, rng: np.random.Generator) -> GreyImage:
    """Ink on paper as a scanner sees it. White paper keeps no trace of its own."""
    if rng.random() < 0.5:
        cover = _multiplied(cover, WHITE - rng.uniform(0.1, 0.5) * _bytes(cover.shape, rng, cell=1.5))
    if (blur := rng.uniform(0.0, 0.8)) > 0.3:
        cover = _blurred(cover, blur)
    paper = 1.0 if white else rng.uniform(0.65, 1.0)
    image = _looked_up(cover, WHITE * paper * (1 - darkness * np.linspace(0, 1, WHITE + 1)))
    if not white:
        image = _with_shadow(image, rng.uniform(0, 0.15), rng)
        image = _with_noise(image, rng.uniform(0, 4), cell=float(rng.choice([1.0, 1.0, 3.0])), rng=rng)
    return image


def vary_image(
    image: GreyImage,
    *,
    rng: np.random.Generator,
    neighbours: Sequence[GreyImage] = (),
    strength: Strength = STRENGTH,
) -> GreyImage:
    """The image (H, W) uint8 of a line, dark on light, as it might look on another day: (H', W') uint8.

    `neighbours` are images of other lines, parts of which may show at the top and the bottom; without any they come
    from the image itself. The canvas grows where the line is moved, so that nothing is lost. An image that is left
    clean is returned itself, not a copy.
    """
    if rng.random() < strength.clean:
        return image
    dose = {
        field.name: _drawn(getattr(strength, field.name), rng) for field in fields(strength) if field.name != "clean"
    }
    if dose["neighbours"]:
        image = _with_neighbours(image, dose["neighbours"], neighbours, rng)
    if dose["bleed"]:
        image = _with_bleed(image, dose["bleed"], rng)
    if dose["rules"]:
        image = _with_rules(image, dose["rules"], rng)
    if dose["thicker"]:
        image = _blend(image, cv2.erode(image, _nib(rng)), dose["thicker"])
    if dose["thinner"]:
        image = _thinned(image, dose["thinner"], rng)
    image = _moved(image, dose, rng)
    image = _photographed(image, dose, rng)
    return WHITE - image if dose["invert"] else image


def _drawn(dose: Dose, rng: np.random.Generator) -> float:
    """The strength of a distortion in one image: 0 when it does not come."""
    come, share = rng.random(2)
    return dose.most * float(0.15 + 0.85 * share) if come < dose.chance else 0.0


def _photographed(image: GreyImage, dose: dict[str, float], rng: np.random.Generator) -> GreyImage:
    """What light, lens, sensor and file format do."""
    if dose["shadow"]:
        image = _with_shadow(image, dose["shadow"], rng)
    if dose["blur"]:
        image = _blurred(image, dose["blur"])
    if dose["hard"]:
        image = _hardened(image, dose["hard"], rng)
    if dose["contrast"] or dose["gamma"]:
        image = _toned(image, dose["contrast"], dose["gamma"] * rng.choice([-1, 1]), rng)
    if dose["noise"]:
        image = _with_noise(image, dose["noise"], cell=float(rng.choice([1.0, 1.5, 3.0])), rng=rng)
    if dose["jpeg"]:
        image = _as_jpeg(image, quality=round(100 - dose["jpeg"]))
    return image


def _ringed(image: GreyImage) -> GreyImage:
    """The image (H, W) within a ring of one pixel of the paper that is nearest: (H + 2, W + 2)."""
    ring = np.asarray(cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REPLICATE), np.uint8)
    level, upright = np.ones((5, REACH), np.uint8), np.ones((REACH, 5), np.uint8)
    ring[:1] = cv2.dilate(cv2.blur(ring[:6], (5, 3)), level)[:1]
    ring[-1:] = cv2.dilate(cv2.blur(ring[-6:], (5, 3)), level)[-1:]
    ring[:, :1] = cv2.dilate(cv2.blur(ring[:, :6], (3, 5)), upright)[:, :1]
    ring[:, -1:] = cv2.dilate(cv2.blur(ring[:, -6:], (3, 5)), upright)[:, -1:]
    return ring


def _moved(image: GreyImage, dose: dict[str, float], rng: np.random.Generator) -> GreyImage:
    """The image slanted, stretched, turned and bent, on a canvas that holds all of it.

    Elastic distortion after Simard, Steinkraus and Platt 2003, "Best practices for convolutional neural networks
    applied to visual document analysis", with a coarse field of displacements, made smooth by cubic interpolation.
    """
    slant, stretch, turn = rng.choice([-1.0, 1.0], 3) * (dose["slant"], dose["stretch"], np.deg2rad(dose["rotation"]))
    reach = dose["elastic"] * image.shape[0]
    if not (slant or stretch or turn or reach):
        return image
    height, width = image.shape
    forth = np.array([[np.exp(stretch), -slant], [-turn * np.exp(stretch), 1 + turn * slant]])
    corners = forth @ np.array([[0, width, 0, width], [0, 0, height, height]])
    left, top = np.floor(corners.min(axis=1) - reach)
    right, bottom = np.ceil(corners.max(axis=1) + reach)
    x, y = np.arange(left, right, dtype=np.float32) + 0.5, np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5
    back = np.linalg.inv(forth).astype(np.float32)
    map_x, map_y = (row[0] * x + row[1] * y + np.float32(0.5) for row in back)  # half a pixel on, within the ring
    if reach:
        cell = height * rng.uniform(0.35, 1.0)
        for places in (map_x, map_y):
            places += reach * _slow(places.shape, rng, cell=cell)
    moved = cv2.remap(_ringed(image), map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _slow(shape: tuple[int, ...], rng: np.random.Generator, *, cell: float) -> FloatImage:
    """(H, W) from -1 to 1, smooth over `cell` pixels."""
    coarse = rng.uniform(-1, 1, (int(shape[0] / cell) + 2, int(shape[1] / cell) + 2)).astype(np.float32)
    smooth_field = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(smooth_field, -1, 1), np.float32)


def _with_neighbours(
    image: GreyImage, depth: float, neighbours: Sequence[GreyImage], rng: np.random.Generator
) -> GreyImage:
    """Ends of long letters of the line above, of the line below, or of both, on as many rows more or fewer."""
    height = image.shape[0]
    rows = max(round(depth * height), 2)
    above, below = ((True, False), (False, True), (True, True))[rng.integers(3)]
    top, bottom = (int(rng.integers(rows)) * comes for comes in (above, below))
    image = np.asarray(cv2.copyMakeBorder(_ringed(image), top, bottom, 0, 0, cv2.BORDER_REPLICATE), np.uint8)
    for comes, place in ((above, slice(0, rows)), (below, slice(-rows, None))):
        if comes:
            other = neighbours[int(rng.integers(len(neighbours)))] if neighbours else image
            shape = (rows, image.shape[1])
            image[place] = _multiplied(image[place], _strip(other, shape, height, above=place.start == 0, rng=rng))
    return image


def _strip(
    other: GreyImage, shape: tuple[int, int], height: int, *, above: bool, rng: np.random.Generator
) -> GreyImage:
    """(rows, W) the lower ends of another line's letters, or the upper ends, on white. The other line is scaled to the
    height given and lies anywhere along the strip."""
    rows, columns = shape
    width = max(round(other.shape[1] * height / other.shape[0]), 1)
    other = np.asarray(cv2.resize(other, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    paper = cv2.blur(cv2.dilate(other, np.ones((height // 4 + 1, height // 2 + 1), np.uint8)), (15, 15))
    other = np.asarray(cv2.divide(other, paper, scale=1.06 * WHITE), np.uint8)
    inked = np.flatnonzero(other.min(axis=1) < 0.6 * WHITE)
    first, last = (inked[0], inked[-1] + 1) if len(inked) else (0, height)
    band = other[max(last - rows, 0) : last] if above else other[first : first + rows]
    strip = np.full(shape, WHITE, np.uint8)
    start = int(rng.integers(-width // 2, max(columns - width // 2, 1)))
    left, right = max(start, 0), min(start + width, columns)
    place = slice(rows - len(band), None) if above else slice(0, len(band))
    strip[place, left:right] = band[:, left - start : right - start]
    return strip


def _with_bleed(image: GreyImage, darkness: float, rng: np.random.Generator) -> GreyImage:
    """Faint writing of the other side of the sheet, mirrored and blurred."""
    back = np.roll(image[:, ::-1], rng.integers(0, image.shape[0], 2), axis=(0, 1))
    shine = WHITE - darkness * np.maximum(np.median(image[::3, ::3]) - np.arange(WHITE + 1.0), 0)
    return _multiplied(image, _looked_up(_blurred(back, 1.5), shine))


def _with_rules(image: GreyImage, darkness: float, rng: np.random.Generator) -> GreyImage:
    """Ruled lines behind the writing and paler than it: one under it, or several, paler still where they are close."""
    height, width = image.shape
    spacing = height * rng.choice([rng.uniform(0.15, 0.35), rng.uniform(0.5, 0.9), 9.0], p=(0.25, 0.25, 0.5))
    ink, paper = np.percentile(image[::2, ::2], [0.5, 80])
    darkness *= (1 - ink / max(paper, 1)) * (0.4 if spacing < height / 2 else 1.0)
    layer = np.full(image.shape, WHITE, np.uint8)
    grey, thickness = (round(WHITE * (1 - darkness)),), 1 + int(rng.random() < 0.3 and height > THICK_RULES)
    rise = height * rng.normal(0, 0.03)
    first = _baseline(image) + height * rng.normal(0, 0.03)
    for y in np.arange(first % spacing if spacing < height else first, height, spacing):
        ends = np.round([0, 16 * (y - rise / 2), 16 * width, 16 * (y + rise / 2)]).astype(int).tolist()
        cv2.line(layer, ends[:2], ends[2:], grey, thickness, cv2.LINE_AA, shift=4)
    if rng.random() < DOTTED:
        layer[:, np.arange(width) % rng.integers(4, 9) < 2] = WHITE
    return _multiplied(image, layer)


def _baseline(image: GreyImage) -> float:
    """The row under which the ink gets less most quickly."""
    profile = WHITE - cv2.blur(image, (1, 5)).mean(axis=1)
    step = max(image.shape[0] // 10, 1)
    falls = profile[: -2 * step] - profile[2 * step :]
    return float(np.argmax(falls[len(falls) // 3 :]) + len(falls) // 3 + step) if len(falls) else image.shape[0] / 2


def _nib(rng: np.random.Generator) -> NDArray[np.uint8]:
    """(k, k) what a stroke becomes wider or narrower by: in all directions, across or down."""
    return (np.ones((2, 2), np.uint8), np.ones((1, 2), np.uint8), np.ones((2, 1), np.uint8))[rng.integers(3)]


def _thinned(image: GreyImage, share: float, rng: np.random.Generator) -> GreyImage:
    """The image with narrower strokes, which lose that share of their ink, or less if a pixel of width is less."""
    thin = np.asarray(cv2.dilate(image, _nib(rng)), np.uint8)
    paper, full, rest = float(np.median(image[::3, ::3])), image.mean(), thin.mean()
    lost = (rest - full) / max(paper - full, 1e-3)
    return _blend(image, thin, min(share / max(lost, 1e-3), 1.0))


def _with_shadow(image: GreyImage, depth: float, rng: np.random.Generator) -> GreyImage:
    """Light that falls off to one side, gradually or at the edge of a shadow."""
    height, width = image.shape
    angle, edge = rng.uniform(0, 2 * np.pi), np.exp(rng.uniform(*np.log(SHADOW_EDGE)))
    across, down = np.cos(angle) * width * np.linspace(-1, 1, width // MESH + 2), np.sin(angle) * height
    away = across[None, :] + down * np.linspace(-1, 1, height // MESH + 2)[:, None]
    away = (away - 0.6 * rng.uniform(-1, 1) * np.abs(away).max()) / edge
    gain = (1 - depth / (1 + np.exp(-np.clip(away, -30, 30)))).astype(np.float32)
    full = cv2.resize(gain, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(image, full, dtype=cv2.CV_8U), np.uint8)


def _hardened(image: GreyImage, share: float, rng: np.random.Generator) -> GreyImage:
    """Greys driven towards those of paper and ink around a threshold between them, as scanners do."""
    ink, paper = (float(grey) for grey in np.percentile(image[::2, ::2], [0.5, 80]))
    middle, softness = ink + (paper - ink) * rng.uniform(0.45, 0.75), (paper - ink) * (0.3 - 0.25 * share)
    greys = np.arange(WHITE + 1)
    steep = 1 / (1 + np.exp(-(greys - middle) / max(softness / 2, 1.0)))
    return _looked_up(image, ink + (paper - ink) * steep)


def _toned(image: GreyImage, loss: float, gamma: float, rng: np.random.Generator) -> GreyImage:
    """Less contrast, around white, black or what is between, and another gamma."""
    greys = np.linspace(0, 1, WHITE + 1) ** np.exp(gamma)
    return _looked_up(image, WHITE * (greys * (1 - loss) + loss * rng.uniform(0.3, 1)))


def _as_jpeg(image: GreyImage, *, quality: int) -> GreyImage:
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)


def _blurred(image: GreyImage, deviation: float) -> GreyImage:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), deviation), np.uint8)


def _bytes(shape: tuple[int, ...], rng: np.random.Generator, *, cell: float) -> GreyImage:
    """(H, W) random bytes, each `cell` pixels wide and high, smoothly joined where that is more than one."""
    noise = rng.integers(0, WHITE + 1, (int(shape[0] / cell) + 1, int(shape[1] / cell) + 1), np.uint8)
    if cell == 1:
        return noise[: shape[0], : shape[1]]
    return np.asarray(cv2.resize(noise, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.uint8)


def _with_noise(image: GreyImage, deviation: float, *, cell: float, rng: np.random.Generator) -> GreyImage:
    share = deviation / BYTE_DEVIATION
    noise = _bytes(image.shape, rng, cell=cell)
    return np.asarray(cv2.addWeighted(image, 1.0, noise, share, -share * WHITE / 2), np.uint8)


def _blend(image: GreyImage, other: cv2.typing.MatLike, share: float) -> GreyImage:
    return np.asarray(cv2.addWeighted(image, 1 - share, other, share, 0), np.uint8)


def _multiplied(image: GreyImage, share: NDArray[Any]) -> GreyImage:
    """The image times a share of 0 to 255."""
    return np.asarray(cv2.multiply(image, share.astype(np.uint8), scale=1 / WHITE), np.uint8)


def _looked_up(image: GreyImage, greys: NDArray[Any]) -> GreyImage:
    """The image with each grey replaced by that at its place in `greys` (256,)."""
    return np.asarray(cv2.LUT(image, np.clip(np.round(greys), 0, WHITE).astype(np.uint8)), np.uint8)
