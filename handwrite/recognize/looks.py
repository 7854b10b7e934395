"""A second look at lines that were read with doubt: the same line in another width.

There a net makes other errors, and of the two readings the one that is likelier in the two looks together is right more
often. How a look is taken, with images and a net, is known to `predict`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
    all probability.

    Frames are those of the first look, in fractions where a text was found in the second. A text of the second look for
    which the first has too few frames is not taken.
    """
    read = decoder.decode(lines)
    nats = log_likelihoods(lines, [one.symbols for one in read])
    doubtful = np.flatnonzero(np.exp(nats) < below).tolist()
    if doubtful:
        first = [lines[index] for index in doubtful]
        settled = _settled(decoder, (first, second_look(doubtful)), [read[index] for index in doubtful])
        for index, one in zip(doubtful, settled, strict=True):
            read[index] = one
    return read


def _settled(
    decoder: Decoder, looks: tuple[Sequence[Floats], Sequence[Floats]], read: Sequence[Decoded]
) -> list[Decoded]:
    """What was read in the first look, or what is read in the second where that is likelier; with the geometric mean of
    the confidences that it deserves in each."""
    again = decoder.decode(looks[1])
    better = likelier(decoder, looks, [one.symbols for one in again], [one.symbols for one in read])
    texts = [other.symbols if wins else one.symbols for one, other, wins in zip(read, again, better, strict=True)]
    frames = [
        other.frames / SECOND if wins else one.frames for one, other, wins in zip(read, again, better, strict=True)
    ]
    in_each = [decoder.judge(look, texts, frames) for look in looks]
    return [
        Decoded(
            symbols=one.symbols,
            frames=one.frames,
            confidences=np.sqrt(one.confidences * other.confidences),
            ending=(one.ending * other.ending) ** 0.5,
        )
        for one, other in zip(*in_each, strict=True)
    ]


def likelier(
    decoder: Decoder, looks: Sequence[Sequence[Floats]], texts: Sequence[Symbols], others: Sequence[Symbols]
) -> NDArray[np.bool_]:
    """(B,) whether the first text of each line is likelier than the other one, in all looks together."""
    odds, against = (_odds(decoder, looks, own) for own in (texts, others))
    better: NDArray[np.bool_] = odds > against
    return better


def _odds(decoder: Decoder, looks: Sequence[Sequence[Floats]], texts: Sequence[Symbols]) -> NDArray[np.float64]:
    """(B,) nats: the mean of the log probabilities of each text in the looks, and what the decoder adds."""
    gains = np.array([decoder.gain(text) for text in texts])
    odds: NDArray[np.float64] = np.mean([log_likelihoods(look, texts) for look in looks], axis=0) + gains
    return odds
