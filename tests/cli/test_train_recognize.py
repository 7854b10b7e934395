"""`handwrite train recognize` with a tiny net: datasets and folders of lines, and going on from weights."""

from __future__ import annotations

import functools
from pathlib import Path

import cv2
import numpy as np
import pytest

from handwrite.cli.app import run
from handwrite.core.checkpoint import load_checkpoint
from handwrite.recognize import task
from handwrite.recognize.task import RecognizeTask

SIZES = {"channels": (4, 4, 4, 8), "hidden": 8}

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "RecognizeTask", functools.partial(RecognizeTask, sizes=SIZES))


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """A folder of twelve lines: as many bars as the text has letters."""
    folder = tmp_path / "mylines"
    folder.mkdir()
    rows = ["file\ttext"]
    for index in range(12):
        text = "il" * (2 + index % 3)
        image = np.full((48, 60 + 24 * len(text)), 250, np.uint8)
        for place, char in enumerate(text):
            image[10 if char == "l" else 22 : 40, 30 + 24 * place : 34 + 24 * place] = 10
        cv2.imwrite(str(folder / f"{index}.png"), image)
        rows.append(f"{index}.png\t{text}")
    (folder / "lines.tsv").write_text("\n".join(rows))
    return folder


def train(data: Path, out: Path, *options: str) -> int:
    arguments = ["train", "recognize", "--data", str(data), "--out", str(out), "--device", "cpu"]
    return run([*arguments, "--max-steps", "3", "--batch-points", "900", *options])


def test_a_folder_of_lines_is_enough(lines: Path, tmp_path: Path, capsys: Capture) -> None:
    assert train(lines, tmp_path / "run") == 0
    err = capsys.readouterr().err
    assert "9 samples to train on, 3 to validate" in err
    header = load_checkpoint(tmp_path / "run" / "best.safetensors", kind="recognize").header
    assert {"i", "l", "Q", "ß", "7"} < set(header.alphabet)
    assert header.corpora == {"mylines": "not stated"}
    assert list(header.scores) == ["cer", "cer_mylines_line"]
    assert cv2.imread(str(tmp_path / "run" / "samples.png")) is not None


def test_lines_that_cannot_be_read_are_told(lines: Path, tmp_path: Path, capsys: Capture) -> None:
    table = lines / "lines.tsv"
    table.write_text(table.read_text().replace("3.png", "mistyped.png"))
    assert train(lines, tmp_path / "run") == 0
    assert "mylines: left out 1; `handwrite data import lines` tells why" in capsys.readouterr().err


def test_weights_go_on_with_new_characters_and_tell_what_was_gained(
    lines: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert train(lines, tmp_path / "first") == 0
    table = lines / "lines.tsv"
    table.write_text(table.read_text("utf-8").replace("lil", "lił"), "utf-8")
    capsys.readouterr()
    weights = tmp_path / "first" / "best.safetensors"
    assert train(lines, tmp_path / "second", "--from", str(weights)) == 0
    err = capsys.readouterr().err
    assert "before: cer " in err
    assert "cer on the held-out samples: " in err
    assert " before, " in err
    assert "characters/s" in err
    old, new = (load_checkpoint(tmp_path / name / "best.safetensors", kind="recognize") for name in ("first", "second"))
    assert new.header.alphabet == old.header.alphabet + "ł"
    assert new.tensors["leave.bias"].shape[0] == old.tensors["leave.bias"].shape[0] + 2
    assert train(lines, tmp_path / "second", "--resume", "--max-steps", "5") == 0


def test_what_goes_wrong_is_one_line(lines: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "empty").mkdir()
    cases = [
        ((tmp_path / "empty", tmp_path / "a"), (), "lines.tsv"),
        ((tmp_path / "none.h5", tmp_path / "b"), (), "none.h5: no such dataset"),
        ((lines, tmp_path / "c"), ("--from", "nowhere"), "nowhere: no such weights"),
        ((lines, tmp_path / "d"), ("--learning-rate", "0"), "--learning-rate 0: must be above 0"),
    ]
    for places, options, message in cases:
        assert train(*places, *options) == 2
        err = capsys.readouterr().err.strip()
        assert message in err
        assert "\n" not in err
        assert not places[1].exists()
