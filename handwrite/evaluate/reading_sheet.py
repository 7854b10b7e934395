"""A sheet of lines as they were read: each image over its true text and the reading, with what is wrong in red.

For eyes. Which lines are shown is for `recognition` to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import GreyImage
from handwrite.core.metrics import wrong_characters
from handwrite.evaluate.recognition import Judged

ColourImage = NDArray[np.uint8]
Colour = tuple[int, int, int]

GAP = 16  # pixels around what a cell holds
LINE_HEIGHT = 72  # pixels that a line of writing is high at most
PRINT_SIZE = 18
NOTE_SIZE = 13
WHITE = 255
BLACK: Colour = (30, 30, 30)
GREY: Colour = (130, 130, 130)
RED: Colour = (40, 40, 210)
RULE_GREY = 225


def reading_sheet(items: Sequence[tuple[GreyImage, Judged]], *, columns: int = 2, width: int = 1600) -> ColourImage:
    """Lines in cells, row by row: (H, W, 3) uint8, BGR, W the `width` or a few pixels less.

    items : the image (H, W) uint8 of each line, and what was read in it. A cell holds the line's name, writer, error
    rate and confidence, the image, the true text and the reading. In the texts, characters that are left out, added
    or read for others are red and underlined; spaces around punctuation are not compared.
    """
    size = width // columns
    cells = [_cell(image, line, number=number, width=size) for number, (image, line) in enumerate(items, 1)]
    rows = [_row(cells[start : start + columns], columns) for start in range(0, len(cells), columns)]
    return np.vstack(rows) if rows else _blank(2 * GAP, size * columns)


def _row(cells: list[ColourImage], columns: int) -> ColourImage:
    """Cells side by side, made equally high and closed with a pale rule; missing ones are blank."""
    height = max(len(cell) for cell in cells)
    row = _blank(height + 1, columns * cells[0].shape[1])
    for index, cell in enumerate(cells):
        row[: len(cell), index * cell.shape[1] : (index + 1) * cell.shape[1]] = cell
    row[-1] = RULE_GREY
    return row


def _cell(image: GreyImage, line: Judged, *, number: int, width: int) -> ColourImage:
    inner = width - 2 * GAP
    known = [line.source, line.name, f"writer {line.writer}" if line.writer else ""]
    note = f"{number}   {'  '.join(filter(None, known))}   CER {line.cer:.0%}   confidence {line.read.confidence:.2f}"
    wrong, wrong_read = wrong_characters(line.truth, line.reading)
    parts = [
        _printed(note, [False] * len(note), size=NOTE_SIZE, colour=GREY, width=inner),
        _fitted(image, width=inner),
        _printed(line.truth, wrong, size=PRINT_SIZE, colour=GREY, width=inner),
        _printed(line.reading, wrong_read, size=PRINT_SIZE, colour=BLACK, width=inner),
    ]
    cell = _blank(sum(map(len, parts)) + 2 * GAP, width)
    top = GAP
    for part in parts:
        cell[top : top + len(part), GAP : GAP + part.shape[1]] = part
        top += len(part)
    return cell


def _fitted(image: GreyImage, *, width: int) -> ColourImage:
    """The image in colour, no higher than `LINE_HEIGHT`, no wider than `width`, and no larger than it is."""
    scale = min(1.0, LINE_HEIGHT / image.shape[0], width / image.shape[1])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_GRAY2BGR))


def _printed(text: str, wrong: Sequence[bool], *, size: int, colour: Colour, width: int) -> ColourImage:
    """One line of print, at most `width` pixels wide, what is wrong in red and underlined; what is too long is
    narrowed."""
    text = text.encode("utf-8", "replace").decode()  # a lone surrogate crashes OpenCV 5.0
    strip = _blank(2 * size, (len(text) + 2) * 2 * size)
    right = 0
    for marked, run in groupby(zip(wrong, text, strict=True), key=lambda item: item[0]):
        left, run_colour = right, RED if marked else colour
        right = _print(strip, "".join(char for _, char in run), left, size=size, colour=run_colour)
        if marked:
            cv2.line(strip, (left, round(1.75 * size)), (right - 1, round(1.75 * size)), RED, max(1, size // 9))
    strip = strip[:, : max(right, 1)]
    if right <= width:
        return strip
    return np.asarray(cv2.resize(strip, (width, len(strip)), interpolation=cv2.INTER_AREA))


def _print(image: ColourImage, text: str, left: int, *, size: int, colour: Colour) -> int:
    """Print with OpenCV's own fonts from x = `left`, and say where the text ends. From version 5 on they hold most
    scripts, and show "?" for a character they lack; older ones hold ASCII, and the rest is shown as its code."""
    origin = (left, round(1.4 * size))
    if hasattr(cv2, "FontFace"):
        (end, _), _ = cv2.putText(image, text, origin, colour, cv2.FontFace("uni"), size)
        return int(end)
    text = text.encode("ascii", "backslashreplace").decode()
    cv2.putText(image, text, origin, cv2.FONT_HERSHEY_SIMPLEX, size / 30, colour, 1, cv2.LINE_AA)
    return left + int(cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size / 30, 1)[0][0])


def _blank(height: int, width: int) -> ColourImage:
    return np.full((height, width, 3), WHITE, np.uint8)
