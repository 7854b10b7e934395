"""SVG read back by an independent reader of paths, and a golden file with a test that the comparison can fail."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwrite.core.ink import Ink
from handwrite.formats import svg

SVG = "{http://www.w3.org/2000/svg}"
ARITY = {"M": 2, "c": 6, "h": 1}
INK = Ink.from_strokes([[[0, 0, 0], [10, 30, 0.1], [20, 0, 0.2]], [[30, 5, 0.5]], [[40, 0, 1], [40, 30, 1.1]]])
GOLDEN = "M4 4c.67 2 1.33 6 2 6 .67 0 1.33-4 2-6M10 5h.01M12 4c0 2 0 4 0 6"  # worked out by hand


def read_path(data: str) -> list[list[tuple[float, float]]]:
    """The points that each subpath passes through; the grammar of SVG 1.1, section 8.3.9, for M, c and h."""
    strokes: list[list[tuple[float, float]]] = []
    for command, body in re.findall(r"([A-Za-z])([^A-Za-z]*)", data):
        numbers = [float(number) for number in re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)", body)]
        assert len(numbers) % ARITY[command] == 0
        for index in range(0, len(numbers), ARITY[command]):
            values = numbers[index : index + ARITY[command]]
            if command == "M":
                strokes.append([(values[0], values[1])])
            else:
                x, y = strokes[-1][-1]
                strokes[-1].append((x + values[-2], y + values[-1]) if command == "c" else (x + values[0], y))
    return strokes


def element(data: bytes, name: str) -> ElementTree.Element:
    found = ElementTree.fromstring(data).find(SVG + name)
    assert found is not None
    return found


def path_of(data: bytes) -> str:
    return element(data, "path").get("d", "")


def same_path(left: str, right: str, *, within: float) -> bool:
    """Whether two paths have the same strokes with points at most `within` apart."""
    ours, theirs = read_path(left), read_path(right)
    return [len(stroke) for stroke in ours] == [len(stroke) for stroke in theirs] and all(
        np.allclose(one, other, atol=within, rtol=0) for one, other in zip(ours, theirs, strict=True)
    )


def test_the_golden_path_and_that_its_comparison_can_fail() -> None:
    made = path_of(svg.encode(INK))
    assert same_path(made, GOLDEN, within=0.011)
    assert not same_path(made, GOLDEN.replace("M10 5", "M10 5.05"), within=0.011)
    assert not same_path(made, GOLDEN.replace("M12 4c0 2 0 4 0 6", ""), within=0.011)
    assert not same_path(made, GOLDEN.replace("2-6M", "2-5.9M"), within=0.011)


@given(st.lists(st.lists(st.tuples(*[st.integers(-20000, 20000)] * 2), min_size=1, max_size=9), min_size=1, max_size=5))
def test_every_point_is_in_the_path_and_rounding_does_not_add_up(strokes: list[list[tuple[int, int]]]) -> None:
    ink = Ink.from_strokes([np.array(stroke) / 64 for stroke in strokes])
    read = read_path(svg.path_data(ink))
    assert len(read) == len(strokes)
    for stroke, points in zip(ink.strokes(), read, strict=True):
        moved = np.any(np.diff(stroke[:, :2], axis=0), axis=1)
        expected = stroke[np.concatenate([[True], moved]), :2]
        if len(expected) == 1:
            expected = np.array([expected[0], expected[0] + [0.01, 0]])
        np.testing.assert_allclose(points, expected, atol=0.0051)


def test_a_long_stroke_ends_where_the_ink_ends() -> None:
    steps = np.random.default_rng(0).normal(0, 0.4, (3000, 2))
    ink = Ink.from_strokes([np.cumsum(steps, axis=0)])
    np.testing.assert_allclose(read_path(svg.path_data(ink))[0][-1], ink.points[-1, :2], atol=0.0051)


def test_numbers_take_the_least_room() -> None:
    assert svg._numbers([0, 5, 50, -50, 100, 123, -7, 1000, 2010]) == "0 .05.5-.5 1 1.23-.07 10 20.1"


def test_the_drawing_has_the_size_of_writing_on_paper() -> None:
    x = np.arange(1000.0)
    line = Ink.from_strokes([np.column_stack([x, 40 * np.sin(x / 9)])])
    root = ElementTree.fromstring(svg.encode(line, margin=5))
    width, height = (float(root.get(name, "").removesuffix("mm")) for name in ("width", "height"))
    assert height == pytest.approx(6 + 2 * 5, abs=0.1)
    assert [float(number) for number in root.get("viewBox", "").split()] == [0, 0, width, height]
    points = np.array(read_path(path_of(svg.encode(line, margin=5)))[0])
    np.testing.assert_allclose([*points.min(axis=0), *points.max(axis=0)], [5, 5, width - 5, height - 5], atol=0.02)
    other_unit = svg.encode(line.scaled(0.01).moved(-7, 3))
    assert same_path(path_of(svg.encode(line)), path_of(other_unit), within=0.02)


def test_title_metadata_colour_and_width() -> None:
    metadata = {"seed": 3, "bias": 0.75, "style": None, "weights": "synth <v1> & Ω"}
    data = svg.encode(INK, text="a < b & \x07 Ω", metadata=metadata, colour="#123456", line_width=0.7)
    assert element(data, "title").text == "a < b & \ufffd Ω"
    assert "seed 3, bias 0.75" in (element(data, "desc").text or "")
    assert json.loads("".join(element(data, "metadata").itertext())) == metadata
    assert (element(data, "path").get("stroke"), element(data, "path").get("stroke-width")) == ("#123456", "0.7")


def test_blank_ink_is_an_empty_page() -> None:
    root = ElementTree.fromstring(svg.encode(Ink.from_strokes([])))
    assert root.get("width") == "8.00mm"
    assert root.find(SVG + "path") is None
