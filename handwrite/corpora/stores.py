"""Stores from corpora, stores from other stores, and what a store holds.

The samples themselves are read by the module of each corpus and kept by `core.store`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handwrite.core.store import LEVELS, SPLITS, Sample, Store, StoreWriter
from handwrite.corpora import iam_ondb, kanjivg, line_folder, omniglot, page_images, unipen
from handwrite.corpora.archive import Progress
from handwrite.corpora.tally import Skipped, Tally
from handwrite.errors import InputError, OptionError


class Reader(Protocol):
    """The `read` of a corpus's module."""

    def __call__(self, sources: Sequence[Path], *, progress: Progress | None = None) -> Iterator[Sample | Skipped]: ...


class ImageReader(Protocol):
    """The `read` of a layout of images that anyone may have; `place` is a folder or a file."""

    def __call__(self, place: Path, *, source: str, level: str, progress: Progress) -> Iterator[Sample | Skipped]: ...


@dataclass(frozen=True)
class Corpus:
    """What an import needs to know of a corpus."""

    source: str
    licence: str
    read: Reader
    group: Callable[[Sample], str]


CORPORA = {
    corpus.source: corpus
    for corpus in (
        Corpus(iam_ondb.SOURCE, iam_ondb.LICENCE, iam_ondb.read, lambda sample: ""),
        Corpus(unipen.SOURCE, unipen.LICENCE, unipen.read, unipen.group),
        Corpus(omniglot.SOURCE, omniglot.LICENCE, omniglot.read, omniglot.group),
        Corpus(kanjivg.SOURCE, kanjivg.LICENCE, kanjivg.read, lambda sample: sample.script),
    )
}


@dataclass(frozen=True)
class ImageLayout:
    """What an import needs to know of a layout; `licence` tells what a place shows of its licence."""

    read: ImageReader
    licence: Callable[[Path], str]


LAYOUTS = {
    "lines": ImageLayout(line_folder.read, line_folder.licence),
    "page": ImageLayout(page_images.read, page_images.licence),
}


def import_corpus(name: str, sources: Sequence[Path], output: Path, *, progress: Progress | None = None) -> Tally:
    """Write the store `output` from a corpus; returns what was read and what was left out.

    Raises OptionError for a corpus that is not known, InputError when the sources cannot be read, hold nothing of the
    corpus or nothing usable, or when the output cannot be written. Then no store is written.
    """
    if name not in CORPORA:
        raise OptionError(f"{name}: no corpus of that name; known are {', '.join((*CORPORA, *LAYOUTS))}")
    corpus = CORPORA[name]
    tally = Tally(group=corpus.group)
    _write(tally, corpus.read(sources, progress=progress), output, {corpus.source: corpus.licence}, sources)
    return tally


def import_images(
    layout: str,
    places: Sequence[Path],
    output: Path,
    *,
    source: str = "",
    licence: str = "",
    level: str = "line",
    halve: bool = False,
    progress: Progress | None = None,
) -> Tally:
    """Write the store `output` from line images in one of the `LAYOUTS`; returns what was read and what was left out.

    `source` is what the samples' source is called, that is the folder's name when empty; `licence` is its licence;
    `level` says what an image shows. `halve` moves about half of the writers of split val to test, those whose name has
    an odd CRC-32: where there is no test split, the one half to choose by, the other to report. Raises OptionError for
    an unknown level, InputError as `import_corpus`.
    """
    if level not in LEVELS:
        raise OptionError(f"--level {level}: there is none of that name; choose from {', '.join(LEVELS)}")
    kind = LAYOUTS[layout]
    named = [(place, source or _folder_name(place)) for place in places]
    licences = {name: licence or kind.licence(place) for place, name in named}
    report = progress or (lambda share: None)

    def items() -> Iterator[Sample | Skipped]:
        for done, (place, name) in enumerate(named):
            found = kind.read(place, source=name, level=level, progress=partial(_report_part, report, done, len(named)))
            yield from map(_halved, found) if halve else found

    tally = Tally()
    _write(tally, items(), output, licences, places)
    return tally


def _halved(item: Sample | Skipped) -> Sample | Skipped:
    if isinstance(item, Sample) and item.split == "val" and crc32(item.writer.encode()) % 2:
        return replace(item, split="test")
    return item


def _report_part(report: Progress, done: int, parts: int, share: float) -> None:
    report((done + share) / parts)


def _folder_name(place: Path) -> str:
    place = place.resolve()
    return place.name if place.is_dir() else place.parent.name


def _write(
    tally: Tally, items: Iterable[Sample | Skipped], output: Path, licences: Mapping[str, str], places: Sequence[Path]
) -> None:
    with StoreWriter(output, licences=licences) as writer:
        for sample in tally.samples(items):
            writer.add(sample)
        if not tally.read:
            lost = (reason for (_, _, reason), items in tally.skipped.items() if any(item.count for item in items))
            reason = next(lost, "no samples")
            raise InputError(f"{', '.join(map(str, places))}: nothing could be imported ({reason}); check the files")


def merge(
    inputs: Sequence[Path],
    output: Path,
    *,
    splits: Sequence[str] = (),
    levels: Sequence[str] = (),
    sources: Sequence[str] = (),
    progress: Progress | None = None,
) -> int:
    """Write the samples of some stores, one store after another, into a new one; returns how many.

    Only those of the named splits, levels and sources; none named means all. Raises OptionError for a name that does
    not exist, InputError when nothing is left or the output cannot be written. The output may be one of the inputs.
    """
    stores = [Store(path) for path in inputs]
    chosen = choose(stores, splits=splits, levels=levels, sources=sources)
    total = sum(map(len, chosen))
    licences = {source: licence for store in stores for source, licence in store.licences.items()}
    done = 0
    with StoreWriter(output, licences=licences) as writer:
        for store, indices in zip(stores, chosen, strict=True):
            for index in indices.tolist():
                writer.add(store[index])
                done += 1
                if progress:
                    progress(done / total)
    return total


def choose(
    stores: Sequence[Store], *, splits: Sequence[str] = (), levels: Sequence[str] = (), sources: Sequence[str] = ()
) -> list[NDArray[np.int64]]:
    """Indices of the samples of each store that are of the named splits, levels and sources; none named means all.

    Raises OptionError for a name that does not exist, InputError when nothing is left.
    """
    known = sorted({source for store in stores for source in store.licences})
    for option, wanted, names in (("split", splits, SPLITS), ("level", levels, LEVELS), ("source", sources, known)):
        for name in wanted:
            if name not in names:
                raise OptionError(f"--{option} {name}: there is none of that name; choose from {', '.join(names)}")
    chosen = [store.select(splits=splits or None, levels=levels or None, sources=sources or None) for store in stores]
    if not any(map(len, chosen)):
        paths = ", ".join(str(store.path) for store in stores)
        raise InputError(f"{paths}: no sample of this split, level and source; see `handwrite data info`")
    return chosen


def inventory(store: Store) -> dict[str, Any]:
    """What a store holds, as plain values for JSON: totals, and counts by source, split, level, script and character.

    `writers` counts the samples of each writer of each source ("" is unknown); `parts` counts them by source, split
    and level together; `licences` names the licence of each source.
    """
    columns = {name: getattr(store, name).tolist() for name in ("source", "split", "level", "script", "writer")}
    writers: dict[str, Counter[str]] = {source: Counter() for source in store.licences}
    for source, writer in zip(columns["source"], columns["writer"], strict=True):
        writers[source][writer] += 1
    parts = Counter(zip(columns["source"], columns["split"], columns["level"], strict=True))
    return {
        "path": str(store.path),
        "samples": len(store),
        "points": int(store.lengths.sum()),
        "images": int(store.has_image.sum()),
        "characters": sum(map(len, store.text)),
        **{f"{name}s": dict(Counter(columns[name]).most_common()) for name in ("source", "split", "level", "script")},
        "writers": {source: dict(counts.most_common()) for source, counts in writers.items()},
        "parts": [
            {"source": source, "split": split, "level": level, "samples": count}
            for (source, split, level), count in sorted(parts.items())
        ],
        "alphabet": dict(Counter("".join(store.text)).most_common()),
        "licences": store.licences,
    }
