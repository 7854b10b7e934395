"""`handwrite evaluate all` with tiny untrained networks: every table, JSON, a file and errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from handwrite.cli.app import run
from handwrite.core.alphabet import Alphabet
from handwrite.core.ink import Ink
from handwrite.core.store import Sample, StoreWriter
from handwrite.evaluate import everything, speeds
from handwrite.evaluate.everything import Models
from handwrite.recognize.ink_features import FEATURES
from handwrite.recognize.ink_model import InkReaderConfig, InkReaderNet
from handwrite.recognize.ink_predict import InkReader
from handwrite.recognize.model import RecognizeConfig, RecognizeNet
from handwrite.recognize.predict import Recognizer, Tuning
from handwrite.recover.model import RecoverConfig, RecoverNet
from handwrite.recover.predict import Recoverer
from handwrite.synth.predict import Synthesizer

Capture = pytest.CaptureFixture[str]
CHARS = " abc"


@pytest.fixture(autouse=True)
def models(tiny_weights: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Models:
    """In place of those that come with the program."""
    torch.manual_seed(0)
    sizes = {"columns": 4, "values": 8, "attention": 4, "patch": 8, "script": 2, "hidden": 8, "mixtures": 2}
    reads = RecognizeNet(RecognizeConfig(symbols=5, channels=(4, 4, 4, 8), hidden=8))
    found = Models(
        synthesizer=Synthesizer.load(tiny_weights(), device="cpu"),
        recognizer=Recognizer(reads, Alphabet(CHARS), tuning=Tuning()),
        ink_reader=InkReader(InkReaderNet(InkReaderConfig(5, FEATURES, channels=8, hidden=8)), Alphabet(CHARS)),
        recoverers={
            "net": Recoverer(RecoverNet(RecoverConfig(scripts=("Latn",), channels=(2, 2, 4), **sizes))),
            "skeleton": Recoverer(),
        },
    )
    monkeypatch.setattr(Models, "load", lambda **options: found)
    monkeypatch.setattr(everything, "HARD", 2)
    monkeypatch.setattr(everything, "DECODERS", {"greedy": None, "beam": None})
    monkeypatch.setattr(everything, "TIMED", 2)
    monkeypatch.setattr(speeds, "LINES", 2)
    monkeypatch.setattr(speeds, "RUNS", 1)
    monkeypatch.setattr(speeds, "draw_plainly", lambda net, texts, seed: 7)
    return found


@pytest.fixture
def data(tmp_path: Path, toy_hand: Callable[..., Ink]) -> str:
    """Three lines and two words of ink."""
    path, generator = tmp_path / "data.h5", np.random.default_rng(0)
    with StoreWriter(path, licences={"pen": "CC0"}) as store:
        for number, text in enumerate(("ab ca", "cab b", "bb ac", "abc", "cab")):
            level = "line" if " " in text else "word"
            ink = toy_hand(text, generator=generator)
            kind = {"writer": f"w{number % 2}", "split": "test", "level": level}
            store.add(Sample(ink, text, "pen", str(number), **kind))
    return str(path)


def evaluate(*arguments: str) -> int:
    return run(["evaluate", "all", "--device", "cpu", *arguments])


def test_every_table(data: str, tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "results.md"
    assert evaluate("--data", data, "--lines", "3", "--paths", "2", "-o", str(page)) == 0
    out = capsys.readouterr().out
    assert page.read_text() == out
    tables = {part.splitlines()[0]: part.splitlines() for part in out.split("## ")[1:]}
    assert list(tables) == [
        "What the recognizer reads in written lines",
        "How lines vary",
        "Recognition",
        "Recovery",
        "What the ink reader reads in recovered words",
        "Speed",
    ]
    hands = [row.split("|")[1:3] for row in tables["How lines vary"] if row.startswith("| ")][1:]
    assert [name.strip() for name, _ in hands] == [
        *("people", "bias 0", "bias 0.25", "bias 0.5", "bias 0.75", "bias 1"),
        *("all styles", "ada", "ben", "hard texts"),
    ]
    written = [row for row in tables["What the recognizer reads in written lines"] if row.startswith("| ")][1:]
    assert [int(row.split("|")[2]) for row in written] == [3, 3, 3, 3, 3, 3, 3, 2, 1, 2]
    assert [row.split("|")[1].strip() for row in tables["Recognition"] if row.startswith("| pen")] == ["pen"]
    assert len([row for row in tables["Recovery"] if "skeleton" in row]) == 2
    assert any(row.startswith("| pen    | 2     |") for row in tables["What the ink reader reads in recovered words"])
    assert [row.split("|")[1].strip() for row in tables["Speed"] if row.startswith("| ")] == [
        *("model", "synth", "recognize", "recover")
    ]
    for rows in tables.values():
        assert len({row.count("|") for row in rows if row.startswith("|")}) == 1
        assert len({len(row) for row in rows if row.startswith("|")}) == 1


def test_json_holds_the_same_figures(data: str, capsys: Capture) -> None:
    assert evaluate("--data", data, "--lines", "2", "--paths", "1", "--json", "--seed", "5") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["seed"] == 5
    assert [hand["name"] for hand in found["hands"]][:2] == ["people", "bias 0"]
    assert found["hands"][0]["legibility"]["lines"] == 2
    assert set(found["recognition"]) == {"greedy", "beam"}
    assert found["speeds"]["synth"]["unit"] == "points"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lines", "0"], "--lines 0: must be at least 1"),
        (["--lines", "1"], "--lines 1: must be at least 2, for each style writes some of them"),
        (["--paths", "-1"], "--paths -1: must be at least 1"),
        (["--split", "val"], "split val has no lines of ink with a clock to write again; give IAM-OnDB's, for example"),
        (["--split", "other"], "--split other: no such split; choose one of"),
        (["-o", "nowhere/results.md"], "nowhere"),
    ],
)
def test_errors_are_one_line(arguments: list[str], message: str, data: str, capsys: Capture) -> None:
    assert evaluate("--data", data, *arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
