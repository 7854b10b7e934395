"""A second look at lines that were read with doubt: the same line, wider.

In a crowded hand letters are a frame or two wide and are left out. Spread out, the line is read with other errors, and
of the two readings the one that is likelier in both looks is right more often. Training shows lines in all widths
between. What a look is made of, images and a net, is known to `predict`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import GreyImage
from handwrite.recognize import SURE
from handwrite.recognize.ctc import Decoded, Floats, Symbols, log_likelihoods
from handwrite.recognize.decoder import Decoder

WIDER = 1.25
"""Times its width that a line has in the second look."""

WIDEST = 1.3
"""Times its width that training shows a line in at most."""

LookAgain = Callable[[Sequence[int]], Sequence[Floats]]
"""Indices of lines -> the log probabilities (T', S) of each in the second look."""


def widened(pixels: GreyImage, by: float) -> GreyImage:
    """A normalized line (H, W) uint8 as (H, W * by)."""
    size = (max(round(pixels.shape[1] * by), 1), pixels.shape[0])
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def decode(decoder: Decoder, lines: Sequence[Floats], look_again: LookAgain, *, sure: float = SURE) -> list[Decoded]:
    """The reading of each line (T, S) of log probabilities, after a second look where its confidence is below `sure`.

    Places are in frames of the first look, from the second one in fractions of them.
    """
    read = decoder.decode(lines)
    doubtful = [index for index, one in enumerate(read) if one.confidence() < sure]
    if doubtful:
        first = [lines[index] for index in doubtful]
        settled = _settled(decoder, first, look_again(doubtful), [read[index] for index in doubtful])
        for index, one in zip(doubtful, settled, strict=True):
            read[index] = one
    return read


def _settled(
    decoder: Decoder, first: Sequence[Floats], second: Sequence[Floats], read: Sequence[Decoded]
) -> list[Decoded]:
    """Of what was read in the first look and what is read in the second the likelier, with the mean of the confidences
    that it deserves in each."""
    again = decoder.decode(second)
    better = likelier(decoder, (first, second), [one.symbols for one in again], [one.symbols for one in read])
    chosen = [other if wins else one for one, other, wins in zip(read, again, better, strict=True)]
    elsewhere = [one if wins else other for one, other, wins in zip(first, second, better, strict=True)]
    doubted = decoder.judge(elsewhere, [one.symbols for one in chosen], [one.frames for one in chosen])
    return [
        replace(
            one,
            frames=one.frames / (WIDER if wins else 1),
            confidences=(one.confidences + other.confidences) / 2,
            ending=(one.ending + other.ending) / 2,
        )
        for one, other, wins in zip(chosen, doubted, better, strict=True)
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
