"""The image of a line -> pieces that the net can see at once, and their inks put together again.

A line is cut where the gaps between words are, and a word that is too long where it has least ink; there a stroke may
run on, and is made whole again. Pages are cut into lines before, by `core.lines`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import GreyImage
from handwrite.core.ink import FloatArray, Ink
from handwrite.core.normalize import ink_of, without_rules
from handwrite.recover.glyph import FLATTEST, INKED, MOST_ROWS, extent, resized, width_of, without_specks
from handwrite.recover.path import one_after_another

WIDE_GAP = 1.0
"""Least white between two words, in standard deviations of the ink's rows; about 0.35 letter heights."""

WIDEST = 0.75 * FLATTEST
"""Widths over heights beyond which a word is cut."""

FLAT = 10.0
"""Widths of the pen that a line counts as high at least, so that a dash is not cut."""

PAPER = 0.3
"""Heights of paper that a piece keeps on each side, where there is so much; of a gap between words half at most."""

SEAM = 0.12
"""Heights of a piece within which the ends of two strokes at a cut belong together."""


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece of a line. left : its first column in the line's image. runs_on : true where it was cut off from the next
    through a word. height : of the line's ink, in pixels of the image."""

    image: GreyImage
    left: int
    runs_on: bool
    height: float


def cut_pieces(image: GreyImage, *, at_gaps: bool = True) -> list[Piece]:
    """The pieces of the image (H, W) of a line, or of a word, which is not cut at gaps, from left to right. Raises
    InputError when there is no ink in it."""
    shrunk = min(1.0, MOST_ROWS / image.shape[0])
    ink = without_rules(ink_of(resized(image, shrunk)))
    top, bottom, _, _ = extent(ink)
    mask = without_specks(ink > INKED)
    height = max(float(bottom - top), FLAT * width_of(mask))
    gap = WIDE_GAP * float(np.nonzero(mask)[0].std()) if at_gaps else float(mask.shape[1])
    words, room = _words(mask, gap=gap), round(PAPER * height)
    middles = [(stop + start) // 2 for (_, stop), (start, _) in pairwise(words)]
    pieces = []
    for (start, stop), (least, most) in zip(words, pairwise([0, *middles, mask.shape[1]]), strict=True):
        cuts = _cuts(mask[:, start:stop].sum(axis=0), start, height)
        edges = [max(start - room, least), *cuts, min(stop + room, most)]
        for number, (first, last) in enumerate(pairwise(edges)):
            columns = slice(int(first / shrunk), int(np.ceil(last / shrunk)))
            pieces.append(Piece(image[:, columns], columns.start, number < len(cuts), height / shrunk))
    return pieces


def _words(mask: NDArray[np.bool_], *, gap: float) -> list[tuple[int, int]]:
    """The columns [start, stop) of words: parts of the ink that no wide gap parts."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    left = stats[1:, cv2.CC_STAT_LEFT]
    order = np.argsort(left, kind="stable")
    left, right = left[order], (left + stats[1:, cv2.CC_STAT_WIDTH])[order]
    reach = np.maximum.accumulate(right)
    wide = np.flatnonzero(left[1:] - reach[:-1] > gap)
    starts, stops = left[np.concatenate([[0], wide + 1])], reach[np.concatenate([wide, [len(reach) - 1]])]
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def _cuts(profile: NDArray[np.int64], start: int, height: float) -> list[int]:
    """Columns to cut a word at, whose ink in each column is known: evenly spaced but for going where there is least."""
    parts = int(np.ceil(len(profile) / (WIDEST * height)))
    reach = len(profile) // (4 * parts)
    cuts = []
    for number in range(1, parts):
        middle = number * len(profile) // parts
        near = profile[middle - reach : middle + reach + 1]
        cuts.append(start + middle - reach + int(near.argmin()))
    return cuts


def joined(inks: Sequence[Ink], pieces: Sequence[Piece], *, gap: tuple[float, float]) -> Ink:
    """The inks of the pieces, each in pixels of its own image, as one in pixels of the line's.

    A stroke that was cut is whole again, in the place of its first part; a lone piece keeps its clock. gap : seconds
    from one stroke to the next, and more for each height of the way.
    """
    if len(pieces) == 1:
        return inks[0].moved(pieces[0].left, 0)
    strokes: list[FloatArray] = []
    runs_on = False
    for ink, piece in zip(inks, pieces, strict=True):
        own = [stroke + np.array([piece.left, 0, -stroke[0, 2]], np.float32) for stroke in ink.strokes()]
        strokes = _sewn(strokes, own, reach=SEAM * piece.height) if runs_on else strokes + own
        runs_on = piece.runs_on
    height = max((piece.height for piece in pieces), default=1.0)
    return one_after_another(strokes, gap=(gap[0], gap[1] / height))


def _sewn(before: list[FloatArray], after: list[FloatArray], *, reach: float) -> list[FloatArray]:
    """Strokes of two pieces: those of the second whose ends lie where one of the first ends or starts go on with it."""
    whole, alone = list(before), []
    for stroke in after:
        joints = [
            (float(np.hypot(*(first[-1, :2] - second[0, :2]))), number, first, second)
            for number, other in enumerate(whole[: len(before)])
            for first, second in (
                (other, stroke),
                (other, _backwards(stroke)),
                (stroke, other),
                (_backwards(other), stroke),
            )
        ]
        nearest = min(joints, key=lambda joint: joint[0], default=None)
        if nearest is None or nearest[0] > reach:
            alone.append(stroke)
        else:
            _, number, first, second = nearest
            whole[number] = np.concatenate([first, second + np.array([0, 0, first[-1, 2]], np.float32)])
    return whole + alone


def _backwards(stroke: FloatArray) -> FloatArray:
    """The stroke drawn the other way, as fast at each place."""
    turned = stroke[::-1].copy()
    turned[:, 2] = stroke[-1, 2] - turned[:, 2]
    return turned
