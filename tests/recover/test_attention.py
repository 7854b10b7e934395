"""Attention over columns: weights that sum to 1, none beyond a glyph, the formula, and what coverage changes."""

from __future__ import annotations

import torch
from torch import Tensor

from handwrite.recover.attention import CellPointer, Columns, CoverageAttention

B, N, M, R, A, V, Q = 3, 5, 7, 4, 6, 9, 8


def planted(seed: int = 0) -> tuple[CoverageAttention, Tensor, Columns, Tensor]:
    torch.manual_seed(seed)
    inside = torch.arange(M) < torch.tensor([M, 4, 1])[:, None]
    columns = Columns(torch.randn(B, M, A), torch.randn(B, M, V), inside)
    return CoverageAttention(query=Q, rows=R, size=A), torch.randn(B, N, Q), columns, torch.rand(B, N, M, R)


def test_weights_sum_to_one_and_are_nothing_beyond_a_glyph() -> None:
    attention, queries, columns, rest = planted()
    values, left, weights = attention(queries, columns, rest)
    assert (values.shape, left.shape, weights.shape) == ((B, N, V), (B, N, R), (B, N, M))
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, N))
    assert (weights >= 0).all()
    assert not weights[1, :, 4:].any()
    assert (weights[2, :, 0] == 1).all()


def test_it_is_the_formula() -> None:
    attention, queries, columns, rest = planted()
    values, left, weights = attention(queries, columns, rest)
    ask, cover, energy = attention.ask, attention.cover.weight, attention.energy.weight[0]
    for glyph, step in ((0, 0), (1, 3), (0, 4)):
        count = int(columns.inside[glyph].sum())
        energies = torch.stack(
            [
                energy @ torch.tanh(columns.keys[glyph, m] + ask(queries[glyph, step]) + cover @ rest[glyph, step, m])
                for m in range(count)
            ]
        )
        expected = energies.exp() / energies.exp().sum()
        torch.testing.assert_close(weights[glyph, step, :count], expected)
        torch.testing.assert_close(values[glyph, step], expected @ columns.values[glyph, :count])
        torch.testing.assert_close(left[glyph, step], expected @ rest[glyph, step, :count])


def test_what_stands_beyond_a_glyph_changes_nothing() -> None:
    attention, queries, columns, rest = planted()
    outside = ~columns.inside[..., None]
    other = Columns(columns.keys + 9 * outside, columns.values - 5 * outside, columns.inside)
    torch.testing.assert_close(
        attention(queries, columns, rest), attention(queries, other, rest + 3 * outside[:, None])
    )


def test_columns_that_differ_only_in_what_is_left_are_told_apart() -> None:
    attention, queries, columns, _ = planted()
    alike = Columns(columns.keys[:, :1].expand(-1, M, -1), columns.values, torch.ones(B, M, dtype=torch.bool))
    blank = torch.zeros(B, N, M, R)
    torch.testing.assert_close(attention(queries, alike, blank)[2], torch.full((B, N, M), 1 / M))
    one = blank.clone()
    one[:, :, 2] = 1
    with torch.no_grad():
        attention.cover.weight.fill_(0.3)
        attention.energy.weight.fill_(1.0)
    weights = attention(queries, alike, one)[2]
    assert (weights.argmax(-1) == 2).all()
    assert (weights[..., 2] > 1 / M).all()
    torch.testing.assert_close(weights[..., 3], weights[..., 4])


def test_a_pointer_points_at_cells_inside_and_minds_what_is_left() -> None:
    torch.manual_seed(1)
    pointer = CellPointer(query=6, size=5)
    queries, cells, rest = torch.randn(3, 6), torch.randn(3, 4, 2, 5), torch.rand(3, 4, 2)
    inside = torch.tensor([[True] * 4, [True, True, False, False], [True] * 3 + [False]])
    told = pointer(queries, cells, rest, inside).view(3, 4, 2)
    torch.testing.assert_close(told.exp().sum((1, 2)), torch.ones(3))
    assert (told[~inside] == -torch.inf).all()
    alone = pointer(queries[1:2], cells[1:2, :2], rest[1:2, :2], inside[1:2, :2]).view(2, 2)
    torch.testing.assert_close(alone, told[1, :2])
    asked, left = pointer.ask(queries[0]), pointer.cover(torch.stack([rest[0], torch.ones(4, 2)], -1))
    energy = pointer.energy(torch.tanh(cells[0] + asked + left))[..., 0]
    torch.testing.assert_close(told[0, 1, 0] - told[0, 0, 1], energy[1, 0] - energy[0, 1])
    empty = rest.clone()
    empty[0, 2, 1] = 0
    assert (pointer(queries, cells, empty, inside).view(3, 4, 2)[0, 2, 1] - told[0, 2, 1]).abs() > 1e-3
