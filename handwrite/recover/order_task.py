"""Training the order of strokes: drawn ink, what the pen did on its skeleton, the loss, the scores. The loop is
`train.loop`.

Recorded ink is drawn as `data` has it, its skeleton is cut into arcs, and the true path beside it says along which of
them the pen went, one after the other. The net sees the steps so far and has to say the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handwrite.core.batch import length_mask, pad
from handwrite.core.path_metrics import match, point_order
from handwrite.core.pools import Pools
from handwrite.core.sheet import contact_sheet
from handwrite.core.task import Learning
from handwrite.recover.arcs import Arcs, Step, arcs_of, passed
from handwrite.recover.data import Example, Penned, epoch_of, plain_example, some_of_each, varied_example
from handwrite.recover.order import FEATURES, KIND, StrokeOrder, arc_batch, restore
from handwrite.recover.order_model import ArcBatch, OrderConfig, OrderNet
from handwrite.recover.path import at_one_speed
from handwrite.recover.skeleton import skeleton_of
from handwrite.recover.snap import followed
from handwrite.recover.ways import ways_of

VALIDATED = 200
"""Samples of each source and level that validation sees at most."""

MOST_ARCS = 160
"""Arcs of a glyph; those of more are left out."""

KNOWN = 0.6
"""Share of its pieces that the true path has to pass."""

SQUARE = 40
"""Arcs of a glyph that costs as much as another by being one of many and by having many steps."""

USUAL = 25
"""About what a sample costs. All count the same here, so that each pool holds characters and words."""

SHOWS = 4
"""How often a sample is shown before others are drawn, which takes longer than learning from it."""

SHEAR, STRETCH, ROTATION = 0.1, 0.1, 3.0
"""Standard deviations of what varies it each time: dx per dy, log of the width, degrees."""

VALIDATION_BATCH, SHOWN = 16, 24

Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class Passed:
    """The arcs of a glyph, the steps of the pen, and the pieces that it did not pass, of which nothing is known."""

    arcs: Arcs
    steps: list[Step]
    unknown: list[int]

    @property
    def cost(self) -> int:
        """What it costs to learn from, in arcs of a small glyph: every step weighs every arc."""
        return len(self.arcs) + len(self.arcs) ** 2 // SQUARE


@dataclass(frozen=True)
class StepBatch:
    """Several, padded. chosen : (B, S) int64 the arcs of the steps. lifted : (B, S) int64, 1 after a lift. counts :
    (B,) the steps of each."""

    arcs: ArcBatch
    chosen: Tensor
    lifted: Tensor
    counts: Tensor

    def to(self, device: torch.device) -> StepBatch:
        """The batch on a device."""
        return StepBatch(*(part.to(device) for part in vars(self).values()))


@dataclass
class OrderTask(Learning[Penned, OrderNet]):
    """The stroke order's side of training, a `train.loop.Task`. Deterministic: batch i is always the same batch.

    budget : arcs of a batch, those of large glyphs counting more. start : weights to begin with, whose sizes hold.
    Raises InputError when no sample can be used.
    """

    kind = KIND
    budget: int = 2400

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        self.model = restore(*self.start) if self.start else OrderNet(OrderConfig(seen=FEATURES, **self.sizes))
        self._plain = self._validation_samples()
        self.check(self._plain, samples="ink")
        self._pools = Pools(
            epoch=lambda rng: epoch_of(self.training, rng=rng),
            estimate=lambda item: USUAL,
            make=lambda item, rng: passed_of(varied_example(item, rng)),
            length=lambda sample: sample.cost,
            budget=self.budget,
            seed=self.seed,
            shows=SHOWS,
        )

    def _validation_samples(self) -> list[tuple[str, Passed]]:
        rng = np.random.default_rng(self.seed)
        found = [(name, passed_of(plain_example(item, rng))) for name, item in some_of_each(self.validation, VALIDATED)]
        return sorted(((name, sample) for name, sample in found if sample), key=lambda named: named[1].cost)

    @property
    def validated(self) -> int:
        """How many samples a validation sees."""
        return len(self._plain)

    def batch(self, index: int) -> StepBatch:
        """Batch `index` of training: varied, its chance drawn from (seed, index)."""
        rng = np.random.default_rng((self.seed, 2, index))
        return step_batch([replace(sample, arcs=varied(sample.arcs, rng)) for sample in self._pools.batch(index)])

    def loss(self, model: nn.Module, batch: StepBatch) -> tuple[Tensor, int]:
        """Nats of a step, and the number of steps."""
        nats, _ = step_nats(model(batch.arcs, batch.chosen, batch.lifted), batch)
        return nats.sum() / batch.counts.sum(), int(batch.counts.sum())

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Nats of a step, the mean over sources and levels, and shares of steps that are told wrongly, of each."""
        nats: dict[str, list[float]] = defaultdict(list)
        wrong: dict[str, list[float]] = defaultdict(list)
        device = next(model.parameters()).device
        for first in range(0, len(self._plain), VALIDATION_BATCH):
            names, samples = zip(*self._plain[first : first + VALIDATION_BATCH], strict=True)
            batch = step_batch(samples).to(device)
            costs, errors = step_nats(model(batch.arcs, batch.chosen, batch.lifted), batch)
            for row, (name, count) in enumerate(zip(names, batch.counts.tolist(), strict=True)):
                nats[name] += costs[row, :count].tolist()
                wrong[f"wrong_{name}"] += errors[row, :count].tolist()
        scores = {name: float(np.mean(values)) for name, values in sorted(wrong.items())}
        return {"nats": float(np.mean([np.mean(values) for values in nats.values()])), **scores}

    def picture(self, model: nn.Module) -> NDArray[np.uint8]:
        """A few validation glyphs as the net thinks that they were written; below each, how far that agrees with the
        truth in local point order, and how many strokes there are and should be."""
        order = StrokeOrder(model)  # type: ignore[arg-type]
        samples = [sample for _, sample in self._plain[:: max(1, len(self._plain) // SHOWN)][:SHOWN]]
        told = order.steps([sample.arcs for sample in samples], beam=1)
        cells = []
        for sample, [(steps, _)] in zip(samples, told, strict=True):
            true, found = (at_one_speed(sample.arcs.strokes(own)) for own in (sample.steps, steps))
            agreement = point_order(match(true, found), local=True) or 0.0
            strokes = f"{len(found.strokes())} of {len(true.strokes())} strokes"
            cells.append((found, f"order {agreement:.2f}, {strokes}"))
        return contact_sheet(cells, columns=4)


def passed_of(example: Example | None) -> Passed | None:
    """What the pen did on the skeleton of an example; None where too little is known, or it has too many pieces."""
    if example is None:
        return None
    ways = ways_of(skeleton_of(example.glyph.mask))
    arcs = arcs_of(ways)
    if len(arcs) > MOST_ARCS:
        return None
    steps = passed(followed(example.path, ways), arcs)
    unknown = sorted(set(range(len(arcs) // 2)) - {step.arc // 2 for step in steps})
    enough = len(unknown) <= (1 - KNOWN) * len(arcs) / 2
    return Passed(arcs, steps, unknown) if steps and enough else None


def varied(arcs: Arcs, rng: Rng) -> Arcs:
    """The arcs leant, widened and turned a little."""
    shear, width, angle = rng.normal(0, (SHEAR, STRETCH, np.deg2rad(ROTATION)))
    change = np.array([[np.exp(width), -shear], [0, 1]])
    change = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ change
    return replace(arcs, places=arcs.places @ change.T)


def step_batch(samples: Sequence[Passed]) -> StepBatch:
    """Several as padded tensors."""
    arcs = arc_batch([sample.arcs for sample in samples], [sample.unknown for sample in samples])
    steps = [np.array(sample.steps, np.int64) for sample in samples]
    counts = torch.tensor([len(sample.steps) for sample in samples])
    return StepBatch(arcs, pad([own[:, 0] for own in steps]), pad([own[:, 1] for own in steps]), counts)


def step_nats(odds: Tensor, batch: StepBatch) -> tuple[Tensor, Tensor]:
    """(B, S) each: the negative log likelihoods of the steps of a batch by log odds (B, S, N, 2), 0 beyond each end and
    where a step cannot be; and whether another step was likelier."""
    told = odds.flatten(2)
    target = 2 * batch.chosen + batch.lifted
    inside = length_mask(batch.counts, target.shape[1])
    own = told.gather(2, target[..., None])[..., 0]
    inside = inside & own.isfinite()
    told = told.masked_fill(~inside[..., None], 0.0)
    nats = torch.where(inside, told.logsumexp(2) - own, 0.0)
    return nats, inside & (told.argmax(2) != target)
