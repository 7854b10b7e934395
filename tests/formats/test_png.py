"""PNG files hold the drawn page, valid chunks, and the text and metadata as an independent reader finds them."""

import json
import struct
import zlib
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.core.render import Frame, Pen, render
from handwrite.errors import InputError, OptionError
from handwrite.formats import png
from handwrite.formats.look import RULE_COLOUR, Look

X = np.linspace(0, 80, 300)
INK = Ink.from_strokes([np.column_stack([10 + X, 20 + 6 * np.sin(X / 2)]), [[50, 35]]])
PAGE = Page(ink=INK, width=100, height=40)
BLANK = replace(PAGE, ink=Ink.from_strokes([]))


def decoded(data: bytes) -> NDArray[np.uint8]:
    """(H, W, 3) red, green, blue."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image.ndim == 3
    return np.asarray(image[..., ::-1], np.uint8)


def hexadecimal(pixel: NDArray[np.uint8]) -> str:
    return "#" + pixel.tobytes().hex()


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content of each chunk; fails on a wrong length or checksum."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(kind + content)
        found.append((kind, content))
        at += 12 + length
    return found


def notes(data: bytes) -> dict[str, str]:
    texts = [content.split(b"\0", 1) for kind, content in chunks(data) if kind == b"iTXt"]
    return {keyword.decode("latin-1"): rest[4:].decode() for keyword, rest in texts}


def test_text_and_metadata_are_in_the_file() -> None:
    data = png.encode(replace(PAGE, text="Ω \x00\udc80"), metadata={"seed": 3, "style": "é"})
    assert [kind for kind, _ in chunks(data)][:2] == [b"IHDR", b"pHYs"]
    assert chunks(data)[-1][0] == b"IEND"
    found = notes(data)
    assert (found["Title"], found["Software"]) == ("Ω \ufffd?", "handwrite")
    assert json.loads(found["Description"]) == {"seed": 3, "style": "é"}
    assert notes(png.encode(PAGE)).keys() == {"Software"}


@pytest.mark.parametrize(
    ("dots", "shape"), [(10, (16, 39)), (72, (113, 283)), (300, (472, 1181)), (1200, (1890, 4724))]
)
def test_the_picture_has_the_size_of_the_page(dots: int, shape: tuple[int, int]) -> None:
    data = png.encode(PAGE, dots_per_inch=dots)
    image = decoded(data)
    assert image.shape == (*shape, 3)
    inked = np.flatnonzero((image.min(axis=2) < 250).any(axis=0)) / dots * 25.4
    assert (inked[0], inked[-1]) == pytest.approx((10, 90), abs=max(0.5, 25.4 / dots))
    per_metre = round(dots / 0.0254)
    assert struct.unpack(">IIB", dict(chunks(data))[b"pHYs"]) == (per_metre, per_metre, 1)


@pytest.mark.parametrize("pressure", [0.0, 0.3])
def test_black_on_white_is_what_render_draws(pressure: float) -> None:
    dots = 200 / 25.4
    image = decoded(png.encode(PAGE, look=Look(colour="black", width=0.6, pressure=pressure), dots_per_inch=200))
    frame = Frame(height=image.shape[0], width=image.shape[1], scale=dots, left=0, top=0)
    drawn = render(INK, frame=frame, pen=Pen(width=0.6 * dots, pressure=pressure, darkness=1))
    np.testing.assert_array_equal(image, np.repeat(drawn[..., None], 3, axis=2))
    assert (drawn == 0).any()


def test_colours_of_ink_paper_and_rules() -> None:
    rules = np.array([[0, 10, 100, 10], [5, 0, 5, 40]], np.float32)
    image = decoded(png.encode(replace(PAGE, rules=rules), look=Look(colour="#804020", background="#ffeedd")))
    dots = 300 / 25.4
    found = {
        name: image[round(y * dots), round(x * dots)] for name, (x, y) in {"ink": (50, 35), "paper": (2, 2)}.items()
    }
    assert (hexadecimal(found["ink"]), hexadecimal(found["paper"])) == ("#804020", "#ffeedd")
    assert hexadecimal(decoded(png.encode(PAGE))[0, 0]) == "#ffffff"
    column, row = (decoded(png.encode(replace(BLANK, rules=rules)))[at] for at in (np.s_[:, 600], np.s_[300, :]))
    for line, place in ((column, 10), (row, 5)):
        darkness = (255.0 - line[:, 0]) / (255 - int(RULE_COLOUR[1:3], 16))
        assert darkness.sum() / dots == pytest.approx(0.15, abs=0.005)
        assert (darkness * (np.arange(len(line)) + 0.5)).sum() / darkness.sum() / dots == pytest.approx(place, abs=0.02)


def test_the_same_bytes_again_and_a_blank_page() -> None:
    assert png.encode(PAGE) == png.encode(PAGE)
    assert (decoded(png.encode(BLANK)) == 255).all()


@pytest.mark.parametrize("dots", [0, 9.9, 2401, -300, float("nan"), float("inf")])
def test_dots_per_inch_out_of_range(dots: float) -> None:
    with pytest.raises(OptionError, match="dots per inch: must be from 10 to 2400"):
        png.encode(PAGE, dots_per_inch=dots)


def test_huge_pages_are_refused_with_what_would_fit() -> None:
    a4 = replace(PAGE, width=210, height=297)
    with pytest.raises(
        OptionError, match=r"^1200 dots per inch: a page of 210 x 297 mm .* 139 million .* most 643,"
    ) as told:
        png.encode(a4, dots_per_inch=1200)
    assert "\n" not in str(told.value)
    assert 643**2 * 210 * 297 / 25.4**2 < png.MAX_PIXELS < 644**2 * 210 * 297 / 25.4**2
    with pytest.raises(InputError, match="too large for a png; write it as svg or pdf"):
        png.encode(replace(PAGE, width=1e5, height=1e4), dots_per_inch=10)


def test_the_broadest_pen_at_the_most_dots() -> None:
    dot = Page(ink=Ink.from_strokes([[[5, 5]]]), width=10, height=10)
    image = decoded(png.encode(dot, look=Look(colour="black", width=20), dots_per_inch=2400))
    assert image.max() == 0
