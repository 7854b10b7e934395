"""Planted answers for each distortion alone: what it adds, takes or moves, and that nothing written is lost."""

from dataclasses import fields, replace
from typing import Any

import cv2
import numpy as np
import pytest

from handwrite.core.augment import Dose, Hand, Strength, draw_line, vary_image
from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink

NEVER = Dose(chance=0, most=0)
KINDS = [field.name for field in fields(Strength) if field.name != "clean"]
SEEDS = range(8)


def strength(doses: dict[str, Dose], *, clean: float = 0.0) -> Strength:
    """Those distortions and no others."""
    chosen: dict[str, Any] = dict.fromkeys(KINDS, NEVER) | doses
    return Strength(clean=clean, **chosen)


def only(name: str, most: float) -> Strength:
    """That distortion in every image, and no other."""
    return strength({name: Dose(chance=1.0, most=most)})


def loops(count: int = 12) -> Ink:
    """A line of joined loops as high as four units, with a dot after it."""
    t = np.linspace(0, 2 * np.pi * count, 20 * count)
    line = np.column_stack([1.2 * t - np.sin(t), 2 * np.cos(t), t / 50])
    return Ink.from_strokes([line, [[1.2 * t[-1] + 3, 2, t[-1] / 50 + 0.1]]])


def drawing(width: int = 300) -> GreyImage:
    """Black bars on white, clear of the edges."""
    image = np.full((64, width), 255, np.uint8)
    for x in range(20, width - 20, 24):
        cv2.line(image, (x, 18), (x, 44), (0,), 3)
    return image


def darkness(image: GreyImage) -> float:
    return float((255 - image.astype(np.float64)).sum())


def blobs(image: GreyImage) -> int:
    dark = (image < (int(image.min()) + int(np.median(image))) / 2).astype(np.uint8)
    return int(cv2.connectedComponents(dark)[0]) - 1


def test_the_same_state_gives_the_same_image() -> None:
    first, again, other = (np.random.default_rng(seed) for seed in (5, 5, 6))
    drawn, same, different = (draw_line(loops(), rng=rng) for rng in (first, again, other))
    np.testing.assert_array_equal(drawn, same)
    assert drawn.shape != different.shape or (drawn != different).any()
    for _ in range(20):
        np.testing.assert_array_equal(vary_image(drawn, rng=first), vary_image(drawn, rng=again))


def test_images_are_grey_bytes_and_the_argument_is_left_alone() -> None:
    rng = np.random.default_rng(0)
    image = drawing()
    for _ in range(100):
        varied = vary_image(image, rng=rng, neighbours=[drawing(90), image])
        assert varied.dtype == np.uint8
        assert varied.ndim == 2
        assert min(varied.shape) > 30
    np.testing.assert_array_equal(image, drawing())


@pytest.mark.parametrize("image", [np.full((1, 1), 255, np.uint8), np.zeros((3, 200), np.uint8), drawing(41)[:, :20]])
def test_odd_images_pass(image: GreyImage) -> None:
    always = strength({kind: Dose(chance=1.0, most=getattr(Strength(), kind).most) for kind in KINDS})
    for seed in range(20):
        assert vary_image(image, rng=np.random.default_rng(seed), strength=always).size
        assert vary_image(drawing(), rng=np.random.default_rng(seed), neighbours=[image], strength=always).size


@pytest.mark.parametrize("seed", SEEDS)
def test_ink_stays_within_its_margins(seed: int) -> None:
    hand = Hand(margin=(3.0, 9.0), white_scan=1.0)
    image = draw_line(loops(), rng=np.random.default_rng(seed), hand=hand)
    edge = np.concatenate([image[:1].ravel(), image[-1:].ravel(), image[:, :1].ravel(), image[:, -1:].ravel()])
    assert edge.min() > 250
    assert image.min() < 160
    rows = np.flatnonzero(image.min(axis=1) < 200)
    assert 15 < len(rows) <= 80


def test_the_pen_is_as_wide_as_asked() -> None:
    plain = Hand(slant=0, rotation=0, wave=0, jitter=0, smoothing=0, white_scan=1, x_height=(20, 20), pressure=(0, 0))
    plain = replace(plain, nib=(0, 0), stretch=(1, 1), darkness=(1, 1))
    zigzag = np.array([[12 * k, 20 * (k % 2), 0.1 * k] for k in range(8)])
    marks = []
    for width in (0.08, 0.24):
        image = draw_line(
            Ink.from_strokes([zigzag]), rng=np.random.default_rng(3), hand=replace(plain, width=(width,) * 2)
        )
        marks.append(darkness(image))
    assert marks[1] / marks[0] == pytest.approx(3.0, rel=0.15)


@pytest.mark.parametrize("strokes", [[], [[[3, 4, 0]]], [[[0, 0, 0], [40, 0, 0.2]]], [[[5, 5, 0], [5, 5, 0.1]]]])
def test_blank_ink_dots_and_dashes_are_drawn(strokes: list[list[list[float]]]) -> None:
    for seed in SEEDS:
        image = draw_line(Ink.from_strokes(strokes), rng=np.random.default_rng(seed), hand=Hand(white_scan=1.0))
        assert max(image.shape) < 2500
        assert (image.min() < 225) == bool(strokes)


def test_ink_without_a_clock_is_drawn() -> None:
    ink = loops()
    still = ink.with_points(np.column_stack([ink.points[:, :2], np.full(len(ink), np.nan)]))
    assert draw_line(still, rng=np.random.default_rng(0)).min() < 160


def test_no_strength_is_the_identity_and_clean_images_come_as_often_as_asked() -> None:
    rng = np.random.default_rng(0)
    image = drawing()
    np.testing.assert_array_equal(vary_image(image, rng=rng, strength=strength({})), image)
    wild = strength({"noise": Dose(chance=1.0, most=9.0)}, clean=0.3)
    untouched = sum(vary_image(image, rng=rng, strength=wild) is image for _ in range(400))
    assert untouched == pytest.approx(120, abs=30)


@pytest.mark.parametrize(("name", "most"), [("slant", 0.3), ("stretch", 0.2), ("rotation", 3.0), ("elastic", 0.06)])
@pytest.mark.parametrize("seed", SEEDS)
def test_moving_loses_no_bar(name: str, most: float, seed: int) -> None:
    image = drawing()
    full = np.full((64, 300), 255, np.uint8)
    full[:, ::24] = 0  # bars that touch the edges
    moved = vary_image(image, rng=np.random.default_rng(seed), strength=only(name, most))
    assert (moved.shape != image.shape) or (moved != image).any()
    assert blobs(moved) == blobs(image)
    assert darkness(moved) == pytest.approx(darkness(image), rel=0.25)
    touching = vary_image(full, rng=np.random.default_rng(seed), strength=only(name, most))
    assert darkness(touching) == pytest.approx(darkness(full), rel=0.3)


@pytest.mark.parametrize("sign", [-1, 1])
def test_slant_leans_upright_bars(sign: int) -> None:
    leans = []
    for seed in range(30):
        moved = vary_image(drawing(), rng=np.random.default_rng(seed), strength=only("slant", 0.3))
        rows = np.flatnonzero(moved.min(axis=1) < 100)
        top, bottom = (np.flatnonzero(moved[row] < 128).mean() for row in (rows[3], rows[-4]))
        leans.append((top - bottom) / (rows[-4] - rows[3]))
    assert 0.03 < max(sign * np.array(leans)) < 0.32


def test_stretch_changes_the_distance_of_bars() -> None:
    widths = []
    for seed in range(20):
        moved = vary_image(drawing(), rng=np.random.default_rng(seed), strength=only("stretch", 0.2))
        columns = np.flatnonzero(moved.min(axis=0) < 128)
        widths.append((columns[-1] - columns[0]) / 243)
    assert 1.1 < max(widths) < 1.25
    assert 0.8 < min(widths) < 0.92


@pytest.mark.parametrize("seed", SEEDS)
def test_thicker_adds_ink_and_thinner_takes_no_more_than_it_may(seed: int) -> None:
    image = drawing()
    thick = vary_image(image, rng=np.random.default_rng(seed), strength=only("thicker", 1.0))
    thin = vary_image(image, rng=np.random.default_rng(seed), strength=only("thinner", 0.3))
    assert (thick <= image).all()
    assert 1.002 < darkness(thick) / darkness(image) < 1.8
    assert (thin >= image).all()
    assert 0.69 < darkness(thin) / darkness(image) < 0.998


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ruled_line_runs_along_the_paper(seed: int) -> None:
    image = drawing()
    ruled = vary_image(image, rng=np.random.default_rng(seed), strength=only("rules", 0.8))
    assert (ruled <= image).all()
    marked = ((ruled < 250) & (image == 255)).any(axis=0)
    assert marked.mean() > 0.2  # dotted ones have gaps
    assert {int(column) // 30 for column in np.flatnonzero(marked)} == set(range(10))


def test_a_lone_rule_lies_under_the_writing() -> None:
    rows = []
    for seed in range(60):
        ruled = vary_image(drawing(), rng=np.random.default_rng(seed), strength=only("rules", 0.8))
        dark = np.flatnonzero(ruled[:, 150:160].min(axis=1) < 235)
        if len(dark) and np.ptp(dark) < 5:
            rows.append(dark.mean())
    assert len(rows) > 15
    assert np.median(rows) == pytest.approx(45, abs=4)  # the bars end in row 45


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("other", [None, 100, 800])
def test_neighbours_show_at_the_edges_only(seed: int, other: int | None) -> None:
    image = drawing()
    given = [] if other is None else [drawing(other)]
    varied = vary_image(image, rng=np.random.default_rng(seed), neighbours=given, strength=only("neighbours", 0.2))
    assert darkness(varied) > 1.005 * darkness(image)
    writing = image[15:48]
    assert any((varied[top : top + len(writing), 1:-1] == writing).all() for top in range(len(varied) - len(writing)))


@pytest.mark.parametrize("seed", SEEDS)
def test_light_and_sensor_change_even_grey_as_asked(seed: int) -> None:
    grey = np.full((64, 300), 128, np.uint8)

    def varied(name: str, most: float) -> GreyImage:
        return vary_image(grey, rng=np.random.default_rng(seed), strength=only(name, most))

    noise = varied("noise", 10.0).astype(float)
    assert 0.5 < noise.std() < 11
    assert noise.mean() == pytest.approx(128, abs=1)
    shaded = varied("shadow", 0.5)
    assert 63 <= shaded.min() < 128
    assert shaded.max() <= 128
    toned = np.unique(varied("gamma", 0.5))
    assert len(toned) == 1
    assert toned[0] != 128


@pytest.mark.parametrize("seed", SEEDS)
def test_contrast_blur_bleed_and_inversion_change_bars_as_asked(seed: int) -> None:
    image = drawing()

    def varied(name: str, most: float) -> GreyImage:
        return vary_image(image, rng=np.random.default_rng(seed), strength=only(name, most))

    assert np.ptp(varied("contrast", 0.5)) == pytest.approx(255 * 0.71, abs=255 * 0.22)
    blurred = varied("blur", 1.5)
    assert np.abs(np.diff(blurred.astype(int), axis=1)).max() < 250
    assert darkness(blurred) == pytest.approx(darkness(image), rel=0.02)
    bled = varied("bleed", 0.2)
    assert darkness(bled) > darkness(image)
    assert bled[image == 255].min() > 0.78 * 255
    assert (bled <= image).all()
    np.testing.assert_array_equal(varied("invert", 1.0), 255 - image)


def test_a_threshold_leaves_fewer_greys_in_between() -> None:
    soft = np.asarray(cv2.GaussianBlur(drawing(), (0, 0), 1.5), np.uint8)

    def between(image: GreyImage) -> float:
        low, high = int(image.min()), int(image.max())
        return float(((image > low + 0.15 * (high - low)) & (image < high - 0.15 * (high - low))).mean())

    hard = [vary_image(soft, rng=np.random.default_rng(seed), strength=only("hard", 1.0)) for seed in SEEDS]
    assert np.mean([between(image) for image in hard]) < 0.7 * between(soft)


def test_jpeg_is_of_some_quality_within_the_range() -> None:
    image = drawing()
    files = [cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for quality in range(25, 91)]
    expected = {np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE)).tobytes() for file in files}
    lossy = [vary_image(image, rng=np.random.default_rng(seed), strength=only("jpeg", 75.0)) for seed in range(20)]
    assert {each.tobytes() for each in lossy} <= expected
    assert len({each.tobytes() for each in lossy}) > 5
