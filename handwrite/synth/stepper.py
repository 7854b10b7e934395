"""The network one step at a time, as fast as a CPU can: for sampling, where nothing else can be done meanwhile.

The same values as `SynthNet.step`, up to rounding. What does not change while a line is drawn, the writer and the
layout of the weights, is worked out once, all inputs of a product lie side by side in one buffer, and states are
overwritten in place. Choosing points is the sampler's.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from handwrite.synth.model import SynthNet

SINGLE = 4
"""Batches up to this size multiply fastest with weights laid out input by input, larger ones output by output."""


class Stepper:
    """Draws a batch of lines side by side. text (B, U, E) from `SynthNet.read`; style (B, S), the writer's embedding.

    Holds in `_inputs` (B, 3 + E + 2H) what the products read: offset, window, and the hidden states of both layers.
    """

    def __init__(self, net: SynthNet, text: Tensor, style: Tensor) -> None:
        size, self._gaussians = net.config.hidden, net.config.gaussians
        self._channels = net.config.text_channels
        enter, enter_style = net.enter.weight[:, :3], net.enter.weight[:, 3:]
        above = net.second.get_parameter
        second, second_bias = above("weight_ih_l0"), above("bias_ih_l0") + above("bias_hh_l0")
        styles = 3 + net.config.style_channels
        upper = torch.cat([second[:, :3], second[:, styles:], above("weight_hh_l0")], 1)
        few = len(text) <= SINGLE
        self._lower = _laid_out(torch.cat([enter.T, net.recurrent]), few)
        self._upper, self._leave, self._attend = (
            _laid_out(weight.T, few) for weight in (upper, net.leave.weight, net.attend.weight)
        )
        self._leave_bias, self._attend_bias = net.leave.bias, net.attend.bias
        self._lower_bias = net.enter.bias + style @ enter_style.T
        self._upper_bias = second_bias + style @ second[:, 3:styles].T
        self._text = text
        self._place = torch.arange(1, text.shape[1] + 2, device=text.device, dtype=torch.float32)
        zeros = text.new_zeros
        self._take(
            zeros(len(text), 3 + self._channels + 2 * size),
            [zeros(len(text), size), zeros(len(text), size)],
            zeros(len(text), self._gaussians),
        )

    def _take(self, inputs: Tensor, cells: list[Tensor], kappa: Tensor) -> None:
        """Work on these states from now on; the parts of the inputs are views."""
        size, window = cells[0].shape[1], 3 + self._channels
        self._inputs, self._cells, self._kappa = inputs, cells, kappa
        self._offset, self._window = inputs[:, :3], inputs[:, 3:window]
        self._beneath, self._hidden = inputs[:, : window + size], inputs[:, window:]
        self._first, self._second = self._hidden[:, :size], self._hidden[:, size:]
        self._gates = inputs.new_empty(len(inputs), 4 * size)

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows (int64) alone."""
        self._text = self._text[rows]
        self._lower_bias, self._upper_bias = self._lower_bias[rows], self._upper_bias[rows]
        self._take(self._inputs[rows], [cell[rows] for cell in self._cells], self._kappa[rows])

    def step(self, offset: Tensor) -> tuple[Tensor, Tensor]:
        """One step from offset (B, 3): the mixture's values (B, 6M + 1) and phi (B, U + 1), as `SynthNet.step`."""
        self._offset.copy_(offset)
        torch.addmm(self._lower_bias, self._beneath, self._lower, out=self._gates)
        _lstm(self._gates, self._cells[0], self._first)
        phi = self._look()
        torch.addmm(self._upper_bias, self._inputs, self._upper, out=self._gates)
        _lstm(self._gates, self._cells[1], self._second)
        return torch.addmm(self._leave_bias, self._hidden, self._leave), phi

    def _look(self) -> Tensor:
        """Move the window; Graves 2013, eq. 46 to 51, as in `window`."""
        raw, count = torch.addmm(self._attend_bias, self._first, self._attend), self._gaussians
        heights = torch.exp(raw[:, : 2 * count])
        self._kappa.add_(softplus(raw[:, 2 * count :]))
        bells = self._kappa[:, :, None] - self._place
        bells.square_().mul_(heights[:, count:, None]).neg_().exp_()
        phi = torch.bmm(heights[:, None, :count], bells)
        self._window.copy_(torch.bmm(phi[:, :, :-1], self._text)[:, 0])
        return phi[:, 0]


def _laid_out(weight: Tensor, few: bool) -> Tensor:
    """The weight (inputs, outputs), its memory input by input or output by output."""
    return weight.contiguous() if few else weight.T.contiguous().T


def _lstm(gates: Tensor, cell: Tensor, hidden: Tensor) -> None:
    """Graves 2013, eq. 7 to 11: gates i, f, g, o (B, 4H) to the new cell and hidden state (B, H), in place."""
    i, f, g, o = gates.chunk(4, 1)
    gates[:, : 2 * cell.shape[1]].sigmoid_()
    cell.mul_(f).addcmul_(i, g.tanh_())
    torch.mul(o.sigmoid_(), torch.tanh(cell), out=hidden)
