"""`handwrite train`: train a model on datasets. Options, then one call."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handwrite.cli.options import Device, check_device, check_threads, command_app
from handwrite.cli.progress import progress, say
from handwrite.cli.train_lm import lm
from handwrite.cli.train_tasks import (
    ink_reader_task,
    order_task,
    proof_task,
    recognize_task,
    recover_task,
    synth_task,
)
from handwrite.cli.train_tune import tune
from handwrite.errors import HandwriteError, OptionError

if TYPE_CHECKING:
    from handwrite.train.loop import LoopConfig, Progress, Task

app = command_app()
BARE_MINUTES = 5.0
RUNS = Path("runs")
BARE_OUT = RUNS / "sample"
START = "start.safetensors"
Data = Annotated[list[Path], typer.Option("--data", metavar="FILE", help="A dataset; may be given several times.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the run goes.")]
OutByInput = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Where the run goes; by default a folder in runs/.")
]
Input = Annotated[str, typer.Option("--input", metavar="image|ink", help="What it reads; ink is the pen's path.")]
MaxMinutes = Annotated[float | None, typer.Option("--max-minutes", metavar="M", help="Stop after M minutes.")]
MaxSteps = Annotated[
    int | None,
    typer.Option("--max-steps", metavar="N", help="Stop after N steps; the learning rate falls at the end."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on exactly where the run in DIR stopped.")]
Start = Annotated[
    str | None, typer.Option("--from", metavar="WEIGHTS", help="Begin with these weights, a file or a name.")
]
LearningRate = Annotated[
    float | None,
    typer.Option("--learning-rate", metavar="R", help="Highest learning rate; by default the model's own."),
]
BatchPoints = Annotated[
    int | None,
    typer.Option(
        "--batch-points", metavar="N", help="Points of ink, or columns of image, of a batch.", show_default=False
    ),
]
ValidateEvery = Annotated[int, typer.Option("--validate-every", metavar="N", help="Steps between scores.")]
TrainSeed = Annotated[int, typer.Option("--seed", metavar="N", help="Fixes everything random.")]
Precision = Annotated[str, typer.Option("--precision", metavar="NAME", help="bf16-mixed or 32-true.")]
Processes = Annotated[int, typer.Option("--processes", metavar="N", help="Train with N processes at once.")]
TrainThreads = Annotated[int, typer.Option("--threads", metavar="N", help="CPU threads of each process.")]

PRECISIONS = ("bf16-mixed", "32-true")
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Model:
    """What `train` can make. make_task : the task of a run, called with data, seed, budget and start."""

    kind: str
    does: str
    make_task: Callable[..., Task]
    learning_rate: float = 2e-3
    tuning_rate: float = 1e-3
    """Highest learning rate by default, and with weights to begin with."""
    budget: int = 12_000
    """Points of a batch by default."""
    unit: str = "points"
    """What is counted for each step: of ink, of text or of the way."""


@app.callback(invoke_without_command=True)
def train(context: typer.Context) -> None:
    """Train a model on datasets. Without a model: the synthesizer, on the sample dataset, for five minutes.

    \b
    handwrite train
    handwrite train synth --data iam.h5 --data unipen.h5 --max-minutes 100 --out runs/synth
    """
    if context.invoked_subcommand is None:
        from handwrite.core.store import sample_store
        from handwrite.train.loop import STATE

        data = sample_store()
        begun = (BARE_OUT / STATE).exists()
        on = "going on with" if begun else "training"
        say(f"{on} the synthesizer on {data} for {BARE_MINUTES:g} minutes into {BARE_OUT}; again for more")
        _trainer(SYNTH)(data=[data], out=BARE_OUT, max_minutes=BARE_MINUTES, resume=begun)


def _trainer(model: Model) -> Callable[..., None]:
    """The command that trains a model."""

    def command(
        data: Data,
        out: Out = RUNS / model.kind,
        max_minutes: MaxMinutes = None,
        max_steps: MaxSteps = None,
        resume: Resume = False,
        start: Start = None,
        learning_rate: LearningRate = None,
        batch_points: BatchPoints = None,
        validate_every: ValidateEvery = 250,
        seed: TrainSeed = 0,
        device: Device = "auto",
        precision: Precision = "bf16-mixed",
        processes: Processes = 1,
        threads: TrainThreads = 1,
    ) -> None:
        _check(max_minutes, max_steps, resume=resume, start=start, seed=seed, precision=precision)
        budget = model.budget if batch_points is None else batch_points
        counts = {"--batch-points": budget, "--validate-every": validate_every, "--processes": processes}
        begun = start is not None or (resume and (out / START).is_file())
        rate = learning_rate if learning_rate is not None else model.tuning_rate if begun else model.learning_rate
        _check_sizes(counts | {"--learning-rate": rate})
        check_threads(threads)
        _prepare_torch(device, threads, processes)
        from handwrite.train.loop import LoopConfig

        config = LoopConfig(
            out=out,
            max_minutes=max_minutes,
            max_steps=max_steps,
            resume=resume,
            learning_rate=rate,
            validate_every=validate_every,
            seed=seed,
            device=device,
            precision=precision,
            processes=processes,
        )
        task = _prepare_run(model, config, data, budget=budget, start=start)
        _run(task, config, compare=start is not None, unit=model.unit)

    command.__doc__ = f"""Train the {model.kind} model: {model.does}.

    Ctrl-C stops after the step at hand and keeps all that --resume needs; a
    second one stops at once.

    \b
    handwrite train {model.kind} --data iam.h5 --data unipen.h5 --max-minutes 60 --out runs/{model.kind}
    handwrite train {model.kind} --data iam.h5 --data unipen.h5 --max-minutes 60 --out runs/{model.kind} --resume
    """
    return command


def _trainer_by_input(models: dict[str, Model]) -> Callable[..., None]:
    """The command that trains one of several models, as --input says; the first by default. Its other options are those
    of `_trainer`."""
    trainers = {name: _trainer(model) for name, model in models.items()}
    default = next(iter(models))

    def command(reads: str, out: Path | None, **options: Any) -> None:
        if reads not in models:
            raise OptionError(f"--input {reads}: no such input; choose one of {', '.join(models)}")
        trainers[reads](out=out or RUNS / models[reads].kind, **options)

    more = f"handwrite train {models[default].kind} --input ink --data iam.h5 --data unipen.h5 --max-minutes 20"
    command.__doc__ = f"{trainers[default].__doc__}{more}"
    shared = inspect.signature(trainers[default], eval_str=True)
    reads = inspect.Parameter("reads", inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Input)
    parameters = shared.parameters | {"out": shared.parameters["out"].replace(default=None, annotation=OutByInput)}
    command.__signature__ = shared.replace(parameters=[*parameters.values(), reads])  # type: ignore[attr-defined]
    return command


def _prepare_run(model: Model, config: LoopConfig, data: list[Path], *, budget: int, start: str | None) -> Task:
    """The task of a run. The weights that it begins with stay in its folder: --resume must begin the same task."""
    from handwrite.core.checkpoint import resolve
    from handwrite.core.files import make_folder, write_atomic
    from handwrite.train.loop import STATE

    kept = config.out / START
    if config.resume:
        return model.make_task(data, seed=config.seed, budget=budget, start=kept if kept.is_file() else None)
    if (config.out / STATE).exists():
        raise OptionError(f"{config.out}: holds a run already; go on with it (--resume) or name another --out")
    task = model.make_task(data, seed=config.seed, budget=budget, start=start)
    make_folder(config.out)
    if start is None:
        kept.unlink(missing_ok=True)
    else:
        write_atomic(kept, resolve(start, kind=model.kind).read_bytes())
    return task


def _check(
    minutes: float | None, steps: int | None, *, resume: bool, start: str | None, seed: int, precision: str
) -> None:
    if minutes is None and steps is None:
        raise OptionError("how long? give --max-minutes M or --max-steps N")
    if (minutes is not None and not minutes > 0) or (steps is not None and steps < 1):
        raise OptionError("--max-minutes and --max-steps must be above 0")
    if resume and start:
        raise OptionError("--resume goes on with the run's own weights, --from begins with others: give one of them")
    if not 0 <= seed <= LARGEST_SEED:
        raise OptionError(f"--seed {seed}: must be from 0 to {LARGEST_SEED}")
    if precision not in PRECISIONS:
        raise OptionError(f"--precision {precision}: no such precision; choose one of {', '.join(PRECISIONS)}")


def _check_sizes(values: dict[str, float]) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise OptionError(f"{name} {value:g}: must be above 0")


def _prepare_torch(device: str, threads: int, processes: int) -> None:
    """Raises OptionError, before the data is read, when there is no such device or too few of them."""
    check_device(device)
    import cv2
    import torch

    from handwrite.core.device import torch_device

    if torch_device(device).type == "cuda" and processes > torch.cuda.device_count():
        raise OptionError(f"--processes {processes}: a GPU takes one; give fewer, or --device cpu")
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)


def _run(task: Task, config: LoopConfig, *, compare: bool, unit: str) -> None:
    from handwrite.train.loop import BEST, Stopped, is_first_process, train

    if not is_first_process():
        train(task, config)
        return
    before = _scores_before(task) if compare else {}
    try:
        scores = _shown(task, config, unit=unit)
    except Stopped as stopped:
        say(f"{stopped}; go on from there with --resume")
        raise
    if not scores:
        raise HandwriteError("no score was a number, so there are no weights; try a lower --learning-rate")
    say(f"best: {_figures(scores)}; weights in {config.out / BEST}")
    if before:
        name = next(iter(before))
        say(f"{name} on the held-out samples: {before[name]:.4f} before, {scores[name]:.4f} after")


def _shown(task: Task, config: LoopConfig, *, unit: str) -> dict[str, float]:
    """Train with a progress bar; the best scores."""
    from handwrite.train.loop import train

    with progress("training", total=1000) as advance:
        done = 0

        def report(now: Progress) -> None:
            nonlocal done
            advance(int(1000 * now.fraction) - done, note=f"loss {now.loss:.3f}, {now.points_per_second:,.0f} {unit}/s")
            done = int(1000 * now.fraction)
            if now.scores:
                say(f"step {now.step}: {_figures(now.scores)}")

        return train(task, config, report=report)


def _scores_before(task: Task) -> dict[str, float]:
    """The scores of the weights that a run begins with."""
    task.model.eval()
    scores = task.validate(task.model)
    task.model.train()
    say(f"before: {_figures(scores)}")
    return scores


def _figures(scores: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in scores.items())


SYNTH = Model("synth", "text to ink", synth_task)
PROOFREADER = Model("proofreader", "ink to text, to check synthesis", proof_task)
READERS = {
    "image": Model(
        "recognize",
        "images to text",
        recognize_task,
        learning_rate=1.2e-3,
        tuning_rate=5e-4,
        budget=6000,
        unit="characters",
    ),
    "ink": Model("ink_reader", "ink to text", ink_reader_task, tuning_rate=5e-4, budget=8000, unit="characters"),
}
RECOVER = Model("recover", "images to ink", recover_task, tuning_rate=5e-4, budget=4000, unit="steps")
ORDER = Model("order", "skeletons to the order of strokes", order_task, tuning_rate=5e-4, budget=2400, unit="steps")
app.command("synth")(_trainer(SYNTH))
app.command("recognize")(_trainer_by_input(READERS))
app.command("recover")(_trainer(RECOVER))
app.command("order")(_trainer(ORDER))
app.command("proofreader")(_trainer(PROOFREADER))
app.command("lm")(lm)
app.command("tune")(tune)
