"""JSON gives the same ink again, and bad files are named with what is wrong."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.errors import InputError
from handwrite.formats import ink_json

NUMBER = st.floats(-1e6, 1e6, width=32)
CLOCKED = Ink.from_strokes([[[1, 2, 0], [3.5, 4, 0.02]], [[5, 6, 0.1]]])


def sheet(ink: Ink, text: str = "") -> Page:
    return Page(ink=ink, width=210, height=297, text=text)


@st.composite
def inks(draw: st.DrawFn) -> Ink:
    xy = np.array(draw(st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=20)))
    gaps = np.array(draw(st.lists(st.floats(0, 3, width=32), min_size=len(xy), max_size=len(xy))))
    times = np.cumsum(gaps) - gaps[0] if draw(st.booleans()) else np.full(len(xy), np.nan)
    pen_up = np.array(draw(st.lists(st.booleans(), min_size=len(xy), max_size=len(xy))))
    pen_up[-1] = True
    return Ink(np.column_stack([xy, times]).astype(np.float32), pen_up)


@given(inks(), st.text())
def test_the_same_ink_comes_back_bit_for_bit(ink: Ink, text: str) -> None:
    read = ink_json.decode(ink_json.encode(sheet(ink, text)), name="x")
    np.testing.assert_array_equal(read.ink.points, ink.points)
    np.testing.assert_array_equal(read.ink.pen_up, ink.pen_up)
    assert read.text == text


def test_the_layout_is_the_documented_one() -> None:
    line = ink_json.encode(sheet(CLOCKED, "Ω"), metadata={"seed": 3, "path": "a.png"})
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "format": "handwrite-ink",
        "version": 1,
        "text": "Ω",
        "unit": "mm",
        "seed": 3,
        "path": "a.png",
        "strokes": [[[1, 2, 0], [3.5, 4, 0.02]], [[5, 6, 0.1]]],
    }
    assert ink_json.decode(line, name="x").metadata == {"seed": 3, "path": "a.png"}
    unclocked = json.loads(ink_json.encode(sheet(Ink.from_strokes([[[1, 2]]]))))
    assert unclocked["strokes"] == [[[1, 2, None]]]


def test_blank_ink_and_rows_without_times() -> None:
    assert len(ink_json.decode(ink_json.encode(sheet(Ink.from_strokes([]))), name="x").ink) == 0
    bare = record(strokes=[[[1, 2], [3, 4]]])
    assert not ink_json.decode(bare, name="x").ink.has_clock


def test_metadata_may_not_hide_the_ink() -> None:
    for name in ("strokes", "unit"):
        with pytest.raises(ValueError, match="metadata may not"):
            ink_json.encode(sheet(CLOCKED), metadata={name: 1})


def test_ink_without_a_unit_is_read_as_it_is() -> None:
    data = ink_json.encode(sheet(CLOCKED))
    assert data.count(b'"unit":"mm",') == 1
    read = ink_json.decode(data.replace(b'"unit":"mm",', b""), name="x")
    np.testing.assert_array_equal(read.ink.points, CLOCKED.points)
    assert read.metadata == {}


def test_ink_in_pixels_says_so_and_is_read_as_it_is() -> None:
    data = ink_json.encode(sheet(CLOCKED), unit="px")
    assert json.loads(data)["unit"] == "px"
    np.testing.assert_array_equal(ink_json.decode(data, name="x").ink.points, CLOCKED.points)


def test_a_path_that_is_not_utf_8_comes_back_as_it_was() -> None:
    metadata = {"path": "caf\udce9.png"}
    assert json.loads(ink_json.encode(sheet(CLOCKED), metadata=metadata))["path"] == metadata["path"]


def record(**changes: Any) -> bytes:
    return json.dumps({"format": "handwrite-ink", "version": 1, "text": "", "strokes": [], **changes}).encode()


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", 'want an object with "format"'),
        (b'{"format": "other"}', 'want an object with "format"'),
        (record(version=2), "version 2 of handwrite-ink; this program reads 1"),
        (record(unit="cm"), 'unit \'cm\'; this program reads "mm" and "px"'),
        (record(unit=None), 'unit None; this program reads "mm"'),
        (record(strokes=None), 'list "strokes"'),
        (record(text=5), 'string "text"'),
        (record(strokes=[1]), "each stroke is a list of points"),
        (record(strokes=[[[1]]]), "each stroke is a list of points"),
        (record(strokes=[[[1, "2", 3]]]), "are numbers"),
        (record(strokes=[[[1, None, 3]]]), "finite"),
        (record(strokes=[[[1, [2], 3]]]), "bad strokes"),
        (record(strokes=[[[1, 1e300, 3]]]), "finite"),
        (record(strokes=[[[1, 10**400, 3]]]), "bad strokes"),
        (record(strokes=[[[1, 2, 1], [1, 2, 0]]]), "never fall"),
        (record(strokes=[[[1, 2, 0], [1, 2, None]]]), "all of its points or for none"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_bad_files_are_named(data: bytes, complaint: str) -> None:
    with pytest.raises(InputError, match=f"^page 7.json: .*{complaint}") as raised:
        ink_json.decode(data, name="page 7.json")
    assert "\n" not in str(raised.value)
