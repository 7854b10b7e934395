"""IAM-OnDB: English sentences on a whiteboard (Liwicki and Bunke 2005), read into samples.

Reads the official layout: `lineStrokes/**/FORM-LINE.xml`, `ascii/**/FORM.txt`, the lists of forms of the four official
sets, and, where there is one, `writers.tsv` (form, tab, writer). Coordinates stay as they are: whole numbers, y down.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from numpy.typing import NDArray

from handwrite.core.ink import Ink
from handwrite.core.store import Sample
from handwrite.corpora.archive import Progress, members
from handwrite.corpora.tally import Skipped
from handwrite.errors import InputError

SOURCE = "iam-ondb"
LICENCE = "IAM-OnDB: non-commercial research only; the data may not be redistributed"
SPLIT_FILES = {"trainset.txt": "train", "testset_v.txt": "val", "testset_t.txt": "val2", "testset_f.txt": "test"}
WRITERS_FILE = "writers.tsv"
MAX_PAUSE = 60.0  # seconds; a pen that rests longer has been put away

_LINE = re.compile(r"(?P<form>[a-z]\d\d-\d{3}[a-z]?)-(?P<line>\d+)\.xml")
_TEXT = re.compile(r"(?P<form>[a-z]\d\d-\d{3}[a-z]?)\.txt")


@dataclass
class _Corpus:
    """What the files say: of each form the ink of its lines by number (or why there is none), and its texts."""

    lines: dict[str, dict[int, Ink | str]] = field(default_factory=lambda: defaultdict(dict))
    texts: dict[str, list[str]] = field(default_factory=dict)
    splits: dict[str, str] = field(default_factory=dict)
    writers: dict[str, str] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)


def read(sources: Sequence[Path], *, progress: Progress | None = None) -> Iterator[Sample | Skipped]:
    """The corpus's lines as samples, and what was left out.

    A form whose text has another number of lines than there are stroke files is left out whole: no one knows which
    text belongs to which line. Raises InputError when the sources cannot be read or hold no lines.
    """
    corpus = _Corpus()
    for path, content in members(sources, progress=progress):
        _take(corpus, PurePosixPath(path).name, content)
    _require(corpus, sources)
    yield from _remarks(corpus)
    for form in sorted(corpus.lines):
        yield from _form(corpus, form)


def _take(corpus: _Corpus, name: str, content: bytes) -> None:
    """Put one file where it belongs; files of no interest are passed over."""
    if line := _LINE.fullmatch(name):
        corpus.lines[line["form"]][int(line["line"])] = _ink(content)
    elif text := _TEXT.fullmatch(name):
        corpus.texts[text["form"]] = _transcription(content.decode("latin-1"))
    elif name in SPLIT_FILES:
        corpus.lists.add(name)
        corpus.splits |= dict.fromkeys(content.decode("latin-1").split(), SPLIT_FILES[name])
    elif name == WRITERS_FILE:
        corpus.lists.add(name)
        corpus.writers = dict(row.split("\t") for row in content.decode().splitlines()[1:] if row.count("\t") == 1)


def _require(corpus: _Corpus, sources: Sequence[Path]) -> None:
    places = ", ".join(map(str, sources))
    if not corpus.lines:
        raise InputError(f"{places}: no IAM-OnDB lines found; give lineStrokes (such as a01-000u-01.xml) and ascii")
    if not corpus.texts:
        raise InputError(f"{places}: the lines have no texts; give the ascii archive or folder of IAM-OnDB too")


def _remarks(corpus: _Corpus) -> Iterator[Skipped]:
    for name, split in SPLIT_FILES.items():
        if name not in corpus.lists:
            yield Skipped(name, f"not among the sources, so no line gets the split {split}", count=0)
    if WRITERS_FILE not in corpus.lists:
        yield Skipped(WRITERS_FILE, "not among the sources, so no line gets a writer", count=0)


def _form(corpus: _Corpus, form: str) -> Iterator[Sample | Skipped]:
    lines, texts = corpus.lines[form], corpus.texts.get(form, [])
    if len(texts) != len(lines):
        yield Skipped(form, f"{len(lines)} lines of strokes but {len(texts)} of text", count=len(lines))
        return
    for (number, ink), text in zip(sorted(lines.items()), texts, strict=True):
        name = f"{form}-{number:02d}"
        if isinstance(ink, str):
            yield Skipped(name, ink)
            continue
        writer, split = corpus.writers.get(form, ""), corpus.splits.get(form, "none")
        yield Sample(ink, text, SOURCE, name, writer=writer, split=split, level="line")


def _transcription(text: str) -> list[str]:
    """The lines of the corrected transcription, the block after `CSR:`."""
    _, _, block = text.partition("CSR:")
    return [line.strip() for line in block.splitlines() if line.strip()]


def _ink(content: bytes) -> Ink | str:
    """The ink of a stroke file, or the reason why there is none."""
    try:
        strokes = [_stroke(stroke) for stroke in fromstring(content).iter("Stroke")]
    except ParseError as error:
        return f"broken XML: {error}"
    except DefusedXmlException:
        return "XML that defines entities, which no stroke file needs"
    except (TypeError, ValueError) as error:
        return f"a point without x, y and time: {error}"
    lengths = [len(stroke) for stroke in strokes if len(stroke)]
    if not lengths:
        return "no ink"
    return Ink.from_strokes(np.split(_clocked(np.concatenate(strokes)), np.cumsum(lengths)[:-1]))


def _stroke(stroke: Element) -> NDArray[np.float64]:
    rows = [(float(p.get("x", "")), float(p.get("y", "")), float(p.get("time", ""))) for p in stroke.iter("Point")]
    points = np.array(rows, np.float64).reshape(-1, 3)
    if not np.isfinite(points).all():
        raise ValueError("infinite or not a number")
    return points


def _clocked(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points with a clock from 0 that never runs back and never waits longer than `MAX_PAUSE`."""
    clock = np.maximum.accumulate(points[:, 2])
    intervals = np.minimum(np.diff(clock, prepend=clock[0]), MAX_PAUSE)
    return np.column_stack([points[:, :2], np.cumsum(intervals)])
