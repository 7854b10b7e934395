"""Recovering the samples of stores, by recoverers whose paths are planted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.store import Sample, StoreWriter
from handwrite.errors import CheckpointError, InputError, OptionError
from handwrite.evaluate import recovery_samples
from handwrite.evaluate.recovery_samples import drawn_plainly, evaluate, load_recoverers, load_samples
from handwrite.recover.glyph import Glyph
from handwrite.recover.predict import Recoverer

TICKS = np.linspace(0, 0.4, 20)


class Planted(Recoverer):
    """Finds a bar through the middle of each glyph, or nothing. asked : glyphs and script of each call. clock : a
    second passes for each glyph."""

    def __init__(self, *, blind: bool = False) -> None:
        super().__init__()
        self.blind = blind
        self.asked: list[tuple[int, str]] = []
        self.clock = 0.0

    def glyphs(self, glyphs: Sequence[Glyph], *, script: str = "auto") -> list[Ink]:
        self.asked.append((len(glyphs), script))
        self.clock += len(glyphs)
        return [Ink.from_strokes([]) if self.blind else self.bar(*glyph.pixels.shape) for glyph in glyphs]

    def bar(self, height: int, width: int) -> Ink:
        return Ink.from_strokes([np.array([(6.0, height / 2, 0.0), (width - 6.0, height / 2, 0.1)])])


def bar(length: float = 100.0) -> Ink:
    return Ink.from_strokes([np.column_stack([length * TICKS, 2 * np.sin(20 * TICKS), TICKS])])


@pytest.fixture
def dataset(tmp_path: Path, toy_hand: Callable[..., Ink]) -> Path:
    """Bars of a character's and of a word's level, of three sources; a line of two words; and another split."""
    path = tmp_path / "ink.h5"
    base = Sample(bar(), "-", "pen", "bar", writer="w", split="test", level="word")
    samples = [
        *(replace(base, name=f"bar {number}", writer=f"w{number % 2}") for number in range(5)),
        replace(base, level="character", source="kanjivg", script="Hani", writer=""),
        replace(base, level="line", ink=toy_hand("abc  abc"), name="line"),
        replace(base, split="val"),
    ]
    with StoreWriter(path, licences={}) as store:
        for sample in samples:
            store.add(sample)
    return path


def test_every_sample_is_recovered_by_every_method(dataset: Path) -> None:
    told: list[int] = []
    samples = load_samples([dataset], split="test")
    methods = {"net": Planted(), "skeleton": Planted(blind=True)}
    found, judged = evaluate(methods, samples, split="test", report=told.append)
    assert sum(told) == 2 * len(samples) == 14
    kinds = [(group.source, group.script, group.level) for group in found.groups]
    assert kinds == [("kanjivg", "Hani", "character"), ("pen", "Latn", "line"), ("pen", "Latn", "word")]
    words = found.groups[2].methods
    assert (words["net"].samples, words["net"].writers) == (5, 2)
    net, skeleton = (words[method].local_order for method in ("net", "skeleton"))
    assert net is not None
    assert net.value > 0.95
    assert skeleton is not None
    assert skeleton.value == 0
    assert found.nothing == {"net": 0, "skeleton": 7}
    assert [one.name for one in judged["net"]] == [sample.store.name[sample.index] for sample in samples]


def test_a_modelled_clock_has_no_velocity(dataset: Path) -> None:
    found, _ = evaluate({"net": Recoverer()}, load_samples([dataset], split="test"), split="test")
    kanji, _, words = (group.methods["net"] for group in found.groups)
    assert (kanji.velocity_r, kanji.real_clocks, words.real_clocks) == (None, 0, 5)
    assert words.velocity_r is not None
    assert words.velocity_r.samples == 5


def test_scripts_are_told_when_that_is_wanted(dataset: Path) -> None:
    samples = load_samples([dataset], split="test")
    for told, scripts in ((False, ["auto"] * 3), (True, ["kanji", "latin", "latin"])):
        planted = Planted()
        evaluate({"net": planted}, samples, split="test", told=told)
        assert [script for _, script in planted.asked] == scripts


def test_speed_is_that_of_recovery_alone(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted, draw = Planted(), recovery_samples.drawn_plainly

    def slow(*arguments: object, **options: object) -> object:
        planted.clock += 9
        return draw(*arguments, **options)

    monkeypatch.setattr(recovery_samples, "drawn_plainly", slow)
    monkeypatch.setattr(recovery_samples, "time", SimpleNamespace(perf_counter=lambda: planted.clock))
    samples = [sample for sample in load_samples([dataset], split="test") if sample.level == "character"]
    assert evaluate({"net": planted}, samples, split="test")[0].per_second == {"net": 1}


def test_a_line_gives_one_word_by_the_seed(dataset: Path) -> None:
    [line] = [sample for sample in load_samples([dataset], split="test") if sample.level == "line"]
    one, same = (drawn_plainly(line, seed=3)[1] for _ in range(2))
    np.testing.assert_array_equal(one.points, same.points)
    assert len(one.strokes()) == 3, "a word has three letters"


def test_a_limit_is_of_each_source_and_level(dataset: Path) -> None:
    few = load_samples([dataset], split="test", limit=2)
    assert [sample.level for sample in few] == ["character", "line", "word", "word"]
    draws = {
        tuple(sample.index for sample in load_samples([dataset], split="test", limit=2, seed=seed)) for seed in range(9)
    }
    assert len(draws) > 1
    assert len(load_samples([dataset], split="test", limit=99)) == 7


def test_a_dot_is_left_out(tmp_path: Path) -> None:
    base = Sample(bar(), "-", "pen", "bar", split="test", level="character")
    dot = replace(base, ink=Ink.from_strokes([np.full((3, 3), 4.0)]), name="dot")
    for name, samples in (("both", (dot, base)), ("dots", (dot,))):
        with StoreWriter(tmp_path / f"{name}.h5", licences={}) as store:
            for sample in samples:
                store.add(sample)
    [kept] = load_samples([tmp_path / "both.h5"], split="test")
    assert kept.store.name[kept.index] == "bar"
    with pytest.raises(InputError, match=r"dots.h5: no ink in split test"):
        load_samples([tmp_path / "dots.h5"], split="test")


def test_what_is_not_there_is_said(dataset: Path) -> None:
    with pytest.raises(OptionError, match="--split dev: no such split"):
        load_samples([dataset], split="dev")
    with pytest.raises(InputError, match=r"ink.h5: no ink in split val2; see"):
        load_samples([dataset], split="val2")
    with pytest.raises(CheckpointError, match="nothing: no such weights"):
        load_recoverers(["skeleton", "net-raw"], weights="nothing", device="cpu")
    assert list(load_recoverers(["skeleton"], weights="nothing", device="cpu")) == ["skeleton"]
