"""Contact sheets: many pieces of ink or image on one image, with their numbers and texts under them.

For eyes, not for models: ink is drawn large and clean, an image is shown as it is. Where they come from is not known
here. Other sheets are put together of the same parts: `grid`, `blank` and `print_text`.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.curve import letter_height
from handwrite.core.image import WHITE, GreyImage
from handwrite.core.ink import Ink
from handwrite.core.render import Frame, Pen, enlarge, render

Picture = NDArray[np.uint8]
"""(H, W) grey, or (H, W, 3) in colour."""

CAPTION_GREY = 110
RULE_GREY = 225
GAP = 16  # pixels around what a cell holds
LETTERS_ACROSS = 18  # a cell is this many letter heights wide, which most lines of writing fit into
MAX_HEIGHT = 0.4  # of the ink in a cell, as a share of the cell's width
MAX_IMAGE_HEIGHT = 3.0  # of an image in a cell, in letter heights; most lines are bounded by the cell's width


def contact_sheet(
    items: Sequence[tuple[Ink | GreyImage, str]],
    *,
    columns: int = 2,
    width: int = 1600,
    captions: bool = True,
    first: int = 1,
) -> GreyImage:
    """Ink, or images (h, w), in cells, row by row, each over its number and text: (H, W) uint8, W the `width` or a few
    pixels less.

    Numbers count from `first`. With `captions` false the texts are left out, for reading blind. Letters are about as
    high in each cell, and smaller where a line would not fit.
    """
    if columns < 1 or width < columns * 6 * GAP:
        raise ValueError(f"{columns} columns do not fit into {width} pixels")
    size = width // columns
    cells = [
        _cell(piece, f"{number}   {text}" if captions else str(number), width=size)
        for number, (piece, text) in enumerate(items, first)
    ]
    return grid(cells, columns=columns, size=size, standing=True) if cells else blank(2 * GAP, size * columns)


def grid(cells: Sequence[Picture], *, columns: int, size: int, standing: bool = False, ruled: bool = True) -> Picture:
    """At least one cell, grey or in colour, at most `size` pixels wide, row by row: `columns` times `size` pixels wide.

    The cells of a row are made equally high; they hang from its top, or stand on its foot where `standing` says so.
    ruled : whether a pale rule closes each row. Missing cells are blank.
    """
    rows = []
    for start in range(0, len(cells), columns):
        part = cells[start : start + columns]
        height = max(map(len, part))
        row = blank(height + ruled, columns * size, *part[0].shape[2:])
        for index, cell in enumerate(part):
            top = height - len(cell) if standing else 0
            row[top : top + len(cell), index * size : index * size + cell.shape[1]] = cell
        if ruled:
            row[-1] = RULE_GREY
        rows.append(row)
    return np.vstack(rows)


def blank(*shape: int) -> Picture:
    """White paper of a shape (H, W) or (H, W, 3)."""
    return np.full(shape, WHITE, np.uint8)


def print_text(strip: Picture, text: str, *, size: int, colour: tuple[int, ...], left: int = 0) -> int:
    """Print one line from x = `left` into a strip 2 * `size` pixels high, and say where it ends.

    The fonts are OpenCV's own: from version 5 on they hold most scripts, and show "?" for a character they lack; older
    ones hold ASCII, and the rest is shown as its code.
    """
    text = text.encode("utf-8", "replace").decode()  # a lone surrogate crashes OpenCV 5.0
    origin = (left, round(1.4 * size))
    if hasattr(cv2, "FontFace"):
        (end, _), _ = cv2.putText(strip, text, origin, colour, cv2.FontFace("uni"), size)
        return int(end)
    text = text.encode("ascii", "backslashreplace").decode()
    cv2.putText(strip, text, origin, cv2.FONT_HERSHEY_SIMPLEX, size / 30, colour, 1, cv2.LINE_AA)
    return left + int(cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size / 30, 1)[0][0])


def _cell(piece: Ink | GreyImage, caption: str, *, width: int) -> GreyImage:
    inner = width - 2 * GAP
    letter = inner / LETTERS_ACROSS
    drawing = (
        _drawn(piece, width=inner, letter=letter)
        if isinstance(piece, Ink)
        else _shown(piece, width=inner, height=MAX_IMAGE_HEIGHT * letter)
    )
    label = _label(caption, size=max(round(0.42 * letter), 11), width=inner)
    cell = blank(len(drawing) + len(label) + 2 * GAP, width)
    cell[GAP : GAP + len(drawing), GAP : GAP + drawing.shape[1]] = drawing
    cell[GAP + len(drawing) : -GAP, GAP : GAP + label.shape[1]] = label
    return cell


def _drawn(ink: Ink, *, width: int, letter: float) -> GreyImage:
    frame = _cell_frame(ink, width=width, letter=letter)
    return render(ink, frame=frame, pen=Pen(width=max(0.065 * letter, 1.2)))


def _shown(image: GreyImage, *, width: int, height: float) -> GreyImage:
    """An image as large as it may be within a width and height."""
    scale = min(width / image.shape[1], height / image.shape[0])
    size = max(round(scale * image.shape[1]), 1), max(round(scale * image.shape[0]), 1)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR))


def _cell_frame(ink: Ink, *, width: int, letter: float) -> Frame:
    margin = 0.1 * letter
    left, top, right, bottom = ink.bounds
    room = ((letter, letter_height(ink)), (width - 2 * margin - 1, right - left), (MAX_HEIGHT * width, bottom - top))
    scale = min((pixels / extent for pixels, extent in room if extent), default=1.0)
    return enlarge(ink, scale=scale, margin=margin)


def _label(text: str, *, size: int, width: int) -> GreyImage:
    """One line of print, at most `width` pixels wide; what is too long is narrowed."""
    text = " / ".join(text.splitlines())
    strip = blank(2 * size, (len(text) + 2) * 2 * size)
    print_text(strip, text, size=size, colour=(CAPTION_GREY,))
    used = int(np.flatnonzero((strip < WHITE).any(axis=0)).max(initial=0)) + 1
    strip = strip[:, :used]
    return np.asarray(cv2.resize(strip, (width, len(strip)), interpolation=cv2.INTER_AREA)) if used > width else strip
