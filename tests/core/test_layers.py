"""Layers that several networks are built of: stages against their formula, both directions against torch's packed
sequences."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import relu
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from handwrite.core.batch import length_mask
from handwrite.core.layers import BothWays, Convolution, Residual, convolved, fuse_normalization


@torch.no_grad()
@pytest.mark.parametrize("cell", [nn.LSTM, nn.GRU])
def test_both_ways_is_a_bidirectional_layer_over_each_length(cell: type[nn.LSTM] | type[nn.GRU]) -> None:
    torch.manual_seed(0)
    layer, oracle = BothWays(3, 5, cell=cell), cell(3, 5, bidirectional=True)
    for name, tensor in layer.right.state_dict().items():
        oracle.state_dict()[name].copy_(tensor)
    for name, tensor in layer.left.state_dict().items():
        oracle.state_dict()[f"{name}_reverse"].copy_(tensor)
    inputs, lengths = torch.randn(9, 4, 3), torch.tensor([4, 9, 1, 7])
    packed, _ = oracle(pack_padded_sequence(inputs, lengths, enforce_sorted=False))
    expected, _ = pad_packed_sequence(packed)
    inside = (torch.arange(9)[:, None] < lengths)[:, :, None]
    torch.testing.assert_close(layer(inputs, lengths) * inside, expected)


def stages() -> nn.ModuleList:
    """Stages of both kinds, with statistics as after training."""
    torch.manual_seed(0)
    made = nn.ModuleList([Convolution(1, 4, kernel=5, stride=2), Convolution(4, 6, stride=2), Residual(6)]).double()
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.running_mean, module.running_var, module.weight.data, module.bias.data):
                assert tensor is not None
                tensor.copy_(torch.rand_like(tensor) + 0.3)
    return made


def lines() -> tuple[Tensor, Tensor]:
    """Two images of 13 and 20 columns."""
    torch.manual_seed(1)
    widths = torch.tensor([13, 20])
    return torch.rand(2, 8, 20).double() * length_mask(widths, 20)[:, None], widths


def plainly(made: nn.ModuleList, images: Tensor, widths: Tensor) -> Tensor:
    """What `convolved` says, step for step and nothing in place."""
    hidden = images[:, None]
    for stage, shrunk in zip(made, (2, 4, 4), strict=True):
        assert isinstance(stage, Convolution)
        seen = stage.norm(stage.look(hidden))
        hidden = relu(seen + hidden if isinstance(stage, Residual) else seen)
        hidden = hidden * length_mask(widths / shrunk, hidden.shape[3])[:, None, None]
    return hidden


@pytest.mark.parametrize("training", [True, False])
def test_stages_changed_in_place_are_those_of_the_formula_and_so_are_their_gradients(training: bool) -> None:
    made, (images, widths) = stages().train(training), lines()
    found, wanted = convolved(made, images, widths), plainly(made, images, widths)
    torch.testing.assert_close(found, wanted)
    parameters = list(made.parameters())
    gradients = [torch.autograd.grad(out.square().sum(), parameters) for out in (found, wanted)]
    torch.testing.assert_close(*gradients)


@torch.no_grad()
def test_fused_normalization_is_the_same_map() -> None:
    made, (images, widths) = stages().eval(), lines()
    wanted = convolved(made, images, widths)
    for _ in range(2):  # once more changes nothing
        fuse_normalization(made)
        assert not any(isinstance(module, nn.BatchNorm2d) for module in made.modules())
        torch.testing.assert_close(convolved(made, images, widths), wanted)
