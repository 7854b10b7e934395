"""The files of a corpus, streamed from archives, from unpacked folders, or from a mixture of both.

One interface, `members`; nothing is unpacked to disk. What the files mean is for the readers of the corpora to know.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO

from handwrite.errors import InputError

ARCHIVES: dict[str, Callable[[Any], Any]] = {
    ".tar": nullcontext,
    **dict.fromkeys((".tar.xz", ".txz"), lzma.open),
    **dict.fromkeys((".tar.gz", ".tgz"), gzip.open),
    **dict.fromkeys((".tar.bz2", ".tbz2"), bz2.open),
}
"""How the name of a tar archive ends -> how its stream is opened."""
DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,  # a zip archive under a password, or packed in a way that zipfile does not know
)
"""What reading a damaged archive raises."""
REPORT_EVERY = 1 << 20  # bytes of source between two reports of progress

Progress = Callable[[float], None]
"""Takes the share of the source bytes that has been read, 0 to 1."""


def members(sources: Sequence[Path], *, progress: Progress | None = None) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file in `sources`, each an archive, a file, or a folder of both.

    The path is relative to the source, with forward slashes. Raises InputError for a source that is missing,
    unreadable, or an archive that is cut off or damaged.
    """
    files = [(file, name) for source in sources for file, name in _files(source)]
    meter = _Meter(sum(file.stat().st_size for file, _ in files), progress or (lambda share: None))
    for file, name in files:
        yield from _read(file, name, meter)
    meter.finish()


def _files(source: Path) -> list[tuple[Path, str]]:
    """The files of a source, in a fixed order, and what each is called within it."""
    if source.is_file():
        return [(source, source.name)]
    if not source.is_dir():
        raise InputError(f"{source}: no such file or folder; name the corpus's archives or the folder that holds them")
    return [(path, path.relative_to(source).as_posix()) for path in sorted(source.rglob("*")) if path.is_file()]


def _read(file: Path, name: str, meter: _Meter) -> Iterator[tuple[str, bytes]]:
    try:
        with file.open("rb") as raw:
            yield from _contents(meter.watch(raw), name)
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno:
            raise InputError(f"{file}: cannot be read ({error.strerror}); check the file") from error
        raise InputError(f"{file}: a damaged or incomplete archive ({error}); fetch it again") from error


def _contents(raw: BinaryIO, name: str) -> Iterator[tuple[str, bytes]]:
    if name.endswith(".zip"):
        with zipfile.ZipFile(raw) as zipped:
            yield from ((info.filename, zipped.read(info)) for info in zipped.infolist() if not info.is_dir())
        return
    suffix = next((suffix for suffix in ARCHIVES if name.endswith(suffix)), None)
    if suffix is None:
        yield name, raw.read()
        return
    with ARCHIVES[suffix](raw) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None:
                    yield member.name.removeprefix("./"), content.read()
        while stream.read(REPORT_EVERY):  # tarfile takes a stream that breaks off for one that ends; this raises
            pass


class _Meter:
    """Counts the bytes that are read from the sources."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._progress = max(total, 1), progress
        self._read = self._reported = 0

    def watch(self, raw: BinaryIO) -> BinaryIO:
        """The same stream, counted."""
        return io.BufferedReader(_Watched(raw, self))

    def count(self, size: int) -> None:
        """Note that `size` bytes more were read."""
        self._read += size
        if self._read - self._reported >= REPORT_EVERY:
            self._reported = self._read
            self._progress(min(self._read / self._total, 1.0))

    def finish(self) -> None:
        """Note that all is read."""
        self._progress(1.0)


class _Watched(io.RawIOBase):
    """A stream that tells the meter how much was read."""

    def __init__(self, raw: BinaryIO, meter: _Meter) -> None:
        self._raw, self._meter = raw, meter

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._meter.count(len(data))
        return len(data)
