"""Following a net: oracles that emit planted moves, good ones and bad ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handwrite.core.image import WHITE
from handwrite.recover.batch import path_batch
from handwrite.recover.data import Example
from handwrite.recover.decode import DONE, IDLE, LANDING, STEP, UNDONE, _Trace, decode, encode
from handwrite.recover.glyph import HEIGHT, INKED, Glyph
from handwrite.recover.model import FED, Moves, RecoverNet, flying
from handwrite.recover.path import DOWN, END, START, UP, Path
from handwrite.recover.skeleton import skeleton_of
from handwrite.recover.view import CELL, NEVER, ROWS, written_at
from handwrite.recover.ways import ways_of

ExampleOf = Callable[..., Example]
NetOf = Callable[..., RecoverNet]
Choice = tuple[NDArray[np.float32], int]


class Rows(NamedTuple):
    """The numbers of the glyphs that are still written; of their cells, only how many there are matters."""

    numbers: list[int]
    cells: Tensor

    def only(self, rows: Sequence[int]) -> Rows:
        return Rows([self.numbers[row] for row in rows], self.cells[rows])


class Oracle(nn.Module):
    """A net that says what a rule says: (glyph, step, where the pen is) -> (where to go, what the pen does).

    Its mixture has a lighter part that leads far away.
    """

    def __init__(self, rule: Callable[[int, int, NDArray[np.float32]], Choice]) -> None:
        super().__init__()
        self.rule, self.weight = rule, nn.Parameter(torch.zeros(1))
        self.told: list[dict[int, tuple[Tensor, ...]]] = []
        """Of each step what was told of each glyph."""

    def encode(self, images: Tensor, widths: Tensor, scripts: Tensor) -> Rows:
        self.scripts = scripts
        return Rows(list(range(len(images))), torch.zeros(len(images), images.shape[2] // CELL, ROWS, 1))

    def steps(self, encoded: Rows, patches: Tensor, fed: Tensor, rest: Tensor, state: Any) -> tuple[Moves, Tensor, Any]:
        step = len(self.told)
        assert state[0] is None or state[0][0].tolist() == encoded.numbers
        self.told.append(
            {glyph: (patches[0, row], fed[0, row], rest[row, 0]) for row, glyph in enumerate(encoded.numbers)}
        )
        places = HEIGHT * fed[0, :, -2:].numpy()
        chosen = [self.rule(glyph, step, place) for glyph, place in zip(encoded.numbers, places, strict=True)]
        offsets = torch.from_numpy(
            np.stack([target - place for (target, _), place in zip(chosen, places, strict=True)])
        )
        pens = torch.full((1, len(places), 3), -9.0)
        pens[0, torch.arange(len(places)), torch.tensor([pen for _, pen in chosen])] = 0
        mean = torch.stack([offsets + 40, offsets], 1)[None].float()
        shape = mean.shape[:3]
        weight = torch.tensor([-2.0, -0.2]).expand(shape)
        state = torch.tensor([encoded.numbers])
        moves = Moves(weight, mean, torch.ones_like(mean), torch.zeros(shape), pens)
        return moves, self.flights(chosen, fed, rest), (state, state)

    def flights(self, chosen: Sequence[Choice], fed: Tensor, rest: Tensor) -> Tensor:
        targets = [target for (target, _), flies in zip(chosen, flying(fed)[0].tolist(), strict=True) if flies]
        cells = torch.full((len(targets), rest.shape[2] * ROWS), -9.0)
        for row, (x, y) in zip(cells, targets, strict=True):
            row[min(max(int(x), 0) // CELL, rest.shape[2] - 1) * ROWS + min(max(int(y), 0) // CELL, ROWS - 1)] = 0
        return cells


def follow(oracle: Oracle, glyphs: Sequence[Glyph], *, script: int = 0) -> list[Path]:
    net = cast(RecoverNet, oracle)
    return decode(net, encode(net, glyphs, script=script), glyphs)


def planted(examples: Sequence[Example]) -> Oracle:
    """An oracle that knows the paths, and goes on at their ends."""

    def rule(glyph: int, step: int, place: NDArray[np.float32]) -> Choice:
        path, point = examples[glyph].path, steps_of(examples[glyph].path)
        return (path.points[point[step]], int(path.pen[point[step]])) if step < len(point) else (place, DOWN)

    return Oracle(rule)


def steps_of(path: Path) -> list[int]:
    """The point that each step leads to; to the first of a stroke lead two, the first of them in the air."""
    begins = [True, *(path.pen[:-1] != DOWN).tolist()]
    return [point for point, begin in enumerate(begins) for _ in range(1 + begin)]


def on_ink(path: Path, glyph: Glyph) -> bool:
    columns, rows = np.floor(path.points).astype(int).T
    return bool((glyph.pixels[rows, columns] > INKED * WHITE).all())


@pytest.fixture(scope="module")
def cross(example_of: ExampleOf) -> Example:
    return example_of([(20, 20), (60, 80)], [(60, 20), (20, 80)])


@pytest.fixture(scope="module")
def dotted(example_of: ExampleOf) -> Example:
    return example_of([(30, 40), (60, 80), (130, 30)], [(30, 20), (30.5, 20)], shape=(100, 150))


def test_planted_moves_are_followed_alone_and_in_company(cross: Example, dotted: Example) -> None:
    for examples in ([cross], [dotted], [cross, dotted]):
        paths = follow(planted(examples), [example.glyph for example in examples])
        for path, example in zip(paths, examples, strict=True):
            assert path.pen.tolist() == example.path.pen.tolist()
            np.testing.assert_allclose(path.points, example.path.points, atol=1e-3)


def test_the_net_is_told_what_it_was_told_in_training(cross: Example, dotted: Example) -> None:
    examples = [cross, dotted]
    oracle, batch = planted(examples), path_batch(examples, [0, 0])
    follow(oracle, [example.glyph for example in examples], script=7)
    assert oracle.scripts.tolist() == [7, 7]
    for number, example in enumerate(examples):
        count = len(steps_of(example.path))
        for step in range(count):
            patches, fed, rest = oracle.told[step][number]
            torch.testing.assert_close(fed, batch.fed[step, number], atol=1e-4, rtol=0)
            assert (patches != batch.patches[step, number]).float().mean() < 0.01
            torch.testing.assert_close(rest, batch.rest[number, step], atol=0.03, rtol=0)
        assert number not in [glyph for told in oracle.told[count:] for glyph in told]
    assert oracle.told[0][1][1].shape == (FED,)


def test_the_pen_is_kept_on_the_ink(cross: Example) -> None:
    rng = np.random.default_rng(0)

    def rule(glyph: int, step: int, place: NDArray[np.float32]) -> Choice:
        return place + rng.normal(0, 30, 2).astype(np.float32), int(rng.choice([DOWN, UP, END]))

    for _ in range(3):
        [path] = follow(Oracle(rule), [cross.glyph])
        assert on_ink(path, cross.glyph)
    trace = _Trace(cross.glyph, cross.glyph.pixels.shape[1])
    rows, columns = np.nonzero(cross.glyph.pixels > INKED * WHITE)
    for place in rng.uniform(-20, 90, (60, 2)).astype(np.float32):
        found = trace.on_ink(place)
        x, y = np.clip(np.floor(place), 0, np.array(cross.glyph.pixels.shape[::-1]) - 1)
        nearest = np.hypot(columns - x, rows - y).min()
        if not nearest:
            np.testing.assert_array_equal(found, place)
        else:  # as near as the chamfer distance of OpenCV can tell
            assert np.hypot(*(np.floor(found) - (x, y))) <= 1.05 * nearest + 0.5


def test_it_ends_when_all_is_written_and_the_pen_is_lifted(cross: Example) -> None:
    """Whatever the net says then, but not amid a stroke."""
    lifting = replace(cross, path=Path(cross.path.points, np.where(cross.path.pen == END, UP, cross.path.pen)))
    [path] = follow(planted([lifting]), [cross.glyph])
    assert path.pen.tolist() == cross.path.pen.tolist()
    steps = written_at(path.points, path.pen != DOWN, shape=cross.glyph.pixels.shape, pen_width=cross.glyph.pen_width)
    assert cross.glyph.pixels[steps == NEVER].sum() < DONE * cross.glyph.pixels.sum()
    writing = replace(cross, path=Path(cross.path.points, np.where(cross.path.pen == END, DOWN, cross.path.pen)))
    [path] = follow(planted([writing]), [cross.glyph])
    np.testing.assert_allclose(path.points, cross.path.points, atol=1e-3)
    assert path.pen.tolist() == cross.path.pen.tolist()


def test_a_net_that_ends_too_early_goes_on(cross: Example) -> None:
    pen = np.where(np.arange(len(cross.path)) % 5 == 4, END, cross.path.pen)
    [path] = follow(planted([replace(cross, path=Path(cross.path.points, pen))]), [cross.glyph])
    assert (path.pen[:-1] != END).all()
    early = np.flatnonzero(pen == END)[:4]
    assert (path.pen[early] == UP).all()
    steps = written_at(path.points, path.pen != DOWN, shape=cross.glyph.pixels.shape, pen_width=cross.glyph.pen_width)
    assert cross.glyph.pixels[steps == NEVER].sum() < UNDONE * cross.glyph.pixels.sum()


@pytest.mark.parametrize("pen", [DOWN, UP, END])
def test_a_net_that_stands_still_is_sent_where_ink_is_left(cross: Example, dotted: Example, pen: int) -> None:
    paths = follow(Oracle(lambda glyph, step, place: (place, pen)), [cross.glyph, dotted.glyph])
    for path, example in zip(paths, (cross, dotted), strict=True):
        glyph = example.glyph
        assert path.pen[-1] == END
        steps = written_at(path.points, path.pen != DOWN, shape=glyph.pixels.shape, pen_width=glyph.pen_width)
        left = glyph.pixels[steps == NEVER].sum() / glyph.pixels.sum()
        if pen == DOWN:  # time is up before all is written
            lifts = int((path.pen == UP).sum())
            assert lifts == pytest.approx(_Trace(glyph, 160).most / (IDLE + 2), abs=2)
            assert left < 1 - 0.02 * lifts
        else:
            assert (path.pen[:-1] == UP).all()
            assert left < UNDONE


def test_going_back_and_forth_is_left_out_and_the_pen_lifted(cross: Example) -> None:
    """The first stroke, then there and back over its end, then the second."""
    lift = int(np.flatnonzero(cross.path.pen == UP)[0])
    first, second = cross.path.points[: lift + 1], cross.path.points[lift + 1 :]
    around = np.tile(np.stack([first[-2], first[-1]]), (IDLE // 2, 1))
    points = np.concatenate([first, around, second[:1], second]).astype(np.float32)  # it hovers before it lands
    pen = np.full(len(points), DOWN)
    pen[-1] = END
    [path] = follow(planted([replace(cross, path=Path(points, pen))]), [cross.glyph])
    np.testing.assert_allclose(path.points, cross.path.points, atol=1e-3)
    assert path.pen.tolist() == cross.path.pen.tolist()


def test_a_stroke_begins_where_something_is_left(cross: Example) -> None:
    lift = int(np.flatnonzero(cross.path.pen == UP)[0])
    points = cross.path.points.copy()
    points[lift + 1] = points[lift]  # where the first stroke ended
    [path] = follow(planted([replace(cross, path=Path(points, cross.path.pen))]), [cross.glyph])
    trace = _Trace(cross.glyph, 160)
    trace.mark(points[0], points[lift])
    x, y = np.floor(path.points[lift + 1]).astype(int)
    assert trace.ink[y, x] > 0
    assert np.hypot(*(path.points[lift + 1] - points[lift])) > LANDING


def test_there_is_time_to_go_there_and_back(example_of: ExampleOf) -> None:
    for width in (2.0, 4.0, 8.0):
        there = [(20, 20), (20, 90)]
        retraced = example_of([*there, *there[::-1], (60, 20), (60, 90), (60, 20)], width=width)
        assert len(retraced.path) < _Trace(retraced.glyph, 160).most


def test_what_is_left_shrinks_by_the_mark_of_each_step(cross: Example) -> None:
    width = -(-cross.glyph.pixels.shape[1] // CELL) * CELL
    trace = _Trace(cross.glyph, width)
    seen, fed, rest = trace.told()
    assert seen.dtype == np.uint8
    assert (fed.shape, rest.shape) == ((FED,), (width // CELL, ROWS))
    assert rest.sum() * CELL**2 == pytest.approx(cross.glyph.pixels.sum() / WHITE, rel=1e-4)
    assert fed[2 + START] == 1
    first = cross.path.points[0]
    cell = (first // CELL).astype(int)
    cells = np.full(rest.size, -9, np.float32)
    cells[cell[0] * ROWS + cell[1]] = -1
    cells[int(rest.ravel().argmin())] = 0  # where nothing is left
    assert rest.min() == 0
    trace.fly(cells)
    np.testing.assert_allclose(trace.points[-1], CELL * (cell + 0.5))
    np.testing.assert_array_equal(trace.rest(), rest)  # it hovers
    trace.go(first - trace.points[-1], np.array([0.0, -5, -5], np.float32))
    gone = cross.glyph.pixels[trace.around.steps < NEVER].sum() / WHITE
    assert gone > 0
    assert (rest - trace.rest()).sum() * CELL**2 == pytest.approx(gone, rel=1e-3)
    y, x = np.argwhere(trace.around.steps < NEVER).T
    assert np.hypot(x + 0.5 - first[0], y + 0.5 - first[1]).max() < trace.trail / 2 + 1.2


def test_any_net_writes_on_the_ink_and_ends(net_of: NetOf, cross: Example, dotted: Example) -> None:
    glyphs = [cross.glyph, dotted.glyph]
    for seed in range(3):
        net = net_of("Latn", seed=seed)
        for path, glyph in zip(decode(net, encode(net, glyphs, script=1), glyphs), glyphs, strict=True):
            assert 0 < len(path) <= _Trace(glyph, 160).most
            assert on_ink(path, glyph)
            assert path.pen[-1] == END
            assert (path.pen[:-1] != END).all()


def erring(path: Path, rng: np.random.Generator) -> Callable[[int, int, NDArray[np.float32]], Choice]:
    point = steps_of(path)

    def rule(glyph: int, step: int, place: NDArray[np.float32]) -> Choice:
        at, following = (point[min(number, len(point) - 1)] for number in (step, step + 1))
        stray = rng.normal(0, 5 if at == following else 1, 2).astype(np.float32)
        return path.points[at] + stray, int(path.pen[at])

    return rule


def test_with_ways_the_pen_goes_from_place_to_place(cross: Example) -> None:
    """By a net that errs by a pixel, and by five where it hovers before a stroke."""
    ways = ways_of(skeleton_of(cross.glyph.mask))
    for seed in range(3):
        rule = erring(cross.path, np.random.default_rng(seed))
        net = cast(RecoverNet, Oracle(rule))
        [path] = decode(net, encode(net, [cross.glyph]), [cross.glyph], ways=[ways])
        away = np.hypot(*(path.points[:, None] - ways.places).transpose(2, 0, 1)).min(axis=1)
        assert away.max() < 1e-3
        steps = np.hypot(*np.diff(path.points, axis=0).T)[path.pen[:-1] == DOWN]
        assert steps.max() <= STEP[1] + 1e-3
        assert path.pen.tolist() == cross.path.pen.tolist()
        assert np.hypot(*(path.points - cross.path.points).T).mean() < 3
