"""The stroke order's task: what is shown and asked, the losses against brute force, and that a small net learns."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from handwrite.core.ink import Ink
from handwrite.core.store import Store
from handwrite.errors import InputError
from handwrite.recover import order_task as module
from handwrite.recover.data import Example, load_penned
from handwrite.recover.order import from_left, strokes_of
from handwrite.recover.order_task import (
    OrderTask,
    Shown,
    _pair_nats,
    known_of,
    shown,
    shown_batch,
    traced,
    varied,
)


@pytest.fixture(scope="module")
def store(toy_store: Path) -> Store:
    return Store(toy_store)


def make(store: Store, **options: object) -> OrderTask:
    training, validation = load_penned([store], splits=("train",)), load_penned([store], splits=("val",))
    sizes = {"sizes": {"hidden": 12, "dropout": 0.0}, "budget": 900}
    return OrderTask(training, validation, {"toy": "CC0"}, **(sizes | options))  # type: ignore[arg-type]


def line(x: float, height: float = 1.0) -> np.ndarray:
    return np.column_stack([np.full(20, x), np.linspace(0, height, 20)])


def plainly_shown(strokes: list[np.ndarray], seed: int = 0) -> Shown | None:
    return shown(strokes, np.zeros(len(strokes), np.float32), np.arange(len(strokes)), np.random.default_rng(seed))


def test_strokes_are_shown_from_the_left_and_turned_by_a_toss() -> None:
    strokes = [line(5), line(1), line(3)]
    seen_turned = set()
    for seed in range(12):
        sample = plainly_shown(strokes, seed)
        assert sample is not None
        assert sample.rank.tolist() == [1, 2, 0]
        for number, turned in enumerate(sample.turned):
            down = sample.seen[sample.stroke == number][0, 1]
            assert (down < 0) == bool(turned)
            seen_turned.add((number, bool(turned)))
    assert len(seen_turned) == 6


def test_dots_have_no_direction_and_still_ink_is_left_out() -> None:
    sample = plainly_shown([line(0), line(2, height=0.01)])
    assert sample is not None
    assert np.isnan(sample.turned).tolist() == [False, True]
    assert plainly_shown([np.zeros((3, 2))]) is None
    assert plainly_shown([]) is None


def test_what_was_the_wrong_way_round_before_the_toss_counts() -> None:
    strokes, known = [line(0), line(1), line(2)], np.array([1, 0, np.nan], np.float32)
    for seed in range(6):
        sample, right = (
            shown(strokes, known, np.array([2, 0, 1]), np.random.default_rng(seed)),
            plainly_shown(strokes, seed),
        )
        assert sample is not None
        assert right is not None
        assert sample.rank.tolist() == [2, 0, 1]
        assert sample.turned[0] == 1 - right.turned[0]
        assert sample.turned[1] == right.turned[1]
        assert np.isnan(sample.turned[2])


def test_traced_strokes_are_known_by_the_path_beside_them(example_of: Callable[..., Example]) -> None:
    example = example_of([(20, 20), (60, 80)], [(60, 20), (20, 80)], [(80, 30), (100, 30), (80, 30)])
    first, second, there = (
        np.linspace(*ends, 40) for ends in (((20, 20), (60, 80)), ((60, 20), (20, 80)), ((80, 30), (100, 30)))
    )
    placed = [strokes_of(example.glyph.from_image(Ink.from_strokes([one])))[0] for one in (second[::-1], first, there)]
    turned, rank = known_of(placed, example.path)
    assert turned[:2].tolist() == [1, 0]
    assert np.isnan(turned[2]), "the pen went there and back"
    assert rank.tolist() == [1, 0, 2]


def test_samples_are_traced_from_their_pictures(store: Store) -> None:
    item = load_penned([store], splits=("train",))[0]
    for plainly in (True, False):
        sample = traced(item, np.random.default_rng(0), plainly=plainly)
        assert sample is not None
        assert len(sample.rank) == len(sample.turned) == sample.stroke[-1] + 1 == len(sample.ink.strokes())
        assert sample.rank.tolist() == sorted(sample.rank.tolist()), "the toy hand writes from left to right"


def test_a_stroke_that_is_cut_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CUT", 1.0)
    strokes = [line(0), line(1), np.zeros((2, 2))]
    pieces = varied(strokes, np.random.default_rng(0))
    assert len(pieces) == 5
    np.testing.assert_array_equal(pieces[0][-1], pieces[1][0])
    assert len(pieces[0]) + len(pieces[1]) == 21
    assert [len(piece) for piece in from_left(pieces)] != []
    monkeypatch.setattr(module, "CUT", 0.0)
    assert [len(piece) for piece in varied(strokes, np.random.default_rng(0))] == [20, 20, 2]


def test_the_loss_of_pairs_is_that_of_brute_force() -> None:
    late = torch.tensor([[0.3, -1.0, 2.0], [5.0, 1.0, 9.0], [1.0, 9.0, 9.0]])
    rank = torch.tensor([[1, 0, 2], [0, 1, -1], [0, -1, -1]])
    nats, paths = _pair_nats(late, rank)
    expected = 0.0
    for row, count in ((0, 3), (1, 2)):
        own = []
        for one in range(count):
            for other in range(one):
                ahead = float(late[row, one] - late[row, other])
                after = bool(rank[row, one] > rank[row, other])
                own.append(math.log1p(math.exp(-ahead if after else ahead)))
        expected += sum(own) / len(own)
    assert float(nats) == pytest.approx(expected, rel=1e-5)
    assert int(paths) == 2


def test_a_batch_is_always_the_same(store: Store) -> None:
    one, other = make(store, seed=3), make(store, seed=3)
    for index in (0, 5):
        for field, part in vars(one.batch(index)).items():
            torch.testing.assert_close(part, getattr(other.batch(index), field), equal_nan=True)
    assert not torch.equal(make(store, seed=4).batch(0).lengths, one.batch(0).lengths)


def test_a_small_net_learns_which_way_the_toy_hand_writes(store: Store) -> None:
    task = make(store)
    before = task.validate(task.model.eval())
    assert task.validated == 12
    optimizer = torch.optim.Adam(task.model.parameters(), lr=1e-2)
    task.model.train()
    for index in range(60):
        loss, points = task.loss(task.model, task.batch(index))
        assert points > 0
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    after = task.validate(task.model.eval())
    assert after["wrong"] < min(0.1, before["wrong"] / 2)
    assert after["turned_toy_line"] < 0.1
    assert after["order_toy_line"] < 0.1
    assert task.picture(task.model).ndim == 2


def test_scores_count_what_is_wrong(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    task = make(store)

    def told(seen: torch.Tensor, lengths: torch.Tensor, stroke: torch.Tensor, strokes: int) -> tuple[torch.Tensor, ...]:
        late = torch.arange(strokes).float().expand(len(lengths), -1)
        return torch.full((len(lengths), strokes), 1.0), late

    monkeypatch.setattr(task.model, "forward", told)
    scores = task.validate(task.model)
    turned = np.concatenate([sample.turned for _, sample in task._plain])
    assert scores["order_toy_line"] == 0  # the toy hand writes from left to right
    assert scores["turned_toy_line"] == pytest.approx(1 - np.nanmean(turned))
    assert scores["wrong"] == pytest.approx(scores["turned_toy_line"] / 2)


def test_no_ink_is_said(store: Store) -> None:
    with pytest.raises(InputError, match="no usable ink to train with"):
        OrderTask([], load_penned([store], splits=("val",)), {})
    with pytest.raises(InputError, match="no usable ink to validate with"):
        OrderTask(load_penned([store], splits=("train",)), [], {})


def test_samples_are_padded_with_nothing_known() -> None:
    samples = [plainly_shown([line(0), line(1)]), plainly_shown([line(0)])]
    batch = shown_batch([sample for sample in samples if sample])
    assert batch.rank.tolist() == [[0, 1], [0, -1]]
    assert batch.turned.isnan().tolist() == [[False, False], [False, True]]
