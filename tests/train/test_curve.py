"""The picture of a learning curve, by the colours of its lines."""

from __future__ import annotations

import math

import numpy as np

from handwrite.train.curve import COLOURS, MARGIN, POINT, SIZE, draw_curve


def row(step: float, loss: float, score: float) -> dict[str, float]:
    return {"step": step, "seconds": step, "loss": loss, "nats_per_point": score, "other": 99.0}


def drawn(image: np.ndarray, name: str) -> np.ndarray:
    """(n, 2) x, y of the line's own pixels, without the labels around the frame."""
    y, x = np.nonzero(np.abs(image.astype(int) - COLOURS[name]).max(axis=2) < 30)
    inside = (y >= MARGIN - POINT) & (x > MARGIN - POINT) & (x <= SIZE[0] - MARGIN + POINT)
    return np.column_stack([x, y])[inside]


def test_falling_lines_fall_over_the_whole_width() -> None:
    image = draw_curve([row(step, 9 - step / 25, 2 - (step / 200) ** 3) for step in range(0, 201, 20)])
    assert image.shape == (SIZE[1], SIZE[0], 3)
    for name in COLOURS:
        line = drawn(image, name)
        left, right = line[line[:, 0].argmin()], line[line[:, 0].argmax()]
        assert right[0] - left[0] > 0.95 * (SIZE[0] - 2 * MARGIN)
        assert right[1] > left[1] + 100
        assert line[:, 1].min() <= MARGIN + 3, "each line has a scale of its own"
        assert line[:, 1].max() >= SIZE[1] - MARGIN - 3


def test_a_steady_line_is_level_and_its_other_scores_do_not_count() -> None:
    image = draw_curve([row(0, 1.0, 2.0), row(10, 1.0, 2.0)])
    assert np.ptp(drawn(image, "score")[:, 1]) <= 2 * POINT + 3


def test_one_row_and_missing_numbers_do_no_harm() -> None:
    assert len(drawn(draw_curve([row(0, 1.0, 1.0)]), "score")) > 20, "one point is seen"
    image = draw_curve([row(0, 3.0, 1.0), row(5, math.nan, 1.5), row(10, 1.0, 2.0)])
    assert len(drawn(image, "loss")) > 100
    assert draw_curve([row(0, math.nan, math.nan), row(5, math.nan, math.nan)]).dtype == np.uint8
