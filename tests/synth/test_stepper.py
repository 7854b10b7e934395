"""The quick step of sampling against the network's own step."""

from __future__ import annotations

import pytest
import torch

from handwrite.synth.model import SynthConfig, SynthNet
from handwrite.synth.stepper import SINGLE, Stepper

CONFIG = SynthConfig(
    symbols=6, writers=3, hidden=12, text_channels=5, style_channels=4, gaussians=3, components=2, dropout=0.0
)


@torch.no_grad()
@pytest.mark.parametrize("batch", [1, SINGLE + 2])
def test_same_as_the_network_and_after_rows_are_dropped(batch: int) -> None:
    torch.manual_seed(1)
    net = SynthNet(CONFIG).eval()
    text = net.read(torch.randint(1, 6, (batch, 7)))
    style = net.writer(torch.arange(batch) % 3) + 1
    state, stepper = net.start(batch), Stepper(net, text, style)
    for turn in range(12):
        if turn == 6:
            rows = torch.arange(0, batch, 2)
            stepper.keep(rows)
            text, style = text[rows], style[rows]
            state = type(state)(type(state.first)(*(part[rows] for part in state.first)), *(s[rows] for s in state[1:]))
        offset = torch.randn(len(text), 3)
        values, phi, state = net.step(offset, text, style, state)
        quick_values, quick_phi = stepper.step(offset)
        torch.testing.assert_close(quick_values, values, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(quick_phi, phi, atol=1e-5, rtol=1e-5)
    assert float(phi.std()) > 0
