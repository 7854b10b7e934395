"""`handwrite styles`: the hands that there are, and your own. Options, then one call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handwrite.cli.hands import real_lines
from handwrite.cli.options import Device, Threads, check_device, check_threads, command_app
from handwrite.cli.output import deliver
from handwrite.cli.progress import progress, say
from handwrite.core.files import check_writable, make_folder
from handwrite.errors import OptionError
from handwrite.synth import DEFAULT_BIAS

if TYPE_CHECKING:
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

app = command_app()


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
        list[Path], typer.Argument(metavar="FILE...", help="Ink with its text, a line each: .inkml or .json.")
    ],
    weights: Weights = "synth",
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Learn a hand from a few lines of ink, about a minute, and keep it in your folder.

    Three to five lines of 30 to 50 characters do well; each file holds the ink of
    one line, with its times, and the text that it says.

    \b
    handwrite styles add mine line-1.inkml line-2.inkml line-3.inkml
    """
    check_device(device)
    check_threads(threads)
    from handwrite.synth.adapt import MOST_LINES, STEPS, fit_style
    from handwrite.synth.styles import check_name, folder, save_style

    check_name(name)
    if len(files) > MOST_LINES:
        raise OptionError(f"{len(files)} files: a hand is learned from {MOST_LINES} lines at most; give the best")
    lines = real_lines(files)
    synthesizer = _load(weights, device, threads or FIT_THREADS)
    if name in synthesizer.styles:
        raise OptionError(f"style {name}: the weights have one of that name; choose another")
    make_folder(folder())
    with progress("learning the hand", total=STEPS) as advance:
        vector = fit_style(
            synthesizer.net,
            lines,
            alphabet=synthesizer.alphabet,
            statistics=synthesizer.statistics,
            report=advance,
        )
    sources, texts = [str(file) for file in files], [line.text for line in lines]
    path = save_style(name, vector, fingerprint=synthesizer.fingerprint, sources=sources, texts=texts)
    say(f'kept as {path}; write with it: handwrite synth "..." --style {name}')


@app.command()
def remove(name: Name) -> None:
    """Forget one of your styles.

    \b
    handwrite styles remove mine
    """
    from handwrite.synth.styles import remove_style

    remove_style(name)
    say(f"removed {name}")


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
    orders = [Order(line, synthesizer.hand(name), DEFAULT_BIAS) for name in names]
    written = list(synthesizer.write(orders, seed=SEED))
    captions = [f"{name}" for name in names]
    items = [(line.ink, caption) for line, caption in zip(written, captions, strict=True)]
    return encode_image(contact_sheet(items, columns=1, first=0))
