"""The search for the likeliest way against all ways there are, and what is seen of arcs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.errors import CheckpointError
from handwrite.recover import order as module
from handwrite.recover.arcs import Arcs, Step, arcs_of
from handwrite.recover.glyph import TALL
from handwrite.recover.order import FEATURES, StrokeOrder, arc_batch, features, restore
from handwrite.recover.order_model import OrderConfig, OrderNet
from handwrite.recover.ways import Ways

SMALL = OrderConfig(FEATURES, width=8, heads=2, layers=1, memory=6)


def net(seed: int = 0) -> OrderNet:
    """Of weights so large that it has strong opinions."""
    torch.manual_seed(seed)
    own = OrderNet(SMALL).eval()
    with torch.no_grad():
        own.weigh.weight.mul_(6)
    return own


def corner_and_bar() -> Ways:
    """Two lines that meet, and a dot, apart."""
    places = np.array([(0, 0), (5, 0), (10, 0), (10, 5), (10, 10), (30, 5)], np.float64)
    return Ways(places, (np.array([0, 1, 2]), np.array([2, 3, 4]), np.array([5])), width=2.0)


def bar() -> Ways:
    return Ways(np.array([(0, 0), (5, 0), (10, 0)], np.float64), (np.arange(3),), width=2.0)


@torch.no_grad()
def nats_of(own: OrderNet, arcs: Arcs, steps: list[Step]) -> torch.Tensor:
    """Of each step that could come after these the log likelihood, (N, 2)."""
    ahead = torch.tensor([[step.arc for step in steps] + [0]])
    lifted = torch.tensor([[int(step.lifted) for step in steps] + [0]])
    last = own(arc_batch([arcs]), ahead, lifted)[0, -1]
    return last.flatten().log_softmax(0).view_as(last)


def every_way(own: OrderNet, arcs: Arcs, steps: list[Step], nats: float) -> list[tuple[float, list[Step]]]:
    """All ways to pass every piece that begin with these steps, and how likely they are."""
    if {step.arc // 2 for step in steps} == set(range(len(arcs) // 2)):
        return [(nats, steps)]
    told = nats_of(own, arcs, steps)
    return [
        way
        for arc, lifted in told.isfinite().nonzero().tolist()
        for way in every_way(own, arcs, [*steps, Step(arc, bool(lifted))], nats + float(told[arc, lifted]))
    ]


@pytest.mark.parametrize("seed", range(3))
def test_a_wide_search_finds_the_likeliest_of_all_ways(seed: int) -> None:
    own, arcs = net(seed), arcs_of(corner_and_bar())
    ways = sorted(every_way(own, arcs, [], 0.0), key=lambda way: -way[0])
    assert len(ways) > 50
    found = StrokeOrder(own).steps([arcs], beam=len(ways))[0]
    assert [steps for steps, _ in found[:5]] == [steps for _, steps in ways[:5]]
    assert [nats for _, nats in found] == pytest.approx([-nats for nats, _ in ways], abs=1e-3)


def test_a_narrow_search_takes_the_likeliest_step() -> None:
    own, arcs = net(), arcs_of(corner_and_bar())
    steps: list[Step] = []
    while {step.arc // 2 for step in steps} != {0, 1, 2}:
        arc, lifted = divmod(int(nats_of(own, arcs, steps).argmax()), 2)
        steps.append(Step(arc, bool(lifted)))
    [[(found, _)]] = StrokeOrder(own).steps([arcs], beam=1)
    assert found == steps


def test_company_changes_nothing() -> None:
    order, glyphs = StrokeOrder(net(1)), [arcs_of(bar()), arcs_of(corner_and_bar())]
    for together, arcs in zip(order.steps(glyphs), glyphs, strict=True):
        [alone] = order.steps([arcs])
        assert [steps for steps, _ in together] == [steps for steps, _ in alone]


def test_all_of_the_ink_is_written() -> None:
    glyphs = [corner_and_bar(), bar()]
    for inks, ways in zip(StrokeOrder(net()).likeliest(glyphs), glyphs, strict=True):
        assert len(inks) > 1
        for ink, nats in inks:
            assert ink.has_clock
            assert nats > 0
            written = {tuple(point) for point in ink.points[:, :2].tolist()}
            assert written == {tuple(place) for place in ways.places.tolist()}


def test_a_scrawl_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    order = StrokeOrder(net())
    expected = [[nats for _, nats in inks] for inks in order.likeliest([bar(), bar()])]
    monkeypatch.setattr(module, "MOST", 4)
    assert [[nats for _, nats in inks] for inks in order.likeliest([bar(), corner_and_bar(), bar()])] == [
        expected[0],
        [],
        expected[1],
    ]
    assert order.likeliest([corner_and_bar()]) == [[]]


def test_what_is_seen_hangs_on_the_glyph_alone() -> None:
    ways = corner_and_bar()
    arcs = arcs_of(ways)
    seen = features(arcs)
    assert seen.shape == (len(arcs), FEATURES)
    moved = arcs_of(Ways(ways.places + np.array((17.0, -4.0)), ways.chains, ways.width))
    np.testing.assert_allclose(features(moved), seen, atol=1e-5)
    np.testing.assert_allclose(arcs.headings[:4, 0], [(1, 0), (-1, 0), (0, 1), (0, -1)], atol=1e-6)
    assert not arcs.headings[4:].any()


def test_a_batch_says_which_arcs_there_are() -> None:
    glyphs = [arcs_of(corner_and_bar()), arcs_of(bar())]
    batch = arc_batch(glyphs, [[1], []])
    assert batch.usable.tolist() == [[True, True, False, False, True, False], [True, True, False, False, False, False]]
    assert batch.ends[0].tolist() == [[0, 2], [2, 0], [2, 4], [4, 2], [5, 5], [5, 5]]
    np.testing.assert_allclose(batch.corners[0, 0], np.array([(0, 0), (10, 0)]) / TALL, rtol=1e-6)
    np.testing.assert_allclose(batch.left[0], np.array([0, 0, 10, 10, 30, 30]) / TALL, rtol=1e-6)


def test_weights_come_from_a_file(tmp_path: Path) -> None:
    path, own = tmp_path / "order.safetensors", net()
    save_checkpoint(path, Header("order", asdict(SMALL), "", {}), own.state_dict(), half=False)
    loaded, given = (order.likeliest([bar()])[0] for order in (StrokeOrder.load(path, device="cpu"), StrokeOrder(own)))
    for (one, nats), (other, same) in zip(loaded, given, strict=True):
        np.testing.assert_array_equal(one.points, other.points)
        assert nats == same
    save_checkpoint(path, Header("recover", asdict(SMALL), "", {}), own.state_dict())
    with pytest.raises(CheckpointError, match="weights of recover, not of order"):
        StrokeOrder.load(path)
    with pytest.raises(CheckpointError):
        restore(Header("order", {"seen": 3, "other": 1}, "", {}), own.state_dict())
