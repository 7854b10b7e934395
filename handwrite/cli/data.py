"""`handwrite data`: make, inspect and join datasets. Options, then one call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handwrite.cli.options import STREAM, Seed, chosen_seed, command_app
from handwrite.cli.output import deliver
from handwrite.cli.progress import progress, say
from handwrite.core.files import check_writable
from handwrite.errors import InputError, OptionError

if TYPE_CHECKING:
    from handwrite.corpora.archive import Progress
    from handwrite.corpora.tally import Tally

MAX_COLUMNS = 16
NAMED = 3  # names given for a reason; --verbose gives all of them
SHEET_FORMATS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")

Dataset = Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="A dataset.")]
NewDataset = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", show_default=False, help="Where the new dataset goes.")
]
Splits = Annotated[
    list[str] | None,
    typer.Option("--split", metavar="NAME", show_default=False, help="Only train, val, val2, test, none; repeatable."),
]
Levels = Annotated[
    list[str] | None,
    typer.Option("--level", metavar="NAME", show_default=False, help="Only character, word, line; repeatable."),
]
Sources = Annotated[
    list[str] | None,
    typer.Option("--source", metavar="NAME", show_default=False, help="Only this corpus; repeatable."),
]

app = command_app()


@app.callback()
def data() -> None:
    """Make, inspect and join datasets of handwriting.

    \b
    handwrite data import iam-ondb lineStrokes.tar.xz ascii.tar.xz trainset.txt -o iam.h5
    handwrite data info iam.h5
    """


@app.command("import")
def import_(
    corpus: Annotated[
        str,
        typer.Argument(
            metavar="CORPUS", show_default=False, help="iam-ondb, unipen, omniglot, kanjivg, lines or page."
        ),
    ],
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SRC...", show_default=False, help="Its archives and files, or a folder of them."),
    ],
    output: NewDataset,
    source: Annotated[
        str, typer.Option("--source", metavar="NAME", help="What to call lines or pages.", show_default="the folder")
    ] = "",
    licence: Annotated[
        str,
        typer.Option("--licence", metavar="TEXT", help="Their licence, for the cards of models.", show_default=False),
    ] = "",
    level: Annotated[
        str, typer.Option("--level", metavar="NAME", help="What their images show: line or word.")
    ] = "line",
    halve: Annotated[bool, typer.Option("--halve", help="Half of the writers of split val become split test.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name everything that was left out.")] = False,
) -> None:
    """Read a public corpus, or line images of your own, into a dataset.

    \b
    handwrite data import iam-ondb iam-ondb/ -o iam.h5
    handwrite data import unipen train_r01_v07.tar.xz -o unipen.h5
    handwrite data import omniglot strokes_background.zip -o omniglot.h5
    handwrite data import kanjivg kanji.tar.xz -o kanjivg.h5
    handwrite data import lines mylines/ -o mylines.h5
    handwrite data import page letters/ --licence "CC BY 4.0" -o letters.h5

    \b
    Archives of ink (.zip, .tar.xz, .tar.gz, ...) are read as they are; unpacked
    folders work too. KanjiVG tells the order of strokes; its clock is modelled.
    lines: folders with lines.tsv, whose first row is file, text, writer, split
    between tabs (writer and split may be missing), or with the IAM database's
    lines.txt and images.
    page: ALTO and PAGE XML files, or folders of them, with their images beside
    them; each line of a page is cut out.
    What cannot be used is left out, counted and named.
    """
    from handwrite.corpora.stores import LAYOUTS, import_corpus, import_images

    check_writable(output)
    if corpus not in LAYOUTS and (source or licence or halve or level != "line"):
        raise OptionError(f"{corpus}: --source, --licence, --level and --halve are for {' and '.join(LAYOUTS)}")
    with _share(f"importing {corpus}") as report:
        if corpus in LAYOUTS:
            named = {"source": source, "licence": licence, "level": level}
            tally = import_images(corpus, sources, output, **named, halve=halve, progress=report)
        else:
            tally = import_corpus(corpus, sources, output, progress=report)
    for line in _tally_lines(tally, verbose=verbose):
        say(line)
    say(f"{output}: {sum(tally.read.values()):,} samples, {tally.lost:,} left out, {_megabytes(output)}")


@app.command()
def info(
    file: Dataset,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the counts of all writers.")] = False,
) -> None:
    """Count what a dataset holds, by source, split and level.

    \b
    handwrite data info iam.h5
    handwrite data info iam.h5 --json
    """
    from handwrite.core.store import Store
    from handwrite.corpora.stores import inventory

    contents = inventory(Store(file))
    typer.echo(json.dumps(contents, ensure_ascii=False, indent=2) if as_json else "\n".join(_info_lines(contents)))


@app.command()
def show(
    file: Dataset,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The picture; - is stdout.")] = Path(
        "sheet.png"
    ),
    split: Splits = None,
    level: Levels = None,
    source: Sources = None,
    count: Annotated[int, typer.Option("--count", metavar="N", help="How many samples, drawn by chance.")] = 40,
    columns: Annotated[int, typer.Option("--columns", metavar="N", help="Samples side by side.")] = 2,
    seed: Seed = None,
) -> None:
    """Draw samples of a dataset with their texts on a sheet.

    \b
    handwrite data show unipen.h5 --level word --count 60 --columns 4 -o words.png
    """
    from handwrite.core.store import Store
    from handwrite.corpora.stores import choose

    suffix = _sheet_format(output)
    if count < 1 or not 1 <= columns <= MAX_COLUMNS:
        raise OptionError(f"--count {count} --columns {columns}: at least 1 sample, and 1 to {MAX_COLUMNS} columns")
    store = Store(file)
    (found,) = choose([store], splits=split or (), levels=level or (), sources=source or ())
    sheet = _sheet(store, found.tolist(), count=count, columns=columns, seed=chosen_seed(seed), suffix=suffix)
    deliver(sheet, None if str(output) == STREAM else output)


@app.command()
def merge(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", show_default=False, help="Datasets.")],
    output: NewDataset,
    split: Splits = None,
    level: Levels = None,
    source: Sources = None,
) -> None:
    """Join datasets, and keep what is asked for.

    \b
    handwrite data merge iam.h5 unipen.h5 --split train --split val2 -o train.h5
    handwrite data merge unipen.h5 --split train --level word -o words.h5
    """
    from handwrite.corpora.stores import merge as merge_stores

    check_writable(output)
    with _share("merging") as report:
        total = merge_stores(
            files, output, splits=split or (), levels=level or (), sources=source or (), progress=report
        )
    say(f"{output}: {total:,} samples, {_megabytes(output)}")


@contextmanager
def _share(title: str) -> Iterator[Progress]:
    """A progress bar for work that tells its share, 0 to 1."""
    with progress(f"{title}, %", total=100) as advance:
        done = 0

        def report(share: float) -> None:
            nonlocal done
            if (percent := int(100 * share)) > done:
                advance(percent - done)
                done = percent

        yield report


def _tally_lines(tally: Tally, *, verbose: bool) -> Iterator[str]:
    """A table of groups, where there are any, and what was left out with its reasons."""
    if any(group for group, _ in tally.resolved):
        yield from _table(("group", "level", "resolved", "imported"), _tally_rows(tally))
    for (group, level, reason), items in sorted(tally.skipped.items()):
        names = [item.name for item in items[: None if verbose else NAMED]]
        more = f" and {len(items) - len(names):,} more" if len(items) > len(names) else ""
        count = sum(item.count for item in items)
        where = f" of {group}" if group else ""
        lost = f"left out {count:,} {level}{'s' * (count != 1)}{where}" if count else "note"
        yield f"{lost}: {reason}: {', '.join(names)}{more}"


def _tally_rows(tally: Tally) -> Iterator[tuple[str, str, str, str]]:
    for key in sorted(tally.resolved):
        yield *key, f"{tally.resolved[key]:,}", f"{tally.read[key]:,}"
    for level in sorted({level for _, level in tally.resolved}):
        sums = [sum(n for (_, its), n in counts.items() if its == level) for counts in (tally.resolved, tally.read)]
        yield "all", level, f"{sums[0]:,}", f"{sums[1]:,}"


def _info_lines(contents: dict[str, Any]) -> Iterator[str]:
    counts = [f"{contents[name]:,} {name}" for name in ("samples", "points", "images", "characters")]
    yield f"{contents['path']}: {', '.join(counts)}"
    yield ""
    parts = [(part["source"], part["split"], part["level"], f"{part['samples']:,}") for part in contents["parts"]]
    yield from _table(("source", "split", "level", "samples"), parts)
    yield ""
    for source, counts in contents["writers"].items():
        known = len(counts) - ("" in counts)
        unknown = f", {counts['']:,} samples of unknown writers" if "" in counts else ""
        yield f"{source}: {known:,} writers{unknown}; licence: {contents['licences'][source]}"
    yield ""
    yield f"alphabet, {len(contents['alphabet'])} characters:"
    yield " ".join(f"{character!r}:{count:,}" for character, count in contents["alphabet"].items())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Aligned columns; those of numbers to the right."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    right = [cell[:1].isdigit() for cell in lines[-1]]
    for line in lines:
        cells = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ]
        yield "  ".join(cells).rstrip()


def _sheet_format(output: Path) -> str:
    """The picture's format, from the file's suffix; checks that the file can be written."""
    if str(output) == STREAM:
        return ".png"
    if output.suffix.lower() not in SHEET_FORMATS:
        raise OptionError(f"--output {output}: a picture's name must end in one of {', '.join(SHEET_FORMATS)}")
    check_writable(output)
    return output.suffix.lower()


def _sheet(store: Any, found: Sequence[int], *, count: int, columns: int, seed: int, suffix: str) -> bytes:
    import cv2
    import numpy as np

    from handwrite.core.sheet import contact_sheet

    chosen = np.random.default_rng(seed).permutation(found)[:count].tolist()
    samples = [store[index] for index in chosen]
    items = [(sample.image if sample.image.size else sample.ink, sample.text) for sample in samples]
    picture = contact_sheet(items, columns=columns)
    written, encoded = cv2.imencode(suffix, picture)
    if not written:
        raise InputError(f"the sheet is too large for a {suffix} file; show fewer (--count) or write a .png")
    return bytes(encoded)


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"
