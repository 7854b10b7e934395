"""Counting what a synthesizer wrote: planted redraws and problems, and the orders that it was given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import pytest
import torch

from handwrite.core.ink import Ink
from handwrite.evaluate.texts import SENTENCES
from handwrite.evaluate.writing import write_sheet, write_texts
from handwrite.synth.hands import Hand
from handwrite.synth.predict import Line, Order, Report, Style, Synthesizer
from handwrite.synth.words import Word


class Planted:
    """Needs two attempts for a text with "two", and never gets one with "bad" right."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[Order], int]] = []

    def hand(self, style: Style = None) -> Hand:
        return Hand(f"hand {style}", torch.zeros(1))

    def prepare(self, text: str) -> tuple[list[str], dict[str, str]]:
        return [text.replace("#", "No.")], {}

    def write(self, orders: Iterable[Order], *, seed: int, report: Report = lambda lines: None) -> Iterator[Line]:
        wanted = list(orders)
        self.calls.append((wanted, seed))
        for order in wanted:
            yield _line(order.text, seed)
            report(1)


def _line(text: str, seed: int) -> Line:
    """As wide as the seed says."""
    words = (Word(text, Ink.from_strokes([[[0, 0, 0], [seed + 1, len(text), 1]]])),)
    if "bad" in text:
        return Line(text, words, (5, 1), False, 0.5, ("may have skipped 'b'",))
    return Line(text, words, (2,) if "two" in text else (1,), "late" not in text, 0.25, ())


def test_counts() -> None:
    texts = ["one", "late two", "bad", "unclear two", "one #1"]
    planted, reported = Planted(), []
    found = write_texts(cast(Synthesizer, planted), texts, bias=0.5, style="ben", seed=7, report=reported.append)
    assert (found.texts, found.first_attempt, found.redraws) == (5, 3, 1 + 4 + 1)
    assert found.share == pytest.approx(3 / 5)
    assert found.nats == pytest.approx(0.3)
    assert found.problems == ("may have skipped 'b'",)
    assert reported == [1] * 5
    ((orders, seed),) = planted.calls
    assert seed == 7
    assert [order.text for order in orders] == ["one", "late two", "bad", "unclear two", "one No.1"]
    assert {(order.hand.name, order.bias) for order in orders} == {("hand ben", 0.5)}


def test_sentence_i_has_seed_i_and_stands_alone() -> None:
    planted, reported = Planted(), []
    items = write_sheet(cast(Synthesizer, planted), bias=0.75, style=None, report=reported.append)
    assert [text for _, text in items] == list(SENTENCES)
    assert [ink.bounds[2] - 1 for ink, _ in items] == list(range(40))
    assert [(len(orders), seed) for orders, seed in planted.calls] == [(1, seed) for seed in range(40)]
    assert {(order.hand.name, order.bias) for orders, _ in planted.calls for order in orders} == {("hand None", 0.75)}
    assert reported == [1] * 40
