"""What the net is shown: when each pixel is written, what is around the pen, what is left, by plain loops."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.recover.data import Example
from handwrite.recover.glyph import HEIGHT
from handwrite.recover.path import DOWN
from handwrite.recover.view import (
    BEYOND,
    CELL,
    NEVER,
    PATCH,
    ROWS,
    SIDE,
    TRAIL,
    ZOOMS,
    Surroundings,
    left_to_write,
    trail_of,
    written_at,
)

SHAPE = (HEIGHT, 96)
ExampleOf = Callable[..., Example]


def wandering(seed: int, count: int = 25) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    points = rng.uniform((2, 2), (SHAPE[1] - 2, SHAPE[0] - 2), (count, 2)).astype(np.float32)
    lifted = rng.random(count) < 0.3
    lifted[-1] = True
    return points, lifted


def segments(points: NDArray[np.float32], lifted: NDArray[np.bool_]) -> list[tuple[NDArray[np.float32], ...]]:
    """Where the pen goes in each step: from the point before, or from nowhere."""
    return [
        (points[index] if index == 0 or lifted[index - 1] else points[index - 1], points[index])
        for index in range(len(points))
    ]


def apart(start: NDArray[np.float32], stop: NDArray[np.float32]) -> NDArray[np.float64]:
    """(H, W) the distance of each pixel's centre from a segment."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    way = (stop - start).astype(np.float64)
    along = ((x - start[0]) * way[0] + (y - start[1]) * way[1]) / max(float(way @ way), 1e-9)
    along = np.clip(along, 0, 1)
    return np.asarray(np.hypot(x - start[0] - along * way[0], y - start[1] - along * way[1]))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("pen_width", [1.0, 2.6, 5.0])
def test_the_first_step_over_a_pixel_writes_it(seed: int, pen_width: float) -> None:
    points, lifted = wandering(seed)
    steps = written_at(points, lifted, shape=SHAPE, pen_width=pen_width)
    alone = np.full((len(points), *SHAPE), NEVER, np.int16)
    for index, ends in enumerate(segments(points, lifted)):
        first, last = (np.round(16 * (end - 0.5)).astype(int).tolist() for end in ends)
        cv2.line(alone[index], first, last, (index,), trail_of(pen_width), cv2.LINE_8, shift=4)
    np.testing.assert_array_equal(steps, alone.min(axis=0))


@pytest.mark.parametrize("seed", range(3))
def test_what_is_written_lies_under_the_pen(seed: int) -> None:
    points, lifted = wandering(seed)
    half = trail_of(3.0) / 2
    steps = written_at(points, lifted, shape=SHAPE, pen_width=3.0)
    away = np.stack([apart(*ends) for ends in segments(points, lifted)])
    for index, distance in enumerate(away):
        assert (steps[distance < half - 1.2] <= index).all()
        assert distance[steps == index].max(initial=0) < half + 1.2
    assert (steps[away.min(axis=0) > half + 1.2] == NEVER).all()


def test_a_lifted_pen_writes_nothing() -> None:
    points = np.array([[10, 20], [10, 40], [80, 40], [80, 20]], np.float32)
    together, apart_ = (
        written_at(points, np.array([False, lifted, False, True]), shape=SHAPE, pen_width=2.0)
        for lifted in (False, True)
    )
    assert (together[40, 20:70] == 2).all()
    assert (apart_[:, 20:70] == NEVER).all()
    assert apart_[40, 80] == 2


def test_the_trail_is_wider_than_the_pen() -> None:
    assert trail_of(5.0) == round(5 * TRAIL)
    assert trail_of(0.5) == 3


def test_patches_are_what_slicing_gives() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, SHAPE).astype(np.uint8)
    steps = rng.integers(0, 30, SHAPE).astype(np.int16)
    steps[rng.random(SHAPE) < 0.3] = NEVER
    points = rng.uniform((-3, -3), (SHAPE[1] + 3, SHAPE[0] + 3), (40, 2)).astype(np.float32)
    now = rng.integers(0, 30, 40)
    around = Surroundings(pixels)
    assert (around.steps == NEVER).all()
    around.steps[:] = steps
    seen = around.patches(points, now=now)
    assert seen.shape == (40, PATCH)
    reach = max(ZOOMS) * (SIDE // 2) + 4  # of paper around the glyph
    paper = np.pad(steps, reach, constant_values=NEVER)
    for (x, y), step, patch in zip(np.floor(points).astype(int), now, seen, strict=True):
        expected = []
        for zoom in ZOOMS:
            ink = np.pad(pixels if zoom == 1 else cv2.blur(pixels, (zoom, zoom)), reach)
            half = zoom * (SIDE // 2)
            rows, columns = (slice(at + reach - half, at + reach + half + 1, zoom) for at in (y, x))
            expected += [ink[rows, columns], 255 * (paper[rows, columns] < step)]
        np.testing.assert_array_equal(patch, np.concatenate([part.ravel() for part in expected]))


def test_what_is_left_is_the_ink_that_no_step_before_has_written() -> None:
    rng = np.random.default_rng(2)
    pixels = rng.integers(0, 256, SHAPE).astype(np.uint8) * (rng.random(SHAPE) < 0.4)
    steps = written_at(*wandering(3), shape=SHAPE, pen_width=6.0)
    left = left_to_write(pixels, steps, 25)
    assert left.shape == (25, SHAPE[1] // CELL, ROWS)
    for count in (0, 1, 7, 24):
        rest = np.where(steps < count, 0, pixels / 255)
        cells = rest.reshape(ROWS, CELL, -1, CELL).mean(axis=(1, 3))
        np.testing.assert_allclose(left[count], cells.T, atol=1e-5)


def test_the_true_path_writes_all_of_the_ink(example_of: ExampleOf) -> None:
    example = example_of([(20, 20), (40, 80), (60, 20)], [(30, 50), (70, 50)], [(75, 75), (75.5, 75)])
    glyph, path = example.glyph, example.path
    pixels = np.pad(glyph.pixels, ((0, 0), (0, -glyph.pixels.shape[1] % CELL)))
    steps = written_at(path.points, path.pen != DOWN, shape=pixels.shape, pen_width=glyph.pen_width)
    left = left_to_write(pixels, steps, len(path) + 1).sum(axis=(1, 2)) * CELL**2
    assert left[0] == pytest.approx(pixels.sum() / 255, rel=1e-4)
    assert (np.diff(left) <= 1e-3).all()
    assert left[len(path) // 2] > 0.2 * left[0]
    assert left[-1] < 0.01 * left[0]


def test_a_pen_far_outside_sees_paper() -> None:
    around = Surroundings(np.full(SHAPE, 255, np.uint8))
    points = np.array([[-500, 10], [20, 9000], [400, -70]], np.float32)
    near = np.array([[-BEYOND, 10], [20, SHAPE[0] + BEYOND], [SHAPE[1] + BEYOND, -BEYOND]], np.float32)
    now = np.ones(3, np.int64)
    np.testing.assert_array_equal(around.patches(points, now=now), around.patches(near, now=now))
