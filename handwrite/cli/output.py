"""Where results go: one file, several numbered ones, or stdout. Files appear whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple

from handwrite.cli.options import STREAM
from handwrite.cli.progress import say
from handwrite.core.files import check_writable, write_atomic
from handwrite.errors import InputError, OptionError


class Target(NamedTuple):
    """path : the file to write, None for stdout. format : its format."""

    path: Path | None
    format: str


def target(output: Path | None, form: str | None, *, stem: str, default: str) -> Target:
    """Where ink goes and in what format: as --format says, or the suffix of -o, or `default`.

    Without -o, on a terminal, the file is named `stem`. Raises OptionError and InputError before any work is done.
    """
    from handwrite.formats import FORMATS, format_of

    if form is not None and form not in FORMATS:
        raise OptionError(f"--format {form}: no such format; use one of {', '.join(FORMATS)}")
    to_stream = str(output) == STREAM
    if output is None or to_stream:
        form = form or default
        path = None if to_stream or not sys.stdout.isatty() else Path(f"{stem}.{form}")
    else:
        form, path = form or format_of(output), output
    if path is not None:
        check_writable(path)
    return Target(path, form)


def deliver(data: bytes, path: Path | None) -> None:
    """Write a result to a file, and say so, or to stdout."""
    if path is None:
        _to_stdout(data)
    else:
        write_atomic(path, data)
        say(f"wrote {path}")


def deliver_whole(write: Callable[[IO[bytes]], None], path: Path | None) -> None:
    """Write a result as `deliver` does, that `write` puts into a stream bit by bit."""
    stream = BytesIO()
    write(stream)
    deliver(stream.getvalue(), path)


def deliver_pages(pages: Iterable[bytes], path: Path | None) -> None:
    """Write one page as `deliver` does, and several to numbered files, `out-1.svg`, `out-2.svg`, each when it is done.

    Raises OptionError when several pages are to go to stdout.
    """
    coming = iter(pages)
    first = next(coming)
    second = next(coming, None)
    if second is None:
        deliver(first, path)
        return
    if path is None:
        raise OptionError("the text takes several pages, and stdout holds one; name a file with -o, or --format pdf")
    check_writable(numbered(path, 1))
    count = _number(chain([first, second], coming), path)
    say(f"wrote {numbered(path, 1)} to {numbered(path, count).name}")


def numbered(path: Path, number: int) -> Path:
    """The file of a page: `letter-2.svg`."""
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _number(pages: Iterator[bytes], path: Path) -> int:
    count = 0
    for count, page in enumerate(pages, start=1):
        write_atomic(numbered(path, count), page)
    return count


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
