"""Options of pages and of how ink is drawn on them, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from handwrite.errors import OptionError

if TYPE_CHECKING:
    from handwrite.core.page import Page as Sheet
    from handwrite.synth.layout import PageFormat

Page = Annotated[
    str | None,
    typer.Option(
        "--page", metavar="SIZE", help="Pages: a3 to a6, letter, legal, or WxH in mm; else one sheet around the text."
    ),
]
Margin = Annotated[float | None, typer.Option("--margin", metavar="MM", help="White on all sides.")]
XHeight = Annotated[float | None, typer.Option("--x-height", metavar="MM", help="Height of an x; 3.5, on pages 2.5.")]
LineSpacing = Annotated[
    float | None, typer.Option("--line-spacing", metavar="MM", help="From baseline to baseline; 3.6 x-heights.")
]
Align = Annotated[str, typer.Option("--align", metavar="NAME", help="left, center, right or justify.")]
Ruling = Annotated[str, typer.Option("--ruling", metavar="NAME", help="Paper: none, ruled or squared.")]
Drift = Annotated[
    float | None, typer.Option("--drift", metavar="D", help="How rows stray: 0 not at all, 1 naturally, as on pages.")
]
Colour = Annotated[
    str | None, typer.Option("--colour", "--color", metavar="COLOUR", help="Of the ink: navy or #1a2b3c.")
]
Background = Annotated[
    str | None, typer.Option("--background", metavar="COLOUR", help="Of the paper; none, in PNG white.")
]
LineWidth = Annotated[float | None, typer.Option("--line-width", metavar="MM", help="Of the pen's line; 0.45.")]
Pressure = Annotated[
    float | None, typer.Option("--pressure", metavar="P", help="0 is an even line, 0.3 a nib: broader when slow.")
]
Animate = Annotated[bool, typer.Option("--animate", help="SVG in which the pen writes in true time.")]
Plotter = Annotated[bool, typer.Option("--plotter", help="SVG for a pen plotter: single strokes, in order.")]
Dpi = Annotated[float | None, typer.Option("--dpi", metavar="N", help="Dots per inch of PNG; 300.")]
PenUp = Annotated[
    str | None, typer.Option("--pen-up", metavar="GCODE", help=r"G-code that lifts the pen; M5. \n starts a new line.")
]
Settle = Annotated[
    float | None, typer.Option("--settle", metavar="S", help="Seconds that the pen has to arrive (G4 P); 0.15.")
]
PenDown = Annotated[str | None, typer.Option("--pen-down", metavar="GCODE", help="... and that sets it down; M3 S90.")]
Feed = Annotated[float | None, typer.Option("--feed", metavar="F", help="Millimetres a minute in G-code; 3000.")]

LOOKS = ("svg", "png", "pdf")
FITTING = {
    "colour": LOOKS,
    "background": LOOKS,
    "line_width": LOOKS,
    "pressure": LOOKS,
    "animate": ("svg",),
    "plotter": ("svg",),
    "dpi": ("png",),
    "pen_up": ("gcode",),
    "pen_down": ("gcode",),
    "settle": ("gcode",),
    "feed": ("gcode",),
}
"""The formats to which an option says something."""


def page_format(size: str | None, **options: Any) -> PageFormat:
    """What the options of a page come to; see `synth.layout.PageFormat`."""
    from handwrite.synth.layout import PageFormat, paper_size

    width, height = paper_size(size) if size is not None else (None, None)
    return PageFormat(width=width, height=height, **options)


class Encoder:
    """Pages to bytes of one format, as the options say that were given (those not None or False).

    Raises OptionError for an option that says nothing to the format, and for a value that is out of range.
    """

    def __init__(self, format: str, options: Mapping[str, Any]) -> None:
        given = {name: value for name, value in options.items() if value is not None and value is not False}
        for name in given:
            check_fits(_flag(name), format, FITTING[name])
        self._plotter, self._format = "plotter" in given, format
        self._options = _settings(format, given)

    @property
    def paged(self) -> bool:
        """True when one file holds all pages."""
        from handwrite.formats import PAGED

        return self._format in PAGED

    def page(self, page: Sheet, metadata: Mapping[str, Any]) -> bytes:
        """The file of one page."""
        from handwrite.formats import encode
        from handwrite.formats.svg import encode_plotter

        if self._plotter:
            return encode_plotter(page, metadata=metadata)
        return encode(page, self._format, metadata=metadata, **self._options)

    def pages(self, pages: Iterable[Sheet], output: IO[bytes], metadata: Mapping[str, Any]) -> None:
        """Write one file with all pages."""
        from handwrite.formats import encode_pages

        encode_pages(pages, self._format, output, metadata=metadata, **self._options)


def check_fits(option: str, format: str, formats: Sequence[str]) -> None:
    """Raises OptionError for an option that says something to these formats alone, when the format is another."""
    if format not in formats:
        raise OptionError(f"{option}: only for {' and '.join(formats)}, not for {format}")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _settings(format: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of the format's `encode`."""
    from handwrite.formats.gcode import GcodeSettings
    from handwrite.formats.look import Look

    if "plotter" in given and len(given) > 1:
        other = next(name for name in given if name != "plotter")
        raise OptionError(f"--plotter: draws single strokes alone; leave {_flag(other)} out")
    if format == "gcode":
        lines = {name: value.replace("\\n", "\n") for name, value in given.items() if isinstance(value, str)}
        return {"settings": GcodeSettings(**{**given, **lines})}
    if format not in LOOKS:
        return {}
    names = {"colour": "colour", "background": "background", "line_width": "width", "pressure": "pressure"}
    settings: dict[str, Any] = {"look": Look(**{names[name]: given[name] for name in names if name in given})}
    if "animate" in given:
        settings["animate"] = True
    if "dpi" in given:
        settings["dots_per_inch"] = checked_dpi(given["dpi"])
    return settings


def checked_dpi(dots: float) -> float:
    """The dots per inch, if `formats.png` draws so many; it says so itself, but only when there is a page."""
    from handwrite.formats.png import FEWEST_DOTS, MOST_DOTS

    if not FEWEST_DOTS <= dots <= MOST_DOTS:
        raise OptionError(f"--dpi {dots:g}: must be from {FEWEST_DOTS} to {MOST_DOTS}")
    return dots
