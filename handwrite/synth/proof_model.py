"""The proofreading network: ink in, characters out, so that the synthesizer can see whether what it wrote can be read.

Convolutions over time at a quarter of the ink's rate, dilated so that each frame sees the word around it, under
connectionist temporal classification (Graves et al. 2006). Tensors only: ink to tensors is the work of `proofreader`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, log_softmax

from handwrite.core.batch import length_mask

STRIDE = 4
"""Points of a frame."""

FEATURES = 4
HEIGHT = 10.0
"""Normalized units that y is divided by, so that it is about as large as the offsets."""


@dataclass(frozen=True)
class ProofConfig:
    """Sizes of the network. symbols counts the characters and the blank."""

    symbols: int
    channels: int = 144
    blocks: int = 8
    kernel: int = 5
    dilations: tuple[int, ...] = (1, 2, 4, 8)


class ProofNet(nn.Module):
    """The network. Index 0 among symbols is the blank."""

    def __init__(self, config: ProofConfig) -> None:
        super().__init__()
        self.config = config
        channels, half = config.channels, config.channels // 2
        self.first = nn.Conv1d(FEATURES, half, 5, stride=2, padding=2)
        self.second = nn.Conv1d(half, channels, 5, stride=2, padding=2)
        dilations = [config.dilations[block % len(config.dilations)] for block in range(config.blocks)]
        self.blocks = nn.ModuleList(_Block(channels, config.kernel, dilation) for dilation in dilations)
        self.leave = nn.Conv1d(channels, config.symbols, 1)

    def forward(self, offsets: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """offsets (T, B, 3) float32, normalized dx, dy, pen_up, zero beyond each end; lengths (B,) int64 points.

        Returns log probabilities (F, B, symbols) float32 of each frame and the number of frames (B,) of each line.
        What stands beyond a line's end does not change its frames.
        """
        frames = (lengths + STRIDE - 1) // STRIDE
        hidden = gelu(self.first(features(offsets, lengths)))
        hidden = hidden * _mask((lengths + 1) // 2, hidden)
        hidden = gelu(self.second(hidden))
        mask = _mask(frames, hidden)
        for block in self.blocks:
            hidden = block(hidden * mask)
        return log_softmax(self.leave(hidden).permute(2, 0, 1).float(), -1), frames


class _Block(nn.Module):
    """A dilated convolution and a layer over the channels of each frame, added to their input."""

    def __init__(self, channels: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.look = nn.Conv1d(channels, channels, kernel, padding=dilation * (kernel // 2), dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)

    def forward(self, hidden: Tensor) -> Tensor:
        """hidden (B, C, F)."""
        normal = self.norm(hidden.transpose(1, 2)).transpose(1, 2)
        added: Tensor = self.mix(gelu(self.look(normal)))
        return hidden + added


def features(offsets: Tensor, lengths: Tensor) -> Tensor:
    """(B, 4, T): dx, dy, pen_up, and y above the mean of the line, all zero beyond its end."""
    mask = _mask(lengths, offsets.permute(1, 2, 0))
    inside = offsets.permute(1, 2, 0) * mask
    y = inside[:, 1:2].cumsum(2) * mask
    y = (y - y.sum(2, keepdim=True) / lengths.clamp(min=1)[:, None, None]) * mask / HEIGHT
    return torch.cat([inside, y], 1)


def _mask(lengths: Tensor, like: Tensor) -> Tensor:
    """(B, 1, T) of ones below each length, in the dtype of `like` (B, C, T)."""
    return length_mask(lengths, like.shape[2])[:, None].to(like.dtype)
