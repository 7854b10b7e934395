"""Examples as padded tensors: glyphs, and for each step what the net is told before it and what it should say.

In training the pen is now and then put beside the path, as it will be when the net follows its own words, and the net
is asked for the way back to it: a cure for exposure bias that needs no unrolling (as DAgger, Ross, Gordon and Bagnell
2011, with drawn instead of own mistakes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handwrite.core.batch import length_mask, pad
from handwrite.core.path_metrics import glyph_height, trace_of
from handwrite.recover.data import Example
from handwrite.recover.glyph import HEIGHT, Glyph
from handwrite.recover.model import PENS_FED, PER_UNIT
from handwrite.recover.path import DOWN, HOVER, START, UP, Path
from handwrite.recover.tempo import seen_of, shaken, true_tempo
from handwrite.recover.view import CELL, NEVER, ROWS, Surroundings, left_to_write, written_at

ASTRAY = (0.0, 1.6)
"""Least and most pixels, standard deviation, that the pen is off the path in an example."""

FADING = 0.8 ** np.arange(12)
FADING /= np.sqrt((FADING**2).sum())
"""How one step's error lives on in the next ones."""

MISSED = (0.0, 4.0)
"""The same of the place over which the pen hovers before a stroke."""

Floats = NDArray[np.float32]
Own = TypeVar("Own", bound="Steps")


@dataclass(frozen=True)
class Steps:
    """Known paths, as the net is told of them and asked for them step by step.

    patches (N, B, PATCH) uint8, fed (N, B, FED), rest (B, N, M, ROWS) : see `RecoverNet.steps`. offsets : (N, B, 2)
    float32, from where the pen was before each step to where it should be after. cells : (J,) int64, of those steps in
    which the pen flies the cell where it should be after. pen : (N, B) int64. lengths : (B,) int64 steps.
    """

    patches: Tensor
    fed: Tensor
    rest: Tensor
    offsets: Tensor
    cells: Tensor
    pen: Tensor
    lengths: Tensor

    @property
    def mask(self) -> Tensor:
        """(N, B) bool, true where there is a step."""
        return length_mask(self.lengths, len(self.pen)).T

    def to(self: Own, device: torch.device) -> Own:
        """The same on a device."""
        return type(self)(**{name: part.to(device, non_blocking=True) for name, part in vars(self).items()})


@dataclass(frozen=True)
class PathBatch(Steps):
    """Glyphs, their paths, and their tempo.

    images, widths, scripts : see `RecoverNet.encode`. points (P, B, SEEN), point_counts (B,) : see `Tempo`. tempo :
    (P, B) float32 log speed at the points, NaN where it is not known.
    """

    images: Tensor
    widths: Tensor
    scripts: Tensor
    points: Tensor
    point_counts: Tensor
    tempo: Tensor


def glyph_tensors(images: Sequence[NDArray[np.uint8]]) -> tuple[Tensor, Tensor]:
    """Glyphs (HEIGHT, w_i) uint8 as images (B, HEIGHT, W) float32 and widths (B,)."""
    columns = pad([image.T for image in images], multiple=CELL)
    return columns.transpose(1, 2).float() / 255, torch.tensor([image.shape[1] for image in images])


def path_batch(
    examples: Sequence[Example], scripts: Sequence[int], *, rng: np.random.Generator | None = None
) -> PathBatch:
    """A batch of glyphs, their paths and their scripts' numbers; with `rng` the pen goes astray."""
    images, widths = glyph_tensors([example.glyph.pixels for example in examples])
    glyphs, paths = [example.glyph for example in examples], [example.path for example in examples]
    traces = [trace_of(example.ink, glyph_height(example.ink)) for example in examples]
    return PathBatch(
        **vars(steps_of(glyphs, paths, width=images.shape[2], rng=rng)),
        images=images,
        widths=widths,
        scripts=torch.tensor(scripts),
        points=pad([seen_of(shaken(trace, rng) if rng else trace) for trace in traces], time_first=True),
        point_counts=torch.tensor([len(trace) for trace in traces]),
        tempo=pad([true_tempo(trace) for trace in traces], time_first=True, beyond=np.nan),
    )


def steps_of(
    glyphs: Sequence[Glyph], paths: Sequence[Path], *, width: int, rng: np.random.Generator | None = None
) -> Steps:
    """The steps of each glyph's path. width : columns to which images are padded; with `rng` the pen goes astray."""
    told = [_told(glyph, path, width, rng) for glyph, path in zip(glyphs, paths, strict=True)]
    seen, fed, rest, offsets, pen, cells = zip(*told, strict=True)
    cell = pad(cells, time_first=True, beyond=-1)
    return Steps(
        patches=pad(seen, time_first=True),
        fed=pad(fed, time_first=True),
        rest=pad(rest),
        offsets=pad(offsets, time_first=True),
        cells=cell[cell >= 0],
        pen=pad(pen, time_first=True),
        lengths=torch.tensor([len(one) for one in pen]),
    )


def _told(
    glyph: Glyph, path: Path, width: int, rng: np.random.Generator | None
) -> tuple[NDArray[np.uint8], Floats, Floats, Floats, NDArray[np.int64], NDArray[np.int64]]:
    """What a path says before each step, and the offset, the pen and the cell, -1 where none, that it wants.

    A stroke takes a step more than it has points: the pen first flies to the middle of the cell where it begins, hovers
    there, where the net sees the ink closely, and then lands.
    """
    begins = np.concatenate([[True], path.pen[:-1] != DOWN])
    point = np.repeat(np.arange(len(path)), 1 + begins)
    hovers = np.append(point[1:] == point[:-1], False)
    places = path.points[point]
    last = -(-glyph.pixels.shape[1] // CELL) - 1
    cells = np.clip(places // CELL, 0, (last, ROWS - 1)).astype(np.int64)
    places = np.where(hovers[:, None], CELL * (cells + np.float32(0.5)), places)
    before = np.concatenate([start_of()[None], places[:-1]])
    if rng is not None:
        before[1:] += _astray(len(point) - 1, rng)
        before[1:][hovers[:-1]] += rng.normal(0, rng.uniform(*MISSED), (hovers.sum(), 2))
    moved = np.diff(before, axis=0, prepend=before[:1])
    did = np.concatenate([[START], np.where(hovers, HOVER, path.pen[point])[:-1]])
    steps = written_at(path.points, path.pen != DOWN, shape=glyph.pixels.shape, pen_width=glyph.pen_width)
    steps[steps < NEVER] = np.flatnonzero(~hovers)[steps[steps < NEVER]]
    pixels = np.pad(glyph.pixels, ((0, 0), (0, width - glyph.pixels.shape[1])))
    wide = np.pad(steps, ((0, 0), (0, width - steps.shape[1])))
    around = Surroundings(glyph.pixels)
    around.steps[:] = steps
    return (
        around.patches(before, now=np.arange(len(point))),
        fed_of(moved, did, before),
        left_to_write(pixels, wide, len(point)),
        (places - before).astype(np.float32),
        np.where(hovers, UP, path.pen[point]),
        np.where(hovers, cells[:, 0] * ROWS + cells[:, 1], -1),
    )


def start_of() -> Floats:
    """(2,) where the pen is before the first step."""
    return np.array([0, HEIGHT / 2], np.float32)


def fed_of(moved: Floats, pen: NDArray[np.int64], places: Floats) -> Floats:
    """(N, FED) float32: offsets (N, 2) in pixels, what the pen did (N,), and where it is (N, 2)."""
    fed = np.concatenate([moved / PER_UNIT, np.eye(PENS_FED)[pen], places / HEIGHT], 1)
    return fed.astype(np.float32)


def _astray(count: int, rng: np.random.Generator) -> Floats:
    """(count, 2) how far the pen is off, in pixels: slowly changing, with some jitter."""
    noise = rng.standard_normal((count + len(FADING) - 1, 2)) * rng.uniform(*ASTRAY)
    return np.stack([np.convolve(axis, FADING, "valid") for axis in noise.T], 1).astype(np.float32)
