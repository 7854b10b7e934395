"""Layers that several networks are built of: convolutions for images of ink, recurrent layers that read both ways.

Tensors only.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from handwrite.core.batch import length_mask


class Convolution(nn.Module):
    """A convolution and batch normalization; the rectifier after it is the work of `convolved`."""

    def __init__(self, seen: int, made: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.look = nn.Conv2d(seen, made, kernel, stride, kernel // 2, bias=False)
        self.norm: nn.BatchNorm2d | nn.Identity = nn.BatchNorm2d(made)

    def forward(self, hidden: Tensor) -> Tensor:
        """(B, seen, H, W) -> (B, made, H / stride, W / stride)."""
        normalized: Tensor = self.norm(self.look(hidden))
        return normalized


class Residual(Convolution):
    """A convolution whose output is added to its input."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels)

    def forward(self, hidden: Tensor) -> Tensor:
        """(B, channels, H, W) -> the same shape."""
        return super().forward(hidden).add_(hidden)


def convolved(stages: nn.ModuleList, images: Tensor, widths: Tensor) -> Tensor:
    """Images (B, H, W) of widths (B,) after the stages, with a rectifier after each: (B, C, H', W'), 0 beyond each
    width after every stage, so that what stands there changes nothing.

    Channels lie last in memory, where convolutions take two thirds of the time, and what a stage made is changed in
    place: on a CPU the memory for another copy costs more than what is done to it.
    """
    hidden = images[:, None].to(memory_format=torch.channels_last)  # `contiguous` leaves one channel as it is
    for stage in stages:
        hidden = stage(hidden)
        shrunk = images.shape[2] // hidden.shape[3]
        inside = length_mask((widths + shrunk - 1) // shrunk, hidden.shape[3])
        hidden = hidden.mul_(inside[:, None, None].to(hidden.dtype)).relu_()
    return hidden


def fuse_normalization(net: nn.Module) -> None:
    """Make batch normalization part of the convolutions before it, in a network that from now on only reads: the same
    map but for rounding, with one pass less over what each stage made (Jacob et al. 2018, "Quantization and training of
    neural networks for efficient integer-arithmetic-only inference", eq. 14)."""
    net.eval()
    for stage in net.modules():
        if isinstance(stage, Convolution) and isinstance(stage.norm, nn.BatchNorm2d):
            stage.look, stage.norm = fuse_conv_bn_eval(stage.look, stage.norm), nn.Identity()


class BothWays(nn.Module):
    """A recurrent layer from left to right and one from each line's own end to the left; LSTM or GRU."""

    def __init__(self, seen: int, hidden: int, *, cell: type[nn.LSTM] | type[nn.GRU] = nn.LSTM) -> None:
        super().__init__()
        self.right = cell(seen, hidden)
        self.left = cell(seen, hidden)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """inputs (T, B, C), lengths (B,): (T, B, 2 * hidden). What stands beyond a length does not change the rest."""
        time = torch.arange(len(inputs), device=inputs.device)[:, None]
        mirrored = torch.where(time < lengths, lengths - 1 - time, time)
        rows = (mirrored * len(lengths) + torch.arange(len(lengths), device=inputs.device)).flatten()

        def turned(steps: Tensor) -> Tensor:
            return steps.flatten(0, 1).index_select(0, rows).view_as(steps)

        backward, _ = self.left(turned(inputs))
        forward, _ = self.right(inputs)
        return torch.cat([forward, turned(backward)], 2)
