"""How well a synthesis network predicts real lines: log density and squared error of each next point.

Training validates with it and `handwrite evaluate synth` measures with it, so that their figures are the same. What
the figures are compared with is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from handwrite.core import geometry
from handwrite.core.alphabet import Alphabet
from handwrite.core.batch import InkBatch, pad
from handwrite.core.ink import FloatArray
from handwrite.synth.data import Line
from handwrite.synth.mixture import log_likelihood, mean, split

BATCH = 32
ROUND_LENGTH = 16
"""Batches are padded to a multiple of so many points: few shapes, few kernels made for them, less memory."""


class PointScores(NamedTuple):
    """Scores of single points. nats (P,): negative log density. error (P, 2): squared error of the expected dx, dy."""

    nats: Tensor
    error: Tensor


class Totals(NamedTuple):
    """Sums over the scored points of some lines, in normalized offsets. error: of dx and of dy; deviation: standard
    deviations of dx and of dy."""

    lines: int
    points: int
    nats: float
    error: tuple[float, float]
    deviation: tuple[float, float]

    @property
    def scores(self) -> dict[str, float]:
        """Nats per point and per sequence, and squared error per point."""
        return {
            "nats_per_point": self.nats / self.points,
            "nats_per_sequence": self.nats / self.lines,
            "sse_per_point": sum(self.error) / self.points,
        }


def collate(
    items: Sequence[tuple[FloatArray, str]], writers: Sequence[int], *, alphabet: Alphabet, scale: float
) -> InkBatch:
    """A batch of offsets, in x-heights, with their texts, for writers by number; `scale` x-heights become 1."""
    factors = np.array([1 / scale, 1 / scale, 1], np.float32)
    return InkBatch(
        offsets=pad([offsets * factors for offsets, _ in items], time_first=True, multiple=ROUND_LENGTH),
        lengths=torch.tensor([len(offsets) for offsets, _ in items]),
        symbols=pad([alphabet.encode(text) for _, text in items]),
        writer=torch.tensor(writers, dtype=torch.int64),
    )


def score(model: nn.Module, batch: InkBatch, *, noise: float = 0.0) -> PointScores:
    """The scores of all points of a batch but each line's first, whose offset says nothing.

    With `noise` the model is shown offsets that are off by normal noise, of a standard deviation that each line draws
    from 0 to `noise`, and is still asked for the true next ones.
    """
    values, _ = model(_disturbed(batch.offsets[:-1], noise), batch.symbols, batch.writer)
    mask, target = batch.mask[1:], batch.offsets[1:]
    mixture, points = split(values[mask]), target[mask]
    return PointScores(-log_likelihood(mixture, points), (mean(mixture).detach() - points[:, :2]).square())


def _disturbed(offsets: Tensor, noise: float) -> Tensor:
    if not noise:
        return offsets
    deviation = noise * torch.rand(1, offsets.shape[1], 1, device=offsets.device)
    return torch.cat([offsets[..., :2] + deviation * torch.randn_like(offsets[..., :2]), offsets[..., 2:]], 2)


@torch.no_grad()
def score_lines(
    model: nn.Module,
    lines: Sequence[Line],
    *,
    alphabet: Alphabet,
    scale: float,
    time_step: float,
    report: Callable[[int], None] = lambda lines: None,
) -> Totals:
    """Score lines that the alphabet can spell, each of nobody in particular; `report` is told of lines as they are
    done. Raises InputError for a text that the alphabet cannot spell."""
    items = [(geometry.resample(line.ink, time_step).offsets(), line.text) for line in lines]
    items.sort(key=lambda item: len(item[0]))
    device = next(model.parameters()).device
    nats, points, error = 0.0, 0, np.zeros(2)
    offsets = np.concatenate([offsets[1:, :2] for offsets, _ in items]).astype(np.float64) / scale
    for start in range(0, len(items), BATCH):
        part = items[start : start + BATCH]
        scores = score(model, collate(part, [0] * len(part), alphabet=alphabet, scale=scale).to(device))
        nats, points = nats + float(scores.nats.sum()), points + len(scores.nats)
        error += scores.error.sum(0).double().cpu().numpy()
        report(len(part))
    x, y = offsets.std(axis=0).tolist()
    return Totals(len(items), points, nats, (float(error[0]), float(error[1])), (x, y))
