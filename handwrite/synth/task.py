"""Training the synthesizer: the view on the data, the loss, the scores. The loop is `train.loop`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handwrite.core import geometry
from handwrite.core.alphabet import Alphabet
from handwrite.core.batch import InkBatch, bucket
from handwrite.core.checkpoint import Header, restored
from handwrite.core.ink import FloatArray, Ink
from handwrite.core.sheet import contact_sheet
from handwrite.errors import InputError
from handwrite.synth import DEFAULT_BIAS
from handwrite.synth.data import Line
from handwrite.synth.model import SynthConfig, SynthNet
from handwrite.synth.sampler import draw
from handwrite.synth.score import collate, score, score_lines

TIME_STEP = 0.02
"""Seconds between two points: 50 a second, as many as fast writing needs and as few as it can do with."""

SHORT = 140
"""Points of the samples that the first epoch is made of, where the window finds the text fastest."""

WORD_SHARE = 0.25
"""Share of the single words that an epoch after the first holds; lines are all in it."""

COMMON, MOST_COPIES = 5000, 4.0
"""A character that comes more rarely in training than `COMMON` times is shown more often: samples come
sqrt(COMMON / count of their rarest character) times as often, at most `MOST_COPIES` times."""

MAX_POINTS = 1500
SHORTEST_LIFT = 0.05
"""Seconds between strokes that are measured; digitizers without pen-up times say less."""

MEASURED = 3000
"""Lines that the statistics are taken from at most."""

RARE = 10
"""A character that comes fewer times than this in training is not learned and its samples are left out."""

PICTURE_TEXTS = (
    "The quick brown fox jumps over it",
    "Quiz 42: Xavier paid 1,950 dollars.",
    "Dear Mr. Keller, thank you for your",
    "27 May 1983, Zurich; Question 6?",
)


@dataclass(frozen=True)
class Statistics:
    """What scales a model's data. scale : x-heights per unit of offset. time_step : seconds a point. gap : seconds
    that the pen stays up between strokes, and seconds more per x-height of the jump."""

    scale: float
    time_step: float
    gap: tuple[float, float]


@dataclass(frozen=True)
class Augmentation:
    """How far training varies its samples, as standard deviations: of the log of the tempo and of the size, of slant
    (dx per dy) and of slope (dy per dx). nobody : share of samples that hide their writer. noise : most noise on the
    offsets that the model is shown, in normalized units; it learns to go on from its own small errors."""

    tempo: float = 0.12
    size: float = 0.06
    slant: float = 0.06
    slope: float = 0.01
    nobody: float = 0.12
    noise: float = 0.15


@dataclass
class SynthTask:
    """The synthesizer's side of training, a `train.loop.Task`. Deterministic: batch i is always the same batch.

    budget : points of a batch when padded. start : weights to begin with, whose sizes, alphabet, writers and statistics
    then hold; else those come from `sizes`, fields of SynthConfig, and from the training lines. rare : see `RARE`.
    Raises InputError when no line can be used.
    """

    training: Sequence[Line]
    validation: Sequence[Line]
    corpora: dict[str, str]
    seed: int = 0
    budget: int = 12_000
    augmentation: Augmentation = field(default_factory=Augmentation)
    start: tuple[Header, dict[str, Tensor]] | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    rare: int = RARE

    def __post_init__(self) -> None:
        if self.start:
            self._take_over(*self.start)
        else:
            self._begin()
        self.training = self._usable(self.training)
        self.validation = self._usable(self.validation)
        if not self.training or not self.validation:
            raise InputError(
                f"no usable samples to {'validate' if self.training else 'train'} with: their characters are too rare "
                f"(fewer than {self.rare} in training), their ink too long or their pace odd; give more data"
            )
        self._lengths = np.array([_points(line.ink) for line in self.training])
        self._shares = shares_of(self.training)
        self._epochs: list[list[NDArray[np.int64]]] = []

    def _begin(self) -> None:
        counts = Counter(char for line in self.training for char in line.text)
        if max(counts.values(), default=0) < self.rare:
            raise InputError(f"no character comes {self.rare} times in the training samples; give more data")
        self.alphabet = Alphabet.from_texts((line.text for line in self.training), at_least=self.rare)
        self.writers = ["", *sorted({line.writer for line in self.training} - {""})]
        self.statistics = measure(self.training, seed=self.seed)
        torch.manual_seed(self.seed)
        self.model = SynthNet(SynthConfig(symbols=len(self.alphabet), writers=len(self.writers), **self.sizes))

    def _take_over(self, header: Header, tensors: dict[str, Tensor]) -> None:
        self.alphabet, self.writers = Alphabet(header.alphabet), list(header.statistics["writers"])
        self.statistics = statistics_of(header)
        self.model = restore(header, tensors)

    def _usable(self, lines: Sequence[Line]) -> list[Line]:
        """Lines that the alphabet can spell, not too long, at a pace that says that ink and text belong together."""
        kept = []
        for line in lines:
            points = _points(line.ink)
            pace = points / len(line.text)
            if all(char in self.alphabet for char in line.text) and 1 < points <= MAX_POINTS and 2 < pace < 45:
                kept.append(line)
        return kept

    def batch(self, index: int) -> InkBatch:
        """Batch `index` of training: augmented, its chance drawn from (seed, index)."""
        epoch = 0
        while index >= len(self._plan(epoch)):
            index -= len(self._plan(epoch))
            epoch += 1
        generator = np.random.default_rng((self.seed, 1, epoch, index))
        return self._collate([self._varied(self.training[i], generator) for i in self._plan(epoch)[index]], generator)

    def _plan(self, epoch: int) -> list[NDArray[np.int64]]:
        while epoch >= len(self._epochs):
            generator = np.random.default_rng((self.seed, 0, len(self._epochs)))
            members = self._members(generator)
            plan = bucket(self._lengths[members], budget=self.budget, generator=generator) if len(members) else []
            self._epochs.append([members[part] for part in plan])
        return self._epochs[epoch]

    def _members(self, generator: np.random.Generator) -> NDArray[np.int64]:
        """Who is in the next epoch, some more than once: the first is of short samples, the others of all."""
        if not self._epochs and not self.start:
            return np.flatnonzero(self._lengths <= SHORT)
        copies = np.floor(self._shares + generator.random(len(self._shares)))
        return np.repeat(np.arange(len(copies)), copies.astype(np.int64))

    def _varied(self, line: Line, generator: np.random.Generator) -> tuple[FloatArray, Line]:
        spread = self.augmentation
        tempo, size, slant, slope = generator.normal(size=4) * (spread.tempo, spread.size, spread.slant, spread.slope)
        ink = geometry.resample(line.ink, self.statistics.time_step * np.exp(np.clip(tempo, -0.3, 0.3)))
        offsets = ink.offsets()
        dx, dy = offsets[:, 0].copy(), offsets[:, 1].copy()
        offsets[:, 0], offsets[:, 1] = np.exp(size) * (dx - slant * dy), np.exp(size) * (dy + slope * dx)
        return offsets, line

    def _collate(self, items: Sequence[tuple[FloatArray, Line]], generator: np.random.Generator) -> InkBatch:
        known = {writer: index for index, writer in enumerate(self.writers)}
        writer = np.array([known.get(line.writer, 0) for _, line in items])
        writer[generator.random(len(writer)) < self.augmentation.nobody] = 0
        texts = [(offsets, line.text) for offsets, line in items]
        return collate(texts, writer.tolist(), alphabet=self.alphabet, scale=self.statistics.scale)

    def loss(self, model: nn.Module, batch: InkBatch) -> tuple[Tensor, int]:
        """Mean negative log density per point, in nats, and the number of points."""
        nats = score(model, batch, noise=self.augmentation.noise).nats
        return nats.mean(), len(nats)

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Nats per point, per sequence, and squared error per point on every n-th validation line, 300 to 600 of
        them where there are so many, writer unknown."""
        statistics = self.statistics
        return score_lines(
            model,
            self.validation[:: max(1, len(self.validation) // 300)],
            alphabet=self.alphabet,
            scale=statistics.scale,
            time_step=statistics.time_step,
        ).scores

    def header(self) -> Header:
        """The header of a checkpoint that was never trained."""
        return Header(
            kind="synth",
            config=asdict(self.model.config),
            alphabet=self.alphabet.chars,
            statistics=asdict(self.statistics) | {"writers": self.writers},
            corpora=self.corpora,
            seed=self.seed,
        )

    def picture(self, model: nn.Module) -> NDArray[np.uint8]:
        """A few fixed texts as the model writes them now, by nobody in particular."""
        assert isinstance(model, SynthNet)
        texts = [self.alphabet.fit(text)[0] for text in PICTURE_TEXTS]
        seeds = [(self.seed, row) for row in range(len(texts))]
        style, bias = model.writer.weight[:1].expand(len(texts), -1), torch.full((len(texts),), DEFAULT_BIAS)
        traces = draw(model, [self.alphabet.encode(text) for text in texts], style=style, bias=bias, seeds=seeds)
        inks = [Ink.from_offsets(trace.offsets, time_step=self.statistics.time_step) for trace in traces]
        return contact_sheet(list(zip(inks, texts, strict=True)), columns=1)


def measure(lines: Sequence[Line], *, seed: int) -> Statistics:
    """The statistics of at most `MEASURED` of the lines: the root mean square of the offsets' parts within strokes, and
    the least-squares line through the pen-up times over the jumps."""
    chosen = np.random.default_rng(seed).permutation(len(lines))[:MEASURED]
    squares, jumps, gaps = [], [], []
    for index in chosen:
        ink = geometry.resample(lines[index].ink, TIME_STEP)
        steps = np.diff(ink.points, axis=0)
        lifted = ink.pen_up[:-1].copy()
        squares.append((steps[~lifted, :2] ** 2).mean(axis=1))
        lifted &= steps[:, 2] > SHORTEST_LIFT
        jumps.append(np.hypot(steps[lifted, 0], steps[lifted, 1]))
        gaps.append(steps[lifted, 2])
    jump, gap = np.concatenate(jumps), np.concatenate(gaps)
    rate, base = np.polyfit(jump, gap, 1) if len(jump) > 2 else (0.0, 0.1)
    return Statistics(
        scale=round(float(np.sqrt(np.concatenate(squares).mean())), 4),
        time_step=TIME_STEP,
        gap=(round(float(base), 4), round(float(max(rate, 0.0)), 4)),
    )


def shares_of(lines: Sequence[Line]) -> FloatArray:
    """How often an epoch shows each line, on average: (N,) float32. See `WORD_SHARE` and `COMMON`."""
    counts = Counter(char for line in lines for char in line.text)
    boost = {char: min(max((COMMON / count) ** 0.5, 1.0), MOST_COPIES) for char, count in counts.items()}
    shares = [(1.0 if line.level == "line" else WORD_SHARE) * max(boost[char] for char in line.text) for line in lines]
    return np.array(shares, np.float32)


def restore(header: Header, tensors: Mapping[str, Tensor]) -> SynthNet:
    """The network of a checkpoint. Raises CheckpointError when its config or its tensors do not fit this program."""
    return restored(lambda: SynthNet(SynthConfig(**header.config)), tensors)


def statistics_of(header: Header) -> Statistics:
    """The statistics in a checkpoint's header."""
    values = header.statistics
    return Statistics(values["scale"], values["time_step"], tuple(values["gap"]))


def _points(ink: Ink) -> int:
    """How many points the ink has at the training time step, near enough."""
    return int(ink.writing_time / TIME_STEP) + int(ink.pen_up.sum()) if len(ink) else 0
