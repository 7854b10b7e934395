"""How legible lines are: what the recognizer reads in those of people, and in those of the synthesizer.

The recognizer never learned from synthetic ink. Both kinds are drawn alike and read greedily, because a language model
would mend what is badly written. So whatever the reader's own weakness is, it counts on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handwrite.core.metrics import joined
from handwrite.core.render import render
from handwrite.evaluate.recognition import Judged, Rate, judge
from handwrite.evaluate.recognition_samples import NOTHING, TOGETHER
from handwrite.evaluate.specimens import Specimen
from handwrite.evaluate.word_faults import WordFaults, total_faults, word_faults
from handwrite.recognize.data import DRAWN_HEIGHT
from handwrite.recognize.predict import Recognizer


@dataclass(frozen=True)
class Legibility:
    """How well so many lines are read. cer : joined, greedy; its interval is over writers where they are known, else
    over lines. faults : of whole words, in all lines."""

    lines: int
    cer: Rate
    faults: WordFaults


def legibility(
    recognizer: Recognizer, specimen: Specimen, *, report: Callable[[int], object] = lambda lines: None
) -> Legibility:
    """What the recognizer makes of a specimen of at least one line. report : called with the lines read since."""
    judged: list[Judged] = []
    for start in range(0, len(specimen.inks), TOGETHER):
        images = [render(ink, height=DRAWN_HEIGHT) for ink in specimen.inks[start : start + TOGETHER]]
        for number, reading in enumerate(recognizer.read_all(images, level="line"), start):
            read = reading.lines[0] if reading.lines else NOTHING
            name = f"{specimen.name} {number}"
            judged.append(Judged(name, specimen.name, specimen.writers[number], specimen.texts[number], read))
        report(len(images))
    faults = total_faults(word_faults(joined(line.truth), joined(line.reading)) for line in judged)
    return Legibility(len(judged), judge(judged, lines_per_second=0).total.cer, faults)
