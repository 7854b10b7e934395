"""Training the stroke order: the view on the ink, how paths are varied, the loss, the scores. The loop is `train.loop`.

Each stroke of real ink is turned round by a toss, all are shown from left to right, and the net has to say which were
turned, and which came first. A recovered stroke may be a part of a true one; so now and then strokes are cut.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from handwrite.core.batch import pad
from handwrite.core.checkpoint import Header
from handwrite.core.ink import Ink
from handwrite.core.path_metrics import SHORTEST, STEP
from handwrite.core.pools import Pools
from handwrite.core.sheet import contact_sheet
from handwrite.errors import InputError
from handwrite.recover.data import Penned, epoch_of
from handwrite.recover.order import COARSE, FEATURES, KIND, features, restore, strokes_of, trace_of_strokes
from handwrite.recover.order_model import OrderConfig, OrderNet
from handwrite.recover.tempo import shaken

VALIDATED = 200
"""Samples of each source and level that validation sees at most."""

MOST_POINTS, FEWEST_POINTS = 600, 3
CUT = 0.1
"""How often a stroke is cut in two."""

SHEAR, STRETCH, ROTATION = 0.15, 0.12, 3.0
"""Standard deviations of what varies ink: dx per dy, log of the width, degrees."""

POINTS = {"character": 45, "word": 130, "line": 100}
"""About how many points of a sample of each level are seen; of a line, one word."""

VALIDATION_BATCH, SHOWN = 32, 24

Rng = np.random.Generator
Strokes = list[NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Shown:
    """Strokes as the net sees them. seen : (N, FEATURES) float32. stroke : (N,) the stroke of each point. turned : (S,)
    float32, 1 for a stroke that was turned round, NaN where it has no direction. rank : (S,) when each was drawn."""

    seen: NDArray[np.float32]
    stroke: NDArray[np.int64]
    turned: NDArray[np.float32]
    rank: NDArray[np.int64]


@dataclass(frozen=True)
class ShownBatch:
    """The same, padded. seen : (N, B, FEATURES). lengths : (B,) points. stroke : (N, B). turned : (B, S), NaN beyond.
    rank : (B, S), -1 beyond."""

    seen: Tensor
    lengths: Tensor
    stroke: Tensor
    turned: Tensor
    rank: Tensor

    def to(self, device: torch.device) -> ShownBatch:
        """The batch on a device."""
        return ShownBatch(*(part.to(device, non_blocking=True) for part in vars(self).values()))


@dataclass
class OrderTask:
    """The stroke order's side of training, a `train.loop.Task`. Deterministic: batch i is always the same batch.

    budget : points of a batch when padded. start : weights to begin with, whose sizes hold. Raises InputError when no
    sample can be used.
    """

    training: Sequence[Penned]
    validation: Sequence[Penned]
    corpora: dict[str, str]
    seed: int = 0
    budget: int = 8000
    start: tuple[Header, Mapping[str, Tensor]] | None = None
    sizes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        self.model = restore(*self.start) if self.start else OrderNet(OrderConfig(seen=FEATURES, **self.sizes))
        self._plain = self._validation_samples()
        if not self.training or not self._plain:
            raise InputError(f"no usable ink to {'validate' if self.training else 'train'} with; give more data")
        self._pools = Pools(
            epoch=lambda rng: epoch_of(self.training, rng=rng),
            estimate=lambda item: POINTS[item.level],
            make=lambda item, rng: shown(varied(strokes_of(item.ink(rng)), rng), rng),
            length=lambda sample: len(sample.seen),
            budget=self.budget,
            seed=self.seed,
        )

    def _validation_samples(self) -> list[tuple[str, Ink, Shown]]:
        groups: dict[str, list[Penned]] = defaultdict(list)
        for item in self.validation:
            groups[f"{item.source}_{item.level}"].append(item)
        rng, found = np.random.default_rng(self.seed), []
        for name, group in sorted(groups.items()):
            for item in group[:: -(-len(group) // VALIDATED)]:
                ink = item.ink(rng)
                sample = shown(strokes_of(ink), rng)
                if sample is not None:
                    found.append((name, ink, sample))
        return found

    @property
    def validated(self) -> int:
        """How many samples a validation sees."""
        return len(self._plain)

    def batch(self, index: int) -> ShownBatch:
        """Batch `index` of training: varied, its chance drawn from (seed, index)."""
        return shown_batch(self._pools.batch(index))

    def loss(self, model: nn.Module, batch: ShownBatch) -> tuple[Tensor, int]:
        """Nats for the direction of a stroke and for the order of two, and the number of points."""
        turned, late = model(batch.seen, batch.lengths, batch.stroke, batch.rank.shape[1])
        known = ~batch.turned.isnan()
        directions = binary_cross_entropy_with_logits(turned[known], batch.turned[known], reduction="sum")
        wrong, pairs = _pair_nats(late, batch.rank)
        return directions / known.sum().clamp(min=1) + wrong / pairs.clamp(min=1), int(batch.lengths.sum())

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Shares of strokes whose direction is told wrongly, and of pairs of strokes whose order is: the mean of both
        over sources and levels, and each."""
        wrong: dict[str, list[float]] = defaultdict(list)
        device = next(model.parameters()).device
        for first in range(0, len(self._plain), VALIDATION_BATCH):
            names, _, samples = zip(*self._plain[first : first + VALIDATION_BATCH], strict=True)
            batch = shown_batch(samples).to(device)
            turned, late = model(batch.seen, batch.lengths, batch.stroke, batch.rank.shape[1])
            errors = ((turned > 0).float() - batch.turned).abs().cpu().numpy()
            after, valid = _pairs(batch.rank)
            missed = ((late[:, :, None] > late[:, None]) != after).cpu().numpy()
            for row, name in enumerate(names):
                wrong[f"turned_{name}"] += errors[row][~np.isnan(errors[row])].tolist()
                wrong[f"order_{name}"] += missed[row][valid[row].cpu().numpy()].astype(float).tolist()
        scores = {name: float(np.mean(values)) for name, values in sorted(wrong.items()) if values}
        return {"wrong": float(np.mean(list(scores.values()))), **scores}

    def header(self, scores: dict[str, float], training: dict[str, Any]) -> Header:
        """The header of a checkpoint."""
        return Header(
            kind=KIND,
            config=asdict(self.model.config),
            alphabet="",
            statistics={},
            corpora=self.corpora,
            scores=scores,
            seed=self.seed,
            training=training,
        )

    @torch.no_grad()
    def picture(self, model: nn.Module) -> NDArray[np.uint8]:
        """A few validation glyphs; of each stroke, from the left, the true number and the one that the net tells."""
        cells = []
        for _, ink, sample in self._plain[:: max(1, len(self._plain) // SHOWN)][:SHOWN]:
            batch = shown_batch([sample]).to(next(model.parameters()).device)
            _, late = model(batch.seen, batch.lengths, batch.stroke, batch.rank.shape[1])
            told = np.argsort(np.argsort(late[0].cpu().numpy()))
            cells.append((ink, f"true {(1 + sample.rank).tolist()}, told {(1 + told).tolist()}"))
        return contact_sheet(cells, columns=3)


def shown(strokes: Strokes, rng: Rng) -> Shown | None:
    """Strokes in their order, each turned round by a toss, as the net sees them; None where nothing moves, or too many
    points do."""
    if not strokes or max(np.ptp(stroke, axis=0).max() for stroke in strokes) <= 0:
        return None
    rank = np.argsort([stroke[:, 0].min() for stroke in strokes], kind="stable")
    tosses = rng.random(len(strokes)) < 0.5
    trace = trace_of_strokes([strokes[number][::-1] if tosses[number] else strokes[number] for number in rank])
    if not FEWEST_POINTS <= len(trace) <= MOST_POINTS:
        return None
    turned = tosses[rank].astype(np.float32)
    turned[np.bincount(trace.stroke) - 1 < SHORTEST / (COARSE * STEP)] = np.nan
    return Shown(features(shaken(trace, rng)), trace.stroke, turned, rank)


def varied(strokes: Strokes, rng: Rng) -> Strokes:
    """Strokes leant, widened and turned a little, some of them cut in two."""
    shear, width, angle = rng.normal(0, (SHEAR, STRETCH, np.deg2rad(ROTATION)))
    change = np.array([[np.exp(width), -shear], [0, 1]])
    change = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ change
    pieces: Strokes = []
    for stroke in strokes:
        moved = stroke @ change.T
        place = int(rng.integers(2, len(stroke) - 2)) if len(stroke) > 8 and rng.random() < CUT else 0
        pieces += [moved[: place + 1], moved[place:]] if place else [moved]
    return pieces


def shown_batch(samples: Sequence[Shown]) -> ShownBatch:
    """Several as padded tensors."""
    return ShownBatch(
        seen=pad([sample.seen for sample in samples], time_first=True),
        lengths=torch.tensor([len(sample.seen) for sample in samples]),
        stroke=pad([sample.stroke for sample in samples], time_first=True),
        turned=pad([sample.turned for sample in samples], beyond=np.nan),
        rank=pad([sample.rank for sample in samples], beyond=-1),
    )


def _pairs(rank: Tensor) -> tuple[Tensor, Tensor]:
    """(B, S, S) each: whether one stroke came after another, and which pairs there are, each once."""
    one, other = rank[:, :, None], rank[:, None]
    count = rank.shape[1]
    upper = torch.ones(count, count, dtype=torch.bool, device=rank.device).triu(1)
    return one > other, (one >= 0) & (other >= 0) & upper


def _pair_nats(late: Tensor, rank: Tensor) -> tuple[Tensor, Tensor]:
    """Nats for the order of all pairs of strokes (B, S), the mean over the pairs of each path, and how many paths have
    any (Burges et al. 2005, "Learning to rank using gradient descent", eq. 3)."""
    after, valid = _pairs(rank)
    nats = binary_cross_entropy_with_logits(late[:, :, None] - late[:, None], after.float(), reduction="none")
    counts = valid.sum((1, 2))
    return ((nats * valid).sum((1, 2)) / counts.clamp(min=1)).sum(), (counts > 0).sum()
