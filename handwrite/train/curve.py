"""The learning curve of a run as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = (900, 480)
MARGIN = 60
POINT = 4
"""Radius of a point."""

Colour = tuple[int, int, int]
COLOURS: dict[str, Colour] = {"loss": (190, 150, 60), "score": (40, 60, 200)}


def draw_curve(rows: Sequence[Mapping[str, float]]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8, BGR: the training loss, its scale at the left, and the first score, its scale at the right,
    against the step. Each row has step, seconds, loss and then the scores."""
    width, height = SIZE
    image = np.full((height, width, 3), 255, np.uint8)
    cv2.rectangle(image, (MARGIN, MARGIN), (width - MARGIN, height - MARGIN), (200, 200, 200))
    score = list(rows[0])[3]
    steps = np.array([row["step"] for row in rows], np.float64)
    x = MARGIN + steps / max(steps[-1], 1) * (width - 2 * MARGIN)
    for place, (kind, name) in enumerate({"loss": "loss", "score": score}.items()):
        values = np.array([row[name] for row in rows], np.float64)
        at = (width - MARGIN + 8) * place + 8 * (1 - place)
        _draw_series(image, x, values, colour=COLOURS[kind], labels_at=at)
        _write(image, f"{name}: {values[-1]:.3f}", (width - 330, 30 + 22 * place), COLOURS[kind])
    _write(image, f"step {int(steps[-1])}", (width - MARGIN - 90, height - 25), (90, 90, 90))
    return image


def _draw_series(
    image: NDArray[np.uint8], x: NDArray[np.float64], values: NDArray[np.float64], *, colour: Colour, labels_at: int
) -> None:
    """A line with its points over the whole height of the frame, from its least value to its greatest."""
    seen, bottom = np.isfinite(values), image.shape[0] - MARGIN
    low, high = (values[seen].min(), values[seen].max()) if seen.any() else (0.0, 1.0)
    y = bottom - (values - low) / max(high - low, 1e-9) * (bottom - MARGIN)
    points = np.round(np.column_stack([x, y])[seen] * 16).astype(np.int32)
    cv2.polylines(image, [points], False, colour, 2, cv2.LINE_AA, shift=4)
    for point in points.tolist():
        cv2.circle(image, point, POINT * 16, colour, cv2.FILLED, cv2.LINE_AA, shift=4)
    for value, row in ((high, MARGIN), (low, bottom)):
        _write(image, f"{value:.3f}", (labels_at, row + 5), colour)


def _write(image: NDArray[np.uint8], text: str, where: tuple[int, int], colour: Colour) -> None:
    cv2.putText(image, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
