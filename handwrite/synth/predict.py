"""The synthesizer as people use it: text in, ink out.

Owns all between the two: respelling what the model cannot write, cutting long lines into pieces that the model is good
at, drawing again what the window or the proofreader is not content with, and setting the pieces on one baseline. The
unit of the ink is the x-height.
"""

from __future__ import annotations

import secrets
import warnings
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
from handwrite.core.ink import FloatArray, Ink, join
from handwrite.errors import InputError, OptionError
from handwrite.synth import DEFAULT_BIAS
from handwrite.synth.data import Line as RealLine
from handwrite.synth.hands import Hand, primed
from handwrite.synth.model import SynthNet
from handwrite.synth.pieces import Attempt, Piece, parts
from handwrite.synth.proofreader import Proofreader
from handwrite.synth.sampler import Prime, Trace, draw
from handwrite.synth.styles import fingerprint, load_style, user_styles
from handwrite.synth.task import Statistics, restore, statistics_of
from handwrite.synth.watch import judge
from handwrite.synth.words import PART_SPACE, PIECE_SPACE, Word, joined, place, split_words

Report = Callable[[int], None]
Style = str | int | None

ATTEMPTS = 6
"""How often a piece is drawn at most, until the window is content and the proofreader finds it clear."""

AHEAD = 2
"""Drawings of a piece that are made at once where a batch has room, before it is known whether one will do."""

BATCH = 64
"""Drawings that are made at once: enough that one more costs little, and few enough that memory stays bounded."""

LINE_SPACING = 4.0

PAUSE = 0.4
"""Seconds between two pieces or lines."""


@dataclass(frozen=True)
class Line:
    """A written line.

    text : as written. words : none for a blank line. attempts : how many drawings each piece took, one at best.
    at_once : the window was content with each piece's first. nats : how hard the line is to read, per character;
    0 without a proofreader. problems : what remains wrong.
    """

    text: str
    words: tuple[Word, ...]
    attempts: tuple[int, ...]
    at_once: bool
    nats: float
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


class _Row(NamedTuple):
    """A line on its way."""

    text: str
    pieces: list[Piece]

    @property
    def wanted(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.wanted]


class Synthesizer:
    """Weights ready to write. Make one with `Synthesizer.load`."""

    def __init__(
        self,
        net: SynthNet,
        alphabet: Alphabet,
        statistics: Statistics,
        *,
        styles: Mapping[str, int],
        illegible: str = "",
        proofreader: Proofreader | None = None,
    ) -> None:
        """illegible : characters of the alphabet that the net saw too rarely to write them well; they are respelled."""
        self.spelling = alphabet.without(illegible)
        self.net, self.alphabet, self.statistics = net.eval(), alphabet, statistics
        self.proofreader, self._styles = proofreader, dict(styles)

    @classmethod
    def load(cls, weights: str | Path = "synth", *, device: str = "auto", threads: int | None = None) -> Synthesizer:
        """The synthesizer of a weights file, or of the named weights that come with the program."""
        if threads is not None:
            torch.set_num_threads(threads)
        checkpoint = load_checkpoint(weights, kind="synth")
        header = checkpoint.header
        where = torch_device(device)
        return cls(
            restore(header, checkpoint.tensors).to(where),
            Alphabet(header.alphabet),
            statistics_of(header),
            styles=header.statistics.get("styles", {}),
            illegible=header.statistics.get("illegible", ""),
            proofreader=Proofreader.load(device=where),
        )

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
        """The lines of a text in characters that the model writes legibly, and what was replaced by what.

        Raises InputError when nothing of it can be seen.
        """
        lines: list[str] = []
        replaced: dict[str, str] = {}
        for line in text.splitlines():
            fitted, changes = self.spelling.fit(line)
            lines.append(" ".join(fitted.split()))
            replaced |= changes
        if not any(lines):
            raise InputError("no text to write; give at least one visible character")
        return lines, replaced

    def write(
        self,
        orders: Iterable[Order],
        *,
        seed: int = 0,
        attempts: int = ATTEMPTS,
        report: Report = lambda lines: None,
    ) -> Iterator[Line]:
        """Write lines, each as soon as it and those before it are done; `report` is told of pieces as they are done.

        Each piece of each line draws from its own stream (seed, line, piece, attempt), at most `attempts` times.
        `BATCH` pieces are drawn at a time, so that a book takes no more memory than a page.
        """
        coming = enumerate(orders)
        rows: deque[_Row] = deque()
        while True:
            wanted = [piece for row in rows for piece in row.wanted]
            while len(wanted) < BATCH and (numbered := next(coming, None)):
                rows.append(_row(*numbered, seed=seed, attempts=attempts))
                wanted += rows[-1].pieces
            if not rows:
                return
            self._draw(wanted[:BATCH])
            report(sum(not piece.wanted for piece in wanted[:BATCH]))
            while rows and not rows[0].wanted:
                yield self._line(rows.popleft())

    def _draw(self, pieces: Sequence[Piece]) -> None:
        """Draw each piece once, and several times where the batch has room, before it is known whether once will do."""
        copies = min(max(1, BATCH // max(len(pieces), 1)), AHEAD)
        tries = [
            (piece, number)
            for piece in pieces
            for number in range(piece.attempts, min(piece.attempts + copies, piece.most))
        ]
        primes = {id(piece.hand.prime): piece.hand.prime for piece in pieces}
        for key, prime in primes.items():
            together = [one for one in tries if id(one[0].hand.prime) == key]
            for (piece, _), attempt in zip(together, self._attempts(together, prime), strict=True):
                piece.take(attempt)

    def _attempts(self, tries: Sequence[tuple[Piece, int]], prime: Prime | None) -> list[Attempt]:
        """The drawings of pieces that go on from the same ink, or from none, each by the number of its attempt."""
        texts = [piece.part.text for piece, _ in tries]
        traces = draw(
            self.net,
            [self.alphabet.encode(text) for text in texts],
            style=torch.stack([piece.hand.style for piece, _ in tries]),
            bias=torch.tensor([piece.bias for piece, _ in tries]),
            seeds=[(*piece.seed, number) for piece, number in tries],
            prime=prime,
        )
        return [
            Attempt(trace, judge(text, trace.attention, finished=trace.finished), nats)
            for trace, text, nats in zip(traces, texts, self._nats(traces, texts), strict=True)
        ]

    def _nats(self, traces: Sequence[Trace], texts: Sequence[str]) -> list[float]:
        """How hard each drawing is to read; 0 for all without a proofreader."""
        if self.proofreader is None:
            return [0.0] * len(texts)
        return self.proofreader.nats([self._offsets(trace) for trace in traces], texts)

    def _offsets(self, trace: Trace) -> FloatArray:
        """(N, 3) a drawing's offsets in x-heights."""
        return trace.offsets * np.array([self.statistics.scale, self.statistics.scale, 1], np.float32)

    def _line(self, row: _Row) -> Line:
        words: list[Word] = []
        for piece in row.pieces:
            assert piece.best is not None
            own = split_words(piece.part.text, self._ink(piece.best.trace), piece.best.trace.attention)
            if words and piece.part.spaced:
                own[0] = replace(own[0], space=PIECE_SPACE, pause=PAUSE)
            elif words:
                own[0] = joined(words.pop(), replace(own[0], space=PART_SPACE, pause=PAUSE))
            words += own
        kept = [(piece, piece.best) for piece in row.pieces if piece.best]
        return Line(
            text=row.text,
            words=tuple(words),
            attempts=tuple(piece.attempts for piece in row.pieces),
            at_once=all(piece.at_once for piece in row.pieces),
            nats=sum(best.nats * len(piece.part.text) for piece, best in kept) / max(len(row.text), 1),
            problems=tuple(problem for _, best in kept for problem in best.verdict.problems),
        )

    def _ink(self, trace: Trace) -> Ink:
        """A drawing's ink in x-heights, level, its left end at x = 0 and its baseline at y = 0."""
        ink = Ink.from_offsets(self._offsets(trace), time_step=self.statistics.time_step, gap=self.statistics.gap)
        ink = geometry.deslope(ink)
        return ink.moved(-ink.bounds[0], -geometry.baseline(ink))


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

    Several biases or styles go to the paragraphs in turn. Warns of characters that were replaced, and of what may have
    gone wrong. Raises InputError for a text without a visible character,
    OptionError for a bias or style that does not exist, CheckpointError for weights that cannot be used.
    """
    biases = [float(value) for value in (bias if isinstance(bias, Sequence) else [bias])]
    styles = [style] if style is None or isinstance(style, (str, int)) else list(style)
    if not biases or not styles:
        raise OptionError("an empty list of biases or styles; give at least one")
    for value in biases:
        if not (np.isfinite(value) and value >= 0):
            raise OptionError(f"bias {value:g}: must be a number of at least 0")
    if seed is not None and seed < 0:
        raise OptionError(f"seed {seed}: must be at least 0")
    if threads is not None and threads < 1:
        raise OptionError(f"threads {threads}: must be at least 1")
    synthesizer = Synthesizer.load(weights, device=device, threads=threads)
    lines, replaced = synthesizer.prepare(text)
    wanted = orders(lines, [synthesizer.hand(one) for one in styles], biases)
    seed = secrets.randbelow(2**32) if seed is None else seed
    written = list(synthesizer.write(wanted, seed=seed))
    for problem in [*replacements(replaced), *(problem for line in written for problem in line.problems)]:
        warnings.warn(problem, stacklevel=2)
    return stack(written)


def replacements(replaced: Mapping[str, str]) -> list[str]:
    """One sentence that names what `Synthesizer.prepare` replaced by what; none when it replaced nothing."""
    named = ", ".join(f"{char!r} by {spelling!r}" for char, spelling in replaced.items())
    return [f"some characters cannot be written; replaced {named}"] if replaced else []


def stack(lines: Sequence[Line]) -> Ink:
    """One ink of lines below each other; a blank line keeps its place."""
    return join([line.ink.moved(0, LINE_SPACING * row) for row, line in enumerate(lines)], pause=PAUSE)


def _row(number: int, order: Order, *, seed: int, attempts: int) -> _Row:
    made = [
        Piece(part, order.hand, order.bias, (seed, number, column), attempts)
        for column, part in enumerate(parts(order.text))
    ]
    return _Row(order.text, made)


def _listed(names: Sequence[str]) -> list[str]:
    return [f"{number} {name}" for number, name in enumerate(names)]
