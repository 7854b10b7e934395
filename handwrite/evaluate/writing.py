"""How reliably a synthesizer writes: what its window saw over many texts, and the sheet that is read blind.

The window's verdict is `synth.watch`'s. Whether a person can read the ink, `reading` measures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from handwrite.core.ink import Ink
from handwrite.evaluate.texts import SENTENCES
from handwrite.synth.predict import Synthesizer

BATCH = 50
"""Texts that are written at once, between two reports of progress."""

Report = Callable[[int], None]


@dataclass(frozen=True)
class Writing:
    """What became of the texts. first_attempt : written without skip, repeat or run-on at once. redraws : drawings
    beyond the first. problems : what remains wrong after the last attempt, one entry for each problem."""

    texts: int
    first_attempt: int
    redraws: int
    problems: tuple[str, ...]

    @property
    def share(self) -> float:
        """Share of the texts written at the first attempt."""
        return self.first_attempt / self.texts


def write_texts(
    synthesizer: Synthesizer,
    texts: Sequence[str],
    *,
    bias: float,
    style: int | None,
    seed: int,
    report: Report = lambda texts: None,
) -> Writing:
    """Write every text, at least one, and count. Each batch has the number of its first text added to its seed."""
    first, redraws = 0, 0
    problems: list[str] = []
    for start in range(0, len(texts), BATCH):
        part = [_prepared(synthesizer, text) for text in texts[start : start + BATCH]]
        for line in synthesizer.write(part, bias=bias, style=style, seed=seed + start):
            extra = sum(line.attempts) - len(line.attempts)
            first += not extra and not line.problems
            redraws += extra
            problems += line.problems
        report(len(part))
    return Writing(len(texts), first, redraws, tuple(problems))


def write_sheet(
    synthesizer: Synthesizer, *, bias: float, style: int | None, report: Report = lambda texts: None
) -> list[tuple[Ink, str]]:
    """The ink of each of `SENTENCES` and its text, sentence i with seed i, as `handwrite synth` writes it alone."""
    items = []
    for seed, text in enumerate(SENTENCES):
        (line,) = synthesizer.write([_prepared(synthesizer, text)], bias=bias, style=style, seed=seed)
        items.append((line.ink, text))
        report(1)
    return items


def _prepared(synthesizer: Synthesizer, text: str) -> str:
    (line,), _ = synthesizer.prepare(text)
    return line
