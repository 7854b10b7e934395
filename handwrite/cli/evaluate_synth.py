"""`handwrite evaluate synth`: measure the synthesizer. Options, then one call."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handwrite.cli.options import (
    Device,
    Threads,
    check_device,
    check_not_negative,
    check_threads,
    chosen_seed,
    read_text,
)
from handwrite.cli.pictures import check_picture, write_picture
from handwrite.cli.progress import progress, say
from handwrite.core.files import check_writable
from handwrite.errors import OptionError
from handwrite.synth import DEFAULT_BIAS

if TYPE_CHECKING:
    from handwrite.evaluate.blind_reading import ReadingScore
    from handwrite.evaluate.likelihood import Likelihood
    from handwrite.evaluate.writing import Writing
    from handwrite.synth.predict import Synthesizer

Texts = Annotated[int, typer.Option("--texts", metavar="N", help="How many of the fixed texts to write; 0 is none.")]
Style = Annotated[
    str | None, typer.Option("--style", metavar="NAME", help="A hand by name or number; by default as `synth` does.")
]
Sheet = Annotated[
    Path | None,
    typer.Option("--sheet", metavar="FILE", show_default=False, help="Draw the 40 sentences there, as .png."),
]
Key = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", show_default=False, help="Write the 40 texts there.")
]
Reading = Annotated[
    Path | None,
    typer.Option("--score-reading", metavar="FILE", show_default=False, help="Only compare this with the 40 texts."),
]


def synth(
    weights: Annotated[str, typer.Option("--weights", metavar="FILE", help="Weights to measure.")] = "synth",
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", metavar="FILE", show_default=False, help="A dataset for the log-loss; repeatable."),
    ] = None,
    split: Annotated[str, typer.Option("--split", metavar="NAME", help="Which part of it.")] = "val",
    texts: Texts = 300,
    bias: Annotated[float, typer.Option("--bias", metavar="B", help="Bias to write with.")] = DEFAULT_BIAS,
    style: Style = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the texts; the sheet has its own.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    sheet: Sheet = None,
    key: Key = None,
    reading: Reading = None,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Measure the synthesizer.

    How likely does it find real lines, and how reliably does it write 300 texts
    that never change?

    \b
    handwrite evaluate synth --data iam.h5
    handwrite evaluate synth --texts 0 --sheet sheet.png --key key.txt
    handwrite evaluate synth --score-reading reading.txt

    \b
    The sheet shows 40 sentences, sentence i with seed i, over their numbers and
    without their texts. Let somebody read it, one line `number<TAB>text` each,
    and --score-reading says how much of it was legible.
    """
    if reading is not None:
        score = _read(reading)
        typer.echo(_as_json(_reading_values(score)) if as_json else "\n".join(_reading_lines(score)))
        return
    if not (texts or data or sheet or key):
        raise OptionError("nothing to measure; give --data FILE, --texts N above 0, --sheet FILE or --key FILE")
    _check(texts, bias, seed, device, threads, sheet, key)
    from handwrite.evaluate.likelihood import load_split
    from handwrite.synth.predict import Synthesizer

    lines = load_split(data, split) if data else []
    synthesizer = Synthesizer.load(weights, device=device, threads=threads)
    synthesizer.hand(style)  # raises when there is none, before any work is done
    likelihood = _score(synthesizer, lines, split) if lines else None
    writing = _write(synthesizer, texts, bias=bias, style=style, seed=seed) if texts else None
    _print(likelihood, writing, as_json=as_json)
    if key is not None:
        _write_key(key)
    if sheet is not None:
        _draw_sheet(synthesizer, sheet, bias=bias, style=style)


def _check(
    texts: int, bias: float, seed: int, device: str, threads: int | None, sheet: Path | None, key: Path | None
) -> None:
    from handwrite.evaluate.texts import PHRASES

    if not 0 <= texts <= PHRASES:
        raise OptionError(f"--texts {texts}: there are {PHRASES} texts; give a number from 0 to {PHRASES}")
    check_not_negative("--bias", bias)
    chosen_seed(seed)
    check_device(device)
    check_threads(threads)
    check_picture("--sheet", sheet)
    if key is not None:
        check_writable(key)


def _score(synthesizer: Synthesizer, lines: list[Any], split: str) -> Likelihood:
    from handwrite.evaluate.likelihood import likelihood

    with progress(f"scoring split {split}", total=len(lines), unit="lines") as advance:
        return likelihood(synthesizer, lines, split=split, report=advance)


def _write(synthesizer: Synthesizer, texts: int, *, bias: float, style: str | None, seed: int) -> Writing:
    from handwrite.evaluate.texts import phrases
    from handwrite.evaluate.writing import write_texts

    with progress("writing", total=texts, unit="texts") as advance:
        return write_texts(synthesizer, phrases(texts), bias=bias, style=style, seed=seed, report=advance)


def _draw_sheet(synthesizer: Synthesizer, path: Path, *, bias: float, style: str | None) -> None:
    from handwrite.core.sheet import contact_sheet
    from handwrite.evaluate.texts import SENTENCES
    from handwrite.evaluate.writing import write_sheet

    with progress("writing the sheet", total=len(SENTENCES), unit="sentences") as advance:
        items = write_sheet(synthesizer, bias=bias, style=style, report=advance)
    write_picture(path, contact_sheet(items, captions=False, first=0))


def _write_key(path: Path) -> None:
    from handwrite.core.files import write_atomic
    from handwrite.evaluate.blind_reading import format_key
    from handwrite.evaluate.texts import SENTENCES

    write_atomic(path, format_key(SENTENCES).encode())
    say(f"wrote {path}")


def _read(path: Path) -> ReadingScore:
    from handwrite.evaluate.blind_reading import parse_reading, score_reading
    from handwrite.evaluate.texts import SENTENCES

    return score_reading(parse_reading(read_text(path), name=str(path)), SENTENCES, name=str(path))


def _print(likelihood: Likelihood | None, writing: Writing | None, *, as_json: bool) -> None:
    if as_json:
        values = {
            "likelihood": asdict(likelihood) if likelihood else None,
            "writing": asdict(writing) | {"share": writing.share} if writing else None,
        }
        typer.echo(_as_json(values))
        return
    parts = [_likelihood_lines(likelihood)] if likelihood else []
    parts += [_writing_lines(writing)] if writing else []
    if parts:
        typer.echo("\n\n".join("\n".join(part) for part in parts))


def _likelihood_lines(found: Likelihood) -> Iterator[str]:
    from handwrite.evaluate.likelihood import GRAVES

    mean = found.points / found.lines
    lost = f"; {found.left_out:,} left out, for characters that the model does not know" if found.left_out else ""
    yield f"split {found.split}: {found.lines:,} lines, {mean:,.0f} points each{lost}"
    yield f"{'':24}{'model units':>12}{'paper units':>12}{'Graves 2013':>12}"
    for label, name, digits in (
        ("nats per point", "nats_per_point", 3),
        ("nats per sequence", "nats_per_sequence", 1),
        ("squared error per point", "sse_per_point", 3),
    ):
        figures = [getattr(scores, name) for scores in (found.model, found.paper, GRAVES)]
        yield f"{label:24}" + "".join(f"{'-' if math.isnan(value) else f'{value:.{digits}f}':>12}" for value in figures)
    x, y = found.deviation
    yield f"paper units: dx and dy divided by their standard deviations, {x:.3f} and {y:.3f} in model units."
    yield "Graves 2013 has other sampling, lines and preparation: compare with care."


def _writing_lines(found: Writing) -> Iterator[str]:
    yield f"{'texts':44}{found.texts:>8}"
    yield f"{'no skip, repeat or run-on at the first attempt':46}{found.first_attempt:>6}  {found.share:.1%}"
    yield f"{'redraws':44}{found.redraws:>8}"
    yield f"{'nats per character that the proofreader finds':46}{found.nats:>6.3f}"
    yield f"{'problems that remain':44}{len(found.problems):>8}"
    yield from (f"  {problem}" for problem in found.problems)


def _reading_lines(score: ReadingScore) -> Iterator[str]:
    from handwrite.evaluate.blind_reading import TOLERATED

    yield "   #  wrong  text / what was read"
    for line in score.lines:
        yield f"{line.number:4}  {line.wrong:5}  {line.text}"
        if line.wrong:
            yield f"{'':13}{line.read}"
    share = f"{score.legible} of {len(score.lines)} lines with at most {TOLERATED} wrong character"
    yield f"{share}; character error rate {score.cer:.1%}"


def _reading_values(score: ReadingScore) -> dict[str, Any]:
    return {"legible": score.legible, "cer": score.cer} | asdict(score)


def _as_json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, indent=2)
