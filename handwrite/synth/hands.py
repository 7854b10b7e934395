"""Whose hand writes: a writer's embedding, and perhaps real ink that the writing goes on from.

Where a user's own hands are kept, `styles` knows; how one is fitted to ink, `adapt`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from handwrite.core import geometry
from handwrite.core.alphabet import Alphabet
from handwrite.errors import InputError
from handwrite.synth.data import Line
from handwrite.synth.sampler import Prime
from handwrite.synth.task import Statistics

MOST_PRIMED = 80
"""Characters of ink to go on from at most; more is longer than the lines that the network learned from."""


@dataclass(frozen=True, eq=False)
class Hand:
    """name : for people. style : (S,) float32, the writer's embedding. prime : ink to go on from."""

    name: str
    style: Tensor
    prime: Prime | None = None


def spelled(text: str, alphabet: Alphabet, *, name: str) -> str:
    """What ink says, in the alphabet, by `Alphabet.same_shape`: "é" is e, as it is when the model writes.

    Raises InputError, which calls the line `name`, when the text has characters that look like none of the alphabet."""
    if unknown := unknown_in(text, alphabet):
        raise InputError(f"{name}: the model does not know {' '.join(unknown)}; give a line without")
    return alphabet.same_shape(text)


def unknown_in(text: str, alphabet: Alphabet) -> list[str]:
    """The characters of a text that look like none of an alphabet."""
    return sorted({char for char in alphabet.same_shape(text) if char not in alphabet})


def primed(name: str, nobody: Tensor, line: Line, *, alphabet: Alphabet, statistics: Statistics) -> Hand:
    """The hand of a real line of ink, as in Graves 2013, section 5.5. nobody : (S,) the embedding of no writer.

    Raises InputError when the network cannot spell the line, or it is too long.
    """
    text = spelled(line.text, alphabet, name=name)
    if len(text) > MOST_PRIMED:
        raise InputError(f"{name}: {len(text)} characters are too many to go on from; give {MOST_PRIMED} at most")
    offsets = geometry.resample(line.ink, statistics.time_step).offsets()
    scaled = (offsets / [statistics.scale, statistics.scale, 1]).astype(np.float32)
    return Hand(name, nobody, Prime(scaled, alphabet.encode(f"{text} ")))
