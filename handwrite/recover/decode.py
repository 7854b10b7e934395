"""The net follows its own words: glyphs in, the paths that it finds most likely, step by step.

The pen is kept on the ink, begins strokes where something is left to write, and is lifted where it goes back and forth
over what is written. With the `Ways` of a glyph it goes from place to place on its skeleton, each time to the one that
the net finds most likely, and so can neither stray nor cut a corner; what it leaves out is then the work of `snap`. So
the net does without a stroke order, which `order` is compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handwrite.core.batch import length_mask, pad
from handwrite.core.image import WHITE
from handwrite.recover.batch import fed_of, glyph_tensors, start_of
from handwrite.recover.glyph import INKED, Glyph
from handwrite.recover.model import Encoded, Moves, RecoverNet, log_density
from handwrite.recover.path import DOWN, END, HOVER, START, STRIDE, UP, Path
from handwrite.recover.view import CELL, NEVER, ROWS, Surroundings, trail_of

if TYPE_CHECKING:
    from handwrite.recover.ways import Ways  # which training does not need


DONE, UNDONE = 0.01, 0.1
"""Shares of the ink that are left when the pen has no more to do, and at most when the net may end."""

IDLE, FRESH = 12, 0.2
"""Steps in which nothing new is written, after which the pen is lifted; and the share, of the ink that a step along a
line covers, up to which it is nothing new."""

LANDING = 3.0
"""Pixels from ink that is still to be written within which a stroke begins."""

LEFT = 0.02
"""Share of a cell's ink at which something is left to write there."""

SIGHT = 16.0
"""Pixels from where it hovers within which the pen lands, if anything is left to write there."""

STEP = (0.5 * STRIDE, 1.5 * STRIDE)
"""Pixels along the skeleton that the pen goes in a step, at least and at most."""

SLACK = 2.0
"""Times the steps that the ink would take if the pen passed it once, until the net is stopped."""

Floats = NDArray[np.float32]


@torch.inference_mode()
def encode(net: RecoverNet, glyphs: Sequence[Glyph], *, script: int = 0) -> Encoded:
    """The glyphs as the decoder sees them. script : see `RecoverNet.encode`. The net is in evaluation mode."""
    device = next(net.parameters()).device
    images, widths = glyph_tensors([glyph.pixels for glyph in glyphs])
    with torch.autocast(device.type, torch.bfloat16):
        return net.encode(images.to(device), widths.to(device), torch.full((len(glyphs),), script, device=device))


@torch.inference_mode()
def decode(
    net: RecoverNet, encoded: Encoded, glyphs: Sequence[Glyph], *, ways: Sequence[Ways] | None = None
) -> list[Path]:
    """The path of each glyph. encoded : of the glyphs. ways : of each glyph, to keep to. The net is in evaluation
    mode."""
    device, width = encoded.cells.device, CELL * encoded.cells.shape[1]
    kept_to: Sequence[Ways | None] = ways or [None] * len(glyphs)
    traces = [_Trace(glyph, width, ways=own) for glyph, own in zip(glyphs, kept_to, strict=True)]
    state: tuple[Tensor | None, Tensor | None] = (None, None)
    with torch.autocast(device.type, torch.bfloat16):
        under_way = traces
        while under_way:
            seen, fed, rest = (np.stack(parts) for parts in zip(*(trace.told() for trace in under_way), strict=True))
            patches, told, left = (torch.from_numpy(part).to(device) for part in (seen[None], fed[None], rest[:, None]))
            moves, cells, state = net.steps(encoded, patches, told, left, state)
            offsets = _likeliest(moves, [trace.offered() - trace.points[-1] for trace in under_way])
            pens, flights = moves.pen[0].float().cpu().numpy(), iter(cells.cpu().numpy())
            for trace, offset, pen in zip(under_way, offsets, pens, strict=True):
                if trace.flies:
                    trace.fly(next(flights))
                else:
                    trace.go(offset, pen)
            going = [number for number, trace in enumerate(under_way) if not trace.over]
            if len(going) < len(under_way):
                under_way, encoded = [under_way[number] for number in going], encoded.only(going)
                state = state[0][:, going], state[1][:, going]
    return [trace.path() for trace in traces]


def _likeliest(moves: Moves, offered: Sequence[Floats]) -> Floats:
    """(B, 2) of the offsets (n_i, 2) offered to each the likeliest; the mean of its heaviest component where there are
    none."""
    row = Moves(*(part[0] for part in moves))
    every = torch.arange(len(offered))
    free = row.mean[every, row.log_weight.argmax(-1)]
    counts = torch.tensor([len(offsets) for offsets in offered])
    if not counts.any():
        return np.asarray(free.float().cpu().numpy())
    offsets = pad(offered).to(free.device)
    density = log_density(Moves(*(part[:, None] for part in row)), offsets)
    inside = length_mask(counts, offsets.shape[1]).to(free.device)
    best = offsets[every, density.masked_fill(~inside, -torch.inf).argmax(1)]
    return np.asarray(torch.where((counts > 0)[:, None].to(free.device), best, free).float().cpu().numpy())


class _Trace:
    """Where the pen has been on a glyph so far."""

    def __init__(self, glyph: Glyph, width: int, *, ways: Ways | None = None) -> None:
        self.glyph = glyph
        self.around = Surroundings(glyph.pixels)
        self.ink: Floats = np.zeros((glyph.pixels.shape[0], width), np.float32)
        self.ink[:, : glyph.pixels.shape[1]] = glyph.pixels / WHITE
        self.whole = float(self.ink.sum())
        self.points: list[Floats] = [start_of()]
        self.pens = [START]
        self.trail = trail_of(glyph.pen_width)
        self.nearest = _nearest_ink(glyph)
        self.left, self.idle = self.whole, 0
        self.kept = [False]
        self.step = glyph.pen_width * STRIDE
        self.most = int(SLACK * self.whole / self.step) + 20
        self.over = False
        self.places: Floats = np.zeros((0, 2), np.float32) if ways is None else ways.places.astype(np.float32)
        self.next = np.zeros((0, 0), np.bool_) if ways is None else ways.within(*STEP)

    def told(self) -> tuple[NDArray[np.uint8], Floats, Floats]:
        """(PATCH,), (FED,) and (M, ROWS): what the net is told before the next step."""
        here, before = self.points[-1][None], self.points[max(len(self.points) - 2, 0)][None]
        seen = self.around.patches(here, now=np.array([len(self.points)]))
        fed = fed_of(here - before, np.array(self.pens[-1:]), here)
        return seen[0], fed[0], self.rest()

    def rest(self) -> Floats:
        """(M, ROWS) the share of each cell that is ink without the pen's mark."""
        height, width = self.ink.shape
        cells = self.ink.reshape(height // CELL, CELL, width // CELL, CELL).sum((1, 3)) / CELL**2
        return np.ascontiguousarray(cells.T[:, :ROWS], np.float32)

    def offered(self) -> Floats:
        """(n, 2) the places among which the pen has to choose; none while it flies, or is not kept to ways."""
        away = np.hypot(*(self.places - self.points[-1]).T)
        if not len(away) or self.flies:
            chosen = np.zeros(len(away), np.bool_)
        elif self.pens[-1] == HOVER:
            x, y = np.clip(self.places, 0, np.array(self.ink.shape[::-1]) - 1).astype(np.int64).T
            left = self.ink[y, x] > 0
            near = left & (away < SIGHT)
            chosen = near if near.any() else left
        else:
            chosen = self.next[away.argmin()]
        return np.asarray(self.places[chosen], np.float32)

    def go(self, offset: Floats, pen: Floats) -> None:
        """Take a step and decide what the pen does after it. pen : (3,) log probabilities."""
        lands = self.pens[-1] == HOVER
        place = self.on_ink(self.points[-1] + offset)
        place = self.landing(place) if lands else place
        self.mark(place if lands else self.points[-1], place)
        self.points.append(place)
        self.kept.append(True)
        before, self.left = self.left, float(self.ink.sum())
        self.idle = 0 if before - self.left > FRESH * self.step else self.idle + 1
        self.pens.append(self.action(pen))
        self.over = self.pens[-1] == END

    @property
    def flies(self) -> bool:
        """Whether the pen is in the air, and not yet over where it lands."""
        return self.pens[-1] in (START, UP)

    def fly(self, cells: Floats) -> None:
        """Fly to the likeliest cell where something is left to write. cells : (M * ROWS,) log probabilities."""
        rest = self.rest().ravel()
        best = int(np.where(rest > min(LEFT, rest.max() / 2), cells, -np.inf).argmax())
        self.points.append(CELL * (np.array(divmod(best, ROWS), np.float32) + np.float32(0.5)))
        self.kept.append(False)
        self.pens.append(HOVER)
        self.idle = 0

    def action(self, pen: Floats) -> int:
        """What the pen does after its last step. pen : (3,) log probabilities."""
        wanted = int(pen.argmax())
        if wanted == DOWN and self.idle >= IDLE:
            self.kept[-IDLE:] = [False] * IDLE
            self.idle, wanted = 0, UP
        if wanted == END and self.left > UNDONE * self.whole:
            wanted = UP
        done = self.left < DONE * self.whole
        return END if (wanted != DOWN and done) or len(self.points) > self.most else wanted

    def landing(self, place: Floats) -> Floats:
        """The place, or the nearest one where ink is still to be written."""
        rows, columns = np.nonzero(self.ink > INKED * self.ink.max())
        if not len(rows):
            return place
        there = np.column_stack([columns, rows]).astype(np.float32) + 0.5
        away = np.hypot(*(there - place).T)
        return there[away.argmin()] if away.min() > LANDING else place

    def on_ink(self, place: Floats) -> Floats:
        """The place, or the nearest one on ink."""
        height, width = self.glyph.pixels.shape
        x, y = (int(np.clip(value, 0, size - 1)) for value, size in zip(place, (width, height), strict=True))
        row, column = self.nearest[y, x]
        return place if (row, column) == (y, x) else np.array([column + 0.5, row + 0.5], np.float32)

    def mark(self, start: Floats, stop: Floats) -> None:
        """Cover the way of a step."""
        ends = [np.round(16 * (place - 0.5)).astype(int).tolist() for place in (start, stop)]
        way = np.zeros(self.ink.shape, np.uint8)
        cv2.line(way, ends[0], ends[1], (1,), self.trail, cv2.LINE_8, shift=4)
        self.ink[way > 0] = 0
        steps = self.around.steps
        steps[(way[:, : steps.shape[1]] > 0) & (steps == NEVER)] = len(self.points)

    def path(self) -> Path:
        """What was written, without idle steps."""
        kept = np.array(self.kept)
        lifted = np.array(self.pens) != DOWN
        stroke = np.cumsum(lifted) - lifted
        pen = np.where(np.diff(stroke[kept], append=-1) != 0, UP, DOWN)
        pen[-1:] = END
        return Path(np.array(self.points, np.float32)[kept], pen)


def _nearest_ink(glyph: Glyph) -> NDArray[np.int32]:
    """(H, W, 2) the row and column of the ink that is nearest to each pixel."""
    bare = (glyph.pixels <= INKED * glyph.pixels.max()).astype(np.uint8)
    labels = cv2.distanceTransformWithLabels(bare, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1]
    rows, columns = np.nonzero(bare == 0)
    table = np.zeros((labels.max() + 1, 2), np.int32)
    table[labels[rows, columns]] = np.stack([rows, columns], 1)
    nearest: NDArray[np.int32] = table[labels]
    return nearest
