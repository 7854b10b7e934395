"""Layers that several networks are built of: both directions against torch's packed sequences."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from handwrite.core.layers import BothWays


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
