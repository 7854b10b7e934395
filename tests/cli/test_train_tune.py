"""`handwrite train tune` with a tiny untrained network and a tiny language model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from handwrite.cli.app import run
from handwrite.core.checkpoint import Header, load_checkpoint, save_checkpoint
from handwrite.recognize.kneser_ney import train_lm
from handwrite.recognize.model import RecognizeConfig, RecognizeNet
from handwrite.recognize.predict import Tuning

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def command(tmp_path: Path, toy_store: Path) -> list[str]:
    torch.manual_seed(0)
    config = RecognizeConfig(symbols=5, channels=(2, 2, 2, 4), hidden=4, layers=1)
    weights, model = tmp_path / "tiny.safetensors", tmp_path / "lm.safetensors"
    save_checkpoint(weights, Header("recognize", asdict(config), " abc", {}), RecognizeNet(config).state_dict())
    train_lm(["ab c " * 50]).save(model, corpora={}, scores={})
    files = ["--weights", str(weights), "--lm", str(model), "--data", str(toy_store)]
    return ["train", "tune", *files, "-o", str(tmp_path / "tuned.safetensors"), "--limit", "6", "--device", "cpu"]


def test_the_tuning_goes_into_the_weights(command: list[str], tmp_path: Path, capsys: Capture) -> None:
    assert run(command) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "reading: 6 of 6 samples" in err
    tuning = Tuning(**load_checkpoint(tmp_path / "tuned.safetensors", kind="recognize").header.statistics)
    assert f"temperature {tuning.temperature:g}, power {tuning.power:g}, beam temperature" in err
    assert err.endswith(f"wrote {tmp_path}/tuned.safetensors\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limit", "0"], "--limit 0: must be at least 1"),
        (["--split", "dev"], "--split dev: no such split"),
        (["--data", "none.h5"], "none.h5: no such dataset"),
        (["--lm", "nothing"], "nothing: no such weights"),
        (["--weights", "nothing"], "nothing: no such weights"),
        (["--device", "abacus"], "--device abacus: no such device"),
        (["-o", "nowhere/tuned.safetensors"], "cannot write nowhere/tuned.safetensors"),
    ],
)
def test_errors_are_one_line(options: list[str], message: str, command: list[str], capsys: Capture) -> None:
    assert run([*command, *options]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("handwrite: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
