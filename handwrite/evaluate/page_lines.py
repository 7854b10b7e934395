"""The lines of real pages, found and compared with those that people outlined in ALTO or PAGE files.

What counts as found is said by `line_finding`; the finding is `core.lines`'.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import GreyImage
from handwrite.core.lines import find_lines
from handwrite.core.page_ink import measure, paper_of
from handwrite.core.reading import Point
from handwrite.corpora.page_images import opened
from handwrite.errors import InputError
from handwrite.evaluate.line_finding import InkMask, LineScore, ink_inside, score_lines

Outline = tuple[Point, ...]
ColourImage = NDArray[np.uint8]

PAPER_WINDOW = 12.0  # scales of the writing, within which paper is seen between strokes
COLUMNS, WIDTH, GAP = 2, 800, 12  # of the picture: pages side by side, pixels of each, and between them
FOUND, TRUE = (40, 40, 210), (200, 120, 0)  # colours of outlines


@dataclass(frozen=True, eq=False)
class FoundLines:
    """A page, its lines as they were found and as they are, in pixels, and the seconds that finding them took."""

    name: str
    folder: str
    image: GreyImage
    found: tuple[Outline, ...]
    true: tuple[Outline, ...]
    score: LineScore
    seconds: float


@dataclass(frozen=True)
class Figures:
    """Of some pages: counts of lines, their precision, recall and F1 at an overlap of half the ink, and seconds a
    page."""

    pages: int
    found: int
    true: int
    matched: int
    precision: float
    recall: float
    f1: float
    seconds: float


def find_all(folder: Path, *, report: Callable[[], object] = lambda: None) -> list[FoundLines]:
    """The pages of all ALTO and PAGE files in a folder and below. Raises InputError when there are none, or for a file
    that cannot be read."""
    files = sorted(folder.rglob("*.xml"))
    if not files:
        raise InputError(f"{folder}: no ALTO or PAGE files in it; give a folder of them, with their images")
    pages = []
    for file in files:
        pages.append(_page(file))
        report()
    return pages


def figures(pages: Sequence[FoundLines]) -> Figures:
    """The figures of at least one page."""
    score = reduce(add, (page.score for page in pages))
    seconds = sum(page.seconds for page in pages) / len(pages)
    return Figures(len(pages), score.found, score.true, score.matched, score.precision, score.recall, score.f1, seconds)


def by_folder(pages: Sequence[FoundLines]) -> dict[str, Figures]:
    """The figures of each folder, by its name."""
    names = sorted({page.folder for page in pages})
    return {name: figures([page for page in pages if page.folder == name]) for name in names}


def draw_worst(pages: Sequence[FoundLines], count: int) -> ColourImage:
    """The pages with the lowest F1, worst first, (H, W, 3) uint8 BGR: what was found in red, what is there in blue."""
    worst = sorted(pages, key=lambda page: page.score.f1)[:count]
    cells = [_drawn(page) for page in worst]
    rows = []
    for start in range(0, len(cells), COLUMNS):
        part = cells[start : start + COLUMNS]
        row = np.full((max(map(len, part)), COLUMNS * WIDTH, 3), 255, np.uint8)
        for column, cell in enumerate(part):
            row[: len(cell), column * WIDTH : (column + 1) * WIDTH] = cell
        rows.append(row)
    return np.vstack(rows)


def _page(file: Path) -> FoundLines:
    page, image = opened(file)
    scale = np.array(image.shape[::-1]) / (page.width, page.height)
    true = tuple(tuple(map(tuple, (np.array(line.outline) * scale).tolist())) for line in page.lines)
    begun = time.perf_counter()
    found = tuple(line.outline for line in find_lines(image))
    seconds = time.perf_counter() - begun
    ink = _ink(image)
    score = score_lines([ink_inside(one, ink) for one in found], [ink_inside(one, ink) for one in true])
    return FoundLines(file.stem, file.parent.name, image, found, true, score, seconds)


def _ink(page: GreyImage) -> InkMask:
    """(H, W) bool: what stands out from the paper."""
    contrast = cv2.absdiff(paper_of(page, window=PAPER_WINDOW * (measure(page) or 1.0)), page)
    threshold, _ = cv2.threshold(contrast, 0, 255, cv2.THRESH_OTSU)
    return np.asarray(contrast > threshold)


def _drawn(page: FoundLines) -> ColourImage:
    scale = (WIDTH - GAP) / page.image.shape[1]
    size = (WIDTH - GAP, max(round(page.image.shape[0] * scale), 1))
    picture = cv2.cvtColor(cv2.resize(page.image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_GRAY2BGR)
    for outlines, colour in ((page.true, TRUE), (page.found, FOUND)):
        for outline in outlines:
            cv2.polylines(picture, [np.round(np.array(outline) * scale).astype(np.int32)], True, colour, 1, cv2.LINE_AA)
    title = f"{page.folder}/{page.name}  F1 {page.score.f1:.2f}"
    label = np.full((2 * GAP, size[0], 3), 255, np.uint8)
    cv2.putText(label, title, (0, GAP + GAP // 2), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (90, 90, 90), 1, cv2.LINE_AA)
    return np.pad(np.vstack([label, picture]).astype(np.uint8), ((0, GAP), (0, GAP), (0, 0)), constant_values=255)
