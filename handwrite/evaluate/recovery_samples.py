"""The samples of stores, drawn and recovered: what `handwrite evaluate recover` judges, and how fast it goes.

Words of a line are taken for themselves, one of each line. The figures are `recovery`'s.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import numpy as np

from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink
from handwrite.core.store import SPLITS, Store
from handwrite.corpora import kanjivg
from handwrite.errors import InputError, OptionError
from handwrite.evaluate.recovered_reading import Read, read_again
from handwrite.evaluate.recovery import Group, Judged, judge, score
from handwrite.evaluate.two_people import agreement
from handwrite.recognize.ink_predict import InkReader
from handwrite.recover.data import Penned, load_penned, plain_image
from handwrite.recover.predict import SCRIPTS, Recoverer

METHODS = ("net", "net-snapped", "net-raw", "skeleton")
"""The likeliest way over the skeleton to the net and the stroke order; the net's own path, snapped to the skeleton; its
path as it is; and tracing of skeletons."""

MODELLED_CLOCK = (kanjivg.SOURCE,)
"""Sources whose times are made up."""

TOGETHER = 64  # samples in memory at a time

_SHOWN = {"character": "character", "word": "word", "line": "word"}
"""level of a sample -> what its image shows."""

Item = TypeVar("Item")

_NAMES = {code: name for name, code in SCRIPTS.items()}


@dataclass(frozen=True)
class Evaluation:
    """What was measured on a split.

    told : whether the scripts were told. groups : the figures. per_second : trajectories that a method recovers, from
    images to ink. reading : what the ink reader makes of words, if there was one. nothing : samples in which a method
    found nothing.
    """

    split: str
    told: bool
    seed: int
    groups: tuple[Group, ...]
    per_second: dict[str, float]
    reading: tuple[Read, ...]
    nothing: dict[str, int]


def load_samples(files: Sequence[Path], *, split: str, limit: int | None = None, seed: int = 0) -> list[Penned]:
    """The samples of a split of some stores that have ink, by source, script and level. limit : the most of a source
    and level, drawn by `seed`; of these a dot is left out, which has no way to find and no height to measure it by.

    Raises OptionError for an unknown split, InputError when there are none, StoreError for a file that is no store.
    """
    if split not in SPLITS:
        raise OptionError(f"--split {split}: no such split; choose one of {', '.join(SPLITS)}")
    parts: dict[tuple[str, str], list[Penned]] = defaultdict(list)
    for item in load_penned([Store(file, in_memory=True) for file in files], splits=(split,)):
        parts[item.source, item.level].append(item)
    drawn = [item for part in parts.values() for item in drawn_by_chance(part, limit, seed=seed)]
    kept = [item for item in drawn if _moves(ink_of(item, seed=seed))]
    if not kept:
        raise InputError(
            f"{', '.join(map(str, files))}: no ink in split {split}; see `handwrite data info` for --split"
        )
    return sorted(kept, key=_kind)


def load_recoverers(
    methods: Sequence[str], *, weights: str, device: str, threads: int | None = None
) -> dict[str, Recoverer]:
    """The recoverer of each of some `METHODS`. Raises CheckpointError when the net is among them and its weights are
    missing."""
    return {
        method: Recoverer(threads=threads)
        if method == "skeleton"
        else Recoverer.load(
            weights, snapping=method != "net-raw", ordering=method == "net", device=device, threads=threads
        )
        for method in methods
    }


def evaluate(
    recoverers: Mapping[str, Recoverer],
    samples: Sequence[Penned],
    *,
    split: str,
    told: bool = False,
    reader: InkReader | None = None,
    seed: int = 0,
    report: Callable[[int], object] = lambda samples: None,
) -> tuple[Evaluation, dict[str, list[Judged]]]:
    """The figures of at least one sample, and what each method recovered, in the order of the samples, which are as
    `load_samples` gives them.

    told : tell the recoverers the scripts. reader : reads what was recovered. seed : of what is drawn by chance. report
    : called with the number of samples recovered since, by any method.
    """
    found: dict[str, list[Judged]] = {method: [] for method in recoverers}
    seconds = dict.fromkeys(recoverers, 0.0)
    for part in _parts(samples):
        drawn = [drawn_plainly(sample, seed=seed) for sample in part]
        asked = {"level": _SHOWN[part[0].level], "script": _NAMES.get(part[0].script, "auto") if told else "auto"}
        for method, recoverer in recoverers.items():
            begun = time.perf_counter()
            inks = recoverer.recover_all([image for image, _ in drawn], **asked)
            seconds[method] += time.perf_counter() - begun
            found[method] += [_judged(*one) for one in zip(part, drawn, inks, strict=True)]
            report(len(part))
    stores = {sample.store for sample in samples}
    evaluation = Evaluation(
        split=split,
        told=told,
        seed=seed,
        groups=judge(found, two_people=agreement(stores, split=split, seed=seed), seed=seed),
        per_second={method: len(samples) / seconds[method] for method in recoverers},
        reading=read_again(reader, samples, found, seed=seed) if reader else (),
        nothing={method: sum(not len(one.ink) for one in judged) for method, judged in found.items()},
    )
    return evaluation, found


def drawn_plainly(sample: Penned, *, seed: int) -> tuple[GreyImage, Ink]:
    """The image (H, W) of a sample, and its ink in pixels of that."""
    return plain_image(ink_of(sample, seed=seed))


def ink_of(sample: Penned, *, seed: int) -> Ink:
    """The ink of a sample; of a line, one word by chance."""
    return sample.ink(np.random.default_rng((seed, sample.index)))


def _moves(ink: Ink) -> bool:
    return bool(np.ptp(ink.points[:, :2], axis=0).any())


def _judged(sample: Penned, drawn: tuple[GreyImage, Ink], ink: Ink) -> Judged:
    image, truth = drawn
    real = truth.has_clock and sample.source not in MODELLED_CLOCK
    return Judged(
        name=sample.store.name[sample.index],
        source=sample.source,
        script=sample.script,
        level=sample.level,
        writer=str(sample.store.writer[sample.index]),
        real_clock=real,
        ink=ink,
        scores=score(truth, ink, image, real_clock=real),
    )


def _kind(sample: Penned) -> tuple[str, str, str]:
    return sample.source, sample.script, sample.level


def _parts(samples: Sequence[Penned]) -> Iterator[list[Penned]]:
    """Runs of at most `TOGETHER` samples of one kind."""
    for _, group in groupby(samples, key=_kind):
        members = list(group)
        for start in range(0, len(members), TOGETHER):
            yield members[start : start + TOGETHER]


def drawn_by_chance(samples: Sequence[Item], limit: int | None, *, seed: int) -> list[Item]:
    """At most `limit` of the samples, in their order. By chance, because a corpus may go round its writers, whom even
    steps would not all meet."""
    places = np.random.default_rng(seed).permutation(len(samples))[:limit]
    return [samples[place] for place in np.sort(places)]
