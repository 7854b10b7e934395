"""Soft dynamic time warping of strokes: a loss that asks for the right way, not for the right point at each step.

Cuturi and Blondel 2017, "Soft-DTW: a differentiable loss function for time-series". Hard DTW, by which recovered paths
are judged, is in `core.path_metrics`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from handwrite.core.batch import length_mask
from handwrite.recover.path import DOWN


def strokes_of(values: Tensor, pen: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """The strokes of B paths, path after path: (S, L, C), and how many steps each has, (S,) int64.

    values : (N, B, C), points or whatever else belongs to a step; gradients flow back to them. pen : (N, B) int64, what
    the pen does after each step; a stroke ends where that is not `DOWN`, and with its path. lengths : (B,) int64 from
    1, steps of each path. Beyond the end of a stroke its last step is repeated.
    """
    steps, paths, width = values.shape
    number = torch.arange(steps, device=values.device)
    inside = length_mask(lengths, steps)
    ends = inside & ((pen.T != DOWN) | (number == lengths[:, None] - 1))
    starts = inside & (ends.roll(1, 1) | (number == 0))
    first, last = (mask.flatten().nonzero()[:, 0] for mask in (starts, ends))
    within = torch.arange(int((last - first).max()) + 1, device=values.device)
    index = torch.minimum(first[:, None] + within, last[:, None])
    flat = values.transpose(0, 1).reshape(paths * steps, width)
    return flat.index_select(0, index.flatten()).reshape(*index.shape, width), last - first + 1


def either_way(
    predicted: Tensor, truth: Tensor, predicted_lengths: Tensor, truth_lengths: Tensor, *, gamma: float
) -> Tensor:
    """(S,) soft DTW to the truth or to the truth from its end to its start, whichever is less, per true point.

    The arguments are those of `soft_dtw`.
    """
    both = torch.cat([truth, _reversed(truth, truth_lengths)])
    cost = soft_dtw(predicted.tile(2, 1, 1), both, predicted_lengths.tile(2), truth_lengths.tile(2), gamma=gamma)
    return cost.reshape(2, -1).amin(0) / truth_lengths


def _reversed(strokes: Tensor, lengths: Tensor) -> Tensor:
    """Strokes (S, L, C), each from its own last point to its first."""
    backwards = lengths[:, None] - 1 - torch.arange(strokes.shape[1], device=strokes.device)
    return strokes.take_along_dim(backwards.clamp(min=0)[..., None], 1)


def soft_dtw(
    predicted: Tensor, truth: Tensor, predicted_lengths: Tensor, truth_lengths: Tensor, *, gamma: float
) -> Tensor:
    """(S,) soft DTW: the soft minimum, over all alignments of two strokes, of the sum of their squared distances.

    predicted : (S, L, 2), truth : (S, M, 2), float. predicted_lengths, truth_lengths : (S,) int64 from 1, the points
    that count. gamma : above 0, in the square of the points' unit; the minimum of a is -gamma log sum exp(-a / gamma).
    So the value may be negative, and it is least not quite at the truth itself but a little inside its bends.
    """
    ends = predicted_lengths + truth_lengths
    order = ends.argsort(descending=True)
    across, turned = (
        (strokes[order] / gamma**0.5).permute(2, 1, 0).contiguous() for strokes in (predicted, truth.flip(1))
    )
    value: Tensor = _SoftDTW.apply(across, turned, predicted_lengths[order], ends[order])  # type: ignore[no-untyped-call]
    return gamma * value[order.argsort()]


class _SoftDTW(torch.autograd.Function):
    """Soft DTW with gamma 1 of strokes (2, L, S) to strokes (2, M, S) whose last point is first, so that an
    anti-diagonal of the table of alignments is a slice of either.

    lengths : (S,) of the first. ends : (S,) of both together, falling, so that the first few outlast the others.
    """

    @staticmethod
    def forward(ctx: Any, predicted: Tensor, turned: Tensor, lengths: Tensor, ends: Tensor) -> Tensor:
        """Algorithm 1, one anti-diagonal at a time; the score of a cell, -r[i, j], is at [i + j, i].

        Kept for later is how much each of the three cells before a cell weighs in it: a softmax, which is stable where
        r is large, and whose greatest value is also what the logarithm of the sum of the exponentials wants.
        """
        scores = predicted.new_full(_table(predicted, turned), -torch.inf)
        scores[0, 0] = 0
        weights = []
        for diagonal, row, column, some in _diagonals(predicted.shape[1], turned.shape[1], ends):
            one, two = scores[diagonal - 1, :, some], scores[diagonal - 2, :, some]
            ways = torch.stack([one[_after(row)], one[row], two[row]])
            weights.append(ways.softmax(0))
            cost = (predicted[:, row, some] - turned[:, column, some]).square_().sum(0)
            cost += weights[-1].amax(0).log_()
            torch.sub(ways.amax(0), cost, out=scores[diagonal, _after(row), some])
        ctx.save_for_backward(predicted, turned, lengths, ends, *weights)
        return -scores[ends, lengths, torch.arange(len(ends), device=ends.device)]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Algorithm 2; `shares` is e, the share of the alignments that pass through a cell, times the gradient."""
        predicted, turned, lengths, ends, *weights = ctx.saved_tensors
        to_predicted, to_turned = torch.zeros_like(predicted), torch.zeros_like(turned)
        shares = predicted.new_zeros(_table(predicted, turned))
        shares[ends, lengths, torch.arange(len(ends), device=ends.device)] = gradient
        diagonals = [*_diagonals(predicted.shape[1], turned.shape[1], ends)]
        for (diagonal, row, column, some), weight in zip(diagonals[::-1], weights[::-1], strict=True):
            share = shares[diagonal, _after(row), some]
            pull = (predicted[:, row, some] - turned[:, column, some]).mul_(share)
            to_predicted[:, row, some].add_(pull)
            to_turned[:, column, some].sub_(pull)
            one, two = shares[diagonal - 1, :, some], shares[diagonal - 2, :, some]
            for cells, part in zip((one[_after(row)], one[row], two[row]), weight * share, strict=True):
                cells.add_(part)
        return 2 * to_predicted, 2 * to_turned, None, None


def _table(predicted: Tensor, turned: Tensor) -> tuple[int, int, int]:
    """The shape of the table: anti-diagonals i + j, rows i, strokes; i and j count from 1, 0 is before a stroke."""
    return predicted.shape[1] + turned.shape[1] + 1, predicted.shape[1] + 1, predicted.shape[2]


def _diagonals(rows: int, columns: int, ends: Tensor) -> Iterator[tuple[int, slice, slice, slice]]:
    """The anti-diagonals of the table: the rows that each crosses, from 0, its columns, from the last, and the strokes
    that it matters to."""
    number = torch.arange(int(ends.max()) + 1, device=ends.device)
    left = (ends >= number[:, None]).sum(1).tolist()
    for diagonal in range(2, len(left)):
        start, stop = max(diagonal - columns - 1, 0), min(diagonal - 1, rows)
        shift = columns + 1 - diagonal
        yield diagonal, slice(start, stop), slice(start + shift, stop + shift), slice(left[diagonal])


def _after(row: slice) -> slice:
    """The rows one further."""
    return slice(row.start + 1, row.stop + 1)
