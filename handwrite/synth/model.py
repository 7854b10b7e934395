"""The synthesis network: characters and a writer in, the density of the pen's next offset out.

Graves 2013, figure 12, with two LSTM layers: the input and the window feed both, both feed the output. The characters
pass an embedding and a convolution of width 3, so that a letter knows its neighbours, and a writer embedding stands
beside each input. Tensors only: text to indices and offsets to ink is the work of `task` and `predict`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from handwrite.synth.mixture import outputs
from handwrite.synth.window import WindowState, WindowWeights, window_lstm, window_step

FIRST_KAPPA_STEP = -2.8
"""Bias of kappa's step: softplus(-2.8) = 0.06 characters a point, near the 0.09 of real writing, so that the window
locks on."""


@dataclass(frozen=True)
class SynthConfig:
    """Sizes of the network. symbols counts the characters and the blank; writers counts "no writer", at index 0."""

    symbols: int
    writers: int
    hidden: int = 400
    text_channels: int = 64
    style_channels: int = 32
    gaussians: int = 10
    components: int = 20
    dropout: float = 0.0


class State(NamedTuple):
    """State between two steps of sampling: the window layer's, and hidden and cell (B, H) of the second layer."""

    first: WindowState
    hidden: Tensor
    cell: Tensor


class SynthNet(nn.Module):
    """The network. Index 0 among symbols is padding, among writers it is nobody in particular."""

    def __init__(self, config: SynthConfig) -> None:
        super().__init__()
        self.config = config
        size, channels = config.hidden, config.text_channels
        inputs = 3 + config.style_channels
        self.symbol = nn.Embedding(config.symbols, channels, padding_idx=0)
        self.context = nn.Conv1d(channels, channels, 3, padding=1)
        self.writer = nn.Embedding(config.writers, config.style_channels)
        self.enter = nn.Linear(inputs, 4 * size)
        self.recurrent = nn.Parameter(torch.empty(channels + size, 4 * size))
        self.attend = nn.Linear(size, 3 * config.gaussians)
        self.second = nn.LSTM(inputs + channels + size, size)
        self.leave = nn.Linear(2 * size, outputs(config.components))
        self.dropout = nn.Dropout(config.dropout)
        self._initialize()

    def _initialize(self) -> None:
        size, gaussians = self.config.hidden, self.config.gaussians
        nn.init.normal_(self.symbol.weight, std=0.5)
        nn.init.normal_(self.writer.weight, std=0.1)
        nn.init.uniform_(self.recurrent, -(size**-0.5), size**-0.5)
        with torch.no_grad():
            self.symbol.weight[0] = 0
            self.writer.weight[0] = 0
            self.enter.bias[size : 2 * size] += 1  # open forget gates: Jozefowicz et al. 2015
            self.attend.weight *= 0.3
            self.attend.bias[: 2 * gaussians] = -1
            self.attend.bias[2 * gaussians :] = FIRST_KAPPA_STEP

    def read(self, symbols: Tensor) -> Tensor:
        """Symbols (B, U) int64, 0 beyond the end of a text -> text (B, U, E) with context, zero beyond the end."""
        embedded: Tensor = self.symbol(symbols)
        context: Tensor = self.context(embedded.transpose(1, 2)).transpose(1, 2)
        return (embedded + context) * (symbols > 0)[..., None]

    def forward(self, offsets: Tensor, symbols: Tensor, writer: Tensor) -> tuple[Tensor, Tensor]:
        """All steps at once, for training.

        offsets (T, B, 3) float32, normalized dx, dy, pen_up; symbols (B, U); writer (B,) int64, or free styles
        (B, S) float32. Returns the mixture's values (T, B, 6M + 1) for the point after each, and kappa (T, B, K)
        without gradient.
        """
        chosen = writer if writer.is_floating_point() else self.writer(writer)
        style = chosen.expand(len(offsets), -1, -1)
        inputs = torch.cat([offsets, style], 2)
        hidden, window, kappa = window_lstm(self.enter(inputs), self.read(symbols), self._window_weights())
        dtype = torch.get_autocast_dtype(inputs.device.type) if torch.is_autocast_enabled(inputs.device.type) else None
        above = torch.cat([inputs, window, self.dropout(hidden)], 2).to(dtype or torch.float32)
        last, _ = self.second(above)
        return self.leave(torch.cat([hidden, self.dropout(last)], 2)).float(), kappa

    def start(self, batch: int) -> State:
        """The state before the first point."""
        config, device = self.config, self.recurrent.device
        zeros = torch.zeros(batch, config.hidden, device=device)
        first = WindowState.zeros(
            batch, text=config.text_channels, hidden=config.hidden, gaussians=config.gaussians, device=device
        )
        return State(first, zeros, zeros)

    def step(self, offset: Tensor, text: Tensor, style: Tensor, state: State) -> tuple[Tensor, Tensor, State]:
        """One step, in the plain form that `stepper.Stepper` is tested against.

        offset (B, 3); text (B, U, E) from `read`; style (B, S), the writer's embedding. Returns the mixture's values
        (B, 6M + 1), phi (B, U + 1) of `window_step`, and the new state.
        """
        inputs = torch.cat([offset, style], 1)
        first, phi = window_step(self.enter(inputs), state.first, text, self._window_weights())
        above = torch.cat([inputs, first.window, first.hidden], 1)
        hidden, cell = torch.lstm_cell(above, (state.hidden, state.cell), *self.second.all_weights[0])
        return self.leave(torch.cat([first.hidden, hidden], 1)), phi, State(first, hidden, cell)

    def _window_weights(self) -> WindowWeights:
        return WindowWeights(self.recurrent, self.attend.weight.T, self.attend.bias)
