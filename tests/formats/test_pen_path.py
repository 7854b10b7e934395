"""Runs follow the ink in place, time and width: each against what was planted or against the curve of `core`."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from handwrite.core.curve import bezier, points_at
from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.formats.look import PLAIN, Look
from handwrite.formats.pen_path import Run, pen_runs

LOOPS = np.linspace(0, 30, 240)
LETTERS = np.column_stack([10 + LOOPS + 1.2 * np.sin(2 * LOOPS), 10 + 2 * np.cos(2 * LOOPS), LOOPS / 12])


def page(*strokes: object) -> Page:
    return Page(ink=Ink.from_strokes(strokes), width=60, height=20)  # type: ignore[arg-type]


def places(run: Run, count: int = 60) -> np.ndarray:
    shares = np.broadcast_to(np.linspace(0, 1, count), (len(run.curves), count))
    return points_at(run.curves, shares).reshape(-1, 2)


def distance(points: np.ndarray, others: np.ndarray) -> float:
    """How far the furthest of the points is from the nearest of the others."""
    return float(cKDTree(others).query(points)[0].max())


def check_chain(runs: list[Run]) -> None:
    """Each curve and each run begins where and when the one before it ends."""
    curves = np.concatenate([run.curves for run in runs])
    np.testing.assert_array_equal(curves[1:, 0], curves[:-1, 3])
    assert all(len(run.times) == len(run.curves) + 1 for run in runs)
    assert [run.times[0] for run in runs[1:]] == [run.times[-1] for run in runs[:-1]]
    assert (np.diff(np.concatenate([run.times for run in runs])) >= 0).all()


def test_an_even_pen_makes_one_run_of_each_stroke_in_order() -> None:
    late = LETTERS + np.array([0, 0, 5])
    strokes = pen_runs(page(LETTERS, [[3, 4, 4.5]], late), PLAIN)
    assert [len(runs) for runs in strokes] == [1, 1, 1]
    assert {run.width for runs in strokes for run in runs} == {PLAIN.width}
    assert [runs[0].times[0] for runs in strokes] == [0, 4.5, 5]
    assert [runs[-1].times[-1] for runs in strokes] == [pytest.approx(2.5), 4.5, pytest.approx(7.5)]
    for runs in strokes:
        check_chain(runs)


@pytest.mark.parametrize("pressure", [0.0, 0.3])
def test_few_curves_lie_within_a_fiftieth_of_a_millimetre(pressure: float) -> None:
    written = page(LETTERS)
    (runs,) = pen_runs(written, Look(pressure=pressure))
    through = Run(curves=bezier(written.ink)[0], width=1, times=np.zeros(240))
    assert sum(len(run.curves) for run in runs) < 239 / 2
    stray = max(distance(places(run, 30), places(through, 100)) for run in runs)
    miss = distance(places(through, 9), np.concatenate([places(run, 1000) for run in runs]))
    assert max(stray, miss) < 0.02
    check_chain(runs)


def test_the_clock_of_each_curve_is_that_of_the_ink() -> None:
    written = page(LETTERS)
    ink = written.ink.points.astype(np.float64)
    for run in pen_runs(written, Look(pressure=0.3))[0]:
        knots = np.concatenate([run.curves[:, 0], run.curves[-1:, 3]])
        np.testing.assert_allclose(np.interp(run.times, ink[:, 2], ink[:, 0]), knots[:, 0], atol=1e-6)
        np.testing.assert_allclose(np.interp(run.times, ink[:, 2], ink[:, 1]), knots[:, 1], atol=1e-6)


def test_a_slow_half_is_as_much_wider_as_its_speed_says() -> None:
    steps = np.array([1.0] * 51 + [0.25] * 30)
    stroke = np.column_stack([np.cumsum(steps), np.full(81, 5), np.arange(81) * 0.01])
    (runs,) = pen_runs(page(stroke), Look(width=0.8, pressure=0.5))
    assert (runs[0].width, runs[-1].width) == (pytest.approx(0.8, rel=0.04), pytest.approx(1.6, rel=0.04))
    widths = [run.width for run in runs]
    assert widths == sorted(widths)
    assert 2 < len(widths) < 15
    assert runs[0].times[-1] == pytest.approx(0.5, abs=0.04)
    check_chain(runs)


def test_dots_and_strokes_that_stand_still_are_one_curve_of_no_length() -> None:
    strokes = pen_runs(page([[1, 2, 0]], [[3, 4, 0.5], [3, 4, 0.7], [3, 4, 0.9]], [[5, 5, 1], [6, 6, 1.2]]), PLAIN)
    for (run,), place, start in zip(strokes, ([1, 2], [3, 4]), (0, 0.5), strict=False):
        np.testing.assert_array_equal(run.curves, [[place] * 4])
        assert (run.times[0], run.times[-1], run.width) == (start, pytest.approx(start), PLAIN.width)
    pressed = pen_runs(page(LETTERS, [[1, 2, 9]]), Look(pressure=0.3))[1][0]
    assert pressed.width > 1.5 * PLAIN.width


def test_without_a_clock_times_are_zero_and_close_points_a_slow_pen() -> None:
    written = page(LETTERS[:, :2])
    assert all((run.times == 0).all() for run in pen_runs(written, Look(pressure=0.3))[0])
    assert len(pen_runs(written, PLAIN)[0]) == 1
    spaced = np.column_stack([np.cumsum([1.0] * 20 + [0.25] * 20), np.full(40, 5)])
    (runs,) = pen_runs(page(spaced), Look(pressure=0.5))
    assert runs[-1].width > 1.5 * runs[0].width


def test_a_blank_page_has_no_strokes() -> None:
    assert pen_runs(page(), PLAIN) == []
