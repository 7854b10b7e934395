"""`handwrite recognize`: images to text. Options, then one call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from handwrite.cli.images import Failures, Input, expanded, load, loaded, name_of, stems
from handwrite.cli.options import (
    Device,
    Images,
    LookAgainBelow,
    OutputOfEach,
    Threads,
    check_choice,
    check_device,
    check_look_again,
    check_threads,
    command_app,
    read_text,
)
from handwrite.cli.output import EachTarget, Formats, deliver_each, each_target, shown_progress
from handwrite.cli.progress import Advance
from handwrite.cli.review import Review
from handwrite.errors import InputError, OptionError
from handwrite.recognize import LOOK_AGAIN_BELOW

if TYPE_CHECKING:
    from handwrite.core.reading import Reading
    from handwrite.recognize.decoder import Decoder
    from handwrite.recognize.predict import Recognizer

SUFFIXES = {"text": ".txt", "json": ".json", "alto": ".xml", "page": ".xml", "svg": ".svg"}
"""format -> how the files in a folder of them end."""

LANGUAGE_MODEL, NO_MODEL = "lm", "none"
MOST_IMAGES, MOST_PIXELS = 32, 60_000_000
"""Images that are read together; more make no faster batches, and all are in memory."""

HELP = """Read the handwriting in images: pages, lines or words.

\b
handwrite recognize letter.jpg
handwrite recognize scans/ -o scans.json
handwrite recognize page.png --format svg -o page.svg
handwrite recognize scans/*.jpg --format alto -o xml/
handwrite recognize form.png --lexicon names.txt
handwrite recognize notes/ -o notes.txt --reject-below 0.8 --review doubtful/
cat word.png | handwrite recognize - --level word

\b
Images are any that OpenCV reads; ink (.inkml, .json, UNIPEN) is drawn and
read. Formats: text, json, alto, page, svg; by default FILE's suffix says it,
and text goes to stdout. For several images, or a folder, each row of text
begins with the path, JSON has an object a line, and -o names the folder for
alto, page and svg files. What cannot be read is told on stderr, and the rest
goes on: the exit status is 1 when some images failed, 2 when all did.
"""

app = command_app()


class _Read(NamedTuple):
    """An input and what it says."""

    input: Input
    reading: Reading


@app.command(help=HELP)
def recognize(
    images: Images,
    level: Annotated[
        str, typer.Option("--level", metavar="auto|page|line|word", help="What each image shows.")
    ] = "auto",
    decoder: Annotated[
        str | None,
        typer.Option("--decoder", metavar="greedy|beam|lexicon", help="By default beam; lexicon with --lexicon."),
    ] = None,
    lm: Annotated[
        str | None,
        typer.Option("--lm", metavar="FILE|none", help="A language model; by default one of English and French."),
    ] = None,
    lexicon: Annotated[
        Path | None,
        typer.Option("--lexicon", metavar="FILE", help="Words to prefer, one a line; others stay possible."),
    ] = None,
    format: Annotated[
        str | None, typer.Option("--format", metavar="text|json|alto|page|svg", help="The result's format.")
    ] = None,
    output: OutputOfEach = None,
    look_again_below: LookAgainBelow = LOOK_AGAIN_BELOW,
    reject_below: Annotated[
        float | None,
        typer.Option("--reject-below", metavar="P", help="Lines of less confidence, from 0 to 1, go to --review."),
    ] = None,
    review: Annotated[
        Path | None,
        typer.Option("--review", metavar="DIR", help="A folder for these lines, to correct them and train with."),
    ] = None,
    weights: Annotated[str, typer.Option("--weights", metavar="FILE", help="Weights to use.")] = "recognize",
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Check the options, read, and deliver."""
    from handwrite.recognize.predict import LEVELS

    check_device(device)
    check_threads(threads)
    check_look_again(look_again_below)
    check_choice("--level", level, LEVELS)
    words, name = _words(lexicon), decoder or ("lexicon" if lexicon else "beam")
    model = _language_model(lm, decoder=name)
    paths = expanded(images)
    names = stems(paths)
    several = len(paths) > 1 or paths != images  # a folder counts as several
    goal = each_target(output, format, paths, formats=_formats(), stems=names, several=several)
    recognizer = _load(weights, device, threads, look_again_below)
    chosen = recognizer.decoder(name, language_model=model, words=words)
    doubtful, failures = _review(reject_below, review), Failures()
    with closing(doubtful) if doubtful else nullcontext(), shown_progress("reading", goal, total=len(paths)) as advance:
        inputs = loaded(paths, failures, advance, load=load)
        readings = _read(recognizer, inputs, chosen, level=level, failures=failures, advance=advance)
        reviewed = _reviewed(readings, doubtful, names)
        deliver_each(((read.input.number, _encoded(read, goal, several=several)) for read in reviewed), goal)
    if failures.count:
        raise typer.Exit(failures.status(len(paths)))


def _formats() -> Formats:
    from handwrite.formats.reading_formats import JOINABLE, reading_format_of

    return Formats(SUFFIXES, JOINABLE, default="text", of=reading_format_of)


def _load(weights: str, device: str, threads: int | None, look_again_below: float) -> Recognizer:
    from handwrite.recognize.predict import Recognizer

    return Recognizer.load(weights, device=device, look_again_below=look_again_below, threads=threads)


def _words(lexicon: Path | None) -> list[str]:
    if lexicon is None:
        return []
    words = [word for line in read_text(lexicon).splitlines() if (word := line.strip())]
    if not words:
        raise InputError(f"{lexicon}: no words in it; write one a line")
    return words


def _language_model(lm: str | None, *, decoder: str) -> str | None:
    if lm is not None and decoder == "greedy":
        raise OptionError("--lm: the greedy decoder takes no language model; leave one of the two out")
    return None if lm == NO_MODEL else lm or LANGUAGE_MODEL


def _review(threshold: float | None, folder: Path | None) -> Review | None:
    if threshold is None and folder is None:
        return None
    if threshold is None or folder is None:
        raise OptionError("--reject-below P and --review DIR go together: give both or neither")
    if not 0 < threshold <= 1:
        raise OptionError(f"--reject-below {threshold:g}: must be above 0 and at most 1")
    return Review(folder, threshold=threshold)


def _chunks(inputs: Iterable[Input]) -> Iterator[list[Input]]:
    """The inputs in groups of up to `MOST_IMAGES` and, but for a single one, `MOST_PIXELS`."""
    chunk: list[Input] = []
    pixels = 0
    for one in inputs:
        pixels += one.image.size
        if chunk and (len(chunk) == MOST_IMAGES or pixels > MOST_PIXELS):
            yield chunk
            chunk, pixels = [], one.image.size
        chunk.append(one)
    if chunk:
        yield chunk


def _read(
    recognizer: Recognizer,
    inputs: Iterable[Input],
    decoder: Decoder,
    *,
    level: str,
    failures: Failures,
    advance: Advance,
) -> Iterator[_Read]:
    """The readings in the order of the inputs; images without writing are told."""
    for chunk in _chunks(inputs):
        found = recognizer.read_all([one.image for one in chunk], level=level, decoder=decoder)
        for one, reading in zip(chunk, found, strict=True):
            if reading.lines:
                yield _Read(one, reading)
            else:
                name = name_of(one.path)
                failures.add(InputError(f"{name}: no writing in it; give an image of handwriting"))
            advance()


def _reviewed(readings: Iterable[_Read], review: Review | None, names: Sequence[str]) -> Iterator[_Read]:
    for read in readings:
        if review:
            review.add(read.reading, image=read.input.image, stem=names[read.input.number])
        yield read


def _encoded(read: _Read, goal: EachTarget, *, several: bool) -> bytes:
    from handwrite.formats.reading_formats import encode_reading

    path, image = read.input.path, read.input.image
    return encode_reading(read.reading, goal.format, path=path, image=image, several=several and not goal.files)
