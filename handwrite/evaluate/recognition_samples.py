"""The samples of stores, read by a recognizer: what `handwrite evaluate recognize` judges, and how fast it goes.

Each sample is read at its own level, so that a word is known to be one. The figures are `recognition`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from handwrite.core.reading import Box, Line, Reading
from handwrite.core.store import LEVELS, SPLITS, Store
from handwrite.errors import InputError, OptionError
from handwrite.evaluate.recognition import Judged, Recognition, Row, judge
from handwrite.recognize.data import Written, load_written
from handwrite.recognize.decoder import Decoder
from handwrite.recognize.predict import Recognizer

USUAL_LEVELS = ("line", "word")
READ_AS = {"character": "word", "word": "word", "line": "line"}
"""level of a sample -> level at which the recognizer is told to read it."""

TOGETHER = 64  # samples in memory at a time
SINGLES = 50  # samples that are read one at a time for their speed

NOTHING = Line("", 0.0, Box(0, 0, 0, 0), (), ())
"""The reading of an image in which no writing is found."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Evaluation:
    """What was measured on a split.

    recognition : the figures by source and in all, with the speed in batches. levels : the figures of each level, by
    source, of the sources that have several. nothing : samples in which nothing was read. singles_per_second : the
    speed one at a time.
    """

    split: str
    recognition: Recognition
    levels: dict[str, dict[str, Row]]
    nothing: int
    singles_per_second: float


def load_samples(
    files: Sequence[Path], *, split: str, levels: Sequence[str] = USUAL_LEVELS, limit: int | None = None
) -> list[Written]:
    """The samples of a split of some stores that have a text, by level. limit : the most, drawn evenly.

    Raises OptionError for an unknown split or level, InputError when there are none, StoreError for a file that is no
    store.
    """
    if split not in SPLITS:
        raise OptionError(f"--split {split}: no such split; choose one of {', '.join(SPLITS)}")
    if unknown := [level for level in levels if level not in LEVELS]:
        raise OptionError(f"--level {unknown[0]}: no such level; choose among {', '.join(LEVELS)}")
    found = load_written([Store(file, in_memory=True) for file in files], splits=(split,), levels=levels)
    if not found:
        kinds = " and no ".join(f"{level}s" for level in levels)
        raise InputError(
            f"{', '.join(map(str, files))}: no {kinds} in split {split}; see `handwrite data info` for --split"
        )
    return sorted(evenly(found, limit), key=lambda sample: sample.level)


def evaluate(
    recognizer: Recognizer,
    samples: Sequence[Written],
    *,
    split: str,
    decoder: Decoder | None = None,
    report: Callable[[int], object] = lambda samples: None,
) -> tuple[Evaluation, list[Judged]]:
    """The figures of at least one sample, and what was read in each."""
    lines, seconds = read_samples(recognizer, samples, decoder=decoder, report=report)
    speed = len(lines) / seconds
    evaluation = Evaluation(
        split=split,
        recognition=judge(lines, lines_per_second=speed),
        levels=_by_level(samples, lines),
        nothing=sum(not line.read.text for line in lines),
        singles_per_second=_singles_per_second(recognizer, samples, decoder),
    )
    return evaluation, lines


def read_samples(
    recognizer: Recognizer,
    samples: Sequence[Written],
    *,
    decoder: Decoder | None = None,
    report: Callable[[int], object] = lambda samples: None,
) -> tuple[list[Judged], float]:
    """What is read in each sample, and the seconds from decoded images to text. An image without writing is read as
    nothing. report : called with the number of samples read since."""
    lines: list[Judged] = []
    seconds = 0.0
    for level, group in groupby(samples, key=lambda sample: READ_AS[sample.level]):
        members = list(group)
        for start in range(0, len(members), TOGETHER):
            part = members[start : start + TOGETHER]
            images = [sample.image() for sample in part]
            begun = time.perf_counter()
            readings = recognizer.read_all(images, level=level, decoder=decoder)
            seconds += time.perf_counter() - begun
            lines += [_judged(sample, reading) for sample, reading in zip(part, readings, strict=True)]
            report(len(part))
    return lines, seconds


def _judged(sample: Written, reading: Reading) -> Judged:
    store, index = sample.store, sample.index
    read = reading.lines[0] if reading.lines else NOTHING
    return Judged(store.name[index], sample.source, str(store.writer[index]), sample.text, read)


def _by_level(samples: Sequence[Written], lines: Sequence[Judged]) -> dict[str, dict[str, Row]]:
    parts: dict[str, dict[str, list[Judged]]] = {}
    for sample, line in zip(samples, lines, strict=True):
        parts.setdefault(sample.source, {}).setdefault(sample.level, []).append(line)
    return {
        source: {level: judge(part, lines_per_second=0).total for level, part in by_level.items()}
        for source, by_level in sorted(parts.items())
        if len(by_level) > 1
    }


def _singles_per_second(recognizer: Recognizer, samples: Sequence[Written], decoder: Decoder | None) -> float:
    chosen = [(sample.image(), READ_AS[sample.level]) for sample in evenly(samples, SINGLES)]
    begun = time.perf_counter()
    for image, level in chosen:
        recognizer.read(image, level=level, decoder=decoder)
    return len(chosen) / (time.perf_counter() - begun)


def evenly(items: Sequence[Item], limit: int | None) -> list[Item]:
    """At most `limit` items from all over a sequence."""
    size = len(items)
    count = size if limit is None else min(limit, size)
    return [items[place * size // count] for place in range(count)]
