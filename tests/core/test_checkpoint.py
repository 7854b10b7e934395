"""Checkpoints: what was written comes back, and nothing else is taken for one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from handwrite.core import checkpoint
from handwrite.core.checkpoint import FORMAT, VERSION, Header, load_checkpoint, resolve, save_checkpoint
from handwrite.errors import CheckpointError, InputError

HEADER = Header(
    kind="synth",
    config={"hidden": 4},
    alphabet="a é",
    statistics={"scale": 0.5},
    corpora={"toy": "CC0"},
    scores={"nats": -1.5},
    seed=7,
    training={"steps": 3},
)
TENSORS = {"weight": torch.tensor([[1.0, 1 / 3]]), "count": torch.tensor([2])}


def test_round_trip(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "a.safetensors", HEADER, TENSORS, half=False)
    loaded = load_checkpoint(tmp_path / "a.safetensors", kind="synth")
    assert loaded.header == HEADER
    assert loaded.tensors["weight"].equal(TENSORS["weight"])
    assert loaded.tensors["count"].tolist() == [2]


def test_half_precision_is_half_the_bytes_and_rounds(tmp_path: Path) -> None:
    weight = torch.randn(100, 100)
    sizes = {}
    for half in (True, False):
        path = tmp_path / f"{half}.safetensors"
        save_checkpoint(path, HEADER, {"weight": weight.T}, half=half)
        sizes[half] = path.stat().st_size
    loaded = load_checkpoint(tmp_path / "True.safetensors", kind="synth").tensors["weight"]
    assert sizes[False] - sizes[True] == 2 * weight.numel()
    assert loaded.dtype == torch.float32
    assert loaded.equal(weight.T.half().float())
    assert not loaded.equal(weight.T)


def test_another_kind_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "a.safetensors", HEADER, TENSORS)
    with pytest.raises(CheckpointError, match=r"a\.safetensors: weights of synth, not of recover"):
        load_checkpoint(tmp_path / "a.safetensors", kind="recover")


def metadata(**changes: Any) -> dict[str, str]:
    """What a good file says of itself, but for the changes; None takes a field of the header away."""
    header = {"kind": "synth", "config": {}, "alphabet": "a", "statistics": {}} | changes
    header = {name: value for name, value in header.items() if value is not None}
    return {"format": FORMAT, "version": str(VERSION), "header": json.dumps(header)}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (metadata(hue=3), r"unknown fields \['hue'\]"),
        (metadata(alphabet=None), "header is damaged"),
        (metadata() | {"header": "{"}, "header is damaged"),
        ({"format": FORMAT, "version": str(VERSION)}, "header is damaged"),
        (metadata() | {"version": "99"}, "this version"),
        ({"format": "pt"}, "not a checkpoint"),
    ],
)
def test_a_strange_header_is_refused(said: dict[str, str], message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file(TENSORS, path, metadata=said)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(path, kind="synth")


def test_the_planted_header_is_good_without_its_faults(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "a.safetensors", metadata=metadata())
    assert load_checkpoint(tmp_path / "a.safetensors", kind="synth").header.alphabet == "a"


@pytest.mark.parametrize("keep", [0, 5, 100, -3])
def test_a_damaged_file_is_refused(keep: int, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, HEADER, TENSORS)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"a\.safetensors: not a weights file, or damaged"):
        load_checkpoint(path, kind="synth")


def test_names_are_looked_for_in_the_folders_of_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "FOLDERS", (tmp_path / "none", tmp_path))
    save_checkpoint(tmp_path / "synth.safetensors", HEADER, TENSORS)
    assert resolve("synth", kind="synth") == tmp_path / "synth.safetensors"
    with pytest.raises(CheckpointError, match="nonsense: no such weights"):
        resolve("nonsense", kind="synth")


def test_an_unwritable_place_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write"):
        save_checkpoint(tmp_path / "none" / "a.safetensors", HEADER, TENSORS)
