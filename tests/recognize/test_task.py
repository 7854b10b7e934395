"""The recognizer's task: batches, the scores, and weights that are taken up with a larger alphabet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from handwrite.core.ink import Ink
from handwrite.core.pools import LANES, POOLED
from handwrite.core.store import Sample, Store, StoreWriter
from handwrite.errors import CheckpointError, InputError
from handwrite.recognize.data import COLUMNS_PER_CHARACTER, NARROWEST, WIDEST, load_written
from handwrite.recognize.model import FRAMES, STEP
from handwrite.recognize.task import RecognizeTask, extended, restore

SIZES = {"channels": (4, 4, 4, 8), "hidden": 8}


def line(text: str, seed: int) -> Ink:
    """A zigzag for each character."""
    rng = np.random.default_rng(seed)
    strokes = []
    for place in range(len(text)):
        x = 20 * place + np.linspace(0, 15, 12)
        strokes.append(np.column_stack([x, rng.uniform(0, 20, 12)]))
    return Ink.from_strokes(strokes)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("data") / "x.h5"
    with StoreWriter(path, licences={"toy": "CC0"}) as writer:
        for index in range(60):
            text = "abc ba"[: 2 + index % 5].strip() + "ca"
            writer.add(Sample(line(text, index), text, "toy", f"{index}", "w", "train", "line"))
        for index in range(4):
            writer.add(Sample(line("abc", 100 + index), "abc", "toy", f"v{index}", "v", "val", "line"))
            writer.add(Sample(line("cab", 200 + index), "cab", "toy", f"u{index}", "v", "val", "word"))
    return Store(path)


def make(store: Store, **options: object) -> RecognizeTask:
    training, validation = (load_written([store], splits=(split,)) for split in ("train", "val"))
    return RecognizeTask(training, validation, {"toy": "CC0"}, **{"budget": 600, "sizes": SIZES} | options)


def test_a_batch_is_the_same_whenever_and_by_whomever_it_is_asked_for(store: Store) -> None:
    here, there = make(store), make(store)
    for index in (0, 1, 2, POOLED * LANES, 3):
        one, other = here.batch(index), there.batch(index)
        torch.testing.assert_close(one.images, other.images)
        torch.testing.assert_close(one.symbols, other.symbols)


def test_a_batch_holds_lines_of_like_width_with_their_texts(store: Store) -> None:
    task = make(store)
    low, high = COLUMNS_PER_CHARACTER
    for index in range(2 * POOLED * LANES):
        batch = task.batch(index)
        assert batch.images.shape[2] % STEP == 0
        assert batch.images.min() >= 0 < batch.images.max() <= 1
        for image, width, symbols in zip(batch.images, batch.widths, batch.symbols, strict=True):
            assert not image[:, width:].any()
            text = task.alphabet.decode(symbols[symbols > 0].numpy())
            assert text in {item.text for item in task.training}
            assert NARROWEST * low < width / len(text) < WIDEST * high


def test_every_sample_comes_in_an_epoch_at_most_once_too_often(store: Store) -> None:
    task = make(store, budget=300)
    plan = task._pools.plan(0)
    assert len(plan) > 1
    drawn = [draw.pieces[0].index for pool in plan for draw in pool]
    assert len(drawn) == len(set(drawn))
    assert len(drawn) > 0.6 * len(task.training)


class Oracle(nn.Module):
    """A net that always reads the same symbols."""

    def __init__(self, symbols: list[int], size: int) -> None:
        super().__init__()
        self.symbols, self.size = symbols, size
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, images: Tensor, widths: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        frames = FRAMES * ((widths + STEP - 1) // STEP)
        table = torch.full((int(frames.max()), len(widths), self.size), -20.0)
        table[:, :, 0] = 0
        for place, symbol in enumerate(self.symbols):
            table[2 * place, :, 0], table[2 * place, :, symbol] = -20, 0
        return table, frames, None


def test_scores_are_error_rates_by_source_and_level(store: Store) -> None:
    task = make(store)
    reader = Oracle(task.alphabet.encode("abd").tolist(), len(task.alphabet))
    scores = task.validate(reader)
    assert scores["cer_toy_line"] == pytest.approx(1 / 3)
    assert scores["cer_toy_word"] == pytest.approx(2 / 3)
    assert next(iter(scores.items())) == ("cer", pytest.approx(1 / 2))


def test_the_loss_falls_when_it_learns(store: Store) -> None:
    task = make(store, budget=2000)
    optimizer = torch.optim.Adam(task.model.parameters(), lr=1e-2)
    losses = []
    for step in range(30):
        loss, count = task.loss(task.model, task.batch(step % 3))
        assert count == int((task.batch(step % 3).symbols > 0).sum())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-5:]) < 0.5 * losses[0]
    assert task.picture(task.model.eval()).dtype == np.uint8


def test_an_alphabet_grows_and_what_was_known_stays(store: Store) -> None:
    task = make(store)
    header, tensors = task.header(), task.model.state_dict()
    net, alphabet = extended(header, tensors, texts=["abø", "œuf"])
    assert alphabet.chars == header.alphabet + "øœ"
    batch = task.batch(0)
    with torch.no_grad():
        old = task.model.eval()(batch.images, batch.widths)[0].softmax(-1)
        new = net.eval()(batch.images, batch.widths)[0].softmax(-1)
    known = new[..., : len(header.alphabet) + 1]
    torch.testing.assert_close(known / known.sum(-1, keepdim=True), old, atol=1e-5, rtol=1e-3)
    assert new[..., len(header.alphabet) + 1 :].max() < old.max()
    tuned = replace(header, statistics={"temperature": 1.2})
    begun = make(store, start=(tuned, tensors))
    assert begun.alphabet.chars == header.alphabet
    assert begun.header().statistics == tuned.statistics


def test_weights_of_another_net_are_refused(store: Store) -> None:
    task = make(store)
    header = task.header()
    with pytest.raises(CheckpointError, match="not of this version's network"):
        restore(replace(header, config={**header.config, "hidden": 9}), task.model.state_dict())


def test_no_samples_to_use(store: Store) -> None:
    validation = load_written([store], splits=("val",))
    with pytest.raises(InputError, match="no usable samples to train with"):
        RecognizeTask([], validation, {}, sizes=SIZES)
    with pytest.raises(InputError, match="no usable samples to validate with"):
        RecognizeTask(validation, [], {}, sizes=SIZES)


def test_fewer_samples_than_a_pool_holds_do(store: Store, tmp_path: Path) -> None:
    training = load_written([store], splits=("train",))[:3]
    task = RecognizeTask(training, training, {}, sizes=SIZES)
    assert all(len(task.batch(index).widths) for index in range(40))
