"""The field's file formats: bytes from pages, and ink from bytes. Files are opened and written elsewhere, from
Python by `ink_file`.

`encode(page, "svg", metadata=...)` and `decode(data, "json", name=...)` pick the format by its name; `format_of` finds
it by the suffix of a file. Pages are in millimetres, and so is the ink in every file; `image_ink` writes ink that was
found in an image, in its pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import IO, Any, TypeVar

from handwrite.core.page import Page
from handwrite.errors import OptionError
from handwrite.formats import gcode, ink_json, inkml, pdf, png, svg
from handwrite.formats.document import Document

T = TypeVar("T")

_ENCODERS: dict[str, Callable[..., bytes]] = {
    "svg": svg.encode,
    "png": png.encode,
    "pdf": pdf.encode,
    "gcode": gcode.encode,
    "json": ink_json.encode,
    "inkml": inkml.encode,
}
_PAGED: dict[str, Callable[..., None]] = {"pdf": pdf.encode_pages}
_DECODERS: dict[str, Callable[..., Document]] = {"json": ink_json.decode, "inkml": inkml.decode}

FORMATS = tuple(_ENCODERS)
PAGED = tuple(_PAGED)
"""Those whose files hold many pages."""
READABLE = tuple(_DECODERS)

_SUFFIXES = {**{name: name for name in FORMATS}, "nc": "gcode", "jsonl": "json"}


def encode(page: Page, format: str, *, metadata: Mapping[str, Any] | None = None, **options: Any) -> bytes:
    """The bytes of a file of one of `FORMATS` that holds a page, its text, and what else is known of it.

    `metadata` is plain data as JSON takes it. `options` are those of the format's own `encode`. The same page gives
    the same bytes. Raises OptionError for an unknown format.
    """
    return _named(_ENCODERS, format)(page, metadata=metadata, **options)


def encode_pages(
    pages: Iterable[Page],
    format: str,
    output: IO[bytes],
    *,
    metadata: Mapping[str, Any] | None = None,
    **options: Any,
) -> None:
    """Write one file of one of `PAGED` with all pages, taken one at a time. Otherwise as `encode`."""
    _named(_PAGED, format)(pages, output, metadata=metadata, **options)


def decode(data: bytes, format: str, *, name: str) -> Document:
    """What an ink file of one of `READABLE` holds. Raises InputError, which calls the file `name`, when it is bad."""
    return _named(_DECODERS, format)(data, name=name)


def format_of(path: str | PurePath) -> str:
    """The format that a file's suffix names, or ".nc" for gcode, ".jsonl" for json. Raises OptionError for others."""
    suffix = PurePath(path).suffix
    if suffix[1:].lower() not in _SUFFIXES:
        known = ", ".join(f".{name}" for name in _SUFFIXES)
        raise OptionError(f"{path}: no ink format has the suffix {suffix or '(none)'!r}; use one of {known}")
    return _SUFFIXES[suffix[1:].lower()]


def _named(table: Mapping[str, Callable[..., T]], format: str) -> Callable[..., T]:
    if format not in table:
        raise OptionError(f"unknown ink format {format!r}; use one of {', '.join(table)}")
    return table[format]
