"""Lines of ink in words: planted strokes and a planted window."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from handwrite.core import geometry
from handwrite.core.ink import FloatArray, Ink
from handwrite.synth.words import LETTER_SPACE, SHORTEST_PAUSE, WORD_SPACE, Word, place, split_words

TEXT = "ab c de"


def line(*strokes: tuple[float, float, str]) -> tuple[Ink, FloatArray]:
    """Strokes of five points from x to x, a tenth of a second apart, while the window looks at each of the characters
    of TEXT that the string names, in turn, or at ">", the place after the last."""
    points, looks = [], []
    for number, (left, right, seen) in enumerate(strokes):
        t = 0.2 * number + 0.025 * np.arange(5)
        points.append(np.column_stack([np.linspace(left, right, 5), np.zeros(5), t]))
        looks += [seen[min(i * len(seen) // 5, len(seen) - 1)] for i in range(5)]
    attention = np.array([[float(char == look) for char in f"{TEXT}>"] for look in looks], np.float32)
    return Ink.from_strokes(points), 0.8 * attention + 0.001


def split(*strokes: tuple[float, float, str]) -> list[Word]:
    return split_words(TEXT, *line(*strokes))


def test_strokes_go_to_the_word_that_the_window_looked_at() -> None:
    first, second, third = split((0, 1, "a"), (1, 2, "b"), (4, 5, "c"), (7, 8, "d"), (8, 9, "e"))
    assert [word.text for word in (first, second, third)] == ["ab", "c", "de"]
    assert [len(word.ink.strokes()) for word in (first, second, third)] == [2, 1, 2]
    assert (first.space, first.pause) == (0, 0)
    assert (second.space, second.pause) == pytest.approx((2, 0.1))
    assert all(word.ink.bounds[0] == 0 and word.ink.points[0, 2] == 0 for word in (first, second, third))


def test_words_side_by_side_are_the_line_again() -> None:
    ink, attention = line((2, 3, "a"), (3, 4, "b"), (6, 7, "c"), (9, 10, "d"), (10.5, 11, "e"))
    again = place(split_words(TEXT, ink, attention))
    np.testing.assert_allclose(again.points, ink.points - [2, 0, 0], atol=1e-5)
    np.testing.assert_array_equal(again.pen_up, ink.pen_up)
    assert len(place([])) == 0


def test_a_space_and_the_end_belong_to_the_word_before() -> None:
    assert [len(word.ink.strokes()) for word in split((0, 1, "a"), (3, 4, "c"), (5, 6, "d"), (6, 7, ">"))] == [1, 1, 2]
    assert [len(word.ink.strokes()) for word in split((0, 1, "   ab"), (3, 4, "  c"), (5, 6, "  d"))] == [1, 1, 1]


def test_a_cross_set_late_belongs_to_what_it_lies_over() -> None:
    first, second, _ = split((0, 2, "a"), (0.5, 1, "c"), (4, 5, "c"), (7, 8, "d"))
    assert [len(word.ink.strokes()) for word in (first, second)] == [2, 1]
    assert second.space == pytest.approx(2)


def test_a_stroke_that_two_words_share_belongs_to_the_nearer() -> None:
    apart = split((0, 1, "a"), (1.2, 2, "bcc"), (4, 5, "c"), (7, 8, "d"))
    assert [len(word.ink.strokes()) for word in apart] == [2, 1, 1]
    near = split((0, 1, "a"), (3.2, 4, "bcc"), (4.5, 5, "c"), (7, 8, "d"))
    assert [len(word.ink.strokes()) for word in near] == [1, 2, 1]
    sure = split((0, 1, "a"), (1.2, 2, "c"), (4, 5, "c"), (7, 8, "d"))
    assert [len(word.ink.strokes()) for word in sure] == [1, 2, 1]
    alone = split((0, 1, "a"), (1.2, 2, "bccc"), (7, 8, "d"))
    assert [len(word.ink.strokes()) for word in alone] == [1, 1, 1]
    crossed = split((0, 1, "a"), (1.8, 2.2, "c"), (1.2, 2.8, "bcc"), (4, 5, "c"), (7, 8, "d"))
    assert [len(word.ink.strokes()) for word in crossed] == [1, 3, 1]


def test_a_letter_that_two_words_share_begins_the_second() -> None:
    ink, attention = line((0, 1, "a"), (1.2, 2, "bcc"), (4, 5, "c"), (7, 8, "d"))
    tall = ink.points + np.outer(np.r_[np.zeros(5), np.arange(5), np.zeros(10)], [0, 0.2, 0])
    words = split_words(TEXT, Ink(tall, ink.pen_up), attention)
    assert [len(word.ink.strokes()) for word in words] == [1, 2, 1]


def test_a_stroke_across_a_space_joins_two_words_where_there_is_no_white() -> None:
    joined = split((0, 1, "a"), (1, 4, "bbbcc"), (4, 4.5, "c"), (5, 6, "d"))
    assert [word.text for word in joined] == ["ab c", "de"]
    apart = split((0, 1, "a"), (1, 2.5, "bbbcc"), (4, 4.5, "c"), (5, 6, "d"))
    assert [word.text for word in apart] == ["ab", "c", "de"]
    dot = split((0, 1, "a"), (4, 4.1, "bbbcc"), (4, 4.5, "c"), (5, 6, "d"))
    assert [word.text for word in dot] == ["ab", "c", "de"]


@pytest.mark.parametrize(
    ("seen", "texts"), [("abde", ["ab c", "de"]), ("cde", ["ab c", "de"]), ("ab", ["ab c de"]), ("", ["ab c de"])]
)
def test_a_word_without_ink_is_taken_into_its_neighbour(seen: str, texts: list[str]) -> None:
    words = split(*((2 * number, 2 * number + 1, char) for number, char in enumerate(seen)))
    assert [word.text for word in words] == texts
    assert sum(len(word.ink.strokes()) for word in words) == len(seen)


def test_pauses_are_neither_negative_nor_long() -> None:
    ink, attention = line((0, 2, "a"), (3, 4, "c"), (0.5, 1, "b"), (5, 6, "d"))
    late = Ink(ink.points + np.repeat([[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 3]], 5, axis=0), ink.pen_up)
    first, second, third = split_words(TEXT, late, attention)
    assert first.ink.duration == pytest.approx(0.5)
    assert second.pause == pytest.approx(SHORTEST_PAUSE)
    assert third.pause == pytest.approx(geometry.MAX_GAP)
    times = [stroke[:, 2] for stroke in place([first, second, third]).strokes()]
    assert all(before[-1] < after[0] for before, after in itertools.pairwise(times))


def test_words_stand_as_far_apart_as_words_do() -> None:
    near, far = split((0, 1, "a"), (1.1, 2, "c"), (9, 10, "d"))[1:]
    assert (near.space, far.space) == pytest.approx(WORD_SPACE)


def test_letters_of_a_word_are_closed_up() -> None:
    (word, *_) = split((0, 1, "a"), (2.5, 3, "b"), (2.7, 2.9, "b"), (3.5, 4.5, "b"), (8, 9, "c"), (12, 13, "d"))
    spans = [(stroke[:, 0].min(), stroke[:, 0].max()) for stroke in word.ink.strokes()]
    left = 1 + LETTER_SPACE
    wanted = [(0, 1), (left, left + 0.5), (left + 0.2, left + 0.4), (left + 1, left + 2)]
    np.testing.assert_allclose(spans, wanted, atol=1e-5)


def test_two_words_in_one_are_not_closed_up() -> None:
    (word, *_) = split((0, 1, "a"), (3, 4, "b"), (10, 11, "d"))
    assert word.text == "ab c"
    assert word.ink.bounds[2] == pytest.approx(4)


def test_touches_of_the_pen_that_are_no_dots_are_left_out() -> None:
    ink, attention = line((0, 1, "a"), (1.2, 1.25, "b"), (1.5, 2, "b"), (4, 5, "c"), (7, 8, "d"))
    plain, *_ = split_words(TEXT, ink, attention)
    assert len(plain.ink.strokes()) == 2
    for text, count in (("ij c de", 3), ("a- c de", 3), ("ab i de", 2)):
        assert len(split_words(text, ink, attention)[0].ink.strokes()) == count
    late, attention = line((0, 1, "a"), (1.5, 2, "b"), (0.5, 0.55, "c"), (4, 5, "c"), (7, 8, "d"))
    assert len(split_words("ij c de", late, attention)[0].ink.strokes()) == 3
    assert len(split_words(TEXT, late, attention)[0].ink.strokes()) == 2
    lone = split((0, 1, "a"), (4, 4.05, "c"), (7, 8, "d"))[1]
    assert len(lone.ink.strokes()) == 1
    short = split((0, 1, "a"), (0.45, 0.55, "a"), (4, 5, "c"), (7, 8, "d"))[0]
    assert len(short.ink.strokes()) == 2
