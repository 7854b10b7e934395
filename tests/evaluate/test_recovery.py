"""The figures of recovered paths whose faults are planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.path_metrics import PenLifts
from handwrite.core.render import fit, render
from handwrite.evaluate.recovery import Figure, Judged, Scores, judge, mean_of, score, shown

TICKS = np.linspace(0, 0.5, 30)
SLOPE = np.column_stack([20 * TICKS, 100 * TICKS**2, TICKS])
BAR = np.column_stack([60 * TICKS, np.full(30, 12.0), 1 + TICKS])
LATER = np.array([0, 0, 1])
RIGHT = Scores(1.0, 1.0, 1.0, True, 0.5, 1.0, PenLifts(1, 1, 1), 0.01, 0.4, 0.02, 0.9, 1.0)


def drawn(*strokes: np.ndarray) -> tuple[np.ndarray, Ink]:
    ink = Ink.from_strokes(strokes)
    frame = fit(ink, height=80)
    return render(ink, frame=frame), frame.place(ink)


def value(figure: Figure | None) -> float:
    assert figure is not None
    return figure.value


def judged(scores: Scores, *, name: str = "n", writer: str = "w", level: str = "word") -> Judged:
    return Judged(name, "here", "Latn", level, writer, True, Ink.from_strokes([]), scores)


def test_the_true_path_has_all_figures_right() -> None:
    image, ink = drawn(SLOPE, BAR)
    scores = score(ink, ink, image, real_clock=True)
    assert (scores.local_order, scores.global_order, scores.stroke_tau) == (1, 1, 1)
    assert (scores.starts, scores.direction, scores.lifts.f1, scores.on_ink) == (True, 1, 1, 1)
    assert scores.velocity_r == pytest.approx(1)
    assert (scores.ldtw, scores.dtw, scores.rmse, scores.aiou) == (0, 0, 0, 1)


def test_strokes_in_another_order_and_a_modelled_clock() -> None:
    image, ink = drawn(SLOPE, BAR)
    first, second = ink.strokes()
    other = Ink.from_strokes([second - LATER, first + LATER])
    scores = score(ink, other, image, real_clock=False)
    assert (scores.stroke_tau, scores.direction, scores.lifts.f1) == (-1, 1, 0)
    assert scores.velocity_r is None
    assert not scores.starts


def test_ink_beside_the_image_is_counted() -> None:
    image, ink = drawn(BAR)
    half = Ink.from_strokes([ink.points, np.add(ink.points, (0, 20, 1))])
    assert score(ink, half, image, real_clock=True).on_ink == 0.5
    outside = ink.moved(0, -500)
    assert score(ink, outside, image, real_clock=True).on_ink == 0


def test_nothing_recovered_is_a_dot_in_the_middle() -> None:
    image, ink = drawn(SLOPE, BAR)
    scores = score(ink, Ink.from_strokes([]), image, real_clock=True)
    assert (scores.local_order, scores.stroke_tau, scores.direction, scores.starts) == (0, 0, 0, False)
    assert scores.lifts == PenLifts(found=0, recovered=0, true=1)
    assert scores.aiou < 0.1
    assert scores.velocity_r is None


def test_means_leave_out_what_is_not_defined() -> None:
    figure = mean_of([1.0, None, 0.0], ["", "", ""])
    assert figure is not None
    assert (figure.value, figure.samples, figure.low, figure.high) == (0.5, 2, 0, 1)
    assert mean_of([None], ["w"]) is None


def test_whole_writers_are_drawn() -> None:
    values = [1.0] * 50 + [0.0] * 50
    by_writer = mean_of(values, ["ann"] * 50 + ["bob"] * 50)
    assert by_writer is not None
    assert (by_writer.low, by_writer.high) == (0, 1)
    for writer in ("", "ann"):
        by_sample = mean_of(values, [writer] * 100)
        assert by_sample is not None
        assert 0.3 < by_sample.low < by_sample.high < 0.7


def test_figures_by_level_and_method() -> None:
    wrong = replace(RIGHT, stroke_tau=None, starts=False, velocity_r=None, lifts=PenLifts(0, 2, 0))
    right = [judged(RIGHT), judged(RIGHT, writer="x"), judged(RIGHT, level="character")]
    half = [judged(RIGHT), judged(wrong, writer="x"), judged(wrong, level="character")]
    people = mean_of([0.4], [""])
    assert people is not None
    groups = judge({"net": right, "skeleton": half}, two_people={("here", "Latn"): people, ("there", "Latn"): people})
    assert [(group.source, group.script, group.level) for group in groups] == [
        ("here", "Latn", "character"),
        ("here", "Latn", "word"),
    ]
    assert all(group.two_people == people for group in groups)
    net, skeleton = groups[1].methods["net"], groups[1].methods["skeleton"]
    assert (net.samples, net.writers, net.real_clocks) == (2, 2, 2)
    assert (value(net.starts), value(skeleton.starts)) == (1, 0.5)
    assert (value(skeleton.stroke_tau), value(skeleton.velocity_r)) == (1, 0.5)
    assert value(skeleton.lifts_f1) == pytest.approx(2 * 1 / (1 + 1 + 2)), "pooled"
    assert groups[0].methods["skeleton"].stroke_tau is None


def test_best_median_and_worst_of_each_kind() -> None:
    orders = [0.1, 0.9, None, 0.5, 0.9]
    words = [
        judged(replace(RIGHT, local_order=order, ldtw=0.1 / (number + 1)), name=f"n{number}")
        for number, order in enumerate(orders)
    ]
    one = judged(RIGHT, name="only", level="character")
    assert shown([*words, one]) == [
        [("here Latn character, best: only", 5)],
        [("here Latn word, best: n4", 4), ("here Latn word, median: n3", 3), ("here Latn word, worst: n0", 0)],
    ]
