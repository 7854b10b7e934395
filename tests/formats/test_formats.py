"""The table of formats: each has its writer, and unknown names are answered with the known ones."""

from pathlib import Path

import numpy as np
import pytest

from handwrite import formats
from handwrite.core.ink import Ink
from handwrite.errors import OptionError

INK = Ink.from_strokes([[[0, 0, 0], [5, 9, 0.1]]])
SIGNATURE = {"svg": b"<svg ", "png": b"\x89PNG", "json": b'{"format":"handwrite-ink"', "inkml": b"<ink "}


@pytest.mark.parametrize("name", formats.FORMATS)
def test_each_format_writes_its_own_kind_and_the_same_bytes(name: str) -> None:
    data = formats.encode(INK, name, text="hello", metadata={"seed": 1})
    assert SIGNATURE[name] in data[:100]
    assert b"hello" in data
    assert data == formats.encode(INK, name, text="hello", metadata={"seed": 1})


@pytest.mark.parametrize("name", formats.READABLE)
def test_readable_formats_give_the_ink_again(name: str) -> None:
    read = formats.decode(formats.encode(INK, name, text="hello", metadata={"seed": 1}), name, name="x")
    np.testing.assert_array_equal(read.ink.points, INK.points)
    assert (read.text, read.metadata) == ("hello", {"seed": 1})


def test_options_reach_the_writer() -> None:
    assert b"#abcdef" in formats.encode(INK, "svg", colour="#abcdef")


def test_formats_by_suffix() -> None:
    assert formats.format_of("a.b/out.SVG") == "svg"
    assert formats.format_of(Path("x.inkml")) == "inkml"
    for path in ("out.pdf", "out", ".svg"):
        with pytest.raises(OptionError, match=r"out|svg.*\.svg, \.png, \.json, \.inkml"):
            formats.format_of(path)
    with pytest.raises(OptionError, match="use one of svg, png, json, inkml"):
        formats.encode(INK, "pdf")
    with pytest.raises(OptionError, match="use one of json, inkml"):
        formats.decode(b"", "svg", name="x")
