"""The sheet of paper on a photo, and what lies around it.

A table that is darker than the paper is no ink. Where a sheet lies in the middle of the photo with the table on all
sides, the writing would pass for light writing on dark ground, and the sheet for a stroke.
"""

from __future__ import annotations

import cv2
import numpy as np

from handwrite.core.image import WHITE, GreyImage
from handwrite.core.page_ink import resized

SIDE = 256
"""Pixels of the longer side of the copy in which the sheet is looked for."""

WRITING = 5
"""Pixels of that copy over which strokes are closed, so that the sheet is in one piece."""

LEAST = 0.2
"""Share of the photo that a sheet takes at least."""

SOLID = 0.9
"""Share of its convex hull that a sheet fills at least."""

EDGE = 0.3
"""Share of the photo's edges that a sheet reaches at most: what is dark beyond it may be its own, in a shadow."""

CONTRAST = 50
"""Greys between a sheet and what is around it at least."""

RELIEF = 0.15
"""How much darker than its ground, as a share of that, a pixel of writing is at least."""

INK = 0.001
"""Share of the sheet that is writing, at least."""

QUIET = 0.25
"""What looks like writing on the table is at most so much of it as on the sheet; else it may be the sheet's other part,
in a shadow."""


def without_table(photo: GreyImage) -> GreyImage:
    """The photo (H, W) uint8 with all around its sheet in the grey of the sheet; the photo itself when it shows no
    written sheet on a darker table."""
    sheet = _sheet(resized(photo, min(SIDE / max(photo.shape), 1.0)))
    if sheet is None:
        return photo
    inside = cv2.resize(sheet, photo.shape[::-1], interpolation=cv2.INTER_LINEAR) > WHITE // 2
    return np.where(inside, photo, np.uint8(np.median(photo[inside])))


def _sheet(small: GreyImage) -> GreyImage | None:
    """The sheet's area, without its rim, or None when there is none."""
    kernel = np.ones((WRITING, WRITING), np.uint8)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel)
    _, bright = cv2.threshold(closed, 0, WHITE, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(bright)
    largest = 1 + int(statistics[1:, cv2.CC_STAT_AREA].argmax()) if len(statistics) > 1 else 0
    sheet = np.where(labels == largest, np.uint8(WHITE), np.uint8(0))
    if not (largest and _lies_free(sheet)):
        return None
    rim = np.ones((3, 3), np.uint8)
    within, beyond = cv2.erode(sheet, kernel, borderValue=0) > 0, cv2.dilate(sheet, rim) == 0
    if not (within.any() and beyond.any()):
        return None
    written = closed - small > RELIEF * closed
    ink, noise = (float(written[part].mean()) for part in (within, beyond))
    contrast = float(np.median(small[within])) - float(np.median(small[beyond]))
    if contrast < CONTRAST or ink < INK or noise > QUIET * ink:
        return None
    return np.asarray(cv2.erode(sheet, rim), np.uint8)


def _lies_free(sheet: GreyImage) -> bool:
    """Whether an area has the size and the form of a sheet, and the table around it."""
    edges = np.concatenate([sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]]) > 0
    outlines, _ = cv2.findContours(sheet, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.contourArea(cv2.convexHull(outlines[0]))
    area = float((sheet > 0).sum())
    return area >= LEAST * sheet.size and area >= SOLID * hull and float(edges.mean()) <= EDGE
