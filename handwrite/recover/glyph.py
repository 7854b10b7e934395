"""The image of a character or word -> the glyph as the net sees it, and the way back to the image.

A glyph is as high as its ink, not as its letters: what the pen did is measured in heights of what it left. The same
function prepares what the net learns from and what it recovers. Pages and lines are cut before (`core.lines`, `cut`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import WHITE, GreyImage
from handwrite.core.ink import Ink
from handwrite.core.normalize import FloatImage, ink_of, without_rules
from handwrite.errors import InputError

HEIGHT = 64
"""Rows of a glyph."""

FINE = 2
"""Pixels, along each side of one of a glyph, of the finer image in which strokes are followed exactly."""

MARGIN = 6
"""Rows and columns around the ink."""

TALL = HEIGHT - 2 * MARGIN
"""Rows that the ink takes, unless it is flat."""

FLATTEST = 6.0
"""Widths over heights from which on a glyph is measured by its width."""

INKED = 0.3
"""Coverage from which on a pixel belongs to the ink."""

MOST_ROWS = 160
"""Rows of an image that are looked at; of a larger one a smaller copy is."""

SPECK = 0.005
"""Share of the ink's largest part below which a part is dirt: much less than the dot of an i."""


@dataclass(frozen=True, eq=False)
class Glyph:
    """A glyph and its place.

    fine : (FINE * HEIGHT, FINE * W) uint8, 255 for full ink. Column x of the image lies at (x - left) * scale of the
    glyph's W columns, row y at (y - top) * scale, both counted from the edges of pixels.
    """

    fine: GreyImage
    scale: float
    left: float
    top: float

    @cached_property
    def pixels(self) -> GreyImage:
        """(HEIGHT, W) uint8, what the net sees."""
        size = (self.fine.shape[1] // FINE, self.fine.shape[0] // FINE)
        return np.asarray(cv2.resize(self.fine, size, interpolation=cv2.INTER_AREA), np.uint8)

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """(FINE * HEIGHT, FINE * W) where there is ink, without specks."""
        return without_specks(self.fine > INKED * WHITE)

    @cached_property
    def pen_width(self) -> float:
        """About how wide the pen's mark is, in pixels of the glyph."""
        return width_of(self.mask) / FINE

    def from_image(self, ink: Ink) -> Ink:
        """Ink in pixels of the image in pixels of the glyph."""
        return ink.moved(-self.left, -self.top).scaled(self.scale)

    def to_image(self, ink: Ink) -> Ink:
        """Ink in pixels of the glyph in pixels of the image."""
        return ink.scaled(1 / self.scale).moved(self.left, self.top)


def glyph_of(image: GreyImage) -> Glyph:
    """The glyph in an image (H, W) uint8. Raises InputError when there is no ink in it."""
    shrunk = min(1.0, MOST_ROWS / image.shape[0])
    ink = without_rules(ink_of(resized(image, shrunk)))
    top, bottom, left, right = extent(ink)
    if shrunk < 1 and bottom - top < MOST_ROWS / 2:
        return _closer(image, np.array([top, bottom, left, right]) / shrunk)
    scale = TALL / max(bottom - top, (right - left) / FLATTEST)
    part = np.round(WHITE * np.clip(resized(ink[top:bottom, left:right], FINE * scale), 0, 1)).astype(np.uint8)
    above, room = (FINE * HEIGHT - part.shape[0]) // 2, FINE * MARGIN
    fine = np.pad(part, ((above, FINE * HEIGHT - above - part.shape[0]), (room, room + part.shape[1] % FINE)))
    glyph = Glyph(
        fine, scale=scale * shrunk, left=(left - MARGIN / scale) / shrunk, top=(top - above / FINE / scale) / shrunk
    )
    if not glyph.mask.any():
        raise InputError("its lines are too thin or too pale to follow; give a closer or darker image")
    return glyph


def _closer(image: GreyImage, extent: NDArray[np.float64]) -> Glyph:
    """The glyph in a part of a large image, (top, bottom, left, right), with some paper around it."""
    top, bottom, left, right = extent
    room = (bottom - top) / 4 + 4
    first_row, first_column = max(int(top - room), 0), max(int(left - room), 0)
    glyph = glyph_of(image[first_row : int(bottom + room) + 1, first_column : int(right + room) + 1])
    return replace(glyph, left=glyph.left + first_column, top=glyph.top + first_row)


def resized(image: NDArray[Any], factor: float) -> NDArray[Any]:
    """The image `factor` times as large, at least a pixel."""
    if factor == 1:
        return image
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    size = (max(round(image.shape[1] * factor), 1), max(round(image.shape[0] * factor), 1))
    return np.asarray(cv2.resize(image, size, interpolation=method))


def extent(ink: FloatImage) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) of the ink without specks. Raises InputError when there is none."""
    rows, columns = np.nonzero(without_specks(ink > INKED))
    if not len(rows):
        raise InputError("no writing in it; give an image of dark writing on light paper, or of light on dark")
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


def width_of(mask: NDArray[np.bool_]) -> float:
    """About how wide the strokes in a mask (H, W) are, in its pixels."""
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[mask]
    return float(4 * (depth.mean() - 0.5))  # of a bar the mean distance to its edges, not to paper, is a quarter


def without_specks(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask (H, W) without parts that are dirt beside its largest."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    area = stats[:, cv2.CC_STAT_AREA]
    keep = area >= SPECK * area[1:].max(initial=0)
    keep[0] = False
    return np.asarray(keep[labels])
