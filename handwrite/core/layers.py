"""Layers that several networks are built of: convolutions for images of ink, recurrent layers that read both ways.

Tensors only.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from handwrite.core.batch import length_mask


class Convolution(nn.Module):
    """A convolution, batch normalization and a rectifier."""

    def __init__(self, seen: int, made: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.look = nn.Conv2d(seen, made, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(made)

    def forward(self, hidden: Tensor) -> Tensor:
        """(B, seen, H, W) -> (B, made, H / stride, W / stride)."""
        return relu(self.norm(self.look(hidden)))


class Residual(nn.Module):
    """A convolution whose output is added to its input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.look = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, hidden: Tensor) -> Tensor:
        """(B, channels, H, W) -> the same shape."""
        return relu(hidden + self.norm(self.look(hidden)))


def convolved(stages: nn.ModuleList, images: Tensor, widths: Tensor) -> Tensor:
    """Images (B, H, W) of widths (B,) after the stages: (B, C, H', W'), 0 beyond each width after every stage, so that
    what stands there changes nothing."""
    hidden = images[:, None].contiguous(memory_format=torch.channels_last)
    for stage in stages:
        hidden = stage(hidden)
        shrunk = images.shape[2] // hidden.shape[3]
        inside = length_mask((widths + shrunk - 1) // shrunk, hidden.shape[3])
        hidden = hidden * inside[:, None, None].to(hidden.dtype)
    return hidden


class BothWays(nn.Module):
    """A recurrent layer from left to right and one from each line's own end to the left; LSTM or GRU."""

    def __init__(self, seen: int, hidden: int, *, cell: type[nn.LSTM] | type[nn.GRU] = nn.LSTM) -> None:
        super().__init__()
        self.right = cell(seen, hidden)
        self.left = cell(seen, hidden)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """inputs (T, B, C), lengths (B,): (T, B, 2 * hidden). What stands beyond a length does not change the rest."""
        time = torch.arange(len(inputs), device=inputs.device)[:, None]
        mirror = torch.where(time < lengths, lengths - 1 - time, time)[:, :, None]
        backward, _ = self.left(inputs.gather(0, mirror.expand_as(inputs)))
        forward, _ = self.right(inputs)
        return torch.cat([forward, backward.gather(0, mirror.expand_as(backward))], 2)
