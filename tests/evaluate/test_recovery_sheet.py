"""The sheet of recovered paths: cells lie where they should, whatever is in them."""

from __future__ import annotations

import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.path_metrics import PenLifts
from handwrite.core.sheet import GAP, RULE_GREY
from handwrite.evaluate.recovery import Judged, Scores
from handwrite.evaluate.recovery_sheet import HEIGHT, PRINT, Case, recovery_sheet

SCORES = Scores(0.8, 0.7, None, True, None, 1.0, PenLifts(0, 0, 0), 0.02, 1.0, 0.1, 0.9, 1.0)
TICKS = np.linspace(0, 1, 20)


def case(*, width: int = 60, height: int = 60, methods: int = 1, clock: bool = True, empty: bool = False) -> Case:
    image = np.full((height, width), 255, np.uint8)
    image[height // 2 - 2 : height // 2 + 2, 5:-5] = 0
    columns = [5 + (width - 10) * TICKS, np.full(20, height / 2), TICKS][: 3 if clock else 2]
    ink = Ink.from_strokes([np.column_stack(columns)])
    found = Judged("n", "s", "Latn", "word", "w", True, Ink.from_strokes([]) if empty else ink, SCORES)
    return Case("a title", image, ink, dict.fromkeys([f"method {number}" for number in range(methods)], found))


def filled(sheet: np.ndarray) -> np.ndarray:
    """Where anything but paper and rules is, below the legend."""
    return ((sheet != 255) & (sheet != RULE_GREY)).any(axis=2)[GAP + PRINT :]


def test_rows_stay_together() -> None:
    sheet = recovery_sheet([[case()], [case(), case(), case()]], width=1500)
    assert (sheet.dtype, sheet.shape[1:]) == (np.uint8, (1500, 3))
    ink = filled(sheet)
    rule = np.flatnonzero((sheet == RULE_GREY).all(axis=(1, 2))) - GAP - PRINT
    assert len(rule) == 2
    first, second = ink[: rule[0]], ink[rule[0] :]
    cells = [slice(0, 500), slice(500, 1000), slice(1000, 1500)]
    assert [bool(first[:, cell].any()) for cell in cells] == [True, False, False]
    assert [bool(second[:, cell].any()) for cell in cells] == [True, True, True]


def test_narrow_pictures_stand_side_by_side_and_wide_ones_below_each_other() -> None:
    narrow = recovery_sheet([[case()]], width=1800)
    wide = recovery_sheet([[case(width=500)]], width=1800)
    assert len(narrow) < HEIGHT + 120
    rows = filled(wide)[GAP + PRINT :].any(axis=1)
    assert (np.diff(rows.astype(int)) == 1).sum() >= 4, "two pictures, each with its note"


@pytest.mark.parametrize(
    "odd",
    [
        case(clock=False),
        case(empty=True),
        case(width=3000, height=20, methods=3),
        case(width=20, height=3000, methods=3),
        Case("漢字 " * 200, case().image, case().truth, case().found),
    ],
)
def test_odd_cases_stay_in_their_cell(odd: Case) -> None:
    sheet = recovery_sheet([[odd, case()]], columns=2, width=900)
    assert sheet.shape[1] == 900
    assert not filled(sheet)[:, 450 - GAP : 450].any()


def test_a_sheet_of_nothing() -> None:
    assert recovery_sheet([], width=900).shape == (GAP + PRINT, 900, 3)
