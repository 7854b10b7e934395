"""What the recognizer learns from: the samples of stores, drawn or as they were scanned, as normalized lines.

Lines and scans are taken as they are; words and characters of a writer are strung together, so that a net does not
learn which words follow which. How a sample is varied is known to `core.augment`, batches are the task's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from handwrite.core.alphabet import Alphabet
from handwrite.core.augment import Dose, Strength, draw_line, vary_image
from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink, join
from handwrite.core.normalize import normalize, stretched
from handwrite.core.render import render
from handwrite.core.store import Store, is_struck_out
from handwrite.errors import InputError

WORD_SHARE, CHARACTER_SHARE = 0.75, 0.1
"""How often an epoch shows a single word and a single character; a scan and a line of ink come once."""

SCAN_STRENGTH = Strength(
    clean=0.1,
    slant=Dose(chance=0.6, most=0.35),
    stretch=Dose(chance=0.6, most=0.25),
    elastic=Dose(chance=0.6, most=0.04),
    thicker=Dose(chance=0.2, most=0.9),
    thinner=Dose(chance=0.2, most=0.4),
)
"""How scans are varied: their hands do not change as those of drawn ink do, and are learned by heart otherwise."""

STRETCHED, NARROWEST, WIDEST = 0.6, 0.72, 1.2
"""Share of normalized lines that are shown in another width, and times their width that they then have at least and at
most: reading looks at a line in several."""

MOST_WORDS, MOST_CHARACTERS = 4, 8
"""Pieces that are strung together at most."""

WORD_GAP, CHARACTER_GAP = (0.5, 1.1), (0.08, 0.35)
"""Least and most room between pieces, in mean heights of the pieces."""

DRAWN_HEIGHT = 64
"""Pixels of drawn ink that is not varied."""

HELD_OUT = 5

COLUMNS_PER_CHARACTER = (4.9, 98.0)
"""Normalized columns that a character takes; beyond, image and text do not belong together."""

RARE = 3
"""A character that comes fewer times than this in training is not learned."""

ALWAYS = "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜabcdefghijklmnopqrstuvwxyzäöüß0123456789"
"""Characters that the alphabet holds in any case."""

Rng = np.random.Generator


@dataclass(frozen=True)
class Written:
    """Something to read: sample `index` of `store`. writer : "source/writer", unique among all."""

    store: Store
    index: int
    text: str
    source: str
    level: str
    writer: str
    scanned: bool

    @property
    def ink(self) -> Ink:
        """Its ink; empty when it was scanned."""
        return self.store[self.index].ink

    def image(self) -> GreyImage:
        """The scan, or the ink drawn plainly: (H, W) uint8 grey."""
        sample = self.store[self.index]
        return sample.image if self.scanned else render(sample.ink, height=DRAWN_HEIGHT)


def load_written(
    stores: Iterable[Store], *, splits: Sequence[str], levels: Sequence[str] | None = None
) -> list[Written]:
    """The samples of the splits that have a text and were not struck out."""
    found = []
    for store in stores:
        for index in store.select(splits=splits, levels=levels).tolist():
            text, source, level = store.text[index], str(store.source[index]), str(store.level[index])
            writer = f"{source}/{store.writer[index]}"
            if text.strip() and not is_struck_out(text, source=source):
                found.append(Written(store, index, text, source, level, writer, bool(store.has_image[index])))
    return found


def learned_alphabet(texts: Iterable[str]) -> Alphabet:
    """The characters that a reader of these texts learns: the frequent ones and `ALWAYS`, sorted."""
    frequent = set(Alphabet.from_texts([*texts, ALWAYS * RARE], at_least=RARE).chars)
    return Alphabet("".join(sorted(frequent)))


def held_out(items: Sequence[Written]) -> tuple[list[Written], list[Written]]:
    """Samples to train on and, every `HELD_OUT`-th of them, to validate with; a lone sample is in both."""
    kept = [item for number, item in enumerate(items) if number % HELD_OUT]
    return kept or list(items), list(items[::HELD_OUT])


@dataclass(frozen=True)
class Draw:
    """What one training sample is made of: one line or scan, or several words or characters of a writer."""

    pieces: tuple[Written, ...]

    @property
    def text(self) -> str:
        """What it says."""
        gap = "" if self.pieces[0].level == "character" else " "
        return gap.join(piece.text for piece in self.pieces)

    def image(self, rng: Rng) -> GreyImage:
        """A varied image of it."""
        first = self.pieces[0]
        if first.scanned:
            return vary_image(first.image(), rng=rng, strength=SCAN_STRENGTH)
        inks = [piece.ink for piece in self.pieces]
        ink = inks[0] if len(inks) == 1 else string_together(inks, level=first.level, rng=rng)
        return vary_image(draw_line(ink, rng=rng), rng=rng)


def epoch_of(items: Sequence[Written], *, rng: Rng) -> list[Draw]:
    """The samples of one epoch: how often each comes is said by the shares, who is strung together by chance."""
    draws = [Draw((item,)) for item in items if item.scanned or item.level == "line"]
    for level, share, most in (("word", WORD_SHARE, MOST_WORDS), ("character", CHARACTER_SHARE, MOST_CHARACTERS)):
        pieces = [item for item in items if not item.scanned and item.level == level]
        chosen = [pieces[index] for index in np.flatnonzero(rng.random(len(pieces)) < share).tolist()]
        draws += _strung(chosen, most=most, rng=rng)
    return draws


def _strung(pieces: Sequence[Written], *, most: int, rng: Rng) -> list[Draw]:
    """Pieces of a writer in random company, up to `most` together."""
    by_writer: dict[str, list[Written]] = defaultdict(list)
    for index in rng.permutation(len(pieces)).tolist():
        by_writer[pieces[index].writer].append(pieces[index])
    draws = []
    for own in by_writer.values():
        start = 0
        while start < len(own):
            size = int(rng.integers(1, most + 1))
            draws.append(Draw(tuple(own[start : start + size])))
            start += size
    return draws


def string_together(inks: Sequence[Ink], *, level: str, rng: Rng) -> Ink:
    """Words or characters side by side: words with the middle of their ink at one height, characters on a line."""
    height = float(np.mean([ink.bounds[3] - ink.bounds[1] for ink in inks])) or 1.0
    room = CHARACTER_GAP if level == "character" else WORD_GAP
    placed, right = [], 0.0
    for ink in inks:
        left, _, end, bottom = ink.bounds
        level_row = bottom if level == "character" else float(ink.points[:, 1].mean())
        placed.append(ink.moved(right - left, -level_row))
        right += end - left + height * float(rng.uniform(*room))
    return join(placed, pause=0.3)


def varied_line(draw: Draw, rng: Rng) -> GreyImage | None:
    """A varied, normalized image of a draw, (HEIGHT, W), also in other widths; None when it cannot hold its text."""
    line = _fitting(lambda: draw.image(rng), draw.text)
    if line is None or rng.random() >= STRETCHED:
        return line
    return stretched(line, rng.uniform(NARROWEST, WIDEST))


def plain_line(item: Written) -> GreyImage | None:
    """The normalized image of a sample as it is, (HEIGHT, W); None when it cannot hold its text."""
    return _fitting(item.image, item.text)


def _fitting(image: Callable[[], GreyImage], text: str) -> GreyImage | None:
    try:
        pixels = normalize(image()).pixels
    except InputError:
        return None
    low, high = COLUMNS_PER_CHARACTER
    return pixels if low < pixels.shape[1] / len(text) < high else None
