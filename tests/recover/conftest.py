"""What the tests of recovery share: pictures of strokes, a hand with a clock, and a net of a few weights."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike, NDArray

from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink
from handwrite.core.render import Pen, draw
from handwrite.recover.data import Example
from handwrite.recover.glyph import glyph_of
from handwrite.recover.model import RecoverConfig, RecoverNet
from handwrite.recover.path import path_of

Picture = Callable[..., GreyImage]
Pace = Callable[..., Ink]
NetOf = Callable[..., RecoverNet]
ExampleOf = Callable[..., Example]

SIZES = {
    "channels": (4, 6, 8),
    "columns": 8,
    "values": 12,
    "attention": 8,
    "patch": 12,
    "script": 4,
    "hidden": 16,
    "mixtures": 3,
}


def straight(stroke: NDArray[np.float64]) -> NDArray[np.float64]:
    """The stroke with points close together, so that curves through them have its corners."""
    parts = [np.linspace(*ends, 12, endpoint=False) for ends in pairwise(stroke)]
    return np.concatenate([*parts, stroke[-1:]])


@pytest.fixture(scope="session")
def picture() -> Picture:
    """Draws strokes (n, 2), in pixels, straight from point to point, black on white."""

    def drawn(*strokes: ArrayLike, shape: tuple[int, int] = (100, 160), width: float = 4.0) -> GreyImage:
        ink = Ink.from_strokes([straight(np.asarray(stroke, np.float64)) for stroke in strokes])
        return 255 - draw(ink, shape=shape, pen=Pen(width=width, pressure=0, darkness=1))

    return drawn


@pytest.fixture(scope="session")
def paced() -> Pace:
    """Writes strokes (n, 2) at an even pace, in pixels a second, with a tenth of a second between them."""

    def write(*strokes: ArrayLike, speed: float = 300.0) -> Ink:
        timed: list[NDArray[np.float64]] = []
        for stroke in strokes:
            xy = np.asarray(stroke, np.float64)
            way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
            start = timed[-1][-1, 2] + 0.1 if timed else 0.0
            timed.append(np.column_stack([xy, start + way / speed]))
        return Ink.from_strokes(timed)

    return write


@pytest.fixture(scope="session")
def example_of(picture: Picture, paced: Pace) -> ExampleOf:
    """The example of strokes (n, 2), in pixels of their picture."""

    def example(*strokes: ArrayLike, shape: tuple[int, int] = (100, 160), width: float = 4.0) -> Example:
        glyph = glyph_of(picture(*strokes, shape=shape, width=width))
        ink = glyph.from_image(paced(*strokes))
        return Example(glyph, path_of(ink), ink, "Latn")

    return example


@pytest.fixture(scope="session")
def sizes() -> dict[str, object]:
    """The fields of a small net's config."""
    return dict(SIZES)


@pytest.fixture(scope="session")
def net_of() -> NetOf:
    """A small net whose weights are drawn from a seed, ready for use."""

    def net(*scripts: str, seed: int = 0) -> RecoverNet:
        torch.manual_seed(seed)
        return RecoverNet(RecoverConfig(scripts=scripts, **SIZES)).eval()  # type: ignore[arg-type]

    return net
