"""The network that tells, of all strokes of a path at once, which way each was drawn and which came first.

A decoder commits itself stroke by stroke; a bidirectional GRU over the whole path refines it, as in Rabhi et al. 2020.
It learns from ink alone, which needs no pictures: so it sees far more writing than the decoder does.

Tensors only; what is seen of a path is `order`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from handwrite.core.batch import length_mask
from handwrite.core.layers import BothWays


@dataclass(frozen=True)
class OrderConfig:
    """Sizes of the network. seen : values of a point."""

    seen: int
    hidden: int = 96
    dropout: float = 0.1


class OrderNet(nn.Module):
    """Two bidirectional recurrent layers over the points of a path, and of each stroke the mean."""

    def __init__(self, config: OrderConfig) -> None:
        super().__init__()
        self.config = config
        self.first = BothWays(config.seen, config.hidden, cell=nn.GRU)
        self.second = BothWays(2 * config.hidden, config.hidden, cell=nn.GRU)
        self.dropout = nn.Dropout(config.dropout)
        self.leave = nn.Linear(2 * config.hidden, 2)

    def forward(self, seen: Tensor, lengths: Tensor, stroke: Tensor, strokes: int) -> tuple[Tensor, Tensor]:
        """seen (N, B, F) of paths of lengths (B,); stroke (N, B) the number of each point's stroke, below `strokes`.

        Returns, (B, strokes) each: the logit that a stroke was drawn the other way round, and how late it came, on a
        scale on which differences are logits of one coming after the other. Numbers without a point mean nothing.
        """
        hidden = self.second(self.dropout(self.first(seen, lengths)), lengths)
        inside = length_mask(lengths, len(seen)).T[..., None].to(hidden.dtype)
        place = (stroke + strokes * torch.arange(seen.shape[1], device=seen.device)).flatten()
        rows = hidden.new_zeros(seen.shape[1] * strokes, hidden.shape[2])
        sums = rows.index_add(0, place, (hidden * inside).flatten(0, 1))
        counts = rows[:, :1].index_add(0, place, inside.flatten(0, 1))
        told = self.leave(self.dropout(sums / counts.clamp(min=1))).float()
        turned, late = told.view(seen.shape[1], strokes, 2).unbind(2)
        return turned, late
