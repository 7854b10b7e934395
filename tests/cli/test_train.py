"""`handwrite train` with a tiny net: options, messages and what a run leaves."""

from __future__ import annotations

import functools
import signal
from pathlib import Path

import pytest
from safetensors.torch import load_file

from handwrite.cli import train as command
from handwrite.cli.app import run
from handwrite.core import store
from handwrite.core.checkpoint import load_checkpoint
from handwrite.core.store import StoreWriter
from handwrite.synth import task
from handwrite.synth.task import SynthTask

SIZES = {"hidden": 16, "text_channels": 8, "style_channels": 4, "gaussians": 3, "components": 3}

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "SynthTask", functools.partial(SynthTask, sizes=SIZES))
    monkeypatch.setattr(task, "PICTURE_TEXTS", ("ab",))


def train(data: Path, out: Path, *options: str) -> int:
    steps = () if any(option.startswith("--max") for option in options) else ("--max-steps", "3")
    arguments = ["train", "synth", "--data", str(data), "--out", str(out), "--batch-points", "600", "--device", "cpu"]
    return run([*arguments, *steps, *options])


def test_a_run_tells_what_it_does_and_leaves_weights(toy_store: Path, tmp_path: Path, capsys: Capture) -> None:
    assert train(toy_store, tmp_path / "new" / "run", "--validate-every", "2") == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "90 samples to train on, 12 to validate" in err
    assert "step 2: nats_per_point" in err
    assert f"weights in {tmp_path}/new/run/best.safetensors" in err
    header = load_checkpoint(tmp_path / "new" / "run" / "best.safetensors", kind="synth").header
    assert header.corpora == {"toy": "CC0"}
    assert header.alphabet == " abc"
    assert {"curve.csv", "curve.png", "samples.png"} < {path.name for path in (tmp_path / "new" / "run").iterdir()}


def interrupted_at(step: int, *arguments: object, **options: object) -> SynthTask:
    """A task during whose batch of that number Ctrl-C is pressed."""
    made = SynthTask(*arguments, **{"sizes": SIZES} | options)
    batch = made.batch

    def until(index: int) -> object:
        if index == step:
            signal.raise_signal(signal.SIGINT)
        return batch(index)

    made.batch = until
    return made


@pytest.mark.parametrize("begun_with_weights", [False, True])
def test_resume_gives_the_weights_of_no_stop(
    begun_with_weights: bool, toy_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    start: tuple[str, ...] = ()
    if begun_with_weights:
        assert train(toy_store, tmp_path / "first", "--max-steps", "1") == 0
        start = ("--from", str(tmp_path / "first" / "best.safetensors"))
    options = ("--validate-every", "2", "--max-steps", "6")
    assert train(toy_store, tmp_path / "whole", *options, *start) == 0
    with monkeypatch.context() as patch:
        patch.setattr(task, "SynthTask", functools.partial(interrupted_at, 4))
        assert train(toy_store, tmp_path / "parts", *options, *start) == 130
    assert capsys.readouterr().err.endswith("\nstopped after step 5; go on from there with --resume\n")
    assert train(toy_store, tmp_path / "parts", *options, "--resume") == 0
    whole, parts = (load_file(tmp_path / name / "state.safetensors") for name in ("whole", "parts"))
    assert all(whole[key].equal(parts[key]) for key in whole)
    rows = [(tmp_path / name / "curve.csv").read_text().splitlines() for name in ("whole", "parts")]
    assert [len(table) for table in rows] == [4, 4]


def test_from_begins_with_the_weights(toy_store: Path, tmp_path: Path) -> None:
    assert train(toy_store, tmp_path / "a") == 0
    given = str(tmp_path / "a" / "best.safetensors")
    assert train(toy_store, tmp_path / "b", "--from", given, "--max-steps", "1", "--learning-rate", "1e-12") == 0
    one, two = (load_checkpoint(tmp_path / name / "best.safetensors", kind="synth") for name in "ab")
    assert all(one.tensors[name].equal(two.tensors[name]) for name in one.tensors)
    assert one.header.alphabet == two.header.alphabet


def test_a_run_is_not_overwritten(toy_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(toy_store, tmp_path / "a", "--max-steps", "2") == 0
    before = (tmp_path / "a" / "best.safetensors").read_bytes()
    capsys.readouterr()
    assert train(toy_store, tmp_path / "a", "--max-steps", "1") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert (tmp_path / "a" / "best.safetensors").read_bytes() == before
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / command.START).write_bytes(before)
    assert train(toy_store, tmp_path / "b", "--max-steps", "1") == 0
    assert not (tmp_path / "b" / command.START).exists(), "a run from nothing must not resume as one from weights"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--max-minutes", "0"], "above 0"),
        (["--max-minutes", "nan"], "above 0"),
        (["--max-steps", "0"], "above 0"),
        (["--resume", "--from", "x"], "give one of them"),
        (["--resume"], "no training to go on with; start without --resume"),
        (["--from", "nonsense"], "nonsense: no such weights"),
        (["--device", "abacus"], "--device abacus: no such device"),
        (["--precision", "3"], "--precision 3: no such precision"),
        (["--processes", "0"], "--processes 0: must be above 0"),
        (["--threads", "0"], "--threads 0: must be from 1"),
        (["--batch-points", "0"], "--batch-points 0: must be above 0"),
        (["--validate-every", "0"], "--validate-every 0: must be above 0"),
        (["--learning-rate", "nan"], "--learning-rate nan: must be above 0"),
        (["--seed", "-1"], "--seed -1: must be from 0"),
    ],
)
def test_wrong_use_is_one_line(
    options: list[str], message: str, toy_store: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert train(toy_store, tmp_path / "out", *options) == 2
    err = capsys.readouterr().err
    assert message in err.splitlines()[-1]
    assert sum(line.startswith("handwrite: ") for line in err.splitlines()) == 1
    assert not (tmp_path / "out" / "state.safetensors").exists()


def test_a_length_is_wanted(toy_store: Path, capsys: Capture) -> None:
    assert run(["train", "synth", "--data", str(toy_store)]) == 2
    assert capsys.readouterr().err == "handwrite: how long? give --max-minutes M or --max-steps N\n"


def test_unusable_data(toy_store: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "text.h5").write_text("no store")
    with StoreWriter(tmp_path / "empty.h5", licences={}):
        pass
    sample = store.Store(toy_store)[0]
    with StoreWriter(tmp_path / "few.h5", licences={}) as few:
        for split in ("train", "val"):
            few.add(store.Sample(sample.ink, sample.text, "toy", split, split=split))
    messages = {
        "none.h5": "none.h5: no such dataset",
        "text.h5": "text.h5: not a dataset",
        "empty.h5": "empty.h5: no samples of split train",
        "few.h5": "no character comes 10 times",
    }
    for name, message in messages.items():
        assert train(tmp_path / name, tmp_path / "out") == 2
        err = capsys.readouterr().err
        assert message in err
        assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_bare_train_takes_the_sample_data_and_says_so(
    toy_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(store, "sample_store", lambda: toy_store)
    monkeypatch.setattr(command, "BARE_MINUTES", 0.005)
    assert run(["train"]) == 0
    err = capsys.readouterr().err
    assert err.startswith(
        f"training the synthesizer on {toy_store} for 0.005 minutes into runs/sample; again for more\n"
    )
    assert (tmp_path / "runs" / "sample" / "best.safetensors").is_file()
    assert run(["train"]) == 0
    assert capsys.readouterr().err.startswith("going on with the synthesizer on ")
