"""Ink of an image in every format: its pixels in data, its size and its pen on sheets."""

from __future__ import annotations

import json
import re

import cv2
import numpy as np
import pytest
import resvg_py
from lxml import etree
from numpy.typing import NDArray

from handwrite.core.ink import Ink
from handwrite.core.render import Frame, Pen, render
from handwrite.errors import OptionError
from handwrite.formats import FORMATS, decode, image_ink, path_png

SHAPE = (90, 240)
PEN = 5.0
_X = np.linspace(20, 220, 80)
INK = Ink.from_strokes(
    [
        np.column_stack([_X, 45 + 25 * np.sin(_X / 15), np.linspace(0, 1.5, 80)]),
        [(120, 10, 1.7), (122, 10, 1.75)],
    ]
)


def image(scale: int = 1) -> NDArray[np.uint8]:
    frame = Frame(height=scale * SHAPE[0], width=scale * SHAPE[1], scale=scale, left=0, top=0)
    return render(INK, frame=frame, pen=Pen(width=scale * PEN, pressure=0, darkness=1))


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_has_bytes_and_the_same_again(format: str) -> None:
    one, again = (image_ink.encode(INK, format, image=image(), metadata={"path": "a.png"}) for _ in range(2))
    assert one == again
    assert len(one) > 100


@pytest.mark.parametrize("format", ["json", "inkml"])
def test_data_is_in_pixels_as_it_is(format: str) -> None:
    data = image_ink.encode(INK, format, image=image(), metadata={"path": "a.png"})
    document = decode(data, format, name="x")
    np.testing.assert_array_equal(document.ink.points, INK.points)
    assert document.metadata == {"path": "a.png"}


def test_the_unit_is_told() -> None:
    assert json.loads(image_ink.encode(INK, "json", image=image()))["unit"] == "px"
    root = etree.fromstring(image_ink.encode(INK, "inkml", image=image()))
    assert [channel.get("units") for channel in root.iter("{*}channel")] == ["px", "px", "s"]


@pytest.mark.parametrize("dots", [96.0, 300.0])
def test_svg_is_as_large_as_the_image_and_covers_its_mark(dots: float) -> None:
    data = image_ink.encode(INK, "svg", image=image(), dots_per_inch=dots).decode()
    width = re.search(r'width="([\d.]+)mm"', data)
    assert width
    assert float(width[1]) == pytest.approx(SHAPE[1] * 25.4 / dots, abs=0.01)
    png = bytes(resvg_py.svg_to_bytes(svg_string=data, dpi=dots, background="#ffffff"))
    shown = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    assert shown.shape == SHAPE
    inked, original = shown < 128, image() < 128
    assert (inked & original).sum() / (inked | original).sum() > 0.85


def test_svg_is_animated_in_the_ink_s_time() -> None:
    data = image_ink.encode(INK, "svg", image=image()).decode()
    assert "animation-delay:0ms;animation-duration:1500ms" in data
    assert "animation-delay:1700ms;animation-duration:50ms" in data


def test_a_huge_pen_is_drawn_as_broad_as_can_be() -> None:
    bar = Ink.from_strokes([[(500, 500, 0), (2500, 500, 1)]])
    white = np.full((1000, 3000), 255, np.uint8)
    white[400:600, 400:2600] = 0
    assert b'stroke-width="20"' in image_ink.encode(bar, "svg", image=white)


def test_gcode_has_the_size_that_dots_per_inch_say() -> None:
    program = image_ink.encode(INK, "gcode", image=image(), dots_per_inch=150).decode()
    xs = [float(x) for x in re.findall(r"X([\d.]+)", program)]
    assert max(xs) == pytest.approx(220 * 25.4 / 150, abs=0.1)


def test_png_is_the_picture_of_the_path() -> None:
    for show in path_png.SHOWN:
        assert image_ink.encode(INK, "png", image=image(), show=show) == path_png.encode(INK, image(), show=show)


def test_an_unknown_format() -> None:
    with pytest.raises(OptionError, match="unknown ink format 'doc'"):
        image_ink.encode(INK, "doc", image=image())
