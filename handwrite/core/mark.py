"""The mark that ink left in its image: where it is, and how wide.

For ink whose place in the image is known, as recovered ink's is; so it need not be told which of two greys is the
paper's. Images in which ink is still to be found are the work of `normalize`.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import WHITE, GreyImage
from handwrite.core.ink import Ink

MOST_PIXELS, FINEST = 1_000_000, 4.0  # that are looked at, and times that an image is enlarged
ROOM = 0.5  # of paper around ink, in extents of the ink
STRAY = 1  # pixels that ink may lie beside the middle of its mark


def mark_of(ink: Ink, image: GreyImage) -> GreyImage:
    """How much of each pixel of an image (H, W) is mark and not paper: (H, W) uint8, 0 for paper, 255 for full mark.

    The greys of both are medians: of two kinds of pixels around the ink, parted by Otsu's threshold, the kind on which
    most points of the ink lie is mark. ink : in pixels of the image, at least a point.
    """
    around = _around(ink, image)
    threshold, _ = cv2.threshold(around, 0, WHITE, cv2.THRESH_OTSU)
    low, high = around[around <= threshold], around[around > threshold]
    if not len(low) or not len(high):
        return np.zeros_like(image)
    greys = np.array([np.median(low), np.median(high)])
    mark, paper = greys if _median_under(ink, image) <= threshold else greys[::-1]
    table = np.clip((np.arange(WHITE + 1) - paper) / (mark - paper), 0, 1)
    return np.asarray(np.round(WHITE * table).astype(np.uint8)[image], np.uint8)


def mark_width(ink: Ink, mark: GreyImage) -> float:
    """About how wide the mark (H, W) is on which ink lies, in pixels, at least 1: twice the median distance of the ink
    from its edge. Small images are enlarged for that, as marks are often but a few pixels wide."""
    scale = min((MOST_PIXELS / mark.size) ** 0.5, FINEST)
    size = (max(round(mark.shape[1] * scale), 1), max(round(mark.shape[0] * scale), 1))
    sized = cv2.resize(mark, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    inked = np.pad((sized > WHITE / 2).astype(np.uint8), 1)
    depth = cv2.distanceTransform(inked, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    beside = 2 * round(STRAY * max(scale, 1)) + 1
    middle = _median_under(ink.scaled(scale), cv2.dilate(depth, np.ones((beside, beside), np.uint8)))
    width = 2 * middle - 1  # depths are from centre to centre of pixels
    return max(float(width / scale), 1.0)


def _around(ink: Ink, image: GreyImage) -> GreyImage:
    """(h, w) the image around the ink, thinned out where it is large."""
    height, width = image.shape
    left, top, right, bottom = ink.bounds
    room = ROOM * max(right - left, bottom - top) + 0.05 * max(height, width) + 2
    rows = slice(*np.clip([top - room, bottom + room + 1], 0, height).astype(int).tolist())
    columns = slice(*np.clip([left - room, right + room + 1], 0, width).astype(int).tolist())
    part = image[rows, columns]
    step = int(np.ceil((part.size / MOST_PIXELS) ** 0.5)) or 1
    return np.ascontiguousarray(part[::step, ::step])


def _median_under(ink: Ink, image: NDArray[Any]) -> float:
    """The median of an image at the points of the ink."""
    x, y = np.clip(ink.points[:, :2].astype(np.int64), 0, np.array(image.shape[::-1]) - 1).T
    return float(np.median(image[y, x]))
