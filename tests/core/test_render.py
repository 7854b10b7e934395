"""Planted answers for the pen: how much it darkens, where, and what slowness does; and for the paper: what it adds."""

import cv2
import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.render import Frame, Paper, Pen, draw, enlarge, fit, pressure_of, render
from handwrite.errors import InputError

FLAT_PEN = Pen(width=3.0, pressure=0.0, darkness=1.0)
CLEAN = Paper(white=1, contrast=1, shading=0, grain=0, fibre=0, skips=0, blur=0)


def line(y: float = 20.0, *, count: int = 21, x: float = 10.0, start: float = 0.0) -> list[list[float]]:
    """A level stroke of points 4 pixels and 10 ms apart."""
    return [[x + 4 * index, y, start + 0.01 * index] for index in range(count)]


@pytest.mark.parametrize("width", [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 9.0])
@pytest.mark.parametrize("y", [20.0, 20.3])
def test_a_line_is_as_wide_as_the_pen_and_lies_where_the_ink_does(width: float, y: float) -> None:
    cover = draw(Ink.from_strokes([line(y)]), shape=(40, 110), pen=Pen(width=width, pressure=0, darkness=1))
    column = cover[:, 50].astype(float) / 255
    assert column.sum() == pytest.approx(width, rel=0.13)  # one of the sub-pixels that it is drawn with
    assert (column * (np.arange(40) + 0.5)).sum() / column.sum() == pytest.approx(y, abs=0.17)  # half of one
    row = np.flatnonzero(cover[20])
    assert (row.min(), row.max() + 1) == (pytest.approx(10 - width / 2, abs=1), pytest.approx(90 + width / 2, abs=1))


def test_a_slanted_line_is_as_wide_as_a_level_one() -> None:
    length, angle = 80.0, 0.6
    end = [10 + length * np.cos(angle), 10 + length * np.sin(angle)]
    cover = draw(Ink.from_strokes([[[10, 10], end]]), shape=(70, 100), pen=FLAT_PEN)
    assert cover.sum() / 255 == pytest.approx(3.0 * length + np.pi * 1.5**2, rel=0.07)


def test_the_slow_part_is_wider_and_darker_than_the_fast_part() -> None:
    fast, slow = line(), [[x, y, 0.21 + 6 * t] for x, y, t in line(x=94)]
    clocked = Ink.from_strokes([fast + slow])
    cover = draw(clocked, shape=(40, 190), pen=Pen(width=3, pressure=0.3))
    left, right = cover[:, 20:60].astype(float), cover[:, 120:160].astype(float)
    assert right.sum() > 1.3 * left.sum()
    assert right.max(axis=0).mean() > left.max(axis=0).mean() + 10
    even = draw(clocked, shape=(40, 190), pen=Pen(width=3, pressure=0))
    assert even[:, 20:60].sum() == pytest.approx(even[:, 120:160].sum(), rel=0.01)


def test_without_a_clock_close_points_mean_a_slow_pen() -> None:
    points = [[x, 20] for x in [*range(10, 90, 8), *range(90, 170, 2)]]
    cover = draw(Ink.from_strokes([points]), shape=(40, 190), pen=Pen(width=3, pressure=0.3))
    assert cover[:, 110:150].sum() > 1.2 * cover[:, 20:60].sum()


def test_pressure_is_the_power_of_slowness() -> None:
    points = np.zeros((61, 3))
    points[:, 0] = np.cumsum([1.0] * 41 + [2.0] * 20)
    points[:, 2] = np.arange(61) * 0.01
    weights = pressure_of(Ink.from_strokes([points]), pressure=0.5)
    np.testing.assert_allclose(weights[5:35], 1.0, rtol=1e-3)
    np.testing.assert_allclose(weights[46:56], 2**-0.5, rtol=1e-3)
    assert pressure_of(Ink.from_strokes([[[1, 1]]]), pressure=0.5)[0] > 2


def test_dots_and_repeated_points_are_seen() -> None:
    ink = Ink.from_strokes([line(), [[50, 8, 1]], [[70, 8, 2], [70, 8, 2.1], [70, 8, 2.2]]])
    cover = draw(ink, shape=(40, 110), pen=Pen(width=3, pressure=0.0, darkness=1))
    for x in (50, 70):
        spot = cover[4:12, x - 4 : x + 4].astype(float) / 255
        assert spot.sum() == pytest.approx(np.pi * 1.5**2, rel=0.25)
    assert cover[4:12, 55:65].sum() == 0


def test_the_pen_is_up_between_strokes() -> None:
    ink = Ink.from_strokes([line(10), line(30, start=1)])
    assert draw(ink, shape=(40, 110), pen=FLAT_PEN)[14:26].sum() == 0


def test_curves_are_round() -> None:
    """Eight points on a circle: a polygon would cut its corners by 1 - cos(pi / 8), 8 % of the radius."""
    angles = np.linspace(0, 4 * np.pi, 17)
    circle = 50 + 30 * np.column_stack([np.cos(angles), np.sin(angles)])
    cover = draw(Ink.from_strokes([circle]), shape=(100, 100), pen=Pen(width=2, pressure=0))
    y, x = np.nonzero(cover[:, :50] > 60)  # away from the ends, which know no neighbours
    radius = np.hypot(x + 0.5 - 50, y + 0.5 - 50)
    assert radius.min() > 30 - 1.8
    assert radius.max() < 30 + 1.8


def test_ink_is_fitted_to_the_height_and_placed_by_the_frame() -> None:
    ink = Ink.from_strokes([[[1000, 500], [1400, 600]], [[1200, 450]]])
    frame = fit(ink, height=64, margin=4)
    placed = frame.place(ink)
    left, top, right, bottom = placed.bounds
    assert (top, bottom) == (pytest.approx(4), pytest.approx(60))
    assert (left, frame.width - right) == (pytest.approx(4, abs=1e-3), pytest.approx(4, abs=1))
    image = render(ink, height=64, margin=4)
    assert (image.shape, image.dtype) == ((64, frame.width), np.uint8)
    np.testing.assert_array_equal(image, render(ink, frame=frame))
    assert enlarge(ink, scale=0.5, margin=2).place(ink).bounds == pytest.approx((2, 2, 202, 77))


@pytest.mark.parametrize("strokes", [[], [[[5, 5]]], [[[0, 3], [900, 3]]], [[[0, 0], [0, 50]]]])
def test_ink_without_extent_still_makes_an_image(strokes: list[list[list[float]]]) -> None:
    image = render(Ink.from_strokes(strokes), height=48)
    assert image.shape[0] == 48
    assert 8 <= image.shape[1] < 48 * 45
    assert (image.min() == 255) == (not strokes)


def test_unusable_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="too large to draw"):
        enlarge(Ink.from_strokes([[[0, 0], [1e6, 1e6]]]), scale=1)
    with pytest.raises(ValueError, match="no room"):
        render(Ink.from_strokes([line()]), height=8, margin=4)
    for wrong in ({"width": 0}, {"pressure": 2}, {"darkness": float("nan")}):
        with pytest.raises(ValueError, match="pen out of range"):
            Pen(**wrong)
    with pytest.raises(ValueError, match="paper out of range"):
        Paper(white=1.2)


def test_noise_comes_from_the_generator_alone() -> None:
    ink, frame = Ink.from_strokes([line()]), Frame(height=40, width=110, scale=1, left=0, top=0)
    paper = Paper(ruled=15)
    first, again, other = (render(ink, frame=frame, paper=paper, rng=np.random.default_rng(s)) for s in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.3
    np.testing.assert_array_equal(render(ink, frame=frame), render(ink, frame=frame))
    with pytest.raises(ValueError, match="generator"):
        render(ink, frame=frame, paper=paper)


def scanned(**noise: float) -> np.ndarray:
    ink, frame = Ink.from_strokes([line(100, count=80)]), Frame(height=200, width=400, scale=1, left=0, top=0)
    paper = Paper(**{**vars(CLEAN), **noise})
    return render(ink, frame=frame, pen=FLAT_PEN, paper=paper, rng=np.random.default_rng(3)).astype(float)


def test_each_kind_of_noise_does_what_it_says() -> None:
    clean = scanned()
    np.testing.assert_array_equal(clean[:90], 255)
    assert clean[100, 100] == 0
    grain = scanned(white=0.5, grain=0.02)[:90]
    assert (grain.std(), grain.mean()) == (pytest.approx(0.02 * 255, rel=0.03), pytest.approx(127.5, abs=0.5))
    corners = scanned(shading=0.2)[np.ix_([0, -1], [0, -1])]
    assert corners.min() == pytest.approx(0.8 * 255, abs=1)
    assert corners.max() == pytest.approx(255, abs=1)
    assert scanned(contrast=0.5)[100, 100] == 128
    assert scanned(white=0.8)[10, 10] == 204
    assert scanned(skips=0.5)[100, 20:300].std() > 1
    np.testing.assert_array_equal(scanned(skips=0.5)[:90], 255)
    assert scanned(fibre=0.02, white=0.5)[:90].std() == pytest.approx(0.02 * 255, rel=0.35)
    rules = np.flatnonzero(np.diff((scanned(ruled=25)[:, 5] < 240).astype(int)) == 1)
    assert set(np.diff(rules)) == {25}
    blurred = scanned(blur=2.0)
    np.testing.assert_allclose(blurred, cv2.GaussianBlur(clean, (0, 0), 2.0), atol=1)


def test_a_test_of_two_pictures_can_fail() -> None:
    moved = draw(Ink.from_strokes([line(20.5)]), shape=(40, 110), pen=FLAT_PEN)
    assert (moved != draw(Ink.from_strokes([line(20)]), shape=(40, 110), pen=FLAT_PEN)).any()
