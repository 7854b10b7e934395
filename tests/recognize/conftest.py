"""What the tests of decoding share: all texts of a small lattice by brute force, and what a decoder reads."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.core.alphabet import BLANK
from handwrite.recognize.ctc import Decoded
from handwrite.recognize.decoder import Decoder

Rows = NDArray[np.float32]
AllTexts = Callable[[Rows], dict[tuple[int, ...], float]]
Read = Callable[[Decoder, Sequence[Rows]], list[Decoded]]


@pytest.fixture(scope="session")
def all_texts() -> AllTexts:
    """Text -> probability, by all paths through a line (T, S) of log probabilities."""

    def found(line: Rows) -> dict[tuple[int, ...], float]:
        texts: dict[tuple[int, ...], float] = defaultdict(float)
        for path in itertools.product(range(line.shape[1]), repeat=len(line)):
            text = tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != BLANK)
            texts[text] += float(np.exp(line[np.arange(len(line)), path].sum(dtype=np.float64)))
        return texts

    return found


@pytest.fixture(scope="session")
def read() -> Read:
    """The readings of lines (T, S) of log probabilities, each looked at once."""
    return lambda decoder, lines: decoder.judge(lines, *decoder.find(lines))
