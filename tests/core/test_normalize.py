"""Normalized lines, against lines that were drawn with a known size, slope, light and rule."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.normalize import HEIGHT, MARGIN, SPREAD, WIDTH, ink_of, normalize, stretched, without_rules
from handwrite.core.render import Pen, render
from handwrite.errors import InputError

PERIOD, ROWS = 30.0, 20.0


def zigzag(*, waves: int = 20, slope: float = 0.0, bend: float = 0.0) -> Ink:
    """A pen going up and down between y = 0 and ROWS, on a line that rises or bends."""
    x = np.arange(2 * waves + 1) * PERIOD / 2
    y = np.where(np.arange(len(x)) % 2, 0.0, ROWS) + slope * x + bend * (x - x.mean()) ** 2
    return Ink.from_strokes([np.column_stack([x, y])])


def drawn(ink: Ink, *, height: int = 64) -> np.ndarray:
    return render(ink, height=height, pen=Pen(width=2.5, pressure=0))


def spread_of(pixels: np.ndarray) -> float:
    mass = pixels.sum(axis=1, dtype=np.float64)
    rows = np.arange(len(mass)) + 0.5
    mean = (rows * mass).sum() / mass.sum()
    return float(np.sqrt(((rows - mean) ** 2 * mass).sum() / mass.sum()))


@pytest.mark.parametrize("height", [20, 40, 64, 300])
def test_every_size_becomes_one(height: int) -> None:
    line = normalize(drawn(zigzag(), height=height))
    assert line.pixels.shape[0] == HEIGHT
    assert spread_of(line.pixels) == pytest.approx(SPREAD, rel=0.08)


@pytest.mark.parametrize("bad", [{"slope": 0.08}, {"slope": -0.08}, {"bend": 0.0003}])
def test_slopes_and_bends_are_levelled(bad: dict[str, float]) -> None:
    straight, crooked = normalize(drawn(zigzag())), normalize(drawn(zigzag(**bad), height=90))
    assert spread_of(crooked.pixels) == pytest.approx(SPREAD, rel=0.1)
    assert crooked.pixels.shape[1] == pytest.approx(straight.pixels.shape[1], rel=0.1)


def test_the_ground_is_black_and_the_margins_are_empty() -> None:
    pixels = normalize(drawn(zigzag())).pixels
    assert pixels.dtype == np.uint8
    assert pixels[:, : MARGIN - 2].max() == pixels[:, 2 - MARGIN :].max() == 0
    assert pixels.max() > 150


def test_polarity_contrast_and_light_do_not_matter() -> None:
    image = drawn(zigzag())
    plain = normalize(image).pixels.astype(int)
    light = np.linspace(0.4, 1.0, image.shape[1])[None, :]
    for other in (255 - image, 120 + image // 4, (image * light).astype(np.uint8)):
        pixels = normalize(np.asarray(other, np.uint8)).pixels.astype(int)
        assert abs(pixels.shape[1] - plain.shape[1]) <= 2
        width = min(pixels.shape[1], plain.shape[1])
        assert np.abs(pixels[:, :width] - plain[:, :width]).mean() < 12


def test_the_edge_of_a_shadow_is_no_ink() -> None:
    image = np.full((64, 600), 240, np.uint8)
    image[:, 300:] = 130
    image[:, 290:310] = np.linspace(240, 130, 20)
    image[20:44, 100:104] = image[20:44, 500:504] = 30
    ink = ink_of(image)
    assert ink[:, 280:320].max() < 0.3
    assert min(ink[30, 102], ink[30, 502]) > 0.8


@pytest.mark.parametrize("shade", [0.12, 0.5])
def test_pale_rules_go_too(shade: float) -> None:
    ink = ink_of(drawn(zigzag(waves=40)))
    ruled = ink.copy()
    ruled[32:34] = np.maximum(ink[32:34], shade)
    assert without_rules(ruled)[32:34][ink[32:34] == 0].mean() < 0.15 * shade


def test_rules_are_weakened_and_strokes_across_them_stay() -> None:
    plain = drawn(zigzag(waves=40))
    ruled = plain.copy()
    ruled[32:34] = 0
    ink = without_rules(ink_of(ruled))
    between = plain[32] == 255
    assert ink[32:34][:, between].mean() < 0.15
    assert ink[32, plain[32] < 60].mean() > 0.7


@pytest.mark.parametrize("rows", [[31], [24, 40]])
def test_a_dash_is_no_rule_and_a_rule_no_dash(rows: list[int]) -> None:
    dashes = np.full((64, 600), 255, np.uint8)
    ruled = dashes.copy()
    for row in rows:
        dashes[row : row + 3, 100:500] = ruled[row : row + 3] = 0
    np.testing.assert_array_equal(without_rules(ink_of(dashes)), ink_of(dashes))
    assert without_rules(ink_of(ruled)).max() < 0.1
    dashes[10:54, np.arange(600) % 30 < 6] = 0  # beside writing, a long line that ends is a rule
    assert without_rules(ink_of(dashes))[[row + 1 for row in rows], 400:500].min(axis=1).max() < 0.1


def test_dense_writing_is_not_taken_for_rules() -> None:
    uneven = np.random.default_rng(0).uniform(0, ROWS / 2, (120, 2)) + np.array([0, ROWS / 2])
    strokes = np.column_stack([np.arange(240) * PERIOD / 6, uneven.ravel()])
    ink = ink_of(cv2.GaussianBlur(drawn(Ink.from_strokes([strokes])), (0, 0), 3))
    assert without_rules(ink).sum() > 0.94 * ink.sum()


def test_stretched_lines_keep_their_rows() -> None:
    line = np.zeros((HEIGHT, 80), np.uint8)
    cv2.rectangle(line, (20, 10), (39, 29), 255, -1)
    wide = stretched(line, 1.5)
    assert wide.shape == (HEIGHT, 120)
    assert np.flatnonzero(wide.max(1) > 128).tolist() == list(range(10, 30))
    assert np.flatnonzero(wide.max(0) > 128)[[0, -1]] == pytest.approx([30, 59], abs=1)


def test_boxes_lead_back_to_the_image() -> None:
    image = np.full((200, 900), 255, np.uint8)
    for left in (100, 400, 700):
        cv2.rectangle(image, (left, 60), (left + 39, 139), 0, 6)
    line = normalize(image)
    nothing, box = line.boxes((np.array([250, 300, 445]) - line.left) * WIDTH * line.scale)
    assert (box.left, box.right) == pytest.approx((397, 443), abs=5)
    assert (box.top, box.bottom) == pytest.approx((57, 143), abs=5)
    assert (nothing.left, nothing.right) == pytest.approx((250, 300), abs=1)
    assert nothing.height > 20


@pytest.mark.parametrize("shape", [(1, 1), (64, 400), (1, 5000), (400, 3)])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_blank_images_hold_no_writing(shape: tuple[int, int], grey: int) -> None:
    with pytest.raises(InputError, match="no writing in it"):
        normalize(np.full(shape, grey, np.uint8))


def test_a_dot_and_a_dash_stay_small() -> None:
    dot = np.full((64, 64), 255, np.uint8)
    dot[30:34, 30:34] = 0
    dash = np.full((64, 200), 255, np.uint8)
    dash[31:34, 60:140] = 0
    assert normalize(dot).pixels.shape[1] < 100
    dot[30:34, 30:34] = 255
    dot[30, 30] = 0
    assert normalize(dot).pixels.any()
    assert normalize(dash).pixels.shape[1] < 2000
