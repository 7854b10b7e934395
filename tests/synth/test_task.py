"""The synthesizer's side of training: the same batches always, planted statistics, the loss as the mean it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from handwrite.core.ink import Ink
from handwrite.core.store import Store
from handwrite.errors import CheckpointError, InputError
from handwrite.synth.data import Line, load_lines
from handwrite.synth.mixture import log_likelihood, split
from handwrite.synth.task import (
    COMMON,
    MOST_COPIES,
    SHORT,
    TIME_STEP,
    WORD_SHARE,
    Augmentation,
    SynthTask,
    measure,
    restore,
    shares_of,
    statistics_of,
)

SIZES = {"hidden": 16, "text_channels": 8, "style_channels": 4, "gaussians": 3, "components": 3}
STILL = Augmentation(tempo=0, size=0, slant=0, slope=0, nobody=0, noise=0)


@pytest.fixture(scope="module")
def lines(toy_store: Path) -> tuple[list[Line], list[Line]]:
    store = Store(toy_store)
    return load_lines([store], splits=("train",)), load_lines([store], splits=("val",), levels=("line",))


def make(lines: tuple[list[Line], list[Line]], **changes: Any) -> SynthTask:
    return SynthTask(*lines, {"toy": "CC0"}, **({"budget": 600, "sizes": SIZES} | changes))


def test_two_tasks_have_the_same_batches_in_any_order(lines: tuple[list[Line], list[Line]]) -> None:
    one, two = make(lines), make(lines)
    there, back = [one.batch(index) for index in range(25)], [two.batch(index) for index in reversed(range(25))]
    for a, b in zip(there, reversed(back), strict=True):
        assert all(getattr(a, name).equal(getattr(b, name)) for name in ("offsets", "lengths", "symbols", "writer"))
    assert not one.batch(0).offsets.equal(make(lines, seed=1).batch(0).offsets)
    assert all(one.model.state_dict()[name].equal(value) for name, value in two.model.state_dict().items())


def texts_of(task: SynthTask, epoch: int) -> list[str]:
    return sorted(task.training[index].text for part in task._plan(epoch) for index in part)


def test_the_first_epoch_is_short_and_the_others_hold_every_line(lines: tuple[list[Line], list[Line]]) -> None:
    long = [replace(line, ink=_slow(line.ink, 4), level="line") for line in lines[0][:3]]
    task = make((lines[0] + long, lines[1]))
    first = {index for part in task._plan(0) for index in part}
    assert first == {index for index, size in enumerate(task._lengths) if size <= SHORT}
    assert 0 < len(first) < len(task.training)
    second = {index for part in task._plan(1) for index in part}
    every_line = {index for index, line in enumerate(task.training) if line.level == "line"}
    assert every_line <= second
    begun = make((lines[0] + long, lines[1]), start=(task.header(), task.model.state_dict()))
    assert every_line <= {index for part in begun._plan(0) for index in part}


def test_words_come_a_quarter_as_often_as_lines_and_rare_characters_more_often() -> None:
    ink = Ink.from_strokes([[(0, 0, 0), (1, 1, 0.1)]])
    common = [Line(ink, "a" * 100, "", "line")] * (COMMON // 100)
    rare, word = Line(ink, "ab", "", "line"), Line(ink, "aa", "", "word")
    shares = shares_of([*common, *[rare] * (COMMON // 4), word])
    assert shares[[0, -2, -1]] == pytest.approx([1.0, 2.0, WORD_SHARE])
    assert shares_of([*common, Line(ink, "q", "", "line")])[-1] == MOST_COPIES


def _slow(ink: Ink, factor: float) -> Ink:
    return ink.with_points(ink.points * np.array([1, 1, factor], np.float32))


def test_a_batch_without_augmentation_is_the_ink(lines: tuple[list[Line], list[Line]]) -> None:
    task = make(lines, augmentation=STILL)
    batch, members = task.batch(0), task._plan(0)[0]
    for row, index in enumerate(members):
        line, count = task.training[index], int(batch.lengths[row])
        xy = np.cumsum(batch.offsets[:count, row, :2].numpy(), axis=0) * task.statistics.scale
        strokes = line.ink.strokes()
        np.testing.assert_allclose(xy[-1], strokes[-1][-1, :2] - strokes[0][0, :2], atol=1e-2)
        assert int(batch.offsets[:, row, 2].sum()) == len(strokes)
        assert task.alphabet.decode(batch.symbols[row, : len(line.text)]) == line.text
        assert task.writers[int(batch.writer[row])] == line.writer
        assert count == sum(round(float(np.ptp(stroke[:, 2])) / TIME_STEP) + 1 for stroke in strokes)


def test_augmentation_varies_the_ink_and_hides_some_writers(lines: tuple[list[Line], list[Line]]) -> None:
    task, still = make(lines), make(lines, augmentation=STILL)
    batches = [task.batch(index) for index in range(40)]
    hidden = torch.cat([batch.writer == 0 for batch in batches]).float().mean()
    assert 0.04 < hidden < 0.25
    assert not task.batch(0).lengths.equal(still.batch(0).lengths)
    slanted = make(lines, augmentation=replace(STILL, slant=1.0)).batch(0)
    plain = still.batch(0)
    torch.testing.assert_close(slanted.offsets[..., 1:], plain.offsets[..., 1:])
    shift, dy = slanted.offsets[..., 0] - plain.offsets[..., 0], plain.offsets[..., 1]
    shear = (shift * dy).sum(0) / (dy * dy).sum(0)
    torch.testing.assert_close(shift, shear * dy, atol=1e-4, rtol=1e-3)
    assert shear.std() > 0.2


def test_the_loss_is_the_mean_over_real_points(lines: tuple[list[Line], list[Line]]) -> None:
    task = make(lines, augmentation=STILL)
    batch = task.batch(1)
    with torch.no_grad():
        loss, count = task.loss(task.model, batch)
    nats = []
    for row, length in enumerate(batch.lengths.tolist()):
        offsets = batch.offsets[:length, row : row + 1]
        values, _ = task.model(offsets[:-1], batch.symbols[row : row + 1], batch.writer[row : row + 1])
        nats += (-log_likelihood(split(values.detach()), offsets[1:])).flatten().tolist()
    assert count == len(nats) == int(batch.lengths.sum()) - len(batch.lengths)
    assert float(loss) == pytest.approx(np.mean(nats), rel=1e-4)


def planted_line(jump: float, *, step: float = 0.1) -> Line:
    """Two strokes of points `step` x-heights apart in x and y; the pen is up for 0.1 s and 0.05 s per x-height."""
    time = np.arange(11) * TIME_STEP
    stroke = np.column_stack([step * np.arange(11), step * np.arange(11), time])
    other = stroke + np.array([stroke[-1, 0] + jump, stroke[-1, 1], time[-1] + 0.1 + 0.05 * jump])
    return Line(Ink.from_strokes([stroke, other]), "ab", "", "line")


def test_planted_statistics_are_found() -> None:
    statistics = measure([planted_line(jump) for jump in (0.5, 1.0, 2.0, 3.0)], seed=0)
    assert statistics.scale == pytest.approx(0.1, abs=2e-3)
    assert statistics.gap == pytest.approx((0.1, 0.05), abs=5e-3)
    assert measure([planted_line(1.0, step=0.3)], seed=0).scale == pytest.approx(0.3, abs=5e-3)


def test_the_header_restores_the_task(lines: tuple[list[Line], list[Line]]) -> None:
    task = make(lines)
    header = task.header()
    assert (header.kind, header.corpora, header.seed) == ("synth", {"toy": "CC0"}, task.seed)
    assert statistics_of(header) == task.statistics
    begun = make((lines[0][:20], lines[1]), start=(header, task.model.state_dict()), sizes={})
    assert (begun.alphabet, begun.writers, begun.statistics) == (task.alphabet, task.writers, task.statistics)
    assert begun.model.config == task.model.config
    assert all(begun.model.state_dict()[name].equal(value) for name, value in task.model.state_dict().items())


def test_weights_of_another_shape_are_refused(lines: tuple[list[Line], list[Line]]) -> None:
    task = make(lines)
    header, tensors = task.header(), task.model.state_dict()
    for config in ({**header.config, "hidden": 8}, {**header.config, "colour": 1}, {}):
        with pytest.raises(CheckpointError, match="not of this version's network"):
            restore(replace(header, config=config), tensors)
    assert restore(header, tensors).config == task.model.config


def test_lines_that_cannot_be_used_are_left_or_refused(lines: tuple[list[Line], list[Line]]) -> None:
    training, validation = lines
    odd = [replace(training[0], text="a?"), replace(training[0], text="abc" * 50), _stretched(training[0], 40)]
    assert len(make((training + odd, validation)).training) == len(make(lines).training)
    with pytest.raises(InputError, match="no usable samples to validate"):
        make((training, odd[:1]))
    with pytest.raises(InputError, match="no character comes 10 times"):
        make((training[:1], validation))
    with pytest.raises(InputError, match="no usable samples to train"):
        make(([_stretched(line, 40) for line in training], validation))


def _stretched(line: Line, factor: float) -> Line:
    return replace(line, ink=_slow(line.ink, factor))


def test_validation_leaves_the_chance_alone_and_the_picture_is_an_image(lines: tuple[list[Line], list[Line]]) -> None:
    task = make(lines)
    torch.manual_seed(5)
    with torch.no_grad():
        one, two = task.validate(task.model), task.validate(task.model)
    assert one == two
    assert next(iter(one)) == "nats_per_point"
    picture = task.picture(task.model)
    assert picture.dtype == np.uint8
    assert picture.min() < picture.max()
