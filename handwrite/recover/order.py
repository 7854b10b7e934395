"""Which way the strokes of a path were drawn, and in which order: told by `OrderNet` from the whole path.

Strokes are shown to it from left to right, so that it hangs on no order that was found before; each is shown either way
round, and what it says of both ways is weighed together. Files of weights are loaded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handwrite.core.batch import pad
from handwrite.core.checkpoint import Header, load_checkpoint, restored
from handwrite.core.device import torch_device
from handwrite.core.ink import Ink
from handwrite.core.path_metrics import Trace, glyph_height, trace_of
from handwrite.recover.order_model import OrderConfig, OrderNet
from handwrite.recover.path import at_one_speed
from handwrite.recover.tempo import SEEN, seen_of

KIND = "order"

COARSE = 2.0
"""Steps of a `Trace` between the points that are seen."""

FEATURES = SEEN + 1

SURE = 0.0
"""The logit beyond which a stroke is turned round."""

Strokes = Sequence[NDArray[np.float64]]
Floats = NDArray[np.float32]


class StrokeOrder:
    """Weights ready to put strokes in order. Make one with `StrokeOrder.load`."""

    def __init__(self, net: OrderNet) -> None:
        self.net = net.eval()

    @classmethod
    def load(cls, weights: str | Path = KIND, *, device: str | torch.device = "auto") -> StrokeOrder:
        """Those of a weights file, or those that come with the program. Raises CheckpointError."""
        checkpoint = load_checkpoint(weights, kind=KIND)
        where = torch_device(device) if isinstance(device, str) else device
        return cls(restore(checkpoint.header, checkpoint.tensors).to(where))

    def put_right(self, inks: Sequence[Ink]) -> list[Ink]:
        """The inks, none of them empty, with their strokes turned and ordered as they were probably written, at one
        speed."""
        shown = [from_left(strokes_of(ink)) for ink in inks]
        turned, late = self.told(shown)
        return [at_one_speed(_rearranged(strokes, turned[row], late[row])) for row, strokes in enumerate(shown)]

    @torch.inference_mode()
    def told(self, shown: Sequence[Strokes]) -> tuple[Floats, Floats]:
        """(B, S) each: the logits that strokes were drawn the other way round, and how late they came, as `OrderNet`
        tells them of the strokes as they are and of all turned round."""
        backwards = [[stroke[::-1] for stroke in strokes] for strokes in shown]
        turned, late = (told.view(2, len(shown), -1) for told in self._told([*shown, *backwards]))
        return ((turned[0] - turned[1]) / 2).cpu().numpy(), late.mean(0).cpu().numpy()

    def _told(self, shown: Sequence[Strokes]) -> tuple[Tensor, Tensor]:
        device = self.net.leave.weight.device
        traces = [trace_of_strokes(strokes) for strokes in shown]
        seen = pad([features(trace) for trace in traces], time_first=True).to(device)
        stroke = pad([trace.stroke for trace in traces], time_first=True).to(device)
        lengths = torch.tensor([len(trace) for trace in traces], device=device)
        told: tuple[Tensor, Tensor] = self.net(seen, lengths, stroke, max(map(len, shown)))
        return told


def strokes_of(ink: Ink) -> list[NDArray[np.float64]]:
    """The strokes (n, 2) of ink, without its clock."""
    return [stroke[:, :2].astype(np.float64) for stroke in ink.strokes()]


def from_left(strokes: Strokes) -> list[NDArray[np.float64]]:
    """The strokes by their left ends."""
    return sorted(strokes, key=lambda stroke: float(stroke[:, 0].min()))


def trace_of_strokes(strokes: Strokes) -> Trace:
    """The points of strokes that are seen, in so many glyph heights as `COARSE` says."""
    ink = at_one_speed(strokes)
    return trace_of(ink, COARSE * glyph_height(ink))


def features(trace: Trace) -> Floats:
    """(N, FEATURES) what is seen of each point: as `tempo.seen_of` has it, and how far right of the leftmost it is."""
    return np.column_stack([seen_of(trace), trace.xy[:, 0] - trace.xy[:, 0].min()]).astype(np.float32)


def _rearranged(strokes: Strokes, turned: Floats, late: Floats) -> list[NDArray[np.float64]]:
    order = np.argsort(late[: len(strokes)], kind="stable").tolist()
    return [strokes[number][::-1] if turned[number] > SURE else strokes[number] for number in order]


def restore(header: Header, tensors: Mapping[str, Tensor]) -> OrderNet:
    """The network of a checkpoint. Raises CheckpointError when its config or its tensors do not fit this program."""
    config: dict[str, Any] = header.config
    return restored(lambda: OrderNet(OrderConfig(**config)), tensors)
