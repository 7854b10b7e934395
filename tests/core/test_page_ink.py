"""The scale of planted writing, paper under ink, and what is ink: strokes, not rules, blots, frames or edges."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.core.page_ink import ink_of, measure, paper_of, without_dirt, without_rules
from handwrite.core.render import Paper, scan

Image = NDArray[np.uint8]

WORDS = ("The quick brown fox", "jumps over the lazy dog", "by high tide, you go", "fifty happy pilgrims")
PITCH = 60
SIGMA = 8.0
SHAPE = (400, 500)


def written() -> Image:
    """The ink of eight lines of letters, 0 to 255."""
    ink = np.zeros((700, 620), np.uint8)
    for index in range(8):
        place = (40, 120 + PITCH * index)
        cv2.putText(ink, WORDS[index % len(WORDS)], place, cv2.FONT_HERSHEY_COMPLEX, 1.2, 255, 1, cv2.LINE_AA)
    return ink


def strokes() -> Image:
    """1 at upright strokes of a few sigmas, 0 elsewhere."""
    ink = np.zeros(SHAPE, np.uint8)
    for x in range(60, 440, 20):
        ink[180:212, x : x + 4] = 1
    return ink


def test_the_scale_follows_the_writing_not_the_page() -> None:
    page = scan(written(), paper=Paper(skips=0.0), rng=np.random.default_rng(3))
    scale = measure(page)
    assert scale == pytest.approx(PITCH / 5, rel=0.35)
    twice = np.asarray(cv2.resize(page, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    assert measure(twice) == pytest.approx(2 * scale, rel=0.15)
    wide = np.asarray(cv2.copyMakeBorder(page, 300, 300, 300, 300, cv2.BORDER_REPLICATE), np.uint8)
    assert measure(wide) == pytest.approx(scale, rel=0.15)


def test_the_scale_of_large_writing_is_not_that_of_the_pen() -> None:
    turn = np.linspace(0, 12 * np.pi, 600)
    loops = np.column_stack([100 + 20 * turn - 60 * np.sin(turn), 160 - 100 * np.cos(turn)]).round().astype(np.int32)
    word = np.full((320, 1000), 255, np.uint8)
    cv2.polylines(word, [loops], False, 0, 4, cv2.LINE_AA)
    assert 30 < measure(word) < 60


def test_a_blank_page_has_no_scale() -> None:
    assert measure(np.full(SHAPE, 200, np.uint8)) == 0


@pytest.mark.parametrize("turned", [False, True])
def test_ink_and_paper_are_told_apart_in_any_light(turned: bool) -> None:
    light = np.tile(np.linspace(120, 220, SHAPE[1]), (SHAPE[0], 1)).astype(np.uint8)
    page = np.where(strokes() == 1, light - 90, light).astype(np.uint8)
    page, light = (255 - page, 255 - light) if turned else (page, light)
    assert np.abs(paper_of(page, window=12 * SIGMA).astype(int) - light).max() <= 8
    np.testing.assert_array_equal(ink_of(page, sigma=SIGMA), strokes())


def test_rules_go_and_what_crosses_them_stays() -> None:
    ruled = strokes()
    ruled[200:202] = 1
    ruled[:, 30:32] = 1
    np.testing.assert_array_equal(without_rules(ruled, sigma=SIGMA), strokes())


def test_blots_frames_and_edges_are_no_ink() -> None:
    dirty = strokes()
    cv2.circle(dirty, (250, 330), 24, 1, -1)
    cv2.rectangle(dirty, (20, 20), (480, 380), 1, 2)
    dirty[:, :5] = 1
    np.testing.assert_array_equal(without_dirt(dirty, sigma=SIGMA), strokes())


def test_the_edge_of_a_sheet_and_of_a_shadow_is_no_ink() -> None:
    page = np.full((700, 640), 50, np.uint8)
    page[120:580, 120:520] = 220
    page[350:580, 120:520] = 120
    marks = np.zeros(page.shape, bool)
    for row in (*range(160, 320, 20), *range(390, 550, 20)):
        marks[row : row + 10, 160:480][:, np.arange(320) % 8 < 3] = True
    page[marks] -= 60
    ink = ink_of(page, sigma=8.0)
    assert ink[marks].mean() > 0.98
    assert ink[~marks].mean() < 0.008
