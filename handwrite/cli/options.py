"""Options that several commands share: written, explained and checked once.

Nothing here knows a model or a format.
"""

from __future__ import annotations

import math
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from handwrite.cli.progress import say
from handwrite.core.files import reading
from handwrite.errors import InputError, OptionError
from handwrite.synth import DEFAULT_BIAS

STREAM = "-"
"""Stands for stdin where a command reads, and for stdout where it writes."""

Images = Annotated[
    list[str], typer.Argument(metavar="IMAGE", show_default=False, help="Files or folders; - reads stdin.")
]
OutputOfEach = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where the result goes; a folder gets a file per image."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where the result goes; - is stdout.")
]
Format = Annotated[
    str | None, typer.Option("--format", metavar="NAME", help="The result's format; by default FILE's suffix says it.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="The same seed gives the same result; by default a new one.")
]
Bias = Annotated[
    list[float] | None,
    typer.Option(
        "--bias", metavar="B", help=f"0 is as varied as people write, more is neater; {DEFAULT_BIAS:g}. Repeatable."
    ),
]
Styles = Annotated[
    list[str] | None,
    typer.Option(
        "--style",
        metavar="NAME",
        help="A hand (see `handwrite styles`), or ink to go on from (.inkml, .json). Repeatable.",
    ),
]
Attempts = Annotated[
    int,
    typer.Option("--attempts", metavar="N", help="How often a piece of a line is written at most."),
]
Device = Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda", help="Where the model runs.")]
Threads = Annotated[
    int | None, typer.Option("--threads", metavar="N", help="CPU threads to use; by default all cores.")
]

LookAgainBelow = Annotated[
    float,
    typer.Option(
        "--look-again-below",
        metavar="P",
        help="Lines of less probable readings are looked at again: 0 for none, which is faster, 1 for all.",
    ),
]

DEVICES = ("auto", "cpu", "cuda")
MOST_ATTEMPTS = 100
MOST_THREADS = 1024
"""No machine gains from more, and torch dies of very many."""


def command_app() -> typer.Typer:
    """The `app` of a command's module: plain help, no completion options of its own."""
    return typer.Typer(add_completion=False, rich_markup_mode=None)


def check_choice(option: str, value: str, choices: Iterable[str]) -> None:
    """Raises OptionError unless the value of an option such as "--level" is one of the choices."""
    known = list(choices)
    if value not in known:
        raise OptionError(f"{option} {value}: no such {option.lstrip('-')}; choose one of {', '.join(known)}")


def check_device(device: str) -> None:
    """Raises OptionError unless the device is one of `DEVICES`."""
    check_choice("--device", device, DEVICES)


def check_threads(threads: int | None) -> None:
    """Raises OptionError unless the number is from 1 to `MOST_THREADS` or None."""
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise OptionError(f"--threads {threads}: must be from 1 to {MOST_THREADS}")


def check_look_again(below: float) -> None:
    """Raises OptionError unless the probability is from 0 to 1."""
    if not 0 <= below <= 1:
        raise OptionError(f"--look-again-below {below:g}: must be from 0 to 1")


def check_attempts(attempts: int) -> None:
    """Raises OptionError unless the number is from 1 to `MOST_ATTEMPTS`."""
    if not 1 <= attempts <= MOST_ATTEMPTS:
        raise OptionError(f"--attempts {attempts}: must be from 1 to {MOST_ATTEMPTS}")


def check_not_negative(name: str, value: float) -> None:
    """Raises OptionError unless the value is a finite number of at least 0."""
    if not (math.isfinite(value) and value >= 0):
        raise OptionError(f"{name} {value:g}: must be a number of at least 0")


def chosen_seed(seed: int | None) -> int:
    """The seed given, or a fresh one, named on stderr so that the result can be had again."""
    if seed is None:
        seed = secrets.randbelow(2**32)
        say(f"seed {seed} (--seed {seed} writes the same again)")
    if not 0 <= seed < 2**63:
        raise OptionError(f"--seed {seed}: must be at least 0 and below 2^63")
    return seed


def read_bytes(path: str | Path) -> bytes:
    """What a file holds, or stdin for `-`. Raises InputError when it cannot be read."""
    with reading(path):
        data = sys.stdin.buffer.read() if str(path) == STREAM else Path(path).read_bytes()
    return data


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file, or of stdin for `-`. Raises InputError when it cannot be read."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read {path}: not UTF-8 text (byte {error.start}); convert it to UTF-8") from error
