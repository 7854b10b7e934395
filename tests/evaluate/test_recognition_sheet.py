"""The sheet of worst lines marks in red what is wrong, and nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from handwrite.core.reading import Box, Line
from handwrite.core.sheet import GAP
from handwrite.evaluate.recognition import Judged
from handwrite.evaluate.recognition_sheet import PRINT_SIZE, RED, recognition_sheet

INK = np.full((50, 200), 255, np.uint8)
INK[20:30, 20:180] = 0


def judged(text: str, read: str) -> Judged:
    return Judged("n", "s", "w", text, Line(read, 0.5, Box(0, 0, 9, 9), (), ()))


def red(image: np.ndarray) -> np.ndarray:
    return np.abs(image.astype(int) - RED).max(axis=2) < 40


def test_only_wrong_characters_are_red() -> None:
    assert not red(recognition_sheet([(INK, judged("a cat , here", "a cat, here"))])).any()
    wrong = red(recognition_sheet([(INK, judged("mm mm cat", "mm mm cut"))], columns=1, width=600))
    end = len(wrong) - 1 - GAP
    read, truth = wrong[end - 2 * PRINT_SIZE : end], wrong[end - 4 * PRINT_SIZE : end - 2 * PRINT_SIZE]
    for text in (truth, read):
        assert 5 < np.ptp(np.flatnonzero(text.any(axis=0))) < 20  # one letter
    assert wrong.sum() == truth.sum() + read.sum()


def test_a_missing_space_is_seen() -> None:
    assert red(recognition_sheet([(INK, judged("a b", "ab"))])).any()


def test_cells_lie_row_by_row() -> None:
    sheet = recognition_sheet([(INK, judged("cat", "cat"))] * 3, columns=2, width=800)
    assert (sheet.dtype, sheet.shape[1:]) == (np.uint8, (800, 3))
    ink = (sheet < 10).all(axis=2)
    height = len(sheet) // 2
    assert [ink[:height, :400].any(), ink[:height, 400:].any()] == [True, True]
    assert [ink[height:, :400].any(), ink[height:, 400:].any()] == [True, False]
    assert recognition_sheet([], width=400).shape[1] == 400


@pytest.mark.parametrize("fonts", [True, False])
@pytest.mark.parametrize("text", ["long " * 200, "Ωmega 漢字 \x00\udcff", "\U0001f600"])
def test_any_text_and_any_image_stay_in_their_cell(text: str, fonts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fonts:
        monkeypatch.delattr(cv2, "FontFace", raising=False)  # as before OpenCV 5
    wide, tall = np.zeros((3, 5000), np.uint8), np.zeros((5000, 3), np.uint8)
    sheet = recognition_sheet([(image, judged(text, "")) for image in (wide, tall)], columns=2, width=700)
    assert sheet.shape[1] == 700
    assert sheet.shape[0] < 300
    assert (sheet[:-1, 335:365] == 255).all()
    assert red(sheet[:, :350]).any()
