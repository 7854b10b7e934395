"""Pages hold the words that were planted, where a plain reader of the format would put them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.errors import OptionError
from handwrite.synth.layout import (
    ASCENDER,
    LINE_SPACING,
    ROW_PAUSE,
    SQUARE,
    WIDEST_SPACE,
    Align,
    PageFormat,
    layout,
    paper_size,
)
from handwrite.synth.words import Word

MARGIN, MEASURE = 10.0, 100.0
PLAIN = PageFormat(width=MEASURE + 2 * MARGIN, height=100, margin=MARGIN, x_height=1, line_spacing=5, drift=0)
"""One millimetre per x-height, no drift; 16 rows, from y = 12.2 to 87.2."""
ROWS, FIRST = 16, MARGIN + ASCENDER
SPACE = 1.5


def word(width: float, text: str = "w", *, space: float = SPACE, pause: float = 0.25) -> Word:
    """A word of one stroke, from the left end of its baseline up to its right end one x-height above; 0.5 s."""
    return Word(text, Ink.from_strokes([[(0, 0, 0), (width, -1, 0.5)]]), space, pause)


def lay(lines: Sequence[Sequence[Word]], page_format: PageFormat = PLAIN, *, seed: int = 0) -> list[Page]:
    return list(layout(lines, page_format, seed=seed))


def rows_of(page: Page) -> list[list[tuple[float, float]]]:
    """(left, right) in millimetres of the words of each row that has any, of ink without drift; a row is a baseline."""
    strokes = [(round(float(s[0, 1]), 2), (float(s[0, 0]), float(s[1, 0]))) for s in page.ink.strokes()]
    return [[ends for _, ends in row] for _, row in itertools.groupby(strokes, key=lambda stroke: stroke[0])]


def feet(page: Page) -> list[float]:
    return sorted({round(float(stroke[0, 1]), 2) for stroke in page.ink.strokes()})


def greedy(widths: Sequence[float], spaces: Sequence[float], measure: float) -> list[int]:
    """How many words stand on each row: the longest run of words that fits, found by trying every one."""
    counts, start = [], 0
    while start < len(widths):
        stops = [
            stop
            for stop in range(start + 1, len(widths) + 1)
            if sum(widths[start:stop]) + sum(spaces[start + 1 : stop]) <= measure + 1e-6 or stop == start + 1
        ]
        counts.append(max(stops) - start)
        start = max(stops)
    return counts


sizes = st.integers(1, 130 * 8).map(lambda eighths: eighths / 8)  # exact in float32, so that sums are too


@given(st.lists(st.tuples(sizes, st.integers(8, 24).map(lambda n: n / 8)), min_size=1, max_size=40))
def test_rows_break_where_brute_force_breaks_them(words: list[tuple[float, float]]) -> None:
    widths = [min(width, MEASURE) for width, _ in words]
    spaces = [space for _, space in words]
    pages = lay([[word(width, space=space) for width, space in words]])
    rows = [row for page in pages for row in rows_of(page)]
    assert [len(row) for row in rows] == greedy(widths, spaces, MEASURE)
    assert [len(rows_of(page)) for page in pages[:-1]] == [ROWS] * (len(pages) - 1)
    found = iter(zip(widths, spaces, strict=True))
    for row in rows:
        assert row[0][0] == MARGIN
        for at, (left, right) in enumerate(row):
            width, space = next(found)
            assert right - left == pytest.approx(width, abs=1e-4)
            assert at == 0 or left - row[at - 1][1] == pytest.approx(space, abs=1e-4)


@pytest.mark.parametrize(("last", "rows"), [(48.375, 1), (48.5, 1), (48.625, 2)])
def test_a_word_that_just_fits_stays_on_the_row(last: float, rows: int) -> None:
    (page,) = lay([[word(50), word(last)]])
    assert len(rows_of(page)) == rows


def test_alignment_sets_the_edges() -> None:
    line = [word(40), word(40), word(30), word(20)]
    wanted: dict[Align, list[tuple[float, float]]] = {
        "left": [(10, 91.5), (10, 61.5)],
        "center": [(19.25, 100.75), (34.25, 85.75)],
        "right": [(28.5, 110), (58.5, 110)],
    }
    for align, edges in wanted.items():
        (page,) = lay([line], replace(PLAIN, align=align))
        assert [(row[0][0], row[-1][1]) for row in rows_of(page)] == [pytest.approx(edge, abs=1e-4) for edge in edges]


@given(st.lists(sizes.filter(lambda width: width <= 45), min_size=1, max_size=60))
def test_justified_rows_touch_both_margins_but_the_last(widths: list[float]) -> None:
    line = [word(width) for width in widths]
    left = [row for page in lay([line]) for row in rows_of(page)]
    rows = [row for page in lay([line], replace(PLAIN, align="justify")) for row in rows_of(page)]
    assert [len(row) for row in rows] == [len(row) for row in left]
    for row, natural in zip(rows[:-1], left[:-1], strict=True):
        wanted = SPACE + (MARGIN + MEASURE - natural[-1][1]) / (len(row) - 1)
        spaces = [after[0] - before[1] for before, after in itertools.pairwise(row)]
        assert row[0][0] == MARGIN
        if wanted < WIDEST_SPACE - 1e-3:
            assert row[-1][1] == pytest.approx(MARGIN + MEASURE, abs=1e-4)
            assert spaces == pytest.approx([wanted] * len(spaces), abs=1e-4)
        elif wanted > WIDEST_SPACE + 1e-3:
            assert row == natural
    assert rows[-1] == left[-1]


@pytest.mark.parametrize(("third", "edge"), [(37, 110), (32.5, 110), (31, 104), (29, 102)])
def test_spaces_are_stretched_within_reason(third: float, edge: float) -> None:
    (page,) = lay([[word(30), word(30), word(third), word(97), word(1)]], replace(PLAIN, align="justify"))
    assert [row[-1][1] for row in rows_of(page)] == pytest.approx([edge, 109.5], abs=1e-4)


def test_each_text_line_starts_a_row_and_its_last_is_not_justified() -> None:
    short, long = [word(10), word(10)], [word(30), word(30), word(36), word(50)]
    (page,) = lay([short, long, short], replace(PLAIN, align="justify"))
    assert [row[-1][1] for row in rows_of(page)] == pytest.approx([31.5, 110, 60, 31.5], abs=1e-4)


def test_blank_lines_keep_their_place_but_at_the_head_of_a_further_page() -> None:
    (page,) = lay([[], [word(5, "a")], [], [], [word(5, "b")]])
    assert feet(page) == [round(FIRST + 5 * row, 2) for row in (1, 4)]
    assert page.text == "\na\n\n\nb"
    first, second = lay([*[[word(5, "a")]] * ROWS, [], [], [word(5, "b")], [], [word(5, "c")]])
    assert first.text == "\n".join("a" * ROWS)
    assert feet(second) == [round(FIRST + 5 * row, 2) for row in (0, 2)]
    assert second.text == "b\n\nc"
    assert len(lay([*[[word(5)]] * ROWS, *[[]] * 40])) == 1
    assert lay([]) == []


def test_text_is_that_of_the_rows_in_order() -> None:
    line = [word(30, "one"), word(30, "two"), word(40, "three"), word(5, "four")]
    (page,) = lay([line, [], line[:1]])
    assert page.text == "one two\nthree four\n\none"
    assert [round(right - left) for row in rows_of(page) for left, right in row] == [30, 30, 40, 5, 30]


def test_a_word_wider_than_the_row_is_drawn_smaller() -> None:
    (page,) = lay([[word(20), word(250, "wide"), word(20)]])
    assert rows_of(page)[1] == [pytest.approx((MARGIN, MARGIN + MEASURE), abs=1e-4)]
    wide = page.ink.strokes()[1]
    assert wide[0, 1] - wide[1, 1] == pytest.approx(100 / 250, abs=1e-4)
    assert page.text == "w\nwide\nw"


@pytest.mark.parametrize("count", [1, ROWS, ROWS + 1, 5 * ROWS])
def test_as_many_pages_as_it_takes(count: int) -> None:
    pages = lay([[word(5)]] * count)
    assert len(pages) == -(-count // ROWS)
    for page in pages:
        assert (page.width, page.height) == (120, 100)
        assert feet(page) == [round(FIRST + 5 * row, 2) for row in range(len(rows_of(page)))]


def test_rows_stay_between_the_margins_and_one_more_would_not() -> None:
    high = Ink.from_strokes([[(0, 0, 0), (0, -ASCENDER, 0.1), (1, 1.4, 0.2)]])
    for height in np.linspace(60, 90, 13):
        (page, *_) = lay([[Word("l", high)]] * 20, replace(PLAIN, height=float(height)))
        assert page.ink.bounds[1] == pytest.approx(MARGIN, abs=1e-4)
        assert -1e-4 < height - MARGIN - page.ink.bounds[3] < 5


def test_a_page_comes_as_soon_as_it_is_full() -> None:
    taken = 0

    def endless() -> Iterator[list[Word]]:
        nonlocal taken
        while True:
            taken += 1
            yield [word(5, str(taken))]

    pages = layout(endless(), PLAIN, seed=0)
    assert taken == 0
    for number in (1, 2, 3):
        page = next(pages)
        assert taken == number * ROWS
        assert page.text.splitlines()[-1] == str(taken)


@pytest.mark.parametrize("x_height", [2.0, 2.5, 4.0])
def test_ruled_baselines_lie_on_rules(x_height: float) -> None:
    page_format = PageFormat(width=148, height=210, x_height=x_height, ruling="ruled", drift=0)
    page, *_ = lay([[word(5)]] * 40, page_format)
    assert page.rules.dtype == np.float32
    assert feet(page) == pytest.approx(page.rules[:, 1].tolist(), abs=0.01)
    assert (page.rules[:, 1] == page.rules[:, 3]).all()
    assert np.diff(page.rules[:, 1]) == pytest.approx(LINE_SPACING * x_height, abs=1e-4)
    assert page.rules[:, [0, 2]].tolist() == [[0, 148]] * len(page.rules)
    *_, last = lay([[word(5)]] * 41, page_format)
    assert last.rules.tolist() == page.rules.tolist()


@pytest.mark.parametrize(("asked", "spacing"), [(4, 5), (7.4, 5), (7.6, 10), (9, 10), (16, 15)])
def test_squared_baselines_lie_on_squares(asked: float, spacing: float) -> None:
    page_format = PageFormat(width=148, height=211, line_spacing=asked, ruling="squared", drift=0)
    page, *_ = lay([[word(5)]] * 60, page_format)
    assert np.diff(feet(page)) == pytest.approx(spacing)
    assert np.array(feet(page)) % SQUARE == pytest.approx(0, abs=1e-6)
    level = page.rules[:, 1] == page.rules[:, 3]
    assert page.rules[level].tolist() == [[0, y, 148, y] for y in range(5, 211, 5)]
    assert page.rules[~level].tolist() == [[x, 0, x, 211] for x in range(5, 148, 5)]


@pytest.mark.parametrize(("x_height", "spacing"), [(2.5, 10), (4, 15), (7, 10)])
def test_squares_leave_room_for_letters(x_height: float, spacing: float) -> None:
    high = Word("l", Ink.from_strokes([[(0, 0, 0), (0, -ASCENDER, 0.1)]]))
    asked = 7.0 if x_height == 7 else None
    page_format = PageFormat(
        width=148, height=211, margin=14, x_height=x_height, line_spacing=asked, ruling="squared", drift=0
    )
    page, *_ = lay([[high]] * 3, page_format)
    assert np.diff(feet(page)) == pytest.approx(spacing)
    assert 14 <= page.ink.bounds[1] < 14 + SQUARE


def test_the_clock_keeps_durations_and_pauses() -> None:
    line = [word(40, pause=0), word(40, pause=0.2), word(40, pause=0.3), word(10, pause=0.4)]
    (page,) = lay([line, [], [word(5, pause=0.9)], [word(5, pause=0)]])
    strokes = page.ink.strokes()
    assert [float(np.ptp(stroke[:, 2])) for stroke in strokes] == pytest.approx([0.5] * 6, abs=1e-5)
    pauses = [float(after[0, 2] - before[-1, 2]) for before, after in itertools.pairwise(strokes)]
    assert pauses == pytest.approx([0.2, ROW_PAUSE, 0.4, 0.9, ROW_PAUSE], abs=1e-5)
    assert page.ink.points[0, 2] == 0
    assert (np.diff(page.ink.points[:, 2]) >= 0).all()


def test_each_page_has_its_own_clock() -> None:
    first, second = lay([[word(5)]] * 2 * ROWS)
    assert (first.ink.points == second.ink.points).all()


def test_without_a_clock_in_one_word_there_is_none() -> None:
    silent = Word("s", Ink.from_strokes([[(0, 0), (3, -1)]]))
    (page,) = lay([[word(5), silent, word(5)]])
    assert not page.ink.has_clock
    assert len(page.ink) == 6


def test_words_without_ink_take_their_text_along() -> None:
    (page,) = lay([[Word("gone", Ink.from_strokes([])), word(5, "here")]])
    assert page.text == "gone here"
    assert len(page.ink) == 2


def long_text(count: int) -> list[list[Word]]:
    widths = np.random.default_rng(5).uniform(2, 12, (count, 9)).tolist()
    return [[word(width) for width in row] for row in widths]


def test_a_seed_fixes_the_ink() -> None:
    drifting = replace(PLAIN, drift=1)
    pages, again = (lay(long_text(40), drifting, seed=7) for _ in range(2))
    other = lay(long_text(40), drifting, seed=8)
    assert len(pages) > 1
    for page, same, differs in zip(pages, again, other, strict=True):
        assert page.ink.points.tobytes() == same.ink.points.tobytes()
        assert page.ink.points.tobytes() != differs.ink.points.tobytes()


def test_each_page_drifts_by_itself() -> None:
    first, second = lay([[word(60)]] * 2 * ROWS, replace(PLAIN, drift=1))
    assert np.abs(first.ink.points - second.ink.points).max() > 0.01


def test_drift_belongs_to_the_row_not_to_what_it_says() -> None:
    drifting = replace(PLAIN, drift=1)
    (long,), (short,) = (lay([[word(width)] for width in [size] * ROWS], drifting, seed=3) for size in (90, 5))
    assert [stroke[0, :2].tolist() for stroke in long.ink.strokes()] == [
        stroke[0, :2].tolist() for stroke in short.ink.strokes()
    ]


def drift_of(page: Page, still: Page) -> np.ndarray[Any, Any]:
    """(R, 3) right and down in millimetres of each row's left end, and its slope, from rows of one word."""
    moved = page.ink.points[:, :2].reshape(-1, 2, 2).astype(np.float64)
    stood = still.ink.points[:, :2].reshape(-1, 2, 2).astype(np.float64)
    steps, levels = np.diff(moved, axis=1)[:, 0], np.diff(stood, axis=1)[:, 0]
    return np.column_stack([moved[:, 0] - stood[:, 0], (steps[:, 1] - levels[:, 1]) / steps[:, 0]])


def test_drift_is_small_slow_and_there() -> None:
    text, page_format = [[word(60)]] * 30, PageFormat(width=210, height=297, line_spacing=8)
    assert page_format.drift is None
    still = lay(text, replace(page_format, drift=0))
    drifts = [drift_of(lay(text, page_format, seed=seed)[0], still[0]) for seed in range(40)]
    together = np.concatenate(drifts)
    assert (np.abs(together).max(axis=0) < [2.0, 0.6, 0.007]).all()
    assert (together.std(axis=0) > [0.4, 0.1, 0.001]).all()
    assert (together.std(axis=0) < [0.85, 0.25, 0.003]).all()
    assert (np.abs(together.mean(axis=0)) < together.std(axis=0) / 3).all()
    assert (np.concatenate([np.diff(drift, axis=0) for drift in drifts]).std(axis=0) < together.std(axis=0)).all()


def test_the_words_of_a_row_lie_on_one_slope() -> None:
    flat = Word("-", Ink.from_strokes([[(0, 0, 0), (9, 0, 0.5)]]), SPACE)
    (page,) = lay([[flat] * 8] * 4, replace(PLAIN, drift=1), seed=2)
    for x, y in page.ink.points[:, :2].reshape(4, 16, 2).swapaxes(1, 2).astype(np.float64):
        slope, foot = np.polyfit(x, y, 1)
        assert abs(slope) > 1e-5
        assert y == pytest.approx(foot + slope * x, abs=1e-4)


def test_drift_follows_rules_more_closely() -> None:
    text = [[word(60)]] * 20
    free, ruled = (
        drift_of(*(lay(text, PageFormat(width=210, height=297, ruling=ruling, drift=drift))[0] for drift in (1, 0)))
        for ruling in ("none", "ruled")
    )
    assert ruled[:, 1:] == pytest.approx(free[:, 1:] / 2, abs=1e-4)
    assert ruled[:, 0] == pytest.approx(free[:, 0], abs=1e-4)


@given(seed=st.integers(0, 2**32), margin=st.floats(0.5, 25), align=st.sampled_from(["left", "right", "justify"]))
def test_no_drift_takes_ink_over_the_edge_or_rows_over_each_other(seed: int, margin: float, align: Any) -> None:
    text, x_height = [[word(100)]] * 12, 1.0
    page_format = PageFormat(width=100 + 2 * margin, height=90, margin=margin, x_height=x_height, align=align, drift=10)
    for page in lay(text, page_format, seed=seed):
        left, top, right, bottom = page.ink.bounds
        assert left > 0 < top
        assert right < page.width
        assert bottom < page.height
        tops, bottoms = zip(*((s[:, 1].min(), s[:, 1].max()) for s in page.ink.strokes()), strict=True)
        assert all(after > before for before, after in itertools.pairwise(bottoms))
        assert all(after > before for before, after in zip(bottoms, tops[1:], strict=False))


def test_without_a_page_nothing_wraps_and_the_page_lies_around_the_ink() -> None:
    lines = [[word(50)] * 40, [], [word(20, "end")]]
    (page,) = lay(lines, PageFormat(x_height=2, line_spacing=10, margin=3))
    assert page.ink.bounds == pytest.approx((3, 3, page.width - 3, page.height - 3), abs=1e-3)
    assert page.width == pytest.approx(2 * (40 * 50 + 39 * SPACE) + 6)
    assert page.height == pytest.approx(20 + 2 + 6)
    assert len(page.text.splitlines()) == 3
    assert page.rules.shape == (0, 4)
    (right,) = lay(lines, PageFormat(x_height=2, line_spacing=10, margin=3, align="right"))
    assert right.ink.points[-1, 0] == pytest.approx(right.width - 3)


def test_defaults_suit_the_page() -> None:
    tall = [[Word("l", Ink.from_strokes([[(0, 0, 0), (0, -ASCENDER, 0.1)]]))]] * 2
    for (width, height), margin in {(210, 297): 20, (148, 210): 14.8}.items():
        (page,) = lay(tall, PageFormat(width=width, height=height, drift=0))
        assert page.ink.bounds[:2] == pytest.approx((margin, margin), abs=1e-4)
        assert np.diff(feet(page)) == pytest.approx(LINE_SPACING * 2.5)
    (loose,) = lay(tall, PageFormat())
    assert loose.height == pytest.approx(3.5 * (LINE_SPACING + ASCENDER) + 8)
    assert loose.width == pytest.approx(8)


def test_paper_sizes() -> None:
    assert paper_size("a4") == (210, 297)
    assert paper_size(" A5 ") == (148, 210)
    assert paper_size("Letter") == (215.9, 279.4)
    assert paper_size("148x210") == (148, 210)
    assert paper_size("100.5X70mm") == (100.5, 70)


@pytest.mark.parametrize("name", ["", "a", "a44", "210", "210x", "x297", "-5x10", "nanx5", "10x20x30", "1.2.3x4"])
def test_papers_that_do_not_exist(name: str) -> None:
    with pytest.raises(OptionError, match="WxH"):
        paper_size(name)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"width": 0, "height": 100}, "page width 0 mm: must be from"),
        ({"width": float("inf"), "height": 100}, "page width inf mm"),
        ({"width": 100}, "only one side"),
        ({"margin": -1}, "margin -1 mm: must be from"),
        ({"margin": float("nan")}, "margin nan mm"),
        ({"margin": 0}, "margin above 0"),
        ({"x_height": 0}, "x-height 0 mm: must be from"),
        ({"line_spacing": 0}, "line spacing 0 mm: must be from"),
        ({"line_spacing": 1}, "rows would cover each other"),
        ({"drift": -0.1}, "drift -0.1: must be from 0"),
        ({"align": "middle"}, "align middle: .* left, center, right, justify"),
        ({"ruling": "dotted"}, "ruling dotted: .* none, ruled, squared"),
        ({"ruling": "ruled"}, "there is no page to rule; give a page size"),
        ({"width": 100, "height": 100, "margin": 45}, "page 100x100 mm: no room .* smaller margin"),
        ({"width": 100, "height": 100, "margin": 60}, "no room"),
        ({"width": 100, "height": 28, "margin": 10}, "no room"),
        ({"width": 100, "height": 100, "x_height": 20}, "no room .*now 20 mm"),
    ],
)
def test_formats_that_cannot_be(options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told) as raised:
        PageFormat(**options)
    assert "\n" not in str(raised.value)
