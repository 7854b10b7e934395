"""Reading the samples of stores, by a recognizer whose readings are planted by the width of the image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.reading import Box, Line, Reading, Word
from handwrite.core.store import Sample, StoreWriter, no_ink
from handwrite.errors import InputError, OptionError
from handwrite.evaluate import recognition_samples
from handwrite.evaluate.recognition_samples import evaluate, load_samples, read_samples

BOX = Box(0, 0, 1, 1)
READS = {50: "the cat", 51: "a dog", 52: "", 53: "cot"}
"""width of an image -> what is read in it."""


class Planted:
    """Stands for a recognizer. seen : the level and the shapes of each call. clock : a second passes for each image."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, list[tuple[int, ...]]]] = []
        self.clock = 0.0

    def read_all(self, images: list[np.ndarray], *, level: str, decoder: object) -> list[Reading]:
        self.seen.append((level, [image.shape for image in images]))
        self.clock += len(images)
        return [Reading(self._lines(READS.get(image.shape[1], "ink")), *image.shape) for image in images]

    def read(self, image: np.ndarray, *, level: str, decoder: object) -> Reading:
        return self.read_all([image], level=level, decoder=decoder)[0]

    def _lines(self, text: str) -> tuple[Line, ...]:
        words = tuple(Word(word, 0.9, BOX, ()) for word in text.split())
        return (Line(text, 0.9, BOX, words, ()),) if words else ()


def scan(width: int, text: str, *, level: str = "line", split: str = "test", writer: str = "w") -> Sample:
    image = np.full((20, width), 255, np.uint8)
    return Sample(no_ink(), text, "scans", f"{level}-{width}", writer=writer, split=split, level=level, image=image)


@pytest.fixture
def dataset(tmp_path: Path, toy_hand: Callable[..., Ink]) -> Path:
    path = tmp_path / "data.h5"
    samples = [
        scan(53, "cat", level="word"),
        scan(50, "the cat"),
        scan(51, "the dog"),
        scan(52, "gone"),
        scan(50, "other split", split="val"),
        scan(50, "x", level="character"),
        Sample(toy_hand("ab c"), "ink", "pen", "ink", split="test"),
    ]
    with StoreWriter(path, licences={}) as store:
        for sample in samples:
            store.add(sample)
    return path


def test_every_sample_is_read_at_its_level_and_none_is_left_out(dataset: Path) -> None:
    planted = Planted()
    lines, _ = read_samples(planted, load_samples([dataset], split="test"))
    assert [(line.source, line.text, line.read.text) for line in lines] == [
        ("scans", "the cat", "the cat"),
        ("scans", "the dog", "a dog"),
        ("scans", "gone", ""),
        ("pen", "ink", "ink"),
        ("scans", "cat", "cot"),
    ]
    assert [line.writer for line in lines] == ["w", "w", "w", "", "w"]
    assert [(level, len(shapes)) for level, shapes in planted.seen] == [("line", 4), ("word", 1)]
    assert planted.seen[0][1][3][0] > 40, "the ink is drawn as high as `Written.image` has it"


def test_characters_are_read_when_they_are_asked_for(dataset: Path) -> None:
    planted = Planted()
    lines, _ = read_samples(planted, load_samples([dataset], split="test", levels=["character"]))
    assert [line.text for line in lines] == ["x"]
    assert planted.seen[0][0] == "word"


def test_figures_by_source_and_level(dataset: Path) -> None:
    told: list[int] = []
    found, lines = evaluate(Planted(), load_samples([dataset], split="test"), split="test", report=told.append)
    assert sum(told) == len(lines) == 5
    assert {name: row.lines for name, row in found.recognition.sources.items()} == {"pen": 1, "scans": 4}
    assert {name: sorted(rows) for name, rows in found.levels.items()} == {"scans": ["line", "word"]}
    assert found.levels["scans"]["word"].cer.value == pytest.approx(1 / 3)
    assert found.levels["scans"]["line"].cer.value == pytest.approx((0 + 3 + 4) / (7 + 7 + 4))
    assert found.nothing == 1


def test_speed_is_that_of_reading_alone(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted, draw = Planted(), recognition_samples.Written.image

    def slow(sample: recognition_samples.Written) -> np.ndarray:
        planted.clock += 9
        return draw(sample)

    monkeypatch.setattr(recognition_samples.Written, "image", slow)
    monkeypatch.setattr(recognition_samples, "time", SimpleNamespace(perf_counter=lambda: planted.clock))
    found, _ = evaluate(planted, load_samples([dataset], split="test"), split="test")
    assert found.recognition.lines_per_second == 1
    assert found.singles_per_second == 1


def test_a_limit_draws_from_all_over(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "many.h5", licences={}) as store:
        for number in range(10):
            store.add(scan(50, f"t{number}"))
    drawn = load_samples([tmp_path / "many.h5"], split="test", limit=4)
    assert [sample.text for sample in drawn] == ["t0", "t2", "t5", "t7"]
    assert len(load_samples([tmp_path / "many.h5"], split="test", limit=99)) == 10


def test_what_is_not_there_is_said(dataset: Path) -> None:
    with pytest.raises(OptionError, match="--split dev: no such split"):
        load_samples([dataset], split="dev")
    with pytest.raises(OptionError, match="--level page: no such level"):
        load_samples([dataset], split="test", levels=["page"])
    with pytest.raises(InputError, match=r"data.h5: no lines and no words in split val2; see"):
        load_samples([dataset], split="val2")
