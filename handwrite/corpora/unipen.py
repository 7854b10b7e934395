"""UNIPEN, train_r01_v07 (Guyon et al. 1994): its characters, words and texts, read into samples.

Reads the layout of the CD-ROM: `data/CATEGORY/CONTRIBUTOR/*.dat` names segments of the recordings under `include/`.
Nothing is guessed: what does not resolve is left out with the reason. A text over several lines is left out too,
because its label does not say where they end, and so is a contributor whose labels and ink were found not to agree.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from handwrite.core.store import Sample
from handwrite.corpora import splits
from handwrite.corpora.archive import Progress, members
from handwrite.corpora.line_breaks import spans_lines
from handwrite.corpora.recording import Recording, Unresolved, parse_recording, statements
from handwrite.corpora.tally import Skipped
from handwrite.errors import InputError

SOURCE = "unipen"
LICENCE = "UNIPEN train_r01_v07: CC BY 4.0, doi 10.5281/zenodo.1195803; the notice on its CD-ROM asks for research use"
LEVELS = {"1a": "character", "1b": "character", "1c": "character", "7": "word", "8": "line"}
SPLIT_SHARES = {"val": 0.05, "test": 0.05}  # of the writers; the rest is for training
READING_SHARE = 0.4  # of the time that an import takes

UNFIT = {"atu": "labels without the umlauts that are written, and ink that joins what was written apart"}
PLACEHOLDERS = ("Word!",)  # stands in for other texts
SPACED = ("cea", "ceb", "cec", "ced", "dar", "hpb", "sta")
"""Contributors whose labels set punctuation apart by blanks that are not in the ink."""

_SEGMENTS = re.compile(r"(?:.*/)?data/(?P<name>(?:1a|1b|1c|7|8)/[a-z]{3}/.+)\.dat")
_INCLUDE = re.compile(r"(?:.*/)?include/(?P<name>.+)")
_SEGMENT = re.compile(r'[A-Z]+\s+(?P<delineation>\S+)\s+(?P<quality>\S+)\s+"(?P<label>.*)"', re.DOTALL)
_SPACING = (
    (re.compile(r"(\w) ' (s|t|d|m|re|ve|ll)\b"), r"\1'\2"),
    (re.compile(r"(^| )' ([^']+) '"), r"\1'\2'"),
    (re.compile(r" ([.,;:?!%)])"), r"\1"),
    (re.compile(r"([($]) "), r"\1"),
    (re.compile(r"(?<!\S)(\$?\d) (?=\d(?!\S))"), r"\1"),
)


@dataclass
class _Files:
    segments: dict[str, bytes] = field(default_factory=dict)
    includes: dict[str, bytes] = field(default_factory=dict)


def read(sources: Sequence[Path], *, progress: Progress | None = None) -> Iterator[Sample | Skipped]:
    """The segments as samples, and what was left out, grouped by contributor.

    Coordinates keep the contributor's units, with y turned down. Raises InputError when the sources cannot be read or
    hold no segments.
    """
    report = progress or (lambda share: None)
    files = _load(sources, lambda share: report(READING_SHARE * share))
    groups = _by_recording(files)
    for number, (includes, names) in enumerate(groups.items(), 1):
        recording = _recording(files.includes, includes)
        for name in names:
            for segment in _arguments(files.segments[name], b"SEGMENT"):
                yield _sample(recording, name, segment)
        report(READING_SHARE + (1 - READING_SHARE) * number / len(groups))


def group(sample: Sample) -> str:
    """The contributor of a sample."""
    return sample.name.split("/")[1]


def split_of(contributor: str, writer: str) -> str:
    """The split of a writer: the same in every category and on every machine."""
    return splits.split_of(f"{contributor}/{writer}", SPLIT_SHARES)


def clean_label(label: str, contributor: str) -> str:
    """What the ink says: escapes undone, white space plain, no blanks that only the label has."""
    text = " ".join(re.sub(r"\\(.)", r"\1", label).split())
    for pattern, replacement in _SPACING if contributor in SPACED else ():
        text = pattern.sub(replacement, text)
    return text


def _load(sources: Sequence[Path], progress: Progress) -> _Files:
    files = _Files()
    for path, content in members(sources, progress=progress):
        if match := _INCLUDE.fullmatch(path):
            files.includes[match["name"]] = content
        elif match := _SEGMENTS.fullmatch(path):
            files.segments[match["name"]] = content
    if not files.segments or not files.includes:
        missing = "include/" if files.segments else "data/CATEGORY/CONTRIBUTOR/*.dat"
        place = ", ".join(map(str, sources))
        raise InputError(f"{place}: no UNIPEN {missing} found; give the archive or the folder of train_r01_v07")
    return files


def _by_recording(files: _Files) -> dict[tuple[str, ...], list[str]]:
    """Segment files by what they include, since several categories cut the same recording."""
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in sorted(files.segments):
        groups[tuple(_arguments(files.segments[name], b"INCLUDE"))].append(name)
    return groups


def _arguments(content: bytes, wanted: bytes) -> list[str]:
    return [argument.decode("latin-1").strip() for keyword, argument in statements(content) if keyword == wanted]


def _recording(includes: dict[str, bytes], names: Sequence[str]) -> Recording | str:
    """The recording that some includes make, or the reason why there is none."""
    try:
        return parse_recording(_expanded(includes, names))
    except Unresolved as reason:
        return str(reason)


def _expanded(
    includes: dict[str, bytes], names: Sequence[str], above: tuple[str, ...] = ()
) -> Iterator[tuple[bytes, bytes]]:
    """The statements of included files, those that they include in their place."""
    for name in names:
        if name not in includes:
            raise Unresolved("includes a file that is missing")
        if name in above:
            raise Unresolved("includes itself")
        for keyword, argument in statements(includes[name]):
            if keyword == b"INCLUDE":
                yield from _expanded(includes, [argument.decode("latin-1").strip()], (*above, name))
            else:
                yield keyword, argument


def _sample(recording: Recording | str, name: str, segment: str) -> Sample | Skipped:
    category, contributor, _ = name.split("/", 2)
    level, match = LEVELS[category], _SEGMENT.fullmatch(segment)
    if not match:
        return Skipped(f"{name}: {segment[:40]}", "a segment that cannot be read", contributor, level)
    own_name = f"{name}:{match['delineation']}"
    try:
        if isinstance(recording, str):
            raise Unresolved(recording)
        ink = recording.cut(match["delineation"])
    except Unresolved as unresolved:
        return Skipped(own_name, str(unresolved), contributor, level)
    text, writer = clean_label(match["label"], contributor), recording.writer or PurePosixPath(name).name
    whose, split = f"{contributor}/{writer}", split_of(contributor, writer)
    sample = Sample(ink, text, SOURCE, own_name, writer=whose, split=split, level=level)
    reason = _objection(sample, match["quality"])
    return Skipped(own_name, reason, contributor, level, resolved=True) if reason else sample


def _objection(sample: Sample, quality: str) -> str:
    """Why a sample that was found is left out all the same; empty when it is fit."""
    if quality == "BAD":
        return "of quality BAD"
    if not sample.text or "XXX" in sample.text or sample.text in PLACEHOLDERS:
        return "without a label, or labelled XXX or Word!"
    if sample.level == "line" and spans_lines(sample.ink, one_word=" " not in sample.text):
        return "a text over several lines"
    return UNFIT.get(group(sample), "")
