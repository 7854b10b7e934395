"""What the net sees from where the pen is: the paper around it, what of that is written already, what is left to do.

The same functions prepare training, where the whole path is known, and recovery, where it grows step by step.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
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

BEYOND = 8
"""Pixels outside a glyph up to which it matters how far outside the pen is."""

ROOM = max(ZOOMS) * (SIDE // 2) + BEYOND

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


class Surroundings:
    """What is around each place of a glyph (H, W) uint8. steps : (H, W) the step that writes each pixel first, to be
    written into; `NEVER` at first."""

    def __init__(self, pixels: GreyImage) -> None:
        height, width = pixels.shape
        paper = np.full((height + 2 * ROOM, width + 2 * ROOM), NEVER, np.int16)
        self.steps: Steps = paper[ROOM:-ROOM, ROOM:-ROOM]
        self._written = [_windows(paper, zoom) for zoom in ZOOMS]
        inks = [pixels if zoom == 1 else cv2.blur(pixels, (zoom, zoom)) for zoom in ZOOMS]
        self._ink = [_windows(np.pad(ink, ROOM), zoom) for ink, zoom in zip(inks, ZOOMS, strict=True)]

    def patches(self, points: NDArray[np.float32], *, now: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(N, PATCH) uint8, what is around each point (N, 2) at the step `now` (N,): ink, and 255 where an earlier step
        has written."""
        height, width = self.steps.shape
        x, y = np.floor(points).astype(np.int64).T
        x, y = np.clip(x, -BEYOND, width + BEYOND - 1), np.clip(y, -BEYOND, height + BEYOND - 1)
        seen = np.empty((len(points), 2 * len(ZOOMS), SIDE, SIDE), np.uint8)
        for number, zoom in enumerate(ZOOMS):
            corner = y + ROOM - zoom * (SIDE // 2), x + ROOM - zoom * (SIDE // 2)
            seen[:, 2 * number] = self._ink[number][corner]
            seen[:, 2 * number + 1] = WHITE * (self._written[number][corner] < now[:, None, None])
        return seen.reshape(len(points), PATCH)


def _windows(paper: NDArray[Any], zoom: int) -> NDArray[Any]:
    """(H, W, SIDE, SIDE) every `zoom`th pixel of the squares whose left upper corners are the pixels of the paper."""
    side = zoom * (SIDE - 1) + 1
    return sliding_window_view(paper, (side, side))[..., ::zoom, ::zoom]


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
