"""`handwrite evaluate lines`: measure how well the lines of pages are found. Options, then one call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handwrite.cli.options import Threads, check_threads
from handwrite.cli.pictures import check_picture, write_picture
from handwrite.cli.progress import progress
from handwrite.errors import OptionError

if TYPE_CHECKING:
    from handwrite.evaluate.page_lines import Figures
    from handwrite.recognize.data import Written

SHOWN = 6
"""Pages of the picture."""

Data = Annotated[
    list[Path] | None,
    typer.Option(
        "--data", metavar="FOLDER", show_default=False, help="Real pages: ALTO or PAGE XML with the images. Repeatable."
    ),
]
Composed = Annotated[
    list[Path] | None,
    typer.Option(
        "--composed", metavar="FILE", show_default=False, help="A dataset, to compose pages of its lines. Repeatable."
    ),
]
Worst = Annotated[
    Path | None,
    typer.Option("--worst", metavar="FILE", show_default=False, help="Draw the worst pages there, as .png."),
]


def lines(
    data: Data = None,
    composed: Composed = None,
    pages: Annotated[int, typer.Option("--pages", metavar="N", help="Pages composed of each dataset.")] = 32,
    split: Annotated[str, typer.Option("--split", metavar="NAME", help="Which part of the datasets.")] = "test",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Fixes how pages are composed.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    worst: Worst = None,
    threads: Threads = None,
) -> None:
    """Measure how well the lines of a page are found.

    Real pages have outlines that people drew; others are composed of lines.

    \b
    handwrite evaluate lines --data pages
    handwrite evaluate lines --data pages --worst worst.png
    handwrite evaluate lines --composed iam.h5 --composed scans.h5

    \b
    A line is found when the outline shares at least half of its ink with the
    true one (intersection over union). The picture shows what was found in red
    and what is there in blue. Composed pages are uneven, slanted and bent, and
    some of their lines touch.
    """
    _check(data, composed, pages=pages, seed=seed)
    check_threads(threads)
    check_picture("--worst", worst)
    import cv2

    from handwrite.evaluate.page_lines import by_folder, draw_worst, figures, find_all, find_composed

    if threads is not None:
        cv2.setNumThreads(threads)
    sources = [(f"{file.stem}, composed", _samples(file, split)) for file in composed or []]
    with progress("finding lines", unit="pages") as advance:
        found = [page for folder in data or [] for page in find_all(folder, report=advance)]
        for name, samples in sources:
            found += find_composed(samples, name=name, pages=pages, seed=seed, report=advance)
    folders, total = by_folder(found), figures(found)
    if as_json:
        values = {"folders": {name: asdict(row) for name, row in folders.items()}, "total": asdict(total)}
        typer.echo(json.dumps(values, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_rows(folders, total)))
    if worst is not None:
        write_picture(worst, draw_worst(found, SHOWN))


def _check(data: list[Path] | None, composed: list[Path] | None, *, pages: int, seed: int) -> None:
    if not data and not composed:
        raise OptionError("which pages? give --data FOLDER, --composed FILE or both")
    if pages < 1:
        raise OptionError(f"--pages {pages}: must be at least 1")
    if seed < 0:
        raise OptionError(f"--seed {seed}: must be at least 0")


def _samples(file: Path, split: str) -> list[Written]:
    from handwrite.evaluate.recognition_samples import load_samples

    return load_samples([file], split=split, levels=("line",))


def _rows(folders: dict[str, Figures], total: Figures) -> Iterator[str]:
    yield f"{'':16}{'pages':>7}{'lines':>8}{'found':>8}{'right':>8}{'precision':>11}{'recall':>9}{'F1':>9}{'s/page':>9}"
    rows = list(folders.items()) + ([("all", total)] if len(folders) > 1 else [])
    for name, row in rows:
        counts = f"{row.pages:7,}{row.true:8,}{row.found:8,}{row.matched:8,}"
        yield f"{name:16}{counts}{row.precision:11.3f}{row.recall:9.3f}{row.f1:9.3f}{row.seconds:9.2f}"
