"""InkML: the W3C's XML for ink (Ink Markup Language, Recommendation of 20 September 2011).

One trace a stroke, channels X and Y (millimetres, or pixels of an image) and T (seconds; left out when there is no
clock), the text as the annotation "truth", other metadata as annotations that hold JSON. The reader takes explicit
values and differences of the first and second order, brings lengths to millimetres where their unit is one of length
and leaves them as they are where it is not, and passes over brushes, views and channels other than these three. No
entity is expanded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from handwrite.core.ink import Ink
from handwrite.core.page import MM_PER_INCH, Page
from handwrite.errors import InputError
from handwrite.formats.document import Document
from handwrite.formats.safe_xml import legal, parse

NAMESPACE = "http://www.w3.org/2003/InkML"
TRUTH = "truth"
CONTEXT = "pen"
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
MILLIMETRES = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": MM_PER_INCH, "pt": MM_PER_INCH / 72, "pc": MM_PER_INCH / 6}
DEFAULT_CHANNELS = [("X", 1.0), ("Y", 1.0)]
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_VALUE = re.compile(r"([!'\"]?)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[*?TF])")
_MODES = {"!": 0, "'": 1, '"': 2}


def encode(page: Page, *, metadata: Mapping[str, Any] | None = None, unit: str = "mm") -> bytes:
    """An InkML file with the ink of a page. Numbers are the shortest that give the same ink again.

    unit : of the ink, "mm" or "px"; the standard leaves the names of units open.
    """
    ink = page.ink
    root = etree.Element("ink", nsmap={None: NAMESPACE})
    context = etree.SubElement(root, "context", {_XML_ID: CONTEXT})
    channels = etree.SubElement(context, "traceFormat")
    etree.SubElement(channels, "channel", name="X", type="decimal", units=unit)
    etree.SubElement(channels, "channel", name="Y", type="decimal", units=unit)
    if ink.has_clock:
        etree.SubElement(channels, "channel", name="T", type="decimal", units="s")
    etree.SubElement(root, "annotation", type=TRUTH).text = legal(page.text)
    for name, value in (metadata or {}).items():
        etree.SubElement(root, "annotation", type=name).text = legal(json.dumps(value, ensure_ascii=False))
    group = etree.SubElement(root, "traceGroup", contextRef=f"#{CONTEXT}")
    for stroke in ink.strokes():
        etree.SubElement(group, "trace").text = _trace(stroke if ink.has_clock else stroke[:, :2])
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def decode(data: bytes, *, name: str) -> Document:
    """The ink of an InkML file. Raises InputError, which calls the file `name`, when it holds none.

    Where a clock runs backwards it stands still until it has caught up; where some points have no time, none has.
    """
    root = _root(data, name=name)
    try:
        channels = _channels(root)
        strokes = [_points(trace.text or "", channels) for trace in root.iter("{*}trace")]
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and Ink says so
            ink = _ink([stroke for stroke in strokes if len(stroke)])
    except ValueError as error:
        raise InputError(f"{name}: bad InkML: {error}") from error
    notes = {note.get("type", ""): note.text or "" for note in root.findall("{*}annotation")}
    text = notes.pop(TRUTH, "")
    return Document(ink=ink, text=text, metadata={key: _plain(note) for key, note in notes.items()})


def _root(data: bytes, *, name: str) -> Any:
    root = parse(data, name=name, wanted="an InkML file")
    if etree.QName(root).localname != "ink":
        raise InputError(f"{name}: XML, but not InkML; want the root element <ink>")
    return root


def _trace(rows: NDArray[np.float32]) -> str:
    return ",".join(" ".join(np.format_float_positional(value, trim="-") for value in row) for row in rows)


def _channels(root: Any) -> list[tuple[str, float]]:
    """Name and factor of each channel, in order; the factors make millimetres, and seconds of T."""
    found = next(root.iter("{*}traceFormat"), None)
    if found is None:
        return DEFAULT_CHANNELS
    channels = [(item.get("name", ""), item.get("units", "")) for item in found.iter("{*}channel")]
    if not {"X", "Y"} <= {name for name, _ in channels}:
        raise ValueError("its trace format has no channels X and Y")
    return [
        (name, SECONDS.get(units or "ms", 1.0) if name == "T" else MILLIMETRES.get(units, 1.0))
        for name, units in channels
    ]


def _points(text: str, channels: list[tuple[str, float]]) -> NDArray[np.float64]:
    """(n, 3) x, y, t of a trace; t is NaN when there is no such channel."""
    rows = list(_rows([point for point in text.split(",") if point.strip()], len(channels)))
    columns = dict(zip((name for name, _ in channels), zip(*rows, strict=True), strict=False)) if rows else {}
    if not columns:
        return np.zeros((0, 3))
    factors = dict(channels)
    x, y = (np.array(columns[name]) * factors[name] for name in ("X", "Y"))
    times = np.array(columns["T"]) * factors["T"] if "T" in columns else np.full(len(rows), np.nan)
    return np.column_stack([x, y, times])


def _rows(points: Iterable[str], width: int) -> Iterator[list[float]]:
    """The values of each point; a prefix ' or " makes those that follow in its channel differences (section 3.2.1)."""
    mode, last, step = [0] * width, [0.0] * width, [0.0] * width
    for point in points:
        values = _VALUE.findall(point)
        if _VALUE.sub("", point).strip() or not 2 <= len(values) <= width:
            raise ValueError(f"a point with {width} channels cannot be read from {point.strip()[:40]!r}")
        for index, (prefix, value) in enumerate(values):
            mode[index] = _MODES.get(prefix, mode[index])
            before = last[index]
            last[index], step[index] = _advance(value, mode[index], before, step[index])
        yield last.copy()


def _advance(value: str, mode: int, last: float, step: float) -> tuple[float, float]:
    """Value and step of a channel after `value`; * repeats the last value, ? says it is unknown."""
    if value in "?TF":
        return np.nan, step
    if value == "*":
        return last, 0.0
    number = float(value)
    if mode == 0:
        return number, number - last
    step = number if mode == 1 else step + number
    return last + step, step


def _ink(strokes: list[NDArray[np.float64]]) -> Ink:
    if not strokes:
        return Ink.from_strokes([])
    times = np.concatenate([stroke[:, 2] for stroke in strokes])
    times = np.full(len(times), np.nan) if np.isnan(times).any() else np.maximum.accumulate(times)
    parts = np.split(times, np.cumsum([len(stroke) for stroke in strokes])[:-1])
    timed = zip(strokes, parts, strict=True)
    return Ink.from_strokes([np.column_stack([stroke[:, :2], part]) for stroke, part in timed])


def _plain(note: str) -> Any:
    """The value that a JSON note holds, or the note itself."""
    try:
        return json.loads(note)
    except (ValueError, RecursionError):
        return note
