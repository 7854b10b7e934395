"""Pieces: the parts of a line that are drawn at once, and the attempts at each of them.

A line is cut where the model gets too long a text. Each piece is drawn until the window saw nothing go wrong and the
proofreader finds it clear, a few times at most, and the best attempt is kept. Drawing is `predict`'s work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from handwrite.synth.hands import Hand
from handwrite.synth.sampler import Trace
from handwrite.synth.watch import Verdict

LONGEST = 40
"""Characters of a piece; a longer line is cut at spaces."""

CLEAR = 0.15
"""Nats per character up to which the proofreader calls a drawing clear, and it is not drawn again."""


class Part(NamedTuple):
    """A part of a line. spaced : a space stands before it, unless it is the first."""

    text: str
    spaced: bool


class Attempt(NamedTuple):
    """A drawing of a piece, what the window says of it, and how hard it is to read, in nats per character."""

    trace: Trace
    verdict: Verdict
    nats: float

    @property
    def good(self) -> bool:
        """True when nothing is gained by another attempt."""
        return not self.verdict.problems and self.nats <= CLEAR

    @property
    def rank(self) -> tuple[bool, int, float]:
        """Lower is better: the window's verdict counts first."""
        return *self.verdict.severity, self.nats


@dataclass
class Piece:
    """A part of a line on its way, to be drawn at most `most` times, each time from the stream (*seed, attempt).

    attempts : how many were taken. at_once : the window was content with the first. best : the best so far.
    """

    part: Part
    hand: Hand
    bias: float
    seed: tuple[int, ...]
    most: int
    attempts: int = 0
    at_once: bool = False
    best: Attempt | None = None

    @property
    def wanted(self) -> bool:
        """True when it is to be drawn again."""
        return self.attempts < self.most and (self.best is None or not self.best.good)

    def take(self, attempt: Attempt) -> None:
        """Keep the attempt if it is better; one that comes when none is wanted does not count."""
        if not self.wanted:
            return
        if self.best is None:
            self.at_once = not attempt.verdict.problems
        if self.best is None or attempt.rank < self.best.rank:
            self.best = attempt
        self.attempts += 1


def parts(line: str) -> list[Part]:
    """The line in parts of at most `LONGEST` characters, cut at spaces and as evenly as may be; a longer word is cut
    too."""
    words, count = line.split(), -(-len(line) // LONGEST)
    wanted = min(LONGEST, -(-len(line) // max(count, 1)) + 4)
    found: list[Part] = []
    for word in words:
        first, *rest = (word[start : start + LONGEST] for start in range(0, len(word), LONGEST))
        if found and len(found[-1].text) + 1 + len(first) <= wanted:
            found[-1] = Part(f"{found[-1].text} {first}", found[-1].spaced)
        else:
            found.append(Part(first, True))
        found += [Part(text, False) for text in rest]
    return found
