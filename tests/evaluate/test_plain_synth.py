"""The plain loop is the same network as the sampler's."""

from __future__ import annotations

import torch

from handwrite.evaluate.plain_synth import PlainNet, draw_plainly
from handwrite.synth.model import SynthConfig, SynthNet
from handwrite.synth.sampler import max_points

CONFIG = SynthConfig(symbols=96, writers=2, hidden=32, text_channels=8, style_channels=4, gaussians=3, components=2)


@torch.no_grad()
def test_the_plain_loop_is_the_same_network() -> None:
    torch.manual_seed(0)
    net = SynthNet(CONFIG).eval()
    plain, text, writer = PlainNet(net), net.read(torch.randint(1, 90, (3, 6))), torch.ones(3).long()
    state, plain_state = net.start(3), plain.start(3, 8, 3)
    for _ in range(10):
        offset = torch.randn(3, 3)
        values, phi, state = net.step(offset, text, net.writer(writer), state)
        plain_values, plain_phi, plain_state = plain(offset, text, writer, plain_state)
        torch.testing.assert_close(plain_values, values, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(plain_phi, phi, atol=1e-5, rtol=1e-5)


def test_every_text_is_drawn_and_no_longer_than_it_may_be() -> None:
    torch.manual_seed(0)
    texts = [torch.arange(1, 4).numpy(), torch.arange(1, 8).numpy()]
    points = draw_plainly(SynthNet(CONFIG).eval(), texts, seed=0)
    assert 2 <= points <= max_points(3) + max_points(7)
