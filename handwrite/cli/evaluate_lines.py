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

if TYPE_CHECKING:
    from handwrite.evaluate.page_lines import Figures

SHOWN = 6
"""Pages of the picture."""


def lines(
    data: Annotated[
        list[Path],
        typer.Option("--data", metavar="FOLDER", help="Pages: ALTO or PAGE XML with the images beside. Repeatable."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    worst: Annotated[
        Path | None,
        typer.Option("--worst", metavar="FILE", show_default=False, help="Draw the worst pages there, as .png."),
    ] = None,
    threads: Threads = None,
) -> None:
    """Measure how well the lines of a page are found, against outlines that people drew.

    \b
    handwrite evaluate lines --data pages
    handwrite evaluate lines --data pages --worst worst.png

    \b
    A line is found when the outline shares at least half of its ink with the
    true one (intersection over union). The picture shows what was found in red
    and what is there in blue.
    """
    check_threads(threads)
    check_picture("--worst", worst)
    import cv2

    from handwrite.evaluate.page_lines import by_folder, draw_worst, figures, find_all

    if threads is not None:
        cv2.setNumThreads(threads)
    with progress("finding lines", unit="pages") as advance:
        pages = [page for folder in data for page in find_all(folder, report=advance)]
    folders, total = by_folder(pages), figures(pages)
    if as_json:
        values = {"folders": {name: asdict(row) for name, row in folders.items()}, "total": asdict(total)}
        typer.echo(json.dumps(values, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_rows(folders, total)))
    if worst is not None:
        write_picture(worst, draw_worst(pages, SHOWN))


def _rows(folders: dict[str, Figures], total: Figures) -> Iterator[str]:
    yield f"{'':16}{'pages':>7}{'lines':>8}{'found':>8}{'right':>8}{'precision':>11}{'recall':>9}{'F1':>9}{'s/page':>9}"
    rows = list(folders.items()) + ([("all", total)] if len(folders) > 1 else [])
    for name, row in rows:
        counts = f"{row.pages:7,}{row.true:8,}{row.found:8,}{row.matched:8,}"
        yield f"{name:16}{counts}{row.precision:11.3f}{row.recall:9.3f}{row.f1:9.3f}{row.seconds:9.2f}"
