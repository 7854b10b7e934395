"""The recovery network: a glyph in, the path of the pen out, step by step.

Convolutions and a bidirectional GRU over the columns encode the image; a GRU decoder with temporal attention emits
offsets at equal steps of way and what the pen does (after Rabhi et al. 2020, "Handwriting trajectory recovery using
end-to-end deep encoder-decoder network"). The offset is a mixture of Gaussians (Graves 2013, eq. 18-25), because a pen
may go either way. How fast it goes is refined at the end (`tempo`). The first GRU sees only what is around the pen and
where it has been, so that with a known path nothing waits for the step before it: the attention of all steps is one
product.

Tensors only: images to tensors is the work of `batch` and `predict`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, relu, softplus

from handwrite.core.layers import BothWays, Convolution, Residual, convolved
from handwrite.recover.attention import CellPointer, Columns, CoverageAttention
from handwrite.recover.path import HOVER, START, UP
from handwrite.recover.tempo import Tempo
from handwrite.recover.view import CELL, PATCH, ROWS

PENS, PENS_FED = 3, 5
"""What the pen may do after a step, and may have done before it."""

FED = 2 + PENS_FED + 2
"""Values that a step is told of the one before it: its offset, what the pen did, and where it is in the glyph."""

PARTS = 6
"""Numbers of a component: its weight, two means, two deviations, a correlation."""

PER_UNIT = 4.0
"""Pixels in a unit of the net's offsets."""

NARROWEST = 0.05
"""Least standard deviation of a component, in those units."""


@dataclass(frozen=True)
class RecoverConfig:
    """Sizes of the network. scripts are the writing systems that it can be told, by their ISO 15924 codes; channels are
    those of the stages."""

    scripts: tuple[str, ...] = ()
    channels: tuple[int, int, int] = (24, 48, 96)
    columns: int = 96
    values: int = 128
    attention: int = 64
    patch: int = 160
    script: int = 16
    hidden: int = 256
    mixtures: int = 8
    tempo: int = 64
    dropout: float = 0.1


@dataclass(frozen=True)
class Encoded:
    """Glyphs as the decoder sees them: their columns, their cells (B, M, ROWS, A), and their scripts (B, S)."""

    columns: Columns
    cells: Tensor
    script: Tensor

    def only(self, rows: Sequence[int]) -> Encoded:
        """Some of the glyphs."""
        parts = self.columns
        columns = Columns(parts.keys[rows], parts.values[rows], parts.inside[rows])
        return Encoded(columns, self.cells[rows], self.script[rows])


class Moves(NamedTuple):
    """What the net expects of steps, of each of K components.

    log_weight : (..., K) log of their weights. mean, deviation : (..., K, 2) pixels. correlation : (..., K).
    pen : (..., 3) log probabilities of what the pen does after the step.
    """

    log_weight: Tensor
    mean: Tensor
    deviation: Tensor
    correlation: Tensor
    pen: Tensor


class RecoverNet(nn.Module):
    """The network. `encode` once, then `steps` for a whole path or one step of it at a time."""

    def __init__(self, config: RecoverConfig) -> None:
        super().__init__()
        self.config = config
        first, second, third = config.channels
        self.stages = nn.ModuleList(
            [
                Convolution(1, first, kernel=5, stride=2),
                Convolution(first, second, stride=2),
                Residual(second),
                Convolution(second, third, stride=2),
                Residual(third),
                Residual(third),
            ]
        )
        self.flatten = nn.Linear(third * ROWS, config.values)
        self.columns = BothWays(config.values, config.columns, cell=nn.GRU)
        self.values = nn.Linear(config.values + 2 * config.columns + 1, config.values)
        self.keys = nn.Linear(config.values, config.attention)
        self.look = nn.Linear(PATCH, config.patch)
        self.script = nn.Embedding(len(config.scripts) + 1, config.script)
        self.before = nn.GRU(config.patch + FED + config.script, config.hidden)
        self.attention = CoverageAttention(query=config.hidden, rows=ROWS, size=config.attention)
        self.after = nn.GRU(config.hidden + config.values + ROWS + 2 + 1, config.hidden)
        self.leave = nn.Linear(config.hidden + 2, config.mixtures * PARTS + PENS)
        self.cell = nn.Linear(third, config.attention)
        self.column = nn.Linear(config.values, ROWS * config.attention)
        self.pointer = CellPointer(query=config.hidden, size=config.attention)
        self.dropout = nn.Dropout(config.dropout)
        self.tempo = Tempo(config.tempo)

    def forward(
        self,
        images: Tensor,
        widths: Tensor,
        scripts: Tensor,
        patches: Tensor,
        fed: Tensor,
        rest: Tensor,
        points: Tensor,
        point_counts: Tensor,
    ) -> tuple[Moves, Tensor, Tensor]:
        """What is expected of the steps of known paths, and of their tempo; see `encode`, `steps` and `Tempo`."""
        moves, cells, _ = self.steps(self.encode(images, widths, scripts), patches, fed, rest)
        return moves, cells, self.tempo(points, point_counts)

    def encode(self, images: Tensor, widths: Tensor, scripts: Tensor) -> Encoded:
        """images (B, HEIGHT, W) float32 from 0 for paper to 1 for ink, W a multiple of `CELL`; widths (B,) columns;
        scripts (B,) 0 for an unknown one, else 1 more than the place among those of the config."""
        hidden = convolved(self.stages, images, widths)
        lengths = (widths + CELL - 1) // CELL
        seen = relu(self.flatten(hidden.permute(3, 0, 1, 2).flatten(2)))  # (W / CELL, B, values)
        number = torch.arange(len(seen), device=images.device)
        place = (number / ROWS)[:, None, None].expand(-1, len(images), 1).to(seen.dtype)
        values = relu(self.values(torch.cat([seen, self.columns(seen, lengths), place], -1))).transpose(0, 1)
        own = self.cell(hidden.permute(0, 3, 2, 1))  # (B, W / CELL, ROWS, A)
        cells = own + self.column(values).view_as(own)
        return Encoded(Columns(self.keys(values), values, number < lengths[:, None]), cells, self.script(scripts))

    def steps(
        self,
        encoded: Encoded,
        patches: Tensor,
        fed: Tensor,
        rest: Tensor,
        state: tuple[Tensor | None, Tensor | None] = (None, None),
    ) -> tuple[Moves, Tensor, tuple[Tensor, Tensor]]:
        """What is expected of N steps, and the state after them.

        Where the pen is in the air, after it was lifted or before it begins, it flies to a cell instead of moving by an
        offset: the second result (J, M * ROWS) holds log probabilities of the cells, for these steps in their order.

        patches (N, B, PATCH), fed (N, B, FED), rest (B, N, M, ROWS): what is around the pen, the step before, and the
        share of each cell that is left, all before each step. state : after the steps before these.
        """
        script = encoded.script.expand(len(fed), -1, -1)
        seen = torch.cat([relu(self.look(patches.float() / 255)), fed, script], -1)
        hidden, first = self.before(seen, state[0])
        context, left, weights = self.attention(hidden.transpose(0, 1), encoded.columns, rest)
        aim = (_middle(weights, left) - fed.transpose(0, 1)[..., -2:]).transpose(0, 1)
        all_left = rest.sum((2, 3)).T[..., None] / ROWS
        joint = [self.dropout(hidden), context.transpose(0, 1), left.transpose(0, 1), aim, all_left]
        hidden, second = self.after(torch.cat(joint, -1), state[1])
        moves = self._moves(self.leave(torch.cat([self.dropout(hidden), aim], -1)).float())
        step, row = flying(fed).nonzero(as_tuple=True)
        cells = self.pointer(hidden[step, row], encoded.cells[row], rest[row, step], encoded.columns.inside[row])
        return moves, cells, (first, second)

    def _moves(self, raw: Tensor) -> Moves:
        count = self.config.mixtures
        sizes = [count, 2 * count, 2 * count, count, PENS]
        weight, mean, deviation, correlation, pen = torch.split(raw, sizes, -1)
        return Moves(
            log_weight=log_softmax(weight, -1),
            mean=PER_UNIT * mean.reshape(*mean.shape[:-1], count, 2),
            deviation=PER_UNIT * (softplus(deviation) + NARROWEST).reshape(*mean.shape[:-1], count, 2),
            correlation=0.95 * torch.tanh(correlation),
            pen=log_softmax(pen, -1),
        )


def flying(fed: Tensor) -> Tensor:
    """(N, B) bool, whether the pen is in the air before each step (N, B, FED), and not yet over where it lands."""
    return fed[..., 2 + UP] + fed[..., 2 + START] > 0


def landing(fed: Tensor) -> Tensor:
    """(N, B) bool, whether the pen hovers before each step (N, B, FED), which puts it down."""
    return fed[..., 2 + HOVER] > 0


def _middle(weights: Tensor, left: Tensor) -> Tensor:
    """(..., 2) the middle, in heights of a glyph, of the columns under weights (..., M) and of what is left there (...,
    ROWS)."""
    x = weights @ (torch.arange(weights.shape[-1], device=weights.device) + 0.5)
    y = left @ (torch.arange(ROWS, device=left.device) + 0.5) / (left.sum(-1) + 1e-3)
    return torch.stack([x, y], -1) / ROWS


def log_density(moves: Moves, offsets: Tensor) -> Tensor:
    """Log density (...,) of offsets (..., 2) in pixels under the mixture; Graves 2013, eq. 24-25."""
    away = (offsets[..., None, :] - moves.mean) / moves.deviation
    left = 1 - moves.correlation.square()
    square = away.square().sum(-1) - 2 * moves.correlation * away.prod(-1)
    log_normal = -square / (2 * left) - moves.deviation.log().sum(-1) - 0.5 * left.log() - math.log(2 * math.pi)
    return torch.logsumexp(moves.log_weight + log_normal, -1)
