"""SVG as others read it: geometry by svgelements, pictures by resvg, and the timing of an animation from its CSS."""

import json
import re
from io import BytesIO
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
import resvg_py
import svgelements
from hypothesis import given
from hypothesis import strategies as st

from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.core.render import Pen, draw
from handwrite.formats import svg
from handwrite.formats.look import RULE_COLOUR, Look

SVG = "{http://www.w3.org/2000/svg}"
DOTS = 10  # pixels per millimetre
CLOCK = np.linspace(0, 4, 200)
LETTERS = np.column_stack(
    [5 + 4 * CLOCK + 1.2 * np.sin(5 * CLOCK), 6 + 2 * np.cos(5 * CLOCK) * np.sin(0.6 * CLOCK), CLOCK]
)
BAR = [[8, 3, 4.5], [14, 3.2, 4.6], [20, 3, 5]]
DOT = [[24, 4, 5.3]]
RULES = np.array([[0, 8, 30, 8], [3, 0, 3, 12]], np.float32)


def page(*strokes: object, text: str = "", rules: np.ndarray = RULES[:0]) -> Page:
    return Page(ink=Ink.from_strokes(strokes), width=30, height=12, text=text, rules=rules)  # type: ignore[arg-type]


AFTER = np.array([0, 0, 8])
WRITTEN = page(LETTERS, BAR, DOT)


def paths(data: bytes) -> list[svgelements.Path]:
    """The paths in millimetres, in the order of the file."""
    drawing = svgelements.SVG.parse(BytesIO(data), ppi=25.4)
    return [element for element in drawing.elements() if isinstance(element, svgelements.Path)]


def corners(path: svgelements.Path) -> np.ndarray:
    """(n, 2) where the segments of a path end."""
    return np.array([[segment.end.x, segment.end.y] for segment in path])


def widths_of(data: bytes) -> list[float]:
    return [round(path.stroke_width, 4) for path in paths(data)]


def picture(data: bytes) -> np.ndarray:
    png = resvg_py.svg_to_bytes(svg_string=data.decode(), dpi=25.4 * DOTS, background="#ffffff")
    return cv2.imdecode(np.frombuffer(bytes(png), np.uint8), cv2.IMREAD_COLOR)


def reference(ink: Ink, look: Look) -> np.ndarray:
    """The cover that `core.render` gives, 0 to 255; unlike in SVG, pressure makes fast lines paler there."""
    pen = Pen(width=look.width * DOTS, pressure=look.pressure, darkness=1)
    return np.asarray(draw(ink.scaled(DOTS), shape=(12 * DOTS, 30 * DOTS), pen=pen), np.float64)


def root(data: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(data)


@pytest.mark.parametrize(
    "look", [Look(colour="black"), Look(colour="black", width=0.8), Look(colour="black", pressure=0.2)]
)
@pytest.mark.parametrize("animate", [False, True])
def test_it_looks_as_the_renderer_draws_it(look: Look, animate: bool) -> None:
    drawn = 255.0 - picture(svg.encode(WRITTEN, look=look, animate=animate))[..., 0]
    difference = np.abs(drawn - reference(WRITTEN.ink, look))
    assert difference.mean() < 0.04 * drawn.mean() + 0.6
    moved = np.abs(drawn - reference(WRITTEN.ink.moved(0.1, 0), look))
    assert moved.mean() > 2 * difference.mean(), "this comparison can fail"
    without = np.abs(drawn - reference(page(LETTERS, BAR).ink, look))
    assert without[30:50, 230:250].max() > 200 > difference[30:50, 230:250].max()


def test_the_sheet_is_in_millimetres_and_the_ink_where_it_lies() -> None:
    data = svg.encode(WRITTEN)
    assert [root(data).get(name) for name in ("width", "height", "viewBox")] == ["30mm", "12mm", "0 0 30 12"]
    x1, y1, x2, y2 = paths(data)[0].bbox()
    left, top, right, bottom = WRITTEN.ink.bounds
    assert (x1, y1, x2, y2) == pytest.approx((left, top, right, bottom), abs=0.03)


@given(st.lists(st.lists(st.tuples(*[st.integers(0, 2000)] * 2), min_size=1, max_size=9), min_size=1, max_size=5))
def test_strokes_start_and_end_where_the_ink_does(strokes: list[list[tuple[int, int]]]) -> None:
    ink = Ink.from_strokes([np.array(stroke) / 64 for stroke in strokes])
    read = paths(svg.encode_plotter(Page(ink=ink, width=40, height=40)))
    assert len(read) == len(strokes)
    for stroke, path in zip(ink.strokes(), read, strict=True):
        moved = np.diff(stroke[:, :2], axis=0).any()
        shift = [0, 0] if moved else [0.01, 0]
        np.testing.assert_allclose(corners(path)[0], stroke[0, :2], atol=0.0051)
        np.testing.assert_allclose(corners(path)[-1], stroke[-1, :2] + shift, atol=0.0051)


def test_rounding_does_not_add_up_over_a_long_stroke() -> None:
    steps = np.random.default_rng(0).normal(0, 0.4, (3000, 2))
    ink = Ink.from_strokes([20 + np.cumsum(steps, axis=0)])
    data = svg.encode(Page(ink=ink, width=60, height=60))
    np.testing.assert_allclose(corners(paths(data)[0])[-1], ink.points[-1, :2], atol=0.0051)


def test_numbers_take_the_least_room_and_lines_few_curves() -> None:
    assert svg._numbers([0, 5, 50, -50, 100, 123, -7, 1000, 2010]) == "0 .05.5-.5 1 1.23-.07 10 20.1"
    assert sum(isinstance(segment, svgelements.CubicBezier) for segment in paths(svg.encode(WRITTEN))[0]) < 201 / 4
    assert len(svg.encode(WRITTEN)) < 1800


def test_pressure_widens_what_the_pen_wrote_slowly() -> None:
    fast = np.column_stack([np.linspace(2, 14, 40), np.full(40, 4), np.linspace(0, 0.4, 40)])
    slow = fast * [1, 1, 4] + np.array([13, 4, 1])
    widths = widths_of(svg.encode(page(fast, slow), look=Look(width=0.5, pressure=0.3)))
    assert widths[-1] == max(widths)
    assert widths[-1] / widths[0] == pytest.approx(4**0.3, rel=0.08)
    assert widths_of(svg.encode(page(fast, slow), look=Look(width=0.5))) == [0.5]


def test_background_and_rules_lie_under_the_ink() -> None:
    ruled = page(LETTERS, rules=RULES)
    data = svg.encode(ruled, look=Look(colour="red", background="#ffffcc"))
    rules, ink = paths(data)
    assert (rules.stroke.hex, ink.stroke.hex) == (RULE_COLOUR, "#ff0000")
    np.testing.assert_allclose(corners(rules), RULES.reshape(-1, 2), atol=1e-4)
    image = picture(data)
    assert image[5, 5].tolist() == [0xCC, 0xFF, 0xFF]  # blue, green, red
    assert image[80, 295].tolist() != [0xCC, 0xFF, 0xFF]
    assert (picture(svg.encode(page(LETTERS)))[80, 295] == 255).all()
    order = [element.tag.removeprefix(SVG) for element in root(data)]
    assert order[-3:] == ["rect", "path", "g"]


def timing(data: bytes) -> list[tuple[svgelements.Path, float, float, float, list[tuple[float, float]]]]:
    """Of each animated path: itself, delay and duration in seconds, length, and the stops (time, share of length)."""
    found = []
    for path in paths(data):
        style = dict(item.split(":", 1) for item in path.values["style"].split(";"))
        assert all(style[f"animation-{name}"].endswith("ms") for name in ("delay", "duration"))
        delay, duration = (float(style[f"animation-{name}"][:-2]) / 1000 for name in ("delay", "duration"))
        stops = re.findall(r"([\d.]+) ([\d.]+)%", style.get("animation-timing-function", ""))
        shares = [(0.0, 0.0), *((float(when) / 100, float(share)) for share, when in stops), (1.0, 1.0)]
        found.append((path, delay, duration, float(style["--length"]), shares))
    return found


@pytest.mark.parametrize("pressure", [0, 0.3])
def test_the_pen_is_where_it_was_at_every_moment(pressure: float) -> None:
    """Wherever the dash has grown to, the ink has a point there at that time, a fraction of a letter about."""
    ink = WRITTEN.ink.points.astype(np.float64)
    written = timing(svg.encode(WRITTEN, look=Look(pressure=pressure), animate=True))
    assert len(written) >= 3
    for path, delay, duration, length, stops in written:
        assert length == pytest.approx(path.length(error=1e-4), rel=0.01, abs=0.02)  # the path is rounded
        for share in np.linspace(0, 1, 9):
            grown = np.interp(share, *zip(*stops, strict=True))
            place = path.point(grown, error=1e-3)
            now = delay + share * duration
            expected = [np.interp(now, ink[:, 2], ink[:, axis]) for axis in (0, 1)]
            assert np.hypot(place.x - expected[0], place.y - expected[1]) < 0.35
    ends = [(delay, delay + duration) for _, delay, duration, _, _ in written]
    assert ends[0][0] == 0
    assert ends[-1] == (pytest.approx(5.3, abs=1e-3), pytest.approx(5.301, abs=1e-3))
    assert {4.5, 5.0} <= {round(moment, 3) for pair in ends for moment in pair}


def test_a_pen_that_rests_within_a_stroke_is_seen_to_rest() -> None:
    rest = [[2, 2, 0], [8, 4, 0.2], [9, 8, 1.2], [20, 8, 1.4]]
    ((_, delay, duration, _, stops),) = timing(svg.encode(page(rest), animate=True))
    assert (delay, duration) == (0, pytest.approx(1.4))
    assert np.interp(1.2 / 1.4, *zip(*stops, strict=True)) < 0.55


def test_without_a_clock_the_pen_moves_at_one_speed() -> None:
    written = timing(svg.encode(page([[2, 2], [11, 2]], [[11, 5], [20, 5]], [[20, 8]]), animate=True))
    speed = svg.EVEN_SPEED
    assert [delay for _, delay, _, _, _ in written] == pytest.approx([0, 12 / speed, 24 / speed], abs=1e-3)
    assert [duration for _, _, duration, _, _ in written] == pytest.approx([9 / speed, 9 / speed, 0.001], abs=1e-3)


def test_the_animation_hides_what_is_not_yet_written_and_minds_who_wants_no_motion() -> None:
    style = root(svg.encode(WRITTEN, animate=True)).find(f"{SVG}defs/{SVG}style")
    assert style is not None
    css = re.sub(r"\s", "", style.text or "")
    outer = re.fullmatch(r"@media\(prefers-reduced-motion:no-preference\)\{(.*)\}", css)
    assert outer, "all of it stands under the wish for motion"
    assert ".handwritingpath{animation:handwritinglinearbackwards}" in outer[1]
    begin, end = re.search(r"from\{(.*?)\}to\{(.*?)\}", outer[1]).groups()  # type: ignore[union-attr]
    assert "visibility:hidden" in begin
    assert "stroke-dashoffset:var(--length)" in begin
    assert "visibility:visible" in end
    assert end.endswith("stroke-dashoffset:0")
    assert b"<style" not in svg.encode(WRITTEN)
    assert b"script" not in svg.encode(WRITTEN, animate=True)


def test_a_plotter_gets_the_strokes_alone_in_the_order_of_writing() -> None:
    ruled = page(BAR, [[20, 8, 6], [15, 8, 6.5]], [[1, 1, 7]], LETTERS + AFTER, rules=RULES, text="a & b")
    data = svg.encode_plotter(ruled, metadata={"seed": 1})
    read = paths(data)
    assert len(read) == 4
    np.testing.assert_allclose([corners(path)[0] for path in read[:3]], [[8, 3], [20, 8], [1, 1]], atol=1e-4)
    assert {(path.fill.value, path.stroke.hex) for path in read} == {(None, "#000000")}
    assert widths_of(data) == [0.45] * 4
    assert all(sum(isinstance(part, svgelements.Move) for part in path) == 1 for path in read)
    assert {element.tag.removeprefix(SVG) for element in root(data).iter()} & {"rect", "style", "line"} == set()
    assert b"linecap" not in data
    assert (root(data).get("width"), root(data).findtext(SVG + "title")) == ("30mm", "a & b")


def test_title_and_metadata() -> None:
    metadata = {"seed": 3, "bias": 0.75, "style": None, "weights": "synth <v1> & Ω"}
    tree = root(svg.encode(page(BAR, text="a < b & \x07 Ω"), metadata=metadata))
    assert tree.findtext(SVG + "title") == "a < b & \ufffd Ω"
    assert "seed 3, bias 0.75" in (tree.findtext(SVG + "desc") or "")
    noted = tree.find(SVG + "metadata")
    assert noted is not None
    assert json.loads("".join(noted.itertext())) == metadata


def test_the_same_page_gives_the_same_bytes() -> None:
    again = page(LETTERS, BAR, DOT)
    for options in ({}, {"animate": True}, {"look": Look(pressure=0.3)}):
        assert svg.encode(WRITTEN, **options) == svg.encode(again, **options)  # type: ignore[arg-type]
    assert svg.encode_plotter(WRITTEN) == svg.encode_plotter(again)
    assert svg.encode(WRITTEN) != svg.encode(page(LETTERS, BAR))


def test_a_blank_page_is_a_page() -> None:
    for data in (svg.encode(page()), svg.encode(page(), animate=True), svg.encode_plotter(page())):
        assert root(data).get("width") == "30mm"
        assert paths(data) == []
