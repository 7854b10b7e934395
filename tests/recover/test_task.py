"""The recovery task: batches, the loss and its shape term, the scores, and that a small net learns two strokes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from handwrite.core.ink import Ink
from handwrite.core.pools import LANES, POOLED
from handwrite.core.store import Sample, Store, StoreWriter
from handwrite.errors import CheckpointError, InputError
from handwrite.recover import task as module
from handwrite.recover.batch import PathBatch, path_batch
from handwrite.recover.data import Example, load_penned
from handwrite.recover.likelihood import flight_nats
from handwrite.recover.model import PENS, Moves, RecoverConfig
from handwrite.recover.path import Path as PenPath
from handwrite.recover.soft_dtw import strokes_of
from handwrite.recover.task import TOLD, RecoverTask, restore

ExampleOf = Callable[..., Example]
ToyHand = Callable[..., Ink]
Sizes = dict[str, object]


@pytest.fixture(scope="module")
def store(toy_store: Path) -> Store:
    return Store(toy_store)


@pytest.fixture(scope="module")
def task(store: Store, sizes: Sizes) -> RecoverTask:
    return make(store, sizes)


@pytest.fixture(scope="module")
def examples(example_of: ExampleOf) -> list[Example]:
    """A cross and a check mark."""
    return [example_of([(20, 20), (60, 80)], [(60, 20), (20, 80)]), example_of([(20, 50), (40, 80), (70, 20)])]


def make(store: Store, sizes: Sizes, **options: object) -> RecoverTask:
    training, validation = (load_penned([store], splits=(split,)) for split in ("train", "val"))
    return RecoverTask(training, validation[:3], {"toy": "CC0"}, **{"budget": 250, "sizes": sizes} | options)  # type: ignore[arg-type]


def moves_to(batch: PathBatch, mean: Tensor, *, deviation: float = 1.0) -> Moves:
    """A net that expects offsets (N, B, 2), by two parts to either side of them."""
    aside = torch.tensor([[3.0, -1.0], [-3.0, 1.0]])
    shape = (*mean.shape[:2], 2)
    pen = torch.full((*mean.shape[:2], PENS), -40.0).scatter(-1, batch.pen[..., None], 0.0)
    return Moves(
        log_weight=torch.full(shape, math.log(0.5)),
        mean=mean[:, :, None] + aside,
        deviation=torch.full((*shape, 2), deviation),
        correlation=torch.zeros(shape),
        pen=pen,
    )


def test_a_batch_is_the_same_whenever_it_is_asked_for(store: Store, sizes: Sizes, task: RecoverTask) -> None:
    there = make(store, sizes)
    indices = (0, 1, POOLED * LANES, 5, 0)
    for index in indices:
        batch, other = task.batch(index), there.batch(index)
        for name in batch.__dataclass_fields__:
            torch.testing.assert_close(getattr(batch, name), getattr(other, name), rtol=0, atol=0, equal_nan=True)
    assert task.batch(0).images.shape != task.batch(1).images.shape or not torch.equal(
        task.batch(0).images, task.batch(1).images
    )
    other = make(store, sizes, seed=1).batch(0)
    assert other.offsets.shape != task.batch(0).offsets.shape or not torch.equal(other.offsets, task.batch(0).offsets)


def test_some_are_told_their_script(task: RecoverTask) -> None:
    scripts = Counter(number for index in range(16) for number in task.batch(index).scripts.tolist())
    assert set(scripts) == {0, 1}
    assert scripts[1] / scripts.total() == pytest.approx(TOLD, abs=0.15)
    assert task.model.config.scripts == ("Latn",)
    example = task._plain[0][1]
    assert [task.script_of(replace(example, script=script)) for script in ("Latn", "Kana")] == [1, 0]


def test_the_loss_is_nats_a_step_and_the_shape(task: RecoverTask, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = task.batch(0)
    true = moves_to(batch, batch.offsets)
    right = torch.full((len(batch.cells), int(batch.cells.max()) + 1), -2.0)
    monkeypatch.setattr(module, "expected", lambda model, batch: (true, right, batch.tempo))
    loss, count = task.loss(task.model, batch)
    assert count == int(batch.lengths.sum())
    # half of two unit normals that are sqrt(10) away: log density -10 / 2 - log 2 pi
    shape = float(module._misshape(true, batch))
    flights = len(batch.cells)
    assert flights > 2
    steps = count - 2 * flights + module.FLIGHT * flights  # of which each flight is followed by a landing
    nats = ((5 + math.log(2 * math.pi)) * steps + 2 * module.FLIGHT * flights) / count
    assert float(loss) == pytest.approx(nats + module.SHAPE * shape, rel=1e-4)


def test_the_loss_of_a_net_is_finite_and_reaches_its_weights(store: Store, sizes: Sizes) -> None:
    task = make(store, sizes)
    for index in range(3):
        loss, count = task.loss(task.model, task.batch(index))
        assert torch.isfinite(loss)
        assert count > 80
    loss.backward()
    weights = dict(task.model.named_parameters())
    assert [name for name, weight in weights.items() if weight.grad is None or not weight.grad.isfinite().all()] == []


@pytest.mark.parametrize("astray", [None, 0, 1])
def test_the_true_offsets_have_the_true_shape(examples: list[Example], astray: int | None) -> None:
    rng = None if astray is None else np.random.default_rng(astray)
    batch = path_batch(examples, [0, 0], rng=rng)
    true = module._misshape(moves_to(batch, batch.offsets), batch)
    assert abs(float(true)) < 0.05
    for wrong in (0.5 * batch.offsets, batch.offsets + torch.tensor([1.0, 0.0]), batch.offsets.flip(-1)):
        assert float(module._misshape(moves_to(batch, wrong), batch)) > 0.3


def test_a_stroke_may_be_drawn_the_other_way_round(example_of: ExampleOf) -> None:
    """A ring, so that it starts where it ends, expected to be gone round the other way."""
    turn = np.linspace(0, 2 * np.pi, 60)
    ring = example_of(np.column_stack([60 + 35 * np.cos(turn), 50 + 35 * np.sin(turn)]))
    batch = path_batch([ring], [0])
    other = torch.cat([batch.offsets[:2], -batch.offsets[2:].flip(0)])
    costs = [float(module._misshape(moves_to(batch, mean), batch)) for mean in (batch.offsets, other)]
    assert costs[1] == pytest.approx(costs[0], abs=0.02)
    assert abs(costs[1]) < 0.05
    assert float(module._misshape(moves_to(batch, -batch.offsets), batch)) > 1


def test_points_need_not_come_in_time(examples: list[Example]) -> None:
    """The same strokes at another pace are far nearer than the lag alone would make them."""
    batch = path_batch(examples[1:], [0])
    steps, lengths = strokes_of(batch.offsets, batch.pen, batch.lengths)
    assert lengths[0] == 1  # it hovers
    way = steps[1].cumsum(0) - steps[1, 0]
    late = torch.linspace(0, 1, len(way)) ** 1.3 * (len(way) - 1)
    low = late.floor().long().clamp(max=len(way) - 2)
    slowed = way[low] + (late - low)[:, None] * (way[low + 1] - way[low])
    mean = torch.cat([batch.offsets[:2], slowed.diff(dim=0)[:, None]])
    lag = ((slowed - way) / 4).square().sum(-1).mean()
    assert float(module._misshape(moves_to(batch, mean), batch)) < 0.05 * float(lag)


def test_validation_scores_what_the_net_finds_alone(task: RecoverTask, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = task.validate(task.model.eval())
    assert list(scores) == ["disorder", "disorder_toy_line", "nats", "tempo"]
    assert task.validated == 3
    assert 0 <= scores["disorder"] <= 1
    assert scores["disorder"] == scores["disorder_toy_line"]
    assert math.isfinite(scores["nats"])

    def scored(of: Callable[[PenPath], PenPath]) -> float:
        monkeypatch.setattr(module, "decode", lambda net, encoded, glyphs: [of(paths[id(glyph)]) for glyph in glyphs])
        return task.validate(task.model)["disorder"]

    paths = {id(example.glyph): example.path for _, example in task._plain}
    assert scored(lambda path: path) < 0.02
    assert scored(lambda path: PenPath(path.points[::-1], path.pen)) > 0.98


def test_validation_sees_so_many_of_each_kind(store: Store, sizes: Sizes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "VALIDATED", 5)
    training = load_penned([store], splits=("train",))
    task = RecoverTask(training[:2], training, {}, sizes=sizes)
    assert Counter(name for name, _ in task._plain) == {"toy_line": 5, "toy_word": 5}


def test_a_small_net_learns_two_glyphs(store: Store, sizes: Sizes, examples: list[Example]) -> None:
    task = make(store, {**sizes, "hidden": 32, "patch": 24, "dropout": 0.0})
    batch = path_batch(examples, [0, 0])
    optimizer = torch.optim.Adam(task.model.parameters(), lr=1e-2)
    losses = []
    for _ in range(50):
        loss, _ = task.loss(task.model, batch)
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(task.model.parameters(), 5.0)
        optimizer.step()
    assert losses[0] > 5
    assert losses[-1] < losses[0] - 6
    with torch.no_grad():
        moves, cells, _ = module.expected(task.model.eval(), batch)
    expected = (moves.log_weight.exp()[..., None] * moves.mean).sum(-2)
    assert (expected - batch.offsets).norm(dim=-1)[batch.mask].median() < 1.0
    assert flight_nats(cells, batch).max() < 1.5  # 4.1 at first
    assert (moves.pen.argmax(-1) == batch.pen)[batch.mask].float().mean() > 0.9


def test_a_picture_shows_glyphs_and_paths(task: RecoverTask) -> None:
    picture = task.picture(task.model.eval())
    assert picture.dtype == np.uint8
    assert picture.ndim == 2
    assert picture.min() < 50


def test_weights_come_back(task: RecoverTask, store: Store, sizes: Sizes) -> None:
    header, tensors = task.header(), task.model.state_dict()
    assert (header.kind, header.corpora, header.seed) == ("recover", {"toy": "CC0"}, task.seed)
    batch = task.batch(0)
    with torch.no_grad():
        expected, *others = module.expected(task.model.eval(), batch)
        again, *same = module.expected(restore(header, tensors).eval(), batch)
        torch.testing.assert_close((again.mean, *same), (expected.mean, *others))
    begun = make(store, {}, start=(header, tensors))
    assert begun.model.config == RecoverConfig(**header.config)
    with pytest.raises(CheckpointError, match="not of this version's network"):
        restore(replace(header, config={**header.config, "hidden": 9}), tensors)


def test_no_samples_to_use(store: Store, sizes: Sizes, toy_hand: ToyHand, tmp_path: Path) -> None:
    validation = load_penned([store], splits=("val",))[:2]
    with pytest.raises(InputError, match="no usable ink to train with"):
        RecoverTask([], validation, {}, sizes=sizes)
    with pytest.raises(InputError, match="no usable ink to validate with"):
        RecoverTask(validation, [], {}, sizes=sizes)
    ink = toy_hand("abc")
    with StoreWriter(tmp_path / "x.h5", licences={}) as writer:
        writer.add(Sample(Ink.from_strokes([ink.points[:1]]), ".", "s", "s", level="word"))
    useless = load_penned([Store(tmp_path / "x.h5")], splits=("none",))
    with pytest.raises(InputError, match="no usable ink to validate with"):
        RecoverTask(validation, useless, {}, sizes=sizes)
    with pytest.raises(InputError, match="no training sample"):
        RecoverTask(useless, validation, {}, sizes=sizes).batch(0)
