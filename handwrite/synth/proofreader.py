"""The proofreader as the synthesizer uses it: ink and the text that it should say in, how hard it is to read out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import ctc_loss

from handwrite.core.alphabet import Alphabet
from handwrite.core.batch import pad
from handwrite.core.checkpoint import Header, load_checkpoint, restored
from handwrite.core.ink import FloatArray
from handwrite.synth.proof_model import ProofConfig, ProofNet

ROUND_LENGTH = 128
"""Ink is padded to a multiple of so many points: few shapes, few kernels kept for them, so that a book needs no more
memory than a page."""

HARDEST = 10.0
"""Nats per character of a text that the ink cannot hold, and of any that is no likelier."""


class Proofreader:
    """Weights ready to read. Make one with `Proofreader.load`."""

    def __init__(self, net: ProofNet, alphabet: Alphabet, *, scale: float) -> None:
        self.net, self.alphabet, self.scale = net.eval(), alphabet, scale

    @classmethod
    def load(cls, weights: str | Path = "proofreader", *, device: torch.device) -> Proofreader:
        """The proofreader of a weights file, or the one that comes with the program."""
        checkpoint = load_checkpoint(weights, kind="proofreader")
        net = restore(checkpoint.header, checkpoint.tensors).to(device)
        return cls(net, Alphabet(checkpoint.header.alphabet), scale=checkpoint.header.statistics["scale"])

    @torch.no_grad()
    def nats(self, offsets: Sequence[FloatArray], texts: Sequence[str]) -> list[float]:
        """Negative log probability of each text in its ink, in nats per character, `HARDEST` at most.

        offsets : each (N, 3) in x-heights, at 50 points a second. Characters that the proofreader does not know count
        as left out; a text of nothing else has 0.
        """
        device = next(self.net.parameters()).device
        lengths = torch.tensor([len(one) for one in offsets], device=device)
        unit = np.array([1 / self.scale, 1 / self.scale, 1], np.float32)
        known = [self.alphabet.encode("".join(char for char in text if char in self.alphabet)) for text in texts]
        sizes = torch.tensor([len(one) for one in known], device=device)
        ink = pad([one * unit for one in offsets], time_first=True, multiple=ROUND_LENGTH).to(device)
        log_probabilities, frames = self.net(ink, lengths)
        nats: Tensor = ctc_loss(log_probabilities, pad(known).to(device), frames, sizes, reduction="none")
        per_character: list[float] = torch.where(sizes > 0, nats / sizes.clamp(min=1), 0).clamp(max=HARDEST).tolist()
        return per_character


def restore(header: Header, tensors: Mapping[str, Tensor]) -> ProofNet:
    """The network of a checkpoint. Raises CheckpointError when its config or its tensors do not fit this program."""
    return restored(lambda: ProofNet(ProofConfig(**header.config)), tensors)
