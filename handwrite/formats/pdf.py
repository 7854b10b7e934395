"""PDF: pages of vector strokes at their true size, with their text as a layer that is not seen but found and copied.

Written only. This is the one module that knows pydyf. A page needs the memory of its own strokes: packed pages wait in
a temporary file, which stays in memory while it is small. The layer holds what Windows-1252 holds (PDF 32000-1, annex
D.2); other characters are left out of it, while their ink is drawn all the same.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import numpy as np
import pydyf

from handwrite.core.page import MM_PER_INCH, Page
from handwrite.formats.look import PLAIN, RULE_COLOUR, RULE_WIDTH, Look
from handwrite.formats.pen_path import Run, pen_runs
from handwrite.formats.safe_xml import legal

POINTS_PER_MM = 72 / MM_PER_INCH
STEPS = 100  # per millimetre: the unit of all coordinates in a page
ROUND, INVISIBLE = 1, 3  # codes of line ends and of the way to draw text
GLYPH = 0.6  # widths of a glyph of Courier in its size, so that rows of text can be stretched to their ink
BASELINE, LETTER = 0.7, 0.7  # of a row's height: where its text stands, and how large it is
FONT = "F"
KEPT = 1 << 24  # bytes of packed pages that need no file


def encode(page: Page, *, look: Look = PLAIN, metadata: Mapping[str, Any] | None = None) -> bytes:
    """A PDF file of one page."""
    output = io.BytesIO()
    encode_pages([page], output, look=look, metadata=metadata)
    return output.getvalue()


def encode_pages(
    pages: Iterable[Page], output: IO[bytes], *, look: Look = PLAIN, metadata: Mapping[str, Any] | None = None
) -> None:
    """Write a PDF file of all pages, each of its own size. Nothing is written before the last page has come.

    Pages are taken one at a time. Raises ValueError when there is none.
    """
    pdf = pydyf.PDF()
    font = pydyf.Dictionary(
        {"Type": "/Font", "Subtype": "/Type1", "BaseFont": "/Courier", "Encoding": "/WinAnsiEncoding"}
    )
    resources = pydyf.Dictionary({"Font": pydyf.Dictionary({FONT: font})})
    pdf.add_object(resources)
    title = ""
    with SpooledTemporaryFile(max_size=KEPT) as store:
        for page in pages:
            _add(pdf, page, _Stored(store, _content(page, look)), resources)
            title = title or page.text.strip().partition("\n")[0]
        if not pdf.pages["Count"]:
            raise ValueError("a PDF file wants at least one page")
        pdf.info.update(_info(title, metadata or {}))
        pdf.write(output)


class _Stored(pydyf.Object):  # type: ignore[misc]
    """An object whose bytes lie in a file until they are written."""

    def __init__(self, file: IO[bytes], content: pydyf.Object) -> None:
        super().__init__()
        data: bytes = content.data
        file.seek(0, io.SEEK_END)
        self._file, self._start, self._length = file, file.tell(), len(data)
        file.write(data)

    @property
    def data(self) -> bytes:
        self._file.seek(self._start)
        return self._file.read(self._length)


def _add(pdf: pydyf.PDF, page: Page, content: pydyf.Object, resources: pydyf.Object) -> None:
    pdf.add_object(content)
    entries = {
        "Type": "/Page",
        "Parent": pdf.pages.reference,
        "MediaBox": pydyf.Array([0, 0, page.width * POINTS_PER_MM, page.height * POINTS_PER_MM]),
        "Resources": resources.reference,
        "Contents": content.reference,
    }
    pdf.add_page(pydyf.Dictionary(entries))


def _info(title: str, metadata: Mapping[str, Any]) -> dict[str, pydyf.String]:
    told = {
        "Title": title,
        "Subject": json.dumps(dict(metadata), ensure_ascii=False) if metadata else "",
        "Creator": "handwrite",
    }
    return {name: pydyf.String(legal(value)) for name, value in told.items() if value}


def _content(page: Page, look: Look) -> pydyf.Stream:
    """What a page shows, in steps from its top left corner, y down."""
    stream = pydyf.Stream(compress=True)
    scale = f"{POINTS_PER_MM / STEPS:.10f}"
    stream.set_matrix(scale, 0, 0, f"-{scale}", 0, page.height * POINTS_PER_MM)
    if look.background is not None:
        stream.set_color_rgb(*_rgb(look.background))
        stream.rectangle(0, 0, _steps(page.width), _steps(page.height))
        stream.fill()
    _draw_rules(stream, page)
    _draw_ink(stream, pen_runs(page, look), look.colour)
    _write_text(stream, page)
    return stream


def _draw_rules(stream: pydyf.Stream, page: Page) -> None:
    if not len(page.rules):
        return
    stream.set_color_rgb(*_rgb(RULE_COLOUR), stroke=True)
    stream.set_line_width(_steps(RULE_WIDTH))
    for x1, y1, x2, y2 in np.round(page.rules * STEPS).astype(np.int64).tolist():
        stream.move_to(x1, y1)
        stream.line_to(x2, y2)
    stream.stroke()


def _draw_ink(stream: pydyf.Stream, strokes: Iterable[Iterable[Run]], colour: str) -> None:
    stream.set_color_rgb(*_rgb(colour), stroke=True)
    stream.set_line_cap(ROUND)
    stream.set_line_join(ROUND)
    width = 0
    for run in (run for stroke in strokes for run in stroke):
        if (wanted := max(_steps(run.width), 1)) != width:
            stream.set_line_width(width := wanted)
        corners = np.round(run.curves * STEPS).astype(np.int64)
        x, y = corners[0, 0].tolist()
        stream.move_to(x, y)
        for curve in corners[:, 1:].reshape(-1, 6).tolist():
            stream.curve_to(*curve)
        if (corners == corners[0, 0]).all():
            stream.line_to(x + 1, y)  # some viewers drop a line of no length
        stream.stroke()


def _write_text(stream: pydyf.Stream, page: Page) -> None:
    """Each row of the text over its ink, as far as rows of one height tell where that is."""
    rows = page.text.strip("\n").split("\n")
    left, top, right, bottom = (side * STEPS for side in page.ink.bounds)
    height = max((bottom - top) / len(rows), STEPS)
    x, y = page.ink.points[:, 0] * STEPS, page.ink.points[:, 1] * STEPS
    stream.begin_text()
    stream.set_text_rendering(INVISIBLE)
    stream.set_font_size(FONT, _whole(LETTER * height))
    for index, row in enumerate(rows):
        if not (characters := " ".join(row.split()).encode("cp1252", "ignore")):
            continue
        within = x[np.floor((y - top) / height).clip(0, len(rows) - 1) == index]
        start, end = (within.min(), within.max()) if len(within) else (left, right)
        stretch = max(float(end - start), STEPS) / (GLYPH * LETTER * height * len(characters))
        stream.set_text_matrix(stretch, 0, 0, -1, _whole(start), _whole(top + (index + BASELINE) * height))
        stream.show_text_string(characters)
    stream.end_text()


def _rgb(colour: str) -> tuple[float, ...]:
    """Red, green and blue from 0 to 1."""
    return tuple(part / 255 for part in bytes.fromhex(colour[1:]))


def _steps(millimetres: float) -> int:
    return _whole(millimetres * STEPS)


def _whole(value: float) -> int:
    return round(float(value))
