"""The table of formats: each has its writer, and unknown names are answered with the known ones."""

import io
from pathlib import Path

import numpy as np
import pytest

from handwrite import formats
from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.errors import OptionError
from handwrite.formats.look import Look

INK = Ink.from_strokes([[[4, 5, 0], [9, 14, 0.1]]])
PAGE = Page(ink=INK, width=30, height=20, text="hello")
SIGNATURE = {
    "svg": b"<svg ",
    "png": b"\x89PNG",
    "pdf": b"%PDF-1.",
    "gcode": b"; Handwriting",
    "json": b'{"format":"handwrite-ink"',
    "inkml": b"<ink ",
}


@pytest.mark.parametrize("name", formats.FORMATS)
def test_each_format_writes_its_own_kind_and_the_same_bytes(name: str) -> None:
    data = formats.encode(PAGE, name, metadata={"seed": 1})
    assert SIGNATURE[name] in data[:100]
    assert b"hello" in data
    assert data == formats.encode(PAGE, name, metadata={"seed": 1})


@pytest.mark.parametrize("name", formats.READABLE)
def test_readable_formats_give_the_ink_again(name: str) -> None:
    read = formats.decode(formats.encode(PAGE, name, metadata={"seed": 1}), name, name="x")
    np.testing.assert_array_equal(read.ink.points, INK.points)
    assert (read.text, read.metadata) == ("hello", {"seed": 1})


@pytest.mark.parametrize("name", ["svg", "png", "pdf"])
def test_drawn_formats_take_a_look(name: str) -> None:
    plain, coloured = (formats.encode(PAGE, name, look=Look(colour=colour)) for colour in ("#000000", "#abcdef"))
    assert (plain == coloured) == (name == "gcode")


def test_formats_of_many_pages() -> None:
    assert formats.PAGED == ("pdf",)
    output = io.BytesIO()
    formats.encode_pages(iter([PAGE]), "pdf", output, metadata={"seed": 1}, look=Look(width=1))
    assert output.getvalue() == formats.encode(PAGE, "pdf", metadata={"seed": 1}, look=Look(width=1))
    with pytest.raises(OptionError, match="'svg'; use one of pdf"):
        formats.encode_pages([PAGE], "svg", output)


def test_formats_by_suffix() -> None:
    assert formats.format_of("a.b/out.SVG") == "svg"
    assert formats.format_of(Path("x.inkml")) == "inkml"
    assert formats.format_of("x.nc") == formats.format_of("x.gcode") == "gcode"
    assert formats.format_of("x.jsonl") == "json"
    for path in ("out.doc", "out", ".svg"):
        with pytest.raises(
            OptionError, match=r"out|svg.*\.svg, \.png, \.pdf, \.gcode, \.json, \.inkml, \.nc, \.jsonl$"
        ):
            formats.format_of(path)
    with pytest.raises(OptionError, match=r"use one of svg, png, pdf, gcode, json, inkml$"):
        formats.encode(PAGE, "doc")
    with pytest.raises(OptionError, match=r"use one of json, inkml$"):
        formats.decode(b"", "svg", name="x")
