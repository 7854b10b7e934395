"""The LSTM layer with the soft window: Graves 2013, section 5.1, as one differentiable function.

The window is fed back into the layer, so that no fused LSTM serves and time needs a loop. Autograd through such a loop
is slow; `window_lstm` therefore runs the loop itself, forward and backward, keeps the states in float32, does the
matrix products in the dtype of autocast, and gathers all weight gradients in one product each at the end.
`window_step` is one step of the same, in the plain form that the fast ones are tested against.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus


class WindowWeights(NamedTuple):
    """Weights of the layer: E text channels, H hidden units, K Gaussians.

    recurrent : (E + H, 4H), from the window and the hidden state to the gates i, f, g, o.
    attend : (H, 3K), bias : (3K,), from the hidden state to alpha, beta and kappa before their non-linearities.
    """

    recurrent: Tensor
    attend: Tensor
    bias: Tensor


class WindowState(NamedTuple):
    """State of the layer: window (B, E), hidden (B, H), cell (B, H), kappa (B, K), all float32."""

    window: Tensor
    hidden: Tensor
    cell: Tensor
    kappa: Tensor

    @classmethod
    def zeros(cls, batch: int, *, text: int, hidden: int, gaussians: int, device: torch.device) -> WindowState:
        """The state before the first point: kappa 0 stands before the first character, at u = 1."""
        return cls(*(torch.zeros(batch, size, device=device) for size in (text, hidden, hidden, gaussians)))


def window_step(gates: Tensor, state: WindowState, text: Tensor, weights: WindowWeights) -> tuple[WindowState, Tensor]:
    """One step. gates (B, 4H), from the input; text (B, U, E), zero beyond its end.

    Returns the new state and phi (B, U + 1), the window's weight on each character and, last, on the place after the
    longest text.
    """
    gates = gates + torch.cat([state.window, state.hidden], 1) @ weights.recurrent
    hidden, cell = _lstm(gates, state.cell)[:2]
    alpha, beta, kappa = _attention(hidden @ weights.attend + weights.bias, state.kappa)[:3]
    distance = kappa[:, :, None] - _positions(text.shape[1] + 1, text)
    phi = (alpha[:, :, None] * torch.exp(-beta[:, :, None] * distance**2)).sum(1)  # eq. 46
    window = torch.bmm(phi[:, None, :-1], text)[:, 0]  # eq. 47
    return WindowState(window, hidden, cell, kappa), phi


def window_lstm(gates: Tensor, text: Tensor, weights: WindowWeights) -> tuple[Tensor, Tensor, Tensor]:
    """All steps from the zero state. gates (T, B, 4H), text (B, U, E), zero beyond each text's end.

    Returns hidden (T, B, H), window (T, B, E) and kappa (T, B, K), float32; kappa carries no gradient.
    """
    hidden, window, kappa = _WindowLSTM.apply(gates, text, *weights)  # type: ignore[no-untyped-call]
    return hidden, window, kappa


def _positions(count: int, like: Tensor) -> Tensor:
    return torch.arange(1, count + 1, device=like.device, dtype=torch.float32)


def _lstm(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Hidden state, cell, the gates after their non-linearities (B, 4H), and tanh of the cell; eq. 7 to 11."""
    size = cell.shape[1]
    i_f, g, o = torch.split(gates, [2 * size, size, size], 1)
    active = torch.cat([torch.sigmoid(i_f), torch.tanh(g), torch.sigmoid(o)], 1)
    i, f, g, o = torch.split(active, size, 1)
    cell = f * cell + i * g
    squashed = torch.tanh(cell)
    return o * squashed, cell, active, squashed


def _attention(raw: Tensor, kappa: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """alpha, beta, kappa (B, K), and the raw step of kappa; eq. 48 to 51, with softplus for the step of kappa.

    Graves takes exp there too; softplus grows slower and keeps a single noisy step from jumping over a word.
    """
    alpha, beta, step = raw.chunk(3, 1)
    return torch.exp(alpha), torch.exp(beta), kappa + softplus(step), step


def _product_dtype(device: torch.device) -> torch.dtype:
    if torch.is_autocast_enabled(device.type):
        return torch.get_autocast_dtype(device.type)
    return torch.float32


class _WindowLSTM(torch.autograd.Function):
    """Forward and backward of `window_lstm`. Names: d_x is the gradient of the loss with respect to x."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, text: Tensor, recurrent: Tensor, attend: Tensor, bias: Tensor) -> Any:
        steps, batch = gates.shape[:2]
        size, gaussians, channels = attend.shape[0], bias.shape[0] // 3, text.shape[2]
        dtype = _product_dtype(gates.device)
        with torch.autocast(gates.device.type, enabled=False):
            both, cells, actives, squashed, raws, kappas, phis = (
                torch.empty(steps, batch, width, device=gates.device)
                for width in (channels + size, size, 4 * size, size, 3 * gaussians, gaussians, text.shape[1])
            )
            text32, gates32 = text.float(), gates.float()
            weight, attend16 = recurrent.to(dtype), attend.to(dtype)
            where = _positions(text.shape[1], text)
            previous = torch.zeros(batch, channels + size, device=gates.device, dtype=dtype)
            cell = torch.zeros(batch, size, device=gates.device)
            kappa = torch.zeros(batch, gaussians, device=gates.device)
            for t, gate in enumerate(gates32.unbind(0)):
                hidden, cell, active, squash = _lstm(gate + previous @ weight, cell)
                raw = (hidden.to(dtype) @ attend16).float() + bias
                alpha, beta, kappa, _ = _attention(raw, kappa)
                distance = kappa[:, :, None] - where
                phi = torch.bmm(alpha[:, None], torch.exp(-beta[:, :, None] * distance * distance))
                torch.bmm(phi, text32, out=(window := torch.empty(batch, 1, channels, device=gates.device)))
                torch.cat([window[:, 0], hidden], 1, out=both[t])
                cells[t], actives[t], squashed[t], raws[t], kappas[t] = cell, active, squash, raw, kappa
                phis[t] = phi[:, 0]
                previous = both[t].to(dtype)
        ctx.save_for_backward(text32, recurrent, attend, both, cells, actives, squashed, raws, kappas, phis)
        ctx.dtype, ctx.dtypes = dtype, (gates.dtype, text.dtype)
        ctx.mark_non_differentiable(kappas)
        return both[:, :, channels:], both[:, :, :channels], kappas

    @staticmethod
    def backward(ctx: Any, d_hidden: Tensor, d_window: Tensor, _: Tensor) -> Any:
        text, recurrent, attend, both, cells, actives, squashed, raws, kappas, phis = ctx.saved_tensors
        dtype: torch.dtype = ctx.dtype
        steps, batch, size = cells.shape
        channels = text.shape[2]
        with torch.autocast(text.device.type, enabled=False):
            alpha, beta, _step = raws.chunk(3, 2)
            alpha, beta = alpha.exp(), beta.exp()
            moments = _moments(kappas, beta, text)
            rise = torch.sigmoid(_step)
            weight, attend16 = recurrent.to(dtype).T, attend.to(dtype).T
            slopes = _gate_slopes(actives)
            i, f, g, o = actives.split(size, 2)
            through = o * (1 - squashed * squashed)
            before = torch.cat([torch.zeros_like(cells[:1]), cells[:-1]])
            d_gates = torch.empty(steps, batch, 4 * size, device=text.device, dtype=dtype)
            d_raws = torch.empty_like(raws)
            d_windows = torch.empty(steps, batch, channels, device=text.device)
            d_both = torch.zeros(batch, channels + size, device=text.device)
            d_cell = torch.zeros(batch, size, device=text.device)
            d_kappa = torch.zeros_like(kappas[0])
            d_gate = torch.empty(batch, 4 * size, device=text.device)
            for t in range(steps - 1, -1, -1):
                torch.add(d_both[:, :channels], d_window[t], out=d_windows[t])
                d_phi = torch.bmm(text, d_windows[t][:, :, None])
                d_alpha, first, second = torch.bmm(moments[t], d_phi)[:, :, 0].chunk(3, 1)
                scaled = alpha[t] * beta[t]
                d_kappa = torch.addcmul(d_kappa, scaled, first, value=-2)
                torch.cat([d_alpha * alpha[t], -scaled * second, d_kappa * rise[t]], 1, out=d_raws[t])
                d_h = d_hidden[t] + d_both[:, channels:] + (d_raws[t].to(dtype) @ attend16)
                d_cell = torch.addcmul(d_cell, d_h, through[t])
                torch.mul(d_cell, g[t], out=d_gate[:, :size])
                torch.mul(d_cell, before[t], out=d_gate[:, size : 2 * size])
                torch.mul(d_cell, i[t], out=d_gate[:, 2 * size : 3 * size])
                torch.mul(d_h, squashed[t], out=d_gate[:, 3 * size :])
                d_gates[t] = d_gate * slopes[t]
                d_cell = d_cell * f[t]
                d_both = (d_gates[t] @ weight).float()
            earlier = torch.cat([torch.zeros_like(both[:1]), both[:-1]]).flatten(0, 1)
            d_recurrent = earlier.to(dtype).T @ d_gates.flatten(0, 1)
            d_attend = both[:, :, channels:].flatten(0, 1).to(dtype).T @ d_raws.flatten(0, 1).to(dtype)
            d_text = torch.einsum("tbu,tbe->bue", phis, d_windows)
        gates_dtype, text_dtype = ctx.dtypes
        return (
            d_gates.to(gates_dtype),
            d_text.to(text_dtype),
            d_recurrent.to(recurrent.dtype),
            d_attend.to(attend.dtype),
            d_raws.sum((0, 1)),
        )


def _moments(kappa: Tensor, beta: Tensor, text: Tensor) -> Tensor:
    """(T, B, 3K, U): e, e d and e d^2 with d = kappa - u and e = exp(-beta d^2), that the gradients are sums of."""
    distance = kappa[..., None] - _positions(text.shape[1], text)
    bell = torch.exp(-beta[..., None] * distance * distance)
    first = bell * distance
    return torch.cat([bell, first, first * distance], 2)


def _gate_slopes(active: Tensor) -> Tensor:
    """(T, B, 4H): the derivative of each gate's non-linearity, from its value."""
    size = active.shape[2] // 4
    slopes = active * (1 - active)
    tanh = active[..., 2 * size : 3 * size]
    slopes[..., 2 * size : 3 * size] = 1 - tanh * tanh
    return slopes
