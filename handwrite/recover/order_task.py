"""Training the stroke order: the view on the ink, how paths are varied, the loss, the scores. The loop is `train.loop`.

Each stroke of real ink is turned round by a toss, all are shown from left to right, and the net has to say which were
turned, and which came first. Strokes that are found in pictures are not quite the true ones: parts of them, or several
in one. So some samples are drawn and traced, and their strokes are told apart by the true path beside them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import KDTree
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from handwrite.core.batch import pad
from handwrite.core.checkpoint import Header
from handwrite.core.ink import Ink
from handwrite.core.path_metrics import SHORTEST, STEP
from handwrite.core.pools import Pools
from handwrite.core.sheet import contact_sheet
from handwrite.errors import InputError
from handwrite.recover.data import Penned, epoch_of, plain_example, varied_example
from handwrite.recover.glyph import FINE
from handwrite.recover.habits import GENERAL, LATIN
from handwrite.recover.order import COARSE, FEATURES, KIND, features, restore, strokes_of, trace_of_strokes
from handwrite.recover.order_model import OrderConfig, OrderNet
from handwrite.recover.path import Path, at_one_speed
from handwrite.recover.skeleton import skeleton_of
from handwrite.recover.tempo import shaken
from handwrite.recover.trace import trace

VALIDATED = 200
"""Samples of each source and level that validation sees at most."""

MOST_POINTS, FEWEST_POINTS = 600, 3
CUT = 0.1
"""How often a stroke is cut in two."""

TRACED, GENERALLY = 0.35, 0.3
"""Share of samples that are drawn and traced, and of these the share in the habits of other scripts."""

ONE_WAY = 0.3
"""How much more often the true path goes along a traced stroke in one direction than in the other, if that is known."""

REACH = 3
"""Points between those whose order on the true path is compared."""

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
    float32, 1 for a stroke that is the wrong way round, NaN where that is not known. rank : (S,) when each was drawn.
    ink : the strokes."""

    seen: NDArray[np.float32]
    stroke: NDArray[np.int64]
    turned: NDArray[np.float32]
    rank: NDArray[np.int64]
    ink: Ink


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
            make=lambda item, rng: traced(item, rng) if rng.random() < TRACED else written(item, rng),
            length=lambda sample: len(sample.seen),
            budget=self.budget,
            seed=self.seed,
        )

    def _validation_samples(self) -> list[tuple[str, Shown]]:
        groups: dict[str, list[Penned]] = defaultdict(list)
        for item in self.validation:
            groups[f"{item.source}_{item.level}"].append(item)
        rng, found = np.random.default_rng(self.seed), []
        for name, group in sorted(groups.items()):
            for item in group[:: -(-len(group) // VALIDATED)]:
                sample = traced(item, rng, plainly=True)
                if sample is not None:
                    found.append((name, sample))
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
            names, samples = zip(*self._plain[first : first + VALIDATION_BATCH], strict=True)
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
        for _, sample in self._plain[:: max(1, len(self._plain) // SHOWN)][:SHOWN]:
            batch = shown_batch([sample]).to(next(model.parameters()).device)
            _, late = model(batch.seen, batch.lengths, batch.stroke, batch.rank.shape[1])
            told = np.argsort(np.argsort(late[0].cpu().numpy()))
            cells.append((sample.ink, f"true {(1 + sample.rank).tolist()}, told {(1 + told).tolist()}"))
        return contact_sheet(cells, columns=3)


def written(item: Penned, rng: Rng) -> Shown | None:
    """A sample's own strokes, varied."""
    strokes = varied(strokes_of(item.ink(rng)), rng)
    return shown(strokes, np.zeros(len(strokes), np.float32), np.arange(len(strokes)), rng)


def traced(item: Penned, rng: Rng, *, plainly: bool = False) -> Shown | None:
    """What tracing finds of a sample that is drawn: varied and in any habits, or plainly and in those of its script."""
    example = plain_example(item, rng) if plainly else varied_example(item, rng)
    if example is None:
        return None
    foreign = item.script != "Latn" if plainly else rng.random() < GENERALLY
    strokes = strokes_of(trace(skeleton_of(example.glyph.mask), habits=GENERAL if foreign else LATIN))
    strokes = [stroke / FINE for stroke in strokes]
    return shown(strokes, *known_of(strokes, example.path), rng) if strokes else None


def known_of(strokes: Strokes, path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(S,) of strokes beside a path: 1 where they go against it, NaN where they hardly go either way; and the order in
    which it passes them."""
    tree = KDTree(path.points)
    turned, middles = [], []
    for stroke in strokes:
        passed = tree.query(_evenly(stroke))[1]
        onward = np.sign(passed[REACH:] - passed[:-REACH])
        share = float(onward.mean()) if len(onward) else 0.0
        turned.append(np.nan if abs(share) < ONE_WAY else float(share < 0))
        middles.append(float(passed.mean()))
    return np.array(turned, np.float32), np.argsort(np.argsort(middles, kind="stable"), kind="stable")


def _evenly(stroke: NDArray[np.float64]) -> NDArray[np.float64]:
    """The stroke with a point in each pixel of the way, about."""
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    wanted = np.linspace(0, way[-1], max(int(way[-1]), 1) + 1)
    return np.column_stack([np.interp(wanted, way, axis) for axis in stroke.T])


def shown(strokes: Strokes, turned: NDArray[np.float32], rank: NDArray[np.int64], rng: Rng) -> Shown | None:
    """Strokes as the net sees them, each turned round by a toss; None where nothing moves, or too many points do.

    turned, rank : (S,) of the strokes as they come: 1 for the wrong way round, NaN for unknown; when each was drawn.
    """
    if not strokes or max(np.ptp(stroke, axis=0).max() for stroke in strokes) <= 0:
        return None
    places = np.argsort([stroke[:, 0].min() for stroke in strokes], kind="stable")
    tosses = rng.random(len(strokes)) < 0.5
    tossed = [strokes[place][::-1] if toss else strokes[place] for place, toss in zip(places, tosses, strict=True)]
    points = trace_of_strokes(tossed)
    if not FEWEST_POINTS <= len(points) <= MOST_POINTS:
        return None
    round_about = np.abs(turned[places] - tosses).astype(np.float32)
    round_about[np.bincount(points.stroke) - 1 < SHORTEST / (COARSE * STEP)] = np.nan
    return Shown(features(shaken(points, rng)), points.stroke, round_about, rank[places], at_one_speed(tossed))


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
