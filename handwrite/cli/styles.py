"""`handwrite styles`: the hands that there are, and your own. Options, then one call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from handwrite.cli.hands import chosen_hands, is_ink, real_lines
from handwrite.cli.images import expanded, load_image, name_of
from handwrite.cli.options import Device, Threads, check_choice, check_device, check_threads, command_app
from handwrite.cli.output import deliver
from handwrite.cli.progress import progress, say
from handwrite.core.files import check_writable, make_folder
from handwrite.errors import InputError, OptionError
from handwrite.synth import DEFAULT_BIAS

if TYPE_CHECKING:
    from handwrite.core.ink import FloatArray
    from handwrite.synth.data import Line as RealLine
    from handwrite.synth.predict import Synthesizer

Weights = Annotated[str, typer.Option("--weights", metavar="FILE", help="Weights whose styles are meant.")]
Sheet = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Draw a sheet of the styles there, as .png."),
]
Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="What your style is called.")]

SAMPLE = "The five boxing wizards jump quickly, 1234567890"
SEED = 1
FIT_THREADS = 1
"""CPU threads to learn a hand with; a few lines are too little work to share."""

DEFAULT_METHOD = "net"

app = command_app()


class _Learned(NamedTuple):
    """A hand. texts : what was learned from says. line : ink to go on from."""

    vector: FloatArray
    texts: list[str]
    line: RealLine | None = None


@app.callback(invoke_without_command=True)
def styles(
    context: typer.Context,
    output: Sheet = None,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What each style writes on the sheet.")] = SAMPLE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    weights: Weights = "synth",
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """List the styles, and draw each of them on a sheet.

    \b
    handwrite styles
    handwrite styles -o styles.png
    handwrite styles add mine page.jpg
    handwrite styles add mine line-1.inkml line-2.inkml line-3.inkml
    handwrite synth "In my hand" --style mine -o mine.svg
    """
    if context.invoked_subcommand is not None:
        return
    check_device(device)
    check_threads(threads)
    if output is not None:
        _check_sheet(output)
    synthesizer = _load(weights, device, threads)
    found = list(_found(synthesizer))
    if output is not None:
        deliver(_sheet(synthesizer, [style["name"] for style in found if style["usable"]], text), output)
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else "\n".join(map(_row, found)))


@app.command()
def add(
    name: Name,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Photos or scans of writing; or ink with its text: .inkml or .json."),
    ],
    text: Annotated[
        str | None,
        typer.Option("--text", metavar="TEXT", help="What the photos say, line by line or as one line; else read."),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option("--method", metavar="net|skeleton", help="How the ink of photos is recovered; net."),
    ] = None,
    weights: Weights = "synth",
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Learn a hand from a few lines of writing, and keep it.

    A photo or a scan may show a line or a page. It is cut into lines, they are
    read, and the way of the pen is recovered. What was read is told; where it is
    wrong, say with --text what the writing says, line by line or as one line.

    A file of ink holds one line, with its times, and the text that it says. Ink
    tells most of a hand: three to five lines of 30 to 50 characters do well, and
    are learned in about a minute. Photos beside ink are left out.

    \b
    handwrite styles add mine page.jpg
    handwrite styles add mine page.jpg --text "$(cat page.txt)"
    handwrite styles add mine line-1.inkml line-2.inkml line-3.inkml
    """
    check_device(device)
    check_threads(threads)
    from handwrite.synth.styles import check_name, folder, save_style

    check_name(name)
    inks, photos, options = _parted(files, text=text, method=method)
    lines = real_lines(inks) if inks else []
    synthesizer = _load(weights, device, threads or FIT_THREADS if inks else threads)
    if name in synthesizer.styles:
        raise OptionError(f"style {name}: the weights have one of that name; choose another")
    instead = _instead_of(name)
    make_folder(folder())
    if inks:
        _leave_out(photos)
        learned = _fitted(synthesizer, lines)
    else:
        learned = _photographed(synthesizer, photos, text=text, method=method, device=device, threads=threads)
    path = save_style(
        name,
        learned.vector,
        fingerprint=synthesizer.fingerprint,
        sources=[str(file) for file in files],
        texts=learned.texts,
        options=options,
        line=learned.line,
    )
    say(f'kept as {path}{instead}; write with it: handwrite synth "..." --style {name}')


def _instead_of(name: str) -> str:
    """What is said when a style takes the place of one that was learned before."""
    from handwrite.synth.styles import user_styles

    before = user_styles().get(name)
    return f" instead of what was learned from {', '.join(before.sources)}" if before else ""


@app.command()
def remove(name: Name) -> None:
    """Forget one of your styles.

    \b
    handwrite styles remove mine
    """
    from handwrite.synth.styles import remove_style

    remove_style(name)
    say(f"removed {name}")


def _parted(files: Sequence[Path], *, text: str | None, method: str | None) -> tuple[list[Path], list[str], list[str]]:
    """Files of ink, photos, and the options that tell of photos, as they were given.

    Raises OptionError for too many files of ink, for such options without a photo, and for another method.
    """
    from handwrite.recover.predict import METHODS
    from handwrite.synth.adapt import MOST_LINES

    inks = [file for file in files if is_ink(file)]
    photos = expanded(str(file) for file in files if not is_ink(file))
    if len(inks) > MOST_LINES:
        raise OptionError(f"{len(inks)} files: a hand is learned from {MOST_LINES} lines at most; give the best")
    given = [(option, value) for option, value in (("--text", text), ("--method", method)) if value is not None]
    for option, _ in given:
        if not photos:
            raise OptionError(f"{option}: only for photos; a file of ink tells its text, and needs no recovery")
    if method is not None:
        check_choice("--method", method, METHODS)
    return inks, photos, [part for pair in given for part in pair]


def _leave_out(photos: Sequence[str]) -> None:
    """Tell that photos beside ink are not learned from. Raises InputError for a file that is no image."""
    for photo in photos:
        load_image(photo)
        say(f"left out: {name_of(photo)}: ink tells more of a hand than a photo does")


def _fitted(synthesizer: Synthesizer, lines: Sequence[RealLine]) -> _Learned:
    """An embedding that is fitted to lines of ink."""
    from handwrite.synth.adapt import STEPS, fit_style

    with progress("learning the hand", total=STEPS) as advance:
        vector = fit_style(
            synthesizer.net,
            lines,
            alphabet=synthesizer.alphabet,
            statistics=synthesizer.statistics,
            report=advance,
        )
    return _Learned(vector, [line.text for line in lines])


def _photographed(
    synthesizer: Synthesizer,
    photos: Sequence[str],
    *,
    text: str | None,
    method: str | None,
    device: str,
    threads: int | None,
) -> _Learned:
    """Nobody's embedding, and a line of the photos to go on from."""
    from handwrite.cli.photo_lines import photo_lines
    from handwrite.synth.adapt import line_to_go_on_from

    alphabet, statistics, method = synthesizer.alphabet, synthesizer.statistics, method or DEFAULT_METHOD
    lines = photo_lines(photos, text=text, alphabet=alphabet, method=method, device=device, threads=threads)
    try:
        line = line_to_go_on_from(synthesizer.net, lines, alphabet=alphabet, statistics=statistics)
    except InputError as error:
        raise InputError(f"{', '.join(map(name_of, photos))}: {error}") from error
    nobody = synthesizer.net.writer.weight[0].detach().cpu().numpy()
    return _Learned(nobody, [line.text], line)


def _load(weights: str, device: str, threads: int | None) -> Synthesizer:
    from handwrite.synth.predict import Synthesizer

    return Synthesizer.load(weights, device=device, threads=threads)


def _found(synthesizer: Synthesizer) -> Iterator[dict[str, Any]]:
    """What is told of each style. number : None for the user's own."""
    from handwrite.synth.styles import user_styles

    for number, name in enumerate(synthesizer.styles):
        yield {"number": number, "name": name, "usable": True, "from": "the weights"}
    for name, style in user_styles().items():
        usable = style is not None and style.fingerprint == synthesizer.fingerprint
        source = ", ".join(style.sources) if style else "a damaged file"
        yield {"number": None, "name": name, "usable": usable, "from": source}


def _row(style: dict[str, Any]) -> str:
    number = "" if style["number"] is None else str(style["number"])
    default = ", the default" if number == "0" else ""
    stale = "" if style["usable"] else "; not for these weights, add it again"
    return f"{number:>3}  {style['name']:16} {style['from']}{default}{stale}"


def _check_sheet(output: Path) -> None:
    if output.suffix.lower() != ".png":
        raise OptionError(f"--output {output}: the sheet is a PNG; give a name that ends in .png")
    check_writable(output)


def _sheet(synthesizer: Synthesizer, names: list[str], text: str) -> bytes:
    from handwrite.core.sheet import contact_sheet
    from handwrite.formats.png import encode_image
    from handwrite.synth.predict import Order

    (line, *others), _ = synthesizer.prepare(text)
    if others:
        raise OptionError("--text: give one line")
    orders = [Order(line, hand, DEFAULT_BIAS) for hand in chosen_hands(synthesizer, names)]
    written = list(synthesizer.write(orders, seed=SEED))
    items = [(line.ink, name) for line, name in zip(written, names, strict=True)]
    return encode_image(contact_sheet(items, columns=1, first=0))
