"""The synthesizer as people use it: text in, ink out.

Owns all between the two: respelling what the model cannot write, cutting long lines into pieces that the model is good
at, watching the window and drawing again what went wrong, and setting the pieces on one baseline. The unit of the ink
is the x-height.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from handwrite.core import geometry
from handwrite.core.alphabet import Alphabet
from handwrite.core.checkpoint import load_checkpoint
from handwrite.core.device import torch_device
from handwrite.core.ink import Ink, join
from handwrite.errors import InputError, OptionError
from handwrite.synth.data import Line as RealLine
from handwrite.synth.hands import Hand, primed
from handwrite.synth.model import SynthNet
from handwrite.synth.sampler import Trace, draw
from handwrite.synth.styles import fingerprint, load_style, user_styles
from handwrite.synth.task import Statistics, restore, statistics_of
from handwrite.synth.watch import Verdict, judge
from handwrite.synth.words import Word, place, split_words

Report = Callable[[int], None]
Style = str | int | None

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
    """A written line: its text as written, its words, none for a blank line, how many drawings its pieces took
    (`attempts`, one each at best), and what remains wrong."""

    text: str
    words: tuple[Word, ...]
    attempts: tuple[int, ...]
    problems: tuple[str, ...]

    @property
    def ink(self) -> Ink:
        """The ink in x-heights, its left end at x = 0 and its baseline at y = 0."""
        return place(self.words)


class Order(NamedTuple):
    """What to write: a line in characters that the model knows, in whose hand, and with what bias."""

    text: str
    hand: Hand
    bias: float


class Part(NamedTuple):
    """A part of a line. spaced : a space stands before it, unless it is the first."""

    text: str
    spaced: bool


@dataclass
class _Piece:
    """A part of a line on its way: the best trace so far, and what the window says of it."""

    order: Order
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


class _Row(NamedTuple):
    """A line on its way."""

    order: Order
    pieces: list[_Piece]

    @property
    def wanted(self) -> list[_Piece]:
        return [piece for piece in self.pieces if piece.wanted]


class Synthesizer:
    """Weights ready to write. Make one with `Synthesizer.load`."""

    def __init__(self, net: SynthNet, alphabet: Alphabet, statistics: Statistics, styles: Mapping[str, int]) -> None:
        self.net, self.alphabet, self.statistics = net.eval(), alphabet, statistics
        self._styles = dict(styles)

    @classmethod
    def load(cls, weights: str | Path = "synth", *, device: str = "auto", threads: int | None = None) -> Synthesizer:
        """The synthesizer of a weights file, or of the named weights that come with the program."""
        if threads is not None:
            torch.set_num_threads(threads)
        checkpoint = load_checkpoint(weights, kind="synth")
        header = checkpoint.header
        net = restore(header, checkpoint.tensors).to(torch_device(device))
        return cls(net, Alphabet(header.alphabet), statistics_of(header), header.statistics.get("styles", {}))

    @property
    def styles(self) -> tuple[str, ...]:
        """The names of the styles of the weights, in the order of their numbers."""
        return tuple(self._styles)

    @cached_property
    def fingerprint(self) -> str:
        """What tells these weights from others; a user's styles were fitted for one of them."""
        return fingerprint(self.net.state_dict())

    def hand(self, style: Style = None) -> Hand:
        """The hand of a style: one of the weights, by name or number, or one of the user's, by name.

        By default the first of the weights. Raises OptionError when there is none of that name, and InputError when
        the user's was fitted for other weights.
        """
        names, own = self.styles or ("nobody",), sorted(user_styles())
        numbered = {str(number): name for number, name in enumerate(names)}
        name = names[0] if style is None else numbered.get(str(style), str(style))
        if name in names:
            return Hand(name, self.net.writer.weight[self._styles.get(name, 0)].detach())
        if name not in own:
            raise OptionError(f"style {style}: no such style; there are {', '.join(_listed(names) + own)}")
        vector = torch.from_numpy(load_style(name, fingerprint=self.fingerprint))
        return Hand(name, vector.to(self.net.recurrent.device))

    def primed(self, name: str, line: RealLine) -> Hand:
        """The hand of a real line of ink, to go on from. Raises InputError when the network cannot spell it."""
        nobody = self.net.writer.weight[0].detach()
        return primed(name, nobody, line, alphabet=self.alphabet, statistics=self.statistics)

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

    def write(self, orders: Iterable[Order], *, seed: int = 0, report: Report = lambda lines: None) -> Iterator[Line]:
        """Write lines, each as soon as it and those before it are done; `report` is told of each.

        Each piece of each line draws from its own stream (seed, line, piece, attempt). `BATCH` pieces are drawn at a
        time, so that a book takes no more memory than a page.
        """
        coming = enumerate(orders)
        rows: deque[_Row] = deque()
        while True:
            wanted = [piece for row in rows for piece in row.wanted]
            while len(wanted) < BATCH and (numbered := next(coming, None)):
                rows.append(_row(*numbered, seed))
                wanted += rows[-1].pieces
            if not rows:
                return
            self._draw(wanted[:BATCH])
            while rows and not rows[0].wanted:
                yield self._line(rows.popleft())
                report(1)

    def _draw(self, pieces: Sequence[_Piece]) -> None:
        """Draw each piece once; those that go on from the same ink, or from none, side by side."""
        primes = {id(piece.order.hand.prime): piece.order.hand.prime for piece in pieces}
        for key, prime in primes.items():
            together = [piece for piece in pieces if id(piece.order.hand.prime) == key]
            traces = draw(
                self.net,
                [self.alphabet.encode(piece.text) for piece in together],
                style=torch.stack([piece.order.hand.style for piece in together]),
                bias=torch.tensor([piece.order.bias for piece in together]),
                seeds=[(*piece.seed, piece.attempts) for piece in together],
                prime=prime,
            )
            for piece, trace in zip(together, traces, strict=True):
                piece.take(trace)

    def _line(self, row: _Row) -> Line:
        words: list[Word] = []
        for piece in row.pieces:
            assert piece.trace is not None
            own = split_words(piece.text, self._ink(piece), piece.trace.attention)
            if words:
                space = WORD_SPACE if piece.spaced else LETTER_SPACE
                own[0] = replace(own[0], space=space, pause=PAUSE)
            words += own
        found = tuple(problem for piece in row.pieces if piece.verdict for problem in piece.verdict.problems)
        return Line(row.order.text, tuple(words), tuple(piece.attempts for piece in row.pieces), found)

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


def orders(lines: Sequence[str], hands: Sequence[Hand], biases: Sequence[float]) -> list[Order]:
    """Lines with one hand and one bias for each paragraph, in turn; blank lines part paragraphs."""
    starts = [bool(line) and not before for before, line in zip(["", *lines], lines, strict=False)]
    paragraphs = [max(number - 1, 0) for number in accumulate(starts)]
    return [
        Order(line, hands[paragraph % len(hands)], biases[paragraph % len(biases)])
        for line, paragraph in zip(lines, paragraphs, strict=True)
    ]


def synthesize(
    text: str,
    *,
    bias: float | Sequence[float] = DEFAULT_BIAS,
    style: Style | Sequence[Style] = None,
    seed: int | None = None,
    weights: str | Path = "synth",
    device: str = "auto",
    threads: int | None = None,
) -> Ink:
    """Write a text by hand, one line of ink for each line of text; x-heights as the unit, y = 0 the first baseline.

    Several biases or styles go to the paragraphs in turn. Raises InputError for a text without a visible character,
    OptionError for a bias or style that does not exist, CheckpointError for weights that cannot be used.
    """
    biases = [bias] if isinstance(bias, (int, float)) else list(bias)
    for value in biases:
        if not (np.isfinite(value) and value >= 0):
            raise OptionError(f"bias {value:g}: must be a number of at least 0")
    if seed is not None and seed < 0:
        raise OptionError(f"seed {seed}: must be at least 0")
    if threads is not None and threads < 1:
        raise OptionError(f"threads {threads}: must be at least 1")
    synthesizer = Synthesizer.load(weights, device=device, threads=threads)
    styles = [style] if style is None or isinstance(style, (str, int)) else list(style)
    lines, _ = synthesizer.prepare(text)
    wanted = orders(lines, [synthesizer.hand(one) for one in styles], biases)
    seed = secrets.randbelow(2**32) if seed is None else seed
    return stack(list(synthesizer.write(wanted, seed=seed)))


def stack(lines: Sequence[Line]) -> Ink:
    """One ink of lines below each other; a blank line keeps its place."""
    return join([line.ink.moved(0, LINE_SPACING * row) for row, line in enumerate(lines)], pause=PAUSE)


def _row(number: int, order: Order, seed: int) -> _Row:
    parts = enumerate(pieces(order.text))
    return _Row(order, [_Piece(order, *part, (seed, number, column)) for column, part in parts])


def _listed(names: Sequence[str]) -> list[str]:
    return [f"{number} {name}" for number, name in enumerate(names)]
