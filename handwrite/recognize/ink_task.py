"""Training the ink reader: the view on the ink of the data, how ink is varied, the loss, the scores. The loop is
`train.loop`.

It learns from the same samples as the recognizer, of which it takes those with ink. Ink is varied in shape alone: the
order and the direction of strokes stay as they were written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import ctc_loss

from handwrite.core.alphabet import Alphabet
from handwrite.core.batch import pad
from handwrite.core.checkpoint import Header, restored
from handwrite.core.ink import FloatArray, Ink
from handwrite.core.pools import Pools
from handwrite.core.sheet import contact_sheet
from handwrite.core.store import Store
from handwrite.core.task import Learning
from handwrite.recognize.ctc import best_path
from handwrite.recognize.data import Draw, Rng, Written, epoch_of, learned_alphabet, load_written, string_together
from handwrite.recognize.ink_features import FEATURES, describe, features, normal_ink
from handwrite.recognize.ink_model import STEP, InkReaderConfig, InkReaderNet
from handwrite.recognize.task import SHOWN
from handwrite.recognize.validation import error_rates, to_validate

KIND = "ink_reader"

MARGIN, POINTS = 10, 25
"""About how many points of the features an ink takes, and each character more."""

POINTS_PER_CHARACTER = (5.0, 150.0)
"""Points that a character takes; beyond, ink and text do not belong together."""

ROUND_LENGTH = 4 * STEP
"""Ink is padded to a multiple of so many points."""

SIZE, STRETCH, SLANT, ROTATION, JITTER = 0.08, 0.12, 0.12, 0.8, 0.03
"""Standard deviations of what varies ink: log of the size and of the width, dx per dy, degrees, x-heights."""

TREMBLE = 0.5
"""x-heights of path over which the jitter changes."""


@dataclass(frozen=True)
class FeatureBatch:
    """Features of ink with their texts.

    features : (B, T, FEATURES) float32, 0 beyond an ink's length. lengths : (B,) int64 points.
    symbols : (B, U) int64, 0 beyond a text's end.
    """

    features: Tensor
    lengths: Tensor
    symbols: Tensor

    def to(self, device: torch.device) -> FeatureBatch:
        """The batch on a device."""
        return FeatureBatch(*(part.to(device, non_blocking=True) for part in vars(self).values()))


def feature_batch(inks: Sequence[FloatArray], symbols: Sequence[NDArray[np.int64]]) -> FeatureBatch:
    """A batch of features (t_i, FEATURES) and the indices of their texts."""
    return FeatureBatch(pad(inks, multiple=ROUND_LENGTH), torch.tensor([len(ink) for ink in inks]), pad(symbols))


def load_inked(stores: Iterable[Store], *, splits: Sequence[str]) -> list[Written]:
    """The samples of the splits that have ink and a text and were not struck out; what was scanned besides its ink
    counts as ink."""
    found = []
    for store in stores:
        inked = set(store.select(splits=splits, holds="ink").tolist())
        items = load_written([store], splits=splits)
        found += [replace(item, scanned=False) for item in items if item.index in inked]
    return found


@dataclass
class InkReaderTask(Learning[Written, InkReaderNet]):
    """The ink reader's side of training, a `train.loop.Task`. Deterministic: batch i is always the same batch.

    training, validation : as `load_inked` gives them. budget : points of a batch when padded. start : weights to begin
    with, whose sizes and alphabet hold. Raises InputError when no sample can be used.
    """

    kind = KIND
    budget: int = 8_000

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        if self.start:
            self.model, self.alphabet = restore(*self.start), Alphabet(self.start[0].alphabet)
        else:
            self.alphabet = learned_alphabet([item.text for item in self.training])
            self.model = InkReaderNet(InkReaderConfig(symbols=len(self.alphabet), features=FEATURES, **self.sizes))
        self.training = [item for item in self.training if all(char in self.alphabet for char in item.text)]
        self._plain = self._validation_lines()
        self.check(self._plain, samples="ink")
        self._pools = Pools(
            epoch=lambda rng: epoch_of(self.training, rng=rng),
            estimate=lambda draw: MARGIN + POINTS * len(draw.text),
            make=varied_sample,
            length=lambda sample: len(sample[1]),
            budget=self.budget,
            seed=self.seed,
        )

    def _validation_lines(self) -> list[tuple[Written, FloatArray]]:
        """Every n-th validation sample of each source and level, as features."""
        lines = [(item, _fitting(features(item.ink), item.text)) for item in to_validate(self.validation)]
        return [(item, seen) for item, seen in lines if seen is not None]

    @property
    def validated(self) -> int:
        """How many lines a validation reads."""
        return len(self._plain)

    def batch(self, index: int) -> FeatureBatch:
        """Batch `index` of training: augmented, its chance drawn from (seed, index)."""
        texts, inks = zip(*self._pools.batch(index), strict=True)
        return feature_batch(inks, [self.alphabet.encode(text) for text in texts])

    def loss(self, model: nn.Module, batch: FeatureBatch) -> tuple[Tensor, int]:
        """Nats per character, and the number of characters; texts that the ink cannot hold count nothing."""
        log_probabilities, frames = model(batch.features, batch.lengths)
        sizes = (batch.symbols > 0).sum(1)
        nats: Tensor = ctc_loss(log_probabilities, batch.symbols, frames, sizes, reduction="sum", zero_infinity=True)
        return nats / sizes.sum(), int(sizes.sum())

    def validate(self, model: nn.Module) -> dict[str, float]:
        """The mean over sources and levels of the character error rate of the best path, punctuation joined, and each
        of them."""
        order = sorted(self._plain, key=lambda line: len(line[1]))
        return error_rates(order, lambda inks: read_best(model, self.alphabet, inks))

    def header(self) -> Header:
        """The header of a checkpoint that was never trained."""
        return replace(super().header(), alphabet=self.alphabet.chars)

    def picture(self, model: nn.Module) -> NDArray[np.uint8]:
        """A few validation lines, each over what the model reads in it."""
        chosen = self._plain[:: max(1, len(self._plain) // SHOWN)][:SHOWN]
        reads = read_best(model, self.alphabet, [seen for _, seen in chosen])
        return contact_sheet([(item.ink, read) for (item, _), read in zip(chosen, reads, strict=True)], columns=1)


@torch.no_grad()
def log_tables(model: nn.Module, inks: Sequence[FloatArray]) -> list[FloatArray]:
    """The net's log probabilities (F_i, symbols) float32 of each ink's features (t_i, FEATURES), none of them empty."""
    batch = feature_batch(inks, [np.zeros(0, np.int64)] * len(inks)).to(next(model.parameters()).device)
    log_probabilities, frames = model(batch.features, batch.lengths)
    rows = log_probabilities.float().cpu().numpy()
    return [rows[:size, column] for column, size in enumerate(frames.tolist())]


def read_best(model: nn.Module, alphabet: Alphabet, inks: Sequence[FloatArray]) -> list[str]:
    """The text of the best path for each ink's features."""
    return [alphabet.decode(best_path(table)[0]) for table in log_tables(model, inks)]


def varied_sample(draw: Draw, rng: Rng) -> tuple[str, FloatArray] | None:
    """The text of a draw and the features of its ink in a varied hand; None when the ink cannot hold the text."""
    inks = [piece.ink for piece in draw.pieces]
    ink = inks[0] if len(inks) == 1 else string_together(inks, level=draw.pieces[0].level, rng=rng)
    seen = _fitting(describe(varied(normal_ink(ink), rng)), draw.text)
    return None if seen is None else (draw.text, seen)


def varied(ink: Ink, rng: Rng) -> Ink:
    """Normal ink in another size, width, slant and direction, drawn by a hand that trembles; its strokes in order."""
    if not len(ink):
        return ink
    size, stretch = np.exp(rng.normal(0, (SIZE, STRETCH)))
    slant, angle = rng.normal(0, (SLANT, np.deg2rad(ROTATION)))
    x, y, travelled = ink.points.astype(np.float64).T
    x = stretch * (x - x.mean()) - slant * y
    knots = np.arange(0, travelled[-1] + 2 * TREMBLE, TREMBLE)
    tremble = [np.interp(travelled, knots, rng.normal(0, JITTER, len(knots))) for _ in range(2)]
    return ink.with_points(
        np.column_stack([size * (x + angle * y) + tremble[0], size * (y - angle * x) + tremble[1], travelled])
    )


def _fitting(seen: FloatArray, text: str) -> FloatArray | None:
    low, high = POINTS_PER_CHARACTER
    return seen if low < len(seen) / len(text) < high else None


def restore(header: Header, tensors: Mapping[str, Tensor]) -> InkReaderNet:
    """The network of a checkpoint. Raises CheckpointError when its config or its tensors do not fit this program."""
    return restored(lambda: InkReaderNet(InkReaderConfig(**header.config)), tensors)
