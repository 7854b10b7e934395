"""The network of the stroke order: each path for itself, each stroke the mean of its points."""

from __future__ import annotations

import torch

from handwrite.recover.order_model import OrderConfig, OrderNet

SEEN = 3


def net() -> OrderNet:
    torch.manual_seed(0)
    return OrderNet(OrderConfig(SEEN, hidden=4)).eval()


@torch.no_grad()
def test_company_and_padding_change_nothing() -> None:
    own, seen = net(), torch.randn(9, 2, SEEN)
    stroke = torch.tensor([[0, 0, 1, 1, 1, 2, 2, 2, 2], [0, 0, 0, 1, 1, 0, 0, 0, 0]]).T
    turned, late = own(seen, torch.tensor([9, 5]), stroke, 3)
    assert turned.shape == late.shape == (2, 3)
    for told, alone in zip((turned, late), own(seen[:5, 1:], torch.tensor([5]), stroke[:5, 1:], 2), strict=True):
        torch.testing.assert_close(told[1:, :2], alone)


@torch.no_grad()
def test_a_stroke_is_the_mean_of_its_points() -> None:
    own, seen, lengths = net(), torch.randn(6, 1, SEEN), torch.tensor([6])
    stroke = torch.tensor([[0, 1, 1, 1, 1, 2]]).T
    turned, late = own(seen, lengths, stroke, 3)
    hidden = own.second(own.first(seen, lengths), lengths)[:, 0]
    for number, points in enumerate((slice(0, 1), slice(1, 5), slice(5, 6))):
        told = own.leave(hidden[points].mean(0))
        torch.testing.assert_close(torch.stack([turned[0, number], late[0, number]]), told)
