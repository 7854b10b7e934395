"""The loop, on the synthesizer's task with a tiny net: it learns, it resumes to the bit, it keeps the best."""

from __future__ import annotations

import csv
import itertools
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from handwrite.core.checkpoint import load_checkpoint
from handwrite.core.store import Store
from handwrite.errors import CheckpointError, InputError
from handwrite.synth.data import load_lines
from handwrite.synth.task import SynthTask
from handwrite.train import loop
from handwrite.train.loop import BEST, CURVE, STATE, LoopConfig, Progress, Stopped, learning_rate, train

SIZES = {"hidden": 16, "text_channels": 8, "style_channels": 4, "gaussians": 3, "components": 3, "dropout": 0.2}
STEPS = 10

MakeTask = Callable[..., SynthTask]


class StoppedError(Exception):
    """What a test stops a training with."""


@pytest.fixture(scope="module")
def make(toy_store: Path) -> MakeTask:
    store = Store(toy_store)
    training = load_lines([store], splits=("train",))
    validation = load_lines([store], splits=("val",), levels=("line",))[:4]

    def task(corpora: dict[str, str] | None = None, **changes: Any) -> SynthTask:
        made = SynthTask(training, validation, corpora or {"toy": "CC0"}, **({"budget": 600, "sizes": SIZES} | changes))
        made.picture = lambda model: torch.zeros(8, 8, dtype=torch.uint8).numpy()  # drawing takes long
        return made

    return task


def config(out: Path, **changes: Any) -> LoopConfig:
    settings = {"max_steps": STEPS, "validate_every": 3, "warmup": 4, "device": "cpu", "precision": "32-true"}
    return LoopConfig(out=out, **settings | changes)


def state(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / STATE)


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(one[name].equal(two[name]) for name in one)


def stop_at(task: SynthTask, step: int) -> SynthTask:
    """The task, whose batch of that number stops the training, as a crash would."""
    batch = task.batch

    def until(index: int) -> Any:
        if index == step:
            raise StoppedError
        return batch(index)

    task.batch = until
    return task


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("step", [3, 8])
def test_a_crash_and_a_resume_give_the_weights_of_no_stop(
    step: int, precision: str, make: MakeTask, tmp_path: Path
) -> None:
    train(make(), config(tmp_path / "whole", precision=precision))
    with pytest.raises(StoppedError):
        train(stop_at(make(), step), config(tmp_path / "parts", precision=precision))
    half = state(tmp_path / "parts")
    train(make(), config(tmp_path / "parts", precision=precision, resume=True))
    whole, parts = state(tmp_path / "whole"), state(tmp_path / "parts")
    assert same(whole, parts)
    assert not same(whole, half), "the training must have been stopped before its end"
    assert {name.split(".")[0] for name in whole} == {"model", "average", "optimizer"}
    names = ("step", "loss", "nats_per_point")
    with (tmp_path / "whole" / CURVE).open() as one, (tmp_path / "parts" / CURVE).open() as two:
        for a, b in zip(csv.DictReader(one), csv.DictReader(two), strict=True):
            assert [a[name] for name in names] == [b[name] for name in names]
    assert (tmp_path / "whole" / BEST).stat().st_size == (tmp_path / "parts" / BEST).stat().st_size
    best = [load_checkpoint(tmp_path / run / BEST, kind="synth").tensors for run in ("whole", "parts")]
    assert same(*best)


def signal_at(task: SynthTask, step: int, number: signal.Signals) -> SynthTask:
    """The task, whose batch of that number is being made when a signal comes."""
    batch = task.batch

    def signalled(index: int) -> Any:
        if index == step:
            signal.raise_signal(number)
        return batch(index)

    task.batch = signalled
    return task


def curve(out: Path) -> list[dict[str, str]]:
    with (out / CURVE).open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", [0, 4, 5, 9])  # the first, within a period, at a validation, the last
def test_a_signal_and_a_resume_give_the_weights_and_the_curve_of_no_stop(
    step: int, number: signal.Signals, make: MakeTask, tmp_path: Path
) -> None:
    train(make(), config(tmp_path / "whole"))
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(Stopped, match=f"stopped after step {step + 1}"):
        train(signal_at(make(), step, number), config(tmp_path / "parts"))
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers
    asked: list[int] = []
    rest = make()
    batch = rest.batch
    rest.batch = lambda index: asked.append(index) or batch(index)
    train(rest, config(tmp_path / "parts", resume=True))
    assert asked == list(range(step + 1, STEPS)), "no step is taken twice"
    assert same(state(tmp_path / "whole"), state(tmp_path / "parts"))
    rows = [[{**row, "seconds": ""} for row in curve(tmp_path / run)] for run in ("whole", "parts")]
    assert rows[0] == rows[1]


def test_a_second_interrupt_ends_a_step_that_goes_on(make: MakeTask, tmp_path: Path) -> None:
    task = signal_at(signal_at(make(), 4, signal.SIGINT), 4, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as caught:
        train(task, config(tmp_path))
    assert caught.type is KeyboardInterrupt


def test_running_out_of_minutes_and_a_resume_give_the_weights_of_no_stop(
    make: MakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(make(), config(tmp_path / "whole"))
    with monkeypatch.context() as patch:
        clock = itertools.count(0.0, 1.0)
        patch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: next(clock)))
        train(make(), config(tmp_path / "parts", max_minutes=0.25))
    with (tmp_path / "parts" / CURVE).open() as file:
        stopped = int(list(csv.DictReader(file))[-1]["step"])
    assert 0 < stopped < STEPS
    assert stopped % 3
    train(make(), config(tmp_path / "parts", resume=True))
    assert same(state(tmp_path / "whole"), state(tmp_path / "parts"))


def test_a_resumed_run_that_began_with_weights_begins_the_same_task(make: MakeTask, tmp_path: Path) -> None:
    first = make()
    train(first, config(tmp_path / "first"))
    weights = load_checkpoint(tmp_path / "first" / BEST, kind="synth")
    start = (weights.header, weights.tensors)
    train(make(start=start), config(tmp_path / "whole"))
    with pytest.raises(StoppedError):
        train(stop_at(make(start=start), 7), config(tmp_path / "parts"))
    train(make(start=start), config(tmp_path / "parts", resume=True))
    assert same(state(tmp_path / "whole"), state(tmp_path / "parts"))


def test_training_depends_on_the_seed(make: MakeTask, tmp_path: Path) -> None:
    for seed in (0, 1):
        train(make(seed=seed), config(tmp_path / str(seed), seed=seed))
    assert not same(state(tmp_path / "0"), state(tmp_path / "1"))


@pytest.mark.parametrize("content", [None, b"", b"nonsense" * 9])
def test_no_state_to_resume(content: bytes | None, make: MakeTask, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / STATE).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"state\.safetensors: no training to go on with"):
        train(make(), config(tmp_path, resume=True))


def test_the_state_of_another_task_is_refused(make: MakeTask, tmp_path: Path) -> None:
    train(make(), config(tmp_path, max_steps=1))
    others = ({"seed": 3}, "seed"), ({"sizes": SIZES | {"hidden": 8}}, "config"), ({"corpora": {"b": ""}}, "corpora")
    for changes, part in others:
        with pytest.raises(CheckpointError, match=rf"begun with other data or another seed \(.*{part}.*\)"):
            train(make(**changes), config(tmp_path, resume=True))


def test_a_finished_run_that_is_resumed_is_left_as_it_is(make: MakeTask, tmp_path: Path) -> None:
    scores = train(make(), config(tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert train(make(), config(tmp_path, resume=True)) == scores
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_in_the_place_of_the_folder(make: MakeTask, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match="cannot make folder"):
        train(make(), config(tmp_path / "out"))


def test_what_a_run_leaves_and_tells(make: MakeTask, tmp_path: Path) -> None:
    told: list[Progress] = []
    scores = train(make(), config(tmp_path, max_steps=20, validate_every=12), report=told.append)
    with (tmp_path / CURVE).open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["12", "20"]
    assert all(0 < float(row["loss"]) < 10 for row in rows)
    shapes = {name: cv2.imread(str(tmp_path / name)).shape for name in ("curve.png", "samples.png")}
    assert shapes == {"curve.png": (480, 900, 3), "samples.png": (8, 8, 3)}
    assert sorted(path.name for path in tmp_path.iterdir()) == [BEST, CURVE, "curve.png", "samples.png", STATE]
    assert [(now.step, now.scores is not None) for now in told] == [(10, False), (12, True), (20, False), (20, True)]
    assert [now.fraction for now in told] == [0.5, 0.6, 1.0, 1.0]
    assert all(now.points_per_second > 0 and now.loss > 0 for now in told)
    assert scores == min((now.scores for now in told if now.scores), key=lambda found: found["nats_per_point"])
    header = load_checkpoint(tmp_path / BEST, kind="synth").header
    assert header.scores == scores
    assert header.training["steps"] in (12, 20)


def test_a_resumed_run_tells_how_much_of_what_is_left_is_done(make: MakeTask, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        train(signal_at(make(), 11, signal.SIGINT), config(tmp_path, max_steps=32, validate_every=100))
    told: list[Progress] = []
    train(make(), config(tmp_path, max_steps=32, validate_every=100, resume=True), report=told.append)
    assert [(now.step, now.fraction) for now in told] == [(20, 0.4), (30, 0.9), (32, 1.0)]


def test_a_tiny_net_learns(make: MakeTask, tmp_path: Path) -> None:
    told: list[Progress] = []
    train(make(), config(tmp_path, max_steps=80, validate_every=40, learning_rate=1e-2), report=told.append)
    scores = [now.scores["nats_per_point"] for now in told if now.scores]
    losses = [now.loss for now in told if not now.scores]
    assert losses[-1] < losses[0] - 1
    assert scores[-1] < scores[0] < losses[0]


class Planted:
    """A task of one weight with a planted loss and planted scores; the picture shows nothing."""

    def __init__(self, scores: list[float], *, spoil: int | None = None) -> None:
        self.model: nn.Module = nn.Linear(1, 1, bias=False)
        nn.init.constant_(self.model.weight, 1.0)
        self.scores, self.spoil, self.seen = iter(scores), spoil, []

    def batch(self, index: int) -> torch.Tensor:
        return torch.full((1, 1), torch.nan if index == self.spoil else 1.0)

    def loss(self, model: nn.Module, batch: torch.Tensor) -> tuple[torch.Tensor, int]:
        return model(batch).sum(), 1

    def validate(self, model: nn.Module) -> dict[str, float]:
        self.seen.append(float(model.weight))
        return {"score": next(self.scores)}

    def header(self) -> Any:
        return loop.Header("planted", {}, "a", {})

    def picture(self, model: nn.Module) -> Any:
        return torch.zeros(4, 4, dtype=torch.uint8).numpy()


def test_the_best_by_validation_is_kept_and_it_is_the_average(tmp_path: Path) -> None:
    task = Planted([3.0, 1.0, 2.0])
    assert train(task, config(tmp_path, max_steps=9)) == {"score": 1.0}
    best = load_checkpoint(tmp_path / BEST, kind="planted")
    assert best.header.training["steps"] == 6
    assert float(best.tensors["weight"]) == pytest.approx(task.seen[1], abs=1e-3)
    weights = [1.0]
    for step in range(6):  # Adam's steps along a constant gradient are as long as the learning rate
        weights.append(weights[-1] - learning_rate(step, config(tmp_path, max_steps=9)))
    average = 1.0
    for step in range(1, 7):
        keep = min(0.998, step / (step + 10))
        average = keep * average + (1 - keep) * weights[step]
    assert task.seen[1] == pytest.approx(average, abs=1e-5)


def test_a_batch_that_is_no_number_is_passed_over(tmp_path: Path) -> None:
    task = Planted([1.0, 1.0, 1.0], spoil=4)
    train(task, config(tmp_path, max_steps=9))
    assert all(seen == seen and seen < 1 for seen in task.seen)


def test_scores_that_are_no_numbers_leave_no_weights(tmp_path: Path) -> None:
    assert train(Planted([float("nan")]), config(tmp_path, max_steps=3)) == {}
    assert not (tmp_path / BEST).exists()


def test_the_learning_rate_rises_stays_and_falls(tmp_path: Path) -> None:
    settings = LoopConfig(out=tmp_path, learning_rate=1.0, warmup=4, cooldown=0.5, max_steps=20)
    rates = [learning_rate(step, settings) for step in range(20)]
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[5:10] == [1.0] * 5
    assert rates[10:] == pytest.approx([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    endless = LoopConfig(out=tmp_path, learning_rate=1.0, warmup=4, max_minutes=1)
    assert [learning_rate(step, endless) for step in (0, 3, 10**6)] == [0.25, 1.0, 1.0]
