"""How well a synthesizer predicts real lines, in the model's own normalization and in that of Graves 2013.

The figures are computed by `synth.score`, as in training; this module chooses the lines and converts the units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from handwrite.core.store import SPLITS, Store
from handwrite.errors import InputError, OptionError
from handwrite.synth.data import Line, load_lines
from handwrite.synth.predict import Synthesizer
from handwrite.synth.score import Totals, score_lines


@dataclass(frozen=True)
class Scores:
    """Negative log density in nats, and squared error of the expected offset; lower is better."""

    nats_per_point: float
    nats_per_sequence: float
    sse_per_point: float


GRAVES = Scores(nats_per_point=math.nan, nats_per_sequence=-1096.9, sse_per_point=0.23)
"""The synthesis network of Graves 2013, table 4, without regularization, on the lines of IAM-OnDB."""


@dataclass(frozen=True)
class Likelihood:
    """Scores of a split. lines, points : how many were scored. left_out : lines that the alphabet cannot spell.
    deviation : of dx and dy, in the model's units. model, paper : the scores in both normalizations."""

    split: str
    lines: int
    left_out: int
    points: int
    deviation: tuple[float, float]
    model: Scores
    paper: Scores


def load_split(files: Sequence[Path], split: str) -> list[Line]:
    """The lines of a split of some stores, prepared as for training. Raises OptionError for an unknown split,
    InputError when it has no lines, StoreError for a file that is no store."""
    if split not in SPLITS:
        raise OptionError(f"--split {split}: no such split; choose one of {', '.join(SPLITS)}")
    lines = load_lines([Store(file) for file in files], splits=(split,), levels=("line",))
    if not lines:
        raise InputError(
            f"{', '.join(map(str, files))}: no lines of ink in split {split}; see `handwrite data info` for --split"
        )
    return lines


def likelihood(
    synthesizer: Synthesizer, lines: Sequence[Line], *, split: str, report: Callable[[int], None] = lambda lines: None
) -> Likelihood:
    """The scores of lines, each of nobody in particular. Raises InputError when the alphabet can spell none."""
    known = [line for line in lines if all(char in synthesizer.alphabet for char in line.text)]
    if not known:
        raise InputError(f"split {split}: these weights know the characters of none of its lines; use other weights")
    statistics = synthesizer.statistics
    totals = score_lines(
        synthesizer.net,
        known,
        alphabet=synthesizer.alphabet,
        scale=statistics.scale,
        time_step=statistics.time_step,
        report=report,
    )
    return Likelihood(
        split=split,
        lines=totals.lines,
        left_out=len(lines) - len(known),
        points=totals.points,
        deviation=totals.deviation,
        model=Scores(**totals.scores),
        paper=in_units_of_the_paper(totals),
    )


def in_units_of_the_paper(totals: Totals) -> Scores:
    """The scores for offsets whose dx and dy have standard deviation 1 over the points; Graves 2013, section 4.2.

    z = (x - m) / s has the density p(x) s, so that each point's nats fall by log s for each coordinate; squared
    errors fall by s squared. The mean m changes neither.
    """
    x, y = totals.deviation
    nats = totals.nats - totals.points * (math.log(x) + math.log(y))
    error = totals.error[0] / x**2 + totals.error[1] / y**2
    return Scores(nats / totals.points, nats / totals.lines, error / totals.points)
