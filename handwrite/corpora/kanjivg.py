"""KanjiVG: outlines of kanji and kana in stroke order (Apel 2009), read into samples.

Reads the files `HEX.svg`, one path a stroke, in order. They are drawings, not recordings: the order and the direction
of the strokes are real, the clock is made here, for a pen that moves at one speed and rests a little between strokes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from numpy.typing import NDArray

from handwrite.core.curve import bernstein
from handwrite.core.ink import Ink
from handwrite.core.polyline import along, evenly
from handwrite.core.store import Sample
from handwrite.corpora.archive import Progress, members
from handwrite.corpora.splits import split_of
from handwrite.corpora.tally import Skipped
from handwrite.errors import InputError

SOURCE = "kanjivg"
LICENCE = "KanjiVG: CC BY-SA 3.0; stroke order only, time is modelled"
BLOCKS = ((0x3041, 0x309F, "Hira"), (0x30A0, 0x30FF, "Kana"), (0x4E00, 0x9FFF, "Hani"))
"""Unicode's first and last code points of hiragana, katakana and the common kanji, and their scripts in ISO 15924."""
OTHER = "other"  # what a report calls the rest

STEP = 1.5  # from point to point; a character is 109 high
TIME_STEP = 0.01  # seconds, for a step
LIFT = (0.1, 1 / 300)  # seconds from one stroke to the next: at least, and more per unit of the way
CURVE_PARTS = 32  # chords that stand for a curve when its length is measured

_GLYPH = re.compile(r"(?P<name>(?P<code>[0-9a-f]{5})(?P<variant>-.+)?)\.svg")
_PATH = "{http://www.w3.org/2000/svg}path"
_COMMAND = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)")
_POINTS = {"C": 3, "S": 2}  # of a curve, after its first


def read(sources: Sequence[Path], *, progress: Progress | None = None) -> Iterator[Sample | Skipped]:
    """The kanji and kana as samples, and what was left out: variants, and characters of other scripts.

    Coordinates are KanjiVG's, 109 to the side of a character. Raises InputError when the sources cannot be read or
    hold no glyphs.
    """
    found = False
    for path, content in members(sources, progress=progress):
        if match := _GLYPH.fullmatch(PurePosixPath(path).name):
            found = True
            yield _sample(match, content)
    if not found:
        places = ", ".join(map(str, sources))
        raise InputError(f"{places}: no glyphs of KanjiVG found; give the archive or folder with files like 04e00.svg")


def _sample(match: re.Match[str], content: bytes) -> Sample | Skipped:
    name, code = match["name"], int(match["code"], 16)
    script = next((script for first, last, script in BLOCKS if first <= code <= last), OTHER)
    if match["variant"]:
        return Skipped(name, "a variant of another glyph", script, "character", resolved=True)
    if script == OTHER:
        return Skipped(name, "neither kanji nor kana", script, "character", resolved=True)
    try:
        ink = _ink(content)
    except (ParseError, DefusedXmlException, ValueError) as error:
        return Skipped(name, f"a glyph that cannot be read ({error})", script, "character")
    split = split_of(f"{SOURCE}/{name}")
    return Sample(ink, chr(code), SOURCE, name, split=split, level="character", script=script)


def _ink(content: bytes) -> Ink:
    strokes = [even_points(bezier_curves(path.get("d", ""))) for path in fromstring(content).iter(_PATH)]
    if not strokes:
        raise ValueError("no strokes")
    points = np.concatenate(strokes)
    pen_up = np.zeros(len(points))
    pen_up[np.cumsum([len(stroke) for stroke in strokes]) - 1] = 1
    offsets = np.diff(points, axis=0, prepend=np.zeros((1, 2)))
    return Ink.from_offsets(np.column_stack([offsets, pen_up]), time_step=TIME_STEP, gap=LIFT)


def bezier_curves(path: str) -> NDArray[np.float64]:
    """(n, 4, 2) the points x, y of the cubic Bezier curves that a path consists of.

    Reads M, C and S and their relative forms (SVG 1.1, 8.3.2 and 8.3.6), all that KanjiVG uses. Raises ValueError for
    a path of other commands or without curves.
    """
    (first, start), *rest = _commands(path) or [("", [])]
    if first not in ("M", "m") or len(start) != 2:
        raise ValueError("a path that does not start with one move")
    pen, handle = np.array(start), np.array(start)
    curves: list[NDArray[np.float64]] = []
    for command, numbers in rest:
        size = _POINTS.get(command.upper(), 0)
        if not size or not numbers or len(numbers) % (2 * size):
            raise ValueError(f"a path with {command} and {len(numbers)} numbers, where C and S curves are read")
        for points in np.array(numbers).reshape(-1, size, 2):
            placed = points + pen if command.islower() else points
            mirrored = [2 * pen - handle] if size == _POINTS["S"] else []
            curves.append(np.vstack([pen, *mirrored, placed]))
            handle, pen = curves[-1][2:]
    if not curves:
        raise ValueError("a path without curves")
    return np.array(curves)


def _commands(path: str) -> list[tuple[str, list[float]]]:
    """The commands of a path with their numbers."""
    if re.sub(r"[\s,]", "", _NUMBER.sub("", _COMMAND.sub(r"\2", path))):
        raise ValueError(f"a path that is not one: {path[:20]!r}")
    return [(command, [float(number) for number in _NUMBER.findall(rest)]) for command, rest in _COMMAND.findall(path)]


def even_points(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, 2) points along Bezier curves (n, 4, 2) that follow one another, from the first to the last: about `STEP`
    apart, and all as far from the next along the curves."""
    dense = (bernstein(np.linspace(0, 1, CURVE_PARTS + 1)) @ curves).reshape(-1, 2)
    way = along(dense)
    return evenly(dense, max(round(way[-1] / STEP), 1) + 1, way=way)
