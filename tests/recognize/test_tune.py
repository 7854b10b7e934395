"""Tuning on log probabilities that are made with a known temperature, and with errors that a language model mends."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from handwrite.core.alphabet import BLANK, Alphabet
from handwrite.core.checkpoint import Header, load_checkpoint, save_checkpoint
from handwrite.core.store import Store
from handwrite.errors import InputError
from handwrite.recognize import tune as module
from handwrite.recognize.beam import BeamDecoder
from handwrite.recognize.data import load_written
from handwrite.recognize.decoder import Decoder, Greedy
from handwrite.recognize.kneser_ney import train_lm
from handwrite.recognize.lm import LanguageModel
from handwrite.recognize.looks import SECOND
from handwrite.recognize.model import RecognizeConfig, RecognizeNet
from handwrite.recognize.predict import Recognizer, Tuning
from handwrite.recognize.tune import POWERS, Seen, look, tune, write_tuned

ALPHABET = Alphabet(" abc")
SPACE, LETTERS = 1, (2, 3, 4)
CERTAIN = 60.0  # a logit that no temperature here makes doubtful


def line(letters: NDArray[np.float64], text: str, *, source: str = "toy", temperature: float = 1.0) -> Seen:
    """A line of one-letter words. letters : (n, 3) logits of a, b and c; temperature : multiplies them."""
    frames = []
    for logits in letters * temperature:
        frames += [{BLANK: CERTAIN}, dict(zip(LETTERS, logits + CERTAIN, strict=True)), {SPACE: CERTAIN}]
    table = np.zeros((len(frames) - 1, len(ALPHABET)))
    for row, values in zip(table, frames[:-1], strict=True):
        row[list(values)] = list(values.values())
    table -= np.log(np.exp(table - CERTAIN).sum(1, keepdims=True)) + CERTAIN
    rows = table.astype(np.float32)
    return Seen(rows, rows, text, source)


def drawn(count: int, *, temperature: float, seed: int = 0, source: str = "toy") -> list[Seen]:
    """Lines of one letter, drawn from what its logits say, before these are multiplied."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 1.5, (count, 1, 3))
    letters = (logits + generator.gumbel(size=logits.shape)).argmax(2)[:, 0]
    return [
        line(own, "abc"[letter], source=source, temperature=temperature)
        for own, letter in zip(logits, letters, strict=True)
    ]


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    """Knows one text alone, a b c a b c."""
    return train_lm(["a b c " * 200], alphabet=ALPHABET, order=3)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WEIGHTS", (0.1, 0.6))
    monkeypatch.setattr(module, "BONUSES", (0.0, 0.5))


def temperature_of(decoder: Callable[[float], Decoder], lines: Sequence[Seen]) -> float:
    """The temperature that is found where confidences stay as they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "POWERS", (1.0, 1.0))
        return module._calibrated(decoder, lines, ALPHABET, lambda: None)[0]


@pytest.mark.parametrize("planted", [0.7, 2.5])
def test_the_planted_temperature_is_found(planted: float) -> None:
    lines = drawn(800, temperature=planted)
    found = temperature_of(Greedy, lines)
    assert found == pytest.approx(planted, rel=0.15)


def test_the_planted_power_is_found() -> None:
    generator = np.random.default_rng(0)
    sure = generator.uniform(0.05, 0.98, 20_000)
    judged = [np.stack([sure, generator.random(len(sure)) < sure**0.6])]
    assert module._least(lambda power: module._surprise(judged, power), *POWERS, tries=12) == pytest.approx(
        0.6, abs=0.05
    )


def test_without_a_language_model_both_decoders_are_as_sure() -> None:
    lines = drawn(100, temperature=2.0)
    greedy = temperature_of(Greedy, lines)
    beam = temperature_of(lambda value: BeamDecoder(temperature=value), lines)
    assert beam == pytest.approx(greedy, rel=0.02)


def test_sources_count_alike_whatever_their_size() -> None:
    many, few = drawn(300, temperature=1.0, source="many"), drawn(75, temperature=3.0, seed=1, source="few")
    alone = temperature_of(Greedy, many)
    together = temperature_of(Greedy, [*many, *few])
    pooled = [replace(one, source="one") for one in [*many, *few]]
    assert alone < temperature_of(Greedy, pooled) < together - 0.1


def test_both_looks_have_a_say() -> None:
    """The first look leaves open which letter it is, the second knows; sureness in between is told by both."""
    open_letter, known = line(np.zeros((1, 3)), "b").first, line(np.array([[0.0, 9.0, 0.0]]), "b").first
    assert module._error(BeamDecoder(), [Seen(open_letter, known, "b", "toy")] * 2, ALPHABET) == 0
    [(confidences, right)] = module._judged(BeamDecoder(), [Seen(open_letter, known, "b", "toy")] * 2, ALPHABET)
    assert right.tolist() == [1, 1]
    assert confidences == pytest.approx((1 / 3) ** 0.5, rel=0.02)


def test_the_power_is_that_of_what_is_told() -> None:
    """Tuning raises confidences that were found without it; reading raises them on the way."""
    open_letter, known = line(np.zeros((1, 3)), "b").first, line(np.array([[0.0, 3.0, 0.0]]), "b").first
    lines = [Seen(open_letter, known, "b", "toy")]
    [(plain, _)] = module._judged(BeamDecoder(), lines, ALPHABET)
    [(raised, _)] = module._judged(BeamDecoder(power=0.4), lines, ALPHABET)
    assert raised == pytest.approx(plain**0.4)


def test_a_language_model_that_helps_is_heard(model: LanguageModel, quick: None) -> None:
    generator = np.random.default_rng(0)
    unsure = generator.normal(0, 1.0, (40, 6, 3))
    lines = [line(logits + 1.5 * np.tile(np.eye(3), (2, 1)), "a b c a b c") for logits in unsure]
    told: list[int] = []
    tuning = tune(lines, ALPHABET, model, report=lambda: told.append(1))
    assert tuning.weight >= 0.6
    automaton = model.for_alphabet(ALPHABET)
    tuned = BeamDecoder(((automaton, tuning.weight),), bonus=tuning.bonus)
    assert module._error(tuned, lines, ALPHABET) < 0.3 * module._error(BeamDecoder(), lines, ALPHABET)
    assert len(told) == 2 * module.TEMPERATURES + 2 * 2 + 9


def test_a_language_model_that_misleads_is_not(model: LanguageModel, quick: None) -> None:
    generator = np.random.default_rng(0)
    texts = [generator.integers(3, size=6) for _ in range(40)]
    lines = [
        line(generator.normal(0, 0.7, (6, 3)) + 2 * np.eye(3)[text], " ".join("abc"[index] for index in text))
        for text in texts
    ]
    assert tune(lines, ALPHABET, model).weight <= 0.1


def test_the_weight_is_never_below_nothing(model: LanguageModel) -> None:
    assert min(module.WEIGHTS) - (module.WEIGHTS[1] - module.WEIGHTS[0]) / 2 >= 0


def test_nothing_read_is_said(model: LanguageModel) -> None:
    rows = np.full((8, len(ALPHABET)), -50.0, np.float32)
    rows[:, BLANK] = 0
    with pytest.raises(InputError, match="no words are read"):
        tune([Seen(rows, rows, "a", "toy")], ALPHABET, model)


def test_golden_section() -> None:
    calls: list[float] = []

    def valley(x: float) -> float:
        calls.append(x)
        return abs(x - 0.3)

    assert module._least(valley, -2, 5, tries=20) == pytest.approx(0.3, abs=0.01)
    assert len(calls) == 20
    assert module._least(math.exp, 0, 1, tries=20) == pytest.approx(0, abs=0.001)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = RecognizeConfig(symbols=len(ALPHABET), channels=(2, 2, 2, 4), hidden=4, layers=1)
    header = Header("recognize", asdict(config), ALPHABET.chars, {}, {"toy": "CC0"}, {"cer": 0.5}, 3, {"steps": 7})
    path = tmp_path / "tiny.safetensors"
    net = RecognizeNet(config)
    net.stages[0].norm.num_batches_tracked.fill_(10**6)  # above what half precision holds
    save_checkpoint(path, header, net.state_dict())
    return path


def test_only_the_tuning_is_written_anew(weights: Path, tmp_path: Path) -> None:
    tuning = Tuning(temperature=1.5, beam_temperature=2.0, weight=0.3, bonus=0.7)
    write_tuned(weights, tuning, tmp_path / "tuned.safetensors")
    assert Recognizer.load(tmp_path / "tuned.safetensors", device="cpu").tuning == tuning
    before = load_checkpoint(weights, kind="recognize")
    after = load_checkpoint(tmp_path / "tuned.safetensors", kind="recognize")
    assert asdict(after.header) == asdict(before.header) | {"statistics": asdict(tuning)}
    assert before.tensors.keys() == after.tensors.keys()
    assert all(before.tensors[name].equal(after.tensors[name]) for name in before.tensors)
    write_tuned(weights, tuning, weights)
    assert load_checkpoint(weights, kind="recognize").header == after.header


def test_the_net_looks_twice_at_every_sample(weights: Path, toy_store: Path) -> None:
    recognizer = Recognizer.load(weights, device="cpu")
    samples = load_written([Store(toy_store)], splits=("val",))
    told: list[int] = []
    seen = look(recognizer, samples, report=told.append)
    assert sum(told) == len(samples) == len(seen) == 12
    assert [one.text for one in seen] == [sample.text for sample in samples]
    for one in seen:
        assert len(one.second) == pytest.approx(SECOND * len(one.first), abs=3)
        for rows in (one.first, one.second):
            assert rows.shape[1] == len(ALPHABET)
            assert np.exp(rows).sum(1) == pytest.approx(1, abs=1e-3)
