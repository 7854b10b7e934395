"""The stroke order's task: what is shown and asked, the loss against brute force, and that a small net learns."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from handwrite.core.store import Store
from handwrite.errors import InputError
from handwrite.recover.arcs import arcs_of
from handwrite.recover.data import Example, load_penned
from handwrite.recover.order import arc_batch
from handwrite.recover.order_task import OrderTask, Passed, StepBatch, passed_of, step_batch, step_nats, varied
from handwrite.recover.ways import Ways

ExampleOf = Callable[..., Example]


@pytest.fixture(scope="module")
def store(toy_store: Path) -> Store:
    return Store(toy_store)


def make(store: Store, **options: object) -> OrderTask:
    training, validation = load_penned([store], splits=("train",)), load_penned([store], splits=("val",))
    sizes = {"sizes": {"width": 24, "heads": 2, "layers": 1, "memory": 24, "dropout": 0.0}, "budget": 300}
    return OrderTask(training, validation, {"toy": "CC0"}, **(sizes | options))  # type: ignore[arg-type]


def crossed(example_of: ExampleOf) -> Passed:
    sample = passed_of(example_of([(50, 20), (50, 80)], [(20, 50), (80, 50)]))
    assert sample is not None
    return sample


def test_a_drawn_cross_is_passed_in_four_steps(example_of: ExampleOf) -> None:
    sample = crossed(example_of)
    assert [step.lifted for step in sample.steps] == [True, False, True, False]
    assert sample.unknown == []
    down, across = sample.arcs.strokes(sample.steps)
    assert down[0, 1] < down[-1, 1]
    assert across[0, 0] < across[-1, 0]


def test_what_the_pen_did_not_pass_is_unknown(example_of: ExampleOf) -> None:
    strokes = [(20, 20), (60, 20)], [(20, 50), (60, 50)], [(20, 80), (60, 80)]
    whole, part = example_of(*strokes), example_of(*strokes[:2])
    ink = whole.glyph.from_image(part.glyph.to_image(part.ink))
    known = Example(whole.glyph, type(whole.path)(whole.path.points[:28], whole.path.pen[:28]), ink, "Latn")
    sample = passed_of(known)
    assert sample is not None
    assert len(sample.steps) == 2
    assert len(sample.unknown) == 1
    usable = arc_batch([sample.arcs], [sample.unknown]).usable[0]
    assert usable.sum() == 4
    assert (
        passed_of(Example(whole.glyph, type(whole.path)(whole.path.points[:12], whole.path.pen[:12]), ink, "")) is None
    )
    assert passed_of(None) is None


def test_the_loss_is_that_of_brute_force(example_of: ExampleOf) -> None:
    sample = crossed(example_of)
    single = passed_of(example_of([(20, 20), (60, 20)]))
    assert single is not None
    batch = step_batch([sample, single])
    assert batch.counts.tolist() == [4, 1]
    odds = torch.randn(2, 4, len(sample.arcs), 2)
    odds[0, 1, 3] = -torch.inf
    nats, wrong = step_nats(odds, batch)
    for row, steps in enumerate((sample.steps, single.steps)):
        for number, step in enumerate(steps):
            weights = [math.exp(value) for value in odds[row, number].flatten().tolist()]
            own = math.exp(float(odds[row, number, step.arc, int(step.lifted)]))
            expected = math.log(sum(weights) / own) if own else 0.0
            assert float(nats[row, number]) == pytest.approx(expected, rel=1e-4)
            assert bool(wrong[row, number]) == (0 < own < max(weights))
    assert not nats[1, 1:].any()
    assert not wrong[1, 1:].any()


def test_a_step_that_cannot_be_costs_nothing() -> None:
    arcs = arcs_of(Ways(np.array([(0.0, 0), (5, 0), (9, 0)]), (np.arange(3),), width=2.0))
    batch = StepBatch(arc_batch([arcs]), torch.tensor([[0]]), torch.tensor([[0]]), torch.tensor([1]))
    odds = torch.zeros(1, 1, 2, 2, requires_grad=True)
    impossible = odds.masked_fill(torch.tensor([True, False]), -torch.inf)
    nats, wrong = step_nats(impossible, batch)
    nats.sum().backward()
    assert float(nats.detach().sum()) == 0
    assert not wrong.any()
    assert torch.isfinite(odds.grad).all()  # type: ignore[arg-type]


def test_what_varies_does_not_move_the_ends_apart(example_of: ExampleOf) -> None:
    arcs = crossed(example_of).arcs
    other = varied(arcs, np.random.default_rng(0))
    assert other.ways is arcs.ways
    assert not np.allclose(other.places, arcs.places)
    assert np.ptp(other.places, axis=0) == pytest.approx(np.ptp(arcs.places, axis=0), rel=0.5)


def test_a_batch_is_always_the_same(store: Store) -> None:
    one, other = make(store, seed=3), make(store, seed=3)
    for index in (0, 21):
        here, there = one.batch(index), other.batch(index)
        for part, same in zip(
            (*here.arcs, here.chosen, here.lifted), (*there.arcs, there.chosen, there.lifted), strict=True
        ):
            torch.testing.assert_close(part, same)
    assert not torch.equal(make(store, seed=4).batch(0).arcs.seen, one.batch(0).arcs.seen)
    again = one.batch(16)
    assert torch.equal(again.chosen, one.batch(0).chosen), "the same samples come again"
    assert not torch.equal(again.arcs.seen, one.batch(0).arcs.seen), "otherwise varied"


def test_a_small_net_learns_how_the_toy_hand_writes(store: Store) -> None:
    task = make(store)
    before = task.validate(task.model.eval())
    assert task.validated == 12
    optimizer = torch.optim.Adam(task.model.parameters(), lr=1e-2)
    task.model.train()
    for index in range(40):
        loss, steps = task.loss(task.model, task.batch(index))
        assert steps > 0
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    after = task.validate(task.model.eval())
    assert after["nats"] < before["nats"] / 2
    assert after["wrong_toy_line"] < 0.2
    assert task.picture(task.model).ndim == 2


def test_no_ink_is_said(store: Store) -> None:
    with pytest.raises(InputError, match="no usable ink to train with"):
        OrderTask([], load_penned([store], splits=("val",)), {})
    with pytest.raises(InputError, match="no usable ink to validate with"):
        OrderTask(load_penned([store], splits=("train",)), [], {})
