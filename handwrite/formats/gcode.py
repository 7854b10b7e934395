"""G-code: the path of a pen plotter, in millimetres from the sheet's bottom left corner, y upwards.

Written only. The width of the line is that of the plotter's pen, so of a `Look` nothing counts here. Curves become
straight lines within a tolerance, strokes keep the order in which they were written. Words are the common ones that
GRBL, Marlin and the simulators share: G0, G1, G4, G21, G90 and F; and what `GcodeSettings` says for the pen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from handwrite.core.curve import Float64Array, lines_needed, points_at
from handwrite.core.page import Page
from handwrite.errors import OptionError
from handwrite.formats.look import PLAIN
from handwrite.formats.pen_path import Run, pen_runs

DECIMALS = 3  # of a millimetre; finer than any plotter steps
MAX_LINES = 1000  # that one curve may become
_UNSAFE = re.compile(r"[^ -~]|[!?~%]")  # GRBL obeys ! ? ~ even where they stand in a comment


@dataclass(frozen=True, kw_only=True)
class GcodeSettings:
    """What a plotter is told besides the path.

    pen_up, pen_down : the commands that move the pen, several divided by line breaks. By themselves those of a servo
    on GRBL's spindle output; with a Z axis they are "G0 Z5" and "G1 Z0 F600". settle : seconds (G4 P) that a pen has
    to arrive after either; Marlin counts them as milliseconds, so give 0 there and "M280 P0 S90\\nG4 P150" as a
    command. feed : millimetres a minute while drawing. travel : the same with the pen up; None is as fast as the
    machine goes, and GRBL always goes so. tolerance : millimetres that the lines may stray from the curves.
    """

    pen_up: str = "M5"
    pen_down: str = "M3 S90"
    settle: float = 0.15
    feed: float = 3000.0
    travel: float | None = None
    tolerance: float = 0.02

    def __post_init__(self) -> None:
        for name, command in (("pen up", self.pen_up), ("pen down", self.pen_down)):
            if not command.strip() or not command.isascii():
                raise OptionError(f'{name} command {command!r}: must be G-code, for example "M5" or "G0 Z5"')
        for name, speed in (("feed", self.feed), ("travel", self.travel)):
            if speed is not None and not 1 <= speed < np.inf:
                raise OptionError(f"{name} {speed:g}: must be at least 1 millimetre a minute")
        if not 0 <= self.settle <= 10:
            raise OptionError(f"settle {self.settle:g}: must be from 0 to 10 seconds")
        if not 0 < self.tolerance <= 10:
            raise OptionError(f"tolerance {self.tolerance:g}: must be above 0 and at most 10 mm")


SERVO = GcodeSettings()


def encode(
    page: Page,
    *,
    metadata: Mapping[str, Any] | None = None,
    settings: GcodeSettings = SERVO,
) -> bytes:
    """A G-code program in ASCII. It begins and ends with the pen up, and ends where it began, at 0, 0."""
    up, down = (_pen(command, settings) for command in (settings.pen_up, settings.pen_down))
    travel = f" F{_number(settings.travel)}" if settings.travel else ""
    lines = [*_comments(page, metadata or {}), "G21", "G90", f"F{_number(settings.feed)}", *up]
    for runs in pen_runs(page, PLAIN):
        first, *rest = _positions(runs, page.height, settings.tolerance)
        lines += [f"G0 {first}{travel}", *down]
        feeds = [f" F{_number(settings.feed)}", *[""] * len(rest)]  # once a stroke: the pen's commands may have theirs
        lines += [f"G1 {position}{feed}" for position, feed in zip(rest, feeds, strict=False)]
        lines += up
    return "\n".join([*lines, f"G0 X0 Y0{travel}", ""]).encode("ascii")


def _pen(command: str, settings: GcodeSettings) -> list[str]:
    """The lines that move the pen and wait for it."""
    wait = [f"G4 P{_number(settings.settle)}"] if settings.settle else []
    return [line.strip() for line in command.splitlines() if line.strip()] + wait


def _positions(runs: Iterable[Run], height: float, tolerance: float) -> list[str]:
    """The words of the points of a stroke, none twice in a row."""
    points = np.concatenate([_flat(run.curves, tolerance) for run in runs]) * [1, -1] + [0, height]
    words = [f"X{_number(x)} Y{_number(y)}" for x, y in points.tolist()]
    return words[:1] + [word for before, word in pairwise(words) if word != before]


def _flat(curves: Float64Array, tolerance: float) -> Float64Array:
    """(N, 2) the points of straight lines along curves (M, 4, 2), each of which begins where the one before ends."""
    counts = np.clip(np.ceil(lines_needed(curves, tolerance=tolerance)), 1, MAX_LINES).astype(np.int64)
    curve = np.repeat(np.arange(len(curves)), counts)
    step = np.arange(1, len(curve) + 1) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.concatenate([curves[:1, 0], points_at(curves[curve], (step / counts[curve])[:, None])[:, 0]])


def _number(value: float) -> str:
    """The shortest of `DECIMALS` decimals, never with an exponent."""
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _comments(page: Page, metadata: Mapping[str, Any]) -> Iterator[str]:
    yield "; Handwriting by handwrite"
    yield f"; Page {_number(page.width)} x {_number(page.height)} mm, 0 0 at the bottom left"
    for note in [*page.text.splitlines(), *(f"{name}: {json.dumps(value)}" for name, value in metadata.items())]:
        if note.strip():
            yield "; " + _UNSAFE.sub("_", note)
