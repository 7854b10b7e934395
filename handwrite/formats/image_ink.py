"""Ink that was found in an image, as files: json and inkml hold it in pixels of the image; svg, pdf and gcode show it
on a sheet as large as the image, as wide as its mark there; png is the picture of its path over the image.

`encode(ink, "svg", image=...)` picks the format by its name. Ink on pages in millimetres is the work of the package.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink
from handwrite.core.mark import mark_of, mark_width
from handwrite.core.page import MM_PER_INCH, Page
from handwrite.formats import encode as encode_page
from handwrite.formats import ink_json, inkml, path_png
from handwrite.formats.look import MAX_WIDTH, Look

DOTS_PER_INCH = 96.0
"""Pixels of an inch of the sheet where nothing else is told: those of CSS, so that viewers show the image's size."""

PICTURED, SIZED, JOINABLE = "png", ("svg", "pdf", "gcode"), ("json",)
"""The formats that show a path, that have a size in millimetres, and that hold several inks one after the other."""

_IN_PIXELS = {"json": ink_json.encode, "inkml": inkml.encode}


def encode(
    ink: Ink,
    format: str,
    *,
    image: GreyImage,
    metadata: Mapping[str, Any] | None = None,
    show: str = "order",
    dots_per_inch: float = DOTS_PER_INCH,
) -> bytes:
    """The bytes of a file of one of `formats.FORMATS`.

    ink : with a clock, at least a point, in pixels of the image (H, W); svg is animated in its time. show : what the
    colours of png tell, "order" or "speed". dots_per_inch : of the image. Raises OptionError for an unknown format.
    """
    if format == PICTURED:
        return path_png.encode(ink, image, show=show, metadata=metadata)
    height, width = image.shape
    if format in _IN_PIXELS:
        return _IN_PIXELS[format](Page(ink=ink, width=width, height=height), metadata=metadata, unit="px")
    pixel = MM_PER_INCH / dots_per_inch
    sheet = Page(ink=ink.scaled(pixel), width=width * pixel, height=height * pixel)
    return encode_page(sheet, format, metadata=metadata, **_look(format, pixel * mark_width(ink, mark_of(ink, image))))


def _look(format: str, width: float) -> dict[str, Any]:
    """What ink looks like whose mark is so many millimetres wide."""
    if format == "gcode":
        return {}
    look = {"look": Look(width=min(width, MAX_WIDTH))}
    return {**look, "animate": True} if format == "svg" else look
