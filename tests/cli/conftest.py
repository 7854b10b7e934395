"""What tests of several commands share: weights of a tiny network, lines of ink in files, a folder of styles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.formats import encode, format_of
from handwrite.synth import predict, sampler
from handwrite.synth.model import SynthConfig, SynthNet
from handwrite.synth.styles import FOLDER_VARIABLE

CHARS = " abcdefghijklmnopqrstuvwxyz"
STYLES = {"ada": 1, "ben": 2}

Weights = Callable[..., str]
WriteInk = Callable[..., str]


@pytest.fixture
def tiny_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    """Saves a network of lower-case letters that draws few points, and says in which file."""
    monkeypatch.setattr(sampler, "MAX_POINTS_PER_CHARACTER", 4)
    monkeypatch.setattr(sampler, "MIN_POINTS", 8)
    monkeypatch.setattr(predict, "ATTEMPTS", 1)

    def save(name: str = "tiny", *, seed: int = 0, styles: dict[str, int] = STYLES) -> str:
        torch.manual_seed(seed)
        config = SynthConfig(symbols=len(CHARS) + 1, writers=4, hidden=8, text_channels=4, style_channels=4)
        net = SynthNet(config)
        with torch.no_grad():
            net.writer.weight.normal_(std=2)
        path = tmp_path / f"{name}.safetensors"
        statistics = {"scale": 0.5, "time_step": 0.02, "gap": [0.1, 0.0], "styles": styles}
        save_checkpoint(path, Header("synth", asdict(config), CHARS, statistics), net.state_dict())
        return str(path)

    return save


@pytest.fixture
def styles_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's styles are kept, not made yet."""
    folder = tmp_path / "kept" / "styles"
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    return folder


@pytest.fixture
def write_ink(tmp_path: Path) -> WriteInk:
    """Writes ink and what it says to a file, in the format of its suffix, and gives the file's path."""

    def write(name: str, ink: Ink, text: str) -> str:
        path = tmp_path / name
        path.write_bytes(encode(Page.around(ink, margin=5, text=text), format_of(path)))
        return str(path)

    return write
