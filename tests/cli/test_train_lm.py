"""`handwrite train lm`: a model from plain text, and what is said of bad texts and options."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from handwrite.cli.app import run
from handwrite.core.checkpoint import Header, load_checkpoint, save_checkpoint
from handwrite.recognize.lm import LanguageModel
from handwrite.recognize.model import RecognizeConfig, RecognizeNet

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "rhyme.txt"
    path.write_text("“the cat sat on the mat”\n" * 400, "utf-8")
    return path


def test_a_model_of_texts(text: Path, tmp_path: Path, capsys: Capture) -> None:
    other, out = tmp_path / "other.txt", tmp_path / "lm.safetensors"
    other.write_text("the dog sat on the cat\n" * 100, "utf-8")
    command = ["train", "lm", str(text), str(other), "-o", str(out), "--order", "4", "--licence", "CC0"]
    assert run(command) == 0
    printed, err = capsys.readouterr()
    assert printed == ""
    assert f"wrote {out}, {out.stat().st_size / 1e6:.2f} MB" in err
    header = load_checkpoint(out, kind="lm").header
    assert header.corpora == {"rhyme": "CC0", "other": "CC0"}
    assert f"{header.scores['bits_per_character']:.3f} bits per character" in err
    assert 0 < header.scores["bits_per_character"] < 0.5
    assert LanguageModel.load(out).order == 4


def test_texts_are_respelled_for_a_recognizer(text: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    chars = ' "acehmnost'
    config = RecognizeConfig(symbols=len(chars) + 1, channels=(2, 2, 2, 4), hidden=4, layers=1)
    weights = tmp_path / "tiny.safetensors"
    save_checkpoint(weights, Header("recognize", asdict(config), chars, {}), RecognizeNet(config).state_dict())
    out = tmp_path / "lm.safetensors"
    assert run(["train", "lm", str(text), "-o", str(out)]) == 0
    assert "“" in LanguageModel.load(out).alphabet
    assert run(["train", "lm", str(text), "-o", str(out), "--for", str(weights)]) == 0
    model = LanguageModel.load(out)
    assert model.alphabet.chars == chars
    assert model.bits_per_character('"the cat sat') < 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--order", "1"], "a model of order 1 cannot be made"),
        (["--order", "99"], "a model of order 99 cannot be made"),
        (["--max-megabytes", "0"], "--max-megabytes 0: must be above 0"),
        (["--max-megabytes", "nan"], "--max-megabytes nan: must be above 0"),
        (["--max-megabytes", "1e-6"], "no model fits"),
        (["--for", "nothing"], "nothing: no such weights"),
        (["-o", "nowhere/lm.safetensors"], "cannot write nowhere/lm.safetensors"),
        (["none.txt"], "cannot read none.txt"),
        (["empty.txt"], "empty.txt: no text in it"),
        (["latin.txt"], "cannot read latin.txt: not UTF-8 text (byte 3)"),
        (["."], "cannot read .: Is a directory"),
    ],
)
def test_errors_are_one_line(
    options: list[str], message: str, text: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.txt").write_text(" \n")
    Path("latin.txt").write_bytes("caf\xe9 au lait".encode("latin-1"))
    assert run(["train", "lm", str(text), *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("handwrite: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not Path("lm.safetensors").exists()
