"""`handwrite recover`: images to ink. Options, then one call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handwrite import __version__
from handwrite.cli.drawing import check_fits, checked_dpi
from handwrite.cli.images import Failures, Input, expanded, load_image, loaded, name_of, stems
from handwrite.cli.options import (
    Device,
    Images,
    OutputOfEach,
    Threads,
    check_choice,
    check_device,
    check_threads,
    command_app,
)
from handwrite.cli.output import Formats, deliver_each, each_target, shown_progress
from handwrite.cli.progress import Advance
from handwrite.errors import InputError, OptionError

if TYPE_CHECKING:
    from handwrite.recover.predict import Recoverer

DEFAULT_FORMAT = "svg"
OTHER_SUFFIXES = {"png": "-path.png"}
"""format -> how files named after images end, where its name alone could have them written over an image."""

HELP = """Find how the pen moved in images: order, direction and speed of the strokes.

\b
handwrite recover word.png -o word.svg
handwrite recover letter.jpg --level page -o letter.inkml
handwrite recover kanji.png --script kanji -o strokes.png
handwrite recover word.png --format png --show speed -o speed.png
handwrite recover scans/ -o scans.json
handwrite recover words/*.png --format svg -o ink/
handwrite recover word.png --method skeleton -o word.svg

\b
Formats: svg, inkml, json, png, pdf, gcode; by default FILE's suffix says it, or
it is SVG. SVG is animated: the pen writes in the time that was found. PNG is a
picture of the path over the pale image: strokes have numbers where they begin
and arrows, and run from dark blue to orange. Coordinates in InkML and JSON are
pixels of the image, y down; t is in seconds of a typical writer, for a still
picture tells only where the pen was faster and slower. SVG, PDF and G-code are
as large as the image at --dpi.

\b
Without -o, on a terminal each image gets a file of its name in this folder;
elsewhere the result goes to stdout. For several images, or a folder, JSON has an
object a line, and -o names the folder for other formats. What cannot be read is
told on stderr, and the rest goes on: the exit status is 1 when some images
failed, 2 when all did.
"""

app = command_app()


@app.command(help=HELP)
def recover(
    images: Images,
    level: Annotated[
        str, typer.Option("--level", metavar="auto|character|word|line|page", help="What each image shows.")
    ] = "auto",
    script: Annotated[
        str,
        typer.Option(
            "--script",
            metavar="auto|NAME",
            help="latin, greek, devanagari, katakana, hiragana, kanji, korean, aramaic, balinese or tagalog.",
        ),
    ] = "auto",
    method: Annotated[
        str,
        typer.Option(
            "--method", metavar="net|skeleton", help="A net, or tracing of skeletons, which needs no weights."
        ),
    ] = "net",
    no_snap: Annotated[
        bool, typer.Option("--no-snap", help="The net's path as it is, neither kept on the ink nor completed.")
    ] = False,
    show: Annotated[
        str | None, typer.Option("--show", metavar="order|speed", help="What the colours of PNG tell; order.")
    ] = None,
    dpi: Annotated[
        float | None, typer.Option("--dpi", metavar="N", help="Dots per inch of the images, for svg, pdf, gcode; 96.")
    ] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", metavar="svg|inkml|json|png|pdf|gcode", help="The result's format."),
    ] = None,
    output: OutputOfEach = None,
    weights: Annotated[str, typer.Option("--weights", metavar="FILE", help="Weights to use.")] = "recover",
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Check the options, recover, and deliver."""
    from handwrite.recover.predict import LEVELS, METHODS, SCRIPTS

    check_choice("--level", level, LEVELS)
    check_choice("--script", script, ("auto", *SCRIPTS))
    check_choice("--method", method, METHODS)
    check_device(device)
    check_threads(threads)
    paths = expanded(images)
    several = len(paths) > 1 or paths != images  # a folder counts as several
    if output is None and sys.stdout.isatty():
        output = Path()
    goal = each_target(output, format, paths, formats=_formats(), stems=stems(paths), several=several)
    drawing = _drawing(goal.format, show=show, dpi=dpi)
    recoverer = _recoverer(method, weights, snapping=not no_snap, device=device, threads=threads)
    asked = {"level": level, "script": script}
    make = partial(_file, recoverer=recoverer, asked=asked, format=goal.format, drawing=drawing, method=method)
    failures = Failures()
    with shown_progress("recovering", goal, total=len(paths)) as advance:
        inputs = loaded(paths, failures, advance, load=load_image)
        deliver_each(_files(inputs, make, failures, advance), goal)
    if failures.count:
        raise typer.Exit(failures.status(len(paths)))


def _formats() -> Formats:
    from handwrite.formats import FORMATS, format_of
    from handwrite.formats.image_ink import JOINABLE

    suffixes = {name: f".{name}" for name in FORMATS} | OTHER_SUFFIXES
    return Formats(suffixes, JOINABLE, default=DEFAULT_FORMAT, of=format_of)


def _drawing(format: str, *, show: str | None, dpi: float | None) -> dict[str, Any]:
    """The options of `image_ink.encode`. Raises OptionError for one that says nothing to the format, or is wrong."""
    from handwrite.formats.image_ink import PICTURED, SIZED
    from handwrite.formats.path_png import SHOWN

    options: dict[str, Any] = {}
    if show is not None:
        check_choice("--show", show, SHOWN)
        check_fits("--show", format, (PICTURED,))
        options["show"] = show
    if dpi is not None:
        check_fits("--dpi", format, SIZED)
        options["dots_per_inch"] = checked_dpi(dpi)
    return options


def _recoverer(method: str, weights: str, *, snapping: bool, device: str, threads: int | None) -> Recoverer:
    from handwrite.recover.predict import Recoverer

    if method == "net":
        return Recoverer.load(weights, snapping=snapping, device=device, threads=threads)
    if not snapping:
        raise OptionError(f"--no-snap: only for --method net, not for {method}, which knows no other way than the ink")
    return Recoverer(threads=threads)


def _files(
    inputs: Iterable[Input], make: Callable[[Input], bytes], failures: Failures, advance: Advance
) -> Iterator[tuple[int, bytes]]:
    """The file of each input with its number, in the order of the inputs; those without writing are told."""
    for one in inputs:
        data = failures.attempt(make, one)
        if data is not None:
            yield one.number, data
        advance()


def _file(
    one: Input,
    *,
    recoverer: Recoverer,
    asked: Mapping[str, str],
    format: str,
    drawing: Mapping[str, Any],
    method: str,
) -> bytes:
    """The file of the ink in an image. Raises InputError, which names the image."""
    from handwrite.formats.image_ink import encode

    height, width = one.image.shape
    made = {"path": one.path, "width": width, "height": height, "generator": f"handwrite {__version__}"}
    try:
        ink = recoverer.recover(one.image, **asked)
        if not len(ink):
            raise InputError("no path was found in it; give a clearer image, or leave --no-snap out")
        return encode(ink, format, image=one.image, metadata={**made, "method": method}, **drawing)
    except InputError as error:
        raise InputError(f"{name_of(one.path)}: {error}") from error
