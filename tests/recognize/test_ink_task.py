"""The ink reader's task: batches, ink that is varied, the scores, and that it learns an alphabet of toy letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from handwrite.core.ink import Ink
from handwrite.core.pools import LANES, POOLED
from handwrite.core.store import Sample, Store, StoreWriter, no_ink
from handwrite.errors import CheckpointError, InputError
from handwrite.recognize.ink_features import FEATURES, features, normal_ink
from handwrite.recognize.ink_model import FRAMES, STEP
from handwrite.recognize.ink_task import (
    ROUND_LENGTH,
    InkReaderTask,
    feature_batch,
    load_inked,
    read_best,
    restore,
    varied,
)

SIZES = {"channels": 8, "hidden": 8}
ToyHand = Callable[..., Ink]


@pytest.fixture(scope="module")
def store(toy_store: Path) -> Store:
    return Store(toy_store)


def make(store: Store, **options: object) -> InkReaderTask:
    training, validation = (load_inked([store], splits=(split,)) for split in ("train", "val"))
    return InkReaderTask(training, validation, {"toy": "CC0"}, **{"budget": 1500, "sizes": SIZES} | options)


def test_what_was_only_scanned_is_left_out(toy_hand: ToyHand, tmp_path: Path) -> None:
    image = np.full((20, 30), 255, np.uint8)
    with StoreWriter(tmp_path / "x.h5", licences={}) as writer:
        for name, ink, picture in (("both", toy_hand("ab"), image), ("scan", no_ink(), image)):
            writer.add(Sample(ink, "ab", "s", name, split="train", image=picture))
    (item,) = load_inked([Store(tmp_path / "x.h5")], splits=("train",))
    assert item.store.name[item.index] == "both"
    assert not item.scanned


def test_a_batch_is_the_same_whenever_it_is_asked_for_and_padded_with_nothing(store: Store) -> None:
    here, there = make(store), make(store)
    for index in (0, 1, 5, POOLED * LANES, 3):
        batch, other = here.batch(index), there.batch(index)
        torch.testing.assert_close(batch.features, other.features)
        torch.testing.assert_close(batch.symbols, other.symbols)
        assert batch.features.shape[1] % ROUND_LENGTH == 0
        assert batch.features.shape[2] == FEATURES
        for seen, length, symbols in zip(batch.features, batch.lengths, batch.symbols, strict=True):
            assert not seen[length:].any()
            assert set(here.alphabet.decode(symbols[symbols > 0].numpy())) <= set("abc ")


def test_varied_ink_keeps_its_strokes_and_its_order(toy_hand: ToyHand) -> None:
    plain = normal_ink(toy_hand("abc cab"))
    one, same, other = (varied(plain, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.points, same.points)
    np.testing.assert_array_equal(one.pen_up, plain.pen_up)
    assert 0.1 < np.abs(one.points - other.points)[:, :2].max() < 2.0
    for axis in (0, 1):
        assert np.corrcoef(one.points[:, axis], plain.points[:, axis])[0, 1] > 0.9
    assert len(varied(no_ink(), np.random.default_rng(0))) == 0


class Oracle(nn.Module):
    """A net that always reads the same symbols."""

    def __init__(self, symbols: list[int], size: int) -> None:
        super().__init__()
        self.symbols, self.size = symbols, size
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        frames = FRAMES * ((lengths + STEP - 1) // STEP)
        table = torch.full((int(frames.max()), len(lengths), self.size), -20.0)
        table[:, :, 0] = 0
        for place, symbol in enumerate(self.symbols):
            table[2 * place, :, 0], table[2 * place, :, symbol] = -20, 0
        return table, frames


def test_scores_are_error_rates_by_source_and_level(store: Store) -> None:
    task = make(store)
    truths = [item.text for item in task.validation]
    reader = Oracle(task.alphabet.encode("a").tolist(), len(task.alphabet))
    wrong = sum(len(text) - ("a" in text) for text in truths)
    scores = task.validate(reader)
    assert list(scores) == ["cer", "cer_toy_line"]
    assert scores["cer"] == pytest.approx(wrong / sum(map(len, truths)))
    assert task.validated == len(truths)


def test_it_learns_the_toy_letters(store: Store, toy_hand: ToyHand) -> None:
    task = make(store, sizes={"channels": 32, "hidden": 16, "dropout": 0.0})
    texts = ["abc", "cab", "bca ac", "bb", "ac ba", "cbc", "aab", "b ca"]
    inks = [features(toy_hand(text)) for text in texts]
    batch = feature_batch(inks, [task.alphabet.encode(text) for text in texts])
    optimizer = torch.optim.Adam(task.model.parameters(), lr=1e-2)
    for _ in range(220):
        loss, count = task.loss(task.model, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert count == sum(map(len, texts))
    assert read_best(task.model.eval(), task.alphabet, inks) == texts
    assert task.picture(task.model).dtype == np.uint8


def test_weights_come_back_and_their_alphabet_holds(store: Store) -> None:
    task = make(store)
    header, tensors = task.header(), task.model.state_dict()
    assert header.kind == "ink_reader"
    assert header.config["features"] == FEATURES
    batch = task.batch(0)
    with torch.no_grad():
        expected = task.model.eval()(batch.features, batch.lengths)[0]
        torch.testing.assert_close(restore(header, tensors).eval()(batch.features, batch.lengths)[0], expected)
    fewer = replace(header, alphabet=header.alphabet.replace("c", "ø"))
    begun = make(store, start=(fewer, tensors))
    assert begun.alphabet.chars == fewer.alphabet
    assert all("c" not in item.text for item in begun.training)
    with pytest.raises(CheckpointError, match="not of this version's network"):
        restore(replace(header, config={**header.config, "hidden": 9}), tensors)


def test_no_samples_to_use(store: Store) -> None:
    validation = load_inked([store], splits=("val",))
    with pytest.raises(InputError, match="no usable ink to train with"):
        InkReaderTask([], validation, {}, sizes=SIZES)
    with pytest.raises(InputError, match="no usable ink to validate with"):
        InkReaderTask(validation, [], {}, sizes=SIZES)
