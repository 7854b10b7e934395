"""Lines of ink cut into words: at planted gaps, with dots and bars that were set later."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from handwrite.core.curve import letter_height
from handwrite.core.ink import FloatArray, Ink
from handwrite.recover.words import WIDE_GAP, cut_words

ToyHand = Callable[..., Ink]


def same_points(ink: Ink, strokes: list[FloatArray]) -> bool:
    return [stroke[:, :2].tolist() for stroke in ink.strokes()] == [stroke[:, :2].tolist() for stroke in strokes]


def test_words_are_cut_at_their_gaps_from_left_to_right(toy_hand: ToyHand) -> None:
    strokes = toy_hand("abc ba  a").strokes()
    words = cut_words(Ink.from_strokes(strokes))
    assert [len(word.strokes()) for word in words] == [3, 2, 1]
    for word, own in zip(words, (strokes[:3], strokes[3:5], strokes[5:]), strict=True):
        assert same_points(word, own)
        assert word.points[0, 2] == 0
        np.testing.assert_allclose(np.diff(word.points[:, 2]), np.diff(np.concatenate(own)[:, 2]), atol=1e-5)


@pytest.mark.parametrize(("share", "words"), [(0.95, 1), (1.05, 2)])
def test_the_gap_is_measured_by_the_height_of_letters(toy_hand: ToyHand, share: float, words: int) -> None:
    first = toy_hand("aaaa")
    gap = share * WIDE_GAP * letter_height(first)
    second = first.moved(first.bounds[2] + gap - first.bounds[0], 0)
    strokes = [*first.strokes(), *(stroke + np.array([0, 0, 2], np.float32) for stroke in second.strokes())]
    assert letter_height(Ink.from_strokes(strokes)) == letter_height(first)
    assert len(cut_words(Ink.from_strokes(strokes))) == words


def test_what_is_set_later_stays_with_its_word(toy_hand: ToyHand) -> None:
    first, second = toy_hand("aa").strokes(), toy_hand("    aa").strokes()
    later = np.array([0, 0, 5], np.float32)
    dot = np.array([[10.0, -60.0, 0.0]], np.float32)
    bar = np.array([[85.0, -30.0, 0.0], [130.0, -30.0, 0.1]], np.float32)
    words = cut_words(
        Ink.from_strokes([*second, *(stroke + later for stroke in first), bar + 2 * later, dot + 3 * later])
    )
    assert same_points(words[0], [*first, dot])
    assert same_points(words[1], [*second, bar])


def test_a_bar_over_two_words_makes_them_one(toy_hand: ToyHand) -> None:
    strokes = toy_hand("aa  aa").strokes()
    bar = np.array([[0.0, 10.0, 9.0], [110.0, 10.0, 9.3]])
    assert len(cut_words(Ink.from_strokes(strokes))) == 2
    assert len(cut_words(Ink.from_strokes([*strokes, bar]))) == 1


def test_no_ink_has_no_words() -> None:
    assert cut_words(Ink.from_strokes([])) == []
