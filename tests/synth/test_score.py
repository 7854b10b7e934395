from __future__ import annotations

import torch
from torch import Tensor, nn

from handwrite.core.batch import InkBatch
from handwrite.synth.mixture import outputs
from handwrite.synth.score import score

STEPS, LINES = 400, 6


class Recorder(nn.Module):
    """Keeps the offsets that it is shown and expects no movement."""

    def forward(self, offsets: Tensor, symbols: Tensor, writer: Tensor) -> tuple[Tensor, Tensor]:
        self.shown = offsets
        return torch.zeros(*offsets.shape[:2], outputs(1)), torch.zeros(0)


def batch() -> InkBatch:
    offsets = torch.ones(STEPS, LINES, 3)
    ones = torch.ones(LINES, dtype=torch.int64)
    return InkBatch(offsets, STEPS * ones, ones[:, None], ones)


def test_without_noise_the_model_is_shown_the_offsets() -> None:
    model = Recorder()
    score(model, batch())
    torch.testing.assert_close(model.shown, torch.ones(STEPS - 1, LINES, 3))


def test_noise_disturbs_what_is_shown_and_not_what_is_asked_for() -> None:
    torch.manual_seed(0)
    model = Recorder()
    scores = score(model, batch(), noise=0.5)
    disturbance = model.shown - 1
    deviation = disturbance[..., :2].std((0, 2))
    assert not disturbance[..., 2].any(), "the pen is never disturbed"
    assert (deviation < 0.55).all()
    assert deviation.max() > 3 * deviation.min(), "each line draws its own strength"
    torch.testing.assert_close(scores.error, torch.ones(LINES * (STEPS - 1), 2))
