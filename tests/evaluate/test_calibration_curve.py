"""The picture of the reliability curve, by where its dots lie."""

from __future__ import annotations

import numpy as np

from handwrite.core.metrics import Bin
from handwrite.evaluate.calibration_curve import CURVE, MARGIN, SIZE, draw_calibration
from handwrite.evaluate.recognition import Calibration


def dots(*bins: tuple[float, float]) -> np.ndarray:
    """(n, 2) x, y of the pixels in the colour of the curve, from 0 to 1 in the frame, y up."""
    image = draw_calibration(Calibration(9, 0.1, tuple(Bin(3, *one) for one in bins)))
    assert (image.shape, image.dtype) == ((SIZE, SIZE, 3), np.uint8)
    y, x = np.nonzero(np.abs(image.astype(int) - CURVE).max(axis=2) < 30)
    return (np.column_stack([x, SIZE - y]) - MARGIN) / (SIZE - 2 * MARGIN)


def test_a_perfect_curve_lies_on_the_diagonal_and_a_boastful_one_below() -> None:
    perfect = dots((0.05, 0.05), (0.5, 0.5), (1, 1))
    assert np.abs(perfect[:, 0] - perfect[:, 1]).max() < 0.03
    assert np.ptp(perfect[:, 0]) > 0.9
    boastful = dots((0.5, 0.05), (0.9, 0.5))
    assert (boastful[:, 0] - boastful[:, 1]).min() > 0.35


def test_the_axes_begin_below_the_lowest_value() -> None:
    assert np.abs(dots((0.75, 0.85)).mean(axis=0) - [0.05 / 0.3, 0.15 / 0.3]).max() < 0.01


def test_certain_words_and_none_do_no_harm() -> None:
    assert np.abs(dots((1, 1)).mean(axis=0) - 1).max() < 0.02
    assert len(dots()) == 0
