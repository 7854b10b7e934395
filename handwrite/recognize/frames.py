"""Frames of the recognition networks: how what they emit becomes log probabilities."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import log_softmax


def log_frames(steps: Tensor, *, frames: int) -> Tensor:
    """Steps (T, B, frames * symbols), each of so many frames, as log probabilities (T * frames, B, symbols) float32, in
    order of time."""
    length, batch, _ = steps.shape
    ordered = steps.view(length, batch, frames, -1).transpose(1, 2).reshape(length * frames, batch, -1)
    return log_softmax(ordered.float(), -1)
