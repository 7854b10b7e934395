"""What recovery learns from: recorded ink, drawn as pens, papers and cameras leave it, beside the path of the pen.

Words of a line are cut at wide gaps. How images are varied is known to `core.augment`, batches are the task's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from handwrite.core.augment import HAND, STRENGTH, Dose, draw_with_ink, vary_image
from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink
from handwrite.core.render import fit, render
from handwrite.core.store import Store
from handwrite.errors import InputError
from handwrite.recover.glyph import Glyph, glyph_of
from handwrite.recover.path import DOWN, Path, path_of
from handwrite.recover.words import cut_words

SHARES = {"line": 3.0, "word": 0.25, "character": 0.5}
"""How often an epoch shows a sample of each level; of a line one word at a time."""

FEW = 10_000
"""Characters of a source in one script below which they are shown more often, as the root of FEW over their number:
between all samples alike and all scripts alike, as is usual for languages of unlike size."""

MOST_OFTEN = 9
"""Times in an epoch that a sample is shown at most."""

STEPS = {"character": 58, "word": 140, "line": 110}
"""About how many steps a sample of each level takes; of a line, one word."""

DRAWN_HEIGHT = 80
"""Pixels of drawn ink that is not varied."""

MOST_STEPS = 350
"""Steps of a path; ink that takes more is left out."""

PEN = replace(HAND, x_height=(16.0, 36.0), rotation=2.5, width=(0.05, 0.18), smoothing=0.15, jitter=0.015)
"""How ink is drawn: large enough that every stroke is seen."""

_NONE = Dose(chance=0.0, most=0.0)
STILL = replace(STRENGTH, slant=_NONE, stretch=_NONE, rotation=_NONE, elastic=_NONE, neighbours=_NONE, bleed=_NONE)
"""How images are varied: ink stays where it is."""

Rng = np.random.Generator


@dataclass(frozen=True)
class Penned:
    """Recorded ink: sample `index` of `store`."""

    store: Store
    index: int
    source: str
    script: str
    level: str

    @property
    def steps(self) -> int:
        """About how many steps its path takes."""
        return STEPS[self.level]

    def ink(self, rng: Rng) -> Ink:
        """Its ink; of a line, one word by chance."""
        ink = self.store[self.index].ink
        if self.level != "line":
            return ink
        words = cut_words(ink)
        return words[int(rng.integers(len(words)))]


def load_penned(stores: Iterable[Store], *, splits: Sequence[str]) -> list[Penned]:
    """The samples of the splits that have ink."""
    return [
        Penned(store, index, str(store.source[index]), str(store.script[index]), str(store.level[index]))
        for store in stores
        for index in store.select(splits=splits, holds="ink").tolist()
    ]


def epoch_of(items: Sequence[Penned], *, rng: Rng) -> list[Penned]:
    """The samples of an epoch: each as often as its level's share says, characters of small scripts more often."""
    sizes = Counter((item.source, item.script) for item in items if item.level == "character")
    few: dict[tuple[str, str] | None, float] = {
        kind: min((FEW / size) ** 0.5, MOST_OFTEN) for kind, size in sizes.items() if size < FEW
    }
    kinds = ((item.source, item.script) if item.level == "character" else None for item in items)
    share = np.array([few.get(kind, SHARES[item.level]) for kind, item in zip(kinds, items, strict=True)])
    times = np.floor(share).astype(np.int64) + (rng.random(len(items)) < share % 1)
    shown = [item for item, count in zip(items, times.tolist(), strict=True) for _ in range(count)]
    return shown or list(items)


def some_of_each(items: Sequence[Penned], most: int) -> list[tuple[str, Penned]]:
    """Every n-th sample of each source and level, at most so many, with their names."""
    groups: dict[str, list[Penned]] = defaultdict(list)
    for item in items:
        groups[f"{item.source}_{item.level}"].append(item)
    return [(name, item) for name, group in sorted(groups.items()) for item in group[:: -(-len(group) // most)]]


@dataclass(frozen=True, eq=False)
class Example:
    """A glyph and how it was written, in its pixels: the path that the net emits, and the ink with its clock."""

    glyph: Glyph
    path: Path
    ink: Ink
    script: str


def varied_example(item: Penned, rng: Rng) -> Example | None:
    """A sample drawn by another pen on another paper; None when it does not move or is too long."""
    image, ink = draw_with_ink(item.ink(rng), rng=rng, hand=PEN)
    return _example(vary_image(image, rng=rng, strength=STILL), ink, item.script)


def plain_example(item: Penned, rng: Rng) -> Example | None:
    """A sample drawn plainly; the chance is which word of a line it is."""
    return _example(*plain_image(item.ink(rng)), item.script)


def plain_image(ink: Ink) -> tuple[GreyImage, Ink]:
    """Ink drawn plainly, and the ink in pixels of the image."""
    frame = fit(ink, height=DRAWN_HEIGHT)
    return render(ink, frame=frame), frame.place(ink)


def _example(image: GreyImage, ink: Ink, script: str) -> Example | None:
    try:
        glyph = glyph_of(image)
        ink = glyph.from_image(ink)
        path = path_of(ink)
    except InputError:
        return None
    moves = (path.pen == DOWN).any()
    return Example(glyph, path, ink, script) if moves and len(path) <= MOST_STEPS else None
