"""Whether ink is written on more than one line: told from the ink alone, for corpora that do not say.

It is no line finder for pages: ink on a single line that rises or falls steeply may be misjudged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handwrite.core.ink import Ink

NEIGHBOURS = 3  # strokes on each side that tell how far down the writing steps


def spans_lines(ink: Ink, *, one_word: bool = False) -> bool:
    """True when the writing jumps back left and down to a new line, or when a blank band lies across it.

    `one_word` asks for both signs: the bar of a J is drawn before its stem, and a "!" may stand high over a word.
    """
    strokes = ink.strokes()
    if len(strokes) < 2:
        return False
    boxes = np.array([[*stroke[:, :2].min(axis=0), *stroke[:, :2].max(axis=0)] for stroke in strokes], np.float64)
    height = float(np.quantile(boxes[:, 3] - boxes[:, 1], 0.75))
    signs = _has_blank_band(boxes, height), any(_is_new_line(boxes, index, height) for index in range(1, len(boxes)))
    return all(signs) if one_word else any(signs)


def _has_blank_band(boxes: NDArray[np.float64], height: float) -> bool:
    """Whether no stroke crosses some height, with writing, not just dots and bars, on both sides of it."""
    order = boxes[np.argsort(boxes[:, 1])]
    bottoms = np.maximum.accumulate(order[:, 3])
    for index in np.flatnonzero(order[1:, 1] > bottoms[:-1]) + 1:
        above, below = bottoms[index - 1] - order[0, 1], bottoms[-1] - order[index, 1]
        if min(above, below) > 0.6 * height:
            return True
    return False


def _is_new_line(boxes: NDArray[np.float64], index: int, height: float) -> bool:
    """Whether stroke `index` jumps back by half the width or more and the writing steps down there."""
    before, centres = boxes[:index], boxes[:, [1, 3]].mean(axis=1)
    right = float(before[:, 2].max())
    jump = right - boxes[index, 0]
    step = np.median(centres[index : index + NEIGHBOURS]) - np.median(centres[max(index - NEIGHBOURS, 0) : index])
    whole, so_far = float(np.ptp(boxes[:, [0, 2]])), right - float(before[:, 0].min())
    falls = bool(boxes[index, 1] > np.median(centres[:index]))
    return bool((jump > 0.5 * whole and step > 0.5 * height) or (jump > 0.5 * so_far and step > 1.3 * height and falls))
