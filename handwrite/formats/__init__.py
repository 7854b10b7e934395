"""The field's file formats: bytes from ink, and ink from bytes. Files are opened and written elsewhere.

`encode(ink, "svg", text=..., metadata=...)` and `decode(data, "json", name=...)` pick the format by its name, which is
also the suffix of its files; `format_of` finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, TypeVar

from handwrite.core.ink import Ink
from handwrite.errors import OptionError
from handwrite.formats import ink_json, inkml, png, svg
from handwrite.formats.document import Document

T = TypeVar("T")

_ENCODERS: dict[str, Callable[..., bytes]] = {
    "svg": svg.encode,
    "png": png.encode,
    "json": ink_json.encode,
    "inkml": inkml.encode,
}
_DECODERS: dict[str, Callable[..., Document]] = {"json": ink_json.decode, "inkml": inkml.decode}

FORMATS = tuple(_ENCODERS)
READABLE = tuple(_DECODERS)


def encode(
    ink: Ink, format: str, *, text: str = "", metadata: Mapping[str, Any] | None = None, **options: Any
) -> bytes:
    """The bytes of an ink file of one of `FORMATS`, with the text that the ink says and what else is known of it.

    `metadata` is plain data as JSON takes it. `options` are those of the format's own `encode`. The same ink gives
    the same bytes. Raises OptionError for an unknown format.
    """
    return _named(_ENCODERS, format)(ink, text=text, metadata=metadata, **options)


def decode(data: bytes, format: str, *, name: str) -> Document:
    """What an ink file of one of `READABLE` holds. Raises InputError, which calls the file `name`, when it is bad."""
    return _named(_DECODERS, format)(data, name=name)


def format_of(path: str | PurePath) -> str:
    """The format that a file's suffix names. Raises OptionError for a suffix that is none of `FORMATS`."""
    suffix = PurePath(path).suffix
    if suffix[1:].lower() not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise OptionError(f"{path}: no ink format has the suffix {suffix or '(none)'!r}; use one of {known}")
    return suffix[1:].lower()


def _named(table: Mapping[str, Callable[..., T]], format: str) -> Callable[..., T]:
    if format not in table:
        raise OptionError(f"unknown ink format {format!r}; use one of {', '.join(table)}")
    return table[format]
