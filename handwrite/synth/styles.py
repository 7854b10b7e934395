"""A user's own styles: writer embeddings by name, some with ink to go on from, one file each in the user's folder.

An embedding means something to the weights alone that it was fitted for, so each file tells their fingerprint. How an
embedding is fitted and ink is chosen, `adapt` knows; the styles that come with the weights are `predict`'s.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_data_path
from torch import Tensor

from handwrite.core.files import make_folder, write_atomic
from handwrite.core.ink import FloatArray, Ink
from handwrite.errors import InputError, OptionError
from handwrite.synth.data import Line

FORMAT = "handwrite-style"
VERSION = 1
FOLDER_VARIABLE = "HANDWRITE_STYLES"
"""Environment variable that names another folder for a user's styles."""

LONGEST_NAME = 64
WRITERS = "writer.weight"
"""The tensor that a style takes the place of a row of; it may change without the style losing its meaning."""


@dataclass(frozen=True)
class UserStyle:
    """A style of the user's. vector : the embedding. sources : the files that its ink came from. texts : of its lines.
    fingerprint : of the weights that it was fitted for. options : what else `handwrite styles add` was told of them.
    line : ink to go on from, as `data.normalize_lines` makes it."""

    name: str
    vector: tuple[float, ...]
    sources: tuple[str, ...]
    texts: tuple[str, ...]
    fingerprint: str
    options: tuple[str, ...] = ()
    line: Line | None = None


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """What tells these weights from others: SHA-256, in hex, of all tensors, by name, but the writer embeddings."""
    digest = hashlib.sha256()
    for name in sorted(tensors.keys() - {WRITERS}):
        digest.update(f"{name} {tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()


def folder() -> Path:
    """Where the user's styles are: what `HANDWRITE_STYLES` names, or else the user's data folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else user_data_path("handwrite", appauthor=False) / "styles"


def check_name(name: str) -> str:
    """The name, when a style may be called so. Raises OptionError otherwise: numbers mean styles of the weights."""
    if not re.fullmatch(r"\w[\w-]*", name) or len(name) > LONGEST_NAME:
        raise OptionError(f"style name {name!r}: use letters, digits, - and _, {LONGEST_NAME} at most, no - in front")
    if name.isnumeric():
        raise OptionError(f"style name {name}: numbers mean styles of the weights; put a letter in it")
    return name


def save_style(
    name: str,
    vector: FloatArray,
    *,
    fingerprint: str,
    sources: Sequence[str],
    texts: Sequence[str],
    options: Sequence[str] = (),
    line: Line | None = None,
) -> Path:
    """Keep an embedding (S,) under a name, in place of what had it, and say where. See `UserStyle` for the rest.

    Raises OptionError for a name that cannot be one, InputError when the folder cannot be written to.
    """
    lists = {"sources": list(sources), "texts": list(texts), "options": list(options)}
    record = {"format": FORMAT, "version": VERSION, "name": check_name(name), "vector": vector.tolist(), **lists}
    record |= {"fingerprint": fingerprint, "line": line and _record(line)}
    make_folder(folder())
    write_atomic(_path(name), f"{json.dumps(record, allow_nan=False)}\n".encode())
    return _path(name)


def load_style(name: str, *, fingerprint: str) -> FloatArray:
    """The embedding (S,) float32 that was kept under a name, for the weights of this fingerprint.

    Raises InputError when there is none, when its file is damaged and when it was fitted for other weights.
    """
    style = read_style(name)
    if style.fingerprint != fingerprint:
        raise InputError(f"style {name}: it was fitted for other weights; add it again: {_command(style)}")
    return np.array(style.vector, np.float32)


def read_style(name: str) -> UserStyle:
    """What was kept under a name. Raises InputError when there is nothing or its file is damaged."""
    path = _path(check_name(name))
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"style {name}: you have none of that name; see `handwrite styles`") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; add the style {name} again") from error
    try:
        return _decoded(name, data)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{path}: not a style, or damaged; add the style {name} again") from error


def user_styles() -> dict[str, UserStyle | None]:
    """The user's styles by name, in order; None stands for one whose file cannot be read."""
    return {name: _readable(name) for name in sorted(path.stem for path in folder().glob("*.json"))}


def remove_style(name: str) -> None:
    """Forget a style. Raises InputError when there is none of that name or its file cannot be deleted."""
    path = _path(check_name(name))
    try:
        path.unlink()
    except FileNotFoundError as error:
        raise InputError(f"style {name}: you have none of that name; see `handwrite styles`") from error
    except OSError as error:
        raise InputError(f"cannot delete {path}: {error.strerror or error}") from error


def _path(name: str) -> Path:
    return folder() / f"{name}.json"


def _command(style: UserStyle) -> str:
    return shlex.join(["handwrite", "styles", "add", style.name, *style.sources, *style.options])


def _record(line: Line) -> dict[str, Any]:
    """A line as plain data; `_line` reads it."""
    return {"text": line.text, "strokes": [stroke.tolist() for stroke in line.ink.strokes()]}


def _line(record: Mapping[str, Any]) -> Line:
    if not isinstance(record["text"], str):
        raise TypeError("the text is a string")
    with np.errstate(over="ignore"):  # as in `_decoded`
        ink = Ink.from_strokes(record["strokes"])
    if not ink.has_clock:
        raise ValueError("the ink has no times")
    return Line(ink, record["text"], "", "line")


def _readable(name: str) -> UserStyle | None:
    try:
        return read_style(name)
    except (InputError, OptionError):
        return None


def _decoded(name: str, data: bytes) -> UserStyle:
    """The style in a file's bytes; of the name that the file has, even when it was renamed. Raises ValueError,
    TypeError or KeyError when they hold none."""
    record = json.loads(data)
    if record["format"] != FORMAT or record["version"] != VERSION:
        raise ValueError("not a style of this version")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        vector = np.array(record["vector"], np.float32)
    if vector.ndim != 1 or not len(vector) or not np.isfinite(vector).all():
        raise ValueError("the vector is none")
    lists, weights = [record["sources"], record["texts"], record.get("options", [])], record["fingerprint"]
    whole = all(isinstance(values, list) for values in lists) and isinstance(weights, str)
    if not whole or not all(isinstance(value, str) for values in lists for value in values):
        raise TypeError("sources, texts and options are lists of strings, the fingerprint is a string")
    sources, texts, options = map(tuple, lists)
    line = _line(record["line"]) if record.get("line") else None
    return UserStyle(name, tuple(vector.tolist()), sources, texts, weights, options, line)
