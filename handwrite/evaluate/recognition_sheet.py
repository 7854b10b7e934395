"""A sheet of lines as they were read: each image over its true text and the reading, with what is wrong in red.

For eyes. Which lines are shown is for `recognition` to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import cv2
import numpy as np

from handwrite.core.image import ColourImage, GreyImage
from handwrite.core.metrics import wrong_characters
from handwrite.core.sheet import GAP, blank, grid, print_text
from handwrite.evaluate.recognition import Judged

Colour = tuple[int, int, int]

LINE_HEIGHT = 72  # pixels that a line of writing is high at most
PRINT_SIZE = 18
NOTE_SIZE = 13
BLACK: Colour = (30, 30, 30)
GREY: Colour = (130, 130, 130)
RED: Colour = (40, 40, 210)


def recognition_sheet(items: Sequence[tuple[GreyImage, Judged]], *, columns: int = 2, width: int = 1600) -> ColourImage:
    """Lines in cells, row by row: (H, W, 3) uint8, BGR, W the `width` or a few pixels less.

    items : the image (H, W) uint8 of each line, and what was read in it. A cell holds the line's name, writer, error
    rate and confidence, the image, the true text and the reading. In the texts, characters that are left out, added
    or read for others are red and underlined; spaces around punctuation are not compared.
    """
    size = width // columns
    cells = [_cell(image, line, number=number, width=size) for number, (image, line) in enumerate(items, 1)]
    return grid(cells, columns=columns, size=size) if cells else blank(2 * GAP, size * columns, 3)


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
    cell = blank(sum(map(len, parts)) + 2 * GAP, width, 3)
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
    strip = blank(2 * size, (len(text) + 2) * 2 * size, 3)
    right = 0
    for marked, run in groupby(zip(wrong, text, strict=True), key=lambda item: item[0]):
        left, run_colour = right, RED if marked else colour
        right = print_text(strip, "".join(char for _, char in run), size=size, colour=run_colour, left=left)
        if marked:
            cv2.line(strip, (left, round(1.75 * size)), (right - 1, round(1.75 * size)), RED, max(1, size // 9))
    strip = strip[:, : max(right, 1)]
    if right <= width:
        return strip
    return np.asarray(cv2.resize(strip, (width, len(strip)), interpolation=cv2.INTER_AREA))
