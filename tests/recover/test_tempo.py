"""Tempo: what is seen of a path, clocks made from speeds, and that a small net learns to slow down in bends."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from handwrite.core.batch import pad
from handwrite.core.ink import Ink
from handwrite.core.path_metrics import STEP, Trace, glyph_height, match, trace_of, velocity_r
from handwrite.recover.path import SPEED
from handwrite.recover.tempo import REACH, SEEN, Tempo, mistimed, seen_of, shaken, true_tempo, with_tempo


def trace(ink: Ink) -> Trace:
    return trace_of(ink, glyph_height(ink))


def corner(*, high: float = 60.0, steady: bool = False) -> Ink:
    """Down and then right, two seconds, slow in the bend; and a bar."""
    t = np.linspace(0, 2, 241)
    way = t / 2 if steady else t / 2 + 0.45 * np.sin(2 * np.pi * t / 2) / (2 * np.pi)
    way = 2 * high * way
    bend = np.column_stack([np.maximum(way - high, 0), np.minimum(way, high), t])
    bar = np.column_stack([np.linspace(20, 50, 30), np.full(30, 10), 2.3 + np.linspace(0, 0.3, 30)])
    return Ink.from_strokes([bend, bar])


def test_what_is_seen_of_a_path() -> None:
    path = trace(corner())
    seen = seen_of(path)
    assert seen.shape == (len(path), SEEN)
    assert seen.dtype == np.float32
    ahead, behind, hop, begins, ends, below = np.split(seen, [2, 4, 6, 7, 8], axis=1)
    np.testing.assert_allclose(ahead[5], [0, 1], atol=0.05)  # down, so many steps
    bend = int(np.flatnonzero(path.stroke == 0)[-1]) // 2
    np.testing.assert_allclose(behind[bend], [0, 1], atol=0.1)
    np.testing.assert_allclose(ahead[bend], [1, 0], atol=0.1)
    starts = [0, int((path.stroke == 0).sum())]
    assert np.flatnonzero(begins).tolist() == starts
    assert np.flatnonzero(ends).tolist() == [starts[1] - 1, len(path) - 1]
    assert np.flatnonzero(hop.any(axis=1)).tolist() == starts[1:]
    assert (hop[starts[1]] < 0).all()  # left and up
    assert below.min() == 0
    assert below.max() == pytest.approx(1, abs=0.02)
    assert not ahead[-1].any()
    assert np.abs(ahead[-2] * REACH * STEP - (path.xy[-1] - path.xy[-2])).max() < 1e-6  # no farther than the stroke


def test_speeds_are_known_where_a_pen_moved_by_itself() -> None:
    tempo = true_tempo(trace(corner()))
    path = trace(corner())
    bend = int((path.stroke == 0).sum()) // 2
    assert np.isfinite(tempo).all()
    assert tempo[bend] == tempo[: 2 * bend].min()
    made_up = Ink.from_strokes(corner(steady=True).strokes()[:1])
    assert np.isnan(true_tempo(trace(made_up))).all()
    no_clock = Ink.from_strokes([stroke[:, :2] for stroke in corner().strokes()])
    assert np.isnan(true_tempo(trace(no_clock))).all()


def test_a_shaken_path_is_a_little_beside_and_its_speed_stays() -> None:
    path = trace(corner())
    moved = [shaken(path, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(moved[0].xy, moved[1].xy)
    assert not np.array_equal(moved[0].xy, moved[2].xy)
    aside = np.hypot(*(moved[0].xy - path.xy).T)
    assert 0 < aside.mean() < 0.03
    np.testing.assert_array_equal(moved[0].speed, path.speed)


def test_a_constant_and_what_is_unknown_miss_nothing() -> None:
    true = torch.tensor([[0.0, 1.0], [2.0, np.nan], [np.nan, np.nan]])
    assert float(mistimed(torch.tensor([[7.0, 5.0], [9.0, 1e9], [1e9, 0.0]]), true)) == 0
    assert float(mistimed(torch.tensor([[1.0, 5.0], [1.0, 0.0], [0.0, 0.0]]), true)) == pytest.approx(2 / 3)
    unknown = torch.zeros(4, 1, requires_grad=True)
    nothing = mistimed(unknown, torch.full((4, 1), np.nan))
    nothing.backward()
    assert float(nothing.detach()) == 0
    assert unknown.grad is not None
    assert not unknown.grad.any()


def test_speeds_become_a_clock() -> None:
    ink = corner()
    path = trace(ink)
    own = [np.log(path.speed[path.stroke == number]) + 3 for number in (0, 1)]
    timed = with_tempo(Ink.from_strokes([stroke[:, :2] for stroke in ink.strokes()]), own)
    np.testing.assert_allclose(timed.points[:, :2], ink.points[:, :2])
    np.testing.assert_array_equal(timed.pen_up, ink.pen_up)
    way = sum(np.hypot(*np.diff(stroke[:, :2], axis=0).T).sum() for stroke in ink.strokes()) / glyph_height(ink)
    assert way / timed.writing_time == pytest.approx(SPEED, rel=1e-3)
    r = velocity_r(match(ink, timed))
    assert r is not None
    assert r > 0.97


@pytest.mark.parametrize("strokes", [[[(5, 5)]], [[(5, 5)], [(9, 5)]], [[(5, 5), (9, 9)], [(7, 2)]]])
def test_dots_get_a_clock(strokes: list[list[tuple[float, float]]]) -> None:
    ink = Ink.from_strokes([np.array(stroke, np.float64) for stroke in strokes])
    [timed] = Tempo(4).eval().timed([ink])
    np.testing.assert_allclose(timed.points[:, :2], ink.points[:, :2])
    assert timed.has_clock


def test_paths_are_timed_the_same_alone_and_in_company() -> None:
    torch.manual_seed(0)
    net = Tempo(4).eval()
    inks = [corner(), Ink.from_strokes([]), turned(corner(high=20), 1.0), Ink.from_strokes([[(5, 5)]])]
    together = net.timed(inks)
    assert [len(ink) for ink in together] == [len(ink) for ink in inks]
    for ink, timed in zip(inks, together, strict=True):
        np.testing.assert_allclose(timed.points, net.timed([ink])[0].points, atol=1e-5)
    assert net.timed([]) == []


def test_a_small_net_learns_to_slow_down_in_a_bend() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    net = Tempo(8)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    paths = [trace(turned(corner(), angle)) for angle in rng.uniform(-3, 3, 12)]
    true = pad([true_tempo(path) for path in paths], time_first=True, beyond=np.nan)
    lengths = torch.tensor([len(path) for path in paths])
    for _ in range(40):
        seen = pad([seen_of(shaken(path, rng)) for path in paths], time_first=True)
        loss = mistimed(net(seen, lengths), true)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    truth = turned(corner(), 1.0)
    still = Ink.from_strokes([stroke[:, :2] for stroke in truth.strokes()])
    r = velocity_r(match(truth, net.eval().timed([still])[0]))
    assert r is not None
    assert r > 0.8


def turned(ink: Ink, angle: float) -> Ink:
    turn: NDArray[np.float64] = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return ink.with_points(np.column_stack([ink.points[:, :2] @ turn, ink.points[:, 2]]))
