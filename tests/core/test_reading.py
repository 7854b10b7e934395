"""Boxes, and what a reading says of all its parts together."""

import pytest

from handwrite.core.reading import Box, Char, Line, Reading, Word


def word(text: str, confidence: float, left: float) -> Word:
    chars = tuple(Char(char, confidence, Box(left + i, 2, left + i + 1, 8)) for i, char in enumerate(text))
    return Word(text, confidence, Box.around(char.box for char in chars), chars)


def line(*words: Word) -> Line:
    box = Box.around(word.box for word in words)
    return Line(" ".join(word.text for word in words), 0.5, box, words, box.corners)


def test_a_box_knows_its_size_and_its_corners_clockwise() -> None:
    box = Box(1, 2, 4, 2.5)
    assert (box.width, box.height) == (3, 0.5)
    assert box.corners == ((1, 2), (4, 2), (4, 2.5), (1, 2.5))


def test_the_box_around_boxes() -> None:
    assert Box.around(iter([Box(3, 0, 5, 1), Box(1, 4, 2, 9)])) == Box(1, 0, 5, 9)
    with pytest.raises(ValueError, match="empty"):
        Box.around([])


@pytest.mark.parametrize("sides", [(2, 0, 1, 5), (0, 5, 1, 4), (float("nan"), 0, 1, 1)])
def test_what_is_not_a_box_is_refused(sides: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="not a box"):
        Box(*sides)


def test_a_reading_joins_its_lines_and_averages_its_words() -> None:
    reading = Reading((line(word("ab", 1.0, 0), word("c", 0.25, 4)), line(word("d", 0.4, 0))), width=20, height=10)
    assert reading.text == "ab c\nd"
    assert reading.confidence == pytest.approx((1.0 + 0.25 + 0.4) / 3)


def test_of_nothing_read_nothing_is_doubtful() -> None:
    assert (Reading((), 5, 5).text, Reading((), 5, 5).confidence) == ("", 1.0)
