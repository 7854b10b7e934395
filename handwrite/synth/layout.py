"""Written words -> pages: rows wrapped by their measured width, aligned, and set on baselines with a little drift.

The data flows one way: text lines -> rows -> sheets of rows -> pages, each made when it is asked for, so that a book
needs the memory of a page. Nothing is written here (`predict` makes the words) and nothing drawn (`formats` does).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from handwrite.core.ink import Ink
from handwrite.core.page import LOOSE_MARGIN, LOOSE_X_HEIGHT, Page, Segments
from handwrite.errors import OptionError
from handwrite.synth.words import Word

Align = Literal["left", "center", "right", "justify"]
Ruling = Literal["none", "ruled", "squared"]
Float64Array = NDArray[np.float64]

PAPERS = {
    "a3": (297.0, 420.0),
    "a4": (210.0, 297.0),
    "a5": (148.0, 210.0),
    "a6": (105.0, 148.0),
    "letter": (215.9, 279.4),
    "legal": (215.9, 355.6),
}
"""name -> width and height in millimetres (ISO 216, and the North American sizes)."""

PAGE_X_HEIGHT, PAGE_MARGIN = 2.5, 20.0
MARGIN_SHARE = 0.1  # of the sheet's shorter side, which its margin does not exceed unless told to
LINE_SPACING = 3.6  # x-heights
SQUARE = 5.0  # millimetres: common school paper

ASCENDER, DESCENDER = 2.2, 1.4  # x-heights that letters take above and below the baseline
NARROWEST_ROW = 8.0  # x-heights: a short word
WIDEST_SPACE = 4.0  # x-heights; a row that needs more to be justified stays left
ROW_PAUSE = 0.6  # seconds
TINY = 1e-9  # relative; sums of widths that ought to be equal differ by less

SHIFT, LIFT, RISE = 0.32, 0.09, 0.0028
"""Standard deviations of natural drift: of the margin and of the baseline in x-heights, and of the baseline's slope."""
MEMORY = 0.75  # of the drift in the row before: neighbours drift alike and do not run into each other
FURTHEST = 2.0  # standard deviations
RULED_DRIFT = 0.5  # of the baseline's drift, where there are rules to follow

LIMITS = {
    "width": ("page width", " mm", 10.0, 2000.0),
    "height": ("page height", " mm", 10.0, 2000.0),
    "margin": ("margin", " mm", 0.0, 1000.0),
    "x_height": ("x-height", " mm", 0.5, 50.0),
    "line_spacing": ("line spacing", " mm", 0.5, 1000.0),
    "drift": ("drift", "", 0.0, 10.0),
}
"""field of a `PageFormat` -> how people call it, its unit, its least and greatest value."""


@dataclass(frozen=True, kw_only=True)
class PageFormat:
    """How pages are laid out. Lengths are in millimetres; None is what suits.

    width, height : of the sheet; without them nothing wraps and one page lies around the ink. margin : on all sides;
    20, but no more than a tenth of the sheet's shorter side; 4 without a sheet. x_height : of the letters; 2.5, and
    3.5 without a sheet. line_spacing : from baseline to baseline; 3.6 x-heights. align : of the rows; a row that ends
    a text line, or whose spaces would get too wide, is not justified. ruling : rules under the rows, or squares of
    5 mm, to a multiple of which the line spacing is then rounded. drift : of margin, baseline and slope from row to
    row; 0 is none, 1 natural; 1, and 0 without a sheet. Raises OptionError for what is out of range or leaves no room.
    """

    width: float | None = None
    height: float | None = None
    margin: float | None = None
    x_height: float | None = None
    line_spacing: float | None = None
    align: Align = "left"
    ruling: Ruling = "none"
    drift: float | None = None

    def __post_init__(self) -> None:
        for name in LIMITS:
            _check_length(name, getattr(self, name))
        _check_choice("align", self.align, get_args(Align))
        _check_choice("ruling", self.ruling, get_args(Ruling))
        if (self.width is None) != (self.height is None):
            raise OptionError("page size: has only one side; give width and height, or neither for no page")
        _check_room(self, _grid(self))


class _Grid(NamedTuple):
    """What a format comes to, in millimetres. measure : the width of a row. rows : on a page. Infinite and None
    without a page."""

    margin: float
    x_height: float
    spacing: float
    first: float
    measure: float
    rows: int | None
    drift: float


class _Box(NamedTuple):
    """A word on a row. scale : millimetres per x-height. width, space : of it and of the white before it, in
    millimetres."""

    word: Word
    scale: float
    width: float
    space: float


class _Row(NamedTuple):
    """A row; without boxes it is blank. ends : it is the last of its text line."""

    boxes: tuple[_Box, ...]
    ends: bool

    @property
    def text(self) -> str:
        return " ".join(box.word.text for box in self.boxes)

    @property
    def width(self) -> float:
        return sum(box.space + box.width for box in self.boxes)


class _Drift(NamedTuple):
    """How far a row's left end lies from where it ought to, in millimetres, and the slope of its baseline."""

    right: float
    down: float
    slope: float


def paper_size(name: str) -> tuple[float, float]:
    """Width and height in millimetres of a paper by name (a4, letter...) or as WxH. Raises OptionError otherwise."""
    wanted = name.strip().lower()
    if wanted in PAPERS:
        return PAPERS[wanted]
    sides = re.fullmatch(r"(\d+\.?\d*|\.\d+)[x×](\d+\.?\d*|\.\d+)(?:mm)?", wanted, re.ASCII)
    if not sides:
        raise OptionError(f"page {name}: no such paper; give {', '.join(PAPERS)}, or WxH in mm such as 148x210")
    return float(sides[1]), float(sides[2])


def layout(lines: Iterable[Sequence[Word]], page_format: PageFormat, *, seed: int) -> Iterator[Page]:
    """Lay out text lines of words, an empty one for a blank line; each page comes as soon as it is full.

    Words keep the white before them. One wider than a row is drawn smaller until it fits. Blank lines
    at the head of any page but the first are left out, as typesetters do. The ink of a page is in writing order, its
    clock from 0. `seed`, at least 0, fixes the drift of each row by (seed, page, row). No lines give no page.
    """
    grid = _grid(page_format)
    rows = (row for line in lines for row in _wrap(line, grid))
    for number, sheet in enumerate(_sheets(rows, grid.rows)):
        yield _page(sheet, page_format, seed=(seed, number))


def _check_length(name: str, value: float | None) -> None:
    called, unit, least, most = LIMITS[name]
    if value is not None and not least <= value <= most:
        raise OptionError(f"{called} {value:g}{unit}: must be from {least:g} to {most:g}{unit}")


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise OptionError(f"{name} {value}: no such choice; take one of {', '.join(choices)}")


def _check_room(asked: PageFormat, grid: _Grid) -> None:
    if grid.spacing < grid.x_height:
        raise OptionError(
            f"line spacing {grid.spacing:g} mm: rows would cover each other; give at least the x-height, "
            f"{grid.x_height:g} mm, better {LINE_SPACING:g} times that"
        )
    if grid.rows is None:
        _check_loose(asked, grid)
    elif grid.rows < 1 or grid.measure < NARROWEST_ROW * grid.x_height:
        raise OptionError(
            f"page {asked.width:g}x{asked.height:g} mm: no room for a row of writing between margins of "
            f"{grid.margin:g} mm; give a larger page, or a smaller margin or x-height (now {grid.x_height:g} mm)"
        )


def _check_loose(asked: PageFormat, grid: _Grid) -> None:
    if asked.ruling != "none":
        raise OptionError(f"ruling {asked.ruling}: there is no page to rule; give a page size such as a4")
    if not grid.margin:
        raise OptionError("margin 0 mm: a page around the ink needs some; give a margin above 0, or a page size")


def _grid(asked: PageFormat) -> _Grid:
    if asked.width is None or asked.height is None:
        x_height = _or(asked.x_height, LOOSE_X_HEIGHT)
        margin, spacing = _or(asked.margin, LOOSE_MARGIN), _or(asked.line_spacing, LINE_SPACING * x_height)
        return _Grid(margin, x_height, spacing, 0.0, math.inf, None, _or(asked.drift, 0.0))
    x_height = _or(asked.x_height, PAGE_X_HEIGHT)
    margin = _or(asked.margin, min(PAGE_MARGIN, MARGIN_SHARE * min(asked.width, asked.height)))
    spacing = _or(asked.line_spacing, LINE_SPACING * x_height)
    first, last = margin + ASCENDER * x_height, asked.height - margin - DESCENDER * x_height
    if asked.ruling == "squared":
        spacing = SQUARE * max(round(spacing / SQUARE), math.ceil(x_height / SQUARE))
        first = SQUARE * math.ceil(first / SQUARE - TINY)
    rows = math.floor((last - first) / spacing + TINY) + 1
    return _Grid(margin, x_height, spacing, first, asked.width - 2 * margin, rows, _or(asked.drift, 1.0))


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _wrap(line: Sequence[Word], grid: _Grid) -> Iterator[_Row]:
    """The rows of a text line: as many words on each as fit."""
    row: list[_Box] = []
    end = 0.0
    for box in (_box(word, grid) for word in line):
        if row and end + box.space + box.width > grid.measure * (1 + TINY):
            yield _Row(tuple(row), ends=False)
            row, end = [], 0.0
        row.append(box if row else box._replace(space=0.0))
        end += row[-1].space + box.width
    yield _Row(tuple(row), ends=True)


def _box(word: Word, grid: _Grid) -> _Box:
    width = word.ink.bounds[2] * grid.x_height
    shrunk = grid.measure / width if width > grid.measure else 1.0
    return _Box(word, grid.x_height * shrunk, width * shrunk, grid.x_height * word.space)


def _sheets(rows: Iterable[_Row], size: int | None) -> Iterator[list[_Row]]:
    """The rows of each page; blank ones at the head of a page are dropped, but for the first page."""
    sheet: list[_Row] = []
    first = True
    for row in rows:
        if not (row.boxes or sheet or first):
            continue
        sheet.append(row)
        if len(sheet) == size:
            yield sheet
            sheet, first = [], False
    if sheet:
        yield sheet


def _page(sheet: Sequence[_Row], asked: PageFormat, *, seed: tuple[int, int]) -> Page:
    grid = _grid(asked)
    measure = grid.measure if grid.rows else max(row.width for row in sheet)
    drifts = _drifts(len(sheet), grid, measure, ruled=asked.ruling != "none", seed=seed)
    placed: list[tuple[Ink, float]] = []
    for number, (row, drift) in enumerate(zip(sheet, drifts, strict=True)):
        lefts = grid.margin + drift.right + _lefts(row, measure, grid.x_height, asked.align)
        placed += _set(row, lefts, grid.first + number * grid.spacing + drift.down, drift.slope)
    ink, text = _join(placed), "\n".join(row.text for row in sheet)
    if asked.width is None or asked.height is None:
        return Page.around(ink, margin=grid.margin, text=text)
    return Page(ink=ink, width=asked.width, height=asked.height, text=text, rules=_rules(asked))


def _drifts(count: int, grid: _Grid, measure: float, *, ruled: bool, seed: tuple[int, int]) -> list[_Drift]:
    """The drift of each row: a random walk that is drawn back to where the row ought to lie, and kept off the edges."""
    walk = np.array([np.random.default_rng((*seed, row)).standard_normal(3) for row in range(count)])
    for row in range(1, count):
        walk[row] = MEMORY * walk[row - 1] + math.sqrt(1 - MEMORY**2) * walk[row]
    follow = RULED_DRIFT if ruled else 1.0
    deviation = grid.drift * np.array([SHIFT * grid.x_height, LIFT * grid.x_height * follow, RISE * follow])
    room = min(grid.margin / 4, grid.spacing / 8)
    limit = np.array([grid.margin / 2, room, room / max(measure, grid.x_height)])
    drifts = np.clip(np.clip(walk, -FURTHEST, FURTHEST) * deviation, -limit, limit)
    return [_Drift(*drift) for drift in drifts.tolist()]


def _lefts(row: _Row, measure: float, x_height: float, align: Align) -> Float64Array:
    """(n,) where the boxes of a row begin, in millimetres from the row's left end."""
    spaces, widths = np.array([[box.space, box.width] for box in row.boxes]).reshape(-1, 2).T
    white = measure - row.width
    stretch = white / max(len(spaces) - 1, 1)
    if align == "justify" and not row.ends and (spaces[1:] + stretch <= WIDEST_SPACE * x_height).all():
        spaces[1:] += stretch
    start = {"center": white / 2, "right": white}.get(align, 0.0)
    return np.asarray(start + np.cumsum(spaces + widths) - widths)


def _set(row: _Row, lefts: Float64Array, baseline: float, slope: float) -> list[tuple[Ink, float]]:
    """The inks of a row where they lie on the page, and the seconds before each."""
    pauses = [box.word.pause for box in row.boxes]
    pauses[:1] = [max(pause, ROW_PAUSE) for pause in pauses[:1]]
    feet = baseline + slope * (lefts - lefts[:1])
    return [
        (_place(box, left, foot, slope), pause)
        for box, left, foot, pause in zip(row.boxes, lefts.tolist(), feet.tolist(), pauses, strict=True)
    ]


def _place(box: _Box, left: float, foot: float, slope: float) -> Ink:
    """A word's ink with its left end at x = left and there its baseline at y = foot; upright, however it rises."""
    x, y, t = box.word.ink.points.astype(np.float64).T
    x = x * box.scale
    return box.word.ink.with_points(np.column_stack([left + x, foot + slope * x + y * box.scale, t]))


def _join(placed: Sequence[tuple[Ink, float]]) -> Ink:
    """One ink of several, each so many seconds after the one before; without a clock in one the whole has none."""
    written = [(ink, pause) for ink, pause in placed if len(ink)]
    if not written:
        return Ink.from_strokes([])
    pauses = np.array([0.0, *[pause for _, pause in written[1:]]])
    durations = np.array([0.0, *[ink.duration for ink, _ in written[:-1]]])
    starts = np.repeat(np.cumsum(pauses + durations), [len(ink) for ink, _ in written])
    points = np.concatenate([ink.points for ink, _ in written])
    times = points[:, 2] + starts
    points[:, 2] = np.nan if np.isnan(times).any() else times
    return Ink(points, np.concatenate([ink.pen_up for ink, _ in written]))


def _rules(asked: PageFormat) -> Segments:
    """What is printed on a sheet: rules under all of its rows, or squares, from edge to edge."""
    grid, width, height = _grid(asked), asked.width or 0.0, asked.height or 0.0
    if asked.ruling == "ruled":
        return _across(grid.first + grid.spacing * np.arange(grid.rows or 0, dtype=np.float64), width)
    if asked.ruling == "squared":
        down = _across(np.arange(SQUARE, width, SQUARE), height)[:, [1, 0, 3, 2]]
        return np.concatenate([_across(np.arange(SQUARE, height, SQUARE), width), down])
    return _across(np.zeros(0), width)


def _across(y: Float64Array, width: float) -> Segments:
    """(R, 4) a line from x = 0 to `width` at each y."""
    return np.column_stack([np.zeros_like(y), y, np.full_like(y, width), y]).astype(np.float32)
