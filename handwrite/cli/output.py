"""Where results go: one file, several numbered ones, or stdout. Files appear whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple

from handwrite.cli.options import STREAM
from handwrite.cli.progress import Advance, progress, say
from handwrite.core.files import check_writable, make_folder, write_atomic
from handwrite.errors import InputError, OptionError

FEW_IMAGES = 8
"""Up to so many images no progress is shown."""


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


class Formats(NamedTuple):
    """The formats of a command that makes one result of each input.

    suffixes : format -> how the files in a folder of them end. joinable : those whose files hold several results.
    default : the one that is written where none is named. of : the format that the suffix of a file names; raises
    OptionError for none.
    """

    suffixes: Mapping[str, str]
    joinable: Sequence[str]
    default: str
    of: Callable[[Path], str]


class EachTarget(NamedTuple):
    """format : of the results. file : the one to write. files : one for each input. Without either it is stdout."""

    format: str
    file: Path | None = None
    files: Sequence[Path] = ()


def each_target(
    output: Path | None,
    form: str | None,
    paths: Sequence[str],
    *,
    formats: Formats,
    stems: Sequence[str],
    several: bool,
) -> EachTarget:
    """Where the results of some inputs go, and in what format: as --format says, or the suffix of -o, or the default.

    A folder gets a file for each input, named by its stem; so do several inputs in a format whose files hold one.
    Raises OptionError and InputError before any work is done, also when an input would be written over.
    """
    if form is not None and form not in formats.suffixes:
        raise OptionError(f"--format {form}: no such format; use one of {', '.join(formats.suffixes)}")
    if output is None or str(output) == STREAM:
        form = form or formats.default
        if several and form not in formats.joinable:
            raise OptionError(f"--format {form}: a file holds one image; name a folder for several with -o")
        return EachTarget(form)
    into_folder = os.path.isdir(output)
    form = form or (formats.default if into_folder or (several and not output.suffix) else formats.of(output))
    apart = several and form not in formats.joinable
    if apart and output.suffix and not into_folder:
        raise OptionError(f"-o {output}: a file holds one image in format {form}; name a folder for several")
    if into_folder or apart:
        files = [output / f"{stem}{formats.suffixes[form]}" for stem in stems]
        _check_inputs_stay(paths, files)
        make_folder(output)
        return EachTarget(form, files=files)
    _check_inputs_stay(paths, [output])
    check_writable(output)
    return EachTarget(form, output)


def shown_progress(title: str, goal: EachTarget, *, total: int) -> AbstractContextManager[Advance]:
    """Progress, but not of a few images, nor where the results themselves are seen to come."""
    if total <= FEW_IMAGES or (not goal.file and not goal.files and sys.stdout.isatty()):
        return nullcontext(lambda steps=1, *, note="": None)
    return progress(title, total=total, unit="images")


def _check_inputs_stay(paths: Iterable[str], files: Iterable[Path]) -> None:
    inputs = {os.path.realpath(path) for path in paths}
    for file in files:
        if os.path.realpath(file) in inputs:
            raise OptionError(f"-o: {file} is an input; name another file or folder")


def deliver(data: bytes, path: Path | None) -> None:
    """Write a result to a file, and say so, or to stdout."""
    if path is None:
        _to_stdout(data)
    else:
        write_atomic(path, data)
        say(f"wrote {path}")


def deliver_each(results: Iterable[tuple[int, bytes]], goal: EachTarget) -> None:
    """Write each result, with its place among the inputs, when it is there, but a common file only when it is whole;
    no file when there is no result."""
    if goal.files:
        _into_folder(results, goal.files)
    elif goal.file is None:
        for _, data in results:
            deliver(data, None)
    elif data := b"".join(data for _, data in results):
        deliver(data, goal.file)


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


def _into_folder(results: Iterable[tuple[int, bytes]], files: Sequence[Path]) -> None:
    written = []
    for number, data in results:
        write_atomic(files[number], data)
        written.append(files[number])
    if written:
        say(f"wrote {written[0]}" if len(written) == 1 else f"wrote {len(written):,} files to {files[0].parent}")


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
