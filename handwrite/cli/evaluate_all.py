"""`handwrite evaluate all`: the three models judged by one another. Options, then one call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from handwrite.cli.options import Device, Threads, check_choice, check_device, check_threads, chosen_seed
from handwrite.cli.progress import progress, say
from handwrite.core.files import check_writable, write_atomic
from handwrite.errors import OptionError

Data = Annotated[list[Path], typer.Option("--data", metavar="FILE", help="A dataset; may be given several times.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", show_default=False, help="Write the tables there too, as .md."),
]


def everything(
    data: Data,
    split: Annotated[str, typer.Option("--split", metavar="NAME", help="Which part of it.")] = "test",
    lines: Annotated[
        int, typer.Option("--lines", metavar="N", help="Real lines that are written again, and read of each source.")
    ] = 500,
    paths: Annotated[
        int, typer.Option("--paths", metavar="N", help="Samples of each source and level that are recovered.")
    ] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    output: Output = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Fixes what is drawn by chance.")] = 0,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Measure all three models, each with the help of the others.

    \b
    handwrite evaluate all --data iam.h5 --data unipen.h5 -o results.md
    handwrite evaluate all --data iam.h5 --lines 50 --paths 20 --json

    \b
    What the synthesizer writes, the recognizer reads, beside what people wrote of
    the same texts. What people wrote is drawn and recovered, and an ink reader
    reads it before and after. The first takes lines of ink with a clock.
    """
    _check(split, lines, paths, seed, device, threads, output)
    from handwrite.evaluate.everything import Models, evaluate
    from handwrite.evaluate.results_page import results_page

    models = Models.load(device=device, threads=threads)
    found = evaluate(models, data, split=split, lines=lines, paths=paths, seed=seed, stage=_stage)
    page = results_page(found)
    typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2) if as_json else page, nl=as_json)
    if output is not None:
        write_atomic(output, page.encode())
        say(f"wrote {output}")


def _check(
    split: str, lines: int, paths: int, seed: int, device: str, threads: int | None, output: Path | None
) -> None:
    from handwrite.core.store import SPLITS

    check_choice("--split", split, SPLITS)
    for option, value in (("--lines", lines), ("--paths", paths)):
        if value < 1:
            raise OptionError(f"{option} {value}: must be at least 1")
    chosen_seed(seed)
    check_device(device)
    check_threads(threads)
    if output is not None:
        check_writable(output)


@contextmanager
def _stage(title: str, total: int, unit: str) -> Iterator[Callable[[int], object]]:
    with progress(title, total=total, unit=unit) as advance:
        yield advance
