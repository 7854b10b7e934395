"""The network of the stroke order: company, padding and the future change nothing, and the impossible is impossible."""

from __future__ import annotations

import torch

from handwrite.recover.order_model import RELATIONS, ArcBatch, OrderConfig, OrderNet, _relations, _shifted

SEEN = 5


def net() -> OrderNet:
    torch.manual_seed(0)
    return OrderNet(OrderConfig(SEEN, width=8, heads=2, layers=1, memory=6)).eval()


def three_pieces() -> ArcBatch:
    """A corner of two pieces, from (0, 0) to (1, 0) and on to (1, 1), and a bar from (2, 0) to (2, 1)."""
    ends = torch.tensor([[0, 1], [1, 0], [1, 2], [2, 1], [3, 4], [4, 3]])
    at = torch.tensor([[0.0, 0], [1, 0], [1, 1], [2, 0], [2, 1]])
    way = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1], [0, 1], [0, -1]])
    torch.manual_seed(1)
    return ArcBatch(
        seen=torch.randn(1, 6, SEEN),
        ends=ends[None],
        corners=at[ends][None],
        headings=way[:, None].repeat(1, 2, 1)[None],
        left=at[ends][..., 0].amin(1)[None],
        usable=torch.ones(1, 6, dtype=torch.bool),
    )


def padded(arcs: ArcBatch, count: int) -> ArcBatch:
    """The arcs and as many that may not be chosen."""
    parts = [torch.cat([part, torch.full_like(part[:, :1], 7).repeat_interleave(count, 1)], 1) for part in arcs[:-1]]
    return ArcBatch(*parts, torch.cat([arcs.usable, torch.zeros(1, count, dtype=torch.bool)], 1))


@torch.no_grad()
def test_padding_changes_nothing() -> None:
    own, arcs = net(), three_pieces()
    chosen, lifted = torch.tensor([[0, 2, 4]]), torch.tensor([[1, 0, 1]])
    odds = own(arcs, chosen, lifted)
    assert odds.shape == (1, 3, 6, 2)
    more = own(padded(arcs, 4), chosen, lifted)
    torch.testing.assert_close(more[:, :, :6], odds)
    assert (more[:, :, 6:] == -torch.inf).all()


@torch.no_grad()
def test_odds_hang_on_what_came_before_alone() -> None:
    own, arcs = net(), three_pieces()
    one = own(arcs, torch.tensor([[0, 2, 4]]), torch.tensor([[1, 0, 1]]))
    other = own(arcs, torch.tensor([[0, 5, 3]]), torch.tensor([[1, 1, 1]]))
    torch.testing.assert_close(one[:, :2], other[:, :2])
    assert not torch.allclose(one[:, 2, :, 1], other[:, 2, :, 1])


@torch.no_grad()
def test_only_what_a_pen_can_do_is_possible() -> None:
    odds = net()(three_pieces(), torch.tensor([[0, 1, 2, 4]]), torch.tensor([[1, 0, 1, 1]]))[0]
    joined, lifted = odds.isfinite().unbind(2)
    assert joined.tolist() == [
        [False] * 6,  # nothing to go on from
        [False, True, True, False, False, False],  # back, or round the corner
        [False] * 6,  # at (0, 0) all was passed twice
        [False, False, False, True, False, False],  # at (1, 1), back
    ]
    assert lifted.tolist() == [
        [True] * 6,
        [False, False, True, True, True, True],
        [False, False, True, True, True, True],
        [False, False, False, False, True, True],
    ]


@torch.no_grad()
def test_steps_one_by_one_are_those_at_once() -> None:
    own, arcs = net(), three_pieces()
    chosen, lifted = torch.tensor([[0, 2, 5]]), torch.tensor([[1, 0, 1]])
    at_once = own(arcs, chosen, lifted)
    encoded = own.encode(arcs)
    before = own.first(arcs, encoded)
    memory, current, passes = before, torch.tensor([[-1]]), torch.zeros(1, 1, 3, dtype=torch.int64)
    for number in range(3):
        torch.testing.assert_close(own.weighed(arcs, encoded, memory, current, passes)[:, 0], at_once[:, number])
        current = chosen[:, number : number + 1]
        passes[0, 0, int(current) // 2] += 1
        memory = own.recall(encoded, current[:, None], lifted[:, None, number : number + 1], memory)[:, 0]


def test_relations_are_those_of_the_pen() -> None:
    arcs = three_pieces()
    free = torch.tensor([[[True] * 6, [False, False, True, True, True, True]]])
    seen, meets = _relations(arcs, _shifted(torch.tensor([[0, 4]])), free)
    assert seen.shape == (1, 2, 6, RELATIONS)
    assert not meets[0, 0].any()
    assert (seen[0, 0, :, :8] == torch.tensor([0, 0, 0, seen[0, 0, 0, 3], 0, 0, 0, 0])).all()
    assert meets[0, 1].tolist() == [False, True, True, False, False, False]
    way_x, way_y, far, _, _, turn, side, along, _, passed, back, right, nothing = seen[0, 1].T.tolist()
    assert (way_x[4], way_y[4], far[4]) == (1, 0, 1)
    assert (turn[1], turn[2], side[2], side[3]) == (-1, 0, 1, -1)
    assert abs(along[4]) < 1e-6
    assert passed == [1, 1, 0, 0, 0, 0]
    assert back == [0, 1, 0, 0, 0, 0]
    assert right[2:] == [0, 0, 1, 1], "of what is left"
    assert nothing == [0] * 6
