"""What recovery learns from: which samples come how often, and that drawn ink lies under the path that drew it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from handwrite.core.ink import Ink
from handwrite.core.store import Sample, Store, StoreWriter, no_ink
from handwrite.recover import data
from handwrite.recover.data import (
    MOST_OFTEN,
    MOST_STEPS,
    SHARES,
    STEPS,
    Example,
    Penned,
    epoch_of,
    load_penned,
    plain_example,
    plain_image,
    varied_example,
)
from handwrite.recover.glyph import FINE
from handwrite.recover.path import STRIDE
from handwrite.recover.words import cut_words

ToyHand = Callable[..., Ink]


@pytest.fixture
def store(toy_hand: ToyHand, tmp_path: Path) -> Store:
    page = np.full((30, 40), 255, np.uint8)
    with StoreWriter(tmp_path / "x.h5", licences={}) as writer:
        for number in range(8):
            writer.add(Sample(toy_hand("abc ca b"), "", "few", f"line {number}", split="train", level="line"))
            writer.add(Sample(toy_hand("abc"), "", "few", f"word {number}", split="train", level="word"))
            writer.add(Sample(toy_hand("c"), "", "few", f"few {number}", split="train", level="character"))
        for number in range(40):
            writer.add(Sample(toy_hand("a"), "", "many", f"{number}", split="train", level="character", script="Kana"))
        writer.add(Sample(no_ink(), "", "few", "scan", split="train", image=page))
        writer.add(Sample(toy_hand("ab"), "", "few", "both", split="val", level="word", image=page))
    return Store(tmp_path / "x.h5")


def alone(ink: Ink, path: Path, *, level: str = "word") -> Penned:
    """The ink as the only sample of a new store."""
    with StoreWriter(path, licences={}) as writer:
        writer.add(Sample(ink, "", "x", "x", level=level))
    return Penned(Store(path), 0, "x", "Latn", level)


def test_only_what_has_ink_is_loaded(store: Store) -> None:
    items = load_penned([store], splits=("train",))
    assert Counter((item.source, item.level) for item in items) == {
        ("few", "line"): 8,
        ("few", "word"): 8,
        ("few", "character"): 8,
        ("many", "character"): 40,
    }
    assert {item.script for item in items if item.source == "many"} == {"Kana"}
    assert all(item.steps == STEPS[item.level] for item in items)
    assert [store.name[item.index] for item in load_penned([store], splits=("val",))] == ["both"]


def test_an_epoch_shows_small_scripts_more_often(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "FEW", 20)
    items = load_penned([store], splits=("train",))
    epochs = [epoch_of(items, rng=np.random.default_rng(seed)) for seed in range(60)]
    counts = Counter((item.source, item.level) for epoch in epochs for item in epoch)
    assert counts["few", "line"] == 60 * 8 * SHARES["line"]
    assert counts["few", "character"] == pytest.approx(60 * 8 * (20 / 8) ** 0.5, rel=0.15)
    for kind, own in ((("few", "word"), 8), (("many", "character"), 40)):
        assert counts[kind] == pytest.approx(60 * own * SHARES[kind[1]], rel=0.15)
    again = epoch_of(items, rng=np.random.default_rng(0))
    assert [item.index for item in again] == [item.index for item in epochs[0]]
    monkeypatch.setattr(data, "FEW", 10**9)
    counts = Counter((item.source, item.level) for item in epoch_of(items, rng=np.random.default_rng(0)))
    assert (counts["few", "character"], counts["many", "character"]) == (8 * MOST_OFTEN, 40 * MOST_OFTEN)


def test_an_epoch_of_few_samples_is_not_empty(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [item for item in load_penned([store], splits=("train",)) if item.level == "word"][:1]
    assert all(len(epoch_of(items, rng=np.random.default_rng(seed))) == 1 for seed in range(10))


def test_of_a_line_one_word_is_shown(store: Store) -> None:
    line, *_ = (item for item in load_penned([store], splits=("train",)) if item.level == "line")
    words = [len(word) for word in cut_words(store[line.index].ink)]
    assert len(set(words)) == 3
    assert {len(line.ink(np.random.default_rng(seed))) for seed in range(20)} == set(words)
    word, *_ = (item for item in load_penned([store], splits=("train",)) if item.level == "word")
    np.testing.assert_array_equal(word.ink(np.random.default_rng(0)).points, store[word.index].ink.points)


def off_the_ink(example: Example) -> np.ndarray:
    """Pixels of the glyph from each point of the path to the ink."""
    mask = example.glyph.mask
    columns, rows = np.floor(FINE * example.path.points).astype(int).T
    assert rows.min() >= 0
    assert columns.min() >= 0
    return np.asarray(distance_transform_edt(~mask)[rows, columns]) / FINE


@pytest.mark.parametrize("seed", range(12))
def test_the_path_runs_over_the_drawn_ink(store: Store, seed: int) -> None:
    items = load_penned([store], splits=("train",))
    item = items[seed]
    for make in (plain_example, varied_example):
        example, again = (make(item, np.random.default_rng(seed)) for _ in range(2))
        assert example is not None
        assert again is not None
        assert example.script == item.script
        assert off_the_ink(example).max() < STRIDE
        np.testing.assert_array_equal(example.glyph.fine, again.glyph.fine)
        np.testing.assert_array_equal(example.path.points, again.path.points)
    assert not np.array_equal(example.glyph.fine, plain_example(item, np.random.default_rng(seed)).glyph.fine)  # type: ignore[union-attr]


def test_plain_ink_lies_in_its_image(toy_hand: ToyHand) -> None:
    image, ink = plain_image(toy_hand("abc"))
    columns, rows = np.floor(ink.points[:, :2]).astype(int).T
    assert (image[rows, columns] < 128).all()


def test_what_teaches_nothing_is_left_out(toy_hand: ToyHand, tmp_path: Path) -> None:
    ink = toy_hand("abc")
    dot = Ink.from_strokes([[(5.0, 5.0, 0.0)]])
    x = np.linspace(0, 400, 2000)
    endless = Ink.from_strokes([np.column_stack([x, 30 * np.sin(2 * x), x / 100])])
    rng = np.random.default_rng(0)
    for number, useless in enumerate((dot, endless)):
        item = alone(useless, tmp_path / f"{number}.h5")
        assert plain_example(item, rng) is None
        assert varied_example(item, rng) is None
    without_clock = ink.with_points(np.column_stack([ink.points[:, :2], np.full(len(ink), np.nan)]))
    for name, useful in (("fine", ink), ("timeless", without_clock)):
        example = plain_example(alone(useful, tmp_path / f"{name}.h5"), rng)
        assert example is not None
        assert len(example.path) < MOST_STEPS
