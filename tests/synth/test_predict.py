"""Text in, ink out: pieces, redrawing with planted traces, and setting pieces on a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from handwrite.core.alphabet import Alphabet
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.errors import CheckpointError, InputError, OptionError
from handwrite.synth import predict
from handwrite.synth.model import SynthConfig, SynthNet
from handwrite.synth.predict import (
    ATTEMPTS,
    LETTER_SPACE,
    LINE_SPACING,
    PIECE,
    WORD_SPACE,
    Synthesizer,
    pieces,
    stack,
    synthesize,
)
from handwrite.synth.sampler import Trace
from handwrite.synth.task import Statistics

LETTERS = Alphabet(" abcdefghijklmnopqrstuvwxyz")
STATISTICS = Statistics(scale=0.5, time_step=0.02, gap=(0.1, 0.0))
CONFIG = SynthConfig(symbols=len(LETTERS), writers=3, hidden=8, text_channels=4, style_channels=4, components=2)


def synthesizer(styles: Sequence[int] = (2, 1)) -> Synthesizer:
    torch.manual_seed(0)
    return Synthesizer(SynthNet(CONFIG), LETTERS, STATISTICS, styles)


def trace(text: str, *, skip: int = 0, repeat: int = 0, finished: bool = True, step: float = 1.0) -> Trace:
    """Ten points a character, a rise and a fall, to the right; the window skips so many characters of the text's
    start and dwells on so many at its end."""
    dwell = [0] * skip + [10] * (len(text) - skip - repeat) + [90] * repeat
    attention = np.repeat(np.eye(len(text) + 1, dtype=np.float32)[:-1], dwell, axis=0)
    offsets = np.zeros((len(attention) + 1, 3), np.float32)
    offsets[1:, 0], offsets[1::2, 1], offsets[2::2, 1] = step, -2, 2
    offsets[-1, 2] = 1
    return Trace(offsets, attention, finished)


class Drawer:
    """Stands for `draw`: gives planted traces, the last of a text's again and again, and remembers who asked."""

    def __init__(self, planted: dict[str, list[Trace]]) -> None:
        self.planted, self.calls = planted, []

    def __call__(self, net: Any, texts: Any, *, writer: int, bias: float, seeds: Any) -> list[Trace]:
        names = [LETTERS.decode(text) for text in texts]
        self.calls.append((names, writer, bias, list(seeds)))
        return [
            self.planted[name][min(seed[-1], len(self.planted[name]) - 1)]
            for name, seed in zip(names, seeds, strict=True)
        ]


def plant(monkeypatch: pytest.MonkeyPatch, **planted: list[Trace]) -> Drawer:
    drawer = Drawer(planted)
    monkeypatch.setattr(predict, "draw", drawer)
    return drawer


def test_only_what_went_wrong_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawer = plant(monkeypatch, good=[trace("good")], bad=[trace("bad", skip=1), trace("bad", repeat=1), trace("bad")])
    good, bad = synthesizer().write(["good", "bad"], bias=0.5, seed=9)
    assert [(names, seeds) for names, _, _, seeds in drawer.calls] == [
        (["good", "bad"], [(9, 0, 0, 0), (9, 1, 0, 0)]),
        (["bad"], [(9, 1, 0, 1)]),
        (["bad"], [(9, 1, 0, 2)]),
    ]
    assert (good.attempts, bad.attempts) == ((1,), (3,))
    assert good.problems == bad.problems == ()


def test_the_best_attempt_is_kept_and_what_remains_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    worst, best, middle = trace("abcd", finished=False), trace("abcd", skip=1, step=3), trace("abcd", skip=3)
    plant(monkeypatch, abcd=[worst, middle, best, middle])
    line = synthesizer().write(["abcd"])[0]
    assert line.attempts == (ATTEMPTS,)
    assert line.problems == ("may have skipped 'a' in 'abcd'",)
    assert line.ink.bounds[2] == pytest.approx(30 * 3 * STATISTICS.scale, rel=0.01)


def test_pieces_stand_on_one_baseline_a_space_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "PIECE", 4)
    plant(monkeypatch, abc=[trace("abc")], de=[trace("de", step=2)])
    line = synthesizer().write(["abc de"])[0]
    first, second = line.ink.strokes()
    assert (line.text, line.attempts) == ("abc de", (1, 1))
    assert first[:, 0].min() == pytest.approx(0, abs=1e-4)
    assert second[:, 0].min() - first[:, 0].max() == pytest.approx(WORD_SPACE, abs=1e-4)
    for stroke in (first, second):
        lowest = np.median(stroke[2::2, 1])
        assert lowest == pytest.approx(0, abs=0.05)
    assert np.diff(line.ink.points[:, 2])[: len(first) - 1] == pytest.approx(STATISTICS.time_step, abs=1e-5)


def test_lines_are_stacked_and_blank_ones_keep_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, abc=[trace("abc")])
    written = synthesizer().write(["abc", "", "abc"])
    assert [len(line.ink) for line in written] == [31, 0, 31]
    first, second = stack(written).strokes()
    np.testing.assert_allclose(second[:, 1] - first[:, 1], 2 * LINE_SPACING, atol=1e-4)


def test_more_pieces_than_a_batch_are_all_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "BATCH", 3)
    drawer = plant(monkeypatch, abc=[trace("abc")])
    assert len(synthesizer().write(["abc"] * 7)) == 7
    assert [len(names) for names, *_ in drawer.calls] == [3, 3, 1]


@given(st.lists(st.text("abc", min_size=1, max_size=100), max_size=30))
def test_pieces_say_the_line_and_are_short(words: list[str]) -> None:
    parts = pieces(" ".join(words))
    assert "".join(" " * part.spaced + part.text for part in parts).strip() == " ".join(words)
    assert all(0 < len(part.text) <= PIECE for part in parts)


def test_parts_of_one_word_stand_closer_than_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "PIECE", 3)
    plant(monkeypatch, abc=[trace("abc")], de=[trace("de")])
    first, second = synthesizer().write(["abcde"])[0].ink.strokes()
    assert second[:, 0].min() - first[:, 0].max() == pytest.approx(LETTER_SPACE, abs=1e-4)


def test_pieces_are_even() -> None:
    sizes = [len(part.text) for part in pieces(" ".join(["word"] * 20))]
    assert max(sizes) - min(sizes) <= 10


def test_text_is_prepared_line_by_line() -> None:
    lines, replaced = synthesizer().prepare("ab  cé\n\n d-e ")
    assert lines == ["ab ce", "", "d e"]
    assert replaced == {"é": "e", "-": ""}


def test_styles_are_numbered_from_nought(monkeypatch: pytest.MonkeyPatch) -> None:
    drawer = plant(monkeypatch, abc=[trace("abc")])
    for styles, style in (((2, 1), None), ((2, 1), 1), ((), None)):
        synthesizer(styles).write(["abc"], style=style)
    assert [writer for _, writer, *_ in drawer.calls] == [2, 1, 0]
    for style in (2, -1):
        with pytest.raises(OptionError, match=f"style {style}: no such style; these weights have 2"):
            synthesizer().write(["abc"], style=style)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    statistics = {"scale": 0.5, "time_step": 0.02, "gap": [0.1, 0.0], "styles": [1]}
    header = Header("synth", vars(CONFIG) | {}, LETTERS.chars, statistics)
    save_checkpoint(path, header, synthesizer().net.state_dict())
    return path


def test_synthesize_from_a_file_is_the_same_for_the_same_seed(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "ATTEMPTS", 1)
    one, two, other = (synthesize("ab\nc", weights=weights, seed=seed, device="cpu") for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.points, two.points)
    assert not np.array_equal(one.points[:20], other.points[:20])
    assert one.has_clock


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"text": " \n"}, InputError, "no text"),
        ({"text": "a", "bias": -1.0}, OptionError, "bias -1"),
        ({"text": "a", "bias": float("nan")}, OptionError, "bias nan"),
        ({"text": "a", "style": 5}, OptionError, "style 5"),
        ({"text": "a", "weights": "none"}, CheckpointError, "no such weights"),
    ],
)
def test_wrong_use(arguments: dict[str, Any], error: type[Exception], message: str, weights: Path) -> None:
    with pytest.raises(error, match=message):
        synthesize(**{"weights": weights, "device": "cpu"} | arguments)
