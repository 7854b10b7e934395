"""A UNIPEN recording: its components, what a delineation cuts out of it, and its clock (Guyon et al. 1994).

Knows the format's statements, not the corpus: which files there are and what labels mean is for `unipen`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from handwrite.core.ink import Ink

MAX_PAUSE = 60.0  # seconds; a pen that rests longer has been put away
TICKS_PER_SECOND = (1.0, 1e3, 1e6)  # what a T channel may count in; the format says milliseconds, not all obey

_STATEMENT = re.compile(rb"(?m)^\.(?=[A-Z])")
_SPAN = re.compile(r"(\d+)(?::(\d+))?(?:-(\d+)(?::(\d+))?)?")


class Unresolved(Exception):  # noqa: N818 - it is an outcome that is counted, not an error
    """Why a segment has no ink; the message is the reason."""


@dataclass(frozen=True, order=True)
class Part:
    """Points `start` to before `stop` of a component, both counted from 0; `stop` None means to its end."""

    component: int
    start: int = 0
    stop: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Recording:
    """What a pen wrote, as a row of components: the pen-down and pen-up blocks that hold at least one point.

    points : (N, 3) float64, x, y down, t in seconds; t is NaN when nothing tells the time
    down : (C,) bool, whether the pen touches in a component
    starts : (C + 1,) int64, where each component begins in `points`, and the end
    """

    points: NDArray[np.float64]
    down: NDArray[np.bool_]
    starts: NDArray[np.int64]
    writer: str

    def cut(self, delineation: str) -> Ink:
        """The pen-down ink of a delineation in the order of writing; the clock runs on through all between.

        Raises Unresolved when it names what is not there.
        """
        parts = sorted(set(parse_delineation(delineation)))
        if parts[-1].component >= len(self.down):
            raise Unresolved("components that the recording does not have")
        strokes = [stroke for part in parts if self.down[part.component] and len(stroke := self._points_of(part))]
        if not strokes:
            raise Unresolved("no ink with the pen down")
        points = np.concatenate(strokes)
        points[:, 2] = np.cumsum(np.minimum(np.diff(points[:, 2], prepend=points[0, 2]), MAX_PAUSE))
        return Ink.from_strokes(np.split(points, np.cumsum([len(stroke) for stroke in strokes])[:-1]))

    def _points_of(self, part: Part) -> NDArray[np.float64]:
        first, end = self.starts[part.component], self.starts[part.component + 1]
        return self.points[first:end][part.start : part.stop]


def parse_delineation(text: str) -> list[Part]:
    """The parts of a delineation such as `0-4,7:2-9:5`: components and points count from 0, both ends belong to it.

    Raises Unresolved when it is not of that form.
    """
    parts: list[Part] = []
    for span in re.split(r"[,+]", text):
        match = _SPAN.fullmatch(span)
        if not match:
            raise Unresolved("a delineation that cannot be read")
        first, start, last, stop = (None if value is None else int(value) for value in match.groups())
        parts += _span(first or 0, start or 0, first or 0 if last is None else last, start if last is None else stop)
    if not parts:
        raise Unresolved("a delineation that runs backwards")
    return parts


def _span(first: int, start: int, last: int, stop: int | None) -> Iterator[Part]:
    """All of the components from first to last, but the first from `start` on and the last up to `stop`, included."""
    for component in range(first, last + 1):
        end = None if component < last or stop is None else stop + 1
        yield Part(component, start if component == first else 0, end)


def statements(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keyword and argument of each statement; the argument reaches up to the next line that begins with a keyword."""
    for statement in _STATEMENT.split(b"\n" + content)[1:]:
        keyword = statement.split(None, 1)[0]
        yield keyword, statement[len(keyword) :]


def parse_recording(source: Iterable[tuple[bytes, bytes]]) -> Recording:
    """The recording that some statements describe. Raises Unresolved when a point is not of numbers."""
    builder = _Builder()
    for keyword, argument in source:
        if keyword in (b"PEN_DOWN", b"PEN_UP"):
            builder.add(argument, down=keyword == b"PEN_DOWN")
        else:
            builder.declare(keyword.decode("latin-1"), argument.decode("latin-1").strip())
    return builder.recording()


class _Builder:
    def __init__(self) -> None:
        self.axes = ["X", "Y"]
        self.declared = {"WRITER_ID": ""}
        self.blocks: list[NDArray[np.float64]] = []
        self.down: list[bool] = []
        self.delays: list[float] = []  # seconds before each component
        self.delay = 0.0

    def declare(self, keyword: str, argument: str) -> None:
        if keyword == "COORD":
            self.axes = argument.split()
        elif keyword == "DT":
            self.delay += max(_number(argument), 0.0) / 1000  # milliseconds since the component before
        else:
            self.declared[keyword] = argument

    def add(self, argument: bytes, *, down: bool) -> None:
        """Add a component; a block without points is none."""
        block = _rows(argument, len(self.axes))
        if len(block):
            self.blocks.append(block[:, [self.axes.index(axis) for axis in "XYT" if axis in self.axes]])
            self.down.append(down)
            self.delays.append(self.delay)
            self.delay = 0.0

    def recording(self) -> Recording:
        starts = np.cumsum([0, *map(len, self.blocks)], dtype=np.int64)
        rows = np.concatenate(self.blocks) if self.blocks else np.zeros((0, 2))
        points = np.column_stack([rows[:, 0] * self._aspect(), -rows[:, 1], self._clock(rows, starts)])
        return Recording(points, np.array(self.down, np.bool_), starts, self.declared["WRITER_ID"])

    def _aspect(self) -> float:
        """Units of y in a unit of x: not 1 on a few tablets."""
        x, y = (_number(self.declared.get(f"{axis}_POINTS_PER_INCH", "")) for axis in "XY")
        return y / x if x > 0 and y > 0 else 1.0

    def _clock(self, rows: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
        """(N,) seconds: from the T channel if there is one, else from the rate; pauses count where they are told."""
        rate = _number(self.declared.get("POINTS_PER_SECOND", ""))
        step = 1 / rate if rate > 0 else np.nan
        if rows.shape[1] == 3 and np.ptp(rows[:, 2]) > 0:
            return _ticking(rows[:, 2], step)
        intervals = np.full(len(rows), step)
        intervals[starts[:-1]] += self.delays
        return np.cumsum(intervals)


def _ticking(ticks: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Seconds of a T channel. Some begin anew in mid-recording: what runs back counts as one step of the rate."""
    intervals = np.diff(ticks, prepend=ticks[0])
    usual = float(np.median(intervals[intervals > 0]))
    if np.isnan(step):
        step = usual / 1000
    unit = min(TICKS_PER_SECOND, key=lambda ticks: abs(np.log(usual / ticks / step)))
    return np.cumsum(np.where(intervals < 0, step, intervals / unit))


def _rows(argument: bytes, width: int) -> NDArray[np.float64]:
    """(n, width) the points of a block; a line that holds no whole point is passed over (one file has such a line)."""
    values: Sequence[bytes] = argument.split()
    if len(values) % width:
        values = [value for row in map(bytes.split, argument.splitlines()) if len(row) == width for value in row]
    try:
        return np.array(values, np.float64).reshape(-1, width)
    except ValueError as error:
        raise Unresolved("a recording with points that are not numbers") from error


def _number(text: str) -> float:
    """The number that a text begins with; 0 when there is none."""
    match = re.match(r"[-+]?\d*\.?\d+", text)
    return float(match[0]) if match else 0.0
