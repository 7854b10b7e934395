"""How fast each model works on this machine, beside a plain way to the same product.

Plain is, for the synthesizer, a loop over torch's cells with the same weights; for the others one image after another
instead of many together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import torch

from handwrite.core.image import GreyImage
from handwrite.evaluate.plain_synth import Texts, draw_plainly
from handwrite.evaluate.texts import SENTENCES
from handwrite.recognize.predict import Recognizer
from handwrite.recover.predict import Recoverer
from handwrite.synth import DEFAULT_BIAS
from handwrite.synth.model import SynthNet
from handwrite.synth.predict import Synthesizer
from handwrite.synth.sampler import draw

LINES = 32
"""Lines that are drawn at once."""

RUNS = 3
"""Runs of each, of which the median counts; one before is not counted."""


@dataclass(frozen=True)
class Speed:
    """`unit`s in a second, and how many the plain way makes."""

    unit: str
    value: float
    plain: float

    @property
    def ratio(self) -> float:
        """How many times as fast as the plain way."""
        return self.value / self.plain


def synthesis_speed(synthesizer: Synthesizer) -> Speed:
    """Points of `LINES` lines at once, without proofreading."""
    texts = [synthesizer.alphabet.encode(synthesizer.prepare(text)[0][0]) for text in SENTENCES[:LINES]]
    net = synthesizer.net
    drawn = _per_second(lambda run: draw_together(net, texts, seed=run))
    return Speed("points", drawn, _per_second(lambda run: draw_plainly(net, texts, seed=run)))


def draw_together(net: SynthNet, texts: Texts, *, seed: int) -> int:
    """Draw the texts at once, by nobody in particular and with the usual bias; the number of points that belong to
    them."""
    style, bias = net.writer.weight[:1].detach().expand(len(texts), -1), torch.full((len(texts),), DEFAULT_BIAS)
    traces = draw(net, texts, style=style, bias=bias, seeds=[(seed, row) for row in range(len(texts))])
    return sum(len(trace.offsets) - 1 for trace in traces)


def reading_speed(recognizer: Recognizer, lines: Sequence[GreyImage]) -> Speed:
    """Lines from image to text, read greedily."""

    def each(run: int) -> int:
        return len([recognizer.read(line, level="line") for line in lines])

    return Speed("lines", _per_second(lambda run: len(recognizer.read_all(lines, level="line"))), _per_second(each))


def recovery_speed(recoverer: Recoverer, words: Sequence[GreyImage]) -> Speed:
    """Words from image to ink."""

    def each(run: int) -> int:
        return len(recoverer.recover_all(words, level="word"))

    def one_by_one(run: int) -> int:
        return sum(len(recoverer.recover_all([word], level="word")) for word in words)

    return Speed("words", _per_second(each), _per_second(one_by_one))


def _per_second(work: Callable[[int], int]) -> float:
    """The median of what is made in a second; `work` is told the number of the run, and says how much it made."""
    speeds = []
    for run in range(RUNS + 1):
        begun = time.perf_counter()
        made = work(run)
        speeds.append(made / (time.perf_counter() - begun))
    return median(speeds[1:])
