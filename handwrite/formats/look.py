"""How ink looks where it is drawn: colour, width, pressure and what it lies on. Every drawn format takes it."""

from __future__ import annotations

from dataclasses import dataclass

import webcolors

from handwrite.errors import OptionError

INK_BLUE = "#14213d"
BALLPOINT = 0.45
RULE_COLOUR, RULE_WIDTH = "#b8cbe0", 0.15
MAX_WIDTH = 20.0  # millimetres; the broadest markers


@dataclass(frozen=True, kw_only=True)
class Look:
    """How ink is drawn.

    colour : of the ink, a CSS name, "#rgb" or "#rrggbb"; kept as "#rrggbb". width : of its line at the median speed,
    in millimetres. pressure : the line is (median speed / speed) ** pressure times as wide, so 0 is an even line and
    0.3 a nib. background : colour of the paper, or None for what the format has by itself: nothing in a vector format,
    white in an image. Raises OptionError for a colour that does not exist and for numbers out of range.
    """

    colour: str = INK_BLUE
    width: float = BALLPOINT
    pressure: float = 0.0
    background: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.width <= MAX_WIDTH:
            raise OptionError(f"line width {self.width:g}: must be above 0 and at most {MAX_WIDTH:g} mm")
        if not 0 <= self.pressure <= 1:
            raise OptionError(f"pressure {self.pressure:g}: must be from 0 to 1")
        object.__setattr__(self, "colour", _hexadecimal(self.colour, "colour"))
        if self.background is not None:
            object.__setattr__(self, "background", _hexadecimal(self.background, "background"))


def _hexadecimal(colour: str, option: str) -> str:
    """A colour as "#rrggbb"."""
    wanted = colour.strip()
    try:
        return str(webcolors.normalize_hex(wanted) if wanted.startswith("#") else webcolors.name_to_hex(wanted))
    except ValueError:
        told = f"{option} {colour!r}: no such colour"
        raise OptionError(f"{told}; give a CSS name such as navy, #rgb or #rrggbb") from None


PLAIN = Look()
