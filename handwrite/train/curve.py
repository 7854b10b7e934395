"""The learning curve of a run as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = (900, 480)
MARGIN = 60
COLOURS = {"loss": (190, 150, 60), "score": (40, 60, 200)}


def draw_curve(rows: Sequence[Mapping[str, float]]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8, BGR: the training loss and the first score against the step. Each row has step, seconds, loss
    and then the scores."""
    width, height = SIZE
    image = np.full((height, width, 3), 255, np.uint8)
    score = list(rows[0])[3]
    steps = np.array([row["step"] for row in rows], np.float64)
    series = {"loss": [row["loss"] for row in rows], "score": [row[score] for row in rows]}
    values = np.array(list(series.values()), np.float64)
    seen = values[np.isfinite(values)]
    low, high = (seen.min(), seen.max()) if len(seen) else (0.0, 1.0)
    x = MARGIN + steps / max(steps[-1], 1) * (width - 2 * MARGIN)
    for row, (name, line) in enumerate(zip(series, values, strict=True)):
        y = height - MARGIN - (line - low) / max(high - low, 1e-9) * (height - 2 * MARGIN)
        points = np.round(np.column_stack([x, y])[np.isfinite(line)] * 16).astype(np.int32)
        cv2.polylines(image, [points], False, COLOURS[name], 2, cv2.LINE_AA, shift=4)
        label = f"{name if name == 'loss' else score}: {line[-1]:.3f}"
        _write(image, label, (width - 330, 30 + 22 * row), COLOURS[name])
    cv2.rectangle(image, (MARGIN, MARGIN), (width - MARGIN, height - MARGIN), (200, 200, 200))
    _write(image, f"{high:.2f}", (8, MARGIN + 5), (90, 90, 90))
    _write(image, f"{low:.2f}", (8, height - MARGIN + 5), (90, 90, 90))
    _write(image, f"step {int(steps[-1])}", (width - MARGIN - 90, height - 25), (90, 90, 90))
    return image


def _write(image: NDArray[np.uint8], text: str, where: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(image, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
