"""The network: all steps at once against one step at a time."""

from __future__ import annotations

import torch

from handwrite.synth.mixture import outputs
from handwrite.synth.model import SynthConfig, SynthNet

CONFIG = SynthConfig(symbols=6, writers=3, hidden=16, text_channels=8, style_channels=4, gaussians=3, components=2)
SYMBOLS = torch.tensor([[1, 2, 3, 4], [5, 1, 0, 0]])
WRITER = torch.tensor([0, 2])


def net() -> SynthNet:
    torch.manual_seed(3)
    return SynthNet(CONFIG).eval()


def offsets(steps: int = 20) -> torch.Tensor:
    return torch.randn(steps, 2, 3, generator=torch.Generator().manual_seed(4))


@torch.no_grad()
def test_forward_is_step_after_step() -> None:
    model = net()
    values, kappa = model(offsets(), SYMBOLS, WRITER)
    text, style, state = model.read(SYMBOLS), model.writer(WRITER), model.start(2)
    assert values.shape == (20, 2, outputs(2))
    for step, offset in enumerate(offsets()):
        got, phi, state = model.step(offset, text, style, state)
        torch.testing.assert_close(got, values[step], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(state.first.kappa, kappa[step], rtol=1e-4, atol=1e-5)
        assert phi.shape == (2, 5)


@torch.no_grad()
def test_a_line_does_not_feel_the_padding_of_its_batch() -> None:
    model = net()
    together, _ = model(offsets(), SYMBOLS, WRITER)
    alone, _ = model(offsets()[:, 1:], SYMBOLS[1:, :2], WRITER[1:])
    torch.testing.assert_close(together[:, 1:], alone, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_letter_knows_its_neighbours_and_a_writer_their_hand() -> None:
    model = net()
    with_neighbour = model.read(torch.tensor([[1, 2]]))[0, 0]
    assert not torch.allclose(with_neighbour, model.read(torch.tensor([[1, 3]]))[0, 0])
    assert model.read(torch.tensor([[1, 0]]))[0, 1].abs().max() == 0
    assert model.writer.weight[0].abs().max() == 0
    own = [model(offsets(), SYMBOLS, torch.tensor([writer, 0]))[0][:, 0] for writer in (0, 1)]
    assert not torch.allclose(*own)


def test_the_window_starts_at_the_pace_of_writing() -> None:
    model = net()
    _, kappa = model(torch.zeros(100, 1, 3), SYMBOLS[:1], WRITER[:1])
    assert 3 < float(kappa[-1].mean()) < 12, "0.06 characters a point"
    assert not kappa.requires_grad
