"""`handwrite train order` with a tiny net."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from handwrite.cli.app import run
from handwrite.core.checkpoint import load_checkpoint
from handwrite.core.store import Sample, StoreWriter, no_ink
from handwrite.recover import order_task
from handwrite.recover.order_task import OrderTask

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        order_task,
        "OrderTask",
        functools.partial(OrderTask, sizes={"width": 16, "heads": 2, "layers": 1, "memory": 12}),
    )


def train(data: Path, *options: str) -> int:
    arguments = ["train", "order", "--data", str(data), "--device", "cpu"]
    return run([*arguments, "--max-steps", "3", "--batch-points", "900", *options])


def test_a_run_leaves_weights_that_it_can_begin_with(
    toy_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert train(toy_store) == 0
    err = capsys.readouterr().err
    assert "90 samples to train on, 12 to validate" in err
    assert "wrong_toy_line" in err
    weights = tmp_path / "runs" / "order" / "best.safetensors"
    assert load_checkpoint(weights, kind="order").header.corpora == {"toy": "CC0"}
    assert train(toy_store, "--resume", "--max-steps", "5") == 0
    assert train(toy_store, "--from", str(weights), "--out", "second") == 0
    assert " before, " in capsys.readouterr().err


def test_images_have_no_order(tmp_path: Path, capsys: Capture) -> None:
    scans = tmp_path / "scans.h5"
    with StoreWriter(scans, licences={}) as writer:
        writer.add(Sample(no_ink(), "ab", "s", "scan", split="train", image=np.full((20, 30), 255, np.uint8)))
    assert train(scans, "--out", str(tmp_path / "run")) == 2
    assert "scans.h5: holds no ink" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
