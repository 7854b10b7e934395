"""`handwrite evaluate recognize`: measure the recognizer. Options, then one call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handwrite.cli.options import (
    Device,
    LookAgainBelow,
    Threads,
    check_device,
    check_look_again,
    check_threads,
    read_text,
)
from handwrite.cli.pictures import check_picture, write_picture
from handwrite.cli.progress import progress
from handwrite.errors import OptionError
from handwrite.recognize import LOOK_AGAIN_BELOW

if TYPE_CHECKING:
    from handwrite.evaluate.recognition import Judged, Row
    from handwrite.evaluate.recognition_samples import Evaluation
    from handwrite.recognize.data import Written

NO_MODEL = "none"
WORST = 30
"""Lines on the sheet."""

Data = Annotated[list[Path], typer.Option("--data", metavar="FILE", help="A dataset; may be given several times.")]
Limit = Annotated[
    int | None, typer.Option("--limit", metavar="N", show_default=False, help="At most N samples, drawn evenly.")
]
Sheet = Annotated[
    Path | None,
    typer.Option("--sheet", metavar="FILE", show_default=False, help="Draw the worst lines there, as .png."),
]
Curve = Annotated[
    Path | None,
    typer.Option("--curve", metavar="FILE", show_default=False, help="Draw the calibration curve there, as .png."),
]


def recognize(
    data: Data,
    split: Annotated[str, typer.Option("--split", metavar="NAME", help="Which part of it.")] = "test",
    level: Annotated[
        list[str],
        typer.Option("--level", metavar="NAME", help="Samples to read: line, word or character. Repeatable."),
    ] = ["line", "word"],  # noqa: B006 (typer copies it)
    decoder: Annotated[str, typer.Option("--decoder", metavar="NAME", help="greedy, beam or lexicon.")] = "beam",
    language_model: Annotated[
        str, typer.Option("--lm", metavar="FILE", help=f"The language model of beam and lexicon, or {NO_MODEL}.")
    ] = "lm",
    lexicon: Annotated[
        Path | None,
        typer.Option("--lexicon", metavar="FILE", show_default=False, help="The words that lexicon prefers."),
    ] = None,
    look_again_below: LookAgainBelow = LOOK_AGAIN_BELOW,
    weights: Annotated[str, typer.Option("--weights", metavar="FILE", help="Weights to measure.")] = "recognize",
    limit: Limit = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    sheet: Sheet = None,
    curve: Curve = None,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Measure the recognizer.

    How many characters and words does it read wrong, how fast is it, and how
    well does it know what it knows?

    \b
    handwrite evaluate recognize --data iam.h5
    handwrite evaluate recognize --data iam.h5 --decoder greedy --limit 500
    handwrite evaluate recognize --data scans.h5 --sheet worst.png --curve calibration.png

    \b
    Ink is drawn and read as an image. Samples of single words are read as
    `recognize --level word` would.
    """
    _check(limit, device, threads, sheet, curve)
    check_look_again(look_again_below)
    from handwrite.evaluate.recognition_samples import evaluate, load_samples
    from handwrite.recognize.predict import Recognizer

    words = read_text(lexicon).split() if lexicon else []
    recognizer = Recognizer.load(weights, device=device, look_again_below=look_again_below, threads=threads)
    model = None if language_model == NO_MODEL else language_model
    chosen = recognizer.decoder(decoder, language_model=model, words=words)
    samples = load_samples(data, split=split, levels=level, limit=limit)
    with progress(f"reading split {split}", total=len(samples), unit="samples") as advance:
        found, lines = evaluate(recognizer, samples, split=split, decoder=chosen, report=advance)
    values = json.dumps(asdict(found), ensure_ascii=False, indent=2) if as_json else "\n".join(_lines(found))
    typer.echo(values)
    if sheet is not None:
        _draw_sheet(sheet, samples, lines)
    if curve is not None:
        _draw_curve(curve, found)


def _check(limit: int | None, device: str, threads: int | None, sheet: Path | None, curve: Path | None) -> None:
    if limit is not None and limit < 1:
        raise OptionError(f"--limit {limit}: must be at least 1")
    check_device(device)
    check_threads(threads)
    check_picture("--sheet", sheet)
    check_picture("--curve", curve)


def _draw_sheet(path: Path, samples: Sequence[Written], lines: Sequence[Judged]) -> None:
    from handwrite.evaluate.recognition import worst_lines
    from handwrite.evaluate.recognition_sheet import recognition_sheet

    worst = worst_lines(lines, WORST)
    write_picture(path, recognition_sheet([(samples[index].image(), lines[index]) for index in worst]))


def _draw_curve(path: Path, found: Evaluation) -> None:
    from handwrite.evaluate.calibration_curve import draw_calibration

    write_picture(path, draw_calibration(found.recognition.total.calibration))


def _lines(found: Evaluation) -> Iterator[str]:
    figures = found.recognition
    heading = f"{'CER joined':26}{'WER joined':28}{'CER':>7}{'WER':>8}{'calib.':>8}"
    yield f"{'split ' + found.split:16}{'samples':>8}{'chars':>9}  {heading}"
    for name, row in figures.sources.items():
        yield _row(name, row)
        yield from (_row(f"  {level}s", part) for level, part in found.levels.get(name, {}).items())
    if len(figures.sources) > 1:
        yield _row("all", figures.total)
    drawn = "writers" if figures.total.by_writer else "lines"
    yield f"joined: without the spaces around punctuation; in brackets bootstrap 95 % intervals over {drawn}"
    yield "calib.: how far the confidences of words are from the share that is right, over 15 bins of equal mass"
    if found.nothing:
        yield f"in {found.nothing:,} samples nothing was read"
    yield f"{figures.lines_per_second:.1f} samples/s in batches, {found.singles_per_second:.1f} one at a time"
    pairs = (f"{_shown(one.written)} → {_shown(one.read)} {one.count:,}" for one in figures.confusions)
    yield "most confused, written → read: " + (", ".join(pairs) or "nothing")
    bins = (f"{one.confidence:.1%} {one.accuracy:.1%}" for one in figures.total.calibration.curve)
    yield "confidence of words, and how many of them are right: " + (", ".join(bins) or "no words")


def _row(name: str, row: Row) -> str:
    cer, wer = (f"{rate.value:6.2%} ({rate.low:.2%} - {rate.high:.2%})" for rate in (row.cer, row.wer))
    as_is = f"{row.cer_as_is.value:7.2%}{row.wer_as_is.value:8.2%}"
    return f"{name:16}{row.lines:8,}{row.characters:9,}  {cer:26}{wer:28}{as_is}{row.calibration.error:8.2%}"


def _shown(char: str) -> str:
    """A character of a confusion; nothing and a space are spelled out."""
    return {"": "nothing", " ": "space"}.get(char, char)
