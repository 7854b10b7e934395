"""The network that tells along which arc of a glyph the pen went next, and whether it was lifted before.

Self-attention over all arcs (Vaswani et al. 2017, "Attention is all you need") lets each see the whole glyph, a GRU
remembers the way so far, and a pointer (Vinyals et al. 2015, "Pointer networks") chooses among the arcs that are left
by what they are and how they lie to the pen.

Tensors only; what is seen of an arc is `order`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, relu

RELATIONS = 13
"""What is seen of how an arc lies to the pen; see `_relations`."""

NEAR = 0.02
"""Glyph heights: distances far below are all the same."""

LIFTED = 1
"""What a step adds to twice its arc when the pen is lifted before it; it adds nothing when the pen goes on."""


@dataclass(frozen=True)
class OrderConfig:
    """Sizes of the network. seen : values of an arc."""

    seen: int
    width: int = 128
    heads: int = 4
    layers: int = 4
    memory: int = 160
    dropout: float = 0.1


class ArcBatch(NamedTuple):
    """The arcs of B glyphs, padded to N; arc 2 k + 1 is arc 2 k turned round.

    seen : (B, N, F) float32. ends : (B, N, 2) int64, the places where they begin and end. corners : (B, N, 2, 2)
    float32, x and y of these, glyph heights. headings : (B, N, 2, 2) float32, unit vectors in which they leave the one
    and reach the other. left : (B, N) float32, the least x. usable : (B, N) bool, arcs that may be chosen.
    """

    seen: Tensor
    ends: Tensor
    corners: Tensor
    headings: Tensor
    left: Tensor
    usable: Tensor

    def to(self, device: torch.device) -> ArcBatch:
        """The batch on a device."""
        return ArcBatch(*(part.to(device, non_blocking=True) for part in self))


class Encoded(NamedTuple):
    """Arcs in the light of all, (B, N, width) each: as they are remembered, and as they answer to what is asked."""

    arcs: Tensor
    answers: Tensor


class OrderNet(nn.Module):
    """The network."""

    def __init__(self, config: OrderConfig) -> None:
        super().__init__()
        self.config = config
        width, memory = config.width, config.memory
        self.enter = nn.Linear(config.seen, width)
        layer = nn.TransformerEncoderLayer(
            width, config.heads, 2 * width, config.dropout, "gelu", batch_first=True, norm_first=True
        )
        self.look = nn.TransformerEncoder(layer, config.layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.begin = nn.Linear(width, memory)
        self.remember = nn.GRU(width + 1, memory, batch_first=True)
        self.ask = nn.Linear(memory + width, width)
        self.answer = nn.Linear(width, width)
        self.relate = nn.Linear(RELATIONS, width)
        self.weigh = nn.Linear(width, 2)
        self.dropout = nn.Dropout(config.dropout)

    def encode(self, arcs: ArcBatch) -> Encoded:
        """What is known of the arcs before the first step."""
        beyond = ~arcs.usable
        beyond = beyond & ~beyond.all(1, keepdim=True)  # attention to nothing is not a number
        seen: Tensor = self.look(self.enter(arcs.seen), src_key_padding_mask=beyond)
        return Encoded(seen, self.answer(seen))

    def first(self, arcs: ArcBatch, encoded: Encoded) -> Tensor:
        """(B, 1, memory): what is remembered before the first step."""
        return torch.tanh(self.begin(_mean(encoded.arcs, arcs.usable[:, None])))

    def recall(self, encoded: Encoded, chosen: Tensor, lifted: Tensor, before: Tensor) -> Tensor:
        """(B, R, S, memory): what is remembered after each of S steps along `chosen` (B, R, S), with a lift where
        `lifted`, on R ways through each glyph, that began with `before` (B, R, memory)."""
        rows = torch.arange(len(chosen), device=chosen.device)[:, None, None]
        taken = encoded.arcs[rows, chosen]
        taken = torch.cat([taken, lifted[..., None].to(taken.dtype)], 3)
        told: Tensor = self.remember(taken.flatten(0, 1), before.flatten(0, 1)[None])[0]
        return told.view(*chosen.shape, -1)

    def forward(self, arcs: ArcBatch, chosen: Tensor, lifted: Tensor) -> Tensor:
        """The steps that were taken, `chosen` (B, S) arcs, 0 beyond the end, with a lift where `lifted` (B, S): log
        odds (B, S, N, 2) of all steps that the pen might have taken instead, without and with a lift; -inf for those
        that it cannot take."""
        encoded = self.encode(arcs)
        before = self.first(arcs, encoded)
        after = self.recall(encoded, chosen[:, None], lifted[:, None], before)[:, 0]
        memory = torch.cat([before, after[:, :-1]], 1)
        pieces = one_hot(chosen // 2, arcs.usable.shape[1] // 2)
        return self.weighed(arcs, encoded, memory, _shifted(chosen), pieces.cumsum(1) - pieces)

    def weighed(self, arcs: ArcBatch, encoded: Encoded, memory: Tensor, current: Tensor, passes: Tensor) -> Tensor:
        """Log odds as of `forward`, of the next steps at S places, each for itself. memory : (B, S, memory). current :
        (B, S) the arc at whose end the pen is, -1 before the first. passes : (B, S, N / 2) how often each piece was
        passed."""
        free = (passes == 0).repeat_interleave(2, 2) & arcs.usable[:, None]
        asked = self.ask(torch.cat([memory, _mean(encoded.arcs, free).to(memory.dtype)], 2))
        relations, meets = _relations(arcs, current, free)
        hidden = asked[:, :, None] + encoded.answers[:, None] + self.relate(relations)
        odds = self.weigh(self.dropout(relu(hidden))).float()
        again = (passes == 1).repeat_interleave(2, 2) & arcs.usable[:, None]
        possible = torch.stack([meets & (free | again), free], 3)
        weighed: Tensor = odds.masked_fill(~possible, -torch.inf)
        return weighed


def _mean(encoded: Tensor, chosen: Tensor) -> Tensor:
    """(B, S, width): of encoded (B, N, width) the mean over those chosen (B, S, N), 0 of none."""
    weight = chosen.to(encoded.dtype)
    return weight @ encoded / weight.sum(2, keepdim=True).clamp(min=1)


def _shifted(chosen: Tensor) -> Tensor:
    """(B, S) the arc before each, -1 before the first."""
    return torch.cat([torch.full_like(chosen[:, :1], -1), chosen[:, :-1]], 1)


def _relations(arcs: ArcBatch, current: Tensor, free: Tensor) -> tuple[Tensor, Tensor]:
    """(B, S, N, RELATIONS) how each arc lies to a pen at the end of `current` (B, S), -1 before the first step, and
    (B, S, N) whether it begins there. free : (B, S, N) arcs that were not passed.

    The way to where it begins, its length and the logarithm of that; whether it begins here; the cosine and the sine of
    the turn into it, and of the way through the air against its direction; whether it was passed; whether it leads
    back; how far right of all that is left it begins; whether nothing was written yet.
    """
    held = current.clamp(min=0)
    begun = (current >= 0)[..., None]
    rows = torch.arange(len(current), device=current.device)[:, None]
    here, heading = arcs.corners[rows, held, 1], arcs.headings[rows, held, 1]
    way = (arcs.corners[:, None, :, 0] - here[:, :, None]) * begun[..., None]
    far = way.norm(dim=3)
    meets = (arcs.ends[:, None, :, 0] == arcs.ends[rows, held, 1][:, :, None]) & begun
    leaves = arcs.headings[:, None, :, 0]
    turn, side = _against(heading[:, :, None] * begun[..., None], leaves)
    along, aside = _against(way / (far[..., None] + NEAR), leaves)
    number = torch.arange(arcs.usable.shape[1], device=current.device)
    back = (number == (held ^ 1)[..., None]) & begun
    least = arcs.left[:, None].masked_fill(~free, torch.inf).amin(2, keepdim=True)
    right = torch.where(least.isfinite(), arcs.left[:, None] - least, 0)
    parts = (way[..., 0], way[..., 1], far, (far + NEAR).log(), meets, turn, side, along, aside, ~free, back, right)
    dtype = arcs.seen.dtype
    return torch.stack([*(part.to(dtype) for part in parts), (~begun).expand_as(far).to(dtype)], 3), meets


def _against(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Inner and outer product of vectors (..., 2)."""
    return (one * other).sum(-1), one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]
