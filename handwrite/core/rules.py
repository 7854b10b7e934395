"""The ruled lines of a sheet, painted over with its paper.

A rule goes level, or nearly so, from one side of an image to the other, and is thin. Strokes that cross one stay whole.
For images that are cut afterwards, where what is left of a rule would look like a stroke: `page_ink` and `normalize`
leave rules out in their own ways where they look at a whole page or line.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import GreyImage, is_dark_on_light
from handwrite.core.page_ink import SHORTEST_RULE, THICKEST_MARK, THICKEST_RULE, ink_of, measure

Mask = NDArray[np.bool_]

SPAN = 0.9
"""Share of the image's width that a rule takes at least; an underline, or the bar of a t, is shorter."""

RUN = 6.0
"""Sigmas of the writing that a rule runs level without a break, at least; see `page_ink.measure`."""

BREAK = 6.0
"""Sigmas that are missing between two parts of a rule, at most."""

THIN = 25
"""Percentile of the heights of a rule's columns that is its own: letters stand on the others."""

STRAIGHT, THICKEST = 1.0, 1.5
"""Thicknesses that a rule may wander from its middle, a parabola, and those from which on ink crosses it."""

UNBROKEN = 0.93
"""Share of its columns that have ink, at least."""


def without_rules(image: GreyImage) -> GreyImage:
    """The image (H, W) uint8 without the rules that it shows; itself where it shows none."""
    sigma = measure(image)
    if not sigma:
        return image
    ink = ink_of(image, sigma=sigma)
    rules = _rules(ink, sigma=sigma)
    if not rules.any() or 2 * rules.sum() > ink.sum():  # a lone dash is no rule
        return image
    dark = is_dark_on_light(image, around=THICKEST_MARK * sigma)
    beside = np.ones((2 * _thickest(sigma) + 3, 1), np.uint8)
    paper = cv2.morphologyEx(image, cv2.MORPH_CLOSE if dark else cv2.MORPH_OPEN, beside)
    edges = cv2.dilate(rules.astype(np.uint8), np.ones((3, 1), np.uint8))
    return np.where(edges > 0, np.asarray(paper, np.uint8), image)


def _rules(ink: GreyImage, *, sigma: float) -> Mask:
    """(H, W) where ink (H, W), 1 or 0, is a rule's."""
    thick = _thickest(sigma)
    whole = cv2.dilate(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, _row(thick)), np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(whole, cv2.MORPH_OPEN, _row(RUN * sigma))
    runs = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, _row(BREAK * sigma))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    width, area = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_AREA]
    long = (width >= max(SPAN * ink.shape[1], SHORTEST_RULE * sigma)) & (area <= (thick + 2) * width)
    found = np.zeros(ink.shape, np.bool_)
    for number in (np.flatnonzero(long[1:]) + 1).tolist():
        top, height = stats[number, [cv2.CC_STAT_TOP, cv2.CC_STAT_HEIGHT]].tolist()
        rows = slice(max(top - thick, 0), top + height + thick)
        found[rows] |= _rule(ink[rows], labels[rows] == number)
    return found


def _rule(ink: GreyImage, near: Mask) -> Mask:
    """The rule in some ink: what lies along a parabola through it and is no higher than it; nothing where that has
    gaps, as the feet of letters have between words."""
    rows, columns = np.nonzero(near & (ink > 0))
    width = ink.shape[1]
    thickness = float(np.percentile(np.bincount(columns)[np.unique(columns)], THIN))
    middle = np.polynomial.Polynomial.fit(columns / width, rows, 2)(np.arange(width) / width)
    away = np.abs(np.arange(ink.shape[0])[:, None] - middle[None])
    along = (away <= STRAIGHT * thickness) & (ink > 0)
    span = along[:, columns.min() : columns.max() + 1]
    if span.any(axis=0).mean() < UNBROKEN:
        return np.zeros_like(along)
    crossing = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((round(THICKEST * thickness) + 1, 1), np.uint8))
    return np.asarray(along & (crossing == 0))


def _thickest(sigma: float) -> int:
    """Pixels of a rule at most."""
    return round(THICKEST_RULE * sigma) + 1


def _row(length: float) -> GreyImage:
    return np.ones((1, round(length)), np.uint8)
