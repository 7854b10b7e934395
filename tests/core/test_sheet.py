"""The contact sheet shows all ink it is given, in reading order, and texts only when asked to."""

import cv2
import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.sheet import contact_sheet

WAVE = Ink.from_strokes([np.column_stack([np.arange(300), 20 * np.sin(np.arange(300) / 4)])])
BLANK = Ink.from_strokes([])


def dark(image: np.ndarray) -> np.ndarray:
    """Where ink is; captions and rules are paler."""
    return image < 80


def test_cells_lie_row_by_row_and_blank_ink_leaves_a_blank_cell() -> None:
    sheet = contact_sheet([(WAVE, "one"), (BLANK, "two"), (WAVE, "three")], columns=2, width=800)
    assert (sheet.dtype, sheet.shape[1]) == (np.uint8, 800)
    assert dark(sheet[:, :400]).any()
    assert not dark(sheet[:, 400:]).any()
    rows = np.flatnonzero(np.diff(dark(sheet[:, :400]).any(axis=1).astype(int)) == 1)
    assert len(rows) == 2


def test_numbers_alone_hide_the_texts() -> None:
    one, other = ([(WAVE, text)] for text in ("a secret", "another, longer secret"))
    assert contact_sheet(one, width=600).tobytes() != contact_sheet(other, width=600).tobytes()
    blind = contact_sheet(one, width=600, captions=False)
    np.testing.assert_array_equal(blind, contact_sheet(other, width=600, captions=False))
    assert (blind != contact_sheet(one, width=600, captions=False, first=7)).any()


CAPTIONS = ["Quiz 42: exámple £3 – Ω? हिन्दी 漢字 😀", "two\nlines", "", "\x00\udcff", "long " * 400]


@pytest.mark.parametrize("fonts", [True, False])
@pytest.mark.parametrize("caption", CAPTIONS)
def test_any_caption_is_printed_within_its_cell(caption: str, fonts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fonts:
        monkeypatch.delattr(cv2, "FontFace", raising=False)  # as before OpenCV 5
    sheet = contact_sheet([(BLANK, caption), (BLANK, "")], columns=2, width=700)
    assert sheet.shape[1] == 700
    assert (sheet[:-1, :350] < 200).any()
    assert (sheet[:-1, 345:350] == 255).all()


def test_wide_and_tall_and_tiny_ink_stays_in_its_cell() -> None:
    strokes = [[[0, 0], [5000, 40]], [[0, 0], [3, 5000]], [[7, 7]]]
    sheet = contact_sheet([(Ink.from_strokes([stroke]), "") for stroke in strokes], columns=3, width=900)
    assert sheet.shape[0] < 300
    for column in range(3):
        cell = dark(sheet[:-1, column * 300 : (column + 1) * 300])
        assert cell.any()
        assert not cell[:, :8].any()
        assert not cell[:, -8:].any()


def test_images_are_shown_whole_and_as_large_as_they_may_be() -> None:
    line, tower, speck = (np.full(shape, 9, np.uint8) for shape in ((60, 2000), (900, 30), (3, 5)))
    sheet = contact_sheet([(line, ""), (tower, ""), (speck, ""), (WAVE, "")], columns=4, width=1600, captions=False)
    widths = [int(dark(sheet[:, column * 400 : (column + 1) * 400]).any(axis=0).sum()) for column in range(4)]
    heights = [int(dark(sheet[:-1, column * 400 : (column + 1) * 400]).any(axis=1).sum()) for column in range(4)]
    assert widths[0] == 400 - 2 * 16
    assert heights[0] == pytest.approx(widths[0] * 60 / 2000, abs=1)
    assert heights[1] == heights[2]
    assert heights[1] / widths[1] == pytest.approx(30, rel=0.3)
    assert widths[3] > 100


def test_odd_requests() -> None:
    assert contact_sheet([], width=400).shape[1] == 400
    with pytest.raises(ValueError, match="do not fit"):
        contact_sheet([(WAVE, "")], columns=10, width=200)
