"""A look takes every way of naming a colour, and refuses what cannot be drawn in one line that names it."""

import pytest

from handwrite.errors import OptionError
from handwrite.formats.look import PLAIN, Look


@pytest.mark.parametrize(
    ("given", "kept"),
    [("navy", "#000080"), ("DarkSlateGray", "#2f4f4f"), ("#f0A", "#ff00aa"), (" #14213D ", "#14213d")],
)
def test_colours_become_six_digits(given: str, kept: str) -> None:
    look = Look(colour=given, background=given)
    assert (look.colour, look.background) == (kept, kept)


def test_the_plain_look_is_an_even_line_on_nothing() -> None:
    assert (PLAIN.pressure, PLAIN.background) == (0, None)
    assert Look() == PLAIN


@pytest.mark.parametrize("colour", ["blurple", "", "#12", "#12345", "#1234567", "123456", "rgb(1,2,3)", "#ggg"])
def test_a_colour_that_does_not_exist_is_named(colour: str) -> None:
    with pytest.raises(OptionError) as error:
        Look(colour=colour)
    assert str(error.value) == f"colour {colour!r}: no such colour; give a CSS name such as navy, #rgb or #rrggbb"
    with pytest.raises(OptionError, match=r"^background "):
        Look(background=colour)


@pytest.mark.parametrize("width", [0, -1, 20.1, float("inf"), float("nan")])
def test_a_width_that_no_pen_has_is_named(width: float) -> None:
    with pytest.raises(OptionError, match=rf"^line width {width:g}: must be above 0 and at most 20 mm$"):
        Look(width=width)
    assert Look(width=20).width == 20


@pytest.mark.parametrize("pressure", [-0.1, 1.1, float("nan")])
def test_a_pressure_out_of_range_is_named(pressure: float) -> None:
    with pytest.raises(OptionError, match=rf"^pressure {pressure:g}: must be from 0 to 1$"):
        Look(pressure=pressure)
    assert [Look(pressure=end).pressure for end in (0, 1)] == [0, 1]
