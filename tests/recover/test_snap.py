"""The path on the skeleton: planted glyphs and paths, and what holds for any."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import KDTree

from handwrite.core.image import WHITE
from handwrite.core.ink import Ink
from handwrite.recover.glyph import FINE, HEIGHT, INKED, TALL, Glyph
from handwrite.recover.path import DOWN, END, SPEED, STRIDE, UP, Path
from handwrite.recover.skeleton import Skeleton, skeleton_of
from handwrite.recover.snap import MOST_LEAN, snap
from handwrite.recover.ways import ways_of

Stroke = NDArray[np.float64]

LEFT_BAR, MIDDLE_BAR, RIGHT_BAR = (np.array([[x, 12.0], [x, 52.0]]) for x in (12.0, 32.0, 52.0))
ACROSS, DOWNWARD = np.array([[10.0, 30.0], [54.0, 30.0]]), np.array([[31.0, 10.0], [31.0, 54.0]])


def glyph_with(*strokes: Stroke, columns: int = 64, width: float = 3.0) -> Glyph:
    """A glyph with strokes (n, 2) in its pixels; one of a single point is a dot."""
    fine = np.zeros((FINE * HEIGHT, FINE * columns), np.uint8)
    for stroke in strokes:
        corners = np.round((FINE * np.repeat(stroke, 2, axis=0) - 0.5) * 16).astype(np.int32)
        cv2.polylines(fine, [corners], False, 255, round(FINE * width), cv2.LINE_8, 4)
    return Glyph(fine, scale=1.0, left=0.0, top=0.0)


def snapped(path: Path, glyph: Glyph) -> Ink:
    return snap(path, ways_of(skeleton_of(glyph.mask)))


def stepped(stroke: Stroke, *, step: float = STRIDE) -> Stroke:
    """Points along a stroke, `step` pixels apart."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    wanted = np.linspace(0, along[-1], round(along[-1] / step) + 1)
    return np.column_stack([np.interp(wanted, along, stroke[:, axis]) for axis in (0, 1)])


def path_through(*strokes: Stroke, noise: float = 0.0, seed: int = 0) -> Path:
    """A path through the points of strokes, with slowly changing noise of a standard deviation in pixels."""
    points = np.concatenate([*strokes, np.zeros((0, 2))])
    stray = gaussian_filter1d(np.random.default_rng(seed).standard_normal((len(points) + 80, 2)), 6, axis=0)[40:-40]
    pen = np.full(len(points), DOWN)
    pen[np.cumsum([len(stroke) for stroke in strokes], dtype=np.int64) - 1] = UP
    pen[-1:] = END
    return Path((points + noise * stray / 0.217).astype(np.float32), pen)


def decoded(*strokes: Stroke, noise: float = 0.0, seed: int = 0) -> Path:
    return path_through(*map(stepped, strokes), noise=noise, seed=seed)


NOTHING = path_through()


def ends(ink: Ink) -> list[list[float]]:
    """x, y of the start and x, y of the end of each stroke."""
    return [[*stroke[0, :2].tolist(), *stroke[-1, :2].tolist()] for stroke in ink.strokes()]


def length(stroke: NDArray[np.float32]) -> float:
    return float(np.hypot(*np.diff(stroke[:, :2], axis=0).T).sum())


def agreement(ink: Ink, truth: Stroke) -> float:
    """Kendall's agreement of the order of true points with that of the points of the ink nearest to them."""
    order = KDTree(ink.points[:, :2]).query(truth)[1]
    pairs = np.triu_indices(len(truth), 1)
    return float(np.sign(order[pairs[1]] - order[pairs[0]]).mean())


def drawn(ink: Ink) -> Stroke:
    """Points along the strokes, close together."""
    dense = [stepped(stroke[:, :2], step=0.2) if length(stroke) > 0.2 else stroke[:, :2] for stroke in ink.strokes()]
    return np.concatenate([np.zeros((0, 2)), *dense])


def skeleton(glyph: Glyph) -> Skeleton:
    return skeleton_of(glyph.fine > INKED * WHITE)


def check_fidelity(ink: Ink, glyph: Glyph) -> None:
    """No stroke leaves the skeleton; no piece of it longer than the pen is wide is left out, nor a part of the ink."""
    graph = skeleton(glyph)
    lines = [stepped(edge.path / FINE, step=0.2) if edge.length else edge.path / FINE for edge in graph.edges]
    assert KDTree(np.concatenate(lines)).query(drawn(ink))[0].max() < MOST_LEAN + 0.35
    pen = KDTree(drawn(ink))
    for line in lines:
        bare = np.flatnonzero(np.diff(pen.query(line)[0] > MOST_LEAN + 0.35, prepend=False, append=False))
        assert (0.2 * np.diff(bare)[::2] <= graph.width / FINE).all()
    for part in graph.components:
        assert min(pen.query(lines[edge])[0].min() for edge in part) < MOST_LEAN + 0.35


def test_a_noisy_path_on_a_plus_becomes_its_two_strokes() -> None:
    glyph = glyph_with(ACROSS, DOWNWARD)
    ink = snapped(decoded(ACROSS, DOWNWARD, noise=1.0), glyph)
    check_fidelity(ink, glyph)
    assert ends(ink) == pytest.approx(np.array([[10, 30, 54, 30], [31, 10, 31, 54]]), abs=2.0)
    assert [length(stroke) for stroke in ink.strokes()] == pytest.approx([44, 44], abs=4)


def test_order_and_direction_are_those_of_the_path() -> None:
    glyph = glyph_with(ACROSS, DOWNWARD)
    ink = snapped(decoded(DOWNWARD[::-1], ACROSS[::-1], noise=1.0), glyph)
    assert ends(ink) == pytest.approx(np.array([[31, 54, 31, 10], [54, 30, 10, 30]]), abs=2.0)


@pytest.mark.parametrize("seed", range(4))
def test_a_loop_is_followed_round(seed: int) -> None:
    turn = np.linspace(-0.1, 1.8, 60) * np.pi
    e = np.column_stack([32 + 17 * np.cos(turn), 33 - 17 * np.sin(turn)])
    e = np.concatenate([[[15.5, 38.0]], e])
    glyph = glyph_with(e)
    ink = snapped(decoded(e, noise=1.0, seed=seed), glyph)
    check_fidelity(ink, glyph)
    assert len(ink.strokes()) == 1
    assert agreement(ink, stepped(e)) > 0.9
    assert length(ink.points) == pytest.approx(length(stepped(e)), rel=0.1)


N = np.array([[20, 15], [20, 52], [20, 26], [26, 18], [36, 16], [44, 22], [44, 52]], np.float64)


@pytest.mark.parametrize("seed", range(4))
def test_a_retraced_stem_is_gone_down_and_up(seed: int) -> None:
    glyph = glyph_with(N)
    ink = snapped(decoded(N, noise=0.8, seed=seed), glyph)
    check_fidelity(ink, glyph)
    (stroke,) = ink.strokes()
    assert length(stroke) == pytest.approx(length(stepped(N)), rel=0.08)
    bottom = int(np.argmax(np.where(stroke[:, 0] < 30, stroke[:, 1], 0)))
    assert stroke[bottom, 1] > 50
    assert stroke[:bottom, 1].min() < 17
    assert stroke[bottom:, 1].min() < 19


def test_the_two_ways_of_a_retraced_line_stay_on_their_sides() -> None:
    aside = np.array([0.8, 0.0])
    down, up = DOWNWARD - aside, DOWNWARD[::-1] + aside
    ink = snapped(decoded(np.concatenate([down, up])), glyph_with(DOWNWARD))
    (stroke,) = ink.strokes()
    bottom = int(stroke[:, 1].argmax())
    left, right = stroke[5 : bottom - 5, 0], stroke[bottom + 5 : -5, 0]
    assert 0 < right.min() - left.max() <= np.ptp([*left, *right]) < 3 * MOST_LEAN


def test_a_pen_that_turns_back_too_early_goes_to_the_end_of_the_line() -> None:
    early = N.copy()
    early[1, 1] = 44
    glyph = glyph_with(N)
    ink = snapped(decoded(early), glyph)
    check_fidelity(ink, glyph)
    (stroke,) = ink.strokes()
    assert length(stroke) == pytest.approx(length(stepped(N)), rel=0.08)


@pytest.mark.parametrize("seed", range(4))
def test_a_crossing_is_gone_straight_through(seed: int) -> None:
    falling, rising = np.array([[14.0, 12], [50, 52]]), np.array([[14.0, 52], [50, 12]])
    glyph = glyph_with(falling, rising)
    ink = snapped(decoded(falling, rising, noise=0.8, seed=seed), glyph)
    check_fidelity(ink, glyph)
    assert ends(ink) == pytest.approx(np.array([[14, 12, 50, 52], [14, 52, 50, 12]]), abs=2.5)


def test_a_stroke_that_leaves_the_ink_is_broken() -> None:
    both = path_through(np.concatenate([stepped(LEFT_BAR), stepped(RIGHT_BAR)]))
    ink = snapped(both, glyph_with(LEFT_BAR, RIGHT_BAR))
    assert ends(ink) == pytest.approx(np.array([[12, 12, 12, 52], [52, 12, 52, 52]]), abs=2.0)


def test_a_jump_to_and_from_beside_the_ink_leaves_no_scraps() -> None:
    points = stepped(np.array([[10.0, 40], [90, 40]]))
    points[10:16] -= [0, 30]
    glyph = glyph_with(np.array([[10.0, 40], [90, 40]]), columns=100)
    ink = snapped(path_through(points), glyph)
    check_fidelity(ink, glyph)
    assert sum(map(length, ink.strokes())) == pytest.approx(80, abs=4)


@pytest.mark.parametrize("kept", [(0, 2), (1, 2), (0, 1), (2,)])
def test_a_missing_stroke_comes_in_reading_order(kept: tuple[int, ...]) -> None:
    bars = [LEFT_BAR, MIDDLE_BAR, RIGHT_BAR]
    ink = snapped(decoded(*(bars[number] for number in kept)), glyph_with(*bars))
    assert ends(ink) == pytest.approx(np.array([[x, 12, x, 52] for x in (12, 32, 52)]), abs=2.0)


def test_missing_strokes_above_each_other_come_from_the_top() -> None:
    rows = [np.array([[12.0, y], [50.0, y]]) for y in (14.0, 32.0, 50.0)]
    ink = snapped(NOTHING, glyph_with(*rows))
    assert ends(ink) == pytest.approx(np.array([[12, y, 50, y] for y in (14, 32, 50)]), abs=2.0)


def test_the_missing_stroke_of_a_plus_goes_straight_through() -> None:
    ink = snapped(decoded(DOWNWARD), glyph_with(ACROSS, DOWNWARD))
    assert ends(ink) == pytest.approx(np.array([[31, 10, 31, 54], [10, 30, 54, 30]]), abs=2.0)


@pytest.mark.parametrize("rest", [1, 4])
@pytest.mark.parametrize(("first", "last"), [(0, -6), (6, None), (6, -6)])
def test_a_stroke_goes_on_to_the_ends_of_its_line(first: int, last: int | None, rest: int) -> None:
    points = stepped(ACROSS)[first:last]
    resting = np.concatenate([np.repeat(points[:1], rest, axis=0), points[1:-1], np.repeat(points[-1:], rest, axis=0)])
    ink = snapped(path_through(resting), glyph_with(ACROSS))
    assert ends(ink) == pytest.approx(np.array([[10, 30, 54, 30]]), abs=2.0)
    assert length(ink.points) == pytest.approx(44, abs=3)


def test_a_dot_is_a_stroke() -> None:
    dot, bar = np.array([[32.0, 8.0]]), np.array([[32.0, 18.0], [32.0, 58.0]])
    glyph = glyph_with(bar, dot)
    for path in (decoded(bar), path_through(stepped(bar), dot + 0.7), NOTHING):
        ink = snapped(path, glyph)
        check_fidelity(ink, glyph)
        assert sorted(map(length, ink.strokes())) == pytest.approx([0, 40], abs=3)
    assert ends(snapped(path_through(dot, stepped(bar)), glyph))[0] == pytest.approx([32, 8] * 2, abs=1)


def test_a_pen_that_stands_still_is_no_obstacle() -> None:
    points = stepped(ACROSS)
    ink = snapped(
        path_through(np.concatenate([points[:9], np.repeat(points[8:9], 10, axis=0), points[9:]])), glyph_with(ACROSS)
    )
    assert length(ink.points) == pytest.approx(44, abs=2)
    assert ink.duration == pytest.approx(44 / (SPEED * TALL), rel=0.1)


def test_no_ink_gives_none() -> None:
    assert len(snapped(decoded(ACROSS), glyph_with())) == 0


def curve(rng: np.random.Generator, columns: int) -> Stroke:
    """A smooth random stroke, now and then a dot."""
    middle = rng.uniform([12, 12], [columns - 12, 52])
    if rng.random() < 0.2:
        return middle[None]
    way = gaussian_filter1d(rng.standard_normal((50, 2)), 5, axis=0).cumsum(axis=0) * rng.uniform(1, 8)
    return np.asarray(np.clip(middle + way, 6, [columns - 6, HEIGHT - 6]))


@pytest.mark.parametrize("seed", range(30))
def test_whatever_the_path_the_ink_is_written_and_nothing_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = int(rng.integers(40, 160))
    strokes = [curve(rng, columns) for _ in range(rng.integers(1, 7))]
    glyph = glyph_with(*strokes, columns=columns, width=rng.uniform(1.5, 5))
    garbage = path_through(*(rng.uniform(-10, columns + 10, (rng.integers(1, 40), 2)) for _ in range(3)))
    honest = path_through(*(stepped(s) if len(s) > 1 else s for s in strokes), noise=rng.uniform(0, 4), seed=seed)
    for path in (garbage, honest, NOTHING):
        ink = snapped(path, glyph)
        check_fidelity(ink, glyph)
        assert ink.has_clock
        assert (np.diff(ink.points[:, 2])[ink.pen_up[:-1]] > 0).all()


def test_the_check_of_fidelity_can_fail() -> None:
    glyph = glyph_with(ACROSS, DOWNWARD)
    whole = snapped(NOTHING, glyph)
    for ink in (Ink.from_strokes(whole.strokes()[:1]), whole.moved(1, 1)):
        with pytest.raises(AssertionError):
            check_fidelity(ink, glyph)
