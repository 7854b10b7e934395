"""The synthesizer as people use it: text in, ink out.

Owns all between the two: respelling what the model cannot write, cutting long lines into pieces that the model is good
at, watching the window and drawing again what went wrong, and setting the pieces on one baseline. The unit of the ink
is the x-height.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from handwrite.core import geometry
from handwrite.core.alphabet import Alphabet
from handwrite.core.checkpoint import load_checkpoint
from handwrite.core.ink import Ink, join
from handwrite.errors import InputError, OptionError
from handwrite.synth.model import SynthNet
from handwrite.synth.sampler import Trace, draw
from handwrite.synth.task import Statistics, restore, statistics_of
from handwrite.synth.watch import Verdict, judge

DEFAULT_BIAS = 0.75
ATTEMPTS = 5
"""How often a piece is drawn at most, until the window is content."""

PIECE = 40
"""Characters of a piece; a longer line is cut at spaces."""

BATCH = 64
"""Pieces that are drawn at once, so that memory stays bounded."""

LINE_SPACING = 4.0
WORD_SPACE, LETTER_SPACE = 1.0, 0.3
"""White between two pieces of a line, and between those of one word, in x-heights."""

PAUSE = 0.4
"""Seconds between two pieces or lines."""


@dataclass(frozen=True)
class Line:
    """A written line: its text as written, its ink on the baseline y = 0 from x = 0, how many drawings its pieces
    took (`attempts`, one each at best), and what remains wrong."""

    text: str
    ink: Ink
    attempts: tuple[int, ...]
    problems: tuple[str, ...]


class Part(NamedTuple):
    """A part of a line. spaced : a space stands before it, unless it is the first."""

    text: str
    spaced: bool


@dataclass
class _Piece:
    """A part of a line on its way: the best trace so far, and what the window says of it."""

    text: str
    spaced: bool
    seed: tuple[int, ...]
    attempts: int = 0
    trace: Trace | None = None
    verdict: Verdict | None = None

    @property
    def wanted(self) -> bool:
        return self.attempts < ATTEMPTS and (self.verdict is None or bool(self.verdict.problems))

    def take(self, trace: Trace) -> None:
        verdict = judge(self.text, trace.attention, finished=trace.finished)
        if self.verdict is None or verdict.severity < self.verdict.severity:
            self.trace, self.verdict = trace, verdict
        self.attempts += 1


class Synthesizer:
    """Weights ready to write. Make one with `Synthesizer.load`."""

    def __init__(self, net: SynthNet, alphabet: Alphabet, statistics: Statistics, styles: Sequence[int]) -> None:
        self.net, self.alphabet, self.statistics = net.eval(), alphabet, statistics
        self._styles = list(styles)

    @classmethod
    def load(cls, weights: str | Path = "synth", *, device: str = "auto", threads: int | None = None) -> Synthesizer:
        """The synthesizer of a weights file, or of the named weights that come with the program."""
        if threads is not None:
            torch.set_num_threads(threads)
        checkpoint = load_checkpoint(weights, kind="synth")
        header = checkpoint.header
        net = restore(header, checkpoint.tensors).to(_device(device))
        return cls(net, Alphabet(header.alphabet), statistics_of(header), header.statistics.get("styles", []))

    @property
    def styles(self) -> int:
        """How many styles there are, from 0."""
        return len(self._styles)

    def prepare(self, text: str) -> tuple[list[str], dict[str, str]]:
        """The lines of a text in characters that the model knows, and what was replaced by what.

        Raises InputError when nothing of it can be seen.
        """
        lines: list[str] = []
        replaced: dict[str, str] = {}
        for line in text.splitlines():
            fitted, changes = self.alphabet.fit(line)
            lines.append(" ".join(fitted.split()))
            replaced |= changes
        if not any(lines):
            raise InputError("no text to write; give at least one visible character")
        return lines, replaced

    def write(
        self, lines: Sequence[str], *, bias: float = DEFAULT_BIAS, style: int | None = None, seed: int = 0
    ) -> list[Line]:
        """Write prepared lines. Each piece of each line draws from its own stream (seed, line, piece, attempt)."""
        writer = self._writer(style)
        cut = [
            [_Piece(*part, (seed, row, column)) for column, part in enumerate(pieces(line))]
            for row, line in enumerate(lines)
        ]
        every = [piece for row in cut for piece in row]
        for start in range(0, len(every), BATCH):
            self._draw(every[start : start + BATCH], writer=writer, bias=bias)
        return [self._line(line, row) for line, row in zip(lines, cut, strict=True)]

    def _writer(self, style: int | None) -> int:
        if style is None:
            return self._styles[0] if self._styles else 0
        if not 0 <= style < self.styles:
            raise OptionError(f"style {style}: no such style; these weights have {self.styles}, numbered from 0")
        return self._styles[style]

    def _draw(self, parts: Sequence[_Piece], *, writer: int, bias: float) -> None:
        """Draw the pieces, and those whose window was not content again."""
        while wanted := [piece for piece in parts if piece.wanted]:
            texts = [self.alphabet.encode(piece.text) for piece in wanted]
            seeds = [(*piece.seed, piece.attempts) for piece in wanted]
            for piece, trace in zip(wanted, draw(self.net, texts, writer=writer, bias=bias, seeds=seeds), strict=True):
                piece.take(trace)

    def _line(self, text: str, parts: Sequence[_Piece]) -> Line:
        inks: list[Ink] = []
        x = 0.0
        for piece in parts:
            ink = self._ink(piece)
            x += (WORD_SPACE if piece.spaced else LETTER_SPACE) if inks else 0.0
            inks.append(ink.moved(x, 0))
            x += ink.bounds[2]
        found = tuple(problem for piece in parts if piece.verdict for problem in piece.verdict.problems)
        return Line(text, join(inks, pause=PAUSE), tuple(piece.attempts for piece in parts), found)

    def _ink(self, piece: _Piece) -> Ink:
        """A piece's ink in x-heights, level, its left end at x = 0 and its baseline at y = 0."""
        assert piece.trace is not None
        scale = self.statistics.scale
        offsets = piece.trace.offsets * np.array([scale, scale, 1], np.float32)
        ink = Ink.from_offsets(offsets, time_step=self.statistics.time_step, gap=self.statistics.gap)
        ink = geometry.deslope(ink)
        return ink.moved(-ink.bounds[0], -geometry.baseline(ink))


def pieces(line: str) -> list[Part]:
    """The line in parts of at most `PIECE` characters, cut at spaces and as evenly as may be; a longer word is cut
    too."""
    words, count = line.split(), -(-len(line) // PIECE)
    wanted = min(PIECE, -(-len(line) // max(count, 1)) + 4)
    parts: list[Part] = []
    for word in words:
        first, *rest = (word[start : start + PIECE] for start in range(0, len(word), PIECE))
        if parts and len(parts[-1].text) + 1 + len(first) <= wanted:
            parts[-1] = Part(f"{parts[-1].text} {first}", parts[-1].spaced)
        else:
            parts.append(Part(first, True))
        parts += [Part(text, False) for text in rest]
    return parts


def stack(lines: Sequence[Line]) -> Ink:
    """One ink of lines below each other; a blank line keeps its place."""
    return join([line.ink.moved(0, LINE_SPACING * row) for row, line in enumerate(lines)], pause=PAUSE)


def synthesize(
    text: str,
    *,
    bias: float = DEFAULT_BIAS,
    style: int | None = None,
    seed: int | None = None,
    weights: str | Path = "synth",
    device: str = "auto",
    threads: int | None = None,
) -> Ink:
    """Write a text by hand, one line of ink for each line of text; x-heights as the unit, y = 0 the first baseline.

    Raises InputError for a text without a visible character, OptionError for a bias or style that does not exist,
    CheckpointError for weights that cannot be used.
    """
    if not (np.isfinite(bias) and bias >= 0):
        raise OptionError(f"bias {bias:g}: must be a number of at least 0")
    if seed is not None and seed < 0:
        raise OptionError(f"seed {seed}: must be at least 0")
    if threads is not None and threads < 1:
        raise OptionError(f"threads {threads}: must be at least 1")
    synthesizer = Synthesizer.load(weights, device=device, threads=threads)
    lines, _ = synthesizer.prepare(text)
    seed = secrets.randbelow(2**32) if seed is None else seed
    return stack(synthesizer.write(lines, bias=bias, style=style, seed=seed))


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise OptionError("device cuda: there is none that torch can use here; choose cpu")
    return torch.device(name)
