"""`handwrite evaluate synth` with a tiny untrained network: tables, JSON, the sheet, the reading and the errors."""

from __future__ import annotations

import json
import string
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from handwrite.cli.app import run
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.ink import Ink
from handwrite.core.store import Sample, StoreWriter
from handwrite.evaluate.blind_reading import format_key
from handwrite.evaluate.texts import SENTENCES
from handwrite.synth import sampler
from handwrite.synth.model import SynthConfig, SynthNet

Capture = pytest.CaptureFixture[str]
CHARS = "".join(sorted(set(string.ascii_letters + string.digits + " .,:;!?'\"()-")))


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A network that was never trained and draws few points, saved to a file."""
    monkeypatch.setattr(sampler, "MAX_POINTS_PER_CHARACTER", 1)
    monkeypatch.setattr(sampler, "MIN_POINTS", 5)
    torch.manual_seed(0)
    config = SynthConfig(
        symbols=len(CHARS) + 1, writers=2, hidden=8, text_channels=4, style_channels=2, gaussians=2, components=2
    )
    statistics = {"scale": 0.3, "time_step": 0.02, "gap": [0.1, 0.0], "styles": {"ada": 0, "ben": 1}}
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, Header("synth", asdict(config), CHARS, statistics), SynthNet(config).state_dict())
    return str(path)


@pytest.fixture
def dataset(tmp_path: Path) -> str:
    path = tmp_path / "data.h5"
    with StoreWriter(path, licences={"own": "MIT"}) as store:
        for index, text in enumerate(("ab", "Zoe 7", "naïve")):
            points = np.cumsum(np.random.default_rng(index).normal(0.1, 1, (40, 2)), axis=0)
            ink = Ink.from_strokes([np.column_stack([points, np.arange(40) * 0.02])])
            store.add(Sample(ink, text, source="own", name=text, writer="w", split="val"))
    return str(path)


def test_table(weights: str, dataset: str, capsys: Capture) -> None:
    assert run(["evaluate", "synth", "--weights", weights, "--data", dataset, "--texts", "3"]) == 0
    out = capsys.readouterr().out
    assert "split val: 2 lines, 39 points each; 1 left out" in out
    assert "-1096.9" in out
    assert "no skip, repeat or run-on at the first attempt" in out


def test_json(weights: str, dataset: str, capsys: Capture) -> None:
    command = ["evaluate", "synth", "--weights", weights, "--texts", "3", "--json"]
    assert run([*command, "--data", dataset]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["likelihood"]["lines"] == 2
    scores = found["likelihood"]["model"]
    assert scores["nats_per_sequence"] == pytest.approx(39 * scores["nats_per_point"])
    assert found["writing"]["texts"] == 3
    assert run(command) == 0
    assert json.loads(capsys.readouterr().out) == {"likelihood": None, "writing": found["writing"]}


def test_the_style_is_a_name_or_a_number(weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handwrite.evaluate.writing.SENTENCES", SENTENCES[:2])
    pictures = {}
    for style in ("", "ada", "0", "ben", "1"):
        sheet = tmp_path / "sheet.png"
        chosen = ["--style", style] if style else []
        assert run(["evaluate", "synth", "--weights", weights, "--texts", "0", "--sheet", str(sheet), *chosen]) == 0
        pictures[style] = sheet.read_bytes()
    assert pictures[""] == pictures["ada"] == pictures["0"] != pictures["ben"]
    assert pictures["ben"] == pictures["1"]


def test_sheet_and_key(weights: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet, key = tmp_path / "sheet.png", tmp_path / "key.txt"
    monkeypatch.setattr("handwrite.evaluate.writing.SENTENCES", SENTENCES[:4])
    command = ["evaluate", "synth", "--weights", weights, "--texts", "0", "--sheet", str(sheet), "--key", str(key)]
    assert run(command) == 0
    assert capsys.readouterr().out == ""
    assert key.read_text("utf-8") == format_key(SENTENCES)
    picture = cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert picture.shape[1] == 1600
    assert (picture < 128).any()
    drawn = picture.copy()
    assert run(command) == 0
    assert np.array_equal(cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE), drawn)


def test_reading(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "reading.txt"
    wrong = {0: "", 1: "Happy 40th birthday, Roxanme!", 2: "Meet ne at 7:45 by the statiom."}
    path.write_text(format_key([wrong.get(number, text) for number, text in enumerate(SENTENCES)]), "utf-8")
    assert run(["evaluate", "synth", "--score-reading", str(path)]) == 0
    assert "38 of 40 lines with at most 1 wrong character" in capsys.readouterr().out
    assert run(["evaluate", "synth", "--score-reading", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["legible"] == 38
    assert [line["wrong"] for line in found["lines"][:4]] == [len(SENTENCES[0]), 1, 2, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--texts", "301"], "--texts 301: there are 300 texts"),
        (["--bias", "nan"], "--bias nan: must be"),
        (["--style", "4"], "style 4: no such style; there are 0 ada, 1 ben"),
        (["--style", "nobody"], "style nobody: no such style"),
        (["--style", ""], "style : no such style"),
        (["--threads", "0"], "--threads 0: must be from 1"),
        (["--device", "abacus"], "--device abacus: no such device"),
        (["--seed", "-1"], "--seed -1: must be"),
        (["--sheet", "sheet.svg"], "--sheet sheet.svg: a picture is a PNG"),
        (["--key", "nowhere/key.txt"], "cannot write nowhere/key.txt"),
        (["--data", "none.h5"], "none.h5: no such dataset"),
        (["--data", "none.h5", "--split", "dev"], "--split dev: no such split"),
        (["--score-reading", "none.txt"], "cannot read none.txt"),
        (["--weights", "none"], "none: no such weights"),
    ],
)
def test_errors_are_one_line(arguments: list[str], message: str, weights: str, capsys: Capture) -> None:
    options = arguments if "--weights" in arguments else [*arguments, "--weights", weights]
    assert run(["evaluate", "synth", *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("handwrite: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_nothing_to_measure_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "synth", "--texts", "0"]) == 2
    assert "nothing to measure; give --data FILE" in capsys.readouterr().err
