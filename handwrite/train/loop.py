"""The one training loop. It knows the `Task` protocol and no model.

A run is a folder: `curve.csv` and `curve.png`, a picture of samples, `best.safetensors` (the moving average of the
weights with the best score on validation, ready for use) and `state.safetensors` (all that going on exactly needs).
Everything random in a step hangs on (seed, step) alone, and the learning rate on the step, so that a run that is
stopped and resumed takes the same steps as one that never stopped, given the same options. SIGINT and SIGTERM stop it
after the step at hand, its state kept.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.device import torch_device
from handwrite.core.files import make_folder, write_atomic
from handwrite.errors import CheckpointError
from handwrite.train.curve import draw_curve
from handwrite.train.memory import keep_freed_memory
from handwrite.train.signals import StopWish

STATE = "state.safetensors"
BEST = "best.safetensors"
CURVE = "curve.csv"
REPORT_EVERY = 10
IDENTITY = ("kind", "config", "alphabet", "statistics", "corpora", "seed")
Scores = dict[str, float]


class Task(Protocol):
    """What the loop trains. `model` is trained in place; scores are better when lower, and the first one chooses."""

    @property
    def model(self) -> nn.Module:
        """The net."""

    def batch(self, index: int) -> Any:
        """The batch of that number, the same whenever it is asked for."""

    def loss(self, model: nn.Module, batch: Any) -> tuple[Tensor, int]:
        """The mean loss of a batch, and how many points (or pixels, or characters) it is the mean of."""

    def validate(self, model: nn.Module) -> Scores:
        """Scores on the validation split."""

    def header(self) -> Header:
        """The header of a checkpoint, without scores and without a word on its training."""

    def picture(self, model: nn.Module) -> NDArray[np.uint8]:
        """A uint8 image (H, W) of what the model makes now."""


@dataclass(frozen=True)
class LoopConfig:
    """How to train. The learning rate rises for `warmup` steps, stays, and, when `max_steps` is given, falls to zero
    over the last `cooldown` part of them. `average` is the decay of the moving average of the weights."""

    out: Path
    max_minutes: float | None = None
    max_steps: int | None = None
    learning_rate: float = 2e-3
    warmup: int = 100
    cooldown: float = 0.3
    clip: float = 5.0
    average: float = 0.998
    validate_every: int = 250
    seed: int = 0
    resume: bool = False
    device: str = "auto"
    precision: str = "bf16-mixed"
    processes: int = 1


@dataclass(frozen=True)
class Progress:
    """What the loop tells while it goes: the step, the seconds of the whole run, which part of what this call has to do
    is done, loss per point, points per second, and the scores when it has just validated."""

    step: int
    seconds: float
    fraction: float
    loss: float
    points_per_second: float
    scores: Scores | None = None


Report = Callable[[Progress], None]


class Stopped(KeyboardInterrupt):
    """SIGINT or SIGTERM ended a training after `step`; its state is written, and `resume` goes on from there."""

    def __init__(self, step: int) -> None:
        super().__init__(f"stopped after step {step}")
        self.step = step


def train(task: Task, config: LoopConfig, *, report: Report = lambda progress: None) -> Scores:
    """Train until the time or the steps are over; returns the best scores, none when no score was a number.

    Raises CheckpointError when `resume` finds no state to go on from, or that of another task, InputError when the
    folder cannot be written, and Stopped, in the first process, when a signal to any process ended it.
    """
    keep_freed_memory()
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    fabric = Fabric(
        accelerator=torch_device(config.device).type,
        devices=config.processes,
        strategy="ddp" if config.processes > 1 else "auto",
        precision=config.precision,  # type: ignore[arg-type]
    )
    if config.processes > 1:
        # said of the convolution that sees one channel: there two ways to count the strides are one layout in memory
        warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides")
        fabric.launch()
    return _Run(task, config, fabric, report).go()


def is_first_process() -> bool:
    """True in the process that a person started, false in those that `train` adds to it."""
    return os.environ.get("LOCAL_RANK", "0") == "0"


class _Run:
    """The state of one training run and its steps."""

    def __init__(self, task: Task, config: LoopConfig, fabric: Fabric, report: Report) -> None:
        self.task, self.config, self.fabric, self.report = task, config, fabric, report
        self.plain = task.model
        optimizer = torch.optim.Adam(task.model.parameters(), lr=config.learning_rate, betas=(0.9, 0.99))
        self.model, self.optimizer = fabric.setup(task.model, optimizer)
        self.average = {name: value.detach().clone() for name, value in self.plain.state_dict().items()}
        self.step, self.validated, self.seconds, self.best = 0, 0, 0.0, float("inf")
        self.best_scores: Scores = {}
        self.rows: list[dict[str, float]] = []
        self.period = _Meter()
        """The steps since the last validation."""

    def go(self) -> Scores:
        config = self.config
        make_folder(config.out)
        if config.resume:
            self.load()
        self.begun = _Begun(time.monotonic(), self.step, self.seconds)
        recent = _Meter()
        with StopWish() as wish:
            while not self.over():
                loss, count = self.one_step()
                recent.add(loss, count)
                self.period.add(loss, count)
                self.seconds = self.begun.seconds + time.monotonic() - self.begun.clock
                if self.step % REPORT_EVERY == 0:
                    self.tell(recent)
                    recent = _Meter()
                if self.step % config.validate_every == 0:
                    self.validate()
                    recent = _Meter()
                if self.is_stopped(wish):
                    self.stop()
                    return self.best_scores
            if self.step > self.validated:
                self.validate()
        return self.best_scores

    def tell(self, meter: _Meter, scores: Scores | None = None) -> None:
        rate = meter.rate * self.fabric.world_size
        self.report(Progress(self.step, self.seconds, self.fraction(), meter.mean, rate, scores))

    def over(self) -> bool:
        """True when the steps or the minutes are used up; all processes stop at the same step."""
        if self.config.max_steps is not None and self.step >= self.config.max_steps:
            return True
        minutes = self.config.max_minutes
        late = minutes is not None and time.monotonic() - self.begun.clock > 60 * minutes
        return bool(self.fabric.broadcast(late)) if self.config.processes > 1 else late

    def is_stopped(self, wish: StopWish) -> bool:
        """True when any process heard a signal; all of them know it at the same step."""
        if self.config.processes == 1:
            return wish.heard
        return bool(self.fabric.all_reduce(torch.tensor(float(wish.heard), device=self.fabric.device), reduce_op="sum"))

    def stop(self) -> None:
        """Keep the state. Only the first process raises Stopped: when another one fails, the launcher kills it."""
        if self.fabric.is_global_zero:
            self.save(self.plain.state_dict(), self.period)
        self.fabric.barrier()
        if self.fabric.is_global_zero:
            raise Stopped(self.step)

    def fraction(self) -> float:
        """How much of what this call has to do is done, 0 to 1: what was done before a resume took its time before."""
        config, begun = self.config, self.begun
        parts = [(self.step - begun.step) / max(config.max_steps - begun.step, 1)] if config.max_steps else []
        if config.max_minutes:
            parts.append((time.monotonic() - begun.clock) / (60 * config.max_minutes))
        return min(1.0, max(parts, default=0.0))

    def one_step(self) -> tuple[float, int]:
        torch.manual_seed(self.config.seed * 1_000_003 + self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, self.config)
        batch = self.task.batch(self.step * self.fabric.world_size + self.fabric.global_rank).to(self.fabric.device)
        loss, count = self.task.loss(self.model, batch)
        self.fabric.backward(loss)
        norm = self.fabric.clip_gradients(
            self.model, self.optimizer, max_norm=self.config.clip, error_if_nonfinite=False
        )
        if norm is None or torch.isfinite(norm):  # one bad batch must not spoil the weights
            self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        self.update_average()
        return float(loss.detach()), count

    @torch.no_grad()
    def update_average(self) -> None:
        keep = min(self.config.average, self.step / (self.step + 10))
        for name, value in self.plain.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)
            else:  # a counter
                self.average[name].copy_(value)

    def validate(self) -> None:
        """Score the averaged weights; write the curve, the picture, the state and, if they are the best, the weights.

        Every process scores, so that none waits; the first one writes."""
        self.validated = self.step
        own = {name: value.clone() for name, value in self.plain.state_dict().items()}
        self.plain.load_state_dict(self.average)
        self.plain.eval()
        try:
            with torch.no_grad():
                scores = self.task.validate(self.plain)
                chosen = next(iter(scores.values()))
                better = chosen < self.best
                if better:
                    self.best, self.best_scores = chosen, scores
                if self.fabric.is_global_zero:
                    self.rows.append(
                        {"step": self.step, "seconds": round(self.seconds, 1), "loss": self.period.mean} | scores
                    )
                    if better:
                        self.write_best()
                    self.save(own, _Meter())
                    self.write_pictures()
        finally:
            self.plain.load_state_dict(own)
            self.plain.train()
        if self.fabric.is_global_zero:
            self.tell(self.period, scores)
        self.fabric.barrier()
        self.period = _Meter()

    def write_best(self) -> None:
        training = {"steps": self.step, "minutes": round(self.seconds / 60, 1), "processes": self.config.processes}
        header = replace(self.task.header(), scores=self.best_scores, training=training)
        save_checkpoint(self.config.out / BEST, header, self.average)

    def write_pictures(self) -> None:
        """The curve, as a table and as a picture, and what the model makes now."""
        out = self.config.out
        table = io.StringIO(newline="")
        writer = csv.DictWriter(table, fieldnames=list(self.rows[-1]))
        writer.writeheader()
        writer.writerows(self.rows)
        write_atomic(out / CURVE, table.getvalue().encode())
        _write_image(out / "curve.png", draw_curve(self.rows))
        _write_image(out / "samples.png", self.task.picture(self.plain))

    def save(self, own: dict[str, Tensor], period: _Meter) -> None:
        """Write all that going on exactly needs: `own` are the weights that are not averaged, `period` is of the steps
        since the last validation."""
        tensors = {f"model.{name}": value for name, value in own.items()}
        tensors |= {f"average.{name}": value for name, value in self.average.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in state.items()}
        progress = {"step": self.step, "seconds": self.seconds, "best": self.best, "best_scores": self.best_scores}
        progress |= {"rows": self.rows, "processes": self.config.processes, "task": self.identity()}
        progress |= {"validated": self.validated, "period": period.state()}
        packed = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
        write_atomic(self.config.out / STATE, save(packed, {"progress": json.dumps(progress)}))

    def identity(self) -> dict[str, Any]:
        """What must be the same for a state to fit: as JSON gives it back."""
        header = self.task.header()
        same: dict[str, Any] = json.loads(json.dumps({name: getattr(header, name) for name in IDENTITY}))
        return same

    def load(self) -> None:
        """Take up the state that `save` left."""
        path = self.config.out / STATE
        try:
            with safe_open(path, framework="pt") as file:
                progress = json.loads((file.metadata() or {})["progress"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise CheckpointError(f"{path}: no training to go on with; start without --resume") from error
        own = self.identity()
        if other := [name for name, value in progress.get("task", {}).items() if own[name] != value]:
            given = f"begun with other data or another seed ({', '.join(other)})"
            raise CheckpointError(f"{path}: {given}; give those of its start")
        if progress["processes"] != self.config.processes:
            raise CheckpointError(f"{path}: begun with {progress['processes']} processes; give as many (--processes)")
        self.plain.load_state_dict(_under(tensors, "model."))
        self.average = {name: value.to(self.fabric.device) for name, value in _under(tensors, "average.").items()}
        states: dict[int, dict[str, Tensor]] = {}
        for key, value in _under(tensors, "optimizer.").items():
            index, name = key.split(".", 1)
            states.setdefault(int(index), {})[name] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": states, "param_groups": groups})
        self.step, self.seconds, self.best = progress["step"], progress["seconds"], progress["best"]
        self.best_scores, self.rows = progress["best_scores"], progress["rows"]
        self.validated = progress.get("validated", self.step)  # states were once written at validation alone
        self.period = _Meter(**progress.get("period", {}))


class _Begun(NamedTuple):
    """When a call of `train` began: the clock, and the steps and seconds of the run before it."""

    clock: float
    step: int
    seconds: float


class _Meter:
    """Loss per point and points per second since it was made, or since the one was made whose `state` it takes up."""

    def __init__(self, *, total: float = 0.0, points: int = 0, seconds: float = 0.0) -> None:
        self.total, self.points, self.since = total, points, time.monotonic() - seconds

    def state(self) -> dict[str, float]:
        """What another meter needs to go on."""
        return {"total": self.total, "points": self.points, "seconds": time.monotonic() - self.since}

    def add(self, loss: float, points: int) -> None:
        self.total, self.points = self.total + loss * points, self.points + points

    @property
    def mean(self) -> float:
        return self.total / max(self.points, 1)

    @property
    def rate(self) -> float:
        return self.points / max(time.monotonic() - self.since, 1e-9)


def learning_rate(step: int, config: LoopConfig) -> float:
    """The learning rate of a step, counted from 0: warm-up, plateau, linear fall at the end of `max_steps`."""
    rate = config.learning_rate * min(1.0, (step + 1) / config.warmup)
    if config.max_steps:
        rate *= min(1.0, (config.max_steps - step) / max(1.0, config.cooldown * config.max_steps))
    return rate


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _write_image(path: Path, image: NDArray[np.uint8]) -> None:
    write_atomic(path, cv2.imencode(".png", image)[1].tobytes())
