"""SVG of a reading as others see it: pictures by resvg, texts and tooltips by an XML reader."""

import base64

import cv2
import numpy as np
import pytest
import resvg_py
from lxml import etree
from numpy.typing import NDArray

from handwrite.core.reading import Box, Char, Line, Reading, Word
from handwrite.formats import reading_svg

SVG = {"s": reading_svg.NAMESPACE}
HREF = f"{{{reading_svg.XLINK}}}href"


def one_word(confidence: float, box: Box) -> Reading:
    word = Word("i", confidence, box, (Char("i", confidence, box),))
    return Reading((Line("i", confidence, box, (word,), box.corners),), width=200, height=100)


def drawn(data: bytes) -> tuple[NDArray[np.int64], float, float]:
    """The picture (H, W, 3), blue green red, and where its upper left corner is."""
    png = bytes(resvg_py.svg_to_bytes(svg_string=data.decode()))
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    left, top, _, _ = map(float, etree.fromstring(data).get("viewBox").split())
    return picture.astype(np.int64), left, top


def embedded(data: bytes) -> NDArray[np.uint8]:
    uri = etree.fromstring(data).find("s:image", SVG).get(HREF)
    assert uri.startswith("data:image/jpeg;base64,")
    return np.asarray(cv2.imdecode(np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8), -1), np.uint8)


@pytest.mark.parametrize("shape", [(100, 200), (100, 200, 3), (50, 100)])
def test_the_image_lies_under_the_reading_whatever_its_size(shape: tuple[int, ...]) -> None:
    image = np.full(shape, 255, np.uint8)
    image[: shape[0] // 2, : shape[1] // 2] = 0
    box = Box(150, 60, 190, 90)
    picture, left, top = drawn(reading_svg.encode(one_word(1.0, box), image=image))
    dark, light = (picture[round(y - top), round(x - left)] for x, y in ((60, 20), (60, 75)))
    assert dark.max() < 140
    assert light.min() > 250


def test_frames_go_from_red_to_teal() -> None:
    image = np.full((100, 200), 255, np.uint8)
    box = Box(60, 40, 120, 80)
    edges = []
    for confidence in (0.0, 1.0):
        picture, left, top = drawn(reading_svg.encode(one_word(confidence, box), image=image))
        edges.append(picture[round(box.bottom - top) - 1, round(100 - left)])
    (blue, _, red), (other_blue, _, other_red) = edges
    assert red > blue + 40
    assert other_blue > other_red + 40


def test_letters_and_tooltips_tell_text_and_confidence(reading: Reading) -> None:
    root = etree.fromstring(reading_svg.encode(reading, image=np.zeros((120, 300, 3), np.uint8)))
    titles = [title.text for title in root.iterfind(".//s:g/s:title", SVG)]
    assert titles[0] == "line 1, 2%: <Tom> & Zoe\u0308 9\ufffd"
    assert titles[1] == "<Tom>, 90% (< 90%, T 91%, o 92%, m 93%, > 94%)"
    words = ["".join(text.itertext()) for text in root.iterfind(".//s:g/s:g/s:g/s:text", SVG)]
    assert words == ["<Tom>", "&", "Zoe\u0308", "9\ufffd", "fin"]
    numbers = [text.text for text in root.iterfind("s:g/s:g/s:text", SVG)]
    assert numbers == ["1", "2", "3"]


def test_letters_shrink_where_the_next_word_is_near() -> None:
    def word(text: str, left: float, right: float) -> Word:
        box = Box(left, 10, right, 90)
        return Word(text, 1, box, tuple(Char(char, 1, box) for char in text))

    words = (word("narrow", 10, 50), word("wide", 52, 190))
    line = Line("narrow wide", 1, Box(10, 10, 190, 90), words, Box(10, 10, 190, 90).corners)
    root = etree.fromstring(reading_svg.encode(Reading((line,), 200, 100), image=np.zeros((100, 200), np.uint8)))
    narrow, wide = (float(text.get("font-size")) for text in root.iterfind(".//s:g/s:g/s:g/s:text", SVG))
    assert narrow * len("narrow") * reading_svg.ADVANCE < 52 - 10
    assert wide == pytest.approx(80 * reading_svg.LETTER)


def test_a_large_image_is_shrunk_and_a_small_one_is_not() -> None:
    assert embedded(reading_svg.encode(Reading((), 5000, 300), image=np.zeros((300, 5000), np.uint8))).shape == (
        108,
        1800,
    )
    assert embedded(reading_svg.encode(Reading((), 90, 40), image=np.zeros((40, 90, 3), np.uint8))).shape == (40, 90, 3)
