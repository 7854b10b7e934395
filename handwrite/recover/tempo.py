"""The tempo of a path: how fast the pen went at each point, told by a bidirectional GRU from the shape alone.

A decoder says where the pen goes next without knowing what comes after; a second net sees the whole path and refines
it, as in Rabhi et al. 2020. Where the pen went is settled by the ink, so what is refined is when it was there.
Paths are seen as the metrics see them (`core.path_metrics.Trace`): points of equal spacing, in glyph heights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handwrite.core.batch import pad
from handwrite.core.ink import Ink
from handwrite.core.layers import BothWays
from handwrite.core.path_metrics import STEP, Trace, glyph_height, trace_of
from handwrite.core.polyline import along
from handwrite.recover.glyph import TALL
from handwrite.recover.path import GAP, SPEED, one_after_another

SEEN = 9
"""Values that are seen at a point; see `seen_of`."""

REACH = 3
"""Points ahead and behind, within the stroke, to which a direction is seen."""

HOP = 0.25
"""Glyph heights: the unit of the pen's way from one stroke to the next."""

SLOWEST = 0.05
"""Of the median speed; slower counts as that slow."""

STEADY = 0.05
"""Standard deviation of log speed up to which nobody wrote: the clock was made up."""

SHAKING, STIFF = 0.012, 1.5
"""In training a path is moved by noise of so many glyph heights at most, as a standard deviation, that changes over so
many points: as far as one that was found beside the true one."""

Floats = NDArray[np.float32]


class Tempo(nn.Module):
    """Two bidirectional recurrent layers over the points of a path."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.first = BothWays(SEEN, hidden, cell=nn.GRU)
        self.second = BothWays(2 * hidden, hidden, cell=nn.GRU)
        self.leave = nn.Linear(2 * hidden, 1)

    def forward(self, seen: Tensor, lengths: Tensor) -> Tensor:
        """seen (N, B, SEEN) of paths of lengths (B,): (N, B) log speeds, each path's up to a constant."""
        told: Tensor = self.leave(self.second(self.first(seen, lengths), lengths))
        return told[..., 0].float()

    @torch.inference_mode()
    def timed(self, inks: Sequence[Ink]) -> list[Ink]:
        """The inks of glyphs with the clocks that the net finds likely, at a typical writer's mean speed."""
        written = [ink for ink in inks if len(ink)]
        if not written:
            return list(inks)
        traces = [trace_of(ink, glyph_height(ink)) for ink in written]
        seen = pad([seen_of(trace) for trace in traces], time_first=True).to(self.leave.weight.device)
        log_speeds = self(seen, torch.tensor([len(trace) for trace in traces], device=seen.device)).cpu().numpy()
        timed = iter(
            [
                with_tempo(ink, np.split(speeds[: len(trace)], np.flatnonzero(np.diff(trace.stroke)) + 1))
                for ink, trace, speeds in zip(written, traces, log_speeds.T.astype(np.float64), strict=True)
            ]
        )
        return [next(timed) if len(ink) else ink for ink in inks]


def seen_of(trace: Trace) -> Floats:
    """(N, SEEN): of each point the way to the point `REACH` ahead and from the one as far behind, in so many `STEP`;
    the way through the air to where a stroke begins, in `HOP`; whether it begins, whether it ends; how far it is below
    the highest point."""
    xy, stroke = trace.xy, trace.stroke
    index = np.arange(len(xy))
    first, last = np.searchsorted(stroke, stroke), np.searchsorted(stroke, stroke, side="right") - 1
    ahead = xy[np.minimum(index + REACH, last)] - xy
    behind = xy - xy[np.maximum(index - REACH, first)]
    begins, ends = index == first, index == last
    hop = np.where(begins[:, None], np.diff(xy, axis=0, prepend=xy[:1]), 0) / HOP
    below = xy[:, 1] - xy[:, 1].min()
    return np.column_stack([ahead / (REACH * STEP), behind / (REACH * STEP), hop, begins, ends, below]).astype(
        np.float32
    )


def true_tempo(trace: Trace) -> Floats:
    """(N,) log speeds, NaN where they are unknown; everywhere in ink whose clock was made up."""
    known = np.isfinite(trace.speed)
    tempo = np.full(len(trace), np.nan, np.float32)
    if known.any():
        least = SLOWEST * np.median(trace.speed[known])
        tempo[known] = np.log(np.maximum(trace.speed[known], least))
    if not known.any() or tempo[known].std() < STEADY:
        tempo[:] = np.nan
    return tempo


def shaken(trace: Trace, rng: np.random.Generator) -> Trace:
    """The trace a little beside its path; where it is seen, not how fast it went."""
    weights = np.exp(-np.square(np.arange(-4, 5) / STIFF) / 2)
    weights *= rng.uniform(0, SHAKING) / np.sqrt(np.square(weights).sum())
    noise = rng.standard_normal((len(trace) + len(weights) - 1, 2))
    aside = np.stack([np.convolve(axis, weights, "valid") for axis in noise.T], 1)
    return Trace(trace.xy + aside, trace.direction, trace.speed, trace.stroke)


def mistimed(found: Tensor, true: Tensor) -> Tensor:
    """The mean square by which log speeds (N, B), each path's less its mean, differ from true ones; 0 of none that are
    known."""
    known = ~true.isnan()
    counts = known.sum(0).clamp(min=1)

    def centred(tempo: Tensor) -> Tensor:
        tempo = torch.where(known, tempo, 0)
        return torch.where(known, tempo - tempo.sum(0) / counts, 0)

    return (centred(found) - centred(true)).square().sum() / known.sum().clamp(min=1)


def with_tempo(ink: Ink, log_speeds: Sequence[NDArray[np.float64]]) -> Ink:
    """The ink with a clock. log_speeds : of each stroke at points of equal spacing along it, up to a constant; the mean
    speed is `SPEED`."""
    height = glyph_height(ink)
    strokes, ways = [], []
    for stroke, log_speed in zip(ink.strokes(), log_speeds, strict=True):
        way = along(stroke) / height
        slowness = np.exp(-np.interp(way, np.linspace(0, way[-1], len(log_speed)), log_speed))
        times = np.concatenate([[0], np.cumsum(np.diff(way) * (slowness[1:] + slowness[:-1]) / 2)])
        strokes.append(np.column_stack([stroke[:, :2], times]))
        ways.append(way[-1])
    whole = sum(stroke[-1, 2] for stroke in strokes)
    scale = sum(ways) / SPEED / whole if whole else 1.0
    return one_after_another([stroke * np.array([1, 1, scale]) for stroke in strokes], gap=(GAP[0], GAP[1] / TALL))
