"""`handwrite train tune`: choose how a recognizer decodes, on validation data. Options, then one call."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from handwrite.cli.options import Device, Threads, check_device, check_threads
from handwrite.cli.progress import progress, say
from handwrite.core.files import check_writable
from handwrite.errors import OptionError


def tune(
    data: Annotated[list[Path], typer.Option("--data", metavar="FILE", help="A dataset; may be given several times.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the tuned weights go.")],
    weights: Annotated[str, typer.Option("--weights", metavar="FILE", help="Weights to tune.")] = "recognize",
    language_model: Annotated[str, typer.Option("--lm", metavar="FILE", help="The language model to tune for.")] = "lm",
    split: Annotated[str, typer.Option("--split", metavar="NAME", help="Which part of the data to choose on.")] = "val",
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", help="At most N samples of each dataset, drawn evenly.")
    ] = 400,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Choose how a recognizer weighs what it reads.

    It chooses the weight of the language model and the temperatures of the
    confidences.

    \b
    handwrite train tune --weights runs/recognize/best.safetensors --data iam.h5 --data scans.h5 -o tuned.safetensors

    \b
    The net stays as it is. What is chosen is written into the weights file, and
    `recognize` takes it from there.
    """
    if limit < 1:
        raise OptionError(f"--limit {limit}: must be at least 1")
    check_device(device)
    check_threads(threads)
    check_writable(output)
    from handwrite.evaluate.recognition_samples import load_samples
    from handwrite.recognize.lm import LanguageModel
    from handwrite.recognize.predict import Recognizer
    from handwrite.recognize.tune import TRIALS, look, write_tuned
    from handwrite.recognize.tune import tune as choose

    recognizer = Recognizer.load(weights, device=device, threads=threads)
    model = LanguageModel.load(language_model)
    samples = [sample for file in data for sample in load_samples([file], split=split, limit=limit)]
    with progress("reading", total=len(samples), unit="samples") as advance:
        lines = look(recognizer, samples, report=advance)
    with progress("choosing", total=TRIALS, unit="trials") as advance:
        tuning = choose(lines, recognizer.alphabet, model, report=advance)
    write_tuned(weights, tuning, output)
    say(", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in asdict(tuning).items()))
    say(f"wrote {output}")
