"""The reliability curve of a recognizer as a picture: the share of words that is right against their confidence."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.evaluate.recognition import Calibration

SIZE = 480
MARGIN = 60
CURVE = (40, 60, 200)
DIAGONAL = (190, 190, 190)
PRINT = (90, 90, 90)


def draw_calibration(calibration: Calibration) -> NDArray[np.uint8]:
    """(`SIZE`, `SIZE`, 3) uint8, BGR: a dot for each bin, x its confidence, y its accuracy, and the diagonal that they
    should lie on. Both axes run from the tenth below the smallest value to 1."""
    image = np.full((SIZE, SIZE, 3), 255, np.uint8)
    values = np.array([(one.confidence, one.accuracy) for one in calibration.curve], np.float64).reshape(-1, 2)
    low = min(0.9, math.floor(10 * values.min(initial=1.0)) / 10)
    frame = SIZE - 2 * MARGIN
    share = (values - low) / (1 - low)
    points = np.column_stack([MARGIN + share[:, 0] * frame, SIZE - MARGIN - share[:, 1] * frame])
    cv2.rectangle(image, (MARGIN, MARGIN), (SIZE - MARGIN, SIZE - MARGIN), (200, 200, 200))
    cv2.line(image, (MARGIN, SIZE - MARGIN), (SIZE - MARGIN, MARGIN), DIAGONAL, 1, cv2.LINE_AA)
    fixed = np.round(points * 16).astype(np.int32)
    cv2.polylines(image, [fixed], False, CURVE, 2, cv2.LINE_AA, shift=4)
    for x, y in fixed.tolist():
        cv2.circle(image, (x, y), 4 * 16, CURVE, -1, cv2.LINE_AA, shift=4)
    _write(image, f"calibration error {calibration.error:.1%}, {calibration.words:,} words", (MARGIN, MARGIN - 20))
    _write(image, f"{low:.1f}", (MARGIN - 35, SIZE - MARGIN + 5))
    _write(image, "1.0", (MARGIN - 35, MARGIN + 5))
    _write(image, f"{low:.1f}", (MARGIN - 12, SIZE - MARGIN + 20))
    _write(image, "1.0", (SIZE - MARGIN - 12, SIZE - MARGIN + 20))
    _write(image, "confidence", (SIZE // 2 - 40, SIZE - MARGIN + 35))
    _write(image, "right", (8, SIZE // 2))
    return image


def _write(image: NDArray[np.uint8], text: str, where: tuple[int, int]) -> None:
    cv2.putText(image, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.5, PRINT, 1, cv2.LINE_AA)
