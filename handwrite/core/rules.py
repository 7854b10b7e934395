"""The ruled lines of a sheet, painted over with its paper.

A rule goes level, or nearly so, from one side of an image to the other, is thin, and stands bare between words. Strokes
that cross one stay whole. For images that are cut afterwards, where what is left of a rule would look like a stroke:
`page_ink` and `normalize` leave rules out in their own ways where they look at a whole page or line.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import GreyImage, is_dark_on_light
from handwrite.core.page_ink import THICKEST_MARK, ink_of, level_parts, long_and_thin, measure, thickest_rule

Mask = NDArray[np.bool_]

SPAN = 0.9
"""Share of the image's width that a rule takes at least. An underline as long is taken for one."""

THIN = 25
"""Percentile of the heights of a rule's columns that is its own: letters stand on the others."""

STRAIGHT, THICKEST = 1.0, 1.5
"""Thicknesses that a rule may wander from its middle, a parabola, and those from which on ink crosses it."""

UNBROKEN = 0.93
"""Share of its columns that have ink, at least: the feet of letters leave gaps between words."""

BARE = 1.5
"""Sigmas of the writing (see `page_ink`) that a rule goes somewhere with nothing else near, as between words: a line
that letters hang from, as in Devanagari, is a stroke and ends with its word."""


def painted_over(image: GreyImage) -> GreyImage:
    """The image (H, W) uint8 without the rules that it shows; itself where it shows none."""
    sigma = measure(image)
    if not sigma:
        return image
    ink = ink_of(image, sigma=sigma)
    rules = _rules(ink, sigma=sigma)
    others = int(ink.sum()) - int(rules.sum())
    if not rules.any() or others < image.shape[1]:  # a lone dash is no rule
        return image
    dark = is_dark_on_light(image, around=THICKEST_MARK * sigma)
    beyond = np.ones((2 * thickest_rule(sigma) + 3, 1), np.uint8)  # reaches over a rule and its edges
    paper = cv2.morphologyEx(image, cv2.MORPH_CLOSE if dark else cv2.MORPH_OPEN, beyond)
    edges = cv2.dilate(rules.astype(np.uint8), np.ones((3, 1), np.uint8))
    return np.where(edges > 0, np.asarray(paper, np.uint8), image)


def _rules(ink: GreyImage, *, sigma: float) -> Mask:
    """(H, W) where ink (H, W), 1 or 0, is a rule's."""
    labels, stats = level_parts(ink, sigma=sigma)
    found = np.zeros(ink.shape, np.bool_)
    room = max(round(2 * sigma), thickest_rule(sigma))  # about a small letter
    wide = stats[:, cv2.CC_STAT_WIDTH] >= SPAN * ink.shape[1]
    for number in np.flatnonzero(long_and_thin(stats, sigma=sigma) & wide).tolist():
        top, height = stats[number, [cv2.CC_STAT_TOP, cv2.CC_STAT_HEIGHT]].tolist()
        rows = slice(max(top - room, 0), top + height + room)
        found[rows] |= _rule(ink[rows], labels[rows] == number, bare=round(BARE * sigma))
    return found


def _rule(ink: GreyImage, near: Mask, *, bare: int) -> Mask:
    """The rule in the ink around a level part of it: what lies along a parabola through it and is no higher than it;
    nothing where it has gaps, or nowhere so many columns to itself."""
    part = near & (ink > 0)
    span, columns = near.any(axis=0), part.any(axis=0)
    if columns.sum() < UNBROKEN * span.sum():
        return np.zeros_like(near)
    thickness = float(np.percentile(part.sum(axis=0)[columns], THIN))
    rows, places = np.nonzero(part)
    width = ink.shape[1]
    middle = np.polynomial.Polynomial.fit(places / width, rows, 2)(np.arange(width) / width)
    along = (np.abs(np.arange(len(ink))[:, None] - middle) <= STRAIGHT * thickness) & (ink > 0)
    alone = along.any(axis=0) & ~((ink > 0) & ~along).any(axis=0)
    if along[:, span].any(axis=0).mean() < UNBROKEN or _longest_run(alone) < bare:
        return np.zeros_like(near)
    crossing = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((round(THICKEST * thickness) + 1, 1), np.uint8))
    return np.asarray(along & (crossing == 0))


def _longest_run(flags: Mask) -> int:
    """How many of the flags (N,) that follow one another are set, at most."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return int((edges[1::2] - edges[::2]).max(initial=0))
