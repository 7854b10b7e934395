"""Ink kept in files and taken up again, from Python: `handwrite.save` and `handwrite.load`.

The command line has its own way, with pages, looks and metadata; the formats themselves are the package's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from handwrite.core.files import reading, write_atomic
from handwrite.core.ink import Ink
from handwrite.core.page import LOOSE_MARGIN, LOOSE_X_HEIGHT, Page
from handwrite.errors import InputError, OptionError
from handwrite.formats import READABLE, decode, encode, format_of

LARGEST = 1000.0
"""Millimetres of a unit and of a margin at most."""


def save(
    ink: Ink,
    path: str | Path,
    *,
    unit: float = LOOSE_X_HEIGHT,
    margin: float = LOOSE_MARGIN,
    text: str = "",
    **options: Any,
) -> None:
    """Write ink to a file, in the format of its suffix: .svg, .png, .pdf, .gcode, .json or .inkml; whole or not at all.

    unit : millimetres of the ink's unit; as it stands for what `handwrite.synthesize` writes, whose unit is the
    x-height, and 25.4 over the dots per inch of the image for what `handwrite.recover` finds, whose unit is a pixel.
    margin : millimetres of paper on each side. text : what the ink says. options : of the format's own `encode`, such
    as `animate=True` for .svg or `dots_per_inch=300` for .png. Raises OptionError for another suffix, unit or margin,
    InputError for ink without points and when the file cannot be written, TypeError for an option of other formats.
    """
    form = format_of(path)
    if not (0 < unit <= LARGEST and 0 < margin <= LARGEST):
        raise OptionError(f"unit {unit:g} mm, margin {margin:g} mm: both must be above 0 and at most {LARGEST:g}")
    if not len(ink):
        raise InputError(f"cannot write {path}: there is no ink; give some with at least a point")
    page = Page.around(ink.scaled(unit), margin=margin, text=text)
    write_atomic(path, encode(page, form, **options))


def load(path: str | Path) -> Ink:
    """The ink of a .json or .inkml file, in the units that the file has; millimetres where `save` or `handwrite synth`
    wrote it. Raises OptionError for another suffix, InputError when the file cannot be read or holds no ink."""
    form = format_of(path)
    if form not in READABLE:
        raise OptionError(f"{path}: ink can be read from {' and '.join(READABLE)} alone")
    with reading(path):
        data = Path(path).read_bytes()
    return decode(data, form, name=str(path)).ink
