"""The image of a page -> its ink, and the scale of the writing on it.

Ink is told from the paper, whatever the light; ruled lines, blots, frames and dirt along the edges are left out. Which
line ink belongs to is the work of `lines`. Nothing is learned and no file is read.

The scale of the writing is the `sigma`, in pixels, of the smoothing at which lines stand out best: about a fifth of the
distance between lines, half the height of a small letter. Where letters are large, a pen's lines stand out as well;
parts of ink that are far taller than what stands out tell one from the other.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import WHITE, GreyImage, is_dark_on_light

Floats = NDArray[np.float32]

FIRST_LOOK = 900_000  # pixels of the copy in which the scale is measured
SCALES = np.geomspace(1.5, 14.0, 11)  # sigmas tried, in pixels of half the first look
LARGER = 0.35  # exponent of sigma by which larger scales are preferred
LEAST_CONTRAST = 14  # between paper and ink, of 255
DIMMEST = 100  # grey of the darkest paper whose light is levelled
PAPER_WINDOW = 31  # pixels of the median that finds the paper
TALLEST, TALL = 6.0, 4.5  # sigmas that connected parts are high: at most on a page, those of large writing
HOLLOW = 0.04  # ink of a frame, as a share of its rectangle

# Lengths in sigmas.
SHORTEST_RULE = 20.0  # of ruled lines
LEVEL_RUN = 6.0  # that a ruled line goes level at least, and that may be missing between two parts of it
THICKEST_RULE = 0.5  # of ruled lines
THICKEST_MARK = 4.0  # of ink
BLOT = 2.5  # ink as thick and high as this is no stroke
EDGE = 4.0  # ink along the edge of the image that is no writing
LONGEST_STROKE = 20.0  # height from which ink may be a frame


def resized(image: GreyImage, zoom: float, *, method: int = cv2.INTER_AREA) -> GreyImage:
    size = (max(round(image.shape[1] * zoom), 1), max(round(image.shape[0] * zoom), 1))
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def paper_of(image: GreyImage, *, window: float) -> GreyImage:
    """The paper under the ink: the median of some pixels within about `window` of them, (H, W) uint8."""
    small = resized(image, min(PAPER_WINDOW / window, 1.0), method=cv2.INTER_NEAREST)  # means would mix ink and paper
    pad = PAPER_WINDOW // 2
    framed = cv2.copyMakeBorder(small, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    paper = cv2.medianBlur(framed, PAPER_WINDOW)[pad:-pad, pad:-pad]
    return np.asarray(cv2.resize(paper, image.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def ink_of(image: GreyImage, *, sigma: float) -> GreyImage:
    """1 where there is ink, 0 elsewhere: (H, W) uint8. Ink is narrow, and darker than what is around it, or lighter if
    that is commoner; so the edge of a sheet or of a shadow is none."""
    side = THICKEST_MARK * sigma
    grey = image if is_dark_on_light(image, around=side) else WHITE - image
    contrast = _contrast(grey, np.asarray(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, _box(side)), np.uint8))
    otsu, _ = cv2.threshold(contrast, 0, WHITE, cv2.THRESH_OTSU)
    return (contrast > max(0.8 * otsu, LEAST_CONTRAST)).astype(np.uint8)


def _contrast(image: GreyImage, paper: GreyImage) -> GreyImage:
    """How much darker an image is than its paper, as a share of the paper's light: 0 to 255."""
    light = cv2.blur(paper, (3, 3))
    return np.asarray(cv2.divide(cv2.subtract(light, image), np.maximum(light, DIMMEST), scale=WHITE), np.uint8)


def measure(page: GreyImage) -> float:
    """The scale of the writing on a page in its pixels, 0 for a blank one.

    The sigma at which second derivatives down the page, normalised for scale, answer most (Lindeberg: Feature
    detection with automatic scale selection, IJCV 1998, section 4). Where half of the ink is in connected parts too
    tall for that, it is the pen's, and the parts' height tells that of the writing.
    """
    zoom = min((FIRST_LOOK / page.size) ** 0.5, 1.0)
    guess = max(page.shape) * zoom / 140
    ink = without_rules(ink_of(resized(page, zoom), sigma=guess), sigma=guess)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    kept = (height >= 4) & (width < 14 * height) & (height < 14 * width)
    kept[0] = False
    half = resized(kept[labels].astype(np.uint8) * np.uint8(255), 0.5).astype(np.float32)
    density = np.sqrt(cv2.GaussianBlur(half, (0, 0), 2.0))
    energy = np.array([_energy(half, density, float(sigma)) for sigma in SCALES]) * SCALES**LARGER
    if not energy.any():
        return 0.0
    weight = np.where(energy > 0.9 * energy.max(), energy, 0)
    sigma = 2 * np.exp((weight * np.log(SCALES)).sum() / weight.sum())
    tall = np.median(height[labels[kept[labels]]])
    return float((tall / TALL if tall > TALLEST * sigma else sigma) / zoom)


def _energy(image: Floats, density: Floats, sigma: float) -> float:
    """The squared response over the page, less where the middle of a line would lie between lines."""
    smooth = cv2.GaussianBlur(image, (0, 0), sigmaX=min(4 * sigma, 20.0), sigmaY=sigma)
    bent = sigma**2 * (2 * smooth[1:-1] - smooth[2:] - smooth[:-2])
    return float((np.square(np.maximum(bent, 0)) * density[1:-1]).sum())


def without_rules(ink: GreyImage, *, sigma: float) -> GreyImage:
    """The ink without long thin straight lines, level and upright; what crosses them stays."""
    for _ in range(2):
        ink = np.ascontiguousarray(_without_level_rules(ink, sigma=sigma).T)
    return ink


def _without_level_rules(ink: GreyImage, *, sigma: float) -> GreyImage:
    labels, stats = level_parts(ink, sigma=sigma)
    rule = long_and_thin(stats, sigma=sigma)[labels]
    crossing = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((thickest_rule(sigma) + 1, 1), np.uint8))
    return np.where(rule & (crossing == 0), 0, ink).astype(np.uint8)


def thickest_rule(sigma: float) -> int:
    """Pixels of a rule at most."""
    return round(THICKEST_RULE * sigma) + 1


def level_parts(ink: GreyImage, *, sigma: float) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """What goes level in ink (H, W), or nearly so, with small breaks closed: labels (H, W), 0 elsewhere, and OpenCV's
    statistics of each label."""
    run, thin = np.ones((1, round(LEVEL_RUN * sigma)), np.uint8), np.ones((3, 1), np.uint8)
    whole = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, thickest_rule(sigma)), np.uint8))
    level = cv2.morphologyEx(cv2.dilate(whole, thin), cv2.MORPH_OPEN, run)
    level = cv2.morphologyEx(level, cv2.MORPH_CLOSE, run)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(level, connectivity=8)
    return np.asarray(labels), np.asarray(stats)


def long_and_thin(stats: NDArray[np.int32], *, sigma: float) -> NDArray[np.bool_]:
    """Of each label of `level_parts` whether it may be a rule, by its length and its thickness."""
    width, area = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_AREA]
    rule: NDArray[np.bool_] = (width >= SHORTEST_RULE * sigma) & (area <= (thickest_rule(sigma) + 2) * width)
    rule[0] = False
    return rule


def without_dirt(ink: GreyImage, *, sigma: float) -> GreyImage:
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


def _box(side: float) -> GreyImage:
    return np.ones((round(side), round(side)), np.uint8)
