"""Recovered ink read again, by a reader who reads a letter in each stroke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.store import Sample, StoreWriter, no_ink
from handwrite.evaluate.recovered_reading import read_again
from handwrite.evaluate.recovery_samples import evaluate, load_samples
from handwrite.recognize.ink_predict import InkReader
from handwrite.recover.predict import Recoverer


class Counting:
    """Reads as many letters a as there are strokes."""

    def read(self, inks: Sequence[Ink]) -> list[str]:
        return ["a" * len(ink.strokes()) for ink in inks]


READER = cast(InkReader, Counting())


def bars(count: int) -> Ink:
    """Upright bars, a second each."""
    t = np.linspace(0, 1, 20)
    return Ink.from_strokes(
        [np.column_stack([np.full(20, 30.0 * number), 40 * t, t + 1.5 * number]) for number in range(count)]
    )


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Words of three bars by two writers, one wrongly transcribed; and what is not read."""
    path = tmp_path / "ink.h5"
    samples = [
        Sample(bars(3), "aaa", "pen", "1", writer="v", split="test", level="word"),
        Sample(bars(3), "aaaaaa", "pen", "2", writer="w", split="test", level="word"),
        Sample(bars(3), "", "pen", "3", writer="w", split="test", level="word"),
        Sample(bars(3), "aaa", "pen", "4", writer="w", split="test", level="character"),
        Sample(bars(3), "aaa", "quill", "5", writer="w", split="test", level="word", script="Grek"),
    ]
    with StoreWriter(path, licences={}) as store:
        for sample in samples:
            store.add(sample)
    return path


def test_latin_words_are_read_as_recorded_and_as_recovered(dataset: Path) -> None:
    samples = load_samples([dataset], split="test")
    found, judged = evaluate({"skeleton": Recoverer()}, samples, split="test", reader=READER)
    assert found.reading == read_again(READER, samples, judged)
    [read] = found.reading
    assert (read.source, read.recorded.samples) == ("pen", 2)
    assert read.recorded.value == pytest.approx(6 / 9)  # three letters of three and three of six
    assert read.methods == {"skeleton": read.recorded}
    assert read.recorded.low == pytest.approx(0.5)
    assert read.recorded.high == pytest.approx(1)


def test_what_was_lost_on_the_way_is_not_read(dataset: Path) -> None:
    samples = load_samples([dataset], split="test")
    _, judged = evaluate({"skeleton": Recoverer()}, samples, split="test")
    [read] = read_again(READER, samples, {"nothing": [replace(one, ink=no_ink()) for one in judged["skeleton"]]})
    assert read.methods["nothing"].value == 0
    assert read.recorded.value > 0


def test_without_words_or_reader_nothing_is_read(dataset: Path) -> None:
    samples = load_samples([dataset], split="test")
    found, judged = evaluate({"skeleton": Recoverer()}, samples, split="test")
    assert found.reading == ()
    others = [index for index, sample in enumerate(samples) if sample.level == "character"]
    few = {"skeleton": [judged["skeleton"][index] for index in others]}
    assert read_again(READER, [samples[index] for index in others], few) == ()
