"""`handwrite evaluate recover` with skeletons and a tiny untrained network: table, JSON, picture and errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import cv2
import pytest
import torch

from handwrite.cli.app import run
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.ink import Ink
from handwrite.core.store import Sample, StoreWriter
from handwrite.recover.model import RecoverConfig, RecoverNet

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def weights(tmp_path: Path) -> str:
    torch.manual_seed(0)
    sizes = {"columns": 4, "values": 8, "attention": 4, "patch": 8, "script": 2, "hidden": 8, "mixtures": 2}
    config = RecoverConfig(scripts=("Kana", "Latn"), channels=(2, 2, 4), **sizes)
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, Header("recover", asdict(config), "", {}), RecoverNet(config).state_dict())
    return str(path)


@pytest.fixture
def characters(tmp_path: Path, toy_hand: Callable[..., Ink]) -> str:
    """One character of Omniglot by two people, and one of KanjiVG."""
    path = tmp_path / "characters.h5"
    with StoreWriter(path, licences={}) as store:
        for drawer in ("01", "02"):
            name, writer = f"Some/character01/0001_{drawer}", f"Some/{drawer}"
            kind = {"writer": writer, "split": "val", "level": "character", "script": "Kana"}
            store.add(Sample(toy_hand("ab"), "", "omniglot", name, **kind))
        store.add(Sample(toy_hand("c"), "乙", "kanjivg", "04e59", split="val", level="character", script="Hani"))
    return str(path)


def evaluate(*arguments: str) -> int:
    return run(["evaluate", "recover", "--split", "val", "--device", "cpu", *arguments])


def test_table(weights: str, characters: str, toy_store: Path, capsys: Capture) -> None:
    methods = ["--method", "net", "--method", "net-raw", "--method", "skeleton", "--method", "net"]
    data = ["--data", characters, "--data", str(toy_store)]
    assert evaluate(*data, *methods, "--weights", weights, "--limit", "1", "--threads", "1", "--tell-script") == 0
    out = capsys.readouterr().out
    order, shape, notes = (part.splitlines() for part in out.split("\n\n"))
    rows = [line.strip().split("  ")[0] for line in order[1:]]
    assert rows == [
        "kanjivg Hani characters: samples 1, writers 0, of several strokes 0, with a real clock 0",
        *("net", "net-raw", "skeleton"),
        "omniglot Kana characters: samples 1, writers 1, of several strokes 1, with a real clock 1",
        *("net", "net-raw", "skeleton", "two people"),
        "toy Latn words of lines: samples 1, writers 1, of several strokes 1, with a real clock 1",
        *("net", "net-raw", "skeleton"),
    ]  # fmt: skip
    assert order[0].split("  ")[0] == "split val"
    assert "1.00 (1.00, 1.00)  2 pairs" in order[9]
    assert order[9].index("1.00") == order[0].index("stroke tau")
    assert len(shape) == 1 + 3 + 3 * 3
    assert shape[0].split() == ["LDTW", "DTW", "RMSE", "AIoU", "on", "ink", "lifts", "F1"]
    assert max(map(len, [*order, *shape, *notes])) <= 120
    assert notes[-1].startswith("trajectories/s: net ")


def test_json_and_sheet(characters: str, tmp_path: Path, capsys: Capture) -> None:
    sheet = tmp_path / "paths.PNG"
    assert evaluate("--data", characters, "--method", "skeleton", "--json", "--sheet", str(sheet)) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["split"], found["told"], found["seed"], list(found["per_second"])) == ("val", False, 0, ["skeleton"])
    kanji, kana = found["groups"]
    assert (kanji["two_people"], kanji["methods"]["skeleton"]["velocity_r"]) == (None, None)
    assert kana["two_people"] == {"value": 1.0, "low": 1.0, "high": 1.0, "samples": 2}
    row = kana["methods"]["skeleton"]
    measured = [name for name, figure in row.items() if isinstance(figure, dict)]
    assert len(measured) == 12
    assert all(row[name]["low"] <= row[name]["value"] <= row[name]["high"] for name in measured)
    assert row["on_ink"]["value"] == 1
    assert f"wrote {sheet}" in err
    assert cv2.imread(str(sheet)) is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limit", "0"], "--limit 0: must be at least 1"),
        (["--seed", "-1"], "--seed -1: must be at least 0"),
        (["--method", "oracle"], "--method oracle: no such method; choose one of net, net-snapped, net-raw, skeleton"),
        (["--split", "dev"], "--split dev: no such split"),
        (["--split", "val2"], "no ink in split val2"),
        (["--sheet", "worst.jpg"], "--sheet worst.jpg: a picture is a PNG"),
        (["--sheet", "nowhere/paths.png"], "cannot write nowhere/paths.png"),
        (["--device", "abacus"], "--device abacus: no such device"),
        (["--threads", "0"], "--threads 0: must be from 1"),
        (["--data", "none.h5"], "none.h5: no such dataset"),
        (["--method", "net", "--weights", "nothing"], "nothing: no such weights"),
        (["--reader", "nothing"], "nothing: no such weights"),
    ],
)
def test_errors_are_one_line(options: list[str], message: str, characters: str, capsys: Capture) -> None:
    assert evaluate("--data", characters, "--method", "skeleton", *options) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("handwrite: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
