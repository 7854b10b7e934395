"""The synthesizer's network as one would first write it: the baseline that its sampler is measured against.

A loop over torch's own cells, one step after another, every input formed anew. It draws what the sampler draws, only
slower, and knows neither windows that go wrong nor proofreading.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import softplus

from handwrite.core.batch import pad
from handwrite.synth import DEFAULT_BIAS
from handwrite.synth.mixture import biased, split
from handwrite.synth.model import SynthNet
from handwrite.synth.sampler import max_points

Texts = Sequence[NDArray[np.int64]]


class PlainNet(nn.Module):
    """The same network of torch's cells."""

    def __init__(self, net: SynthNet) -> None:
        super().__init__()
        size, channels = net.config.hidden, net.config.text_channels
        self.writer, self.attend, self.leave = net.writer, net.attend, net.leave
        self.first = nn.LSTMCell(net.enter.in_features + channels, size)
        self.second = nn.LSTMCell(net.second.input_size, size)
        first = (torch.cat([net.enter.weight, net.recurrent[:channels].T], 1), net.recurrent[channels:].T)
        biases = (net.enter.bias, torch.zeros_like(net.enter.bias))
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        self.first.load_state_dict(dict(zip(names, (*first, *biases), strict=True)))
        self.second.load_state_dict({name: getattr(net.second, f"{name}_l0") for name in names})

    def start(self, batch: int, channels: int, gaussians: int) -> tuple[Tensor, ...]:
        """Hidden and cell of both layers, window and kappa."""
        size = self.first.hidden_size
        return tuple(torch.zeros(batch, width) for width in (size, size, size, size, channels, gaussians))

    def forward(
        self, offset: Tensor, text: Tensor, writer: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """One step, as `SynthNet.step`."""
        hidden, cell, above, above_cell, window, kappa = state
        inputs = torch.cat([offset, self.writer(writer)], 1)
        hidden, cell = self.first(torch.cat([inputs, window], 1), (hidden, cell))
        alpha, beta, step = self.attend(hidden).chunk(3, 1)
        kappa = kappa + softplus(step)
        place = torch.arange(1, text.shape[1] + 2)
        bells = torch.exp(alpha)[:, :, None] * torch.exp(
            -torch.exp(beta)[:, :, None] * (kappa[:, :, None] - place) ** 2
        )
        phi = bells.sum(1)
        window = (phi[:, :-1, None] * text).sum(1)
        above, above_cell = self.second(torch.cat([inputs, window, hidden], 1), (above, above_cell))
        values = self.leave(torch.cat([hidden, above], 1))
        return values, phi, (hidden, cell, above, above_cell, window, kappa)


@torch.no_grad()
def draw_plainly(net: SynthNet, texts: Texts, *, seed: int) -> int:
    """Draw the texts with the plain loop until all are done, where the net is; the number of points that belong to
    them."""
    with net.recurrent.device:
        return _drawn(net, texts, torch.Generator(net.recurrent.device).manual_seed(seed))


def _drawn(net: SynthNet, texts: Texts, generator: torch.Generator) -> int:
    plain = PlainNet(net).eval()
    lengths = torch.tensor([len(text) for text in texts])
    symbols = pad(texts).to(generator.device)
    text, writer = net.read(symbols), torch.zeros(len(texts), dtype=torch.int64)
    state = plain.start(len(texts), net.config.text_channels, net.config.gaussians)
    offset, done, points = torch.zeros(len(texts), 3), torch.zeros(len(texts), dtype=torch.bool), 0
    limits = torch.tensor([max_points(len(text)) for text in texts])
    for step in range(int(limits.max())):
        values, phi, state = plain(offset, text, writer, state)
        after = phi.gather(1, lengths[:, None])[:, 0]
        inside = torch.arange(phi.shape[1]) < lengths[:, None]
        done |= ((after > (phi * inside).amax(1)) & (offset[:, 2] > 0.5)) | (step >= limits)
        if bool(done.all()):
            break
        offset = _point(values, generator)
        points += int((~done).sum())
    return points


def _point(values: Tensor, generator: torch.Generator) -> Tensor:
    """A point (B, 3) from the mixture's values."""
    mixture = biased(split(values), torch.tensor(DEFAULT_BIAS))
    component = torch.multinomial(torch.softmax(mixture.weight, 1), 1, generator=generator)[:, 0]
    rows = torch.arange(len(values))
    sigma, rho = torch.exp(mixture.log_sigma[rows, component]), mixture.rho[rows, component]
    x, y = torch.randn(2, len(values), generator=generator)
    normal = torch.stack([x, rho * x + torch.sqrt(1 - rho**2) * y], 1)
    pen_up = torch.bernoulli(torch.sigmoid(mixture.pen_up), generator=generator)
    return torch.cat([mixture.mean[rows, component] + sigma * normal, pen_up[:, None]], 1)
