"""The face of the ink reader: ink of words and lines in, texts out.

It owns the way from ink to net to text. It reads the path of the pen alone, never a picture; pictures are read by
`predict`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from handwrite.core.alphabet import Alphabet
from handwrite.core.checkpoint import load_checkpoint
from handwrite.core.device import torch_device
from handwrite.core.ink import FloatArray, Ink
from handwrite.recognize.ctc import best_path
from handwrite.recognize.ink_features import features
from handwrite.recognize.ink_model import InkReaderNet
from handwrite.recognize.ink_task import KIND, log_tables, restore

BATCH = 16
"""Inks that go through the net together."""


class InkReader:
    """Weights ready to read. Make one with `InkReader.load`."""

    def __init__(self, net: InkReaderNet, alphabet: Alphabet) -> None:
        self.net, self.alphabet = net.eval(), alphabet

    @classmethod
    def load(cls, weights: str | Path = "ink_reader", *, device: str = "auto") -> InkReader:
        """The ink reader of a weights file, or the one that comes with the program. Raises CheckpointError."""
        checkpoint = load_checkpoint(weights, kind=KIND)
        net = restore(checkpoint.header, checkpoint.tensors).to(torch_device(device))
        return cls(net, Alphabet(checkpoint.header.alphabet))

    def read(self, inks: Sequence[Ink]) -> list[str]:
        """The text of each ink of one word or line, in any unit, with or without a clock; "" where there is none."""
        return [self.alphabet.decode(best_path(table)[0]) for table in self.log_probabilities(inks)]

    def log_probabilities(self, inks: Sequence[Ink]) -> list[FloatArray]:
        """The net's log probabilities (F, S) float32 for each ink, as the decoders of this package take them; of no
        frames where there is no ink."""
        seen = [features(ink) for ink in inks]
        tables = [np.zeros((0, len(self.alphabet)), np.float32)] * len(inks)
        order = [index for index in np.argsort([len(one) for one in seen], kind="stable").tolist() if len(seen[index])]
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            for index, table in zip(part, log_tables(self.net, [seen[index] for index in part]), strict=True):
                tables[index] = table
        return tables
