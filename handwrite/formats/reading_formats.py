"""The file formats of readings, by name: bytes from a `Reading`. Files are opened and written elsewhere.

`encode_reading(reading, "alto", path=..., image=...)` picks the format; `reading_format_of` finds it by the suffix of
a file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from handwrite.core.reading import Reading
from handwrite.errors import OptionError
from handwrite.formats import alto, page_xml, reading_json, reading_svg, reading_text
from handwrite.formats.reading_svg import Image

_ENCODERS: dict[str, Callable[[Reading, str, Image], bytes]] = {
    "text": lambda reading, path, image: reading_text.encode(reading),
    "json": lambda reading, path, image: reading_json.encode(reading, path=path),
    "alto": lambda reading, path, image: alto.encode(reading, image_name=PurePath(path).name),
    "page": lambda reading, path, image: page_xml.encode(reading, image_name=PurePath(path).name),
    "svg": lambda reading, path, image: reading_svg.encode(reading, image=image),
}
_SUFFIXES = {".txt": "text", ".tsv": "text", ".json": "json", ".jsonl": "json", ".svg": "svg"}

JOINABLE = ("text", "json")
"""Those that hold several inputs in one file, their bytes one after the other."""


def encode_reading(reading: Reading, format: str, *, path: str, image: Image, several: bool = False) -> bytes:
    """The bytes of a file of one format: text, json, alto, page or svg.

    path : of the image, as it was given. image : (H, W) or (H, W, 3) uint8 that the positions are of, shown by svg.
    several : this is one of several inputs, so that each row of text begins with the path. Raises OptionError for an
    unknown format.
    """
    if format not in _ENCODERS:
        raise OptionError(f"unknown format {format!r} of readings; use one of {', '.join(_ENCODERS)}")
    if format == "text" and several:
        return reading_text.encode_rows(reading, path=path)
    return _ENCODERS[format](reading, path, image)


def reading_format_of(path: str | PurePath) -> str:
    """The format that a file's suffix names. Raises OptionError for one that names none, or two, as .xml does."""
    suffix = PurePath(path).suffix.lower()
    if suffix == ".xml":
        raise OptionError(f"{path}: both alto and page are XML; say which with --format")
    if suffix not in _SUFFIXES:
        known = ", ".join([*_SUFFIXES, ".xml"])
        raise OptionError(f"{path}: no format of readings has the suffix {suffix or '(none)'!r}; use one of {known}")
    return _SUFFIXES[suffix]
