"""Text in, ink out: pieces, redrawing with planted traces, and setting pieces on a line."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from handwrite.core.alphabet import Alphabet
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.ink import Ink
from handwrite.errors import CheckpointError, InputError, OptionError
from handwrite.synth import pieces, predict
from handwrite.synth.data import Line as RealLine
from handwrite.synth.model import SynthConfig, SynthNet
from handwrite.synth.predict import (
    AHEAD,
    ATTEMPTS,
    LINE_SPACING,
    Line,
    Order,
    Synthesizer,
    orders,
    stack,
    synthesize,
)
from handwrite.synth.sampler import Prime, Trace
from handwrite.synth.task import Statistics
from handwrite.synth.words import PART_SPACE, PIECE_SPACE

LETTERS = Alphabet(" abcdefghijklmnopqrstuvwxyz")
STATISTICS = Statistics(scale=0.5, time_step=0.02, gap=(0.1, 0.0))
CONFIG = SynthConfig(symbols=len(LETTERS), writers=3, hidden=8, text_channels=4, style_channels=4, components=2)


def synthesizer(styles: Sequence[int] = (2, 1)) -> Synthesizer:
    """Styles are called "a" and "b"."""
    torch.manual_seed(0)
    return Synthesizer(SynthNet(CONFIG), LETTERS, STATISTICS, styles=dict(zip("ab", styles, strict=False)))


def trace(text: str, *, skip: int = 0, repeat: int = 0, finished: bool = True, step: float = 1.0) -> Trace:
    """Ten points a character, a rise and a fall, to the right; the window skips so many characters of the text's
    start and dwells on so many at its end."""
    dwell = [0] * skip + [10] * (len(text) - skip - repeat) + [90] * repeat
    attention = np.repeat(np.eye(len(text) + 1, dtype=np.float32)[:-1], dwell, axis=0)
    attention = np.concatenate([attention[:1], attention])
    offsets = np.zeros((len(attention), 3), np.float32)
    offsets[1:, 0], offsets[1::2, 1], offsets[2::2, 1] = step, -2, 2
    offsets[-1, 2] = 1
    return Trace(offsets, attention, finished)


class Call(NamedTuple):
    """What `draw` was asked for."""

    names: list[str]
    writers: list[int]
    biases: list[float]
    seeds: list[tuple[int, ...]]
    prime: Prime | None


class Drawer:
    """Stands for `draw`: gives planted traces, the last of a text's again and again, and remembers who asked."""

    def __init__(self, planted: dict[str, list[Trace]]) -> None:
        self.planted = planted
        self.calls: list[Call] = []

    def __call__(self, net: Any, texts: Any, *, style: Any, bias: Any, seeds: Any, prime: Any) -> list[Trace]:
        names = [LETTERS.decode(text) for text in texts]
        writers = [int((net.writer.weight == one).all(dim=1).nonzero()[0, 0]) for one in style]
        self.calls.append(Call(names, writers, bias.tolist(), list(seeds), prime))
        return [
            self.planted[name][min(seed[-1], len(self.planted[name]) - 1)]
            for name, seed in zip(names, seeds, strict=True)
        ]


def write(lines: Sequence[str], *, bias: float = 0.75, seed: int = 0) -> list[Line]:
    """The lines written in the first style."""
    own = synthesizer()
    return list(own.write(orders(lines, [own.hand()], [bias]), seed=seed))


def plant(monkeypatch: pytest.MonkeyPatch, **planted: list[Trace]) -> Drawer:
    drawer = Drawer(planted)
    monkeypatch.setattr(predict, "draw", drawer)
    return drawer


def test_only_what_went_wrong_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "BATCH", 2)
    drawer = plant(monkeypatch, good=[trace("good")], bad=[trace("bad", skip=1), trace("bad", repeat=1), trace("bad")])
    good, bad = write(["good", "bad"], seed=9)
    assert [(call.names, call.seeds) for call in drawer.calls] == [
        (["good", "bad"], [(9, 0, 0, 0), (9, 1, 0, 0)]),
        (["bad", "bad"], [(9, 1, 0, 1), (9, 1, 0, 2)]),
    ]
    assert (good.attempts, bad.attempts) == ((1,), (3,))
    assert (good.at_once, bad.at_once) == (True, False)
    assert good.problems == bad.problems == ()


def test_the_best_attempt_is_kept_and_what_remains_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    worst, best, middle = trace("abcd", finished=False), trace("abcd", skip=1, step=3), trace("abcd", skip=3)
    plant(monkeypatch, abcd=[worst, middle, best, middle])
    line = write(["abcd"])[0]
    assert line.attempts == (ATTEMPTS,)
    assert line.problems == ("may have skipped 'a' in 'abcd'",)
    assert line.ink.bounds[2] == pytest.approx(30 * 3 * STATISTICS.scale, rel=0.01)


class Proofreader:
    """Stands for the proofreader: finds ink as hard to read as planted for how far its points are apart."""

    def __init__(self, nats: dict[float, float]) -> None:
        self.planted = nats

    def nats(self, offsets: Sequence[Any], texts: Sequence[str]) -> list[float]:
        return [self.planted[round(float(one[1, 0] / STATISTICS.scale), 3)] for one in offsets]


@pytest.mark.parametrize("batch", [1, 64])
@pytest.mark.parametrize(
    ("nats", "attempts", "kept"),
    [
        ({1: 0.1, 2: 0.0, 3: 0.0}, 1, 1),
        ({1: 0.9, 2: 0.1, 3: 0.0}, 2, 2),
        ({1: 0.9, 2: 0.5, 3: 0.7}, ATTEMPTS, 2),
        ({1: 0.9, 2: np.inf, 3: 0.2}, ATTEMPTS, 3),
    ],
)
def test_the_first_clear_attempt_is_kept_or_the_clearest(
    batch: int, nats: dict[float, float], attempts: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are drawn at once."""
    monkeypatch.setattr(predict, "BATCH", batch)
    plant(monkeypatch, abc=[trace("abc", step=step) for step in (1, 2, 3)])
    own = synthesizer()
    own.proofreader = Proofreader(nats)
    (line,) = own.write([Order("abc", own.hand(), 0.5)])
    assert (line.attempts, line.at_once, line.problems) == ((attempts,), True, ())
    assert line.nats == pytest.approx(nats[kept])
    assert line.ink.bounds[2] == pytest.approx(30 * kept * STATISTICS.scale, rel=0.01)


def test_what_the_window_says_counts_more_than_the_proofreader(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, abc=[trace("abc", skip=1, step=1), trace("abc", step=2), trace("abc", skip=1, step=3)])
    own = synthesizer()
    own.proofreader = Proofreader({1: 0.0, 2: 3.0, 3: 0.0})
    (line,) = own.write([Order("abc", own.hand(), 0.5)])
    assert line.ink.bounds[2] == pytest.approx(30 * 2 * STATISTICS.scale, rel=0.01)
    assert (line.at_once, line.problems) == (False, ())


def test_pieces_stand_on_one_baseline_a_space_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "LONGEST", 4)
    plant(monkeypatch, abc=[trace("abc")], de=[trace("de", step=2)])
    line = write(["abc de"])[0]
    first, second = line.ink.strokes()
    assert (line.text, line.attempts) == ("abc de", (1, 1))
    assert first[:, 0].min() == pytest.approx(0, abs=1e-4)
    assert second[:, 0].min() - first[:, 0].max() == pytest.approx(PIECE_SPACE, abs=1e-4)
    for stroke in (first, second):
        lowest = np.median(stroke[2::2, 1])
        assert lowest == pytest.approx(0, abs=0.05)
    assert np.diff(line.ink.points[:, 2])[: len(first) - 1] == pytest.approx(STATISTICS.time_step, abs=1e-5)


def test_lines_are_stacked_and_blank_ones_keep_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, abc=[trace("abc")])
    written = write(["abc", "", "abc"])
    assert [len(line.ink) for line in written] == [31, 0, 31]
    first, second = stack(written).strokes()
    np.testing.assert_allclose(second[:, 1] - first[:, 1], 2 * LINE_SPACING, atol=1e-4)


def test_more_pieces_than_a_batch_are_all_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "BATCH", 3)
    drawer = plant(monkeypatch, abc=[trace("abc")])
    assert len(write(["abc"] * 7)) == 7
    assert [len(call.names) for call in drawer.calls] == [3, 3, AHEAD], "room is filled with attempts ahead of need"


def test_a_book_is_written_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines come one by one from a text without end, in order, and what is drawn again shares a batch with new ones."""
    monkeypatch.setattr(predict, "BATCH", 4)
    drawer = plant(monkeypatch, good=[trace("good")], bad=[trace("bad", skip=1), trace("bad")])
    own, told = synthesizer(), []
    endless = (Order(text, own.hand(), 0.5) for text in itertools.cycle(["bad", "", "good"]))
    lines = list(itertools.islice(own.write(endless, report=told.append), 12))
    assert [line.text for line in lines] == ["bad", "", "good"] * 4
    assert all(len(call.names) == 4 for call in drawer.calls)
    assert [call.names[0] for call in drawer.calls[:2]] == ["bad", "bad"]
    assert sum(told) >= 8, "as many pieces as were yielded, or more"


def test_parts_of_one_word_stand_closer_than_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "LONGEST", 3)
    plant(monkeypatch, abc=[trace("abc")], de=[trace("de")])
    line = write(["abcde"])[0]
    assert [word.text for word in line.words] == ["abcde"]
    first, second = line.ink.strokes()
    assert second[:, 0].min() - first[:, 0].max() == pytest.approx(PART_SPACE, abs=1e-4)


def test_characters_that_the_net_writes_badly_are_respelled(tmp_path: Path) -> None:
    letters = Alphabet(" &adn")
    config = replace(CONFIG, symbols=len(letters))
    plain = Synthesizer(SynthNet(config), letters, STATISTICS, styles={})
    assert plain.prepare("a & d") == (["a & d"], {})
    statistics = asdict(STATISTICS) | {"writers": ["", "v", "w"], "illegible": "&"}
    header = Header("synth", asdict(config), letters.chars, statistics)
    save_checkpoint(tmp_path / "weights.safetensors", header, plain.net.state_dict())
    shy = Synthesizer.load(tmp_path / "weights.safetensors", device="cpu")
    assert shy.prepare("a & d") == (["a and d"], {"&": "and"})
    assert shy.alphabet.encode("&").tolist() == [2], "ink that goes on from ink may hold it"


def test_text_is_prepared_line_by_line() -> None:
    lines, replaced = synthesizer().prepare("ab  cé\n\n d-e ")
    assert lines == ["ab ce", "", "d e"]
    assert replaced == {"é": "e", "-": ""}


def test_styles_have_names_and_numbers_from_nought() -> None:
    weights = synthesizer().net.writer.weight
    for style, name, writer in ((None, "a", 2), (0, "a", 2), ("1", "b", 1), ("b", "b", 1)):
        hand = synthesizer().hand(style)
        assert (hand.name, hand.prime) == (name, None)
        assert hand.style.equal(weights[writer])
    assert synthesizer(()).hand().style.equal(weights[0])
    for style in (2, -1, "c", ""):
        with pytest.raises(OptionError, match=f"style {style}: no such style; there are 0 a, 1 b"):
            synthesizer().hand(style)


def test_paragraphs_take_hands_and_biases_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawer = plant(monkeypatch, abc=[trace("abc")], de=[trace("de")])
    own = synthesizer()
    text = ["", "abc", "de", "", "", "abc", "", "de"]
    wanted = orders(text, [own.hand("a"), own.hand("b")], [0.0, 1.0, 2.0])
    assert [line.text for line in own.write(wanted, attempts=1)] == text
    assert (drawer.calls[0].writers, drawer.calls[0].biases) == ([2, 2, 1, 2], [0, 0, 1, 2])


def test_lines_that_go_on_from_the_same_ink_are_drawn_together(monkeypatch: pytest.MonkeyPatch) -> None:
    drawer = plant(monkeypatch, abc=[trace("abc")])
    own, ink = synthesizer(), Ink.from_strokes([[(0, 0, 0), (1, 1, 0.2)]])
    hand = own.primed("mine", RealLine(ink, "ab", "", "line"))
    list(own.write(orders(["abc", "", "abc", "", "abc"], [hand, own.hand("b")], [0.5]), attempts=1))
    first, second = drawer.calls
    assert (first.writers, second.writers) == ([0, 0], [1])
    assert second.prime is None
    assert first.prime is not None
    assert LETTERS.decode(first.prime.text) == "ab "
    steps = first.prime.offsets * [STATISTICS.scale, STATISTICS.scale, 1]
    np.testing.assert_allclose(steps.sum(axis=0), [1, 1, 1], atol=1e-5)


def test_ink_with_accents_goes_on_as_its_letters() -> None:
    ink = Ink.from_strokes([[(0, 0, 0), (1, 1, 0.2)]])
    prime = synthesizer().primed("mine", RealLine(ink, "àb", "", "line")).prime
    assert prime is not None
    assert LETTERS.decode(prime.text) == "ab "


@pytest.mark.parametrize(("text", "message"), [("aж!b", "mine: the model does not know ! ж"), ("ab" * 99, "198 char")])
def test_ink_that_cannot_be_gone_on_from(text: str, message: str) -> None:
    ink = Ink.from_strokes([[(0, 0, 0), (1, 1, 0.2)]])
    with pytest.raises(InputError, match=message):
        synthesizer().primed("mine", RealLine(ink, text, "", "line"))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    statistics = {"scale": 0.5, "time_step": 0.02, "gap": [0.1, 0.0], "styles": {"a": 1}}
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
        ({"text": "a", "style": ["a", "none"]}, OptionError, "style none"),
        ({"text": "a", "bias": [1.0, -2.0]}, OptionError, "bias -2"),
        ({"text": "a", "weights": "none"}, CheckpointError, "no such weights"),
    ],
)
def test_wrong_use(arguments: dict[str, Any], error: type[Exception], message: str, weights: Path) -> None:
    with pytest.raises(error, match=message):
        synthesize(**{"weights": weights, "device": "cpu"} | arguments)
