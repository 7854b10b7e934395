"""Omniglot: characters of many alphabets, each drawn by twenty people (Lake et al. 2015), read into samples.

Reads the stroke files `ALPHABET/characterNN/NNNN_DRAWER.txt`. They number the characters and do not say which these
are, so the texts stay empty. People drew with mouse and trackpad: the clock is real, the speed is not a pen's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from handwrite.core.ink import Ink
from handwrite.core.store import Sample
from handwrite.corpora.archive import Progress, members
from handwrite.corpora.splits import split_of
from handwrite.corpora.tally import Skipped
from handwrite.errors import InputError

SOURCE = "omniglot"
LICENCE = "Omniglot: MIT"
SCRIPTS = {
    "Balinese": "Bali",
    "Early_Aramaic": "Armi",
    "Greek": "Grek",
    "Japanese_(katakana)": "Kana",
    "Korean": "Hang",
    "Latin": "Latn",
    "Sanskrit": "Deva",
    "Tagalog": "Tglg",
}
"""Alphabet -> its script in ISO 15924."""
UNKNOWN_SCRIPT = "Zzzz"  # ISO 15924 for a script without a code; of the alphabets that `SCRIPTS` does not name

_DRAWING = re.compile(r"(?:.*/)?(?P<name>(?P<alphabet>[^/]+)/character\d+/\d+_(?P<drawer>\d+))\.txt")


def read(sources: Sequence[Path], *, progress: Progress | None = None) -> Iterator[Sample | Skipped]:
    """The drawings as samples, and what was left out; a drawing that is in several sources is read once.

    Coordinates keep their unit, 105 to the side of the canvas, with y turned down. Raises InputError when the sources
    cannot be read or hold no drawings.
    """
    seen: set[str] = set()
    for path, content in members(sources, progress=progress):
        match = _DRAWING.fullmatch(path)
        if match and match["name"] not in seen:
            seen.add(match["name"])
            yield _sample(match["name"], match["alphabet"], match["drawer"], content)
    if not seen:
        places = ", ".join(map(str, sources))
        raise InputError(f"{places}: no Omniglot drawings found; give strokes_background.zip or its smaller parts")


def group(sample: Sample) -> str:
    """The alphabet of a sample."""
    return sample.name.split("/")[0]


def _sample(name: str, alphabet: str, drawer: str, content: bytes) -> Sample | Skipped:
    try:
        ink = _ink(content.decode())
    except ValueError as error:
        return Skipped(name, f"a drawing that cannot be read ({error})", alphabet, "character")
    script, split = SCRIPTS.get(alphabet, UNKNOWN_SCRIPT), split_of(f"{SOURCE}/{drawer}")
    whose = f"{alphabet}/{drawer}"
    return Sample(ink, "", SOURCE, name, writer=whose, split=split, level="character", script=script)


def _ink(text: str) -> Ink:
    """The ink of a stroke file: START, rows of x, y (up) and milliseconds, BREAK after each stroke."""
    start, *rows = text.split()
    if start != "START" or rows[-1:] != ["BREAK"]:
        raise ValueError("no START at its top or no BREAK at its end")
    drawn = [row for row in rows if row != "BREAK"]
    points = np.array([row.split(",") for row in drawn], np.float64)
    if points.shape != (len(drawn), 3) or not np.isfinite(points).all():
        raise ValueError("no strokes, or a row without x, y and time")
    points *= 1, -1, 1e-3
    points[:, 2] = np.maximum.accumulate(points[:, 2])  # the clock of a few drawings steps back
    breaks = np.flatnonzero(np.array(rows) == "BREAK")
    return Ink.from_strokes(np.split(points, breaks[:-1] - np.arange(len(breaks) - 1)))
