"""Training the recognizer: the view on the data, the loss, the scores. The loop is `train.loop`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import ctc_loss

from handwrite.core.alphabet import Alphabet
from handwrite.core.batch import LineBatch, line_batch
from handwrite.core.checkpoint import Header, restored
from handwrite.core.image import GreyImage
from handwrite.core.pools import Pools
from handwrite.core.sheet import contact_sheet
from handwrite.core.task import Learning
from handwrite.recognize.ctc import best_path
from handwrite.recognize.data import Draw, Rng, Written, epoch_of, learned_alphabet, plain_line, varied_line
from handwrite.recognize.model import FRAMES, STEP, RecognizeConfig, RecognizeNet
from handwrite.recognize.validation import error_rates, to_validate

MARGIN, COLUMNS = 82, 20
"""About how many normalized columns a line takes, and each character more."""

SHORTCUT = 1.0
"""Weight of the shortcut's loss. Retsinas et al. 2022 take 0.1, with which this net does not leave the plateau of
blanks in the first thousand steps; with 1 it does after three hundred."""

SHOWN = 10


@dataclass
class RecognizeTask(Learning[Written, RecognizeNet]):
    """The recognizer's side of training, a `train.loop.Task`. Deterministic: batch i is always the same batch.

    budget : columns of a batch when padded. start : weights to begin with, whose sizes hold; their alphabet is
    extended where the training texts need it. Raises InputError when no sample can be used.
    """

    kind = "recognize"
    budget: int = 10_000

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        texts = [item.text for item in self.training]
        if self.start:
            self.model, self.alphabet = extended(*self.start, texts=texts)
        else:
            self.alphabet = learned_alphabet(texts)
            self.model = RecognizeNet(RecognizeConfig(symbols=len(self.alphabet), **self.sizes))
        self.training = [item for item in self.training if all(char in self.alphabet for char in item.text)]
        self._plain = self._validation_lines()
        self.check(self._plain, samples="samples")
        self._pools = Pools(
            epoch=lambda rng: epoch_of(self.training, rng=rng),
            estimate=lambda draw: MARGIN + COLUMNS * len(draw.text),
            make=_varied,
            length=lambda made: made[1].shape[1],
            budget=self.budget,
            seed=self.seed,
        )

    def _validation_lines(self) -> list[tuple[Written, GreyImage]]:
        """Every n-th validation sample of each source and level, normalized."""
        lines = [(item, plain_line(item)) for item in to_validate(self.validation)]
        return [(item, pixels) for item, pixels in lines if pixels is not None]

    @property
    def validated(self) -> int:
        """How many lines a validation reads."""
        return len(self._plain)

    def batch(self, index: int) -> LineBatch:
        """Batch `index` of training: augmented, its chance drawn from (seed, index)."""
        return self._collate(*zip(*self._pools.batch(index), strict=True))

    def _collate(self, texts: Sequence[str], lines: Sequence[GreyImage]) -> LineBatch:
        return line_batch(lines, [self.alphabet.encode(text) for text in texts], multiple=STEP)

    def loss(self, model: nn.Module, batch: LineBatch) -> tuple[Tensor, int]:
        """Nats per character with the shortcut's share, and the number of characters."""
        main, frames, aside = model(batch.images, batch.widths)
        sizes = (batch.symbols > 0).sum(1)
        total = _nats(main, frames, batch, sizes)
        if aside is not None:
            total = total + SHORTCUT * _nats(aside, frames, batch, sizes)
        return total / sizes.sum(), int(sizes.sum())

    def validate(self, model: nn.Module) -> dict[str, float]:
        """The mean over sources and levels of the character error rate of the best path, punctuation joined, and each
        of them."""
        order = sorted(self._plain, key=lambda line: line[1].shape[1])
        return error_rates(order, lambda lines: self._read(model, lines))

    @torch.no_grad()
    def _read(self, model: nn.Module, lines: Sequence[GreyImage]) -> list[str]:
        device = next(model.parameters()).device
        batch = self._collate([""] * len(lines), lines).to(device)
        log_probabilities, frames, _ = model(batch.images, batch.widths)
        rows = log_probabilities.float().cpu().numpy()
        return [
            self.alphabet.decode(best_path(rows[:size, column])[0]) for column, size in enumerate(frames.cpu().tolist())
        ]

    def header(self) -> Header:
        """The header of a checkpoint that was never trained; figures that were tuned for its start go along."""
        statistics = dict(self.start[0].statistics) if self.start else {}
        return replace(super().header(), alphabet=self.alphabet.chars, statistics=statistics)

    def picture(self, model: nn.Module) -> NDArray[np.uint8]:
        """A few validation lines, each over what the model reads in it."""
        chosen = self._plain[:: max(1, len(self._plain) // SHOWN)][:SHOWN]
        reads = self._read(model, [pixels for _, pixels in chosen])
        return contact_sheet([(255 - pixels, read) for (_, pixels), read in zip(chosen, reads, strict=True)], columns=1)


def _varied(draw: Draw, rng: Rng) -> tuple[str, GreyImage] | None:
    """The text and a varied line of a draw; None when the line cannot hold the text."""
    line = varied_line(draw, rng)
    return None if line is None else (draw.text, line)


def _nats(log_probabilities: Tensor, frames: Tensor, batch: LineBatch, sizes: Tensor) -> Tensor:
    """The sum of the texts' negative log probabilities; those that an image cannot hold count nothing."""
    losses: Tensor = ctc_loss(log_probabilities, batch.symbols, frames, sizes, reduction="sum", zero_infinity=True)
    return losses


def restore(header: Header, tensors: Mapping[str, Tensor]) -> RecognizeNet:
    """The network of a checkpoint. Raises CheckpointError when its config or its tensors do not fit this program."""
    return restored(lambda: RecognizeNet(RecognizeConfig(**header.config)), tensors)


def extended(header: Header, tensors: Mapping[str, Tensor], *, texts: Sequence[str]) -> tuple[RecognizeNet, Alphabet]:
    """The network of a checkpoint and its alphabet, both with the characters of the texts that they lack added at the
    end; for these it knows nothing yet."""
    alphabet = Alphabet(header.alphabet).extended(texts)
    config = RecognizeConfig(**header.config | {"symbols": len(alphabet)})
    wide = {
        name: _widened(tensor, header.config["symbols"], len(alphabet))
        if name.startswith(("leave.", "shortcut."))
        else tensor
        for name, tensor in tensors.items()
    }
    return restored(lambda: RecognizeNet(config), wide), alphabet


def _widened(tensor: Tensor, old: int, new: int) -> Tensor:
    """Rows (FRAMES * old, ...) of an output layer as (FRAMES * new, ...): new symbols start as unlikely as the least
    likely."""
    frames = tensor.view(FRAMES, old, *tensor.shape[1:])
    fill = frames.amin(1, keepdim=True) if tensor.dim() == 1 else torch.zeros_like(frames[:, :1])
    added = fill.expand(FRAMES, new - old, *tensor.shape[1:])
    return torch.cat([frames, added], 1).reshape(FRAMES * new, *tensor.shape[1:])
