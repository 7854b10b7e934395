"""Folders of line images with their texts, read into samples.

Two layouts: `lines.tsv`, as people write it for lines of their own, and the IAM database of scans (Marti and Bunke
2002) with its `lines.txt`. Images are kept as they were scanned; `core.normalize` makes them ready for a model.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from handwrite.core.image import SUFFIXES, read_image
from handwrite.core.store import SPLITS, Sample, no_ink
from handwrite.corpora.archive import Progress
from handwrite.corpora.tally import Skipped
from handwrite.errors import InputError

TABLE = "lines.tsv"
COLUMNS = ("file", "text", "writer", "split")
OWN_SPLIT = "train"  # of lines whose table names none: people import their own lines to train on them

IAM_TABLES = ("lines.txt", "ascii/lines.txt")
IAM_LICENCE = "IAM Handwriting Database: non-commercial research only"
IAM_FORMS = "forms.txt"
IAM_FIELDS = 9  # name, segmentation, grey level, components, x, y, w, h, text
IAM_SPLITS = {
    "trainset.txt": "train",
    "validationset1.txt": "val",
    "validationset2.txt": "val2",
    "testset.txt": "test",
    "train.uttlist": "train",
    "validation.uttlist": "val",
    "test.uttlist": "test",
}
"""File -> split: the official task of the database lists lines, RWTH Aachen's lists forms."""
UNSTATED = "not stated"
JOINERS = "\u200c\u200d"  # format characters that scripts need


@dataclass(frozen=True)
class _Row:
    """A line of a table: its name in the corpus, where its image is, and what is known about it."""

    name: str
    image: Path
    text: str
    writer: str
    split: str


def read(place: Path, *, source: str, level: str, progress: Progress) -> Iterator[Sample | Skipped]:
    """The lines of a folder as samples of the named source and level, and what was left out.

    Raises InputError when there is no such folder, or no table in it that can be read.
    """
    rows = list(_iam_rows(place, table) if (table := _iam_table(place)) else _rows(place))
    for number, row in enumerate(rows, 1):
        yield row if isinstance(row, Skipped) else _sample(row, source, level)
        progress(number / len(rows))


def licence(place: Path) -> str:
    """What is known of a folder's licence by its layout."""
    return IAM_LICENCE if _iam_table(place) else UNSTATED


def clean_text(text: str) -> str:
    """A transcription as a model learns it: Unicode NFC, single plain spaces, no control or format characters."""
    kept = (
        " " if unicodedata.category(char) == "Cc" else char
        for char in unicodedata.normalize("NFC", text)
        if unicodedata.category(char) != "Cf" or char in JOINERS
    )
    return " ".join("".join(kept).split())


def reason_of(error: InputError, name: str) -> str:
    """What is wrong with an image, without its name and the advice: the same words for the same fault."""
    return str(error).removeprefix(f"{name}: ").split(";")[0]


def _sample(row: _Row, source: str, level: str) -> Sample | Skipped:
    text = clean_text(row.text)
    if not text:
        return Skipped(row.name, "without a text", level=level)
    if row.split not in SPLITS:
        return Skipped(row.name, f"its split {row.split!r} is none of {', '.join(SPLITS)}", level=level)
    try:
        image = read_image(row.image)
    except InputError as error:
        return Skipped(row.name, f"image {reason_of(error, str(row.image))}", level=level)
    return Sample(no_ink(), text, source, row.name, writer=row.writer, split=row.split, level=level, image=image)


def _rows(folder: Path) -> Iterator[_Row | Skipped]:
    """The rows of lines.tsv, whose columns may stand in any order; a writer or split that is missing stays open."""
    table = folder / TABLE
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give the folder that holds {TABLE}")
    if not table.is_file():
        raise InputError(f"{folder}: neither {TABLE} nor IAM's lines.txt; write {TABLE} with {', '.join(COLUMNS)}")
    head, *lines = _lines(table)
    columns = head.split("\t")
    if not {"file", "text"} <= set(columns):
        raise InputError(f"{table}: no columns file and text; begin it with a row of {', '.join(COLUMNS)} between tabs")
    for number, line in enumerate(lines, 2):
        cells = line.split("\t")
        row = dict(zip(columns, cells, strict=False))
        if len(cells) > len(columns) or not row.get("file") or "text" not in row:
            yield Skipped(f"{TABLE}:{number}", f"a row that is not {', '.join(columns)} between tabs")
        else:
            split = row.get("split") or OWN_SPLIT
            yield _Row(row["file"], folder / row["file"], row["text"], row.get("writer", ""), split)


def _iam_table(folder: Path) -> Path | None:
    """IAM's lines.txt, in a folder that has no table of ours."""
    if (folder / TABLE).is_file():
        return None
    return next((folder / name for name in IAM_TABLES if (folder / name).is_file()), None)


def _iam_rows(folder: Path, table: Path) -> Iterator[_Row | Skipped]:
    """The rows of lines.txt. Lines that it marks `err` are kept, as in the field: only their words are cut wrongly."""
    images = {path.stem: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES}
    beside = {path.name: path for place in (folder, table.parent) for path in place.iterdir() if path.is_file()}
    writers = {fields[0]: fields[1] for fields in map(str.split, _iam_lines(beside.get(IAM_FORMS))) if len(fields) > 1}
    splits = {
        name: split
        for file, split in IAM_SPLITS.items()
        for line in _iam_lines(beside.get(file))
        for name in line.split()
    }
    if not splits:
        yield Skipped(
            " or ".join(("trainset.txt", "train.uttlist")), "not beside the table, so no line gets a split", count=0
        )
    for number, line in enumerate(_lines(table), 1):
        if line.startswith("#") or not line.strip():
            continue
        fields = line.split(" ", IAM_FIELDS - 1)
        if len(fields) < IAM_FIELDS:
            yield Skipped(f"{table.name}:{number}", "a row that cannot be read")
            continue
        name, *_, text = fields
        form = name.rpartition("-")[0]
        if fields[1] == "err":
            yield Skipped(name, "its words are marked as wrongly cut; the line is kept", count=0)
        split = splits.get(name) or splits.get(form, "none")
        yield _Row(name, images.get(name, folder / f"{name}.png"), text.replace("|", " "), writers.get(form, ""), split)


def _iam_lines(file: Path | None) -> list[str]:
    return [line for line in _lines(file) if not line.startswith("#")] if file else []


def _lines(file: Path) -> list[str]:
    """The lines of a text file; only a line feed ends one, since texts may hold other characters that do."""
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").rstrip("\n").split("\n")
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error}); check the file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
