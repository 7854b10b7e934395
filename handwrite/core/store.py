"""The dataset file: samples of ink, of images or of both, with their texts, in one HDF5 file.

Flat arrays with offsets, compressed; the schema is written out in data/README.md. A `StoreWriter` puts the file in its
place at the end, so that an import cut off half way leaves nothing. A `Store` opens lazily in each process and reads a
sample in O(1). What the samples mean to a model is not known here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import cv2
import h5py
import numpy as np
from numpy.typing import NDArray

from handwrite.core.files import check_writable, write_atomic
from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink
from handwrite.errors import StoreError

FORMAT = "handwrite-store"
SCHEMA = 2
READABLE = (1, SCHEMA)  # a store of schema 1 is one without images
SAMPLE = "sample.h5"
SPLITS = ("train", "val", "val2", "test", "none")
LEVELS = ("character", "word", "line")
NO_CLOCK = 65535
MAX_INTERVAL_MS = NO_CLOCK - 1
MAX_COORDINATE = 32767
CHUNK = 1 << 16
FLUSH_VALUES = 1 << 20  # points, and bytes of images
JPEG_QUALITY = 95
MAX_JPEG_SIDE = 65_500  # pixels, what libjpeg allows
STRUCK_OUT = {"iam-ondb": "#"}
"""Source -> what its transcribers wrote for a word that the writer struck out; elsewhere it is a character."""


def no_ink() -> Ink:
    """The ink of a sample that has only an image."""
    return Ink.from_strokes([])


def no_image() -> GreyImage:
    """The image of a sample that has only ink: (0, 0) uint8."""
    return np.zeros((0, 0), np.uint8)


@dataclass(frozen=True, eq=False)
class Sample:
    """One piece of handwriting, as ink, as an image or as both, and what is known about it.

    `image` is (H, W) uint8 grey, dark on light as it was scanned; (0, 0) when there is none. `writer` is unique within
    the source and empty when unknown; `script` is an ISO 15924 name such as "Latn"; `name` is the sample's own name in
    its corpus. Raises ValueError for a sample without ink and image, another kind of image, or an unknown split or
    level.
    """

    ink: Ink
    text: str
    source: str
    name: str
    writer: str = ""
    split: str = "none"
    level: str = "line"
    script: str = "Latn"
    image: GreyImage = field(default_factory=no_image)

    def __post_init__(self) -> None:
        if self.split not in SPLITS or self.level not in LEVELS:
            raise ValueError(f"sample {self.name}: split {self.split!r} or level {self.level!r} is not in the schema")
        if self.image.dtype != np.uint8 or self.image.ndim != 2:
            raise ValueError(f"sample {self.name}: an image is (H, W) uint8, not {self.image.shape} {self.image.dtype}")
        if not len(self.ink) and not self.image.size:
            raise ValueError(f"sample {self.name}: neither ink nor image")


def is_struck_out(text: str, *, source: str) -> bool:
    """Whether the writer struck out some of what a text of that source stands for, so that it says less than the ink
    shows."""
    return source in STRUCK_OUT and STRUCK_OUT[source] in text


class StoreWriter:
    """Writes a store; use it with `with`. The file appears whole when the block ends well, and not at all otherwise.

    `licences` maps each source to its licence. The file is built in memory, compressed as the samples come, tens of
    megabytes for the corpora: HDF5 cannot recover from a disk that fills up while it writes.
    """

    def __init__(self, path: str | Path, *, licences: Mapping[str, str]) -> None:
        self.path = Path(path)
        self._licences = dict(licences)
        self._columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
        self._pending: dict[str, list[NDArray[Any]]] = {name: [] for name in _FLAT}
        self._pending_values = 0

    def __enter__(self) -> StoreWriter:
        check_writable(self.path)
        self._file = h5py.File(self.path.name, "w", driver="core", backing_store=False)
        for name, (dtype, width, packing) in _FLAT.items():
            shape = {"shape": (0, *width), "maxshape": (None, *width), "chunks": (CHUNK, *width)}
            self._file.create_dataset(name, dtype=dtype, **shape, **packing)
        return self

    def add(self, sample: Sample) -> None:
        """Append a sample. Coordinates keep 16 bits over the sample's larger side, times whole milliseconds; an image
        is kept as JPEG of quality 95 or as PNG, whichever is smaller."""
        ink, encoded = sample.ink, _encode(sample.image)
        xy, origin, scale = _quantize(ink.points[:, :2].astype(np.float64))
        for name in _NAMES:
            self._columns[name].append(getattr(sample, name))
        self._columns["length"].append(len(ink))
        self._columns["origin"].append(origin)
        self._columns["scale"].append(scale)
        self._columns["image_length"].append(len(encoded))
        self._columns["image_shape"].append(sample.image.shape if len(encoded) else (0, 0))
        deltas = np.diff(xy, axis=0, prepend=np.zeros((1, 2), np.int16))  # wraps round, as does the sum in `_ink`
        arrays: tuple[NDArray[Any], ...] = (deltas, _intervals(ink), ink.pen_up, encoded)
        for name, values in zip(_FLAT, arrays, strict=True):
            self._pending[name].append(values)
        self._pending_values += len(ink) + len(encoded)
        if self._pending_values >= FLUSH_VALUES:
            self._flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
                self._write_columns()
                self._file.flush()
                write_atomic(self.path, self._file.id.get_file_image())
        finally:
            self._file.close()

    def _flush(self) -> None:
        for name, parts in self._pending.items():
            if length := sum(map(len, parts)):
                dataset = self._file[name]
                dataset.resize(len(dataset) + length, axis=0)
                dataset[-length:] = np.concatenate(parts)
            parts.clear()
        self._pending_values = 0

    def _write_columns(self) -> None:
        file, columns = self._file, self._columns
        file.attrs["format"], file.attrs["schema"] = FORMAT, SCHEMA
        file.attrs["licences"] = json.dumps(
            {name: self._licences.get(name, "") for name in sorted(set(columns["source"]))}
        )
        _write(file, "ink/offset", np.cumsum([0, *columns["length"]], dtype=np.int64))
        _write(file, "ink/origin", np.array(columns["origin"], np.float32).reshape(-1, 2))
        _write(file, "ink/scale", np.array(columns["scale"], np.float32))
        _write(file, "image/offset", np.cumsum([0, *columns["image_length"]], dtype=np.int64))
        _write(file, "image/shape", np.array(columns["image_shape"], np.int32).reshape(-1, 2))
        for name in ("text", "name"):
            _write_strings(file, name, columns[name])
        for name in ("source", "writer", "script", "level", "split"):
            names = sorted(set(columns[name]))
            code = {value: index for index, value in enumerate(names)}
            _write(file, f"{name}/code", np.array([code[value] for value in columns[name]], np.uint16))
            _write_strings(file, f"{name}/names", names)


class Store:
    """A store opened for reading; a sequence of `Sample`s.

    Raises StoreError when the file is missing, is no store or has another schema version. The file is opened once in
    each process that reads from it, so a Store may be pickled to workers. `in_memory` reads all points and the bytes of
    all images at once, which is many times faster for whoever wants most of the samples.

    text, name : lists of n. source, writer, script, level, split : (n,) arrays of strings. image_shape : (n, 2) int32,
    height and width of each image in pixels, 0 where there is none. licences : source -> licence.
    """

    def __init__(self, path: str | Path, *, in_memory: bool = False) -> None:
        self.path = Path(path)
        self.in_memory = in_memory
        self._open_in(os.getpid())

    def _open_in(self, process: int) -> None:
        self._file, self._process = _open(self.path), process
        try:
            self._read_columns()
        except (KeyError, OSError, ValueError) as error:
            raise StoreError(f"{self.path}: a damaged dataset ({error}); import it again") from error

    def _read_columns(self) -> None:
        has_images = int(self._file.attrs["schema"]) > 1
        self._flat = {name: self._file[name] for name in _FLAT if has_images or name != _IMAGE_BYTES}
        if self.in_memory:
            self._flat = {name: dataset[:] for name, dataset in self._flat.items()}
        self._offset: NDArray[np.int64] = self._file["ink/offset"][:]
        self._origin: NDArray[np.float32] = self._file["ink/origin"][:]
        self._scale: NDArray[np.float32] = self._file["ink/scale"][:]
        count = len(self._offset) - 1
        self._image_offset: NDArray[np.int64] = (
            self._file["image/offset"][:] if has_images else np.zeros(count + 1, np.int64)
        )
        self.image_shape: NDArray[np.int32] = (
            self._file["image/shape"][:] if has_images else np.zeros((count, 2), np.int32)
        )
        self.licences: dict[str, str] = json.loads(str(self._file.attrs["licences"]))
        self.text: list[str] = _read_strings(self._file, "text")
        self.name: list[str] = _read_strings(self._file, "name")
        self.source = self._coded("source")
        self.writer = self._coded("writer")
        self.script = self._coded("script")
        self.level = self._coded("level")
        self.split = self._coded("split")

    def _coded(self, name: str) -> NDArray[np.str_]:
        names: NDArray[np.str_] = np.array(_read_strings(self._file, f"{name}/names") or [""])
        code: NDArray[np.uint16] = self._file[f"{name}/code"][:]
        return names[code]

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "in_memory": self.in_memory}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["path"], in_memory=state["in_memory"])  # type: ignore[misc]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(n,) the number of points of each sample."""
        return np.diff(self._offset)

    @property
    def has_image(self) -> NDArray[np.bool_]:
        """(n,) true where a sample has an image."""
        return np.diff(self._image_offset) > 0

    def __len__(self) -> int:
        return len(self._offset) - 1

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        if self._process != os.getpid():
            self._open_in(os.getpid())
        if not 0 <= index < len(self):
            raise IndexError(index)
        return Sample(
            ink=self._ink(index),
            text=self.text[index],
            source=str(self.source[index]),
            name=self.name[index],
            writer=str(self.writer[index]),
            split=str(self.split[index]),
            level=str(self.level[index]),
            script=str(self.script[index]),
            image=self._image(index),
        )

    def _ink(self, index: int) -> Ink:
        deltas, interval, pen_up = (self._values(name, self._offset, index) for name in _INK_ARRAYS)
        xy = np.cumsum(deltas, axis=0, dtype=np.int16)
        clocked = len(interval) and interval[0] != NO_CLOCK
        times = np.cumsum(interval, dtype=np.int64) / 1000 if clocked else np.full(len(xy), np.nan)
        points = np.column_stack([self._origin[index] + xy * self._scale[index], times]).astype(np.float32)
        return Ink(points, pen_up)

    def _image(self, index: int) -> GreyImage:
        if self._image_offset[index] == self._image_offset[index + 1]:
            return no_image()
        image = cv2.imdecode(self._values(_IMAGE_BYTES, self._image_offset, index), cv2.IMREAD_GRAYSCALE)
        if image is None or image.shape != tuple(self.image_shape[index]):
            raise StoreError(f"{self.path}: sample {index} cannot be read (a damaged image); import it again")
        return np.asarray(image, np.uint8)

    def _values(self, name: str, offset: NDArray[np.int64], index: int) -> NDArray[Any]:
        try:
            return np.asarray(self._flat[name][int(offset[index]) : int(offset[index + 1])])
        except OSError as error:
            raise StoreError(f"{self.path}: sample {index} cannot be read ({error}); import it again") from error

    def select(
        self,
        *,
        splits: Iterable[str] | None = None,
        levels: Iterable[str] | None = None,
        sources: Iterable[str] | None = None,
        holds: Literal["ink", "image"] | None = None,
    ) -> NDArray[np.int64]:
        """Indices of the samples whose split, level and source are among those named, and that have ink or an image;
        None means any."""
        keep = {None: np.ones(len(self), np.bool_), "ink": self.lengths > 0, "image": self.has_image}[holds]
        for column, wanted in ((self.split, splits), (self.level, levels), (self.source, sources)):
            if wanted is not None:
                keep &= np.isin(column, list(wanted))
        return np.flatnonzero(keep)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def sample_store() -> Path:
    """The small store that comes with the program: in the installed package, or in a checkout beside it."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "data", package.parent / "data"):
        if (folder / SAMPLE).is_file():
            return folder / SAMPLE
    raise StoreError(f"data/{SAMPLE} did not come with this installation; make it with `make sample`")


_NAMES = ("text", "name", "source", "writer", "script", "level", "split")
_COLUMNS = (*_NAMES, "length", "origin", "scale", "image_length", "image_shape")
_PACKED = {"shuffle": True, "compression": "gzip", "compression_opts": 6}
_FLAT: dict[str, tuple[str, tuple[int, ...], dict[str, Any]]] = {
    "ink/xy": ("i2", (2,), _PACKED),
    "ink/interval": ("u2", (), _PACKED),
    "ink/pen_up": ("?", (), _PACKED),
    "image/bytes": ("u1", (), {}),
}
"""Flat array -> its type, the shape of one of its values, and how it is packed; images are packed already."""
_INK_ARRAYS, _IMAGE_BYTES = tuple(_FLAT)[:3], "image/bytes"


def _quantize(xy: NDArray[np.float64]) -> tuple[NDArray[np.int16], NDArray[np.float64], float]:
    """Whole numbers (N, 2), origin (2,) and scale, so that xy = origin + scale * whole; exact for whole input."""
    if not len(xy):
        return np.zeros((0, 2), np.int16), np.zeros(2), 1.0
    origin = np.floor(xy.min(axis=0))
    extent = float((xy - origin).max())
    whole = extent <= MAX_COORDINATE and np.array_equal(xy, np.round(xy))
    scale = 1.0 if whole or not extent else extent / MAX_COORDINATE
    return np.round((xy - origin) / scale).astype(np.int16), origin, scale


def _intervals(ink: Ink) -> NDArray[np.uint16]:
    """(N,) milliseconds since the point before; rounded from the times themselves, so that errors do not add up."""
    if not ink.has_clock:
        return np.full(len(ink), NO_CLOCK, np.uint16)
    milliseconds = np.round(ink.points[:, 2].astype(np.float64) * 1000)
    return np.clip(np.diff(milliseconds, prepend=0), 0, MAX_INTERVAL_MS).astype(np.uint16)


def _encode(image: GreyImage) -> NDArray[np.uint8]:
    """The bytes of a JPEG or PNG file, whichever is smaller; none of an empty image."""
    if not image.size:
        return np.zeros(0, np.uint8)
    files = [cv2.imencode(".png", image)[1]]
    if max(image.shape) <= MAX_JPEG_SIDE:
        files.append(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1])
    return np.asarray(min(files, key=len), np.uint8)


def _write(file: h5py.File, name: str, values: NDArray[Any]) -> None:
    packing = {"shuffle": True, "compression": "gzip"} if values.size else {}  # HDF5 cannot chunk an empty array
    file.create_dataset(name, data=values, **packing)


def _write_strings(file: h5py.File, name: str, strings: Iterable[str]) -> None:
    encoded = [string.encode() for string in strings]
    _write(file, f"{name}/bytes", np.frombuffer(b"".join(encoded), np.uint8))
    _write(file, f"{name}/offset", np.cumsum([0, *map(len, encoded)], dtype=np.int64))


def _read_strings(file: h5py.File, name: str) -> list[str]:
    data, offset = file[f"{name}/bytes"][:].tobytes(), file[f"{name}/offset"][:].tolist()
    return [data[start:stop].decode() for start, stop in pairwise(offset)]


def _open(path: Path) -> h5py.File:
    if not path.is_file():
        raise StoreError(f"{path}: no such dataset; make one with `handwrite data import`")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise StoreError(f"{path}: not a dataset of handwrite, or damaged; import it again") from error
    if file.attrs.get("format") != FORMAT:
        raise StoreError(f"{path}: an HDF5 file, but not a dataset of handwrite; make one with `handwrite data import`")
    schema = file.attrs.get("schema")
    if schema not in READABLE:
        known = " and ".join(map(str, READABLE))
        raise StoreError(f"{path}: schema {schema}, this program reads {known}; import it again")
    return file
