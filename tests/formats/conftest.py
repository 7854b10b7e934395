"""A reading with what formats trip over: marks of XML, an accent of two code points, a control character, a sloping
outline that leaves the image, a line without words."""

import pytest

from handwrite.core.reading import Box, Char, Line, Reading, Word


def word(text: str, confidence: float, left: float) -> Word:
    places = [Box(left + 10.25 * i, 20.5, left + 10.25 * (i + 1), 50) for i in range(len(text))]
    chars = [Char(text[i], round(confidence + i / 100, 2), box) for i, box in enumerate(places)]
    return Word(text, confidence, Box.around(places), tuple(chars))


@pytest.fixture
def reading() -> Reading:
    """300 x 120 pixels; line 1 "<Tom> & Zoë 9\\x07", line 2 empty, line 3 "fin"."""
    accented = (Char("Z", 0.5, Box(80, 20, 90, 50)), Char("o", 0.4, Box(90, 20, 100, 50)))
    umlaut = Char("e\u0308", 0.3, Box(100, 20, 110, 50))
    zoe = Word("Zoe\u0308", 0.25, Box(80, 20, 110, 50), (*accented, umlaut))
    words = (word("<Tom>", 0.9, 5), word("&", 0.8, 62), zoe, word("9\x07", 0.1, 120))
    slope = ((-3.2, 18.0), (200.0, 10.4), (310.0, 48.0), (2.0, 55.0))
    first = Line("<Tom> & Zoe\u0308 9\x07", 0.02, Box(0, 10.4, 300, 55), words, slope)
    empty = Box(10, 60, 40, 70)
    last = word("fin", 0.7, 200)
    return Reading(
        (first, Line("", 1.0, empty, (), empty.corners), Line("fin", 0.7, last.box, (last,), last.box.corners)),
        width=300,
        height=120,
    )
