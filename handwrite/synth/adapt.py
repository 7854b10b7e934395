"""Your own hand: a writer embedding fitted to a few lines of ink, the network itself left as it is.

The embedding that makes the lines likeliest is searched for by gradient descent, from the known writers that come
closest, and is drawn a little to where known writers are, so that one line is not learned by heart. No chance is
involved: the same lines give the same embedding. Where it is kept, `styles` knows.

Ink that was recovered from a picture has a clock and an order of strokes that nobody wrote in. An embedding fitted to
it learns those, and writes badly: the writer's other lines become less likely by 0.5 nats a point. Such a hand is a
line to go on from instead, which is chosen here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from handwrite.core import geometry
from handwrite.core.alphabet import Alphabet
from handwrite.core.batch import InkBatch
from handwrite.core.ink import FloatArray
from handwrite.errors import InputError
from handwrite.synth.data import Line
from handwrite.synth.hands import spelled
from handwrite.synth.model import SynthNet
from handwrite.synth.score import collate, score
from handwrite.synth.stepper import Stepper
from handwrite.synth.task import MAX_POINTS, Statistics

STEPS, RATE = 16, 0.15
"""Steps of Adam, and its first rate, falling to 0 on a cosine; 1 is a standard deviation among known writers. More
steps make other lines of the same writer less than 0.005 nats a point likelier."""

PULL = 5.0
"""Weight of the known writers' density against that of the points. It is over 1 because points of a line hang together
and tell less than so many lone ones; with three lines, 1 and 6 make less than 0.02 nats a point of difference."""

ROUNDS = ((1, 80, 40), (3, 250, 5))
"""How the closest writers are found: in each round, lines and points of each that are looked at, and writers kept."""

MOST_LINES, LINES_AT_ONCE = 12, 64
"""Lines that a hand is fitted to at most, and that are scored side by side, so that memory stays bounded."""

SPEED = 7.5
"""x-heights that the pen goes in a second while it is down, for ink without a tempo of its own: the median of the
writers of IAM-OnDB. After ink in this tempo a writer's other lines are likelier, by 0.1 nats a point, than after ink
that is 1.7 times as fast."""

ASTRAY = 2.0
"""Characters by which the window may be off after ink to go on from. Of 24 lines of six writers of IAM-OnDB, traced
from pictures, the 7 with more cost the writer's other lines 0.38 nats a point, the others 0.08."""

SMALLEST_VARIANCE = 1e-3
"""Added to each direction of the known writers' covariance, which a few writers do not fill."""


class Prior(NamedTuple):
    """Where known writers are: mean (S,), and factor (S, S), lower triangular, whose square is the covariance."""

    mean: Tensor
    factor: Tensor

    def style(self, place: Tensor) -> Tensor:
        """(S,) the embedding at a place that is standard normal among known writers."""
        return self.mean + self.factor @ place

    def place(self, style: Tensor) -> Tensor:
        """(S,) the inverse of `style`."""
        place: Tensor = torch.linalg.solve_triangular(self.factor, (style - self.mean)[:, None], upper=False)
        return place[:, 0]


def fit_style(
    net: SynthNet,
    lines: Sequence[Line],
    *,
    alphabet: Alphabet,
    statistics: Statistics,
    steps: int = STEPS,
    report: Callable[[int], None] = lambda steps: None,
) -> FloatArray:
    """The writer embedding (S,) float32 that makes `lines` likeliest under `net`, whose weights do not change.

    lines : of one writer, as `data.normalize_lines` makes them; the first `MOST_LINES` count, and of each the first
    `MAX_POINTS` points. report : told of steps as they are done, of `steps` in all. Raises InputError when there is no
    line, or one that the alphabet cannot spell.
    """
    batch = _batch(lines, alphabet=alphabet, statistics=statistics).to(net.recurrent.device)
    known = net.writer.weight.detach()
    prior, pull = _prior(known), PULL / int((batch.lengths - 1).sum())
    place = prior.place(_start(net, batch, known)).requires_grad_()
    search = torch.optim.Adam([place], lr=RATE)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(search, max(steps, 1))
    for _ in range(steps):
        search.zero_grad()
        nats = _score(net, _written_in(batch, prior.style(place)[None])).mean()
        torch.autograd.backward(nats + pull * place.square().sum() / 2, inputs=[place])
        search.step()
        rate.step()
        report(1)
    style: FloatArray = prior.style(place.detach()).cpu().numpy()
    return style


def line_to_go_on_from(net: SynthNet, lines: Sequence[Line], *, alphabet: Alphabet, statistics: Statistics) -> Line:
    """Of lines that were recovered from pictures the longest that the network's window follows, in a writer's tempo.

    Raises InputError when it follows none, and for a line that the alphabet cannot spell.
    """
    paced = [_paced(line, time_step=statistics.time_step) for line in lines]
    followed = [line for line in paced if _astray(net, line, alphabet=alphabet, statistics=statistics) <= ASTRAY]
    if not followed:
        raise InputError("the ink does not go the way of its text; check the text, or give a clearer picture")
    return max(followed, key=lambda line: len(line.text))


def _paced(line: Line, *, time_step: float) -> Line:
    """The line at the mean speed `SPEED`, a point for each of the time steps."""
    way = np.hypot(*np.diff(line.ink.points[:, :2], axis=0).T)[~line.ink.pen_up[:-1]].sum()
    factor = way / SPEED / line.ink.writing_time if way else 1.0
    ink = line.ink.with_points(line.ink.points * np.array([1, 1, factor]))
    return replace(line, ink=geometry.resample(ink, time_step))


@torch.no_grad()
def _astray(net: SynthNet, line: Line, *, alphabet: Alphabet, statistics: Statistics) -> float:
    """How many characters the window is off the end of the line's text when the line has been written."""
    batch = _batch([line], alphabet=alphabet, statistics=statistics).to(net.recurrent.device)
    stepper = Stepper(net, net.read(batch.symbols), net.writer.weight[:1])
    for offset in batch.offsets[: int(batch.lengths[0])]:
        _, phi = stepper.step(offset)
    places = torch.arange(phi.shape[1], device=phi.device)
    return abs(float((phi[0] * places).sum() / phi[0].sum()) - int((batch.symbols[0] > 0).sum()))


def _batch(lines: Sequence[Line], *, alphabet: Alphabet, statistics: Statistics) -> InkBatch:
    """The lines as one batch of nobody in particular."""
    lines = lines[:MOST_LINES]
    if not lines:
        raise InputError("no lines to learn a hand from; give at least one, better three to five")
    texts = [spelled(line.text, alphabet, name=f"“{line.text}”") for line in lines]
    inks = [geometry.resample(line.ink, statistics.time_step).offsets()[:MAX_POINTS] for line in lines]
    items = list(zip(inks, texts, strict=True))
    return collate(items, [0] * len(items), alphabet=alphabet, scale=statistics.scale)


def _prior(known: Tensor) -> Prior:
    """The distribution of known writers' embeddings (W, S), taken as normal."""
    spread = torch.cov(known.T, correction=0) + SMALLEST_VARIANCE * torch.eye(known.shape[1], device=known.device)
    return Prior(known.mean(0), torch.linalg.cholesky(spread))


@torch.no_grad()
def _start(net: SynthNet, batch: InkBatch, known: Tensor) -> Tensor:
    """(S,) the closest of the known styles (W, S), or the mean of the closest ones where that predicts better."""
    closest = _closest(net, batch, known)
    tries = torch.stack([closest[0], closest.mean(0)])
    return tries[_nats(net, batch, tries).argmin()]


@torch.no_grad()
def _closest(net: SynthNet, batch: InkBatch, styles: Tensor) -> Tensor:
    """Those of the styles (W, S) that predict the beginnings of the lines best, as `ROUNDS` says."""
    for lines, points, kept in ROUNDS:
        beginnings = _beginnings(batch, lines, points)
        part = max(1, LINES_AT_ONCE // len(beginnings.lengths))
        nats = torch.cat([_nats(net, beginnings, some) for some in torch.split(styles, part)])
        styles = styles[nats.argsort(stable=True)[:kept]]
    return styles


def _beginnings(batch: InkBatch, lines: int, points: int) -> InkBatch:
    return InkBatch(
        offsets=batch.offsets[:points, :lines],
        lengths=batch.lengths[:lines].clamp(max=points),
        symbols=batch.symbols[:lines],
        writer=batch.writer[:lines],
    )


def _nats(net: SynthNet, batch: InkBatch, styles: Tensor) -> Tensor:
    """(W,) negative log density of all lines of the batch together, in each of the styles (W, S)."""
    many = _written_in(batch, styles)
    owner = torch.arange(len(styles), device=styles.device).repeat_interleave(len(batch.lengths))
    owner = owner.expand(many.mask.shape)[1:][many.mask[1:]]
    return styles.new_zeros(len(styles)).index_add(0, owner, _score(net, many))


def _score(net: SynthNet, batch: InkBatch) -> Tensor:
    """(P,) negative log density of the batch's points."""
    with torch.backends.cudnn.flags(enabled=False):  # its LSTM has no gradient for a net that is not in training
        return score(net, batch).nats


def _written_in(batch: InkBatch, styles: Tensor) -> InkBatch:
    """The batch (B lines) once for each of the styles (W, S): W x B lines, style after style."""
    count = len(styles)
    return replace(
        batch,
        offsets=batch.offsets.repeat(1, count, 1),
        lengths=batch.lengths.repeat(count),
        symbols=batch.symbols.repeat(count, 1),
        writer=styles.repeat_interleave(len(batch.lengths), 0),
    )
