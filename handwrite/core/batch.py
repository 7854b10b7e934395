"""Batches: samples of unlike length as padded tensors that carry their lengths, and the plan of who sits with whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class InkBatch:
    """Ink with its texts and writers.

    offsets : (T, B, 3) float32, normalized dx, dy, pen_up; zero beyond a sample's end. lengths : (B,) int64.
    symbols : (B, U) int64, 0 beyond a text's end. writer : (B,) int64, 0 for nobody in particular,
    or styles (B, S) float32.
    """

    offsets: Tensor
    lengths: Tensor
    symbols: Tensor
    writer: Tensor

    @property
    def mask(self) -> Tensor:
        """(T, B) bool, true where there is a point."""
        return length_mask(self.lengths, self.offsets.shape[0]).T

    def to(self, device: torch.device) -> InkBatch:
        """The batch on a device."""
        parts = (self.offsets, self.lengths, self.symbols, self.writer)
        return InkBatch(*(part.to(device, non_blocking=True) for part in parts))


@dataclass(frozen=True)
class LineBatch:
    """Normalized lines with their texts.

    images : (B, H, W) float32, 0 for paper to 1 for ink, 0 beyond a line's width. widths : (B,) int64 columns.
    symbols : (B, U) int64, 0 beyond a text's end.
    """

    images: Tensor
    widths: Tensor
    symbols: Tensor

    def to(self, device: torch.device) -> LineBatch:
        """The batch on a device."""
        return LineBatch(*(part.to(device, non_blocking=True) for part in (self.images, self.widths, self.symbols)))


def line_batch(lines: Sequence[NDArray[np.uint8]], symbols: Sequence[NDArray[np.int64]], *, multiple: int) -> LineBatch:
    """A batch of lines (H, w_i) uint8, 255 for ink, and the indices of their texts; W is a multiple of `multiple`."""
    columns = pad([line.T for line in lines], multiple=multiple)
    widths = torch.tensor([line.shape[1] for line in lines])
    return LineBatch(columns.transpose(1, 2).float() / 255, widths, pad(symbols))


def length_mask(lengths: Tensor, size: int) -> Tensor:
    """(B, size) bool, true below each length."""
    return torch.arange(size, device=lengths.device) < lengths[:, None]


def pad(
    arrays: Sequence[NDArray[np.generic]], *, time_first: bool = False, multiple: int = 1, beyond: float = 0
) -> Tensor:
    """Arrays (n_i, ...) as one tensor (B, N, ...) or (N, B, ...), `beyond` after each end; N is a multiple of
    `multiple`."""
    size = -(-max((len(array) for array in arrays), default=0) // multiple) * multiple
    whole = np.full((len(arrays), size, *arrays[0].shape[1:]), beyond, arrays[0].dtype)
    for row, array in zip(whole, arrays, strict=True):
        row[: len(array)] = array
    return torch.from_numpy(np.ascontiguousarray(whole.swapaxes(0, 1)) if time_first else whole)


def bucket(lengths: NDArray[np.int64], *, budget: int, generator: np.random.Generator) -> list[NDArray[np.int64]]:
    """Indices in batches of like length, so that padding is rare, in random order.

    Lengths are jittered by a tenth before sorting, so that the company changes each time. A batch holds as many
    samples as fit `budget` when padded to its longest, and at least one.
    """
    order = np.argsort(lengths * generator.uniform(0.95, 1.05, len(lengths)), kind="stable")
    batches, start = [], 0
    for stop in range(1, len(order) + 1):
        longest = int(lengths[order[start : stop + 1]].max())
        if stop == len(order) or longest * (stop + 1 - start) > budget:
            batches.append(order[start:stop])
            start = stop
    return [batches[index] for index in generator.permutation(len(batches))]
