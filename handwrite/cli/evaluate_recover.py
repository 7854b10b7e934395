"""`handwrite evaluate recover`: measure how pen paths are recovered. Options, then one call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handwrite.cli.options import Device, Threads, check_choice, check_device, check_threads
from handwrite.cli.pictures import check_picture, write_picture
from handwrite.cli.progress import progress
from handwrite.errors import OptionError

if TYPE_CHECKING:
    from handwrite.evaluate.recovered_reading import Read
    from handwrite.evaluate.recovery import Figure, Group, Judged, Row
    from handwrite.evaluate.recovery_samples import Evaluation
    from handwrite.recover.data import Penned

PERCENT = ("starts", "direction", "on_ink", "read")
"""Figures that are shares; "read" is what the ink reader reads rightly."""

ORDER = {
    "local_order": "local order",
    "global_order": "global",
    "stroke_tau": "stroke tau",
    "starts": "start",
    "velocity_r": "velocity r",
    "direction": "direction",
}
SHAPE = {
    "ldtw": "LDTW",
    "dtw": "DTW",
    "rmse": "RMSE",
    "aiou": "AIoU",
    "on_ink": "on ink",
    "lifts_f1": "lifts F1",
}
"""The columns of the two tables: field of a row -> its heading."""

BARE = ("global_order", "direction", "dtw", "rmse")
"""Those without an interval."""

NO_READER = "none"

NAMED, WIDE, NARROW = 14, 22, 9
"""Widths of columns."""

NOTES = (
    "order: Kendall's tau over points; local, over those less than 0.2 glyph heights apart in x",
    "start: within 10 % of the glyph's height. on ink: recovered ink within 2 px of the image's",
    "LDTW, DTW, RMSE: in glyph heights. lifts F1: of all lifts together",
    "in brackets bootstrap 95 % intervals over writers; over samples, where these are unknown or one",
)

Data = Annotated[list[Path], typer.Option("--data", metavar="FILE", help="A dataset; may be given several times.")]
Limit = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", show_default=False, help="At most N samples of each source and level."),
]
Sheet = Annotated[
    Path | None,
    typer.Option(
        "--sheet", metavar="FILE", show_default=False, help="Draw best, median and worst paths there, as .png."
    ),
]


def recover(
    data: Data,
    split: Annotated[str, typer.Option("--split", metavar="NAME", help="Which part of it.")] = "test",
    method: Annotated[
        list[str],
        typer.Option(
            "--method",
            metavar="NAME",
            help="net, net-snapped (without the stroke order), net-raw or skeleton. Repeatable.",
        ),
    ] = ["net"],  # noqa: B006 (typer copies it)
    tell_script: Annotated[
        bool, typer.Option("--tell-script", help="Tell each sample's script, as `recover --script` does.")
    ] = False,
    limit: Limit = None,
    weights: Annotated[str, typer.Option("--weights", metavar="FILE", help="Weights to measure.")] = "recover",
    reader: Annotated[
        str, typer.Option("--reader", metavar="FILE|none", help="Ink reader's weights, to read recovered words with.")
    ] = "ink_reader",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    sheet: Sheet = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Fixes what is drawn by chance.")] = 0,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Measure recovery: order, direction, speed and shape of paths.

    All is told by source, script and level.

    \b
    handwrite evaluate recover --data unipen.h5
    handwrite evaluate recover --data unipen.h5 --method net --method net-raw --method skeleton
    handwrite evaluate recover --data omniglot.h5 --tell-script --limit 200 --sheet paths.png

    \b
    Recorded ink is drawn, recovered from the image, and compared with itself. Of
    each line one word is taken. For Omniglot, how far two people agree who wrote
    the same character stands beside: a picture does not tell whose hand it was.
    """
    _check(method, limit, seed, device, threads, sheet)
    from handwrite.evaluate.recovery_samples import evaluate, load_recoverers, load_samples
    from handwrite.recognize.ink_predict import InkReader

    recoverers = load_recoverers(list(dict.fromkeys(method)), weights=weights, device=device, threads=threads)
    ink_reader = None if reader == NO_READER else InkReader.load(reader, device=device)
    samples = load_samples(data, split=split, limit=limit, seed=seed)
    total = len(samples) * len(recoverers)
    with progress(f"recovering split {split}", total=total, unit="paths") as advance:
        found, judged = evaluate(
            recoverers, samples, split=split, told=tell_script, reader=ink_reader, seed=seed, report=advance
        )
    typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2) if as_json else "\n".join(_lines(found)))
    if sheet is not None:
        _draw_sheet(sheet, samples, judged, seed=seed)


def _check(
    methods: Sequence[str], limit: int | None, seed: int, device: str, threads: int | None, sheet: Path | None
) -> None:
    from handwrite.evaluate.recovery_samples import METHODS

    for method in methods:
        check_choice("--method", method, METHODS)
    if limit is not None and limit < 1:
        raise OptionError(f"--limit {limit}: must be at least 1")
    if seed < 0:
        raise OptionError(f"--seed {seed}: must be at least 0")
    check_device(device)
    check_threads(threads)
    check_picture("--sheet", sheet)


def _draw_sheet(path: Path, samples: Sequence[Penned], judged: Mapping[str, Sequence[Judged]], *, seed: int) -> None:
    """Best, median and worst of each source, script and level, by the first method."""
    from handwrite.evaluate.recovery import shown
    from handwrite.evaluate.recovery_samples import drawn_plainly
    from handwrite.evaluate.recovery_sheet import Case, recovery_sheet

    def case(title: str, index: int) -> Case:
        image, truth = drawn_plainly(samples[index], seed=seed)
        return Case(title, image, truth, {name: found[index] for name, found in judged.items()})

    rows = shown(next(iter(judged.values())))
    write_picture(path, recovery_sheet([[case(*one) for one in row] for row in rows]))


def _lines(found: Evaluation) -> Iterator[str]:
    for columns in (ORDER, SHAPE):
        heading = f"split {found.split}" if columns is ORDER else ""
        yield f"{heading:{NAMED}}" + "".join(f"{title:<{_width(name)}}" for name, title in columns.items()).rstrip()
        for group in found.groups:
            yield _title(group, counts=columns is ORDER)
            yield from (_row(f"  {name}", row, columns) for name, row in group.methods.items())
            if columns is ORDER and group.two_people:
                yield _people(group.two_people)
        yield ""
    if found.reading:
        yield from _reading(found.reading)
        yield ""
    yield from NOTES
    nothing = (f"{name} {count:,}" for name, count in found.nothing.items() if count)
    if any(found.nothing.values()):
        yield f"samples in which nothing was found: {', '.join(nothing)}"
    yield "trajectories/s: " + ", ".join(f"{name} {speed:.1f}" for name, speed in found.per_second.items())


def _title(group: Group, *, counts: bool) -> str:
    """What a group is, and how many samples define which measures."""
    level = "words of lines" if group.level == "line" else f"{group.level}s"
    title = f"{group.source} {group.script} {level}"
    if not counts:
        return title
    row = next(iter(group.methods.values()))
    several = row.stroke_tau.samples if row.stroke_tau else 0
    known = f"writers {row.writers:,}, of several strokes {several:,}, with a real clock {row.real_clocks:,}"
    return f"{title}: samples {row.samples:,}, {known}"


def _row(name: str, row: Row, columns: Mapping[str, str]) -> str:
    cells = (f"{_shown(field, getattr(row, field)):<{_width(field)}}" for field in columns)
    return f"{name:{NAMED}}{''.join(cells)}".rstrip()


def _people(figure: Figure) -> str:
    before = sum(_width(field) for field in list(ORDER)[: list(ORDER).index("stroke_tau")])
    pairs = f"{figure.samples:,} pairs"
    return f"{'  two people':{NAMED}}{'':{before}}{_shown('stroke_tau', figure)}  {pairs}"


def _reading(reading: Sequence[Read]) -> Iterator[str]:
    yield "characters that the ink reader reads rightly"
    for read in reading:
        yield f"{read.source} Latn words: {read.recorded.samples:,}"
        for name, figure in {"recorded": read.recorded, **read.methods}.items():
            yield f"{'  ' + name:{NAMED}}{_shown('read', figure)}"


def _shown(field: str, figure: Figure | None) -> str:
    if figure is None:
        return "-"
    form = ".1%" if field in PERCENT else ".3f" if field in ("ldtw", "rmse") else ".1f" if field == "dtw" else ".2f"
    value, low, high = (format(number, form).replace("%", "") for number in (figure.value, figure.low, figure.high))
    unit = "%" if field in PERCENT else ""
    return f"{value}{unit}" if field in BARE else f"{value}{unit} ({low}, {high})"


def _width(field: str) -> int:
    return NARROW if field in BARE else WIDE
