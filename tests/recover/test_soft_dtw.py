"""Soft DTW: every alignment of small strokes, autograd through them, and hard DTW say what is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from handwrite.core.path_metrics import warp_cost
from handwrite.recover.path import DOWN, END, UP
from handwrite.recover.soft_dtw import either_way, soft_dtw, strokes_of

Loss = Callable[..., Tensor]

LENGTHS = torch.tensor([4, 1, 3, 1, 2]), torch.tensor([3, 1, 4, 3, 1])


def walks(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    """Strokes (S, L, 2) whose points are about 3 apart."""
    steps = np.random.default_rng(seed).normal(0, 2, (*shape, 2))
    return torch.from_numpy(steps).cumsum(1).to(dtype).requires_grad_()


def alignments(row: int, column: int) -> Iterator[list[tuple[int, int]]]:
    """All ways through a table from its first cell to this one, by one row, one column or both at a time."""
    if row == column == 0:
        yield [(0, 0)]
    for before in ((row - 1, column), (row, column - 1), (row - 1, column - 1)):
        if min(before) >= 0:
            yield from ([*way, (row, column)] for way in alignments(*before))


def by_all_alignments(predicted: Tensor, truth: Tensor, gamma: float) -> Tensor:
    """The soft minimum of the costs of all alignments of one stroke (L, 2) with another (M, 2)."""
    square = (predicted[:, None] - truth).square().sum(-1)
    ways = alignments(len(predicted) - 1, len(truth) - 1)
    costs = torch.stack([torch.stack([square[cell] for cell in way]).sum() for way in ways])
    return -gamma * torch.logsumexp(-costs / gamma, 0)


def turned(strokes: Tensor, lengths: Tensor) -> Tensor:
    """Strokes written from their ends."""
    return torch.stack([torch.cat([s[:n].flip(0), s[n:]]) for s, n in zip(strokes, lengths, strict=True)])


@pytest.mark.parametrize("gamma", [0.1, 1.0, 20.0])
def test_value_and_gradients_are_those_of_all_alignments(gamma: float) -> None:
    predicted, truth = walks(5, 4, seed=1), walks(5, 4, seed=2)
    wanted = torch.stack(
        [by_all_alignments(p[:n], t[:m], gamma) for p, t, n, m in zip(predicted, truth, *LENGTHS, strict=True)]
    )
    found = soft_dtw(predicted, truth, *LENGTHS, gamma=gamma)
    assert_close(found, wanted)
    weights = torch.arange(1.0, 6, dtype=torch.float64)
    assert_close(*(torch.autograd.grad((weights * value).sum(), (predicted, truth)) for value in (found, wanted)))


@pytest.mark.parametrize("loss", [soft_dtw, either_way])
def test_gradients_are_those_of_finite_differences(loss: Loss) -> None:
    strokes = walks(5, 5, seed=3), walks(5, 4, seed=4)
    assert torch.autograd.gradcheck(lambda p, t: loss(p, t, *LENGTHS, gamma=0.7), strokes)


@pytest.mark.parametrize("loss", [soft_dtw, either_way])
def test_padding_never_counts(loss: Loss) -> None:
    predicted, truth = walks(5, 4, seed=5), walks(5, 4, seed=6)
    alone = [
        loss(p[None, :n], t[None, :m], n[None], m[None], gamma=1.0)
        for p, t, n, m in zip(predicted, truth, *LENGTHS, strict=True)
    ]
    wide = [torch.cat([s, torch.full((5, more, 2), 1e5)], 1) for s, more in ((predicted, 3), (truth, 9))]
    together = loss(*wide, *LENGTHS, gamma=1.0)
    assert_close(together, torch.cat(alone))
    gradients = torch.autograd.grad(together.sum(), (predicted, truth))
    assert_close(gradients, torch.autograd.grad(torch.cat(alone).sum(), (predicted, truth)))
    for gradient, lengths in zip(gradients, LENGTHS, strict=True):
        assert all((own[:n] != 0).all() and (own[n:] == 0).all() for own, n in zip(gradient, lengths, strict=True))


def test_with_little_gamma_it_is_hard_dtw() -> None:
    predicted, truth, lengths = walks(3, 40, seed=7), walks(3, 40, seed=8), torch.tensor([40, 17, 29])
    square = (predicted[:, :, None] - truth[:, None]).square().sum(-1).detach().numpy()
    hard = [warp_cost(own[:n, :40]) for own, n in zip(square, lengths, strict=True)]
    near, far = (soft_dtw(predicted, truth, lengths, torch.full((3,), 40), gamma=gamma) for gamma in (1e-6, 5.0))
    assert near.tolist() == pytest.approx(hard, rel=1e-6)
    assert all(far < near)


def test_long_strokes_are_stable_in_float32() -> None:
    lengths = torch.tensor([300, 211])
    values, gradients = [], []
    for dtype in (torch.float32, torch.float64):
        truth = walks(2, 300, seed=9, dtype=torch.float32).to(dtype)
        predicted = (truth + walks(2, 300, seed=10, dtype=torch.float32).to(dtype)).detach().requires_grad_()
        values.append(soft_dtw(predicted, truth, lengths, lengths, gamma=0.5))
        gradients.append(torch.autograd.grad(values[-1].sum(), predicted)[0])
    assert values[0].tolist() == pytest.approx(values[1].tolist(), rel=1e-5)
    assert (gradients[0] - gradients[1]).norm() < 1e-3 * gradients[1].norm()


def test_a_stroke_drawn_the_other_way_round_costs_no_more() -> None:
    truth, lengths = walks(4, 30, seed=11), torch.tensor([30, 12, 25, 8])
    noise = 0.3 * walks(4, 30, seed=12).diff(dim=1, prepend=torch.zeros(4, 1, 2))
    same = (truth + noise).detach().requires_grad_()
    other = turned(same.detach(), lengths).requires_grad_()
    costs = [either_way(drawn, truth, lengths, lengths, gamma=0.1) for drawn in (same, other)]
    assert_close(*costs)
    first, second = torch.autograd.grad(costs[0].sum() + costs[1].sum(), (same, other))
    assert_close(turned(first, lengths), second)
    straight, reverse = (soft_dtw(drawn, truth, lengths, lengths, gamma=0.1) for drawn in (same, other))
    assert_close(costs[0], straight / lengths)
    assert all(reverse > 10 * straight.abs())


@pytest.mark.parametrize("loss", [soft_dtw, either_way])
def test_a_lone_point_costs_its_squared_distance(loss: Loss) -> None:
    point, truth = torch.tensor([[[3.0, 5.0]]], requires_grad=True), torch.tensor([[[0.0, 1.0]]])
    value = loss(point, truth, torch.tensor([1]), torch.tensor([1]), gamma=1.0)
    assert value.tolist() == [25.0]
    assert torch.autograd.grad(value, point)[0].tolist() == [[[6.0, 8.0]]]


def test_paths_are_cut_where_the_pen_is_lifted() -> None:
    pen = torch.tensor([[DOWN, UP, DOWN, DOWN, END], [UP, DOWN, END, UP, UP], [DOWN, DOWN, DOWN, DOWN, DOWN]]).T
    values = torch.arange(15.0).reshape(3, 5).T[..., None].contiguous().requires_grad_()
    strokes, lengths = strokes_of(values, pen, torch.tensor([5, 3, 4]))
    assert lengths.tolist() == [2, 3, 1, 2, 4]
    found = [stroke[:length, 0].tolist() for stroke, length in zip(strokes, lengths, strict=True)]
    assert found == [[0, 1], [2, 3, 4], [5], [6, 7], [10, 11, 12, 13]]
    assert strokes.shape == (5, 4, 1)
    assert strokes[2].flatten().tolist() == [5, 5, 5, 5]
    inside = torch.arange(4) < lengths[:, None]
    [gradient] = torch.autograd.grad((strokes[..., 0].square() * inside).sum(), values)
    steps_inside = torch.arange(5)[:, None] < torch.tensor([5, 3, 4])
    assert_close(gradient[..., 0], 2 * values.detach()[..., 0] * steps_inside)
