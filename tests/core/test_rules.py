"""Rules under real strokes are painted over, strokes are not, and what only looks like a rule stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from handwrite.core.image import WHITE, GreyImage
from handwrite.core.render import Pen, render
from handwrite.core.rules import painted_over
from handwrite.core.store import Store, sample_store

PAPER, RULE = 245, 120
HEIGHT = 72


def written(words: int = 6, *, row: int = 3) -> GreyImage:
    """Some lines of the sample data beside one another, on paper."""
    store = Store(sample_store())
    lines = [number for number in range(len(store)) if store.level[number] == "line"][row : row + max(words // 3, 1)]
    images = [render(store[number].ink, height=HEIGHT, pen=Pen(darkness=0.8)) for number in lines]
    return np.minimum(np.hstack(images), PAPER).astype(np.uint8)


def ruled(image: GreyImage, *, row: float = 0.8, rise: int = 0, thickness: int = 2) -> tuple[GreyImage, GreyImage]:
    """The image on ruled paper, and 255 where the rule is."""
    rule = np.zeros_like(image)
    level = round(row * image.shape[0])
    cv2.line(rule, (0, level + rise // 2), (image.shape[1] - 1, level - rise // 2), WHITE, thickness)
    return np.where(rule > 0, np.minimum(image, RULE), image).astype(np.uint8), rule


@pytest.mark.parametrize("rise", [0, 5, -7])
@pytest.mark.parametrize("row", [0.55, 0.8, 0.9])
def test_rules_go_and_strokes_stay(row: float, rise: int) -> None:
    plain = written()
    image, rule = ruled(plain, row=row, rise=rise)
    found = painted_over(image)
    bare = (rule > 0) & (cv2.erode(plain, np.ones((9, 9), np.uint8)) == PAPER)
    ink = (plain < 100) & (cv2.dilate(rule, np.ones((9, 9), np.uint8)) == 0)
    assert (found[bare] > PAPER - 30).mean() > 0.97
    np.testing.assert_array_equal(found[ink], plain[ink])


def test_strokes_that_cross_a_rule_stay_whole() -> None:
    plain = written()
    for left in range(40, plain.shape[1] - 80, 90):
        cv2.line(plain, (left, 64), (left + 26, 20), 20, 2)
    crossed, rule = ruled(plain, row=0.6)
    lost = (rule > 0) & (plain < 60) & (painted_over(crossed) > 150)
    assert lost.sum() < 0.15 * ((rule > 0) & (plain < 60)).sum()


@pytest.mark.parametrize("row", range(0, 40, 8))
def test_writing_painted_over_is_left_as_it_is(row: int) -> None:
    image = written(row=row)
    assert painted_over(image) is image


def test_a_lone_dash_and_a_blank_sheet_stay() -> None:
    dash = np.full((60, 900), PAPER, np.uint8)
    assert painted_over(dash) is dash
    dash = dash.copy()
    cv2.line(dash, (10, 30), (890, 32), 20, 3)
    assert painted_over(dash) is dash


def test_an_underline_stays() -> None:
    plain = written()
    image = plain.copy()
    cv2.line(image, (20, 62), (plain.shape[1] // 2, 62), 30, 2)
    assert painted_over(image) is image


def test_a_page_loses_all_its_rules() -> None:
    line = written()
    page = np.full((8 * 110, line.shape[1] + 200), PAPER, np.uint8)
    for number in range(8):
        page[110 * number + 20 : 110 * number + 20 + HEIGHT, 100:-100] = line
        page[110 * number + 76 : 110 * number + 78] = np.minimum(page[110 * number + 76 : 110 * number + 78], RULE)
    found = painted_over(page)
    rows = [110 * number + 76 for number in range(8)]
    assert (found[rows][:, :90] > PAPER - 30).mean() > 0.97


def test_light_rules_on_a_dark_board_go_too() -> None:
    image, _ = ruled(written())
    found = painted_over(WHITE - image)
    np.testing.assert_array_equal(found, WHITE - painted_over(image))
    assert (found != WHITE - image).any()


def test_the_feet_of_letters_are_no_rule() -> None:
    image = np.full((HEIGHT, 900), PAPER, np.uint8)
    for left in range(20, 880, 120):
        cv2.line(image, (left, 50), (left + 100, 50), 30, 2)  # a word as a dash, and gaps of a fifth
        image[20:50, left : left + 3] = image[20:50, left + 60 : left + 63] = 30
    assert painted_over(image) is image


def test_a_headline_that_letters_hang_from_stays() -> None:
    image = np.full((90, 600), PAPER, np.uint8)
    cv2.line(image, (4, 20), (596, 20), 30, 4)
    for left in range(6, 580, 30):
        cv2.ellipse(image, (left + 12, 44), (11, 22), 0, 0, 360, 30, 4)
    assert painted_over(image) is image


def test_a_ruled_sheet_with_one_line_of_writing_loses_its_rules() -> None:
    line = written()
    page = np.full((8 * 110, line.shape[1] + 200), PAPER, np.uint8)
    page[20 : 20 + HEIGHT, 100:-100] = line
    for number in range(8):
        page[110 * number + 76 : 110 * number + 78] = np.minimum(page[110 * number + 76 : 110 * number + 78], RULE)
    found = painted_over(page)
    assert (found[[110 * number + 76 for number in range(1, 8)]] > PAPER - 30).mean() > 0.97


def test_a_broken_line_is_none_and_does_no_harm() -> None:
    image = np.vstack([written(), np.full((20, written().shape[1]), PAPER, np.uint8)])
    for number, left in enumerate(range(0, image.shape[1], 22)):
        image[80 + 2 * (number % 2), left : left + 22] = 20
    assert painted_over(image).shape == image.shape
