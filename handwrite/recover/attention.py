"""Additive attention over the columns of a glyph, with coverage: where to look, knowing what is left to write.

Bahdanau, Cho and Bengio 2015, "Neural machine translation by jointly learning to align and translate", eq. 5-6; the
coverage of Tu et al. 2016, "Modeling coverage for neural machine translation", here not what was attended to but the
ink itself that the pen has not passed yet.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Columns:
    """The columns of B glyphs from left to right. keys : (B, M, A). values : (B, M, V). inside : (B, M) bool, false
    beyond a glyph."""

    keys: Tensor
    values: Tensor
    inside: Tensor


class CoverageAttention(nn.Module):
    """Weighs columns for queries; all steps of a path at once or one at a time."""

    def __init__(self, *, query: int, rows: int, size: int) -> None:
        super().__init__()
        self.ask = nn.Linear(query, size)
        self.cover = nn.Linear(rows, size, bias=False)
        self.energy = nn.Linear(size, 1, bias=False)

    def forward(self, queries: Tensor, columns: Columns, rest: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """queries (B, N, Q), rest (B, N, M, R) the share of each cell of each column that is still to be written.

        Returns the weighted values (B, N, V), the weighted rest (B, N, R), and the weights (B, N, M), which sum to 1.
        """
        hidden = torch.tanh(columns.keys[:, None] + self.ask(queries)[:, :, None] + self.cover(rest))
        energy = self.energy(hidden)[..., 0].float()
        weights = energy.masked_fill(~columns.inside[:, None], -torch.inf).softmax(-1)
        left = (weights[:, :, None] @ rest)[:, :, 0]
        return weights.to(columns.values.dtype) @ columns.values, left, weights


class CellPointer(nn.Module):
    """Points at the cell in which the next stroke begins (Vinyals, Fortunato and Jaitly 2015, "Pointer networks", eq.
    3), knowing what is left to write in each."""

    def __init__(self, *, query: int, size: int) -> None:
        super().__init__()
        self.ask = nn.Linear(query, size)
        self.cover = nn.Linear(2, size, bias=False)
        self.energy = nn.Linear(size, 1, bias=False)

    def forward(self, queries: Tensor, cells: Tensor, rest: Tensor, inside: Tensor) -> Tensor:
        """queries (J, Q), cells (J, M, R, A), rest (J, M, R) the share of each that is still to be written, inside
        (J, M) bool: (J, M * R) log probabilities."""
        left = torch.stack([rest, (rest > 0).to(rest.dtype)], -1)
        hidden = torch.tanh(cells + self.ask(queries)[:, None, None] + self.cover(left))
        energy = self.energy(hidden)[..., 0].float().masked_fill(~inside[..., None], -torch.inf)
        log_probabilities: Tensor = energy.flatten(1).log_softmax(-1)
        return log_probabilities
