"""What a recognizer reads in a specimen: readings planted by the width of the ink."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.reading import Box, Line, Reading
from handwrite.evaluate import legibility as module
from handwrite.evaluate.legibility import legibility
from handwrite.evaluate.specimens import Specimen
from handwrite.recognize.predict import Recognizer

BOX = Box(0, 0, 1, 1)


class Planted:
    """Reads one text after another, whatever it is shown; "" is no writing."""

    def __init__(self, *texts: str) -> None:
        self.coming = iter(texts)
        self.shapes: list[tuple[int, ...]] = []

    def read_all(self, images: list[np.ndarray], *, level: str) -> list[Reading]:
        assert level == "line"
        self.shapes += [image.shape for image in images]
        return [Reading(self._lines(next(self.coming)), *image.shape) for image in images]

    def _lines(self, text: str) -> tuple[Line, ...]:
        return (Line(text, 0.9, BOX, (), ()),) if text else ()


def specimen(*texts: str, writers: tuple[str, ...] = ()) -> Specimen:
    ink = Ink.from_strokes([[[0, 0, 0], [4, 1, 1], [8, 0, 2]]])
    return Specimen("planted", (ink,) * len(texts), texts, writers or ("",) * len(texts))


def test_errors_are_counted_over_all_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOGETHER", 2)
    planted, reported = Planted("a cat", "two dcgs", ""), []
    found = legibility(
        cast(Recognizer, planted),
        specimen("a cat", "two dogs", "fish", writers=("v", "v", "w")),
        report=reported.append,
    )
    assert found.lines == 3
    assert found.cer.value == pytest.approx((0 + 1 + 4) / (5 + 8 + 4))
    assert found.cer.high == pytest.approx(1.0)  # the writer of the fish alone
    assert (found.faults.words, found.faults.lost) == (5, 1)
    assert reported == [2, 1]
    assert len(set(planted.shapes)) == 1


def test_spaces_around_punctuation_do_not_count() -> None:
    found = legibility(cast(Recognizer, Planted("no , yes .")), specimen("no, yes."))
    assert found.cer.value == 0
