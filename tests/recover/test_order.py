"""Strokes put right by a net whose rule is planted: every stroke goes to the right, and the higher one comes first."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.ink import Ink
from handwrite.core.path_metrics import glyph_height
from handwrite.errors import CheckpointError
from handwrite.recover.order import FEATURES, StrokeOrder, features, from_left, restore, strokes_of, trace_of_strokes
from handwrite.recover.order_model import OrderConfig, OrderNet

AHEAD, BELOW = 0, 8
"""Columns of the features: how far right the pen goes next, and how far it is below the highest point."""


class Planted(nn.Module):
    """Says what the rule says, from the features alone."""

    def __init__(self) -> None:
        super().__init__()
        self.leave = nn.Linear(1, 1)

    def forward(self, seen: Tensor, lengths: Tensor, stroke: Tensor, strokes: int) -> tuple[Tensor, Tensor]:
        turned, late = torch.zeros(2, seen.shape[1], strokes)
        for row, length in enumerate(lengths.tolist()):
            for number in range(int(stroke[:length, row].max()) + 1):
                own = seen[:length, row][stroke[:length, row] == number]
                turned[row, number], late[row, number] = -own[:, AHEAD].sum(), own[:, BELOW].mean()
        return turned, late


@pytest.fixture
def order() -> StrokeOrder:
    return StrokeOrder(Planted())  # type: ignore[arg-type]


def bar(left: float, right: float, y: float) -> np.ndarray:
    return np.column_stack([np.linspace(left, right, 9), np.full(9, y)])


def ends(ink: Ink) -> list[tuple[float, float, float]]:
    return [(float(stroke[0, 0]), float(stroke[-1, 0]), float(stroke[0, 1])) for stroke in ink.strokes()]


def test_strokes_are_turned_and_ordered(order: StrokeOrder) -> None:
    low, high, middle = bar(90, 10, 80), bar(20, 60, 10), bar(70, 30, 40)
    found = order.put_right([Ink.from_strokes([low, high, middle]), Ink.from_strokes([bar(0, 50, 5)])])
    assert ends(found[0]) == [(20, 60, 10), (30, 70, 40), (10, 90, 80)]
    assert ends(found[1]) == [(0, 50, 5)]
    assert found[0].has_clock


def test_the_order_and_direction_before_do_not_matter(order: StrokeOrder) -> None:
    strokes = [bar(90, 10, 80), bar(20, 60, 10), bar(70, 30, 40)]
    expected = order.put_right([Ink.from_strokes(strokes)])[0]
    for places in ((2, 1, 0), (1, 0, 2)):
        other = Ink.from_strokes([strokes[place][::-1] for place in places])
        np.testing.assert_allclose(order.put_right([other])[0].points, expected.points, atol=1e-3)


def test_both_ways_round_are_weighed(order: StrokeOrder) -> None:
    """What hangs on the way round that is shown cancels out."""
    rule = order.net.forward
    order.net.forward = lambda *told: (rule(*told)[0] + 100, rule(*told)[1])  # type: ignore[method-assign]
    assert ends(order.put_right([Ink.from_strokes([bar(10, 90, 10)])])[0]) == [(10, 90, 10)]


def test_features_are_in_heights_of_the_glyph() -> None:
    ink = Ink.from_strokes([bar(10, 90, 10), bar(30, 40, 60)])
    trace = trace_of_strokes(from_left(strokes_of(ink)))
    seen = features(trace)
    assert seen.shape == (len(trace), FEATURES)
    assert seen[:, -1].max() == pytest.approx(80 / (2 * glyph_height(ink)), rel=1e-3)
    larger = features(trace_of_strokes(from_left(strokes_of(ink.scaled(7)))))
    np.testing.assert_allclose(larger, seen, atol=1e-3)


def test_weights_come_from_a_file(tmp_path: Path) -> None:
    config = OrderConfig(FEATURES, hidden=4)
    path, net = tmp_path / "order.safetensors", OrderNet(config)
    save_checkpoint(path, Header("order", asdict(config), "", {}), net.state_dict(), half=False)
    ink = Ink.from_strokes([bar(10, 90, 10), bar(30, 40, 60)])
    [one], [other] = StrokeOrder.load(path, device="cpu").put_right([ink]), StrokeOrder(net).put_right([ink])
    np.testing.assert_array_equal(one.points, other.points)
    save_checkpoint(path, Header("recover", asdict(config), "", {}), net.state_dict())
    with pytest.raises(CheckpointError, match="weights of recover, not of order"):
        StrokeOrder.load(path)
    with pytest.raises(CheckpointError):
        restore(Header("order", {"seen": 3, "other": 1}, "", {}), net.state_dict())
