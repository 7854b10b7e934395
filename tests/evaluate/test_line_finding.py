"""Scores of planted matches, and composed pages whose parts are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from handwrite.core.lines import find_lines
from handwrite.evaluate.line_finding import LineScore, compose_page, ink_inside, score_lines


def test_lines_match_from_half_of_their_ink_on_and_one_to_one() -> None:
    true = [np.arange(0, 100), np.arange(100, 200), np.arange(200, 300)]
    found = [np.arange(0, 50), np.arange(100, 149), np.arange(200, 290), np.arange(210, 300), np.arange(0)]
    assert score_lines(found, true) == LineScore(found=5, true=3, matched=2)  # 0.5 and 0.9; 0.49 is too little
    assert score_lines(true, true) == LineScore(3, 3, 3)
    assert score_lines([np.arange(0, 200)], true).matched == 1  # of two lines found as one, one at most


def test_precision_recall_and_f1_are_those_of_all_pages_together() -> None:
    score = LineScore(4, 2, 2) + LineScore(6, 8, 6)
    assert score.precision == pytest.approx(0.8)
    assert score.recall == pytest.approx(0.8)
    assert LineScore(4, 2, 2).f1 == pytest.approx(2 / 3)
    assert (LineScore(0, 0, 0).f1, LineScore(0, 3, 0).f1, LineScore(0, 3, 0).precision) == (1, 0, 1)


def test_ink_inside_a_polygon_is_counted_in_pixels() -> None:
    ink = np.zeros((10, 20), bool)
    ink[4, 3:15] = True
    ink[9] = True
    assert ink_inside(((5, 2), (12.9, 2), (12.9, 7), (5, 7)), ink).tolist() == [4 * 20 + x for x in range(5, 13)]


def line(text: str) -> np.ndarray:
    image = np.full((60, 500), 230, np.uint8)
    cv2.putText(image, text, (10, 42), cv2.FONT_HERSHEY_COMPLEX, 1.1, 40, 2, cv2.LINE_AA)
    return image


LINES = [line(text) for text in ("planted in a row", "some happy lines", "of many letters", "fit on this page")]


def test_a_composed_page_holds_the_ink_of_each_line_once_and_in_order() -> None:
    page = compose_page(LINES, rng=np.random.default_rng(4), pitch=(1.5, 1.5), unevenness=0.0)
    assert page.image.shape == page.ink.shape
    assert len(page.lines) == 4
    np.testing.assert_array_equal(np.sort(np.concatenate(page.lines)), np.flatnonzero(page.ink))
    middles = [float((ink // page.ink.shape[1]).mean()) for ink in page.lines]
    np.testing.assert_allclose(np.diff(middles), np.diff(middles).mean(), rtol=0.2)
    for ink, source in zip(page.lines, LINES, strict=True):
        assert len(ink) == pytest.approx((source < 170).sum(), rel=0.12)
    assert page.image[page.ink].mean() < page.image[~page.ink].mean() - 100


def test_slope_and_bend_are_those_asked_for() -> None:
    level = compose_page(LINES, rng=np.random.default_rng(1), slope=0, bend=0)
    steep = compose_page(LINES, rng=np.random.default_rng(1), slope=10, bend=0)

    def rise(page_lines: tuple[np.ndarray, ...], width: int) -> float:
        y, x = np.divmod(page_lines[0], width)
        return float(np.polyfit(x, y, 1)[0])

    assert abs(rise(level.lines, level.ink.shape[1])) < 0.02
    assert 0.03 < abs(rise(steep.lines, steep.ink.shape[1])) < np.tan(np.radians(13))


def test_the_same_generator_composes_the_same_page() -> None:
    first, again, other = (compose_page(LINES, rng=np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.image, again.image)
    assert first.image.shape != other.image.shape or (first.image != other.image).any()


def test_blank_lines_can_be_composed() -> None:
    page = compose_page([np.full((40, 200), 200, np.uint8), LINES[0]], rng=np.random.default_rng(0))
    assert [len(ink) > 0 for ink in page.lines] == [False, True]


def test_lines_found_on_a_composed_page_score_full_marks() -> None:
    page = compose_page(LINES * 2, rng=np.random.default_rng(8), pitch=(1.1, 1.2))
    found = [ink_inside(found.outline, page.ink) for found in find_lines(page.image)]
    assert score_lines(found, page.lines).f1 == 1
    assert score_lines(found[1:], page.lines).f1 < 1
