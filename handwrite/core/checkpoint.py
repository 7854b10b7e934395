"""Weights files: one safetensors file that holds all that using a model needs.

The header carries the kind, the config, the alphabet, the statistics, the corpora with their licences, the scores and
the seed. Nothing is ever read by pickle. This module alone knows where named weights live. What a resumed training
needs besides lies in a second file, written by `train.loop`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from handwrite.core.files import write_atomic
from handwrite.errors import CheckpointError

FORMAT = "handwrite-checkpoint"
VERSION = 1
Net = TypeVar("Net", bound=torch.nn.Module)
PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = (PACKAGE / "models", PACKAGE.parent / "models")
"""Where named weights are looked for: in the installed package, then in a checkout."""


@dataclass(frozen=True)
class Header:
    """What a checkpoint says about its weights.

    kind : the model's name, such as "synth". config : the fields of the model's config. alphabet : its characters in
    order. statistics : what scales data in and out. corpora : name -> licence. scores : name -> figure on validation.
    """

    kind: str
    config: dict[str, Any]
    alphabet: str
    statistics: dict[str, Any]
    corpora: dict[str, str] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    training: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """A header and its tensors, by name, float32."""

    header: Header
    tensors: dict[str, torch.Tensor]


def resolve(weights: str | Path, *, kind: str) -> Path:
    """The file of `weights`: a path, or the name of weights that come with the program."""
    path = Path(weights)
    if os.path.isfile(path):
        return path
    for folder in FOLDERS:
        named = folder / f"{weights}.safetensors"
        if os.path.isfile(named):
            return named
    raise CheckpointError(f"{weights}: no such weights; give a .safetensors file of `handwrite train` (kind {kind})")


def save_checkpoint(
    path: str | Path, header: Header, tensors: Mapping[str, torch.Tensor], *, half: bool = True
) -> None:
    """Write a checkpoint, whole or not at all; floating-point tensors in half precision unless `half` is False."""
    packed = {name: _packed(tensor, half) for name, tensor in tensors.items()}
    metadata = {"format": FORMAT, "version": str(VERSION), "header": json.dumps(asdict(header), ensure_ascii=False)}
    write_atomic(Path(path), save(packed, metadata))


def load_checkpoint(weights: str | Path, *, kind: str) -> Checkpoint:
    """Read a checkpoint of the given kind. Raises CheckpointError when it is missing, damaged or of another kind."""
    path = resolve(weights, kind=kind)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            header = _read_header(path, metadata, kind)
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: not a weights file, or damaged; train or download it again") from error
    return Checkpoint(header, tensors)


def restored(make: Callable[[], Net], tensors: Mapping[str, torch.Tensor]) -> Net:
    """The network that `make` builds, with these tensors. Raises CheckpointError when its config or the tensors do not
    fit this program."""
    try:
        net = make()
        net.load_state_dict(dict(tensors))
    except (TypeError, RuntimeError) as error:
        raise CheckpointError("these weights are not of this version's network; update handwrite") from error
    return net


def _packed(tensor: torch.Tensor, half: bool) -> torch.Tensor:
    tensor = tensor.detach().cpu().contiguous()
    return tensor.half() if half and tensor.is_floating_point() else tensor


def _read_header(path: Path, metadata: Mapping[str, str], kind: str) -> Header:
    if metadata.get("format") != FORMAT or metadata.get("version") != str(VERSION):
        raise CheckpointError(f"{path}: not a checkpoint that this version of handwrite reads; train it again")
    try:
        values = json.loads(metadata["header"])
        unknown = set(values) - {item.name for item in fields(Header)}
        if unknown:
            raise CheckpointError(f"{path}: its header has unknown fields {sorted(unknown)}; update handwrite")
        header = Header(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: its header is damaged; train or download it again") from error
    if header.kind != kind:
        raise CheckpointError(f"{path}: weights of {header.kind}, not of {kind}; give the right file")
    return header
