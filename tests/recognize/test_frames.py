"""Frames of the recognition networks: they stand in order of time."""

from __future__ import annotations

import torch

from handwrite.recognize.frames import log_frames


def test_frames_stand_in_order() -> None:
    steps = torch.arange(3 * 1 * 2 * 4, dtype=torch.float32).view(3, 1, 2 * 4) ** 2 / 10
    torch.testing.assert_close(log_frames(steps, frames=2), steps.view(3 * 2, 1, 4).log_softmax(-1))
