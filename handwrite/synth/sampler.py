"""Drawing ink from the network, a batch of lines at once, each from its own stream of random numbers.

The rule that ends a line is the paper's; what the window did is written down, so that `predict` can see what was
skipped, repeated or run over. Texts are indices and ink is offsets here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handwrite.core.batch import length_mask, pad
from handwrite.core.ink import FloatArray
from handwrite.synth.mixture import biased, split
from handwrite.synth.model import SynthNet
from handwrite.synth.stepper import Stepper

MAX_POINTS_PER_CHARACTER = 40
MIN_POINTS = 60
NEGLIGIBLE = 0.02
"""Components lighter than this are never drawn from: one stray point in fifty would otherwise be everywhere in a
line."""

OVERRUN = 0.7
"""Share of the window's weight on what is not the text, beyond which a stroke is no part of it."""

EARLY_LIFT, FULL_LIFT = 0.5, 0.75
"""What is added to the logit of lifting the pen, in full from this bias on. A lift that comes a point early is not
seen; one that is missed leads to where the network has never been, and the line is lost. Of 300 texts 260 came right at
once without it, 281 with 0.5, and 295 with 1.0, which already opens the loops of an e or an o."""


class Prime(NamedTuple):
    """Real ink to go on from, as in Graves 2013, section 5.5.

    offsets : (N, 3) float32, normalized, as `Ink.offsets` gives them. text : indices of what it says, and of the space
    that parts it from what is to be drawn.
    """

    offsets: FloatArray
    text: NDArray[np.int64]


@dataclass(frozen=True)
class Trace:
    """One drawn line.

    offsets : (N, 3) float32, normalized dx, dy, pen_up, the first from where the pen was set down. attention :
    (N, U + 1) float32, phi of the window when each point was drawn, on each character and on the place after the last.
    finished : the rule of the paper ended it, not the limit.
    """

    offsets: FloatArray
    attention: FloatArray
    finished: bool


def max_points(characters: int) -> int:
    """How long a line of so many characters may get."""
    return MIN_POINTS + MAX_POINTS_PER_CHARACTER * characters


@torch.no_grad()
def draw(
    net: SynthNet,
    texts: Sequence[NDArray[np.int64]],
    *,
    style: Tensor,
    bias: Tensor,
    seeds: Sequence[tuple[int, ...]],
    prime: Prime | None = None,
) -> list[Trace]:
    """Draw each text (indices, at least one) once.

    style : (B, S) float32, the writer of each. bias : (B,) float32. prime : ink that each goes on from. A line's ink
    hangs on its text, style, bias, prime and seed alone, but for the rounding of batched products.
    """
    device = net.recurrent.device
    rows = [_noise(seed, max_points(len(text))) for seed, text in zip(seeds, texts, strict=True)]
    noise, limits = pad(rows, time_first=True).to(device), torch.tensor([len(row) for row in rows], device=device)
    whole = [np.concatenate([prime.text, text]) for text in texts] if prime else list(texts)
    lengths = torch.tensor([len(text) for text in whole], device=device)
    text, bias = net.read(pad(whole).to(device)), bias.to(device)
    stepper = Stepper(net, text, style.to(device))
    offset = _advance(stepper, prime, text.new_zeros(len(texts), 3))
    offsets = text.new_zeros(len(noise), len(texts), 3)
    attention = text.new_zeros(len(noise), len(texts), text.shape[1] + 1)
    going, ends, finished = torch.arange(len(texts), device=device), limits.clone(), torch.zeros_like(limits > 0)
    for step in range(len(noise)):
        values, phi = stepper.step(offset)
        late = limits <= step
        over = _is_over(phi, lengths) & (offset[:, 2] > 0.5) & ~late & (step > 0)
        if bool((over | late).any()):
            ends[going[over]], finished[going[over]] = step, True
            rest = (~over & ~late).nonzero()[:, 0]
            if not len(rest):
                break
            stepper.keep(rest)
            going, values, phi, noise = going[rest], values[rest], phi[rest], noise[:, rest]
            lengths, limits, bias = lengths[rest], limits[rest], bias[rest]
        offset = _pick(values, bias, noise[step])
        offsets[step].index_copy_(0, going, offset)
        attention[step].index_copy_(0, going, phi)
    drawn, looked = offsets.cpu().numpy(), attention.cpu().numpy()
    return [
        _trace(drawn[:stop, row], looked[:stop, row, : len(whole[row]) + 1], done, prime)
        for row, (stop, done) in enumerate(zip(ends.tolist(), finished.tolist(), strict=True))
    ]


def _advance(stepper: Stepper, prime: Prime | None, offset: Tensor) -> Tensor:
    """Show the stepper the prime but for its last point, which is returned: (B, 3), the offset to go on from."""
    if prime is None:
        return offset
    points = torch.from_numpy(prime.offsets).to(offset)
    for point in points[:-1]:
        stepper.step(point.expand_as(offset))
    return points[-1].expand_as(offset).clone()


def _trace(offsets: FloatArray, attention: FloatArray, finished: bool, prime: Prime | None) -> Trace:
    """The trace of a line, without a last stroke that was written past the end of its text. A prime's text is no part
    of it, nor is the way from its ink, nor are strokes that were still its; without a prime, where the pen was set down
    comes first."""
    stop = _start_of_overrun(offsets, attention) if finished else len(offsets)
    offsets, attention = offsets[:stop], attention[:stop]
    if prime is None:
        start = np.zeros((1, 3), np.float32)
        return Trace(np.concatenate([start, offsets]), np.concatenate([attention[:1], attention]), finished)
    begin = _end_of_leftover(offsets, attention, prime=len(prime.text))
    offsets, attention = offsets[begin:], attention[begin:]
    offsets[:1, :2] = 0
    return Trace(offsets, attention[:, len(prime.text) :], finished)


def _end_of_leftover(offsets: FloatArray, attention: FloatArray, *, prime: int) -> int:
    """Where the first stroke begins for which the window weighed the characters of the prime no more than `OVERRUN`:
    those before it go on with the prime's last letter, not with the text. 0 when there is no such stroke.

    In 14 lines that went on from ink, one began with the bar of the prime's last t, which had 0.95 of the weight on the
    prime; first strokes of the text had 0.45 at most.
    """
    starts = np.concatenate([[0], 1 + np.flatnonzero(offsets[:-1, 2] > 0.5)])
    for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(offsets)], strict=True):
        stroke = attention[start:stop]
        if (stroke[:, :prime].sum(axis=1) / np.maximum(stroke.sum(axis=1), 1e-12)).mean() <= OVERRUN:
            return int(start)
    return 0


def _start_of_overrun(offsets: FloatArray, attention: FloatArray) -> int:
    """Where the last stroke begins when the window weighed the place after the text in it more than `OVERRUN`.

    The rule that ends a line looks when the pen is up. A stroke that was begun just before it would have held is no
    part of the text. In 14 drawn lines, last strokes that belonged to the text gave that place at most half of the
    weight, stray ones nine tenths.
    """
    lifts = np.flatnonzero(offsets[:-1, 2] > 0.5)
    if not len(lifts):
        return len(offsets)
    last = attention[lifts[-1] + 1 :]
    share = (last[:, -1] / np.maximum(last.sum(axis=1), 1e-12)).mean()
    return int(lifts[-1]) + 1 if share > OVERRUN else len(offsets)


def _noise(seed: tuple[int, ...], points: int) -> FloatArray:
    """(points, 4) float32: two uniform numbers, for the component and the pen, and two normal ones."""
    generator = np.random.default_rng(seed)
    normal = generator.standard_normal((points, 2), np.float32)
    return np.hstack([generator.random((points, 2), np.float32), normal])


def _is_over(phi: Tensor, lengths: Tensor) -> Tensor:
    """(B,) bool: the window weighs the place after the text more than any character; Graves 2013, section 5.4."""
    after = phi.gather(1, lengths[:, None])[:, 0]
    return after > phi.masked_fill(~length_mask(lengths, phi.shape[1]), 0).amax(1)


def _pick(values: Tensor, bias: Tensor, noise: Tensor) -> Tensor:
    """A point (B, 3) from the mixture's values (B, 6M + 1), bias (B,) and noise (B, 4).

    Two things are not in the paper: components lighter than `NEGLIGIBLE` are left out, and a biased pen lifts a little
    early (`EARLY_LIFT`). Bias 0 leaves the pen alone.
    """
    mixture = biased(split(values), bias)
    weight = torch.softmax(mixture.weight, -1)
    weight = torch.where(weight < NEGLIGIBLE, 0, weight).cumsum(-1)
    component = (weight < noise[:, :1] * weight[:, -1:]).sum(-1).clamp(max=weight.shape[1] - 1)
    rows = torch.arange(len(values), device=values.device)
    sigma, rho = torch.exp(mixture.log_sigma[rows, component]), mixture.rho[rows, component]
    x, y = noise[:, 2], noise[:, 3]
    normal = torch.stack([x, rho * x + torch.sqrt(1 - rho**2) * y], 1)
    pen_up = noise[:, 1] < torch.sigmoid(mixture.pen_up + EARLY_LIFT * (bias / FULL_LIFT).clamp(max=1))
    return torch.cat([mixture.mean[rows, component] + sigma * normal, pen_up[:, None].float()], 1)
