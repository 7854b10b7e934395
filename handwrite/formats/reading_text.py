"""Plain text: what was read, one line of writing a row. Confidences and places are in the other formats."""

from __future__ import annotations

from handwrite.core.reading import Reading


def encode(reading: Reading) -> bytes:
    """The text of one input."""
    return "".join(f"{line.text}\n" for line in reading.lines).encode("utf-8", "replace")


def encode_rows(reading: Reading, *, path: str) -> bytes:
    """The text of one of several inputs: a row `path<TAB>text` for each line. path : as it was given."""
    start = path.encode("utf-8", "surrogateescape") + b"\t"
    return b"".join(start + row for row in encode(reading).splitlines(keepends=True))
