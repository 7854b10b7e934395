"""PNG files hold the rendered ink, valid chunks, and the text and metadata as an independent reader finds them."""

import json
import struct
import zlib

import cv2
import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.render import Paper
from handwrite.errors import InputError
from handwrite.formats import png

X = np.arange(300.0)
INK = Ink.from_strokes([np.column_stack([X, 20 * np.sin(X / 5)])])


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
    data = png.encode(INK, text="Ω \x00\udc80", metadata={"seed": 3, "style": "é"})
    assert [kind for kind, _ in chunks(data)][:2] == [b"IHDR", b"pHYs"]
    assert chunks(data)[-1][0] == b"IEND"
    found = notes(data)
    assert (found["Title"], found["Software"]) == ("Ω \ufffd?", "handwrite")
    assert json.loads(found["Description"]) == {"seed": 3, "style": "é"}
    assert notes(png.encode(INK)).keys() == {"Software"}


def test_the_picture_has_the_size_of_writing_on_paper() -> None:
    image = cv2.imdecode(np.frombuffer(png.encode(INK), np.uint8), cv2.IMREAD_UNCHANGED)
    assert image.dtype == np.uint8
    assert image.ndim == 2
    dark = np.flatnonzero((image < 100).any(axis=1))
    assert (dark[-1] - dark[0]) / 300 * 25.4 == pytest.approx(6.5, abs=0.2)
    assert (image[0] == 255).all()
    half = cv2.imdecode(np.frombuffer(png.encode(INK, dots_per_inch=150), np.uint8), cv2.IMREAD_UNCHANGED)
    assert half.shape == pytest.approx(np.array(image.shape) / 2, abs=1)
    physical = dict(chunks(png.encode(INK)))[b"pHYs"]
    assert struct.unpack(">IIB", physical) == (11811, 11811, 1)


def test_the_same_bytes_again_with_and_without_paper() -> None:
    assert png.encode(INK) == png.encode(INK)
    first, again, other = (
        png.encode(INK, paper=Paper(), rng=np.random.default_rng(seed), dots_per_inch=100) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_blank_ink_is_a_small_white_picture_and_huge_ink_is_refused() -> None:
    blank = cv2.imdecode(np.frombuffer(png.encode(Ink.from_strokes([])), np.uint8), cv2.IMREAD_UNCHANGED)
    assert (blank == 255).all()
    flat = Ink.from_strokes([[[0, 0], [0, 1]], [[1e6, 0], [1e6, 1e6]], *[[[5, 0], [5, 1]]] * 200])
    with pytest.raises(InputError, match="too large to draw"):
        png.encode(flat)
