"""A line of ink -> its words, cut where the gaps are wide. What is written in them is not known here."""

from __future__ import annotations

import numpy as np

from handwrite.core.curve import letter_height
from handwrite.core.ink import Ink

WIDE_GAP = 0.35
"""Least width of the white between two words, in letter heights."""


def cut_words(ink: Ink) -> list[Ink]:
    """The words of a line, from left to right, each with its strokes in the order of writing; strokes that another
    overlaps from above, a dot or a bar, stay with it."""
    strokes = ink.strokes()
    if not strokes:
        return []
    left = np.array([stroke[:, 0].min() for stroke in strokes])
    right = np.array([stroke[:, 0].max() for stroke in strokes])
    order = np.argsort(left, kind="stable")
    reach = np.maximum.accumulate(right[order])
    gaps = left[order][1:] - reach[:-1] > WIDE_GAP * letter_height(ink)
    word = np.empty(len(strokes), np.int64)
    word[order] = np.concatenate([[0], np.cumsum(gaps)])
    members = [np.flatnonzero(word == number).tolist() for number in range(word.max() + 1)]
    return [Ink.from_strokes([strokes[index] for index in own]) for own in members]
