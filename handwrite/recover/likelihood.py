"""How likely the net finds known paths: in training that they are written so, in use which of several ways it was.

With a known path nothing waits for the step before, so that a whole way is judged at once, and with what came after.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from handwrite.core.ink import FloatArray, Ink
from handwrite.recover.batch import PathBatch, Steps, steps_of
from handwrite.recover.glyph import Glyph
from handwrite.recover.model import Encoded, Moves, RecoverNet, flying, landing, log_density
from handwrite.recover.path import path_of
from handwrite.recover.view import CELL

TOGETHER = 64
"""Paths that are judged at once."""


def expected(model: nn.Module, batch: PathBatch) -> tuple[Moves, Tensor, Tensor]:
    """What the net expects of a batch: moves, cells and tempo; see `RecoverNet.forward`."""
    glyphs, steps = (batch.images, batch.widths, batch.scripts), (batch.patches, batch.fed, batch.rest)
    told: tuple[Moves, Tensor, Tensor] = model(*glyphs, *steps, batch.points, batch.point_counts)
    return told


def move_nats(moves: Moves, batch: Steps) -> Tensor:
    """Negative log likelihood (N, B) of the offsets and of what the pen does after them; 0 where it flies, and beyond
    the end of a path."""
    pen = moves.pen.gather(-1, batch.pen[..., None])[..., 0]
    return -(log_density(moves, batch.offsets) + pen) * (batch.mask & ~flying(batch.fed))


def flight_nats(cells: Tensor, batch: Steps) -> Tensor:
    """(J,) negative log probability of the cells that the pen flies to."""
    return -cells.gather(1, batch.cells[:, None])[:, 0]


def path_nats(moves: Moves, cells: Tensor, batch: Steps) -> Tensor:
    """(B,) negative log likelihood of each path."""
    rows = flying(batch.fed).nonzero()[:, 1]
    return move_nats(moves, batch).sum(0).index_add(0, rows, flight_nats(cells, batch))


@torch.inference_mode()
def nats_of(net: RecoverNet, encoded: Encoded, glyphs: Sequence[Glyph], inks: Sequence[tuple[int, Ink]]) -> FloatArray:
    """(n,) negative log likelihood of inks that move at all, each in pixels of the glyph whose number stands before it,
    but for its landings.

    Where in its cell a stroke begins is told by the skeleton; the net is so unsure of it that ways of few strokes would
    win. encoded : of the glyphs, see `decode.encode`. The net is in evaluation mode.
    """
    found = []
    device, width = encoded.cells.device, CELL * encoded.cells.shape[1]
    for start in range(0, len(inks), TOGETHER):
        rows, paths = zip(*((row, path_of(ink)) for row, ink in inks[start : start + TOGETHER]), strict=True)
        steps = steps_of([glyphs[row] for row in rows], paths, width=width).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            moves, cells, _ = net.steps(encoded.only(list(rows)), steps.patches, steps.fed, steps.rest)
        landed = (move_nats(moves, steps) * landing(steps.fed)).sum(0)
        found.append((path_nats(moves, cells, steps) - landed).cpu().numpy())
    return np.concatenate(found).astype(np.float32)
