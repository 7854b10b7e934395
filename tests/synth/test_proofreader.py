"""The proofreader: nats against every path, and a tiny network that learns to tell three letters apart."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from handwrite.core import geometry
from handwrite.core.alphabet import Alphabet
from handwrite.core.batch import InkBatch
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.store import Store
from handwrite.errors import CheckpointError
from handwrite.synth.data import load_lines
from handwrite.synth.proof_model import ProofConfig, ProofNet
from handwrite.synth.proof_task import ProofTask
from handwrite.synth.proofreader import HARDEST, Proofreader, restore
from handwrite.synth.task import SynthTask

CONFIG = ProofConfig(symbols=4, channels=8, blocks=1)
SIZES = {"hidden": 16, "text_channels": 8, "style_channels": 4, "gaussians": 3, "components": 3}


def said(path: tuple[int, ...]) -> tuple[int, ...]:
    """What a path of frames says: repeats joined, blanks left out."""
    return tuple(symbol for symbol, _ in itertools.groupby(path) if symbol)


def test_nats_are_those_of_all_paths_together() -> None:
    torch.manual_seed(0)
    reader = Proofreader(ProofNet(CONFIG), Alphabet("abc"), scale=0.5)
    offsets = np.random.default_rng(0).normal(size=(18, 3)).astype(np.float32)
    with torch.no_grad():
        unit = torch.from_numpy(offsets * np.array([2, 2, 1], np.float32))
        frames = reader.net(unit[:, None], torch.tensor([18]))[0][:, 0].exp()
    for text, symbols in (("ab", (1, 2)), ("aa", (1, 1)), ("cab", (3, 1, 2))):
        paths = [path for path in itertools.product(range(4), repeat=len(frames)) if said(path) == symbols]
        probability = sum(float(frames[range(len(path)), list(path)].prod()) for path in paths)
        assert reader.nats([offsets], [text])[0] == pytest.approx(-np.log(probability) / len(text), rel=1e-4)


def test_what_cannot_be_there_and_what_is_not_known() -> None:
    reader = Proofreader(ProofNet(CONFIG), Alphabet("abc"), scale=1.0)
    short = np.zeros((8, 3), np.float32)
    impossible, unknown, plain, mixed = reader.nats([short] * 4, ["abcab", "?!", "a", "a?"])
    assert impossible == HARDEST
    assert unknown == 0
    assert plain == mixed


@pytest.fixture(scope="module")
def task(toy_store: Path) -> ProofTask:
    store = Store(toy_store)
    lines = load_lines([store], splits=("train",)), load_lines([store], splits=("val",), levels=("line",))
    samples = SynthTask(*lines, {"toy": "CC0"}, budget=1500, sizes=SIZES)
    model = ProofNet(ProofConfig(symbols=len(samples.alphabet), channels=24, blocks=2))
    made = ProofTask(samples, model)
    search = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(120):
        loss, _ = made.loss(model, made.batch(step))
        search.zero_grad()
        loss.backward()
        search.step()
    return made


def test_it_learns_to_read(task: ProofTask) -> None:
    scores = task.validate(task.model)
    assert scores["cer"] < 0.1
    assert scores["nats_per_character"] < 0.5
    assert ProofTask(task.samples).validate(ProofNet(task.model.config))["cer"] > 0.5


def test_validation_goes_where_the_net_is(task: ProofTask, monkeypatch: pytest.MonkeyPatch) -> None:
    devices: list[torch.device] = []
    monkeypatch.setattr(InkBatch, "to", lambda batch, device: devices.append(device) or batch)
    task.validate(task.model)
    scored = len(devices)
    task.picture(task.model)
    assert 0 < scored < len(devices)


def test_the_right_text_is_the_easiest_to_read(task: ProofTask, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_checkpoint(path, task.header(), task.model.state_dict())
    reader = Proofreader.load(path, device=torch.device("cpu"))
    for line in task.samples.validation[:5]:
        offsets = geometry.resample(line.ink, task.samples.statistics.time_step).offsets()
        others = [line.text[::-1], "abc", f"{line.text} a", line.text[1:]]
        right, *wrong = reader.nats([offsets] * 5, [line.text, *others])
        assert right < min(nats for nats, text in zip(wrong, others, strict=True) if text != line.text)


def test_weights_that_do_not_fit() -> None:
    header = Header("proofreader", {"symbols": 4, "channels": 8, "blocks": 1, "depth": 2}, "abc", {"scale": 1.0})
    with pytest.raises(CheckpointError, match="update handwrite"):
        restore(header, {})
