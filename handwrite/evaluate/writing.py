"""How reliably a synthesizer writes: what its window saw over many texts, and the sheet that is read blind.

The window's verdict is `synth.watch`'s. Whether a person can read the ink, `blind_reading` measures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from handwrite.core.ink import Ink
from handwrite.evaluate.texts import SENTENCES
from handwrite.synth.predict import Order, Synthesizer

Report = Callable[[int], None]


@dataclass(frozen=True)
class Writing:
    """What became of the texts. first_attempt : written without skip, repeat or run-on at once. redraws : drawings
    beyond the first. nats : how hard the texts are to read, as the proofreader says, per character, mean over texts.
    problems : what remains wrong after the last attempt, one entry for each problem."""

    texts: int
    first_attempt: int
    redraws: int
    nats: float
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
    style: str | None,
    seed: int,
    report: Report = lambda texts: None,
) -> Writing:
    """Write every text, at least one, and count."""
    hand, first, redraws, nats = synthesizer.hand(style), 0, 0, 0.0
    problems: list[str] = []
    orders = (Order(_prepared(synthesizer, text), hand, bias) for text in texts)
    for line in synthesizer.write(orders, seed=seed, report=report):
        first += line.at_once
        redraws += sum(line.attempts) - len(line.attempts)
        nats += line.nats
        problems += line.problems
    return Writing(len(texts), first, redraws, nats / len(texts), tuple(problems))


def write_sheet(
    synthesizer: Synthesizer, *, bias: float, style: str | None, report: Report = lambda texts: None
) -> list[tuple[Ink, str]]:
    """The ink of each of `SENTENCES` and its text, sentence i with seed i, as `handwrite synth` writes it alone."""
    hand, items = synthesizer.hand(style), []
    for seed, text in enumerate(SENTENCES):
        (line,) = synthesizer.write([Order(_prepared(synthesizer, text), hand, bias)], seed=seed)
        items.append((line.ink, text))
        report(1)
    return items


def _prepared(synthesizer: Synthesizer, text: str) -> str:
    (line,), _ = synthesizer.prepare(text)
    return line
