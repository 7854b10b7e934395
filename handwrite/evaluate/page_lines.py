"""The lines of pages, found and compared with what is there: on real pages with what people outlined in ALTO or PAGE
files, on composed ones with the lines that they were composed of.

What counts as found, and how a page is composed, is said by `line_finding`; the finding is `core.lines`'.
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

from handwrite.core.image import WHITE, ColourImage, GreyImage
from handwrite.core.lines import find_lines
from handwrite.core.page_ink import measure, paper_of
from handwrite.core.reading import Point
from handwrite.core.sheet import blank, grid
from handwrite.corpora.page_images import opened
from handwrite.errors import InputError
from handwrite.evaluate.line_finding import InkIndex, InkMask, LineScore, compose_page, ink_inside, score_lines
from handwrite.recognize.data import Written

Outline = tuple[Point, ...]

LEAST_LINES, MOST_LINES = 8, 20
"""Lines of a composed page."""

PAPER_WINDOW = 12.0  # scales of the writing, within which paper is seen between strokes
COLUMNS, WIDTH, GAP = 2, 800, 12  # of the picture: pages side by side, pixels of each, and between them
FOUND, TRUE = (40, 40, 210), (200, 120, 0)  # colours of outlines


@dataclass(frozen=True, eq=False)
class FoundLines:
    """A page, its lines as they were found and as they are, in pixels, and the seconds that finding them took.

    folder : where it lies, or what it is composed of.
    """

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


def find_composed(
    samples: Sequence[Written], *, name: str, pages: int, seed: int, report: Callable[[], object] = lambda: None
) -> list[FoundLines]:
    """So many pages, each composed of 8 to 20 samples drawn by chance; fewer where there are fewer, but at least one.
    name : of what they are composed of."""
    found = []
    for number in range(pages):
        rng = np.random.default_rng((seed, number))
        size = min(int(rng.integers(LEAST_LINES, MOST_LINES + 1)), len(samples))
        lines = [samples[index].image() for index in rng.choice(len(samples), size, replace=False).tolist()]
        page = compose_page(lines, rng=rng)
        true = [ink for ink in page.lines if len(ink)]
        outlines = [_around(ink, width=page.ink.shape[1]) for ink in true]
        found.append(_compared(page.image, page.ink, true, outlines=outlines, name=str(number), folder=name))
        report()
    return found


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
    return grid([_drawn(page) for page in worst], columns=COLUMNS, size=WIDTH, ruled=False)


def _page(file: Path) -> FoundLines:
    page, image = opened(file)
    scale = np.array(image.shape[::-1]) / (page.width, page.height)
    true = tuple(tuple(map(tuple, (np.array(line.outline) * scale).tolist())) for line in page.lines)
    ink = _ink(image)
    lines = [ink_inside(one, ink) for one in true]
    return _compared(image, ink, lines, outlines=true, name=file.stem, folder=file.parent.name)


def _compared(
    image: GreyImage, ink: InkMask, true: Sequence[InkIndex], *, outlines: Sequence[Outline], name: str, folder: str
) -> FoundLines:
    """What is found on an image with the given ink, beside what is there: the ink of its lines, and their outlines."""
    begun = time.perf_counter()
    found = tuple(line.outline for line in find_lines(image))
    seconds = time.perf_counter() - begun
    score = score_lines([ink_inside(one, ink) for one in found], true)
    return FoundLines(name, folder, image, found, tuple(outlines), score, seconds)


def _around(ink: InkIndex, *, width: int) -> Outline:
    """The convex hull of ink on a page so many pixels wide."""
    y, x = np.divmod(ink, width)
    hull = cv2.convexHull(np.column_stack([x, y]).astype(np.int32))[:, 0]
    return tuple((float(x), float(y)) for x, y in hull)


def _ink(page: GreyImage) -> InkMask:
    """(H, W) bool: what stands out from the paper."""
    contrast = cv2.absdiff(paper_of(page, window=PAPER_WINDOW * (measure(page) or 1.0)), page)
    threshold, _ = cv2.threshold(contrast, 0, WHITE, cv2.THRESH_OTSU)
    return np.asarray(contrast > threshold)


def _drawn(page: FoundLines) -> ColourImage:
    scale = (WIDTH - GAP) / page.image.shape[1]
    size = (WIDTH - GAP, max(round(page.image.shape[0] * scale), 1))
    picture = cv2.cvtColor(cv2.resize(page.image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_GRAY2BGR)
    for outlines, colour in ((page.true, TRUE), (page.found, FOUND)):
        for outline in outlines:
            cv2.polylines(picture, [np.round(np.array(outline) * scale).astype(np.int32)], True, colour, 1, cv2.LINE_AA)
    title = f"{page.folder}/{page.name}  F1 {page.score.f1:.2f}"
    label = blank(2 * GAP, size[0], 3)
    cv2.putText(label, title, (0, GAP + GAP // 2), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (90, 90, 90), 1, cv2.LINE_AA)
    return np.pad(np.vstack([label, picture]).astype(np.uint8), ((0, GAP), (0, GAP), (0, 0)), constant_values=WHITE)
