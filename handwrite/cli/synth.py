"""`handwrite synth`: text to ink. Options, then one call."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handwrite import __version__
from handwrite.cli.options import (
    STREAM,
    Device,
    Format,
    Output,
    Seed,
    Threads,
    check_device,
    check_not_negative,
    check_threads,
    chosen_seed,
    command_app,
    read_text,
)
from handwrite.cli.progress import say
from handwrite.core.files import check_writable
from handwrite.errors import InputError, OptionError

if TYPE_CHECKING:
    from handwrite.synth.predict import Line

DEFAULT_FORMAT = "svg"
DEFAULT_STEM = "handwriting"

app = command_app()


@app.command()
def synth(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", show_default=False, help="What to write; - reads stdin.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Write the text of this file.")
    ] = None,
    bias: Annotated[
        float, typer.Option("--bias", metavar="B", help="0 is as varied as people write, more is neater.")
    ] = 0.75,
    style: Annotated[
        int | None, typer.Option("--style", metavar="N", help="A writer's hand by number; by default 0.")
    ] = None,
    seed: Seed = None,
    output: Output = None,
    format: Format = None,
    weights: Annotated[str, typer.Option("--weights", metavar="FILE", help="Weights to use.")] = "synth",
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Write TEXT by hand: one line of ink for each line of text.

    \b
    handwrite synth "Hello, world!" -o hello.svg
    handwrite synth --file letter.txt --bias 1 --seed 7 -o letter.png
    echo "Hello" | handwrite synth - > hello.svg

    \b
    Formats: svg, png, json, inkml. Without -o the result is SVG: on a terminal
    the file handwriting.svg, elsewhere stdout. A character that the model does
    not know is respelled, and a warning says how.
    """
    check_not_negative("--bias", bias)
    check_device(device)
    check_threads(threads)
    target, form = _destination(output, format)
    wanted = _text(text, file)
    data = _write(wanted, form, bias=bias, style=style, seed=seed, weights=weights, device=device, threads=threads)
    _deliver(data, target)


def _write(
    text: str,
    form: str,
    *,
    bias: float,
    style: int | None,
    seed: int | None,
    weights: str,
    device: str,
    threads: int | None,
) -> bytes:
    from handwrite.formats import encode
    from handwrite.synth.predict import Synthesizer, stack

    synthesizer = Synthesizer.load(weights, device=device, threads=threads)
    _check_style(style, synthesizer.styles)
    lines, replaced = synthesizer.prepare(text)
    _warn_replaced(replaced)
    seed = chosen_seed(seed)
    written = synthesizer.write(lines, bias=bias, style=style, seed=seed)
    _warn_problems(written)
    metadata = {
        "generator": f"handwrite {__version__}",
        "seed": seed,
        "bias": bias,
        "style": style or 0,
        "weights": weights,
    }
    return encode(stack(written), form, text="\n".join(line.text for line in written), metadata=metadata)


def _text(text: str | None, file: Path | None) -> str:
    if (text is None) == (file is None):
        raise OptionError("give one text: as TEXT, with --file FILE, or - for stdin")
    if file is not None:
        wanted, name = read_text(file), str(file)
    elif text == STREAM:
        wanted, name = read_text(STREAM), "stdin"
    else:
        wanted, name = str(text), "TEXT"
        _hint_at_file(wanted)
    if not wanted.strip():
        raise InputError(f"{name}: no text to write; give at least one character")
    return wanted


def _hint_at_file(text: str) -> None:
    if os.path.isfile(text):
        say(f"writing the words {text!r}; for what the file says, use --file {text}")


def _destination(output: Path | None, form: str | None) -> tuple[Path | None, str]:
    """The file to write, None for stdout, and the format. Raises before any work is done."""
    from handwrite.formats import FORMATS, format_of

    if form is not None and form not in FORMATS:
        raise OptionError(f"--format {form}: no such format; use one of {', '.join(FORMATS)}")
    to_stream = str(output) == STREAM
    if output is None or to_stream:
        form = form or DEFAULT_FORMAT
        target = None if to_stream or not sys.stdout.isatty() else Path(f"{DEFAULT_STEM}.{form}")
    else:
        form, target = form or format_of(output), output
    if target is not None:
        check_writable(target)
    return target, form


def _check_style(style: int | None, styles: int) -> None:
    if style is not None and not 0 <= style < styles:
        known = f"these weights have 0 to {styles - 1}" if styles else "these weights have none"
        raise OptionError(f"--style {style}: no such style; {known}")


def _warn_replaced(replaced: Mapping[str, str]) -> None:
    if replaced:
        named = ", ".join(f"{char!r} by {spelling!r}" for char, spelling in replaced.items())
        say(f"warning: the model does not know some characters; replaced {named}")


def _warn_problems(lines: Sequence[Line]) -> None:
    for number, line in enumerate(lines, start=1):
        for problem in line.problems:
            say(f"warning: line {number}: {problem}")


def _deliver(data: bytes, target: Path | None) -> None:
    from handwrite.core.files import write_atomic

    if target is None:
        _to_stdout(data)
    else:
        write_atomic(target, data)
        say(f"wrote {target}")


def _to_stdout(data: bytes) -> None:
    """A stream of its own, so that bytes which could not be written are not tried again at exit."""
    sys.stdout.flush()
    try:
        with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as stream:
            stream.write(data)
    except BrokenPipeError:
        raise  # the reader has what it wanted
    except OSError as error:
        raise InputError(f"cannot write to stdout: {error.strerror or error}; use -o FILE") from error
