"""Training recovery: the view on the data, the loss, the scores. The loop is `train.loop`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handwrite.core.checkpoint import Header, restored
from handwrite.core.image import WHITE, GreyImage
from handwrite.core.path_metrics import match, point_order
from handwrite.core.pools import Pools
from handwrite.core.sheet import contact_sheet
from handwrite.core.task import Learning
from handwrite.recover.batch import PathBatch, path_batch
from handwrite.recover.data import Example, Penned, epoch_of, plain_example, some_of_each, varied_example
from handwrite.recover.decode import decode, encode
from handwrite.recover.glyph import FINE, HEIGHT, Glyph
from handwrite.recover.likelihood import expected, flight_nats, move_nats, path_nats
from handwrite.recover.model import PER_UNIT, Moves, RecoverConfig, RecoverNet, landing
from handwrite.recover.path import DOWN, Path, ink_of_path
from handwrite.recover.soft_dtw import either_way, strokes_of
from handwrite.recover.tempo import mistimed

VALIDATED = 60
"""Samples of each source and level that validation sees at most."""

TOLD = 0.3
"""Share of training samples whose script the net is told."""

SHAPE, GAMMA = 0.05, 1 / 16
"""Weight of the shape of whole strokes in the loss, and how soft its minimum is, in the square of the net's unit."""

FLIGHT = 10.0
"""Weight of where strokes begin in the loss, of flights and of landings: steps in thirty, and the hardest."""

VALIDATION_BATCH = 16
SHOWN = 24


@dataclass
class RecoverTask(Learning[Penned, RecoverNet]):
    """The recovery net's side of training, a `train.loop.Task`. Deterministic: batch i is always the same batch.

    budget : steps of a batch when padded. start : weights to begin with, whose sizes hold. Raises InputError when no
    sample can be used.
    """

    kind = "recover"
    budget: int = 3000

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        if self.start:
            self.model = restore(*self.start)
        else:
            scripts = tuple(sorted({item.script for item in self.training}))
            self.model = RecoverNet(RecoverConfig(scripts=scripts, **self.sizes))
        self._plain = self._validation_examples()
        self.check(self._plain, samples="ink")
        self._pools = Pools(
            epoch=lambda rng: epoch_of(self.training, rng=rng),
            estimate=lambda item: item.steps,
            make=varied_example,
            length=lambda example: len(example.path),
            budget=self.budget,
            seed=self.seed,
        )

    def _validation_examples(self) -> list[tuple[str, Example]]:
        rng = np.random.default_rng(self.seed)
        examples = [(name, plain_example(item, rng)) for name, item in some_of_each(self.validation, VALIDATED)]
        return [(name, example) for name, example in examples if example is not None]

    @property
    def validated(self) -> int:
        """How many samples a validation sees."""
        return len(self._plain)

    def batch(self, index: int) -> PathBatch:
        """Batch `index` of training: drawn and led astray by chance from (seed, index)."""
        rng, examples = np.random.default_rng((self.seed, 2, index)), self._pools.batch(index)
        numbers = [self.script_of(example) * int(rng.random() < TOLD) for example in examples]
        return path_batch(examples, numbers, rng=rng)

    def script_of(self, example: Example) -> int:
        """The number of a script; 0 for one that the net does not know."""
        scripts = self.model.config.scripts
        return scripts.index(example.script) + 1 if example.script in scripts else 0

    def loss(self, model: nn.Module, batch: PathBatch) -> tuple[Tensor, int]:
        """Nats per step, those of flights and landings `FLIGHT` times, with the shares of the strokes' shapes and of
        the tempo; and the number of steps."""
        moves, cells, tempo = expected(model, batch)
        count = int(batch.lengths.sum())
        weights = torch.where(landing(batch.fed), FLIGHT, 1.0)
        nats = ((weights * move_nats(moves, batch)).sum() + FLIGHT * flight_nats(cells, batch).sum()) / count
        return nats + SHAPE * _misshape(moves, batch) + mistimed(tempo, batch.tempo), count

    def validate(self, model: nn.Module) -> dict[str, float]:
        """How wrong the order of the pen's places is, by the paths that the net finds alone: (1 - local point order) /
        2, the mean over sources and levels, and each; then, of the true paths, the nats per step and the mean square by
        which log speed is missed."""
        wrong: dict[str, list[float]] = defaultdict(list)
        nats: list[float] = []
        tempo: list[float] = []
        order = sorted(self._plain, key=lambda one: len(one[1].path))
        for first in range(0, len(order), VALIDATION_BATCH):
            names, examples = zip(*order[first : first + VALIDATION_BATCH], strict=True)
            for name, example, path in zip(names, examples, self._decoded(model, examples), strict=True):
                score = point_order(match(ink_of_path(example.path), ink_of_path(path)), local=True)
                if score is not None:
                    wrong[name].append((1 - score) / 2)
            batch = path_batch(examples, [0] * len(examples)).to(next(model.parameters()).device)
            moves, cells, log_speeds = expected(model, batch)
            nats += (path_nats(moves, cells, batch) / batch.lengths).tolist()
            tempo.append(mistimed(log_speeds, batch.tempo).item())
        scores = {f"disorder_{name}": float(np.mean(own)) for name, own in sorted(wrong.items())}
        means = {"nats": float(np.mean(nats)), "tempo": float(np.mean(tempo))}
        return {"disorder": float(np.mean(list(scores.values()))), **scores, **means}

    def _decoded(self, model: nn.Module, examples: Sequence[Example]) -> list[Path]:
        net = cast(RecoverNet, getattr(model, "module", model))
        glyphs = [example.glyph for example in examples]
        return decode(net, encode(net, glyphs), glyphs)

    def picture(self, model: nn.Module) -> NDArray[np.uint8]:
        """A few validation glyphs and what the net finds in them, darker the later."""
        chosen = [example for _, example in self._plain[:: max(1, len(self._plain) // SHOWN)][:SHOWN]]
        paths = self._decoded(model, chosen)
        cells = [_side_by_side(example.glyph, path) for example, path in zip(chosen, paths, strict=True)]
        return contact_sheet([(cell, "") for cell in cells], columns=3)


def _side_by_side(glyph: Glyph, path: Path) -> GreyImage:
    """The glyph, and beside it the path: a disc a step, from pale to black, a ring where a stroke begins."""
    paper = np.full(glyph.fine.shape, WHITE, np.uint8)
    begins = np.concatenate([[True], path.pen[:-1] != DOWN])
    for number, (place, begin) in enumerate(zip(path.points, begins, strict=True)):
        centre = np.round(FINE * place).astype(int).tolist()
        grey = int(200 * (1 - number / len(path)))
        cv2.circle(paper, centre, 5 if begin else 2, (grey,), 1 if begin else cv2.FILLED)
    return np.hstack([WHITE - glyph.fine, paper])


def _misshape(moves: Moves, batch: PathBatch) -> Tensor:
    """How far the strokes that the expected offsets draw are from the true ones, by soft dynamic time warping: the mean
    over strokes, in squares of the net's unit a step.

    A stroke is drawn from where it truly starts on, without a look at where it should be; either way round will do, and
    points need not come in time. Where the pen was led astray before a step, the way back is no part of the stroke.
    """
    expected = (moves.log_weight.exp()[..., None] * moves.mean).sum(-2)
    together = torch.cat([expected, batch.offsets, HEIGHT * batch.fed[..., -2:]], -1) / PER_UNIT
    strokes, lengths = strokes_of(together, batch.pen, batch.lengths)
    strokes, lengths = strokes[lengths > 1], lengths[lengths > 1]  # a dot has no shape
    moved, offsets, before = torch.split(strokes, 2, -1)
    true = offsets + before
    forward = moved[:, 1:] + before[:, 1:] - true[:, :-1]
    drawn = true[:, :1] + torch.cat([torch.zeros_like(moved[:, :1]), forward], 1).cumsum(1)
    return either_way(drawn, true, lengths, lengths, gamma=GAMMA).sum() / max(len(lengths), 1)


def restore(header: Header, tensors: Mapping[str, Tensor]) -> RecoverNet:
    """The network of a checkpoint. Raises CheckpointError when its config or its tensors do not fit this program."""
    return restored(lambda: RecoverNet(RecoverConfig(**header.config)), tensors)
