"""The benchmarks run, and say what they were asked for."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import pytest
import torch

from handwrite.core.alphabet import Alphabet
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.evaluate import plain_synth
from handwrite.recognize.kneser_ney import train_lm
from handwrite.recognize.model import RecognizeConfig, RecognizeNet
from handwrite.recover.model import RecoverConfig, RecoverNet
from handwrite.synth import predict, sampler
from handwrite.synth.model import SynthConfig, SynthNet

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.append(str(FOLDER))  # as when a benchmark is run: what they share lies beside them
CHARS = "".join(map(chr, range(32, 127)))
CONFIG = SynthConfig(
    symbols=len(CHARS) + 1, writers=2, hidden=32, text_channels=8, style_channels=4, gaussians=3, components=2
)


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"benchmark_{name}"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    return loaded("synth")


def test_weights_that_a_step_reads(benchmark: ModuleType) -> None:
    inputs, size, channels = 3 + 4, 32, 8
    first = (inputs + channels + size + 1) * 4 * size
    second = (inputs + channels + 2 * size + 2) * 4 * size
    expected = first + second + (size + 1) * 9 + (2 * size + 1) * 13
    assert benchmark.weights_in_a_step(SynthNet(CONFIG)) == expected


def test_figures(
    benchmark: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(predict, "ATTEMPTS", 1)
    for module in (sampler, plain_synth):
        monkeypatch.setattr(module, "max_points", lambda characters: characters)
    statistics = {"scale": 0.3, "time_step": 0.02, "gap": [0.1, 0.0], "writers": ["", "w"]}
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, Header("synth", asdict(CONFIG), CHARS, statistics), SynthNet(CONFIG).state_dict())
    monkeypatch.setattr(sys, "argv", ["synth.py", "--weights", str(path), "--threads", "1", "--runs", "1", "--json"])
    assert benchmark.main() == 0
    found = json.loads(capsys.readouterr().out)
    assert [speed["lines"] for speed in found["speeds"]] == [1, 32]
    for speed in found["speeds"]:
        assert speed["ratio"] == pytest.approx(speed["points_per_second"] / speed["plain_points_per_second"])
    assert 0 < found["seconds"]["line"] < found["seconds"]["page"]
    assert found["seconds"]["line"] < found["seconds"]["command"]
    monkeypatch.setattr(sys, "argv", ["synth.py", "--weights", "nowhere"])
    assert benchmark.main() == 2
    assert "nowhere: no such weights" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--threads", "0"], ["--runs", "-1"], ["--runs", "many"]])
def test_options_that_measure_nothing(
    options: list[str], benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["synth.py", *options])
    with pytest.raises(SystemExit):
        benchmark.main()
    assert f"argument {options[0]}: {options[1]}: must be a whole number" in capsys.readouterr().err


def test_figures_of_the_recognizer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    benchmark = loaded("recognize")
    monkeypatch.setattr(benchmark, "LINES", 9)
    monkeypatch.setattr(benchmark, "PAGE_LINES", 3)
    config = RecognizeConfig(symbols=len(CHARS) + 1, channels=(4, 4, 4, 8), hidden=8)
    weights, model = tmp_path / "tiny.safetensors", tmp_path / "lm.safetensors"
    torch.manual_seed(0)  # some weights drawn by chance read nothing, which ends the command
    save_checkpoint(weights, Header("recognize", asdict(config), CHARS, {}), RecognizeNet(config).state_dict())
    train_lm(["a text to count the letters of"], alphabet=Alphabet(CHARS), order=2).save(model, corpora={}, scores={})
    options = ["--weights", str(weights), "--lm", str(model), "--threads", "1", "--runs", "1", "--json"]
    monkeypatch.setattr(sys, "argv", ["recognize.py", *options])
    assert benchmark.main() == 0
    found = json.loads(capsys.readouterr().out)
    assert [speed["decoder"] for speed in found["speeds"]] == ["greedy", "beam"]
    for speed in found["speeds"]:
        assert 0 < speed["batch"] < speed["network_batch"]
        assert 0 < speed["single"] < speed["network_single"]
    assert 0 < found["seconds"]["page"] < found["seconds"]["command"]
    monkeypatch.setattr(sys, "argv", ["recognize.py", "--weights", "nowhere"])
    assert benchmark.main() == 2
    assert "nowhere: no such weights" in capsys.readouterr().err


def test_figures_of_the_recoverer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    benchmark = loaded("recover")
    monkeypatch.setattr(benchmark, "WORDS", 2)
    monkeypatch.setattr(benchmark, "LETTERS", "ab")
    sizes = {"columns": 4, "values": 8, "attention": 4, "patch": 8, "script": 2, "hidden": 8, "mixtures": 2}
    config = RecoverConfig(scripts=("Latn",), channels=(2, 2, 4), **sizes)
    weights = tmp_path / "tiny.safetensors"
    save_checkpoint(weights, Header("recover", asdict(config), "", {}), RecoverNet(config).state_dict())
    options = ["--weights", str(weights), "--threads", "1", "--runs", "1"]
    monkeypatch.setattr(sys, "argv", ["recover.py", *options, "--json"])
    assert benchmark.main() == 0
    found = json.loads(capsys.readouterr().out)
    assert [(speed["method"], speed["level"]) for speed in found["speeds"]] == [
        *(("net", "character"), ("net", "word"), ("skeleton", "character"), ("skeleton", "word")),
    ]
    assert all(speed["together"] > 0 and speed["single"] > 0 for speed in found["speeds"])
    monkeypatch.setattr(sys, "argv", ["recover.py", *options])
    assert benchmark.main() == 0
    assert "net, characters" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["recover.py", "--weights", "nowhere"])
    assert benchmark.main() == 2
    assert "nowhere: no such weights" in capsys.readouterr().err
