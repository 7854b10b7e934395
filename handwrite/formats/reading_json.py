"""JSON: {"path", "text", "confidence", "lines": [{"text", "confidence", "box", "words": [{..., "chars": [...]}]}]}.

One object on one line for each input, so that several make JSON Lines. A box is [left, top, right, bottom] in pixels
of the image, with two decimals at most; a confidence has four.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from handwrite.core.reading import Char, Line, Reading, Word


def encode(reading: Reading, *, path: str) -> bytes:
    """One line of JSON. path : of the image, as it was given."""
    start = {"path": path, "text": reading.text, "confidence": round(reading.confidence, 4)}
    record = {**start, "lines": [_line(line) for line in reading.lines]}
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"{text}\n".encode("utf-8", "backslashreplace")  # a path that is not UTF-8 comes back as it was


def _line(line: Line) -> dict[str, Any]:
    return {**_part(line), "words": [_word(word) for word in line.words]}


def _word(word: Word) -> dict[str, Any]:
    return {**_part(word), "chars": [_part(char) for char in word.chars]}


def _part(part: Line | Word | Char) -> dict[str, Any]:
    box = part.box
    return {
        "text": part.text,
        "confidence": round(part.confidence, 4),
        "box": _rounded((box.left, box.top, box.right, box.bottom)),
    }


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(float(value), 2) for value in values]
