"""The three models judged by one another: what `handwrite evaluate all` measures, as plain values.

What the synthesizer writes the recognizer reads; what people wrote is drawn, and the recoverer's ink is read by the ink
reader. Each measurement is its own module's work; which data serve which one is decided here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from handwrite.core.render import render
from handwrite.core.store import Store
from handwrite.errors import InputError, OptionError
from handwrite.evaluate import recognition_samples, recovery_samples
from handwrite.evaluate.diversity import Diversity, diversity
from handwrite.evaluate.legibility import Legibility, legibility
from handwrite.evaluate.specimens import Specimen, Specimens, write_specimens, written_lines
from handwrite.evaluate.speeds import Speed, reading_speed, recovery_speed, synthesis_speed
from handwrite.evaluate.texts import phrases
from handwrite.recognize.data import DRAWN_HEIGHT, Written, load_written
from handwrite.recognize.ink_predict import InkReader
from handwrite.recognize.predict import Recognizer
from handwrite.recover.data import Penned
from handwrite.recover.predict import Recoverer
from handwrite.synth import DEFAULT_BIAS
from handwrite.synth.data import Line, load_lines
from handwrite.synth.predict import Synthesizer

HARD = 100
"""Texts that nobody wrote."""

TIMED = 40
"""Images that speeds are measured on, at most."""

RECOVERY = ("net", "skeleton")
DECODERS = {"greedy": None, "beam": "lm"}
"""Decoders, and the language model of each."""

Stage = Callable[[str, int, str], AbstractContextManager[Callable[[int], object]]]
"""Called with what is done next, how many steps that has, and what they are; gives whom to tell of steps."""


@dataclass(frozen=True)
class Models:
    """All that is judged."""

    synthesizer: Synthesizer
    recognizer: Recognizer
    ink_reader: InkReader
    recoverers: dict[str, Recoverer]

    @classmethod
    def load(cls, *, device: str = "auto", threads: int | None = None) -> Models:
        """Those that come with the program. Raises CheckpointError."""
        return cls(
            Synthesizer.load(device=device, threads=threads),
            Recognizer.load(device=device, threads=threads),
            InkReader.load(device=device),
            recovery_samples.load_recoverers(RECOVERY, weights="recover", device=device, threads=threads),
        )


@dataclass(frozen=True)
class Hand:
    """How legible the lines of a specimen are, and how they vary."""

    name: str
    legibility: Legibility
    diversity: Diversity


@dataclass(frozen=True)
class Everything:
    """All figures. hands : the same texts by people and by the synthesizer, the people first. bias : what was written
    in each style, and the hard texts. recognition : by decoder. speeds : by model."""

    seed: int
    bias: float
    hands: tuple[Hand, ...]
    recognition: dict[str, recognition_samples.Evaluation]
    recovery: recovery_samples.Evaluation
    speeds: dict[str, Speed]

    def hand(self, name: str) -> Hand:
        """The hand of a name."""
        return next(hand for hand in self.hands if hand.name == name)


@contextmanager
def unseen(title: str, total: int, unit: str) -> Iterator[Callable[[int], object]]:
    """A stage that nobody watches."""
    yield lambda steps: None


def evaluate(
    models: Models,
    files: Sequence[Path],
    *,
    split: str = "test",
    lines: int = 500,
    paths: int = 100,
    seed: int = 0,
    stage: Stage = unseen,
) -> Everything:
    """Measure all three models on a split of some stores.

    lines : how many real lines of ink are written again, and how many samples of each source are read. paths : how many
    of each source and level are recovered. Raises OptionError when `lines` are fewer than the styles, InputError when
    there are no lines of ink with a clock in the split.
    """
    stores = [Store(file, in_memory=True) for file in files]
    real = recovery_samples.drawn_by_chance(load_lines(stores, splits=(split,), levels=("line",)), lines, seed=seed)
    styles = len(models.synthesizer.styles)
    if lines < styles:
        raise OptionError(f"--lines {lines}: must be at least {styles}, for each style writes some of them")
    if len(real) < styles:
        raise InputError(f"split {split} has no lines of ink with a clock to write again; give IAM-OnDB's, for example")
    specimens = _specimens(models.synthesizer, real, seed=seed, stage=stage)
    penned, recovery = _recovery(models, files, split=split, paths=paths, seed=seed, stage=stage)
    return Everything(
        seed=seed,
        bias=DEFAULT_BIAS,
        hands=_hands(models.recognizer, specimens, stage=stage),
        recognition=_recognition(models.recognizer, stores, split=split, lines=lines, stage=stage),
        recovery=recovery,
        speeds=_speeds(models, real, penned, stage=stage),
    )


def _specimens(synthesizer: Synthesizer, real: Sequence[Line], *, seed: int, stage: Stage) -> Specimens:
    with stage("writing", written_lines(len(real), HARD), "lines") as report:
        return write_specimens(synthesizer, real, phrases(HARD), bias=DEFAULT_BIAS, seed=seed, report=report)


def _hands(recognizer: Recognizer, specimens: Specimens, *, stage: Stage) -> tuple[Hand, ...]:
    every: list[Specimen] = [
        specimens.people,
        *specimens.by_bias.values(),
        specimens.styles_together,
        *specimens.by_style.values(),
        specimens.hard,
    ]
    with stage("reading what was written", sum(len(one.inks) for one in every), "lines") as report:
        return tuple(Hand(one.name, legibility(recognizer, one, report=report), diversity(one)) for one in every)


def _recognition(
    recognizer: Recognizer, stores: Sequence[Store], *, split: str, lines: int, stage: Stage
) -> dict[str, recognition_samples.Evaluation]:
    samples = _written(stores, split=split, most=lines)
    found = {}
    for name, model in DECODERS.items():
        decoder = recognizer.decoder(name, language_model=model)
        with stage(f"reading, {name}", len(samples), "samples") as report:
            found[name], _ = recognition_samples.evaluate(
                recognizer, samples, split=split, decoder=decoder, report=report
            )
    return found


def _written(stores: Sequence[Store], *, split: str, most: int) -> list[Written]:
    """At most so many lines and words of each source, by level."""
    by_source: dict[str, list[Written]] = defaultdict(list)
    for sample in load_written(stores, splits=(split,), levels=recognition_samples.USUAL_LEVELS):
        by_source[sample.source].append(sample)
    kept = [sample for own in by_source.values() for sample in recognition_samples.evenly(own, most)]
    return sorted(kept, key=lambda sample: sample.level)


def _recovery(
    models: Models, files: Sequence[Path], *, split: str, paths: int, seed: int, stage: Stage
) -> tuple[list[Penned], recovery_samples.Evaluation]:
    """The samples that were recovered, and how well."""
    samples = recovery_samples.load_samples(files, split=split, limit=paths, seed=seed)
    with stage("recovering", len(samples) * len(models.recoverers), "paths") as report:
        found, _ = recovery_samples.evaluate(
            models.recoverers, samples, split=split, reader=models.ink_reader, seed=seed, report=report
        )
    return samples, found


def _speeds(models: Models, real: Sequence[Line], penned: Sequence[Penned], *, stage: Stage) -> dict[str, Speed]:
    lines = [render(line.ink, height=DRAWN_HEIGHT) for line in real[:TIMED]]
    chosen = [sample for sample in penned if sample.level != "character"] or list(penned)
    words = [recovery_samples.drawn_plainly(sample, seed=0)[0] for sample in recognition_samples.evenly(chosen, TIMED)]
    works: dict[str, Callable[[], Speed]] = {
        "synth": lambda: synthesis_speed(models.synthesizer),
        "recognize": lambda: reading_speed(models.recognizer, lines),
        "recover": lambda: recovery_speed(models.recoverers["net"], words),
    }
    speeds = {}
    with stage("timing", len(works), "models") as report:
        for name, work in works.items():
            speeds[name] = work()
            report(1)
    return speeds
