"""How likely the net finds known paths: in training that they are written so, in use which of several ways it was.

With a known path nothing waits for the step before, so that a whole way is judged at once, and with what came after.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from handwrite.core.ink import FloatArray, Ink
from handwrite.recover.batch import PathBatch, path_batch
from handwrite.recover.data import Example
from handwrite.recover.glyph import Glyph
from handwrite.recover.model import Moves, RecoverNet, flying, log_density
from handwrite.recover.path import path_of


def expected(model: nn.Module, batch: PathBatch) -> tuple[Moves, Tensor, Tensor]:
    """What the net expects of a batch: moves, cells and tempo; see `RecoverNet.forward`."""
    glyphs, steps = (batch.images, batch.widths, batch.scripts), (batch.patches, batch.fed, batch.rest)
    told: tuple[Moves, Tensor, Tensor] = model(*glyphs, *steps, batch.points, batch.point_counts)
    return told


def move_nats(moves: Moves, batch: PathBatch) -> Tensor:
    """Negative log likelihood (N, B) of the offsets and of what the pen does after them; 0 where it flies, and beyond
    the end of a path."""
    pen = moves.pen.gather(-1, batch.pen[..., None])[..., 0]
    return -(log_density(moves, batch.offsets) + pen) * (batch.mask & ~flying(batch.fed))


def flight_nats(cells: Tensor, batch: PathBatch) -> Tensor:
    """(J,) negative log probability of the cells that the pen flies to."""
    return -cells.gather(1, batch.cells[:, None])[:, 0]


def path_nats(moves: Moves, cells: Tensor, batch: PathBatch) -> Tensor:
    """(B,) negative log likelihood of each path."""
    rows = flying(batch.fed).nonzero()[:, 1]
    return move_nats(moves, batch).sum(0).index_add(0, rows, flight_nats(cells, batch))


@torch.inference_mode()
def nats_of(net: RecoverNet, glyphs: Sequence[Glyph], inks: Sequence[Ink], *, script: int = 0) -> FloatArray:
    """(n,) negative log likelihood of each glyph's ink, in its pixels, that moves at all. The net is in evaluation
    mode."""
    device = next(net.parameters()).device
    examples = [Example(glyph, path_of(ink), ink, "") for glyph, ink in zip(glyphs, inks, strict=True)]
    batch = path_batch(examples, [script] * len(examples)).to(device)
    with torch.autocast(device.type, torch.bfloat16):
        moves, cells, _ = expected(net, batch)
    return np.asarray(path_nats(moves, cells, batch).cpu().numpy(), np.float32)
