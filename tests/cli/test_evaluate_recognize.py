"""`handwrite evaluate recognize` with a tiny untrained network: table, JSON, pictures and errors."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from handwrite.cli.app import run
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.store import Sample, StoreWriter, no_ink
from handwrite.recognize.kneser_ney import train_lm
from handwrite.recognize.model import RecognizeConfig, RecognizeNet

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def weights(tmp_path: Path) -> str:
    torch.manual_seed(0)
    config = RecognizeConfig(symbols=5, channels=(2, 2, 2, 4), hidden=4, layers=1)
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, Header("recognize", asdict(config), " abc", {}), RecognizeNet(config).state_dict())
    return str(path)


@pytest.fixture
def scans(tmp_path: Path) -> str:
    """A word, and a line with nothing on it."""
    path = tmp_path / "scans.h5"
    written = np.full((60, 200), 255, np.uint8)
    cv2.putText(written, "abc", (20, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 0, 3)
    with StoreWriter(path, licences={}) as store:
        for text, level, image in (("abc", "word", written), ("a b", "line", np.full_like(written, 255))):
            store.add(Sample(no_ink(), text, "scans", level, split="val", level=level, image=image))
    return str(path)


def evaluate(*arguments: str) -> int:
    return run(["evaluate", "recognize", "--split", "val", "--device", "cpu", *arguments])


def test_table(weights: str, scans: str, toy_store: Path, capsys: Capture) -> None:
    assert evaluate("--weights", weights, "--data", scans, "--data", str(toy_store), "--decoder", "greedy") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split()[:4] == ["split", "val", "samples", "chars"]
    assert [line.split()[:2] for line in out[1:6]] == [
        ["scans", "2"], ["lines", "1"], ["words", "1"], ["toy", "12"], ["all", "14"],
    ]  # fmt: skip
    assert out[2].count("100.00%") >= 6, "the blank line is read as nothing"
    assert "samples nothing was read" in "\n".join(out)
    assert "samples/s in batches" in "\n".join(out)


def test_json_and_pictures(weights: str, toy_store: Path, tmp_path: Path, capsys: Capture) -> None:
    sheet, curve = tmp_path / "worst.png", tmp_path / "curve.PNG"
    options = ["--limit", "5", "--decoder", "beam", "--lm", "none", "--sheet", str(sheet), "--curve", str(curve)]
    assert evaluate("--weights", weights, "--data", str(toy_store), "--json", *options) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["split"], found["recognition"]["total"]["lines"]) == ("val", 5)
    assert found["levels"] == {}
    assert f"wrote {sheet}" in err
    assert f"wrote {curve}" in err
    assert all(cv2.imread(str(path)) is not None for path in (sheet, curve))


def test_decoders(weights: str, toy_store: Path, tmp_path: Path, capsys: Capture) -> None:
    train_lm(["ab c " * 50]).save(tmp_path / "lm.safetensors", corpora={}, scores={})
    (tmp_path / "words.txt").write_text("abc\ncab\n")
    common = ["--weights", weights, "--data", str(toy_store), "--limit", "3", "--lm", str(tmp_path / "lm.safetensors")]
    assert evaluate(*common) == 0
    assert evaluate(*common, "--decoder", "lexicon", "--lexicon", str(tmp_path / "words.txt")) == 0
    assert capsys.readouterr().out.count("most confused") == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limit", "0"], "--limit 0: must be at least 1"),
        (["--look-again-below", "-0.1"], "--look-again-below -0.1: must be from 0 to 1"),
        (["--level", "page"], "--level page: no such level"),
        (["--split", "dev"], "--split dev: no such split"),
        (["--decoder", "oracle"], "--decoder oracle: no such decoder"),
        (["--decoder", "lexicon"], "--decoder lexicon and --lexicon FILE go together"),
        (["--lexicon", "none.txt"], "cannot read none.txt"),
        (["--decoder", "beam", "--lm", "nothing"], "nothing: no such weights"),
        (["--sheet", "worst.jpg"], "--sheet worst.jpg: a picture is a PNG"),
        (["--curve", "nowhere/curve.png"], "cannot write nowhere/curve.png"),
        (["--device", "abacus"], "--device abacus: no such device"),
        (["--threads", "0"], "--threads 0: must be from 1"),
        (["--data", "none.h5"], "none.h5: no such dataset"),
        (["--weights", "nothing"], "nothing: no such weights"),
        (["--split", "val2"], "no lines and no words in split val2"),
    ],
)
def test_errors_are_one_line(options: list[str], message: str, weights: str, toy_store: Path, capsys: Capture) -> None:
    assert evaluate("--weights", weights, "--data", str(toy_store), "--decoder", "greedy", *options) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("handwrite: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
