"""Counting what a synthesizer wrote: planted redraws and problems, and the seeds that it was asked to use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from handwrite.core.ink import Ink
from handwrite.evaluate.texts import SENTENCES
from handwrite.evaluate.writing import BATCH, write_sheet, write_texts
from handwrite.synth.predict import Line, Synthesizer


class Planted:
    """Needs two attempts for a text with "two", and never gets one with "bad" right."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], dict[str, Any]]] = []

    def prepare(self, text: str) -> tuple[list[str], dict[str, str]]:
        return [text.replace("#", "No.")], {}

    def write(self, lines: Sequence[str], **options: Any) -> list[Line]:
        self.calls.append((list(lines), options))
        return [_line(line, options["seed"]) for line in lines]


def _line(text: str, seed: int) -> Line:
    ink = Ink.from_strokes([[[seed, 0], [seed + 1, len(text)]]])
    if "bad" in text:
        return Line(text, ink, (5, 1), ("may have skipped 'b'",))
    return Line(text, ink, (2,) if "two" in text else (1,), ())


def test_counts() -> None:
    texts = ["one", "two", "bad", "one #1", *["one"] * (BATCH - 1)]
    planted, reported = Planted(), []
    found = write_texts(cast(Synthesizer, planted), texts, bias=0.5, style=3, seed=7, report=reported.append)
    assert (found.texts, found.first_attempt, found.redraws) == (BATCH + 3, BATCH + 1, 1 + 4)
    assert found.share == pytest.approx((BATCH + 1) / (BATCH + 3))
    assert found.problems == ("may have skipped 'b'",)
    assert reported == [BATCH, 3]
    assert [options for _, options in planted.calls] == [
        {"bias": 0.5, "style": 3, "seed": 7},
        {"bias": 0.5, "style": 3, "seed": 7 + BATCH},
    ]
    assert planted.calls[0][0][3] == "one No.1"


def test_sentence_i_has_seed_i_and_stands_alone() -> None:
    planted = Planted()
    items = write_sheet(cast(Synthesizer, planted), bias=0.75, style=None)
    assert [text for _, text in items] == list(SENTENCES)
    assert [ink.points[0, 0] for ink, _ in items] == list(range(40))
    assert all(len(lines) == 1 for lines, _ in planted.calls)
