"""The glyph in an image: that it lies where the ink was drawn, whatever its size and place, and what is no ink."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink
from handwrite.errors import InputError
from handwrite.recover.glyph import FINE, FLATTEST, HEIGHT, MARGIN, TALL, Glyph, extent, glyph_of, width_of

Picture = Callable[..., GreyImage]

PLACED: dict[str, tuple[list[tuple[float, float]], tuple[int, int], float]] = {
    "amid": ([(20, 20), (80, 80)], (100, 160), 4.0),
    "small": ([(4, 4), (9, 12)], (18, 16), 1.5),
    "large": ([(200, 200), (900, 800)], (1000, 1200), 30.0),
    "small in a large image": ([(200, 800), (300, 900)], (1000, 1200), 6.0),
    "in a corner": ([(3, 3), (30, 30)], (500, 500), 4.0),
    "in the other corner": ([(470, 470), (497, 497)], (500, 500), 4.0),
    "tall": ([(20, 5), (20, 95)], (100, 40), 4.0),
    "flat": ([(20, 50), (140, 52)], (100, 160), 4.0),
    "a dot": ([(20, 30), (20.5, 30)], (50, 60), 5.0),
    "wide": ([(20, 20), (980, 80)], (100, 1000), 4.0),
}


def corners(glyph: Glyph) -> NDArray[np.float64]:
    """left, top, right, bottom of the ink in pixels of the image."""
    rows, columns = np.nonzero(glyph.mask)
    x, y = (np.array([places.min(), places.max() + 1]) / FINE / glyph.scale for places in (columns, rows))
    return np.array([x[0] + glyph.left, y[0] + glyph.top, x[1] + glyph.left, y[1] + glyph.top])


@pytest.mark.parametrize("name", PLACED)
def test_the_ink_lies_where_it_was_drawn(picture: Picture, name: str) -> None:
    stroke, shape, width = PLACED[name]
    glyph = glyph_of(picture(stroke, shape=shape, width=width))
    drawn = np.array([np.min(stroke, axis=0) - width / 2, np.max(stroke, axis=0) + width / 2]).ravel()
    assert corners(glyph) == pytest.approx(drawn, abs=0.6 * max(1, 1 / glyph.scale))
    middle = glyph.from_image(Ink.from_strokes([stroke])).points[:, :2]
    columns, rows = np.floor(FINE * middle).astype(int).T
    assert glyph.mask[rows, columns].all()


@pytest.mark.parametrize("name", PLACED)
def test_a_glyph_is_as_high_as_its_ink_unless_that_is_flat(picture: Picture, name: str) -> None:
    stroke, shape, width = PLACED[name]
    glyph = glyph_of(picture(stroke, shape=shape, width=width))
    assert glyph.fine.shape[0] == FINE * HEIGHT
    assert glyph.fine.shape[1] % FINE == 0
    rows, columns = np.nonzero(glyph.mask)
    size = np.array([np.ptp(rows), np.ptp(columns)]) + 1
    if size[1] > FLATTEST * size[0]:
        assert size[1] == pytest.approx(FINE * FLATTEST * TALL, abs=2)
    else:
        assert size[0] == pytest.approx(FINE * TALL, abs=2)
    assert columns.min() == pytest.approx(FINE * MARGIN, abs=1)
    assert glyph.fine.shape[1] - columns.max() == pytest.approx(FINE * MARGIN, abs=3)


def test_there_and_back_is_where_it_was(picture: Picture) -> None:
    rng = np.random.default_rng(0)
    for stroke, shape, width in PLACED.values():
        glyph = glyph_of(picture(stroke, shape=shape, width=width))
        ink = Ink.from_strokes([np.column_stack([rng.uniform(0, 1000, (9, 2)), np.arange(9)])])
        np.testing.assert_allclose(glyph.to_image(glyph.from_image(ink)).points, ink.points, atol=0.01)
        np.testing.assert_allclose(glyph.from_image(glyph.to_image(ink)).points, ink.points, atol=0.01)


def test_pixels_are_means_of_finer_ones(picture: Picture) -> None:
    glyph = glyph_of(picture([(20, 20), (60, 80)], [(60, 20), (20, 80)]))
    means = glyph.fine.reshape(HEIGHT, FINE, -1, FINE).mean(axis=(1, 3))
    np.testing.assert_allclose(glyph.pixels, means, atol=0.51)


def test_light_on_dark_is_the_same_glyph(picture: Picture) -> None:
    image = picture([(20, 20), (60, 80)], [(60, 20), (20, 80)])
    dark, light = glyph_of(image), glyph_of(255 - image)
    assert (light.scale, light.left, light.top) == (dark.scale, dark.left, dark.top)
    assert (light.mask == dark.mask).mean() > 0.99


def test_specks_do_not_count_but_the_dot_of_an_i_does(picture: Picture) -> None:
    bar, dot = [(40, 40), (40, 90)], [(40, 26), (40.5, 26)]
    clean = picture(bar, dot)
    glyph = glyph_of(clean)
    assert corners(glyph)[1] == pytest.approx(24, abs=0.6)
    assert cv2.connectedComponents(glyph.mask.astype(np.uint8))[0] == 3
    dirty = clean.copy()
    dirty[5, 120] = dirty[60, 60] = 0
    found = glyph_of(dirty)
    assert (found.scale, found.left, found.top) == (glyph.scale, glyph.left, glyph.top)
    np.testing.assert_array_equal(found.mask, glyph.mask)


def test_the_ruled_line_of_the_paper_is_no_part_of_the_glyph(picture: Picture) -> None:
    clean = picture([(120, 20), (160, 70)], [(160, 20), (120, 70)], shape=(100, 500))
    ruled = clean.copy()
    ruled[85:87] = 60
    assert corners(glyph_of(ruled)) == pytest.approx(corners(glyph_of(clean)), abs=1)


@pytest.mark.parametrize("width", [1.5, 2, 3, 4, 6, 8])
def test_the_width_of_the_pen_is_measured(picture: Picture, width: float) -> None:
    x = np.linspace(0, 1, 100)
    glyph = glyph_of(picture(np.column_stack([20 + 80 * x, 45 + 35 * np.sin(9 * x)]), width=width))
    assert glyph.pen_width == pytest.approx(width * glyph.scale, abs=1.0)


@pytest.mark.parametrize("width", [4, 10, 30])
def test_the_width_of_a_bar(width: int) -> None:
    mask = np.zeros((300, 60), np.bool_)
    mask[:, 10 : 10 + width] = True
    assert width_of(mask) == pytest.approx(width, abs=0.2)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_blank_paper_is_refused(grey: int) -> None:
    with pytest.raises(InputError, match="no writing in it"):
        glyph_of(np.full((60, 90), grey, np.uint8))
    with pytest.raises(InputError, match="no writing in it"):
        extent(np.zeros((60, 90), np.float32))
