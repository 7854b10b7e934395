"""The order and direction in which a pen passed the skeleton of a glyph: the likeliest ways through its arcs.

`OrderNet` weighs one step after the other; the search keeps the likeliest beginnings. Every piece of the skeleton is
passed, so no ink is left out. Files of weights are loaded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handwrite.core.batch import pad
from handwrite.core.checkpoint import Header, load_checkpoint, restored
from handwrite.core.device import torch_device
from handwrite.core.ink import Ink
from handwrite.core.polyline import along, evenly
from handwrite.recover.arcs import Arcs, Step, arcs_of
from handwrite.recover.glyph import TALL
from handwrite.recover.order_model import LIFTED, ArcBatch, Encoded, OrderConfig, OrderNet
from handwrite.recover.path import at_one_speed
from handwrite.recover.ways import Ways

KIND = "order"

POINTS = 7
"""Points along an arc at which its shape is seen."""

WAVES = (0.5, 1.0, 2.0)
"""Waves per glyph height in which places are seen beside their coordinates."""

FEATURES = 2 * (POINTS + 1) + 4 * len(WAVES) + 9
"""Values that are seen of an arc; see `features`."""

BEAM = 8
"""Beginnings that the search keeps."""

MOST = 500
"""Arcs of a glyph; a scrawl of more would take minutes."""

Floats = NDArray[np.float32]


class StrokeOrder:
    """Weights ready to find the order of strokes. Make one with `StrokeOrder.load`."""

    def __init__(self, net: OrderNet) -> None:
        self.net = net.eval()

    @classmethod
    def load(cls, weights: str | Path = KIND, *, device: str | torch.device = "auto") -> StrokeOrder:
        """That of a weights file, or the one that comes with the program. Raises CheckpointError."""
        checkpoint = load_checkpoint(weights, kind=KIND)
        where = torch_device(device) if isinstance(device, str) else device
        return cls(restore(checkpoint.header, checkpoint.tensors).to(where))

    def likeliest(self, glyphs: Sequence[Ways], *, beam: int = BEAM) -> list[list[tuple[Ink, float]]]:
        """The likeliest inks on each skeleton, at most `beam`, the likeliest first: at one speed, in pixels of the
        glyph, and the negative log likelihood of each. None on a skeleton of more than `MOST` arcs."""
        arcs = [arcs_of(ways) for ways in glyphs]
        few = [own for own in arcs if len(own) <= MOST]
        found = iter(self.steps(few, beam=beam) if few else [])
        return [
            [(at_one_speed(own.strokes(steps)), nats) for steps, nats in next(found)] if len(own) <= MOST else []
            for own in arcs
        ]

    @torch.inference_mode()
    def steps(self, glyphs: Sequence[Arcs], *, beam: int = BEAM) -> list[list[tuple[list[Step], float]]]:
        """The likeliest steps that pass every piece of each glyph, as `likeliest` has them."""
        batch = arc_batch(glyphs).to(self.net.enter.weight.device)
        search = _Search.begun(self.net, batch)
        while not search.over():
            search = search.next(beam)
        return search.found()


@dataclass(frozen=True)
class _Search:
    """Beginnings of the ways through B glyphs, W of each.

    nats : (B, W) the log likelihood. memory : (B, W, memory) of the net. current : (B, W) the arc that each ends with,
    -1 before the first. passes : (B, W, N / 2) how often each piece was passed. taken : of each step so far the number
    (B, W) of the beginning that it went on from, and the step (B, W), arc * 2 + lifted, or -1 where all was passed.
    """

    net: OrderNet
    arcs: ArcBatch
    encoded: Encoded
    nats: Tensor
    memory: Tensor
    current: Tensor
    passes: Tensor
    taken: tuple[tuple[Tensor, Tensor], ...] = ()

    @classmethod
    def begun(cls, net: OrderNet, arcs: ArcBatch) -> _Search:
        """Nothing written yet."""
        encoded = net.encode(arcs)
        memory = net.first(arcs, encoded)
        passes = torch.zeros_like(arcs.ends[:, None, ::2, 0])
        current = torch.full_like(passes[..., 0], -1)
        return cls(net, arcs, encoded, memory.new_zeros(current.shape), memory, current, passes)

    def _finished(self) -> Tensor:
        """(B, W) where every piece was passed."""
        usable = self.arcs.usable[:, None, ::2] | self.arcs.usable[:, None, 1::2]
        return ~((self.passes == 0) & usable).any(2)

    def over(self) -> bool:
        """Whether all beginnings that are possible have passed every piece."""
        return bool((self._finished() | self.nats.isinf()).all())

    def next(self, beam: int) -> _Search:
        """A step further, with at most so many beginnings."""
        odds = self.net.weighed(self.arcs, self.encoded, self.memory, self.current, self.passes).flatten(2)
        finished = self._finished()[..., None]
        told = odds.log_softmax(2).masked_fill(odds.isinf() | finished, -torch.inf)
        stay = torch.where(finished, 0.0, -torch.inf)
        total = self.nats[..., None] + torch.cat([told, stay], 2)
        nats, place = total.flatten(1).topk(min(beam, total[0].numel()), 1)
        parent, step = place // total.shape[2], place % total.shape[2]
        return self._moved(nats, parent, torch.where(step == odds.shape[2], -1, step))

    def _moved(self, nats: Tensor, parent: Tensor, step: Tensor) -> _Search:
        """The beginnings with these numbers (B, W), each a step further, where that is not -1."""
        rows = torch.arange(len(parent), device=parent.device)[:, None]
        arc, goes_on = step.clamp(min=0) // 2, step >= 0
        lifted = (step % 2 == LIFTED)[..., None]
        memory = self.net.recall(self.encoded, arc[..., None], lifted, self.memory[rows, parent])[:, :, 0]
        passes = self.passes[rows, parent].scatter_add(2, arc[..., None] // 2, goes_on[..., None].long())
        current = torch.where(goes_on, arc, self.current[rows, parent])
        taken = (*self.taken, (parent, step))
        return replace(self, nats=nats, memory=memory, current=current, passes=passes, taken=taken)

    def found(self) -> list[list[tuple[list[Step], float]]]:
        """The steps of each glyph's beginnings that are possible, the likeliest first, and their negative log
        likelihoods."""
        at = torch.arange(self.nats.shape[1], device=self.nats.device).expand_as(self.nats)
        history: list[NDArray[np.int64]] = []
        for parent, step in reversed(self.taken):
            history.append(step.gather(1, at).cpu().numpy())
            at = parent.gather(1, at)
        numbers = np.stack(history[::-1], 2)
        nats = -self.nats.cpu().numpy()
        return [
            [(_steps(numbers[row, column]), float(nats[row, column])) for column in np.flatnonzero(np.isfinite(own))]
            for row, own in enumerate(nats)
        ]


def _steps(numbers: NDArray[np.int64]) -> list[Step]:
    """Steps by their numbers, arc * 2 + lifted; those below 0 are none."""
    return [Step(number // 2, lifted=number % 2 == LIFTED) for number in numbers.tolist() if number >= 0]


def arc_batch(glyphs: Sequence[Arcs], unusable: Sequence[Sequence[int]] = ()) -> ArcBatch:
    """The arcs of several glyphs. unusable : of each glyph the pieces of which nothing is known, none by default."""
    ends = [np.array([(way[0], way[-1]) for way in arcs.ways]) for arcs in glyphs]
    usable = [np.array([number % 2 == 0 or not arcs.is_dot(number) for number in range(len(arcs))]) for arcs in glyphs]
    for own, pieces in zip(usable, unusable, strict=False):
        for piece in pieces:
            own[2 * piece : 2 * piece + 2] = False
    corners = [(arcs.places[own] / TALL).astype(np.float32) for arcs, own in zip(glyphs, ends, strict=True)]
    return ArcBatch(
        seen=pad([features(arcs) for arcs in glyphs]),
        ends=pad(ends),
        corners=pad(corners),
        headings=pad([arcs.headings for arcs in glyphs]),
        left=pad([np.array([arcs.places[way, 0].min() / TALL for way in arcs.ways], np.float32) for arcs in glyphs]),
        usable=pad(usable),
    )


def features(arcs: Arcs) -> Floats:
    """(N, FEATURES) what is seen of each arc, lengths in glyph heights: where it begins, as coordinates and as waves of
    `WAVES`; `POINTS` points along it from there; its headings; its length; whether it is a ring; how many pieces begin
    at each end; and how wide the pen is."""
    begins = np.array([arcs.places[way[0]] for way in arcs.ways]) / TALL
    begins = begins - arcs.places.min(axis=0) / TALL
    angles = 2 * np.pi * begins[:, None] * np.array(WAVES)[:, None]
    meeting = np.bincount([way[0] for way in arcs.ways], minlength=len(arcs.places))
    rows = []
    for way in arcs.ways:
        line = arcs.places[way] / TALL
        length = along(line)
        shape = evenly(line, POINTS + 1, way=length)[1:] - line[0]
        rows.append([*shape.ravel(), length[-1], way[0] == way[-1], meeting[way[0]], meeting[way[-1]]])
    waves = [np.sin(angles).reshape(len(arcs), -1), np.cos(angles).reshape(len(arcs), -1)]
    pen = np.full((len(arcs), 1), arcs.width / TALL)
    return np.column_stack([begins, *waves, np.array(rows), arcs.headings.reshape(len(arcs), -1), pen]).astype(
        np.float32
    )


def restore(header: Header, tensors: Mapping[str, Tensor]) -> OrderNet:
    """The network of a checkpoint. Raises CheckpointError when its config or its tensors do not fit this program."""
    config: dict[str, Any] = header.config
    return restored(lambda: OrderNet(OrderConfig(**config)), tensors)
