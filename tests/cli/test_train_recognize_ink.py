"""`handwrite train recognize --input ink` with a tiny net."""

from __future__ import annotations

import functools
from pathlib import Path

import cv2
import numpy as np
import pytest

from handwrite.cli.app import run
from handwrite.core.checkpoint import load_checkpoint
from handwrite.core.store import Sample, StoreWriter, no_ink
from handwrite.recognize import ink_task
from handwrite.recognize.ink_task import InkReaderTask

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"channels": 8, "hidden": 8}
    monkeypatch.setattr(ink_task, "InkReaderTask", functools.partial(InkReaderTask, sizes=sizes))


def train(data: Path, *options: str) -> int:
    arguments = ["train", "recognize", "--input", "ink", "--data", str(data), "--device", "cpu"]
    return run([*arguments, "--max-steps", "3", "--batch-points", "900", *options])


def test_a_run_on_ink_leaves_an_ink_reader(
    toy_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert train(toy_store) == 0
    err = capsys.readouterr().err
    assert "90 samples to train on, 12 to validate" in err
    assert "cer_toy_line" in err
    weights = tmp_path / "runs" / "ink_reader" / "best.safetensors"
    header = load_checkpoint(weights, kind="ink_reader").header
    assert header.corpora == {"toy": "CC0"}
    assert train(toy_store, "--resume", "--max-steps", "5") == 0
    assert train(toy_store, "--from", str(weights), "--out", "second") == 0
    assert " before, " in capsys.readouterr().err


def test_what_goes_wrong_is_one_line(toy_store: Path, tmp_path: Path, capsys: Capture) -> None:
    scans, folder = tmp_path / "scans.h5", tmp_path / "mylines"
    with StoreWriter(scans, licences={}) as writer:
        writer.add(Sample(no_ink(), "ab", "s", "scan", split="train", image=np.full((20, 30), 255, np.uint8)))
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), np.full((20, 30), 255, np.uint8))
    (folder / "lines.tsv").write_text("file\ttext\n1.png\tab")
    cases = [
        (scans, (), "scans.h5: holds no ink"),
        (folder, (), "mylines: holds no ink"),
        (toy_store, ("--input", "sound"), "--input sound: no such input; choose one of image, ink"),
        (toy_store, ("--from", "nowhere"), "nowhere: no such weights"),
    ]
    for data, options, message in cases:
        assert train(data, "--out", str(tmp_path / "run"), *options) == 2
        err = capsys.readouterr().err.strip()
        assert message in err
        assert "\n" not in err
    assert not (tmp_path / "run").exists()
