"""JSON: {"format": "handwrite-ink", "version": 1, "text", "unit": "mm", "strokes": [[[x, y, t], ...], ...], ...}.

One object on one line, so that several make JSON Lines. x and y are in millimetres of the page, or where the unit is
"px" in pixels of an image; ink in another unit comes without "unit". It is read as it is. t is in seconds from the
first point, null where it is unknown. Other keys are metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.errors import InputError
from handwrite.formats.document import Document

FORMAT = "handwrite-ink"
VERSION = 1
MILLIMETRES, PIXELS = "mm", "px"
_OWN_KEYS = ("format", "version", "text", "unit", "strokes")


def encode(page: Page, *, metadata: Mapping[str, Any] | None = None, unit: str = MILLIMETRES) -> bytes:
    """One line of JSON with the ink of a page. Numbers are the shortest that give the same ink again."""
    metadata = dict(metadata or {})
    if not metadata.keys().isdisjoint(_OWN_KEYS):
        raise ValueError(f"metadata may not be called {', '.join(_OWN_KEYS)}")
    strokes = [_rows(stroke) for stroke in page.ink.strokes()]
    own = {"format": FORMAT, "version": VERSION, "text": page.text, "unit": unit}
    record = {**own, **metadata, "strokes": strokes}
    line = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"{line}\n".encode("utf-8", "backslashreplace")  # a path that is not UTF-8 comes back as it was


def decode(data: bytes, *, name: str) -> Document:
    """The ink of one JSON object. Raises InputError, which calls the file `name`, when it is not such ink."""
    record = _record(data, name=name)
    text, strokes = record.get("text", ""), record.get("strokes")
    if not isinstance(text, str) or not isinstance(strokes, list):
        raise InputError(f'{name}: ink wants a string "text" and a list "strokes"')
    try:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and Ink says so
            ink = Ink.from_strokes([_stroke(stroke) for stroke in strokes])
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{name}: bad strokes: {error}") from error
    return Document(ink=ink, text=text, metadata={key: record[key] for key in record if key not in _OWN_KEYS})


def _record(data: bytes, *, name: str) -> dict[str, Any]:
    try:
        record = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: not JSON ({error}); want one object of ink") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise InputError(f'{name}: JSON, but not ink; want an object with "format": "{FORMAT}"')
    if record.get("version") != VERSION:
        raise InputError(f"{name}: version {record.get('version')!r} of {FORMAT}; this program reads {VERSION}")
    if record.get("unit", MILLIMETRES) not in (MILLIMETRES, PIXELS):
        known = f'"{MILLIMETRES}" and "{PIXELS}"'
        raise InputError(f"{name}: ink in the unit {record['unit']!r}; this program reads {known}")
    return record


def _rows(stroke: np.ndarray[Any, np.dtype[np.float32]]) -> list[list[float | None]]:
    """[x, y, t] rows in the shortest decimals that are the same float32."""
    rows: list[list[float | None]] = stroke.astype(np.str_).astype(np.float64).tolist()
    return [[x, y, None if t is None or np.isnan(t) else t] for x, y, t in rows]


def _stroke(rows: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(n, 3) from rows of x, y and perhaps t."""
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) in (2, 3) for row in rows):
        raise ValueError("each stroke is a list of points [x, y, t]")
    if any(isinstance(value, (bool, str)) for row in rows for value in row):
        raise ValueError("x, y and t are numbers, and t may be null")
    full = [[*row, None][:3] for row in rows]
    return np.array(full, np.float64).reshape(-1, 3)
