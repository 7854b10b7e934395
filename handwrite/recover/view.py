"""What the net sees from where the pen is: the paper around it, what of that is written already, what is left to do.

The same functions prepare training, where the whole path is known, and recovery, where it grows step by step.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import WHITE, GreyImage
from handwrite.recover.glyph import HEIGHT

CELL = 8
"""Pixels along each side of the cells that attention chooses from."""

ROWS = HEIGHT // CELL
"""Cells in a column."""

SIDE = 13
"""Pixels along each side of the patch around the pen."""

ZOOMS = (1, 2)
"""Pixels of the glyph in a pixel of the patch: one looks closely, one farther."""

PATCH = 2 * len(ZOOMS) * SIDE * SIDE
"""Values in a view: ink and what is written, at each zoom."""

TRAIL = 2.0
"""Widths of the pen that count as written where it passes: it does not run in the very middle of its mark."""

NEVER = np.iinfo(np.int16).max

Steps = NDArray[np.int16]


def written_at(
    points: NDArray[np.float32], lifted: NDArray[np.bool_], *, shape: tuple[int, int], pen_width: float
) -> Steps:
    """(H, W) the step that covers each pixel first, `NEVER` where none does.

    points : (N, 2), the pen's places. lifted : (N,) true where the pen is up after a point. pen_width : pixels.
    """
    steps = np.full(shape, NEVER, np.int16)
    trail = trail_of(pen_width)
    corners = np.round(16 * (points - 0.5)).astype(int).tolist()
    for index in range(len(points) - 1, -1, -1):
        start = corners[index] if index == 0 or lifted[index - 1] else corners[index - 1]
        cv2.line(steps, start, corners[index], (index,), trail, cv2.LINE_8, shift=4)
    return steps


def trail_of(pen_width: float) -> int:
    """Pixels across that a pen of that width covers."""
    return max(round(TRAIL * pen_width), 3)


def patches(
    pixels: GreyImage, steps: Steps, points: NDArray[np.float32], *, now: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """(N, PATCH) uint8, what is around each point (N, 2) at the step `now` (N,): ink, and 255 where an earlier step has
    written."""
    parts = []
    for zoom in ZOOMS:
        rows, columns = _around(points, zoom)
        ink = pixels if zoom == 1 else cv2.blur(pixels, (zoom, zoom))
        parts.append(_taken(ink, rows, columns, beyond=0))
        parts.append(np.where(_taken(steps, rows, columns, beyond=NEVER) < now[:, None], WHITE, 0).astype(np.uint8))
    return np.concatenate(parts, axis=1)


def _around(points: NDArray[np.float32], zoom: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns (N, SIDE * SIDE) of the patch around each point."""
    reach = zoom * (np.arange(SIDE) - SIDE // 2)
    x, y = np.floor(points).astype(np.int64).T
    rows = np.repeat(y[:, None] + reach, SIDE, axis=1)
    columns = np.tile(x[:, None] + reach, SIDE)
    return rows, columns


def _taken(image: NDArray[Any], rows: NDArray[np.int64], columns: NDArray[np.int64], *, beyond: int) -> NDArray[Any]:
    height, width = image.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return np.where(inside, image[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)], beyond)


def left_to_write(pixels: GreyImage, steps: Steps, count: int) -> NDArray[np.float32]:
    """(count, W / CELL, ROWS) the share of each cell that is ink which no step before has written."""
    height, width = pixels.shape
    rows, columns = np.nonzero(pixels)
    cell = columns // CELL * ROWS + rows // CELL
    size = height // CELL * (width // CELL)
    when = np.minimum(steps[rows, columns], count).astype(np.int64)
    share = np.bincount(when * size + cell, pixels[rows, columns] / (WHITE * CELL * CELL), (count + 1) * size)
    table = share.reshape(count + 1, size)
    rest = table[::-1].cumsum(0)[::-1][:count].astype(np.float32)
    return rest.reshape(count, width // CELL, height // CELL)
