"""The face of recovery: images of handwriting in, the pen's path out.

It owns the way from image to net to `Ink`: cutting pages and lines, preparing glyphs, choosing among ways over their
skeletons, and putting the pieces together. Files of ink are the work of `formats`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from handwrite.core.checkpoint import load_checkpoint
from handwrite.core.device import torch_device
from handwrite.core.image import GreyImage, grey_of, read_image
from handwrite.core.ink import Ink, join
from handwrite.core.lines import cut, find_lines, find_page
from handwrite.core.paper import without_table
from handwrite.core.rules import painted_over
from handwrite.errors import InputError, OptionError
from handwrite.recover.decode import decode, encode
from handwrite.recover.glyph import FINE, MARGIN, TALL, Glyph, glyph_of
from handwrite.recover.habits import GENERAL, LATIN, Habits
from handwrite.recover.likelihood import nats_of
from handwrite.recover.model import Encoded, RecoverNet
from handwrite.recover.order import StrokeOrder
from handwrite.recover.path import GAP, ink_of_path
from handwrite.recover.pieces import Piece, cut_pieces, joined
from handwrite.recover.skeleton import Skeleton, skeleton_of
from handwrite.recover.snap import snap
from handwrite.recover.task import restore
from handwrite.recover.trace import trace
from handwrite.recover.ways import ways_of

METHODS = ("net", "skeleton")
LEVELS = ("auto", "character", "word", "line", "page")

SCRIPTS = {
    "latin": "Latn",
    "devanagari": "Deva",
    "katakana": "Kana",
    "hiragana": "Hira",
    "kanji": "Hani",
    "greek": "Grek",
    "korean": "Hang",
    "balinese": "Bali",
    "tagalog": "Tglg",
    "aramaic": "Armi",
}
"""The names of scripts, and their ISO 15924 codes, by which the net knows them."""

SQUARE = 1.5
"""Widths over heights up to which "auto" takes an image for one character, which is not cut at its gaps."""

MOST_PARTS = 10
"""Parts of the ink that such a character has at most; a page has more."""

BATCH = 32
"""Glyphs that go through the net together."""

UNUSUAL = 8.0
"""Nats by which a way in the habits of other scripts has to be likelier than one in Latin habits where the script is
not told, as chosen on validation."""

TRUST = 0.15
"""What a nat of the net weighs, which counts each point of a path, beside one of the stroke order, which counts each
piece; chosen on validation."""

PAUSE = 0.5
"""Seconds from one line of a page to the next."""


class Recoverer:
    """Recovers paths by a net, or without one by tracing skeletons. Make the former with `Recoverer.load`."""

    def __init__(
        self,
        net: RecoverNet | None = None,
        *,
        order: StrokeOrder | None = None,
        snapping: bool = True,
        threads: int | None = None,
    ) -> None:
        """order : finds ways over the skeleton, of which the net chooses; without it the net's own path is snapped to
        the skeleton. snapping : keep the path on the middle of the ink and leave nothing out; traced ones are so."""
        self.net, self.order, self.snapping = net.eval() if net else None, order, snapping
        if threads is not None:
            torch.set_num_threads(threads)
            cv2.setNumThreads(threads)

    @classmethod
    def load(
        cls,
        weights: str | Path = "recover",
        *,
        snapping: bool = True,
        ordering: bool = True,
        device: str = "auto",
        threads: int | None = None,
    ) -> Recoverer:
        """The recoverer of a weights file, or the one that comes with the program. ordering : with the `StrokeOrder`
        that comes with the program. Raises CheckpointError."""
        checkpoint, where = load_checkpoint(weights, kind="recover"), torch_device(device)
        net = restore(checkpoint.header, checkpoint.tensors).to(where)
        order = StrokeOrder.load(device=where) if ordering and snapping else None
        return cls(net, order=order, snapping=snapping, threads=threads)

    def recover(self, image: GreyImage, *, level: str = "auto", script: str = "auto") -> Ink:
        """How the pen moved in an image (H, W) uint8 grey: ink in its pixels, t in seconds.

        level : "line" and "page" are cut at gaps, "character" and "word" are not; "auto" decides. script : a key of
        `SCRIPTS`, or "auto". Raises InputError when there is no writing in it, OptionError for another level or script.
        """
        _check(level, script)
        [ink] = self._recovered([_lines_of(image, level)], script)
        return ink

    def recover_all(self, images: Sequence[GreyImage], *, level: str = "auto", script: str = "auto") -> list[Ink]:
        """The ink of each image, as `recover` has it, but empty where there is no writing; faster than one by one."""
        _check(level, script)
        cuts: list[list[_Line]] = [[] for _ in images]
        for lines, image in zip(cuts, images, strict=True):
            with suppress(InputError):
                lines += _lines_of(image, level)
        return self._recovered(cuts, script)

    def _recovered(self, images: Sequence[Sequence[_Line]], script: str) -> list[Ink]:
        """The ink of the lines of each image; their glyphs go through the net together."""
        inks = iter(self.glyphs([glyph for lines in images for line in lines for glyph in line.glyphs], script=script))
        return [join([line.ink([next(inks) for _ in line.glyphs]) for line in lines], pause=PAUSE) for lines in images]

    def glyphs(self, glyphs: Sequence[Glyph], *, script: str = "auto") -> list[Ink]:
        """The ink of each glyph, in its pixels; faster for many at once."""
        if self.net is None:
            return [_traced(skeleton_of(glyph.mask), _habits(script)[0]) for glyph in glyphs]
        known = list(self.net.config.scripts)
        number = known.index(SCRIPTS[script]) + 1 if SCRIPTS.get(script) in known else 0
        order = np.argsort([glyph.pixels.shape[1] for glyph in glyphs], kind="stable")
        inks: dict[int, Ink] = {}
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH].tolist()
            found = self._found(self.net, [glyphs[index] for index in part], script=number, habits=_habits(script))
            inks |= zip(part, self.net.tempo.timed(found), strict=True)
        return [inks[index] for index in range(len(glyphs))]

    def _found(self, net: RecoverNet, glyphs: Sequence[Glyph], *, script: int, habits: Sequence[Habits]) -> list[Ink]:
        """The ink of each glyph, at one speed. With the stroke order: of its likeliest ways over the skeleton the one
        that is likeliest to both nets; without it: of the net's own way and of those that tracing gives, the one that
        the net finds likeliest as a whole."""
        encoded = encode(net, glyphs, script=script)
        if not self.snapping:
            return [ink_of_path(path) for path in decode(net, encoded, glyphs)]
        skeletons = [skeleton_of(glyph.mask) for glyph in glyphs]
        ways = [ways_of(skeleton) for skeleton in skeletons]
        if self.order:
            found = [[(ink, nats / TRUST) for ink, nats in inks] for inks in self.order.likeliest(ways)]
            for inks, skeleton in zip(found, skeletons, strict=True):
                if not inks:  # too large a scrawl
                    inks.append((_traced(skeleton, habits[0]), 0.0))
        else:
            decoded = decode(net, encoded, glyphs, ways=ways)
            snapped = [snap(path, own) for path, own in zip(decoded, ways, strict=True)]
            found = [[(ink, 0.0)] for ink in snapped]
            for number, own in enumerate(habits):
                for inks, skeleton in zip(found, skeletons, strict=True):
                    inks.append((_traced(skeleton, own), UNUSUAL * number))
        return _likeliest(net, encoded, glyphs, found)


def _likeliest(
    net: RecoverNet, encoded: Encoded, glyphs: Sequence[Glyph], found: Sequence[Sequence[tuple[Ink, float]]]
) -> list[Ink]:
    """Of the inks of each glyph the likeliest, by the net's nats and those that stand beside them."""
    inks = [(row, ink) for row, own in enumerate(found) for ink, _ in own]
    nats = nats_of(net, encoded, glyphs, inks) + np.array([beside for own in found for _, beside in own])
    ends = np.cumsum([len(own) for own in found])[:-1]
    return [own[int(costs.argmin())][0] for own, costs in zip(found, np.split(nats, ends), strict=True)]


def _habits(script: str) -> tuple[Habits, ...]:
    """How people may write a script, the likeliest first."""
    return (LATIN, GENERAL) if script == "auto" else (LATIN,) if script == "latin" else (GENERAL,)


def _traced(skeleton: Skeleton, habits: Habits) -> Ink:
    """What tracing gives, in pixels of the glyph."""
    return trace(skeleton, habits=habits).scaled(1 / FINE)


def _check(level: str, script: str) -> None:
    if level not in LEVELS:
        raise OptionError(f"--level {level}: no such level; choose one of {', '.join(LEVELS)}")
    if script != "auto" and script not in SCRIPTS:
        raise OptionError(f"--script {script}: no such script; choose auto or one of {', '.join(SCRIPTS)}")


@dataclass(frozen=True, eq=False)
class _Line:
    """A line of an image, in pieces of which each is a glyph. corner : where its own image lies in the whole: left,
    top."""

    pieces: Sequence[Piece]
    glyphs: Sequence[Glyph]
    corner: tuple[int, int] = (0, 0)

    def ink(self, inks: Sequence[Ink]) -> Ink:
        """The line's ink in pixels of the whole image, from that of each glyph in its own."""
        placed = [glyph.to_image(ink) for glyph, ink in zip(self.glyphs, inks, strict=True)]
        return joined(placed, self.pieces, gap=GAP).moved(*self.corner)


def _lines_of(image: GreyImage, level: str) -> list[_Line]:
    """The lines of an image, at least one; a word or a character counts as a line. Raises InputError when there is no
    writing in it."""
    image = without_table(image)
    if level in ("auto", "character"):
        glyph = glyph_of(image)
        if level == "character" or _is_character(glyph):
            return [_Line([Piece(image, left=0, runs_on=False, height=TALL / glyph.scale)], [glyph])]
    image = painted_over(image)
    found = find_page(image) if level == "auto" else find_lines(image) if level == "page" else []
    if level != "page" and not found:
        return [_cut_line(image, at_gaps=level != "word")]
    lines = []
    for line in found:
        part, corner = cut(image, line.outline)
        with suppress(InputError):  # a line of dirt must not cost the page
            lines.append(_cut_line(part, corner=corner))
    if not lines:
        raise InputError("no writing in it; give an image of dark writing on light paper, or of light on dark")
    return lines


def _cut_line(image: GreyImage, *, at_gaps: bool = True, corner: tuple[int, int] = (0, 0)) -> _Line:
    pieces = cut_pieces(image, at_gaps=at_gaps)
    found: list[tuple[Piece, Glyph]] = []
    for piece in pieces:
        with suppress(InputError):  # a piece of a very long dash looks like a ruled line
            found.append((piece, glyph_of(piece.image)))
    kept, glyphs = zip(*(found or [(pieces[0], glyph_of(pieces[0].image))]), strict=True)
    return _Line(kept, glyphs, corner)


def _is_character(glyph: Glyph) -> bool:
    """Whether the ink is about square and in few parts, as that of one character is."""
    height, width = (side - 2 * MARGIN for side in glyph.pixels.shape)
    parts = cv2.connectedComponents(glyph.mask.astype(np.uint8))[0] - 1
    return width <= SQUARE * height and parts <= MOST_PARTS


@lru_cache(maxsize=2)
def _ready(weights: str, method: str, snapping: bool, device: str, threads: int | None) -> Recoverer:
    """A recoverer, kept for the next call with the same options."""
    if method not in METHODS:
        raise OptionError(f"--method {method}: no such method; choose one of {', '.join(METHODS)}")
    if method == "skeleton":
        return Recoverer(threads=threads)
    return Recoverer.load(weights, snapping=snapping, device=device, threads=threads)


def recover(
    image: str | Path | NDArray[np.uint8],
    *,
    level: str = "auto",
    script: str = "auto",
    method: str = "net",
    snapping: bool = True,
    weights: str | Path = "recover",
    device: str = "auto",
    threads: int | None = None,
) -> Ink:
    """How the pen moved that left an image: ink in its pixels, y down, t in seconds.

    image : a path, or an array (H, W) or (H, W, 3), red first, of uint8. level : "auto", "character", "word", "line" or
    "page". script : "auto" or a key of `SCRIPTS`. method : "net", or "skeleton", which knows no weights. snapping :
    keep the net's path on the ink and complete it. The weights stay in memory for the next call. Raises InputError when
    the image cannot be read or holds no writing, OptionError for an unknown option, CheckpointError when weights are
    missing.
    """
    grey = grey_of(image) if isinstance(image, np.ndarray) else read_image(image)
    recoverer = _ready(str(weights), method, snapping, device, threads)
    return recoverer.recover(grey, level=level, script=script)
