"""The images that arguments name: files, folders of them, stdin, and ink, which is drawn.

What is written in an image is not known here.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from handwrite.cli.options import STREAM, read_bytes
from handwrite.cli.progress import Advance, say
from handwrite.errors import HandwriteError, InputError

if TYPE_CHECKING:
    from handwrite.core.image import GreyImage
    from handwrite.core.ink import Ink

T = TypeVar("T")

LINE_HEIGHT = 64
"""About how many pixels a line of ink is high when it is drawn."""

STROKES_PER_LINE = 2.2
"""Heights of a stroke in that of a line; the middle of the lines of IAM-OnDB and UNIPEN."""

UNIPEN_STATEMENT = b".PEN_DOWN"
SOME_FAILED, ALL_FAILED = 1, 2


class Input(NamedTuple):
    """An image and its path as it was given. number : its place among the inputs."""

    number: int
    path: str
    image: GreyImage


class Failures:
    """The inputs that failed, each told when it did."""

    count = 0

    def add(self, error: HandwriteError) -> None:
        self.count += 1
        say("handwrite: " + " ".join(str(error).split()))

    def attempt(self, call: Callable[..., T], *arguments: Any) -> T | None:
        """What the call gives; None when it raises InputError, which is told."""
        try:
            return call(*arguments)
        except InputError as error:
            self.add(error)
            return None

    def status(self, total: int) -> int:
        """The exit status of a command with so many inputs."""
        return 0 if not self.count else SOME_FAILED if self.count < total else ALL_FAILED


def name_of(path: str) -> str:
    """What messages call an input."""
    return "stdin" if path == STREAM else path


def expanded(arguments: Iterable[str]) -> list[str]:
    """The arguments, with its image files, sorted, in place of a folder; one without any stays, for `load` to say."""
    return [path for argument in arguments for path in _images_in(argument) or [argument]]


def stems(paths: Sequence[str]) -> list[str]:
    """A name without suffix for what is made of each input: that of its file, with a number where one comes again."""
    names: list[str] = []
    used: set[str] = set()
    times: Counter[str] = Counter()
    for path in paths:
        stem = "".join(char if char.isprintable() else "_" for char in PurePath(name_of(path)).stem)
        name = stem
        while name.casefold() in used:
            times[stem] += 1
            name = f"{stem}-{times[stem] + 1}"
        used.add(name.casefold())
        names.append(name)
    return names


def loaded(
    paths: Iterable[str], failures: Failures, advance: Advance, *, load: Callable[[str], GreyImage]
) -> Iterator[Input]:
    """The images, one at a time; those that cannot be loaded are told."""
    for number, path in enumerate(paths):
        image = failures.attempt(load, path)
        if image is None:
            advance()
        else:
            yield Input(number, path, image)


def load_image(path: str) -> GreyImage:
    """The image (H, W) uint8 grey of a file, or of stdin for `-`. Raises InputError when there is none."""
    return _decoded(_content(path), name=name_of(path))


def load(path: str) -> GreyImage:
    """The image (H, W) uint8 grey of a file, of stdin for `-`, or of an ink file, drawn so that lines are about
    `LINE_HEIGHT` high. Raises InputError when there is none."""
    from handwrite.formats import READABLE, decode

    content, name = _content(path), name_of(path)
    form = PurePath(path).suffix[1:].lower()
    if form in READABLE:
        return drawn(decode(content, form, name=name).ink, name=name)
    if UNIPEN_STATEMENT in content:
        return drawn(_unipen(content, name=name), name=name)
    return _decoded(content, name=name)


def drawn(ink: Ink, *, name: str) -> GreyImage:
    """Ink as an image, (H, W) uint8, in which lines are about `LINE_HEIGHT` high. Raises InputError, which calls the
    ink `name`, when there is nothing to draw, or too much."""
    from handwrite.core.render import render

    if not len(ink):
        raise InputError(f"{name}: no ink in it; give a file with strokes")
    lines = (ink.bounds[3] - ink.bounds[1]) / max(STROKES_PER_LINE * _stroke_height(ink), 1e-9)
    try:
        return render(ink, height=round(LINE_HEIGHT * max(lines, 1)))
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def _content(path: str) -> bytes:
    if os.path.isdir(path):
        raise InputError(f"{path}: no images in this folder; give a folder of images such as PNG or JPEG, or files")
    return read_bytes(path)


def _decoded(content: bytes, *, name: str) -> GreyImage:
    import cv2

    from handwrite.core.image import decode_image

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what it finds wrong is told by the error
    return decode_image(content, name=name)


def _images_in(argument: str) -> list[str]:
    from handwrite.core.image import SUFFIXES

    if argument == STREAM or not os.path.isdir(argument):
        return []
    try:
        names = sorted(os.listdir(argument))
    except OSError as error:
        raise InputError(f"{argument}: cannot be listed ({error.strerror or error}); give another folder") from error
    paths = [os.path.join(argument, name) for name in names if name.lower().endswith(SUFFIXES) and name[0] != "."]
    return [path for path in paths if os.path.isfile(path)]


def _unipen(content: bytes, *, name: str) -> Ink:
    """The ink of a UNIPEN recording, all of it, whatever segments are named."""
    from handwrite.corpora.recording import Unresolved, parse_recording, statements

    try:
        recording = parse_recording(statements(content))
        return recording.cut(f"0-{max(len(recording.down) - 1, 0)}")
    except Unresolved as reason:
        raise InputError(f"{name}: UNIPEN, but {reason}; give a recording with points") from reason


def _stroke_height(ink: Ink) -> float:
    """The height of a middling stroke: the median over the way that the pen went."""
    import numpy as np

    from handwrite.core.polyline import along

    strokes = [stroke[:, :2] for stroke in ink.strokes()]
    heights = np.array([np.ptp(stroke[:, 1]) for stroke in strokes])
    ways = np.array([along(stroke)[-1] for stroke in strokes])
    order = np.argsort(heights)
    travelled = ways[order].cumsum()
    return float(heights[order][np.searchsorted(travelled, travelled[-1] / 2)])
