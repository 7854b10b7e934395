"""A sheet of recovered paths: how a sample was really written, and beside it what each method found.

For eyes. Which samples are shown is for `recovery` to say; how a path is drawn, for `formats.path_png`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from handwrite.core.image import WHITE, ColourImage, GreyImage
from handwrite.core.ink import Ink
from handwrite.core.sheet import GAP, blank, grid
from handwrite.evaluate.recovery import Judged
from handwrite.formats.path_png import draw_path

HEIGHT = 200  # pixels that a picture is high at most
PRINT = 20  # pixels of a line of print
FONT, FONT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.45
GREY = (110, 110, 110)
LEGEND = "under a path: method, local point order, stroke tau, LDTW in glyph heights"


@dataclass(frozen=True, eq=False)
class Case:
    """A sample to show. truth : its ink, in pixels of the image (H, W). found : what each method recovered of it."""

    title: str
    image: GreyImage
    truth: Ink
    found: Mapping[str, Judged]


def recovery_sheet(rows: Sequence[Sequence[Case]], *, columns: int = 3, width: int = 1800) -> ColourImage:
    """The cases in cells, each row of at most `columns`: (H, W, 3) uint8, BGR, W the `width` or a few pixels less.

    A cell holds the title, the true path and each recovered one, side by side where they fit, else one below the
    other; each with its name and, of a method, its local point order, stroke tau and LDTW. Numbers stand where strokes
    begin, colours run from dark blue to orange with time.
    """
    size = width // columns
    parts = [grid([_cell(case, width=size) for case in row], columns=columns, size=size) for row in rows]
    legend = _printed(LEGEND, width=size * columns - 2 * GAP)
    top = blank(PRINT + GAP, size * columns, 3)
    top[GAP:, GAP : GAP + legend.shape[1]] = legend
    return np.vstack([top, *parts])


def _cell(case: Case, *, width: int) -> ColourImage:
    inner = width - 2 * GAP
    pictures = [_picture(case.truth, case.image, "true", width=inner)]
    pictures += [_picture(one.ink, case.image, _note(name, one), width=inner) for name, one in case.found.items()]
    beside = sum(picture.shape[1] for picture in pictures) + GAP * (len(pictures) - 1) <= inner
    return _stacked(
        [_printed(case.title, width=inner), _beside(pictures) if beside else _stacked(pictures)], margin=GAP
    )


def _note(name: str, judged: Judged) -> str:
    scores = judged.scores
    order, tau = ("-" if value is None else f"{value:.2f}" for value in (scores.local_order, scores.stroke_tau))
    return f"{name} {order} {tau} {scores.ldtw:.3f}"


def _picture(ink: Ink, image: GreyImage, note: str, *, width: int) -> ColourImage:
    """The path over the image, no higher than `HEIGHT` and no wider than `width`, with a note under it."""
    drawn = draw_path(_in_time(ink), image) if len(ink) else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    scale = min(HEIGHT / drawn.shape[0], width / drawn.shape[1])
    size = (max(round(drawn.shape[1] * scale), 1), max(round(drawn.shape[0] * scale), 1))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return _stacked([np.asarray(cv2.resize(drawn, size, interpolation=method), np.uint8), _printed(note, width=width)])


def _in_time(ink: Ink) -> Ink:
    """The ink with a clock; where it has none, one that ticks at each point."""
    ticks = np.column_stack([ink.points[:, :2], np.arange(len(ink))])
    return ink if ink.has_clock else ink.with_points(ticks)


def _printed(text: str, *, width: int) -> ColourImage:
    """A line of print as wide as its text, but at most `width` pixels; what is too long is narrowed, what is not ASCII
    is shown as its code."""
    shown = text.encode("ascii", "backslashreplace").decode()
    (right, _), _ = cv2.getTextSize(shown, FONT, FONT_SCALE, 1)
    strip = blank(PRINT, right + 2, 3)
    cv2.putText(strip, shown, (0, PRINT - 6), FONT, FONT_SCALE, GREY, 1, cv2.LINE_AA)
    if right + 2 <= width:
        return strip
    return np.asarray(cv2.resize(strip, (width, PRINT), interpolation=cv2.INTER_AREA), np.uint8)


def _stacked(pictures: Sequence[ColourImage], *, margin: int = 0) -> ColourImage:
    """One below the other, with a margin around them."""
    widest = max(picture.shape[1] for picture in pictures)
    wide = [np.pad(one, ((0, 0), (0, widest - one.shape[1]), (0, 0)), constant_values=WHITE) for one in pictures]
    return np.pad(np.vstack(wide), ((margin, margin), (margin, margin), (0, 0)), constant_values=WHITE)


def _beside(pictures: Sequence[ColourImage]) -> ColourImage:
    highest = max(len(picture) for picture in pictures)
    room = [(GAP * (number > 0), 0) for number in range(len(pictures))]
    high = [
        np.pad(one, ((0, highest - len(one)), gap, (0, 0)), constant_values=WHITE)
        for one, gap in zip(pictures, room, strict=True)
    ]
    return np.hstack(high)
