"""Lines in pieces: cut at planted gaps and where a word is thin, and put together again as if they never were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from handwrite.core.image import GreyImage
from handwrite.core.ink import FloatArray, Ink
from handwrite.errors import InputError
from handwrite.recover.pieces import SEAM, WIDEST, Piece, cut_pieces, joined

Picture = Callable[..., GreyImage]
Pace = Callable[..., Ink]
GAP = (0.12, 0.1)
SEAMS = (60, 130)
LONG = [(10, 30), (50, 50), (90, 20), (150, 45), (190, 30)]
"""A stroke that crosses both seams."""


def letters(left: float, count: int, *, top: float = 30, bottom: float = 70) -> list[ArrayLike]:
    """Upright bars 12 pixels apart, the first higher and the second deeper, over a line that joins them."""
    bars = [[(left + 12 * number, top), (left + 12 * number, bottom)] for number in range(count)]
    bars[0][0] = (left, 10)
    bars[1][1] = (left + 12, 90)
    return [*bars, [(left, bottom), (left + 12 * (count - 1), bottom)]]


def inked(image: GreyImage) -> NDArray[np.intp]:
    """The columns with ink."""
    return np.flatnonzero((image < 128).any(axis=0))


def cut_at(ink: Ink, seams: Sequence[float]) -> list[list[FloatArray]]:
    """The strokes between the seams, from left to right, cut where they cross one."""
    parts: list[list[FloatArray]] = [[] for _ in range(len(seams) + 1)]
    for stroke in ink.strokes():
        part = [stroke[0]]
        for first, second in pairwise(stroke):
            shares = sorted((seam - first[0]) / (second[0] - first[0]) for seam in seams)
            for crossing in (first + share * (second - first) for share in shares if 0 < share < 1):
                _add(parts, [*part, crossing], seams)
                part = [crossing]
            part.append(second)
        _add(parts, part, seams)
    return parts


def _add(parts: list[list[FloatArray]], part: list[FloatArray], seams: Sequence[float]) -> None:
    whole = np.stack(part).astype(np.float32)
    parts[int(np.searchsorted(seams, whole[:, 0].mean()))].append(whole)


def in_pieces(parts: Sequence[Sequence[FloatArray]], seams: Sequence[float]) -> tuple[list[Ink], list[Piece]]:
    """The strokes of each part as ink of a piece."""
    lefts = [0, *map(int, seams)]
    blank = np.full((10, 10), 255, np.uint8)
    pieces = [Piece(blank, left, number < len(seams), 50.0) for number, left in enumerate(lefts)]
    inks = [Ink.from_strokes(part).moved(-left, 0) for part, left in zip(parts, lefts, strict=True)]
    return inks, pieces


def in_time(strokes: Sequence[FloatArray]) -> list[FloatArray]:
    """Strokes, each with its own clock, one after another."""
    placed: list[FloatArray] = []
    for stroke in strokes:
        clock = float(placed[-1][-1, 2]) + 0.1 if placed else 0.0
        placed.append(stroke + np.array([0, 0, clock - stroke[0, 2]], np.float32))
    return placed


def turned(stroke: FloatArray) -> FloatArray:
    """The stroke drawn from its end to its start."""
    return stroke[::-1] * np.array([1, 1, -1], np.float32)


def knots(ink: Ink) -> list[list[list[float]]]:
    """The points of each stroke but those on seams, from left to right."""
    strokes = [stroke[~np.isclose(stroke[:, :1], SEAMS, atol=0.01).any(axis=1), :2] for stroke in ink.strokes()]
    return sorted((xy if xy[0, 0] < xy[-1, 0] else xy[::-1]).round(2).tolist() for xy in strokes)


def test_a_line_is_cut_at_its_gaps(picture: Picture) -> None:
    words = [(20, 4), (100, 3), (180, 5)]
    image = picture(*(bar for left, count in words for bar in letters(left, count)), shape=(100, 280))
    pieces = cut_pieces(image)
    assert [piece.runs_on for piece in pieces] == [False] * 3
    for piece, (left, count) in zip(pieces, words, strict=True):
        np.testing.assert_array_equal(piece.image, image[:, piece.left :][:, : piece.image.shape[1]])
        columns = inked(piece.image) + piece.left
        assert (columns[0], columns[-1]) == (left - 2, left + 12 * (count - 1) + 1)
        assert piece.height == pytest.approx(84, abs=2)
    assert len(cut_pieces(image, at_gaps=False)) == 1


def test_a_piece_shows_no_ink_of_its_neighbours(picture: Picture) -> None:
    strokes = [bar for left in (20, 126, 232) for bar in letters(left, 8, top=44, bottom=56)]
    image = picture(*strokes, shape=(100, 340))
    pieces = cut_pieces(image)
    assert len(pieces) == 3
    shown = np.concatenate([inked(piece.image) + piece.left for piece in pieces])
    assert sorted(shown.tolist()) == inked(image).tolist()


@pytest.mark.parametrize("size", [1, 3, 8])
def test_a_large_image_is_cut_in_the_same_places(picture: Picture, size: int) -> None:
    strokes = [bar for left in (20, 100) for bar in letters(left, 4)]
    image = picture(*(size * np.array(stroke) for stroke in strokes), shape=(100 * size, 180 * size), width=4 * size)
    pieces = cut_pieces(image)
    assert [piece.left / size for piece in pieces] == pytest.approx([0, 78], abs=3)
    assert [piece.height / size for piece in pieces] == pytest.approx([84, 84], abs=2)


def test_specks_are_no_words(picture: Picture) -> None:
    image = picture(*letters(20, 4), shape=(100, 280))
    clean = cut_pieces(image)
    image[50, 200] = image[2, 240] = 0
    dirty = cut_pieces(image)
    assert [(piece.left, piece.height) for piece in dirty] == [(piece.left, piece.height) for piece in clean]


def test_a_long_word_is_cut_where_it_is_thin(picture: Picture) -> None:
    knots = [[(x, 30), (x + 60, 70)] for x in range(20, 600, 100)] + [
        [(x, 70), (x + 60, 30)] for x in range(20, 600, 100)
    ]
    image = picture(*knots, [(x, 50 + 6 * np.sin(x / 30)) for x in range(20, 581, 4)], shape=(100, 600))
    pieces = cut_pieces(image)
    height = pieces[0].height
    assert len(pieces) == np.ceil(562 / (WIDEST * height))
    assert [piece.runs_on for piece in pieces] == [True] * (len(pieces) - 1) + [False]
    for piece, following in pairwise(pieces):
        cut = piece.left + piece.image.shape[1]
        assert cut == following.left
        assert (image[:, cut] < 128).sum() <= 5
    assert max(piece.image.shape[1] for piece in pieces) < 1.5 * WIDEST * height
    assert len(cut_pieces(image, at_gaps=False)) == len(pieces)


def test_a_dash_stays_whole(picture: Picture) -> None:
    assert len(cut_pieces(picture([(20, 50), (140, 50)]))) == 1


def test_blank_paper_is_refused() -> None:
    with pytest.raises(InputError, match="no writing in it"):
        cut_pieces(np.full((50, 80), 255, np.uint8))


def test_words_follow_one_another_in_place_and_time(paced: Pace) -> None:
    inks = [paced([(5, 10), (20, 40)], [(20, 10), (5, 40)]), paced([(10, 20), (30, 20)]), Ink.from_strokes([])]
    blank = np.full((10, 10), 255, np.uint8)
    pieces = [Piece(blank, left, False, 40.0) for left in (0, 100, 200)]
    whole = joined(inks, pieces, gap=GAP)
    strokes = whole.strokes()
    assert len(strokes) == 3
    np.testing.assert_array_equal(strokes[2][:, :2], inks[1].points[:, :2] + [100, 0])
    for stroke, other in zip(strokes, [*inks[0].strokes(), *inks[1].strokes()], strict=True):
        np.testing.assert_allclose(np.ptp(stroke[:, 2]), np.ptp(other[:, 2]), atol=1e-5)
    for first, second in pairwise(strokes):
        over = np.hypot(*(second[0, :2] - first[-1, :2]))
        assert second[0, 2] - first[-1, 2] == pytest.approx(GAP[0] + GAP[1] * over / 40, abs=1e-4)
    assert not len(joined([], [], gap=GAP))


@pytest.mark.parametrize("seed", range(6))
def test_a_cut_stroke_is_whole_again_whichever_way_its_parts_were_found(paced: Pace, seed: int) -> None:
    """The first seed finds the parts as they were written, the others some from their ends and in any order."""
    rng = np.random.default_rng(seed)
    ink = paced(LONG, [(20, 5), (30, 12)], [(100, 60), (120, 70)], [(170, 80), (125, 90)], [(10, 90), (50, 92)])
    parts = cut_at(ink, SEAMS)
    assert [len(own) for own in parts] == [3, 3, 2]
    if seed:
        parts = [[turned(part) if rng.random() < 0.5 else part for part in own] for own in parts]
        parts = [[own[number] for number in rng.permutation(len(own))] for own in parts]
    whole = joined(*in_pieces([in_time(own) for own in parts], SEAMS), gap=GAP)
    assert knots(whole) == knots(ink)
    assert whole.writing_time == pytest.approx(ink.writing_time, rel=1e-3)
    if not seed:
        assert [len(stroke) for stroke in whole.strokes()] == [len(LONG) + 4, 2, 2, 2, 4]


def test_a_whole_stroke_keeps_its_place_direction_and_pace(paced: Pace) -> None:
    ink = paced([(10, 30), (50, 50), (90, 20)], [(20, 5), (30, 12)], [(100, 60), (120, 70)])
    whole = joined(*in_pieces(cut_at(ink, (60,)), (60,)), gap=GAP)
    long, *_ = whole.strokes()
    assert long[[0, -1], :2].tolist() == [[10, 30], [90, 20]]
    assert [stroke[0, 0] for stroke in whole.strokes()] == [10, 20, 100]
    way = np.hypot(*np.diff(long[:, :2], axis=0).T)
    np.testing.assert_allclose(way, 300 * np.diff(long[:, 2]), atol=0.05)


@pytest.mark.parametrize(("share", "strokes"), [(0.9, 1), (1.1, 2)])
def test_only_ends_that_nearly_meet_are_joined(paced: Pace, share: float, strokes: int) -> None:
    parts = [paced([(10, 30), (59, 30)]).strokes(), paced([(59, 30 + share * SEAM * 50), (100, 40)]).strokes()]
    assert len(joined(*in_pieces(parts, (59,)), gap=GAP).strokes()) == strokes
    inks, pieces = in_pieces(parts, (59,))
    apart = [Piece(piece.image, piece.left, False, piece.height) for piece in pieces]
    assert len(joined(inks, apart, gap=GAP).strokes()) == 2
