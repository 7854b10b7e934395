"""Readings as text, JSON and by name: each name has its writer, and unknown ones are answered with the known."""

import json

import numpy as np
import pytest
from lxml import etree

from handwrite.core.reading import Reading
from handwrite.errors import OptionError
from handwrite.formats import reading_json, reading_text
from handwrite.formats.reading_formats import JOINABLE, encode_reading, reading_format_of

IMAGE = np.full((120, 300), 255, np.uint8)
TEXT = "<Tom> & Zoe\u0308 9\x07"


def test_text_is_one_line_a_row_and_the_path_before_each_of_several(reading: Reading) -> None:
    assert reading_text.encode(reading).decode() == f"{TEXT}\n\nfin\n"
    rows = reading_text.encode_rows(reading, path="./a b.png").decode()
    assert rows == f"./a b.png\t{TEXT}\n./a b.png\t\n./a b.png\tfin\n"
    assert reading_text.encode(Reading((), 3, 3)) == b""


def test_json_is_the_contract_on_one_line(reading: Reading) -> None:
    data = reading_json.encode(reading, path="./a b.png")
    assert data.count(b"\n") == 1
    record = json.loads(data)
    assert list(record) == ["path", "text", "confidence", "lines"]
    assert (record["path"], record["text"]) == ("./a b.png", reading.text)
    assert record["confidence"] == round(reading.confidence, 4)
    first = record["lines"][0]
    assert (first["text"], first["confidence"], first["box"]) == (TEXT, 0.02, [0, 10.4, 300, 55])
    assert [word["text"] for word in first["words"]] == ["<Tom>", "&", "Zoe\u0308", "9\x07"]
    assert first["words"][0]["chars"][1] == {"text": "T", "confidence": 0.91, "box": [15.25, 20.5, 25.5, 50.0]}
    assert record["lines"][1]["words"] == []


def test_numbers_of_numpy_are_numbers_in_json(reading: Reading) -> None:
    line = reading.lines[2]
    precise = type(line)(line.text, np.float64(1 / 3), line.box, line.words, line.outline)  # type: ignore[arg-type]
    record = json.loads(reading_json.encode(Reading((precise,), 300, 120), path="-"))
    assert record["lines"][0]["confidence"] == 0.3333


def test_a_path_that_is_not_unicode_comes_back(reading: Reading) -> None:
    path = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    assert json.loads(reading_json.encode(reading, path=path))["path"] == path
    assert reading_text.encode_rows(reading, path=path).startswith(b"caf\xe9.png\t<Tom>")


def test_every_format_has_its_writer(reading: Reading) -> None:
    names = ("text", "json", "alto", "page", "svg")
    written = {name: encode_reading(reading, name, path="scans/a.png", image=IMAGE) for name in names}
    assert written["text"] == reading_text.encode(reading)
    assert json.loads(written["json"])["path"] == "scans/a.png"
    roots = {name: etree.QName(etree.fromstring(written[name])).localname for name in ("alto", "page", "svg")}
    assert roots == {"alto": "alto", "page": "PcGts", "svg": "svg"}
    assert b"<fileName>a.png</fileName>" in written["alto"]
    assert b'imageFilename="a.png"' in written["page"]


@pytest.mark.parametrize("name", JOINABLE)
def test_joined_files_hold_every_input(name: str, reading: Reading) -> None:
    both = b"".join(encode_reading(reading, name, path=path, image=IMAGE, several=True) for path in ("a", "b"))
    rows = both.decode().splitlines()
    if name == "text":
        assert [row.split("\t")[0] for row in rows] == ["a"] * 3 + ["b"] * 3
    else:
        assert [json.loads(row)["path"] for row in rows] == ["a", "b"]


def test_formats_by_suffix() -> None:
    files = ("a.TXT", "b/a.tsv", "a.json", "a.jsonl", "a.svg")
    assert [reading_format_of(file) for file in files] == ["text", "text", "json", "json", "svg"]
    with pytest.raises(OptionError, match=r"^a\.xml: both alto and page are XML; say which with --format$"):
        reading_format_of("a.xml")
    with pytest.raises(OptionError, match=r"'\(none\)'; use one of \.txt, "):
        reading_format_of("a")


def test_unknown_formats_are_answered_with_the_known(reading: Reading) -> None:
    with pytest.raises(
        OptionError, match=r"unknown format 'hocr' of readings; use one of text, json, alto, page, svg$"
    ):
        encode_reading(reading, "hocr", path="a", image=IMAGE)
