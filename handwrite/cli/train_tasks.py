"""Which data and which task each model is trained with: what `handwrite train` calls for each of its commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from handwrite.cli.progress import say
from handwrite.errors import InputError, OptionError

if TYPE_CHECKING:
    from torch import Tensor

    from handwrite.core.checkpoint import Header
    from handwrite.core.store import Store
    from handwrite.recognize.ink_task import InkReaderTask
    from handwrite.recognize.task import RecognizeTask
    from handwrite.recover.order_task import OrderTask
    from handwrite.recover.task import RecoverTask
    from handwrite.synth.proof_task import ProofTask
    from handwrite.synth.task import SynthTask

AnyTask = TypeVar("AnyTask", bound="RecognizeTask | InkReaderTask | RecoverTask | OrderTask")


def synth_task(data: list[Path], *, seed: int, budget: int, start: str | Path | None) -> SynthTask:
    """The synthesizer's: lines, and words and characters strung together to lines."""
    from handwrite.core.store import Store
    from handwrite.synth.compose import compose
    from handwrite.synth.data import load_lines
    from handwrite.synth.task import SynthTask

    stores = [Store(path, in_memory=True) for path in data]
    training = load_lines(stores, splits=("train", "val2"))
    validation = load_lines(stores, splits=("val",), levels=("line",))
    if not training or not validation:
        files = ", ".join(map(str, data))
        raise InputError(f"{files}: no samples of split train, or no lines of split val; see `handwrite data info`")
    training = [line for line in training if line.level != "character"] + compose(training, seed=seed)
    begin = _begun(start, "synth")
    task = SynthTask(training, validation, _licences(stores), seed=seed, budget=budget, start=begin)
    _say_sizes(task.training, len(task.validation), given=len(training))
    return task


def proof_task(data: list[Path], *, seed: int, budget: int, start: str | Path | None) -> ProofTask:
    """The proofreader's: what the synthesizer learns to write."""
    from handwrite.synth.proof_task import ProofTask
    from handwrite.synth.proofreader import restore

    samples = synth_task(data, seed=seed, budget=budget, start=None)
    begin = _begun(start, "proofreader")
    if begin is None:
        return ProofTask(samples)
    if begin[0].alphabet != samples.alphabet.chars:
        raise OptionError(f"--from {start}: these weights have another alphabet than the data; begin without")
    return ProofTask(samples, restore(*begin))


def recognize_task(data: list[Path], *, seed: int, budget: int, start: str | Path | None) -> RecognizeTask:
    """The recognizer's: scans, and ink that is drawn."""
    from handwrite.recognize.data import load_written
    from handwrite.recognize.task import RecognizeTask

    stores = [_lines_of(path) for path in data]
    samples, begin = _readable(stores, load_written), _begun(start, "recognize")
    return _task(RecognizeTask, stores, samples, seed=seed, budget=budget, begin=begin)


def ink_reader_task(data: list[Path], *, seed: int, budget: int, start: str | Path | None) -> InkReaderTask:
    """The ink reader's: ink with texts."""
    from handwrite.recognize.ink_task import KIND, InkReaderTask, load_inked

    stores = [_inks_of(path, "leave --input ink out") for path in data]
    samples, begin = _readable(stores, load_inked), _begun(start, KIND)
    return _task(InkReaderTask, stores, samples, seed=seed, budget=budget, begin=begin)


def recover_task(data: list[Path], *, seed: int, budget: int, start: str | Path | None) -> RecoverTask:
    """Recovery's: ink with a clock, that is drawn."""
    from handwrite.recover.data import load_penned
    from handwrite.recover.task import RecoverTask

    stores = [_inks_of(path, "train recognize with it") for path in data]
    samples, begin = _parts(stores, load_penned), _begun(start, "recover")
    return _task(RecoverTask, stores, samples, seed=seed, budget=budget, begin=begin)


def order_task(data: list[Path], *, seed: int, budget: int, start: str | Path | None) -> OrderTask:
    """The stroke order's: ink, drawn, and its skeletons."""
    from handwrite.recover.data import load_penned
    from handwrite.recover.order import KIND
    from handwrite.recover.order_task import OrderTask

    stores = [_inks_of(path, "train recognize with it") for path in data]
    samples, begin = _parts(stores, load_penned), _begun(start, KIND)
    return _task(OrderTask, stores, samples, seed=seed, budget=budget, begin=begin)


def _task(
    make: Callable[..., AnyTask],
    stores: Sequence[Store],
    samples: tuple[list[Any], list[Any]],
    *,
    seed: int,
    budget: int,
    begin: tuple[Header, dict[str, Tensor]] | None,
) -> AnyTask:
    """A task of samples to train and to validate with, and how many of them it can use."""
    training, validation = samples
    task = make(training, validation, _licences(stores), seed=seed, budget=budget, start=begin)
    _say_sizes(task.training, task.validated, given=len(training))
    return task


def _parts(stores: Sequence[Store], load: Callable[..., list[Any]]) -> tuple[list[Any], list[Any]]:
    return load(stores, splits=("train",)), load(stores, splits=("val",))


def _readable(stores: Sequence[Store], load: Callable[..., list[Any]]) -> tuple[list[Any], list[Any]]:
    """Samples with texts; where no split is there to validate with, some of those to train with are held out."""
    from handwrite.recognize.data import held_out

    training, validation = _parts(stores, load)
    return (training, validation) if validation else held_out(training)


def _begun(start: str | Path | None, kind: str) -> tuple[Header, dict[str, Tensor]] | None:
    """The weights that a run begins with."""
    from handwrite.core.checkpoint import load_checkpoint

    if start is None:
        return None
    begin = load_checkpoint(start, kind=kind)
    return begin.header, begin.tensors


def _licences(stores: Iterable[Store]) -> dict[str, str]:
    return {source: licence for store in stores for source, licence in store.licences.items()}


def _say_sizes(training: Sequence[object], validated: int, *, given: int) -> None:
    of = f" of {given:,}" if len(training) < given else ""
    _say_once(f"{len(training):,}{of} samples to train on, {validated:,} to validate")


def _say_once(message: str) -> None:
    """Say it in the first of several processes."""
    from handwrite.train.loop import is_first_process

    if is_first_process():
        say(message)


def _inks_of(path: Path, advice: str) -> Store:
    """A dataset that holds ink."""
    from handwrite.core.store import Store

    store = None if path.is_dir() else Store(path, in_memory=True)
    if store is None or not len(store.select(holds="ink")):
        raise InputError(f"{path}: holds no ink, only images; give a dataset with ink, or {advice}")
    return store


def _lines_of(path: Path) -> Store:
    """A dataset, or a folder of line images with lines.tsv as one."""
    from handwrite.core.store import Store
    from handwrite.corpora.stores import import_images

    if not path.is_dir():
        return Store(path, in_memory=True)
    with TemporaryDirectory() as folder:
        made = Path(folder) / "lines.h5"
        tally = import_images("lines", [path], made)
        if tally.lost:
            _say_once(f"{path}: left out {tally.lost:,}; `handwrite data import lines` tells why")
        store = Store(made, in_memory=True)
        store.close()
    return store
