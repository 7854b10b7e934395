"""Files written whole or not at all, and what is said when one cannot be read.

A file is written beside the wanted one and renamed over it, so that a crash leaves the old file. Formats are not known
here: callers bring bytes.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from handwrite.errors import InputError


@contextlib.contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """While a file is read: raises InputError naming the path and the system's reason when it cannot be."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; give the path of a file") from error


def write_atomic(path: str | Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all. A link keeps pointing where it points; a device is written to.

    Raises InputError naming the path and the system's reason when it cannot be written.
    """
    try:
        _write(Path(os.path.realpath(path)), data)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}; name another file") from error


def check_writable(path: Path) -> None:
    """Raises InputError when a file cannot be written there; so that long work is not done in vain."""
    folder = path.parent
    if os.path.isdir(path):
        raise InputError(f"cannot write {path}: it is a folder; name a file in it")
    if not os.path.isdir(folder):
        raise InputError(f"cannot write {path}: there is no folder {folder}; make it, or name another file")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise InputError(f"cannot write {path}: permission denied; name another file")


def make_folder(path: str | Path) -> None:
    """Make a folder and those above it, where they are missing. Raises InputError when it cannot be."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make folder {path}: {error.strerror or error}; name another") from error


def _write(path: Path, data: bytes) -> None:
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # a pipe or /dev/null must not be renamed over; a folder raises here
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
