"""What turns the log probabilities of lines into text, whichever way: the contract, and the plainest one.

The search with models of language is `beam`'s. How one line in two looks is read by any of them is said in `looks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from handwrite.recognize.ctc import Decoded, Floats, Frames, Symbols, best_path, judge


class Decoder(Protocol):
    """Reads lines (T, S) of log probabilities: `beam.BeamDecoder` or `Greedy`."""

    def find(self, lines: Sequence[Floats]) -> tuple[list[Symbols], list[Frames]]:
        """The text of each line, (U,) symbols, and the frames (U, 2) [start, stop) of its characters."""

    def judge(self, lines: Sequence[Floats], texts: Sequence[Symbols], frames: Sequence[Frames]) -> list[Decoded]:
        """These texts as readings of the lines, with the confidence that each deserves; the frames are taken over."""

    def gain(self, symbols: Symbols) -> float:
        """What is added to the log probability of a text because of what it says."""


@dataclass(frozen=True)
class Greedy:
    """The best path of each line. temperature, power : of the confidences, see `ctc.judge`."""

    temperature: float = 1.0
    power: float = 1.0

    def find(self, lines: Sequence[Floats]) -> tuple[list[Symbols], list[Frames]]:
        """As of `Decoder`."""
        paths = [best_path(line) for line in lines]
        return [symbols for symbols, _ in paths], [frames for _, frames in paths]

    def judge(self, lines: Sequence[Floats], texts: Sequence[Symbols], frames: Sequence[Frames]) -> list[Decoded]:
        """As of `Decoder`."""
        return judge(lines, texts, frames, temperature=self.temperature, power=self.power)

    def gain(self, symbols: Symbols) -> float:
        """Nothing: no text is preferred."""
        return 0.0
