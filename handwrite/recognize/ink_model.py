"""The ink reader's network: the pen's path in, the characters of each frame out; it never sees a picture.

Strided convolutions along the path, bidirectional LSTMs and connectionist temporal classification (Graves et al. 2006,
2009, "A novel connectionist system for unconstrained handwriting recognition"). The characters are told from the
convolutions' output too, not from the LSTMs' alone: so the net soon leaves the plateau on which it says nothing.
Tensors only: ink to tensors is the work of `ink_features` and `ink_predict`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from handwrite.core.batch import length_mask
from handwrite.core.layers import BothWays
from handwrite.recognize.frames import log_frames

STEP = 4
"""Points of the path for one step of the LSTMs."""

FRAMES = 2
"""Frames that each step emits: a dot is less than a step long."""


@dataclass(frozen=True)
class InkReaderConfig:
    """Sizes of the network. symbols counts the characters and the blank; features those of a point."""

    symbols: int
    features: int
    channels: int = 96
    hidden: int = 112
    layers: int = 2
    dropout: float = 0.1


class InkReaderNet(nn.Module):
    """The network. Index 0 among symbols is the blank."""

    def __init__(self, config: InkReaderConfig) -> None:
        super().__init__()
        self.config = config
        self.stages = nn.ModuleList(
            [
                _Halving(config.features, config.channels),
                _Halving(config.channels, config.channels),
                _Residual(config.channels),
            ]
        )
        widths = [config.channels] + [2 * config.hidden] * (config.layers - 1)
        self.layers = nn.ModuleList(BothWays(width, config.hidden) for width in widths)
        self.dropout = nn.Dropout(config.dropout)
        self.leave = nn.Linear(2 * config.hidden + config.channels, FRAMES * config.symbols)

    def forward(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """features (B, T, F) float32, 0 beyond each length; lengths (B,) int64 points; T is a multiple of `STEP`.

        Returns log probabilities (T / STEP * FRAMES, B, symbols) float32 of each frame and the number of frames (B,) of
        each ink. What stands beyond an ink's length does not change its frames.
        """
        hidden, points = features.transpose(1, 2), lengths
        for stage in self.stages:
            hidden = stage(hidden)
            shrunk = features.shape[1] // hidden.shape[2]
            lengths = (points + shrunk - 1) // shrunk
            hidden = hidden * length_mask(lengths, hidden.shape[2])[:, None].to(hidden.dtype)
        seen = hidden = hidden.permute(2, 0, 1)
        for layer in self.layers:
            hidden = layer(self.dropout(hidden), lengths)
        steps = self.leave(self.dropout(torch.cat([hidden, seen], 2)))
        return log_frames(steps, frames=FRAMES), FRAMES * lengths


class _Halving(nn.Module):
    """A convolution over every second point, layer normalization and a rectifier."""

    def __init__(self, seen: int, made: int) -> None:
        super().__init__()
        self.look = nn.Conv1d(seen, made, 5, stride=2, padding=2)
        self.norm = nn.LayerNorm(made)

    def forward(self, hidden: Tensor) -> Tensor:
        """hidden (B, C, T): (B, made, T / 2)."""
        return relu(self.norm(self.look(hidden).transpose(1, 2))).transpose(1, 2)


class _Residual(nn.Module):
    """A convolution whose output, normalized, is added to its input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.look = nn.Conv1d(channels, channels, 5, padding=2)
        self.norm = nn.LayerNorm(channels)

    def forward(self, hidden: Tensor) -> Tensor:
        """hidden (B, C, T): the same shape."""
        return relu(hidden + self.norm(self.look(hidden).transpose(1, 2)).transpose(1, 2))
