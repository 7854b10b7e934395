"""The contact sheet shows all ink it is given, in reading order, and texts only when asked to."""

import cv2
import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.sheet import RULE_GREY, blank, contact_sheet, grid, print_text

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


@pytest.mark.parametrize("channels", [(), (3,)])
def test_cells_of_a_grid_hang_or_stand_in_their_rows(channels: tuple[int, ...]) -> None:
    cells = [np.full((height, 8, *channels), grey, np.uint8) for height, grey in ((2, 10), (5, 20), (3, 30))]
    hanging, standing = (grid(cells, columns=2, size=9, standing=stands) for stands in (False, True))
    assert hanging.shape == standing.shape == (5 + 1 + 3 + 1, 18, *channels)
    for sheet, top in ((hanging, 0), (standing, 3)):
        expected = blank(*sheet.shape)
        expected[top : top + 2, :8], expected[:5, 9:17], expected[6:9, :8] = 10, 20, 30
        expected[[5, 9]] = RULE_GREY
        np.testing.assert_array_equal(sheet, expected)
    np.testing.assert_array_equal(grid(cells, columns=2, size=9, ruled=False), np.delete(hanging, [5, 9], axis=0))


@pytest.mark.parametrize("fonts", [True, False])
def test_print_goes_on_where_it_ended(fonts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fonts:
        monkeypatch.delattr(cv2, "FontFace", raising=False)  # as before OpenCV 5
    strip = blank(40, 400)
    middle = print_text(strip, "abc", size=20, colour=(0,))
    end = print_text(strip, "de", size=20, colour=(0,), left=middle)
    assert 0 < middle < end < 400
    assert dark(strip[:, :middle]).any()
    assert dark(strip[:, middle:]).any()
    assert not dark(strip[:, end + 2 :]).any()
