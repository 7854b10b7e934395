"""Planted lines of letters, level, slanted, bent, touching, on all kinds of paper: found, in order, cut out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.core import lines
from handwrite.core.lines import TextLine, cut, find_lines, find_page, is_page
from handwrite.core.render import Paper, scan

Ink = NDArray[np.uint8]

WORDS = ("The quick brown fox", "jumps over the lazy dog", "by high tide, you go", "fifty happy pilgrims")
PITCH = 60


def written(text: str, *, y: float, left: int = 40, shape: tuple[int, int] = (700, 620)) -> Ink:
    """The ink of a line whose letters stand at y, 0 to 255."""
    ink = np.zeros(shape, np.uint8)
    cv2.putText(ink, text, (left, round(y)), cv2.FONT_HERSHEY_COMPLEX, 1.2, 255, 1, cv2.LINE_AA)
    return ink


def page_of(lines: list[Ink], *, paper: Paper | None = None, seed: int = 3) -> Ink:
    quiet = Paper(skips=0.0)
    return scan(np.max(lines, axis=0), paper=paper or quiet, rng=np.random.default_rng(seed))


def block(count: int = 8, *, pitch: float = PITCH) -> list[Ink]:
    return [written(WORDS[index % len(WORDS)], y=120 + pitch * index) for index in range(count)]


def moved(ink: Ink, *, slope: float = 0.0, bend: float = 0.0) -> Ink:
    """The ink sheared and bent, each column up or down."""
    height, width = ink.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    down = slope * (x - width / 2) + bend * np.sin(x / width * np.pi * 2)
    return np.asarray(cv2.remap(ink, x, (y - down).astype(np.float32), cv2.INTER_LINEAR), np.uint8)


def inside(line: TextLine, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.floor(np.array(line.outline)).astype(np.int32)], 1)
    return np.asarray(mask == 1, np.bool_)


def share(found: list[TextLine], planted: list[Ink]) -> NDArray[np.float64]:
    """(found, planted) share of each planted line's ink inside each outline."""
    masks = [inside(line, planted[0].shape) for line in found]
    return np.array([[(mask & (ink > 128)).sum() / (ink > 128).sum() for ink in planted] for mask in masks])


@pytest.mark.parametrize(
    ("shape", "paper", "turned"),
    [
        ({}, None, False),
        ({"slope": 0.14}, None, False),
        ({"slope": -0.14}, None, True),
        ({"bend": 25.0}, None, False),
        ({"slope": 0.05, "bend": -20.0}, Paper(shading=0.6), False),
        ({}, Paper(ruled=37.0), False),
    ],
)
def test_each_planted_line_is_found_whole_alone_and_in_order(
    shape: dict[str, float], paper: Paper | None, turned: bool
) -> None:
    planted = [moved(ink, **shape) for ink in block()]
    page = page_of(planted, paper=paper)
    found = find_lines(255 - page if turned else page)
    assert len(found) == len(planted)
    shares = share(found, planted)
    assert shares.diagonal().min() > 0.93
    assert (shares - np.diag(shares.diagonal())).max() < 0.07


def test_lines_that_touch_are_parted_and_uneven_ones_found() -> None:
    lines = [written(WORDS[index % 4], y=y) for index, y in enumerate((120, 165, 212, 300, 352))]
    alone = [parts(line) for line in lines]
    for ink, y in zip(lines[:2], (120, 165), strict=True):
        for x in range(60, 340, 40):  # long descenders, down into the letters of the next line
            cv2.line(ink, (x, y - 4), (x - 4, y + 30), 255, 2)
    assert parts(np.max(lines[:3], axis=0)) < sum(alone[:3]) - 6  # they do touch
    shares = share(find_lines(page_of(lines)), lines)
    assert shares.shape == (5, 5)
    assert shares.diagonal().min() > 0.8
    assert (shares - np.diag(shares.diagonal())).max() < 0.2


def parts(ink: Ink) -> int:
    return cv2.connectedComponents((ink > 60).astype(np.uint8))[0] - 1


def test_a_cut_line_keeps_its_ink_and_loses_that_of_its_neighbours() -> None:
    planted = [moved(ink, slope=0.12) for ink in block(pitch=45)]
    page = page_of(planted)
    line = find_lines(page)[3]
    image, (left, top) = cut(page, line.outline)
    window = np.s_[top : top + image.shape[0], left : left + image.shape[1]]
    own, others = planted[3][window], np.max(planted[:3] + planted[4:], axis=0)[window]
    assert image.dtype == np.uint8
    assert (image[own > 200] < 120).mean() > 0.93
    strangers = (others > 200) & (own < 50)
    assert strangers.sum() > 1000  # the box does hold neighbours
    assert (image[strangers] > 180).mean() > 0.95
    assert image[0, 0] == pytest.approx(np.median(page), abs=12)  # painted as the paper is


@pytest.mark.parametrize(("paper", "ink"), [(200, 20), (50, 220)])
def test_the_paint_is_the_paper_thereabouts_of_either_polarity(paper: int, ink: int) -> None:
    light = np.linspace(paper - 20, paper + 20, 600)
    page = np.random.default_rng(0).normal(light, 3, (100, 600)).round().astype(np.uint8)
    page[:45, ::2] = np.linspace(ink, paper, 300).astype(np.uint8)
    image, corner = cut(page, [(0, 0), (600, 0), (0, 100)])
    assert corner == (0, 0)
    assert np.abs(image[60:, 260:] - light[260:]).max() < 8
    np.testing.assert_array_equal(image[:40, :350], page[:40, :350])


def test_an_outline_is_clipped_to_the_page() -> None:
    page = np.arange(200, dtype=np.uint8).reshape(10, 20)
    over, corner = cut(page, [(-5, -5), (7, -5), (7, 5), (-5, 5)])
    np.testing.assert_array_equal(over, page[:5, :7])
    assert corner == (0, 0)
    over, corner = cut(page, np.array([(12.5, 6.5), (30, 6.5), (30, 30), (12.5, 30)]))
    np.testing.assert_array_equal(over, page[6:, 12:])
    assert corner == (12, 6)
    around_the_corner = [(-9, 8), (-9, -9), (8, -9)]  # only the rectangle around it is partly on the page
    for outline in ([(30, 2), (40, 2), (40, 8)], [(2, -9), (8, -9), (8, -1)], [(30, 30), (40, 40)], around_the_corner):
        assert cut(page, outline)[0].shape == (0, 0)


def test_two_columns_are_read_one_after_the_other_below_their_title() -> None:
    shape = (640, 1240)
    title = written("A title that goes across both of the columns here", y=80, left=80, shape=shape)
    left = [written(WORDS[i % 4], y=180 + PITCH * i, shape=shape) for i in range(6)]
    right = [written(WORDS[(i + 1) % 4], y=186 + PITCH * i, left=700, shape=shape) for i in range(6)]
    planted = [title, *left, *right]
    shares = share(find_lines(page_of(planted)), planted)
    assert shares.shape == (13, 13)
    assert shares.argmax(axis=1).tolist() == list(range(13))
    assert shares.diagonal().min() > 0.93


def test_outlines_are_clockwise_and_lie_in_their_boxes_on_the_page() -> None:
    found = find_lines(page_of(block()))
    assert len(found) == 8
    for line in found:
        x, y = np.array(line.outline).T
        assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0  # shoelace; y is down
        assert (x.min(), y.min(), x.max(), y.max()) == (line.box.left, line.box.top, line.box.right, line.box.bottom)
        assert 0 <= x.min() <= x.max() <= 620
        assert 0 <= y.min() <= y.max() <= 700


def test_dirt_along_the_edges_is_no_line() -> None:
    page = page_of(block())
    page[:25] = 20
    page[:, :18] = 20
    page[-12:, 200:] = 30
    assert len(find_lines(page)) == 8


def test_a_page_is_told_from_a_line_with_scraps_of_its_neighbours() -> None:
    page = page_of(block(3, pitch=50))
    assert is_page(find_lines(page))
    strip = page[132:190]  # the second line, feet of the first and heads of the third
    assert not is_page(find_lines(strip))
    assert not is_page(find_lines(page_of([written("two", y=120), written("halves", y=130, left=400)])))
    assert not is_page([])


def word(*, tall: int, pen: int) -> Ink:
    """The image of one word of loops, so many pixels high."""
    turn = np.linspace(0, 12 * np.pi, 600)
    x, y = tall * (turn / 10 - 0.3 * np.sin(turn)), -tall / 2 * np.cos(turn)
    image = np.full((round(1.4 * tall), 5 * tall), 255, np.uint8)
    path = np.column_stack([x + 0.6 * tall, y + 0.7 * tall])
    cv2.polylines(image, [path.round().astype(np.int32)], False, 0, pen, cv2.LINE_AA)
    return image


@pytest.mark.parametrize(("tall", "pen"), [(60, 2), (120, 2), (120, 7), (300, 3), (300, 12)])
def test_a_large_word_is_no_page_and_large_words_below_one_another_are(tall: int, pen: int) -> None:
    one = word(tall=tall, pen=pen)
    alone = np.pad(one, 2 * tall, constant_values=255)
    assert find_page(one) == find_page(alone) == []
    assert len(find_page(np.vstack([one, one]))) == 2
    assert len(find_page(np.vstack([one, one, one[:, ::-1]]))) == 3


def test_lines_for_which_a_word_would_be_torn_make_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    one = word(tall=200, pen=4)
    monkeypatch.setattr(lines, "measure", lambda page: 16.0)
    assert is_page(find_lines(one)), "its arches, taken for lines"
    assert find_page(one) == []


def test_the_lines_of_a_page_alone_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(block(3, pitch=50))
    two_lines, strip, line = page[88:190], page[132:190], page_of(block(1))[90:130]
    assert find_page(page) == find_lines(page)
    assert len(find_page(two_lines)) == 2
    assert find_page(strip) == []
    assert len(find_lines(line)) == 1
    monkeypatch.setattr(lines, "find_ridges", None)
    assert find_page(line) == [], "too low for two lines, so that no ridge is traced"


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (5, 7), (400, 300)])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_blank_images_have_no_lines(shape: tuple[int, int], grey: int) -> None:
    assert find_lines(np.full(shape, grey, np.uint8)) == []
