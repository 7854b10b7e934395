"""The same texts in several hands: who is asked to write what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import pytest
import torch

from handwrite.core.ink import Ink
from handwrite.evaluate.specimens import BIASES, Specimen, write_specimens, written_lines
from handwrite.synth.data import Line as RealLine
from handwrite.synth.hands import Hand
from handwrite.synth.predict import Line, Order, Style, Synthesizer
from handwrite.synth.words import Word

TEXTS = ("one", "two", "three", "four", "five")


class Planted:
    """Writes a stroke as wide as the text is long and as high as ten times the bias."""

    styles = ("ada", "ben")

    def __init__(self) -> None:
        self.orders: list[tuple[str, str, float, int]] = []

    def hand(self, style: Style = None) -> Hand:
        return Hand(str(style), torch.zeros(1))

    def prepare(self, text: str) -> tuple[list[str], dict[str, str]]:
        return [text.replace("#", "No.")], {}

    def write(self, orders: Iterable[Order], *, seed: int) -> Iterator[Line]:
        for order in orders:
            self.orders.append((order.text, order.hand.name, order.bias, seed))
            ink = Ink.from_strokes([[[0, 0, 0], [len(order.text), 10 * order.bias, 1]]])
            yield Line(order.text, (Word(order.text, ink),), (1,), True, 0.0, ())


@pytest.fixture
def real() -> list[RealLine]:
    ink = Ink.from_strokes([[[0, 0, 0], [1, 1, 1]]])
    return [RealLine(ink.scaled(len(text)), text, f"w/{text}", "line") for text in TEXTS]


def test_every_hand_writes_the_texts(real: list[RealLine]) -> None:
    planted, reported = Planted(), []
    found = write_specimens(cast(Synthesizer, planted), real, ["#9"], bias=0.75, seed=3, report=reported.append)
    assert found.people == Specimen("people", tuple(line.ink for line in real), TEXTS, tuple(f"w/{t}" for t in TEXTS))
    assert [one.texts for one in found.by_bias.values()] == [TEXTS] * len(BIASES)
    assert {name: one.texts for name, one in found.by_style.items()} == {
        "ada": ("one", "three", "five"),
        "ben": ("two", "four"),
    }
    assert found.hard.texts == ("#9",)
    assert found.hard.writers == ("",)
    assert sum(reported) == len(planted.orders) == written_lines(len(TEXTS), 1)
    assert [order[2] for order in planted.orders[: 5 * len(TEXTS) : len(TEXTS)]] == list(BIASES)
    assert planted.orders[-1] == ("No.9", "None", 0.75, 3)
    assert ("two", "ben", 0.75, 3) in planted.orders


def test_styles_together_are_all_their_lines(real: list[RealLine]) -> None:
    found = write_specimens(cast(Synthesizer, Planted()), real, ["x"], bias=0.5)
    together = found.styles_together
    assert sorted(together.texts) == sorted(TEXTS)
    for ink, text in zip(together.inks, together.texts, strict=True):
        assert ink.bounds[2] - ink.bounds[0] == pytest.approx(len(text))
