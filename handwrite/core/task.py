"""What the tasks of several networks share: their samples, where training begins, and what a checkpoint says of it.

A task is what `train.loop` trains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from torch import Tensor, nn

from handwrite.core.checkpoint import Header
from handwrite.errors import InputError

Sample = TypeVar("Sample")
Net = TypeVar("Net", bound=nn.Module)


@dataclass
class Learning(Generic[Sample, Net]):
    """The fields of a task and the header of its checkpoints.

    training, validation : samples. corpora : name -> licence. budget : of a batch when padded, in the task's unit.
    start : weights to begin with, whose sizes hold. sizes : fields of the config of a net that begins anew.
    """

    kind: ClassVar[str]

    training: Sequence[Sample]
    validation: Sequence[Sample]
    corpora: dict[str, str]
    seed: int = 0
    budget: int = 10_000
    start: tuple[Header, Mapping[str, Tensor]] | None = None
    sizes: Mapping[str, Any] = field(default_factory=dict)
    model: Net = field(init=False)

    def check(self, validated: Sized, *, samples: str) -> None:
        """Raises InputError when there is nothing to train or to validate with."""
        if not self.training or not validated:
            purpose = "validate" if self.training else "train"
            raise InputError(f"no usable {samples} to {purpose} with; give more data")

    def header(self) -> Header:
        """The header of a checkpoint that was never trained; the loop adds how it was."""
        config: Any = self.model.config
        return Header(self.kind, asdict(config), alphabet="", statistics={}, corpora=self.corpora, seed=self.seed)
