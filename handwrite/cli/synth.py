"""`handwrite synth`: text to ink, on pages. Options, then one call."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handwrite import __version__
from handwrite.cli import drawing
from handwrite.cli.hands import chosen_hands
from handwrite.cli.options import (
    STREAM,
    Attempts,
    Bias,
    Device,
    Format,
    Output,
    Seed,
    Styles,
    Threads,
    check_attempts,
    check_device,
    check_not_negative,
    check_threads,
    chosen_seed,
    command_app,
    read_text,
)
from handwrite.cli.output import Target, deliver_pages, deliver_whole, target
from handwrite.cli.progress import progress, say
from handwrite.errors import InputError, OptionError
from handwrite.synth import DEFAULT_BIAS

if TYPE_CHECKING:
    from handwrite.core.page import Page
    from handwrite.synth.predict import Line, Order, Synthesizer

DEFAULT_FORMAT = "svg"
DEFAULT_STEM = "handwriting"
FEW_PIECES = 8
"""Up to so many pieces of at most 40 characters no progress is shown: they are there at once."""

LONG_LINE = 150
"""Characters of a line from which on few people want it in one piece."""

MOST_WARNINGS = 10

HELP = """Write TEXT by hand: a line of ink for each line of text, or pages.

\b
handwrite synth "Hello, world!" -o hello.svg
handwrite synth --file letter.txt --page a4 --ruling ruled -o letter.pdf
handwrite synth --file poem.txt --style ada --style ben --bias 2 -o poem.png
handwrite synth "In my hand" --style my-line.inkml --animate -o mine.svg
echo "Hello" | handwrite synth - > hello.svg

\b
Formats: svg, png, pdf, gcode, json, inkml. Without -o the result is SVG: on
a terminal a file, handwriting.svg or FILE.svg, elsewhere stdout. Several pages become
out-1.svg, out-2.svg and so on; a PDF holds them all. --style and --bias may
be repeated, and go to the paragraphs in turn. A character that the model
does not know is respelled, and a warning says how.
"""

app = command_app()


@app.command(help=HELP)
def synth(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", show_default=False, help="What to write; - reads stdin.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Write the text of this file.")
    ] = None,
    bias: Bias = None,
    style: Styles = None,
    seed: Seed = None,
    attempts: Attempts = 6,
    page: drawing.Page = None,
    margin: drawing.Margin = None,
    x_height: drawing.XHeight = None,
    line_spacing: drawing.LineSpacing = None,
    align: drawing.Align = "left",
    ruling: drawing.Ruling = "none",
    drift: drawing.Drift = None,
    output: Output = None,
    format: Format = None,
    colour: drawing.Colour = None,
    background: drawing.Background = None,
    line_width: drawing.LineWidth = None,
    pressure: drawing.Pressure = None,
    animate: drawing.Animate = False,
    plotter: drawing.Plotter = False,
    dpi: drawing.Dpi = None,
    pen_up: drawing.PenUp = None,
    pen_down: drawing.PenDown = None,
    settle: drawing.Settle = None,
    feed: drawing.Feed = None,
    weights: Annotated[str, typer.Option("--weights", metavar="FILE", help="Weights to use.")] = "synth",
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Check the options, write, and deliver."""
    biases = bias or [DEFAULT_BIAS]
    for value in biases:
        check_not_negative("--bias", value)
    check_attempts(attempts)
    check_device(device)
    check_threads(threads)
    goal = target(output, format, stem=file.stem if file else DEFAULT_STEM, default=DEFAULT_FORMAT)
    look = {"colour": colour, "background": background, "line_width": line_width, "pressure": pressure}
    kind = {"animate": animate, "plotter": plotter, "dpi": dpi}
    machine = {"pen_up": pen_up, "pen_down": pen_down, "settle": settle, "feed": feed}
    encoder = drawing.Encoder(goal.format, look | kind | machine)
    sizes = {"margin": margin, "x_height": x_height, "line_spacing": line_spacing, "drift": drift}
    sheet = drawing.page_format(page, align=align, ruling=ruling, **sizes)
    wanted = _text(text, file)
    from handwrite.synth.layout import layout
    from handwrite.synth.predict import Synthesizer, orders

    synthesizer = Synthesizer.load(weights, device=device, threads=threads)
    hands = chosen_hands(synthesizer, style or [])
    lines = _prepared(synthesizer, wanted, wrapped=page is not None)
    seed = chosen_seed(seed)
    metadata = _metadata(seed=seed, bias=biases, style=[hand.name for hand in hands], weights=weights)
    with closing(_written(synthesizer, orders(lines, hands, biases), seed=seed, attempts=attempts)) as written:
        _deliver(layout((line.words for line in written), sheet, seed=seed), goal, encoder, metadata)


def _prepared(synthesizer: Synthesizer, text: str, *, wrapped: bool) -> list[str]:
    """The lines to write, in characters that the model knows; what was replaced is said, and how to wrap long lines."""
    from handwrite.synth.predict import replacements

    lines, replaced = synthesizer.prepare(text)
    for warning in replacements(replaced):
        say(f"warning: {warning}")
    longest = max(map(len, lines))
    if longest > LONG_LINE and not wrapped:
        say(f"a line of {longest} characters becomes one long line; --page a4 wraps it")
    return lines


def _written(
    synthesizer: Synthesizer, orders: Sequence[Order], *, seed: int, attempts: int
) -> Generator[Line, None, None]:
    """The lines as they are done; then what went wrong is said."""
    from handwrite.synth.pieces import parts

    total = sum(len(parts(order.text)) for order in orders)
    bar = progress("writing", total=total, unit="pieces") if total > FEW_PIECES else nullcontext(_nothing)
    problems: list[str] = []
    with bar as advance:
        for number, line in enumerate(synthesizer.write(orders, seed=seed, attempts=attempts, report=advance), start=1):
            problems += [f"warning: line {number}: {problem}" for problem in line.problems]
            yield line
    for problem in problems[:MOST_WARNINGS]:
        say(problem)
    if len(problems) > MOST_WARNINGS:
        say(f"warning: and {len(problems) - MOST_WARNINGS} more; another --seed or a higher --bias may do better")


def _nothing(steps: int = 1, *, note: str = "") -> None:
    """Progress that nobody sees."""


def _metadata(*, seed: int, bias: Sequence[float], style: Sequence[str], weights: str) -> dict[str, Any]:
    """What the files tell of how they were made."""
    made = {"generator": f"handwrite {__version__}", "seed": seed}
    hands = {"bias": bias[0] if len(bias) == 1 else list(bias), "style": style[0] if len(style) == 1 else list(style)}
    return made | hands | {"weights": weights}


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


def _deliver(pages: Iterator[Page], goal: Target, encoder: drawing.Encoder, metadata: Mapping[str, Any]) -> None:
    if encoder.paged:
        deliver_whole(lambda stream: encoder.pages(pages, stream, metadata), goal.path)
    else:
        deliver_pages((encoder.page(page, metadata) for page in pages), goal.path)
