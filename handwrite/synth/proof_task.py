"""Training the proofreader: the synthesizer's own view on the data, the CTC loss, the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import ctc_loss

from handwrite.core import geometry
from handwrite.core.batch import InkBatch
from handwrite.core.checkpoint import Header
from handwrite.core.metrics import cer
from handwrite.core.sheet import contact_sheet
from handwrite.synth.proof_model import ProofConfig, ProofNet
from handwrite.synth.score import collate
from handwrite.synth.task import SynthTask

MOST_VALIDATED = 600
BATCH = 32
SHOWN = 8


class ProofTask:
    """The proofreader's side of training, a `train.loop.Task`, on the batches of a synthesizer's task: the same
    lines, normalized and varied alike."""

    def __init__(self, samples: SynthTask, model: ProofNet | None = None) -> None:
        self.samples = samples
        torch.manual_seed(samples.seed)
        self.model = model or ProofNet(ProofConfig(symbols=len(samples.alphabet)))
        every = max(1, len(samples.validation) // MOST_VALIDATED)
        self.validation = samples.validation[::every]

    def batch(self, index: int) -> InkBatch:
        """Batch `index` of training."""
        return self.samples.batch(index)

    def loss(self, model: nn.Module, batch: InkBatch) -> tuple[Tensor, int]:
        """Mean nats per character, and the number of points."""
        nats, sizes = _nats(model, batch)
        return nats.sum() / sizes.sum(), int(batch.lengths.sum())

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Character error rate of the best path, and nats per character."""
        truths: list[str] = []
        reads: list[str] = []
        nats = 0.0
        for batch, texts in self._validation_batches():
            own, _ = _nats(model, batch)
            nats += float(own.sum())
            truths += texts
            reads += self._read(model, batch)
        return {"cer": cer(truths, reads), "nats_per_character": nats / sum(map(len, truths))}

    def header(self) -> Header:
        """The header of a checkpoint that was never trained."""
        statistics = {"scale": self.samples.statistics.scale, "time_step": self.samples.statistics.time_step}
        return Header(
            kind="proofreader",
            config=asdict(self.model.config),
            alphabet=self.samples.alphabet.chars,
            statistics=statistics,
            corpora=self.samples.corpora,
            seed=self.samples.seed,
        )

    def picture(self, model: nn.Module) -> NDArray[np.uint8]:
        """A few validation lines over what the model reads in them."""
        lines = self.validation[:: max(1, len(self.validation) // SHOWN)][:SHOWN]
        read = self._read(model, self._collate(lines))
        return contact_sheet([(line.ink, text) for line, text in zip(lines, read, strict=True)], columns=1)

    def _validation_batches(self) -> list[tuple[InkBatch, list[str]]]:
        lines = sorted(self.validation, key=lambda line: line.ink.writing_time)
        parts = [lines[start : start + BATCH] for start in range(0, len(lines), BATCH)]
        return [(self._collate(part), [line.text for line in part]) for part in parts]

    def _collate(self, lines: Sequence[Any]) -> InkBatch:
        statistics = self.samples.statistics
        items = [(geometry.resample(line.ink, statistics.time_step).offsets(), line.text) for line in lines]
        batch = collate(items, [0] * len(items), alphabet=self.samples.alphabet, scale=statistics.scale)
        return batch.to(next(self.model.parameters()).device)

    @torch.no_grad()
    def _read(self, model: nn.Module, batch: InkBatch) -> list[str]:
        """The texts of the best paths: repeats joined, blanks left out."""
        log_probabilities, frames = model(batch.offsets, batch.lengths)
        paths = log_probabilities.argmax(-1).T.tolist()
        joined = [
            [symbol for symbol, _ in groupby(path[:size]) if symbol]
            for path, size in zip(paths, frames.tolist(), strict=True)
        ]
        return [self.samples.alphabet.decode(np.array(symbols, np.int64)) for symbols in joined]


def _nats(model: nn.Module, batch: InkBatch) -> tuple[Tensor, Tensor]:
    """(B,) negative log probability of each text, in nats, 0 where the ink is too short to hold it, and its size."""
    log_probabilities, frames = model(batch.offsets, batch.lengths)
    sizes = (batch.symbols > 0).sum(1)
    nats = ctc_loss(log_probabilities, batch.symbols, frames, sizes, reduction="none", zero_infinity=True)
    return nats, sizes
