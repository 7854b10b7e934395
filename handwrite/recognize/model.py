"""The recognition network: normalized lines in, the characters of each frame out.

Convolutions, a maximum over each column, bidirectional LSTMs and connectionist temporal classification (Graves et al.
2006), with a shortcut from the convolutions to the characters that trains beside them (Retsinas et al. 2022, "Best
practices for a handwritten text recognition system"). Tensors only: images to tensors is the work of `predict`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d

from handwrite.core.layers import BothWays, Convolution, Residual, convolved
from handwrite.recognize.frames import log_frames

STEP = 8
"""Columns of the image that one step of the LSTMs sees."""

FRAMES = 2
"""Frames that each step emits: a narrow letter is less than a step wide."""

COLUMNS_PER_FRAME = STEP // FRAMES


@dataclass(frozen=True)
class RecognizeConfig:
    """Sizes of the network. symbols counts the characters and the blank; channels are those of the stages."""

    symbols: int
    channels: tuple[int, int, int, int] = (32, 64, 96, 192)
    hidden: int = 224
    layers: int = 2
    dropout: float = 0.15


class RecognizeNet(nn.Module):
    """The network. Index 0 among symbols is the blank."""

    def __init__(self, config: RecognizeConfig) -> None:
        super().__init__()
        self.config = config
        first, second, third, fourth = config.channels
        self.stages = nn.ModuleList(
            [
                Convolution(1, first, kernel=5, stride=2),
                Convolution(first, second, stride=2),
                Residual(second),
                Convolution(second, third),
                Residual(third),
                Convolution(third, fourth, stride=2),
                Residual(fourth),
                Residual(fourth),
            ]
        )
        seen = 2 * fourth
        widths = [seen] + [2 * config.hidden] * (config.layers - 1)
        self.layers = nn.ModuleList(BothWays(width, config.hidden) for width in widths)
        self.dropout = nn.Dropout(config.dropout)
        self.leave = nn.Linear(2 * config.hidden, FRAMES * config.symbols)
        self.shortcut = nn.Conv1d(seen, FRAMES * config.symbols, 3, padding=1)

    def forward(self, images: Tensor, widths: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """images (B, H, W) float32, 0 for paper to 1 for ink, 0 beyond each width; widths (B,) int64 columns; H and W
        are multiples of `STEP`.

        Returns log probabilities (F, B, symbols) float32 of each frame, the number of frames (B,) of each line, and,
        in training, the log probabilities of the shortcut. What stands beyond a line's width does not change its
        frames.
        """
        features = self.features(images, widths)
        steps = (widths + STEP - 1) // STEP
        hidden = features.permute(2, 0, 1)
        for layer in self.layers:
            hidden = layer(self.dropout(hidden), steps)
        main = log_frames(self.leave(self.dropout(hidden)), frames=FRAMES)
        aside = None
        if self.training:
            aside = log_frames(self.shortcut(self.dropout(features)).permute(2, 0, 1), frames=FRAMES)
        return main, FRAMES * steps, aside

    def features(self, images: Tensor, widths: Tensor) -> Tensor:
        """(B, C, T): the maximum and the mean of each column of the convolutions' output, 0 beyond each width."""
        hidden = convolved(self.stages, images, widths)
        column = (hidden.shape[2], 1)
        return torch.cat([max_pool2d(hidden, column), avg_pool2d(hidden, column)], 1).squeeze(2)
