"""Examples as tensors: what is told before each step, what is asked for, and how the pen is led astray."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from handwrite.recover.batch import (
    ASTRAY,
    MISSED,
    PathBatch,
    fed_of,
    glyph_tensors,
    path_batch,
    start_of,
)
from handwrite.recover.data import Example
from handwrite.recover.glyph import HEIGHT
from handwrite.recover.model import FED, PENS_FED, PER_UNIT, flying
from handwrite.recover.path import DOWN, END, HOVER, START, UP
from handwrite.recover.view import CELL, PATCH, ROWS, left_to_write, written_at

ExampleOf = Callable[..., Example]


@pytest.fixture(scope="module")
def examples(example_of: ExampleOf) -> list[Example]:
    """A cross of two strokes, a wide stroke, and a dot with a bar, in the order of their lengths."""
    cross = example_of([(20, 20), (60, 80)], [(60, 20), (20, 80)])
    wide = example_of([(20, 30), (50, 70), (80, 30), (120, 70), (150, 30)], shape=(100, 170))
    return [cross, wide, example_of([(30, 20), (30, 80)], [(30, 10), (30.5, 10)])]


def places(batch: PathBatch) -> torch.Tensor:
    """(N, B, 2) where the pen is before each step."""
    return HEIGHT * batch.fed[..., -2:]


def hovering(example: Example) -> NDArray[np.bool_]:
    """(M,) of each step that is asked for, whether it leads to where the pen hovers."""
    begins = np.concatenate([[True], example.path.pen[:-1] != DOWN])
    return np.concatenate([[True, False] if begin else [False] for begin in begins])


def test_glyphs_are_padded_with_paper_to_whole_cells() -> None:
    glyphs = [np.full((HEIGHT, width), 255, np.uint8) for width in (9, 30)]
    images, widths = glyph_tensors(glyphs)
    assert images.shape == (2, HEIGHT, 32)
    assert images.shape[2] % CELL == 0
    assert widths.tolist() == [9, 30]
    for image, width in zip(images, (9, 30), strict=True):
        assert (image[:, :width] == 1).all()
        assert (image[:, width:] == 0).all()


def test_offsets_lead_from_where_the_pen_was_to_the_path(examples: list[Example]) -> None:
    for rng in (None, np.random.default_rng(0)):
        batch = path_batch(examples, [0, 1, 2], rng=rng)
        strokes = [2, 1, 2]
        assert batch.lengths.tolist() == [
            len(example.path) + count for example, count in zip(examples, strokes, strict=True)
        ]
        assert batch.scripts.tolist() == [0, 1, 2]
        reached = places(batch) + batch.offsets
        for number, example in enumerate(examples):
            count, hovers = int(batch.lengths[number]), hovering(example)
            np.testing.assert_allclose(reached[:count, number][~hovers], example.path.points, atol=1e-4)
            assert batch.pen[:count, number][~hovers].tolist() == example.path.pen.tolist()
            landing = reached[1:count, number][hovers[:-1]]
            np.testing.assert_allclose(reached[:count, number][hovers], CELL * (landing // CELL + 0.5), atol=1e-4)
            assert (batch.pen[:count, number][hovers] == UP).all()
            assert int(batch.pen[count - 1, number]) == END


def test_the_pen_flies_to_the_cells_where_strokes_begin(examples: list[Example]) -> None:
    for rng in (None, np.random.default_rng(0)):
        batch = path_batch(examples, [0, 1, 2], rng=rng)
        step, row = flying(batch.fed).nonzero(as_tuple=True)
        assert len(batch.cells) == len(step) == 5
        for number, at, cell in zip(row.tolist(), step.tolist(), batch.cells.tolist(), strict=True):
            hovers = hovering(examples[number])
            assert hovers[at]
            begin = examples[number].path.points[int((~hovers[:at]).sum())]
            assert divmod(cell, ROWS) == tuple((begin // CELL).astype(int).tolist())


def test_no_pen_flies_beyond_its_own_glyph(example_of: ExampleOf) -> None:
    narrow, wide = example_of([(20, 20), (30, 80)]), example_of([(20, 30), (150, 30)], shape=(100, 170))
    beyond = replace(narrow, path=replace(narrow.path, points=narrow.path.points + np.float32([40, 0])))
    assert beyond.path.points[0, 0] > narrow.glyph.pixels.shape[1]
    cells = path_batch([beyond, wide], [0, 0]).cells
    assert int(cells[0]) // ROWS == (narrow.glyph.pixels.shape[1] - 1) // CELL


def test_what_the_pen_did_is_told_and_nothing_before_the_start(examples: list[Example]) -> None:
    batch = path_batch(examples, [0] * 3, rng=np.random.default_rng(1))
    assert batch.fed.shape[2] == FED
    assert (places(batch)[0] == torch.from_numpy(start_of())).all()
    assert (batch.fed[0, :, :2] == 0).all()
    done = batch.fed[..., 2 : 2 + PENS_FED]
    assert done[0].argmax(-1).tolist() == [START] * 3
    for number, example in enumerate(examples):
        count, hovers = int(batch.lengths[number]), hovering(example)
        did = done[:count, number].argmax(-1)
        assert (done[:count, number].sum(-1) == 1).all()
        assert (did[1:][hovers[:-1]] == HOVER).all()
        assert did[1:][~hovers[:-1]].tolist() == example.path.pen[:-1].tolist()
        moved = PER_UNIT * batch.fed[1:count, number, :2]
        torch.testing.assert_close(moved, places(batch)[:count, number].diff(dim=0), atol=1e-4, rtol=0)


def test_beyond_the_end_of_a_path_is_nothing(examples: list[Example]) -> None:
    batch = path_batch(examples, [0] * 3, rng=np.random.default_rng(2))
    longest, cells = int(batch.lengths.max()), batch.images.shape[2] // CELL
    assert batch.patches.shape == (longest, 3, PATCH)
    assert batch.patches.dtype == torch.uint8
    assert batch.rest.shape == (3, longest, cells, ROWS)
    assert batch.mask.sum(0).tolist() == batch.lengths.tolist()
    for part in (batch.patches, batch.fed, batch.rest.transpose(0, 1), batch.offsets, batch.pen):
        assert not part[~batch.mask].any()
    narrow = examples[2].glyph.pixels.shape[1]
    assert not batch.images[2, :, narrow:].any()
    assert not batch.rest[2, :, -(-narrow // CELL) :].any()


def test_what_is_left_and_seen_is_that_of_the_true_path(examples: list[Example]) -> None:
    batch = path_batch(examples, [0] * 3)
    for number, example in enumerate(examples):
        glyph, path = example.glyph, example.path
        pixels = np.pad(glyph.pixels, ((0, 0), (0, batch.images.shape[2] - glyph.pixels.shape[1])))
        steps = written_at(path.points, path.pen != DOWN, shape=pixels.shape, pen_width=glyph.pen_width)
        expected, hovers = left_to_write(pixels, steps, len(path)), hovering(example)
        count = len(hovers)
        np.testing.assert_allclose(batch.rest[number, :count][~hovers], expected, atol=1e-6)
        landing = np.flatnonzero(hovers) + 1
        np.testing.assert_array_equal(batch.rest[number, landing - 1], batch.rest[number, landing])
        alone = path_batch([example], [0])
        torch.testing.assert_close(batch.patches[:count, number], alone.patches[:, 0])
        torch.testing.assert_close(batch.fed[:count, number], alone.fed[:, 0])


def test_the_pen_goes_astray_only_by_chance(example_of: ExampleOf) -> None:
    example = example_of([(x, 50 + 30 * np.sin(x / 9)) for x in range(20, 300, 2)], shape=(100, 320))
    true, same = (path_batch([example], [0]) for _ in range(2))
    torch.testing.assert_close(true.offsets, same.offsets)
    np.testing.assert_allclose(places(true)[2:, 0], example.path.points[:-1], atol=1e-4)
    led = [path_batch([example], [0], rng=np.random.default_rng(seed)) for seed in range(40)]
    torch.testing.assert_close(led[3].fed, path_batch([example], [0], rng=np.random.default_rng(3)).fed)
    missed = torch.stack([places(batch)[1, 0] - places(true)[1, 0] for batch in led])
    assert 0.3 * MISSED[1] < missed.std() < 0.9 * MISSED[1]
    stray = torch.stack([places(batch)[2:, 0] - places(true)[2:, 0] for batch in led])
    deviation = stray.std(dim=(1, 2))
    assert 0.3 * ASTRAY[1] < deviation.mean() < 0.7 * ASTRAY[1]
    assert deviation.max() < 1.5 * ASTRAY[1]
    steps = stray.diff(dim=1)
    assert steps.std() < 0.8 * stray.std()  # it changes slowly: of independent errors, it would be 1.4 times
    torch.testing.assert_close(led[0].rest, true.rest)


def test_a_lone_point_is_a_path() -> None:
    fed = fed_of(np.zeros((1, 2), np.float32), np.array([START]), start_of()[None])
    assert fed.tolist() == [[0, 0, 0, 0, 0, 1, 0, 0, 0.5]]
    assert fed.dtype == np.float32


def test_a_batch_moves_whole(examples: list[Example]) -> None:
    batch = path_batch(examples[:1], [0])
    moved = batch.to(torch.device("cpu"))
    for name in batch.__dataclass_fields__:
        torch.testing.assert_close(getattr(moved, name), getattr(batch, name), rtol=0, atol=0, equal_nan=True)
