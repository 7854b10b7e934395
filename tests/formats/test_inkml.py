"""InkML gives the same ink again, reads what the recommendation allows, and never expands an entity."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.errors import InputError
from handwrite.formats import inkml

RNG = np.random.default_rng(0)
CLOCKED = Ink.from_strokes([[[0.1, -2, 0], [3.5, 4e-5, 0.02]], [[5, 6e5, 9.02]], [[1, 2, 9.5], [1, 2, 9.5]]])
UNCLOCKED = Ink.from_strokes([RNG.normal(0, 1000, (40, 2)), RNG.normal(0, 1, (1, 2))])
NS = "{http://www.w3.org/2003/InkML}"


def sheet(ink: Ink, text: str = "") -> Page:
    return Page(ink=ink, width=210, height=297, text=text)


def page(traces: str, *, channels: str = "") -> bytes:
    body = f"<context><traceFormat>{channels}</traceFormat></context>" if channels else ""
    return f'<ink xmlns="http://www.w3.org/2003/InkML">{body}{traces}</ink>'.encode()


def xyt(units: str) -> str:
    return "<channel name='X'/><channel name='Y'/><channel name='F'/><channel name='T' " + units + "/>"


@pytest.mark.parametrize("ink", [CLOCKED, UNCLOCKED, Ink.from_strokes([])])
def test_the_same_ink_comes_back_with_its_pauses(ink: Ink) -> None:
    read = inkml.decode(inkml.encode(sheet(ink, "a <b> & Ω"), metadata={"seed": 3, "style": None}), name="x")
    np.testing.assert_array_equal(read.ink.points, ink.points)
    np.testing.assert_array_equal(read.ink.pen_up, ink.pen_up)
    assert read.text == "a <b> & Ω"
    assert read.metadata == {"seed": 3, "style": None}


def test_an_independent_reader_finds_traces_channels_and_truth() -> None:
    root = ElementTree.fromstring(inkml.encode(sheet(CLOCKED, "truth\x00")))
    assert [channel.get("name") for channel in root.iter(NS + "channel")] == ["X", "Y", "T"]
    assert [note.text for note in root.iter(NS + "annotation") if note.get("type") == "truth"] == ["truth\ufffd"]
    traces = [trace.text or "" for trace in root.iter(NS + "trace")]
    assert traces[1] == "5 600000 9.02"
    assert "e" not in "".join(traces)
    bare = ElementTree.fromstring(inkml.encode(sheet(UNCLOCKED)))
    assert [channel.get("name") for channel in bare.iter(NS + "channel")] == ["X", "Y"]


@pytest.mark.parametrize("ink", [CLOCKED, UNCLOCKED])
def test_an_independent_reader_finds_the_same_numbers(ink: Ink) -> None:
    root = ElementTree.fromstring(inkml.encode(sheet(ink)))
    assert [channel.get("units") for channel in root.iter(NS + "channel")] == ["mm", "mm", "s"][: 2 + ink.has_clock]
    strokes = [
        np.array([[float(value) for value in point.split()] for point in (trace.text or "").split(",")], np.float32)
        for trace in root.iter(NS + "trace")
    ]
    assert len(strokes) == len(ink.strokes())
    for stroke, expected in zip(strokes, ink.strokes(), strict=True):
        np.testing.assert_array_equal(stroke, expected[:, : stroke.shape[1]])


def test_lengths_become_millimetres_where_their_unit_is_told() -> None:
    for units, factor in (("mm", 1), ("cm", 10), ("in", 25.4), ("m", 1000), ("dev", 1), ("px", 1), ("", 1)):
        channels = f"<channel name='Y' units='{units}'/><channel name='X' units='mm'/>"
        read = inkml.decode(page("<trace>2 1, 4 3</trace>", channels=channels), name="x")
        np.testing.assert_allclose(read.ink.points[:, :2], [[1, 2 * factor], [3, 4 * factor]], rtol=1e-6)


def test_differences_of_first_and_second_order() -> None:
    """As in the recommendation, section 3.2.1: velocities after ', accelerations after "."""
    trace = "<trace>1125 18432,'23'43,\"7\"-8,3-5,7 -3,6 2,6 8,3 6 , 2 4 , 1 3</trace>"
    x = [1125, 1148, 1178, 1211, 1251, 1297, 1349, 1404, 1461, 1519]
    y = [18432, 18475, 18510, 18540, 18567, 18596, 18633, 18676, 18723, 18773]
    assert inkml.decode(page(trace), name="x").ink.points[:, :2].tolist() == [list(p) for p in zip(x, y, strict=True)]


def test_other_channels_are_passed_over_and_units_are_seconds() -> None:
    for units, factor in (("units='s'", 1.0), ("units='ms'", 1e-3), ("", 1e-3)):
        read = inkml.decode(page("<trace>1 2 99 1000, 3 4 * 1500</trace>", channels=xyt(units)), name="x")
        np.testing.assert_allclose(read.ink.points, [[1, 2, 0], [3, 4, 500 * factor]], rtol=1e-6)


def test_a_clock_that_runs_backwards_stands_still_and_a_partial_one_is_none() -> None:
    fast = page("<trace>0 0 0 5,1 1 0 9</trace><trace>2 2 0 7, 3 3 0 10</trace>", channels=xyt("units='s'"))
    assert inkml.decode(fast, name="x").ink.points[:, 2].tolist() == [0, 4, 4, 5]
    partial = page("<trace>0 0 0 5,1 1 0 ?</trace>", channels=xyt("units='s'"))
    assert not inkml.decode(partial, name="x").ink.has_clock


def test_plain_namespaceless_files_and_notes_that_are_not_json() -> None:
    data = b"<ink><annotation type='writer'>Ada L.</annotation><trace> 1 2 , 3 4 </trace><trace/></ink>"
    read = inkml.decode(data, name="x")
    assert (len(read.ink), read.text, read.metadata) == (2, "", {"writer": "Ada L."})


BOMB = b'<!DOCTYPE ink [<!ENTITY a "1 2,"><!ENTITY b "&a;&a;&a;">]><ink><trace>&b;</trace></ink>'


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not XML"),
        (b"<ink><trace>", "not XML"),
        (b"<svg/>", "root element <ink>"),
        (BOMB, "DOCTYPE"),
        (page("<trace>1 2, 3</trace>"), "cannot be read from '3'"),
        (page("<trace>1 2, x y</trace>"), "cannot be read from 'x y'"),
        (page("<trace>1 2 3</trace>"), "cannot be read from"),
        (page("<trace>1 ?</trace>"), "finite"),
        (page("<trace>1 1e300</trace>"), "finite"),
        (page("<trace>1 2</trace>", channels="<channel name='X'/>"), "no channels X and Y"),
    ],
)
def test_bad_files_are_named(data: bytes, complaint: str) -> None:
    with pytest.raises(InputError, match=f"^p.inkml: .*{complaint}") as raised:
        inkml.decode(data, name="p.inkml")
    assert "\n" not in str(raised.value)


def test_no_file_is_fetched_by_an_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("1 2")
    data = f'<!DOCTYPE ink [<!ENTITY s SYSTEM "{secret.as_uri()}">]><ink><trace>&s;</trace></ink>'.encode()
    with pytest.raises(InputError, match="DOCTYPE"):
        inkml.decode(data, name="x")
