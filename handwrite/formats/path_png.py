"""PNG for looking at the path of a pen: numbered strokes with arrows, coloured from dark blue to orange, over the pale
image in which they were found.

The colour tells the time at which, or the speed with which, a place was written: the later, or faster, the nearer to
orange. What the pen did in the air is not drawn. Written only; the path itself is in `ink_json` and `inkml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.curve import Float64Array, bezier, letter_height, points_at, without_repeats
from handwrite.core.image import WHITE, ColourImage, GreyImage
from handwrite.core.ink import Ink
from handwrite.core.mark import mark_of, mark_width
from handwrite.core.polyline import along, at
from handwrite.formats.png import encode_image

SHOWN = ("order", "speed")

LETTER = 150.0
"""Pixels that letters are high in the picture, if it does not get larger than `MOST_PIXELS`."""

LEAST = 10.0  # widths of the mark that letters are high at least
MOST_PIXELS = 16_000_000
LARGEST = 16.0  # times that the image is enlarged at most
FAINTNESS = 0.22  # how much of the mark is seen
MARGIN = 0.2  # letters of white around the image

LINE, THINNEST = 0.42, 3.0  # width of the path: widths of the mark, and pixels at least
ARROW, EVERY, SHORTEST = 0.085, 0.7, 0.2  # letters: length of an arrow, way from one to the next, way that has one
DIGIT, SMALLEST = 0.13, 11.0  # height of a number's digits in letters, and pixels at least
FONT, FONT_HEIGHT = cv2.FONT_HERSHEY_SIMPLEX, 21.0  # pixels that its digits are high at scale 1
AROUND = 16  # places around the start of a stroke that are tried for its number
PATH_COST, NUMBER_COST, EDGE_COST = 1, 4, 8  # of a pixel of a number on the path, on a number, and off the picture

PIECES = 6  # straight lines that a curve between two points is drawn with
WINDOW = 0.05  # seconds over which speed is measured
EXTREMES = (5, 95)  # percentiles of speed that the colours span
RAMP = 0.82  # of the colour map; beyond are yellows too pale for white paper
SOFT = 1.4  # pixels that OpenCV's smooth lines are wider than asked for
BITS = 4  # of fractions of a pixel

Colours = NDArray[np.uint8]


def encode(ink: Ink, image: GreyImage, *, show: str = "order", metadata: Mapping[str, Any] | None = None) -> bytes:
    """A PNG file of the path; `metadata` is noted in it, as text by keyword."""
    notes = {name.capitalize(): str(value) for name, value in (metadata or {}).items()}
    return encode_image(draw_path(ink, image, show=show), notes={**notes, "Software": "handwrite"})


def draw_path(ink: Ink, image: GreyImage, *, show: str = "order") -> ColourImage:
    """The picture of a path, (h, w, 3) uint8, blue, green, red, enlarged or shrunk so that its letters are large.

    ink : at least a point, with a clock, in pixels of the image (H, W). show : "order" or "speed".
    """
    ink, mark = without_repeats(ink), mark_of(ink, image)
    pen = mark_width(ink, mark)
    size = max(letter_height(ink), LEAST * pen)
    scale = float(min(LETTER / size, LARGEST, (MOST_PIXELS / image.size) ** 0.5))
    margin = round(MARGIN * scale * size)
    picture = _Picture(_ground(mark, scale, margin), scale * size, max(LINE * scale * pen, THINNEST))
    placed = ink.scaled(scale).moved(margin, margin)
    colours = _colours(ink.points[:, 2] if show == "order" else _pace(ink))
    ends = np.flatnonzero(ink.pen_up) + 1
    parts = list(zip(placed.strokes(), np.split(colours, ends[:-1]), strict=True))
    for stroke, own in parts:
        picture.add_line(stroke, own)
    for stroke, own in parts:
        picture.add_arrows(stroke, own)
    for number, (stroke, own) in enumerate(parts, start=1):
        picture.add_number(number, stroke, own[0])
    return picture.image


def _ground(mark: GreyImage, scale: float, margin: int) -> ColourImage:
    """The mark, pale grey on white with white around it."""
    size = tuple(max(round(side * scale), 1) for side in mark.shape[::-1])
    large = cv2.resize(mark, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    pale = np.round(WHITE - FAINTNESS * large).astype(np.uint8)
    return np.repeat(np.pad(pale, margin, constant_values=WHITE)[..., None], 3, axis=2)


def _colours(values: NDArray[np.floating[Any]]) -> Colours:
    """(N, 3) the colours of values, those from the least to the greatest; a perceptually even ramp."""
    span = float(np.ptp(values))
    shares = (values - values.min()) / span if span else np.zeros(len(values))
    steps = np.round(WHITE * RAMP * shares).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(steps[:, None], cv2.COLORMAP_PLASMA)[:, 0], np.uint8)


def _pace(ink: Ink) -> Float64Array:
    """(N,) the logarithm of the speed at each point, without extremes: way over time in a window around it."""
    speed: list[float] = []
    for stroke in ink.strokes():
        times = stroke[:, 2].astype(np.float64)
        way = along(stroke)
        low, high = (np.clip(times + half, times[0], times[-1]) for half in (-WINDOW / 2, WINDOW / 2))
        gone = np.interp(high, times, way) - np.interp(low, times, way)
        speed += (gone / np.maximum(high - low, 1e-6)).tolist()
    moving = np.array([value for value in speed if value > 0] or [1.0])
    return np.asarray(np.log(np.clip(speed, *np.percentile(moving, EXTREMES))))


@dataclass(eq=False)
class _Picture:
    """What is drawn on. letter : height of letters in pixels; line : width of the path."""

    image: ColourImage
    letter: float
    line: float

    def __post_init__(self) -> None:
        self.cost = np.zeros(self.image.shape[:2], np.uint8)  # of printing there

    def add_line(self, stroke: NDArray[np.float32], colours: Colours) -> None:
        """A smooth line through the points, each piece in the colour of the point before it."""
        curves, _ = bezier(Ink.from_strokes([stroke]))
        places = _fixed(points_at(curves, np.broadcast_to(np.linspace(0, 1, PIECES + 1), (len(curves), PIECES + 1))))
        thickness = max(round(self.line - SOFT), 1)
        for line, colour in zip(places, colours[:-1].tolist(), strict=True):
            cv2.polylines(self.image, [line], False, colour, thickness, cv2.LINE_AA, BITS)
        cv2.polylines(self.cost, list(places), False, (PATH_COST,), round(self.line) + 2, shift=BITS)

    def add_arrows(self, stroke: NDArray[np.float32], colours: Colours) -> None:
        """Arrows along the stroke, evenly spaced; a dot and a very short stroke have none."""
        way = along(stroke)
        if way[-1] < SHORTEST * self.letter:
            return
        count = max(round(way[-1] / (EVERY * self.letter)), 1)
        for place in way[-1] * (np.arange(count) + 0.5) / count:
            reach = np.array([-0.5, 0.5]) * max(ARROW * self.letter, 3 * self.line)
            tail, tip = at(stroke[:, :2], place + reach, way=way)
            self._arrow(tail, tip, colours[int(np.searchsorted(way, place))].tolist())

    def add_number(self, number: int, stroke: NDArray[np.float32], colour: Colours) -> None:
        """A dot where the stroke starts, and its number beside it, where it hides least."""
        self._dot(stroke[0, :2], 2.2 * self.line, colour)
        text, digit = str(number), max(DIGIT * self.letter, SMALLEST)
        scale, thick = digit / FONT_HEIGHT, max(round(digit / 9), 1)
        (width, height), _ = cv2.getTextSize(text, FONT, scale, thick)
        x, y = self._room(stroke[0, :2].astype(np.float64), width, height)
        corner = (x, y + height)
        cv2.putText(self.image, text, corner, FONT, scale, (WHITE, WHITE, WHITE), 3 * thick, cv2.LINE_AA)
        cv2.putText(self.image, text, corner, FONT, scale, colour.tolist(), thick, cv2.LINE_AA)
        self.cost[max(y, 0) : y + height, max(x, 0) : x + width] = NUMBER_COST

    def _dot(self, place: NDArray[np.float32], diameter: float, colour: Colours) -> None:
        radius = round(diameter / 2 * (1 << BITS))
        cv2.circle(self.image, _fixed(place).tolist(), radius, colour.tolist(), cv2.FILLED, cv2.LINE_AA, BITS)
        cv2.circle(self.cost, _fixed(place).tolist(), radius, (PATH_COST,), cv2.FILLED, shift=BITS)

    def _arrow(self, tail: Float64Array, tip: Float64Array, colour: list[int]) -> None:
        side = np.array([tail[1] - tip[1], tip[0] - tail[0]]) / 2
        corners = _fixed(np.array([tip, tail + side, tail + (tip - tail) / 4, tail - side]))
        cv2.polylines(self.image, [corners], True, (WHITE, WHITE, WHITE), 2, cv2.LINE_AA, BITS)
        cv2.fillPoly(self.image, [corners], colour, cv2.LINE_AA, BITS)
        cv2.fillPoly(self.cost, [corners], (PATH_COST,), shift=BITS)

    def _room(self, start: Float64Array, width: int, height: int) -> tuple[int, int]:
        """The left top corner of a box of this size near a place, where it covers least; left above it if it can."""
        angles = 1.25 * np.pi + 2 * np.pi * np.arange(AROUND) / AROUND
        directions = np.column_stack([np.cos(angles), np.sin(angles)])
        best, least = (0, 0), np.inf
        for away in (1.0, 1.6):
            middles = start + away * directions * ([width / 2 + 2 * self.line, height / 2 + 2 * self.line])
            for x, y in np.round(middles - [width / 2, height / 2]).astype(int).tolist():
                cost = self._cost(x, y, width, height)
                if cost < least:
                    best, least = (x, y), cost
        return best

    def _cost(self, x: int, y: int, width: int, height: int) -> float:
        part = self.cost[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
        return float(part.sum(dtype=np.int64)) + EDGE_COST * (width * height - part.size)


def _fixed(places: NDArray[np.floating[Any]]) -> NDArray[np.int32]:
    """Places as OpenCV wants them: whole numbers of fractions of a pixel, counted from the middle of the first."""
    return np.round((places - 0.5) * (1 << BITS)).astype(np.int32)
