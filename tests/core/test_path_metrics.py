"""Measures of recovered paths on planted cases: what the measure must say is known from how the case was made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.core import path_metrics as pm
from handwrite.core.ink import Ink

FloatArray = NDArray[np.float64]

THETA = np.linspace(0, 2 * np.pi, 60)
RING = np.column_stack([np.cos(THETA), np.sin(THETA)]) / 2 + (0.5, 0.5)
BARS = [np.array([(0.0, y), (1.0, y)]) for y in (0.0, 0.3, 0.65, 1.0)]


def ink_of(*strokes: FloatArray) -> Ink:
    return Ink.from_strokes(strokes)


def word() -> list[FloatArray]:
    """Two letters and a dot: a stem, half of it traced twice, into a loop; and a zigzag."""
    stem = np.array([(1.0, 0.0), (1.0, 1.0)])
    zigzag = np.array([(1.2, 1.0), (1.3, 0.3), (1.5, 1.0), (1.7, 0.3), (1.6, 0.7), (1.4, 0.6)])
    return [np.concatenate([stem, RING[::-1]]), zigzag, np.array([(1.45, 0.0)])]


def reversed_strokes(strokes: Sequence[FloatArray]) -> list[FloatArray]:
    return [stroke[::-1] for stroke in strokes]


def wavy(strokes: Sequence[FloatArray], size: float) -> list[FloatArray]:
    """The strokes as another hand would trace them: moved about smoothly by `size` and sampled otherwise."""
    traced = []
    for number, stroke in enumerate(strokes):
        where = np.linspace(0, len(stroke) - 1, 7 * len(stroke) + number)
        xy = np.column_stack([np.interp(where, np.arange(len(stroke)), stroke[:, axis]) for axis in (0, 1)])
        traced.append(xy + size * np.column_stack([np.sin(where / 2 + number), np.cos(where / 3)]))
    return traced


def sweep(strokes: Sequence[FloatArray]) -> Ink:
    """The points from left to right, each a dot."""
    points = np.concatenate(wavy(strokes, 0.0))
    return ink_of(*points[np.lexsort((points[:, 1], points[:, 0]))][:, None])


def brute_force_dtw(distance: FloatArray) -> float:
    total = np.full(distance.shape, np.inf)
    for i, j in np.ndindex(*distance.shape):
        steps = [total[i - a, j - b] for a, b in ((1, 0), (0, 1), (1, 1)) if i >= a and j >= b]
        total[i, j] = distance[i, j] + min(steps, default=0.0)
    return float(total[-1, -1])


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (5, 5), (23, 8), (8, 23)])
def test_the_cost_of_warping_is_that_of_brute_force(shape: tuple[int, int]) -> None:
    distance = np.random.default_rng(sum(shape)).random(shape)
    assert pm.warp_cost(distance) == pytest.approx(brute_force_dtw(distance))


def test_a_path_agrees_with_itself() -> None:
    match = pm.match(ink_of(*word()), ink_of(*word()))
    assert pm.dtw(match) == pm.ldtw(match) == pm.rmse(match) == pm.start_error(match) == 0
    assert pm.aiou(match) == 1
    assert pm.point_order(match) == pm.point_order(match, local=True) == 1
    assert pm.stroke_order(match) == pm.direction_accuracy(match) == 1
    assert pm.pen_lifts(match) == pm.PenLifts(found=2, recovered=2, true=2)
    assert match.covered.all()


def test_a_path_traced_a_little_beside_agrees_nearly_as_well() -> None:
    match = pm.match(ink_of(*word()), ink_of(*wavy(word(), 0.01)))
    assert (pm.point_order(match, local=True) or 0) > 0.97
    assert pm.stroke_order(match) == pm.direction_accuracy(match) == pm.pen_lifts(match).f1 == 1
    assert 0.005 < pm.ldtw(match) < 0.02
    assert 0.6 < pm.aiou(match) < 1


def test_measures_know_neither_unit_nor_place_nor_sampling() -> None:
    recovered = wavy(word(), 0.03)[::-1]
    plain = pm.match(ink_of(*word()), ink_of(*recovered))
    large = pm.match(ink_of(*(300 * s + 50 for s in wavy(word(), 0.0))), ink_of(*(300 * s + 50 for s in recovered)))
    for measure in (pm.dtw, pm.ldtw, pm.rmse, pm.start_error, pm.aiou, pm.point_order, pm.stroke_order):
        assert measure(large) == pytest.approx(measure(plain), rel=0.03, abs=0.02), measure


def test_a_shift_is_measured_in_glyph_heights() -> None:
    bar, height = np.array([(0.0, 0.0), (0.0, 40.0)]), 40.0
    match = pm.match(ink_of(bar), ink_of(np.add(bar, (10, 0))))
    assert pm.start_error(match) == pm.rmse(match) == pm.ldtw(match) == pytest.approx(10 / height)
    assert pm.dtw(match) == pytest.approx(10 / height * (1 / pm.STEP + 1))
    assert pm.aiou(match) == 0


def test_a_flat_glyph_is_as_high_as_a_fifth_of_its_width_and_a_dot_as_one_unit() -> None:
    dash, dot = ink_of(np.array([(0.0, 7.0), (10.0, 7.0)])), ink_of(np.array([(3.0, 3.0)]))
    assert pm.glyph_height(dash) == 2
    assert pm.glyph_height(dot) == 1
    assert pm.glyph_height(ink_of(*(np.array([(x, 0.0), (x, 1.0)]) for x in range(20)))) == 1
    match = pm.match(dot, dot)
    assert (pm.aiou(match), pm.dtw(match), pm.point_order(match), pm.stroke_order(match)) == (1, 0, None, None)
    assert pm.direction_accuracy(match) is None


def test_every_stroke_reversed_is_wrong_nearby_and_right_between_strokes() -> None:
    match = pm.match(ink_of(*BARS), ink_of(*reversed_strokes(BARS)))
    inside = 4 * 33 * 32 / 2
    total = 4 * 33 * (4 * 33 - 1) / 2
    assert pm.point_order(match) == pytest.approx((total - 2 * inside) / total)
    assert pm.stroke_order(match) == 1
    assert pm.direction_accuracy(match) == 0
    assert pm.aiou(match) == 1


def test_a_sweep_from_left_to_right_gets_the_letters_but_not_the_path() -> None:
    words = [np.add(stroke, (2 * number, 0)) for number in range(3) for stroke in word()]
    match = pm.match(ink_of(*words), sweep(words))
    whole, near = pm.point_order(match), pm.point_order(match, local=True)
    assert whole is not None
    assert near is not None
    assert whole > 0.75 > 0.5 > near
    assert pm.aiou(match) > 0.7
    assert pm.direction_accuracy(match) == 0


def test_a_part_traced_twice_is_matched_pass_to_pass() -> None:
    down = np.array([(0.0, 0.0), (0.0, 1.0)])
    twice = np.concatenate([down, down[::-1], [(1.0, 0.5)]])
    truth = ink_of(twice)
    assert (pm.point_order(pm.match(truth, ink_of(twice * (1, 1.01)))) or 0) > 0.99
    once = pm.point_order(pm.match(truth, ink_of(np.concatenate([down[::-1], [(1.0, 0.5)]]))))
    assert once is not None
    assert once < 0.8


@pytest.mark.parametrize(
    ("order", "tau"), [((0, 1, 2, 3), 1), ((1, 0, 2, 3), 2 / 3), ((2, 0, 3, 1), 0), ((3, 2, 1, 0), -1)]
)
def test_shuffled_strokes_have_the_planted_tau(order: tuple[int, ...], tau: float) -> None:
    bars = wavy(BARS, 0.02)
    match = pm.match(ink_of(*BARS), ink_of(*(bars[k] for k in order)))
    assert pm.stroke_order(match) == pytest.approx(tau)
    assert pm.direction_accuracy(match) == 1


def test_stroke_order_is_told_by_place_where_strokes_were_joined_or_split() -> None:
    joined = ink_of(np.concatenate([BARS[1], BARS[0][::-1]]), np.concatenate([BARS[2], BARS[3][::-1]]))
    match = pm.match(ink_of(*BARS), joined)
    assert pm.stroke_order(match) == pytest.approx(2 / 3)
    assert pm.direction_accuracy(match) == 0.5
    assert pm.pen_lifts(match) == pm.PenLifts(found=0, recovered=1, true=3)
    halves = [half for bar in BARS for half in (bar * (0.5, 1), bar * (0.5, 1) + (0.5, 0))]
    assert pm.stroke_order(pm.match(ink_of(*BARS), ink_of(*halves))) == 1


def test_a_stroke_that_was_not_recovered_counts_nothing() -> None:
    match = pm.match(ink_of(*BARS), ink_of(*BARS[:3]))
    assert match.covered.tolist() == [True, True, True, False]
    assert pm.stroke_order(match) == pytest.approx(3 / 6)
    assert pm.direction_accuracy(match) == 0.75


def test_a_loop_may_begin_elsewhere_but_not_run_the_other_way() -> None:
    elsewhere = np.roll(RING[:-1], 25, axis=0)
    assert pm.direction_accuracy(pm.match(ink_of(RING), ink_of(elsewhere))) == 1
    assert pm.direction_accuracy(pm.match(ink_of(RING), ink_of(elsewhere[::-1]))) == 0


def test_lifts_are_found_where_both_ends_are_near_and_each_but_once() -> None:
    truth = ink_of(*BARS)
    shifted = [np.add(bar, (0.05, 0.05)) for bar in BARS]
    assert pm.pen_lifts(pm.match(truth, ink_of(*shifted))).found == 3
    assert pm.pen_lifts(pm.match(truth, ink_of(*(np.add(bar, (0.09, 0.09)) for bar in BARS)))).found == 0
    extra = pm.pen_lifts(pm.match(truth, ink_of(*shifted, BARS[0], BARS[1])))
    assert extra == pm.PenLifts(found=3, recovered=5, true=3)
    assert extra.f1 == pytest.approx(2 * 3 / 8)
    assert pm.pen_lifts(pm.match(ink_of(RING), ink_of(RING))).f1 is None


def test_two_people_are_compared_in_the_unit_box() -> None:
    other = ink_of(*(bar * (90, 400) + (7, -30) for bar in wavy(BARS, 0.02)[::-1]))
    match = pm.match(pm.in_unit_box(ink_of(*BARS)), pm.in_unit_box(other))
    assert pm.stroke_order(match) == -1
    assert pm.in_unit_box(other).bounds == pytest.approx((0, 0, 1, 1), abs=1e-6)
    assert pm.in_unit_box(ink_of(BARS[0])).bounds == pytest.approx((0, 0.5, 1, 0.5))


def moving(speeds: FloatArray, *, rate: float = 200.0) -> Ink:
    """A pen going right and down at the given speeds in glyph heights a second, one for each interval."""
    way = np.concatenate([[0], np.cumsum(speeds / rate)])
    return ink_of(np.column_stack([way, way, np.arange(len(way)) / rate]) / (way[-1], way[-1], 1))


def test_velocity_follows_planted_speeds_whatever_the_clock_rate() -> None:
    faster = np.linspace(1, 9, 400)
    truth = moving(faster)
    assert pm.velocity_r(pm.match(truth, truth)) == pytest.approx(1)
    coarse = Ink.from_strokes([truth.points[::5] * (1, 1, 3)])  # three times as slow all along
    assert (pm.velocity_r(pm.match(truth, coarse)) or 0) > 0.97
    assert (pm.velocity_r(pm.match(truth, moving(faster[::-1]))) or 0) < -0.6


def test_velocity_is_smoothed_over_fifty_milliseconds() -> None:
    flicker = np.tile([1.0, 3.0], 400)  # at 200 Hz: gone after 50 ms
    slow = np.linspace(1, 2, 800)
    assert (pm.velocity_r(pm.match(moving(slow), moving(slow * flicker))) or 0) > 0.99


def test_velocity_is_undefined_without_clocks_changes_or_points() -> None:
    truth = moving(np.linspace(1, 2, 100))
    assert pm.velocity_r(pm.match(truth, ink_of(truth.points[:, :2].astype(np.float64)))) is None
    assert pm.velocity_r(pm.match(truth, moving(np.ones(100)))) is None
    dots = Ink.from_strokes([[(0, 0, 0.0)], [(1, 1, 0.1)]])
    assert pm.velocity_r(pm.match(dots, dots)) is None


def test_an_empty_path_matches_nothing() -> None:
    for truth, recovered in ((ink_of(), ink_of(RING)), (ink_of(RING), ink_of())):
        with pytest.raises(ValueError, match="no paths to match"):
            pm.match(truth, recovered)


def test_ink_far_outside_is_cut_off_and_costs_no_memory() -> None:
    match = pm.match(ink_of(RING), ink_of(RING, RING + 1e6))
    assert 0.9 < pm.aiou(match) <= 1
    assert pm.aiou(pm.match(ink_of(RING), ink_of(RING + 1e6))) == 0
