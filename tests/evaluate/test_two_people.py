"""The agreement of two people on drawings whose stroke order is planted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.store import Sample, Store, StoreWriter
from handwrite.evaluate.two_people import agreement

BARS = [np.array([(0.0, y, 0.0), (1.0, y, 0.1)]) for y in (0.0, 0.5, 1.0)]


def drawing(number: int, drawer: str, order: Sequence[int], *, split: str = "test", script: str = "Kana") -> Sample:
    size = 10.0 + 30 * int(drawer)
    strokes = [BARS[stroke] * [size, 2 * size, 1] + [0, 0, place] for place, stroke in enumerate(order)]
    name = f"Some/character{number:02d}/{number:04d}_{drawer}"
    writer = f"Some/{drawer}"
    ink = Ink.from_strokes(strokes)
    return Sample(ink, "", "omniglot", name, writer=writer, split=split, level="character", script=script)


def store_of(path: Path, samples: Sequence[Sample]) -> Store:
    with StoreWriter(path, licences={}) as writer:
        for sample in samples:
            writer.add(sample)
    return Store(path)


def test_pairs_are_of_one_character_and_two_people(tmp_path: Path) -> None:
    store = store_of(
        tmp_path / "a.h5",
        [
            drawing(1, "01", (0, 1, 2)),
            drawing(1, "02", (0, 1, 2), split="train"),
            drawing(1, "03", (2, 1, 0), split="train"),
            drawing(1, "04", (0, 2, 1), split="train"),
            drawing(2, "01", (2, 1, 0)),  # nobody else drew it
            drawing(3, "01", (0,)),  # it has no order
            drawing(3, "02", (0, 1), split="train"),
            drawing(4, "01", (0, 1), script="Deva"),
            drawing(4, "02", (0, 1), script="Deva"),
        ],
    )
    found = agreement([store], split="test")
    assert list(found) == [("omniglot", "Deva"), ("omniglot", "Kana")]
    kana, deva = found["omniglot", "Kana"], found["omniglot", "Deva"]
    assert kana.value == pytest.approx((1 - 1 + 1 / 3) / 3)
    assert kana.samples == 3
    assert (deva.value, deva.samples) == (1, 2)


def test_pairs_are_drawn_by_the_seed(tmp_path: Path) -> None:
    drawers = [(f"{number:02d}", (0, 1, 2) if number % 2 else (2, 1, 0)) for number in range(1, 10)]
    store = store_of(tmp_path / "b.h5", [drawing(1, drawer, order) for drawer, order in drawers])
    few = [agreement([store], split="test", most=7, seed=seed)["omniglot", "Kana"] for seed in (0, 0, 1)]
    assert few[0] == few[1] != few[2]
    assert few[0].samples == 7
    assert agreement([store], split="test")["omniglot", "Kana"].samples == 9 * 8


def test_other_sources_have_none(toy_store: Path) -> None:
    assert agreement([Store(toy_store)], split="val") == {}
