"""How well the lines of a page are found: precision, recall and F1, and pages composed to measure them on.

A line is what ink it has, not what its outline looks like. Who finds lines is `core.lines`; pages with outlines drawn
by people are read by `formats`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import GreyImage
from handwrite.core.page_ink import paper_of
from handwrite.core.reading import Point
from handwrite.core.render import Paper, scan

InkMask = NDArray[np.bool_]
InkIndex = NDArray[np.int64]

LEAST_OVERLAP = 0.5
"""Intersection over union of ink from which a found line is a true one."""

INK = 0.3  # cover from which a pixel of a composed page counts as ink
FAINTEST = 0.12  # cover of a line image that is taken over


@dataclass(frozen=True)
class LineScore:
    """Counts of lines: found, true, and matched one to one. Scores of several pages are added."""

    found: int
    true: int
    matched: int

    def __add__(self, other: LineScore) -> LineScore:
        return LineScore(self.found + other.found, self.true + other.true, self.matched + other.matched)

    @property
    def precision(self) -> float:
        """Share of the found lines that are true; 1 when none is found."""
        return self.matched / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the true lines that are found; 1 when there are none."""
        return self.matched / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 1 for an empty page left empty."""
        return 2 * self.matched / (self.found + self.true) if self.found + self.true else 1.0


@dataclass(frozen=True, eq=False)
class ComposedPage:
    """A page whose lines are known.

    image : (H, W) uint8 grey. ink : (H, W) bool. lines : the ink of each line, from top to bottom, as indices into the
    flattened page.
    """

    image: GreyImage
    ink: InkMask
    lines: tuple[InkIndex, ...]


def ink_inside(outline: Sequence[Point], ink: InkMask) -> InkIndex:
    """The ink (H, W) inside a polygon of corners (x, y) in pixels, as sorted indices into the flattened page."""
    corners = np.floor(np.array(outline, np.float64)).astype(np.int32)
    inside = np.zeros(ink.shape, np.uint8)
    cv2.fillPoly(inside, [corners], 1)
    return np.flatnonzero(inside.astype(np.bool_) & ink).astype(np.int64)


def score_lines(found: Sequence[InkIndex], true: Sequence[InkIndex]) -> LineScore:
    """Match found with true lines, each given by its ink as `ink_inside` tells it.

    A pair matches when it shares at least half of its ink: intersection over union of ink pixels, as in the ICDAR
    contests (Stamatopoulos et al.: ICDAR 2013 handwriting segmentation contest, there with 0.95). Each line matches at
    most once; the pair with the larger overlap goes first.
    """
    pairs = sorted(
        ((_overlap(ink, other), i, j) for i, ink in enumerate(found) for j, other in enumerate(true)), reverse=True
    )
    seen_found: set[int] = set()
    seen_true: set[int] = set()
    for overlap, i, j in pairs:
        if overlap >= LEAST_OVERLAP and i not in seen_found and j not in seen_true:
            seen_found.add(i)
            seen_true.add(j)
    return LineScore(len(found), len(true), len(seen_found))


def _overlap(one: InkIndex, other: InkIndex) -> float:
    """Intersection over union of two sets of pixels; 0 for two empty ones."""
    if not (len(one) and len(other)) or one[-1] < other[0] or other[-1] < one[0]:
        return 0.0
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)


def compose_page(
    lines: Sequence[GreyImage],
    *,
    rng: np.random.Generator,
    pitch: tuple[float, float] = (0.75, 1.15),
    unevenness: float = 0.12,
    slope: float = 4.0,
    bend: float = 0.4,
    paper: Paper | None = None,
) -> ComposedPage:
    """Lay images of lines (H, W) uint8, dark on light, at least one, onto a page as an untidy hand would.

    pitch : least and largest distance of lines, in heights of most lines; below 1 they touch. unevenness : standard
    deviation of that from line to line, as a share. slope : steepest rise or fall of the page, in degrees; a line
    strays from it by a tenth. bend : largest swing of a line, in pitches. paper : as `core.render.scan` takes it.
    """
    covers = [_cover(line) for line in lines]
    usual = float(np.median([len(cover) for cover in covers]))
    distance = usual * rng.uniform(*pitch)
    width = max(cover.shape[1] for cover in covers) + round(2 * usual)
    rise = np.tan(np.radians(rng.uniform(-slope, slope))) * (1 + rng.normal(0, 0.1, len(covers)))
    swing = bend * distance * rng.uniform(-1, 1) * (1 + rng.normal(0, 0.1, len(covers)))
    steps = distance * np.clip(1 + unevenness * rng.standard_normal(len(covers)), 0.6, 2)
    reach = float(np.abs(rise).max() * width + 2 * np.abs(swing).max() + 2 * usual)
    middles = reach / 2 + np.cumsum(steps)
    page = np.zeros((round(middles[-1] + reach / 2 + usual), width), np.float32)
    phase, laid = rng.uniform(0, 2 * np.pi), []
    across = np.linspace(-1, 1, width)
    for cover, middle, slant, sway in zip(covers, middles, rise, swing, strict=True):
        left = round(rng.uniform(0.3, 1.7) * usual * (1 - 0.9 * (cover.shape[1] + 2 * usual >= width)))
        path = middle + slant * across * width / 2 + sway * np.sin(2 * across + phase)
        laid.append(_laid(cover, path, left=left, shape=page.shape))
        np.maximum(page, laid[-1], out=page)
    ink = page >= INK
    image = scan(np.round(page * 255).astype(np.uint8), paper=paper or Paper(), rng=rng)
    return ComposedPage(image, ink, tuple(np.flatnonzero(ink & (cover >= page)).astype(np.int64) for cover in laid))


def _cover(line: GreyImage) -> NDArray[np.float32]:
    """How much ink is on each pixel of a line's image, 0 to 1, cut to where there is any."""
    paper = paper_of(line, window=2.0 * len(line)).astype(np.float32)
    cover = np.clip((paper - line) / np.maximum(paper, 1), 0, 1)
    cover[cover < FAINTEST] = 0
    rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
    if not len(rows):
        return np.zeros(line.shape, np.float32)
    return np.asarray(cover[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], np.float32)


def _laid(
    cover: NDArray[np.float32], path: NDArray[np.float64], *, left: int, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """(H, W) of the page with one line on it, the centre of whose ink follows the path (W,) of y."""
    rows = np.arange(len(cover)) @ cover.sum(axis=1) / max(float(cover.sum()), 1e-9)
    down = np.arange(shape[0], dtype=np.float32)[:, None] - path.astype(np.float32) + np.float32(rows)
    along = np.broadcast_to(np.arange(shape[1], dtype=np.float32) - left, shape)
    return np.asarray(cv2.remap(cover, np.ascontiguousarray(along), down, cv2.INTER_LINEAR), np.float32)
