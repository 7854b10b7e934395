"""The window against plain loops."""

from __future__ import annotations

import math

import pytest
import torch

from handwrite.synth.window import WindowState, WindowWeights, window_lstm, window_step

STEPS, BATCH, CHARACTERS, TEXT, HIDDEN, GAUSSIANS = 12, 3, 5, 4, 6, 2
LENGTHS = (5, 2, 4)


def inputs(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, WindowWeights]:
    """Gates, texts that end at their lengths, and weights that move the window about a character in two steps."""
    generator = torch.Generator().manual_seed(seed)
    new = lambda *shape: torch.randn(*shape, generator=generator) * 0.7  # noqa: E731
    text = new(BATCH, CHARACTERS, TEXT)
    for row, length in zip(text, LENGTHS, strict=True):
        row[length:] = 0
    weights = WindowWeights(new(TEXT + HIDDEN, 4 * HIDDEN), new(HIDDEN, 3 * GAUSSIANS), new(3 * GAUSSIANS))
    return new(STEPS, BATCH, 4 * HIDDEN), text, weights


def plain(gates: torch.Tensor, text: torch.Tensor, weights: WindowWeights) -> tuple[torch.Tensor, ...]:
    """The layer as a loop over `window_step`, which autograd follows."""
    device = gates.device
    state = WindowState.zeros(gates.shape[1], text=TEXT, hidden=HIDDEN, gaussians=GAUSSIANS, device=device)
    states = []
    for gate in gates:
        state, _ = window_step(gate, state, text, weights)
        states.append(state)
    return tuple(torch.stack([getattr(state, name) for state in states]) for name in ("hidden", "window", "kappa"))


def gradients(layer, gates, text, weights) -> list[torch.Tensor]:
    """What every input gets from a loss that weighs every hidden state and window differently."""
    leaves = [tensor.detach().clone().requires_grad_() for tensor in (gates, text, *weights)]
    hidden, window, _ = layer(leaves[0], leaves[1], WindowWeights(*leaves[2:]))
    generator = torch.Generator().manual_seed(9)
    loss = (hidden * torch.randn(hidden.shape, generator=generator)).sum()
    loss = loss + (window * torch.randn(window.shape, generator=generator)).sum()
    return list(torch.autograd.grad(loss, leaves))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_forward_is_the_plain_loop(seed: int) -> None:
    for got, wanted in zip(window_lstm(*inputs(seed)), plain(*inputs(seed)), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_backward_is_that_of_autograd(seed: int) -> None:
    for got, wanted in zip(gradients(window_lstm, *inputs(seed)), gradients(plain, *inputs(seed)), strict=True):
        torch.testing.assert_close(got, wanted, rtol=2e-3, atol=1e-4)
        assert wanted.abs().max() > 0.01, "an input without a gradient would test nothing"


def test_the_hidden_states_alone_or_the_windows_alone_give_gradients() -> None:
    for chosen in (0, 1):
        both = []
        for layer in (window_lstm, plain):
            gates, text, weights = inputs()
            gates.requires_grad_()
            layer(gates, text, weights)[chosen].square().sum().backward()
            both.append(gates.grad)
        torch.testing.assert_close(*both, rtol=2e-3, atol=1e-4)


def test_autocast_is_near() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        near = gradients(window_lstm, *inputs())
    for got, wanted in zip(near, gradients(plain, *inputs()), strict=True):
        assert got.dtype == torch.float32
        assert (got - wanted).norm() < 0.1 * wanted.norm()


def test_padding_of_the_text_changes_nothing() -> None:
    gates, text, weights = inputs()
    padded = torch.cat([text, torch.zeros(BATCH, 7, TEXT)], 1)
    for got, wanted in zip(window_lstm(gates, padded, weights), window_lstm(gates, text, weights), strict=True):
        torch.testing.assert_close(got, wanted)
    short = gradients(window_lstm, gates, text, weights)
    for index, (got, wanted) in enumerate(zip(gradients(window_lstm, gates, padded, weights), short, strict=True)):
        torch.testing.assert_close(got[:, :CHARACTERS] if index == 1 else got, wanted, rtol=1e-3, atol=1e-5)


def test_phi_is_equation_46_and_the_window_equation_47() -> None:
    gates, text, weights = inputs()
    state = WindowState.zeros(BATCH, text=TEXT, hidden=HIDDEN, gaussians=GAUSSIANS, device=gates.device)
    kappa = [[0.0] * GAUSSIANS for _ in range(BATCH)]
    for gate in gates:
        state, phi = window_step(gate, state, text, weights)
        raw = (state.hidden @ weights.attend + weights.bias).tolist()
        for b in range(BATCH):
            for k in range(GAUSSIANS):
                kappa[b][k] += math.log1p(math.exp(raw[b][2 * GAUSSIANS + k]))
            for u in range(1, CHARACTERS + 2):
                wanted = 0.0
                for k in range(GAUSSIANS):
                    alpha, beta = math.exp(raw[b][k]), math.exp(raw[b][GAUSSIANS + k])
                    wanted += alpha * math.exp(-beta * (kappa[b][k] - u) ** 2)
                assert float(phi[b, u - 1]) == pytest.approx(wanted, rel=1e-3, abs=1e-6)
            window = sum(float(phi[b, u]) * text[b, u] for u in range(CHARACTERS))
            torch.testing.assert_close(state.window[b], window, rtol=1e-4, atol=1e-5)
    assert state.kappa.min() > 1, "the window must have moved"
