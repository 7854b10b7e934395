"""A second look at lines that were read with doubt: the same line in another width.

There a net makes other errors, and of the two readings the one that is likelier in the two looks together is right more
often. How a look is taken, with images and a net, is known to `predict`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from handwrite.recognize import LOOK_AGAIN_BELOW
from handwrite.recognize.ctc import Decoded, Floats, Symbols, log_likelihoods
from handwrite.recognize.decoder import Decoder

SECOND = 0.76
"""Times its width in the first look that a line has in the second."""

SecondLook = Callable[[Sequence[int]], Sequence[Floats]]
"""Indices of lines -> the log probabilities (T', S) of each, when it is `SECOND` times as wide."""


def decode_looking_again(
    decoder: Decoder, lines: Sequence[Floats], second_look: SecondLook, *, below: float = LOOK_AGAIN_BELOW
) -> list[Decoded]:
    """The reading of each line (T, S) of log probabilities, after a second look where its text has less than `below` of
    all probability; then confidences are the geometric mean of those that the text deserves in each look.

    Frames are those of the first look, in fractions where a text was found in the second. A text of the second look for
    which the first has too few frames is not taken.
    """
    texts, frames = decoder.find(lines)
    doubtful = np.flatnonzero(np.exp(log_likelihoods(lines, texts)) < below).tolist()
    if not doubtful:
        return decoder.judge(lines, texts, frames)
    first, second = [lines[index] for index in doubtful], second_look(doubtful)
    others, places = decoder.find(second)
    better = likelier(decoder, (first, second), others, [texts[index] for index in doubtful])
    for index, other, place, wins in zip(doubtful, others, places, better, strict=True):
        if wins:
            texts[index], frames[index] = other, place / SECOND
    judged = decoder.judge(
        [*lines, *second],
        [*texts, *(texts[index] for index in doubtful)],
        [*frames, *(frames[index] for index in doubtful)],
    )
    read, again = judged[: len(lines)], judged[len(lines) :]
    for index, doubted in zip(doubtful, again, strict=True):
        read[index] = _together(read[index], doubted)
    return read


def _together(one: Decoded, other: Decoded) -> Decoded:
    """The first of two readings that say the same, with the geometric mean of their confidences."""
    confidences = np.sqrt(one.confidences * other.confidences)
    return replace(one, confidences=confidences, ending=(one.ending * other.ending) ** 0.5)


def likelier(
    decoder: Decoder, looks: Sequence[Sequence[Floats]], texts: Sequence[Symbols], others: Sequence[Symbols]
) -> NDArray[np.bool_]:
    """(B,) whether the first text of each line is likelier than the other one, in all looks together."""
    gains = [decoder.gain(text) for text in (*texts, *others)]
    nats = [log_likelihoods([*look, *look], [*texts, *others]) for look in looks]
    odds, against = (np.mean(nats, axis=0) + gains).reshape(2, -1)
    better: NDArray[np.bool_] = odds > against
    return better
