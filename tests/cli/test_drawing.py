"""What options of drawing come to: each against the call of the format, or of the layout, that it stands for."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from handwrite.cli.drawing import FITTING, Encoder, page_format
from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.errors import OptionError
from handwrite.formats import FORMATS, PAGED, READABLE, encode, gcode, ink_json, inkml, pdf, png, svg
from handwrite.formats.gcode import GcodeSettings
from handwrite.formats.look import Look
from handwrite.synth.layout import PageFormat

MADE = {"seed": 7}
VALUES = {
    "colour": "red",
    "background": "#eee",
    "line_width": 0.8,
    "pressure": 0.5,
    "animate": True,
    "plotter": True,
    "dpi": 60.0,
    "pen_up": "G0 Z5",
    "pen_down": "G1 Z0 F600",
    "settle": 0.0,
    "feed": 800.0,
}
LOOK = Look(colour="red", background="#eee", width=0.8, pressure=0.5)
LOOK_OPTIONS = {name: VALUES[name] for name in ("colour", "background", "line_width", "pressure")}


@pytest.fixture
def page() -> Page:
    """Two waves, written ever faster."""
    x = np.linspace(0, 30, 60)
    wave = np.column_stack([10 + x, 12 + 3 * np.sin(x), np.sqrt(x / 30)])
    return Page(ink=Ink.from_strokes([wave, wave + np.array([0, 9, 2])]), width=50, height=40, text="two waves")


def drawn(page: Page, form: str, **options: Any) -> bytes:
    return Encoder(form, options).page(page, MADE)


def test_options_of_the_look_reach_each_format_that_has_one(page: Page) -> None:
    assert drawn(page, "svg", **LOOK_OPTIONS) == svg.encode(page, look=LOOK, metadata=MADE)
    assert drawn(page, "pdf", **LOOK_OPTIONS) == pdf.encode(page, look=LOOK, metadata=MADE)
    small = {"dpi": 60.0}
    assert drawn(page, "png", **LOOK_OPTIONS, **small) == png.encode(page, look=LOOK, metadata=MADE, dots_per_inch=60)


@pytest.mark.parametrize("name", LOOK_OPTIONS)
def test_each_option_of_the_look_makes_a_difference(name: str, page: Page) -> None:
    assert drawn(page, "svg", **{name: VALUES[name]}) != drawn(page, "svg")


def test_options_of_one_format_alone(page: Page) -> None:
    assert drawn(page, "svg", animate=True, colour="red") == svg.encode(
        page, look=Look(colour="red"), metadata=MADE, animate=True
    )
    assert drawn(page, "svg", plotter=True) == svg.encode_plotter(page, metadata=MADE)
    settings = GcodeSettings(pen_up="G0 Z5", pen_down="G1 Z0 F600", settle=0, feed=800)
    options = {name: VALUES[name] for name in ("pen_up", "pen_down", "settle", "feed")}
    assert drawn(page, "gcode", **options) == gcode.encode(page, settings=settings, metadata=MADE)
    two = GcodeSettings(pen_up="M280 P0 S90\nG4 P150")
    assert drawn(page, "gcode", pen_up=r"M280 P0 S90\nG4 P150") == gcode.encode(page, settings=two, metadata=MADE)


def test_what_is_not_given_is_the_formats_own_business(page: Page) -> None:
    unset = {name: False if value is True else None for name, value in VALUES.items()}
    for form in FORMATS:
        assert drawn(page, form, **unset) == drawn(page, form) == encode(page, form, metadata=MADE)


def test_ink_files_have_no_look(page: Page) -> None:
    assert drawn(page, "json") == ink_json.encode(page, metadata=MADE)
    assert drawn(page, "inkml") == inkml.encode(page, metadata=MADE)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", FITTING)
def test_an_option_that_says_nothing_to_a_format_is_refused(name: str, form: str) -> None:
    if form in FITTING[name]:
        Encoder(form, {name: VALUES[name]})
        return
    flag = "--" + name.replace("_", "-")
    with pytest.raises(OptionError, match=f"^{flag}: only for .*{FITTING[name][-1]}, not for {form}$"):
        Encoder(form, {name: VALUES[name]})


def test_every_option_fits_a_format_and_the_look_fits_what_is_drawn() -> None:
    assert VALUES.keys() == FITTING.keys()
    assert {form for forms in FITTING.values() for form in forms} == set(FORMATS) - set(READABLE)


@pytest.mark.parametrize("name", [*LOOK_OPTIONS, "animate"])
def test_a_plotter_has_its_own_pen(name: str) -> None:
    flag = "--" + name.replace("_", "-")
    with pytest.raises(OptionError, match=f"^--plotter: .*leave {flag} out$"):
        Encoder("svg", {"plotter": True, name: VALUES[name]})


@pytest.mark.parametrize(
    ("form", "options", "message"),
    [
        ("svg", {"colour": "blurple"}, "colour 'blurple': no such colour"),
        ("pdf", {"background": "#12"}, "background '#12': no such colour"),
        ("svg", {"line_width": 0.0}, "line width 0: must be above 0"),
        ("svg", {"line_width": float("nan")}, "line width nan"),
        ("png", {"pressure": 2.0}, "pressure 2: must be from 0 to 1"),
        ("png", {"pressure": -0.1}, "pressure -0.1"),
        ("png", {"dpi": 5.0}, "--dpi 5: must be from 10 to 2400"),
        ("png", {"dpi": 2401.0}, "--dpi 2401"),
        ("png", {"dpi": float("nan")}, "--dpi nan"),
        ("gcode", {"feed": 0.0}, "feed 0: must be at least 1"),
        ("gcode", {"feed": float("inf")}, "feed inf"),
        ("gcode", {"pen_up": ""}, "pen up command ''"),
        ("gcode", {"pen_down": " "}, "pen down command ' '"),
    ],
)
def test_values_out_of_range_are_refused_before_there_is_a_page(
    form: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=f"^{message}"):
        Encoder(form, options)


@pytest.mark.parametrize("form", FORMATS)
def test_pages_in_one_file(form: str, page: Page) -> None:
    assert Encoder(form, {}).paged == (form in PAGED)


def test_a_paged_file_takes_the_look_too(page: Page) -> None:
    written, expected = io.BytesIO(), io.BytesIO()
    Encoder("pdf", LOOK_OPTIONS).pages(iter([page, page]), written, MADE)
    pdf.encode_pages([page, page], expected, look=LOOK, metadata=MADE)
    assert written.getvalue() == expected.getvalue()


def test_page_format_is_what_the_options_say() -> None:
    options: dict[str, Any] = {"margin": 9.0, "x_height": 2.0, "line_spacing": 8.0, "drift": 0.5}
    chosen: dict[str, Any] = {"align": "justify", "ruling": "ruled"}
    assert page_format("a5", **options, **chosen) == PageFormat(width=148, height=210, **options, **chosen)
    assert page_format("120x80", margin=None, align="left") == PageFormat(width=120, height=80)
    assert page_format(None, margin=None) == PageFormat()
