"""Drawing, with a small real network and with one whose window is planted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from handwrite.synth import sampler
from handwrite.synth.mixture import biased, outputs, split
from handwrite.synth.model import SynthConfig, SynthNet
from handwrite.synth.sampler import (
    EARLY_LIFT,
    FULL_LIFT,
    MAX_POINTS_PER_CHARACTER,
    NEGLIGIBLE,
    Prime,
    Trace,
    _pick,
    draw,
    max_points,
)
from handwrite.synth.watch import Verdict, judge

SHORT, LONG, OTHER = np.array([1, 2]), np.array([3, 4, 5, 1, 2, 2]), np.array([5, 4])
DOWN, UP = -50.0, 50.0


@pytest.fixture(scope="module")
def net() -> SynthNet:
    torch.manual_seed(0)
    config = SynthConfig(symbols=6, writers=2, hidden=16, text_channels=8, style_channels=4, gaussians=3, components=3)
    return SynthNet(config).eval()


def drawn(
    net: SynthNet,
    texts: Sequence[NDArray[np.int64]],
    *,
    seeds: Sequence[tuple[int, ...]],
    writer: int = 0,
    bias: float = 0.5,
    prime: Prime | None = None,
) -> list[Trace]:
    """Texts drawn in one writer's style with one bias."""
    style = net.writer.weight[writer].detach().expand(len(texts), -1)
    return draw(net, texts, style=style, bias=torch.full((len(texts),), bias), seeds=seeds, prime=prime)


@dataclass
class Planted:
    """Stands for `Stepper` and draws unit steps to the right. When point n is drawn, the window looks at place
    `looks(n)`; point n lifts the pen where `lifts(n)`."""

    looks: Callable[[int], int]
    lifts: Callable[[int], bool]
    steps: int = 0
    seen: list[torch.Tensor] = field(default_factory=list)

    def __call__(self, net: SynthNet, text: torch.Tensor, style: torch.Tensor) -> Planted:
        self.shape = [len(text), text.shape[1] + 1]
        return self

    def keep(self, rows: torch.Tensor) -> None:
        self.shape[0] = len(rows)

    def step(self, offset: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self.seen.append(offset)
        values, phi = torch.zeros(self.shape[0], outputs(1)), torch.full(self.shape, 0.01)
        values[:, 0] = UP if self.lifts(self.steps) else DOWN
        values[:, 2], values[:, 4:6] = 1.0, -20.0
        phi[:, min(self.looks(self.steps), self.shape[1] - 1)] = 1.0
        self.steps += 1
        return values, phi


Plant = Callable[..., list[Trace]]


@pytest.fixture
def plant(net: SynthNet, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Draws texts of so many characters with a planted window and pen."""

    def planted(looks: Callable[[int], int], lifts: Callable[[int], bool], *sizes: int) -> list[Trace]:
        monkeypatch.setattr(sampler, "Stepper", Planted(looks, lifts))
        texts = [np.full(size, 1) for size in sizes or (3,)]
        return drawn(net, texts, bias=50.0, seeds=[(row,) for row in range(len(texts))])

    return planted


def verdict(trace: Trace) -> Verdict:
    return judge("abc", trace.attention, finished=trace.finished)


def test_the_same_seed_gives_the_same_trace(net: SynthNet) -> None:
    one, two, other = (drawn(net, [LONG], writer=1, seeds=[seed])[0] for seed in ((1, 2), (1, 2), (1, 3)))
    np.testing.assert_array_equal(one.offsets, two.offsets)
    np.testing.assert_array_equal(one.attention, two.attention)
    assert not np.array_equal(one.offsets[:20], other.offsets[:20])


def test_a_line_is_the_same_in_any_company(net: SynthNet) -> None:
    seeds = [(7, 0), (7, 1), (7, 2)]
    together = drawn(net, [SHORT, LONG, OTHER], seeds=seeds)
    for text, seed, trace in zip((SHORT, LONG, OTHER), seeds, together, strict=True):
        alone = drawn(net, [text], seeds=[seed])[0]
        assert (alone.finished, len(alone.offsets)) == (trace.finished, len(trace.offsets))
        np.testing.assert_allclose(alone.offsets, trace.offsets, atol=2e-3)
        np.testing.assert_allclose(alone.attention, trace.attention, atol=2e-3)


def test_drawing_one_line_again_leaves_the_others(net: SynthNet) -> None:
    first = drawn(net, [SHORT, LONG], seeds=[(7, 0, 0), (7, 1, 0)])
    again = drawn(net, [SHORT, LONG], seeds=[(7, 0, 0), (7, 1, 1)])
    np.testing.assert_allclose(first[0].offsets, again[0].offsets, atol=1e-5)
    assert not np.allclose(first[1].offsets[:20], again[1].offsets[:20], atol=0.1)


def test_each_line_has_its_own_style_and_bias(net: SynthNet) -> None:
    style, bias = net.writer.weight[[0, 1]].detach(), torch.tensor([0.5, 2.0])
    together = draw(net, [LONG, LONG], style=style, bias=bias, seeds=[(3,), (3,)])
    for row, trace in enumerate(together):
        alone = drawn(net, [LONG], writer=row, bias=float(bias[row]), seeds=[(3,)])[0]
        np.testing.assert_allclose(alone.offsets[:40], trace.offsets[:40], atol=2e-3)
    assert not np.allclose(together[0].offsets[:40], together[1].offsets[:40], atol=0.1)


def test_a_prime_is_seen_first_and_is_no_part_of_the_line(net: SynthNet, monkeypatch: pytest.MonkeyPatch) -> None:
    ink = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    stepper = Planted(lambda step: 3 + max(step - 5, 0) // 10, lambda step: step % 5 == 4)
    monkeypatch.setattr(sampler, "Stepper", stepper)
    one, two = drawn(net, [SHORT, SHORT], bias=50.0, seeds=[(1,), (2,)], prime=Prime(ink, np.array([3, 4, 1])))
    assert [offset.tolist() for offset in stepper.seen[:6]] == [[point.tolist()] * 2 for point in ink]
    assert stepper.shape[1] == 3 + len(SHORT) + 1
    for trace in (one, two):
        assert trace.offsets[0, :2].tolist() == [0, 0], "the way from the ink that was there is not written"
        np.testing.assert_allclose(trace.offsets[1:, 0], 1, atol=1e-3)
        assert trace.attention.shape == (len(trace.offsets), len(SHORT) + 1)
        assert trace.attention.argmax(axis=1)[[5, 15]].tolist() == [0, 1]
        assert trace.finished


@pytest.mark.parametrize("leftover", [0, 5, 10])
def test_strokes_that_go_on_with_the_prime_are_left_out(
    leftover: int, net: SynthNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points after the six of the prime in which the window still looks at its space; a stroke takes five."""
    ink = np.zeros((6, 3), np.float32)
    later = 5 + leftover
    stepper = Planted(lambda step: 2 if step < later else 3 + (step - later) // 10, lambda step: step % 5 == 4)
    monkeypatch.setattr(sampler, "Stepper", stepper)
    (trace,) = drawn(net, [SHORT], bias=50.0, seeds=[(1,)], prime=Prime(ink, np.array([3, 4, 1])))
    assert trace.finished
    assert len(trace.offsets) == len(trace.attention) == 10 * len(SHORT)
    assert trace.offsets[0, :2].tolist() == [0, 0]
    assert trace.attention.argmax(axis=1)[[2, 12]].tolist() == [0, 1]


def test_shapes_and_limits(net: SynthNet) -> None:
    trace = drawn(net, [SHORT, LONG], bias=0.0, seeds=[(0,), (1,)])[0]
    assert trace.offsets.dtype == np.float32
    assert trace.attention.shape == (len(trace.offsets), len(SHORT) + 1)
    assert trace.offsets[0].tolist() == [0, 0, 0]
    assert len(trace.offsets) <= max_points(len(SHORT)) + 1
    assert set(trace.offsets[:, 2]) <= {0.0, 1.0}


@pytest.mark.parametrize(("phase", "points"), [(4, 30), (1, 32), (0, 31)])
def test_the_line_ends_where_the_pen_lifts_past_the_text(phase: int, points: int, plant: Plant) -> None:
    trace = plant(lambda step: step // 10, lambda step: step % 5 == phase)[0]
    assert trace.finished
    assert len(trace.offsets) == points + 1
    assert trace.offsets[-1, 2] == 1
    assert verdict(trace).problems == []
    np.testing.assert_allclose(trace.offsets[1:, 0], 1, atol=1e-3)


def test_a_window_that_jumps_is_a_skip(plant: Plant) -> None:
    trace = plant(lambda step: 2 * (step // 10) if step < 20 else 3, lambda step: step % 5 == 4)[0]
    assert verdict(trace).problems == ["may have skipped 'b' in 'abc'"]


def test_a_window_that_lingers_is_a_repetition(plant: Plant) -> None:
    trace = plant(lambda step: 0 if step < 10 else 1 if step < 90 else 2 if step < 100 else 3, lambda step: True)[0]
    assert verdict(trace).problems == ["may have repeated 'b' in 'abc'"]


@pytest.mark.parametrize(
    ("looks", "lifts"),
    [(lambda step: min(step // 10, 2), lambda step: True), (lambda step: step // 10, lambda step: False)],
)
def test_a_window_that_never_leaves_or_a_pen_that_never_lifts_runs_on(
    looks: Callable[[int], int], lifts: Callable[[int], bool], plant: Plant
) -> None:
    trace = plant(looks, lifts)[0]
    assert not trace.finished
    assert len(trace.offsets) == max_points(3) + 1
    assert "ran on past the end of 'abc'" in verdict(trace).problems


def test_a_short_line_stops_at_its_own_limit_in_a_long_batch(plant: Plant) -> None:
    late = max_points(1)
    short, long = plant(lambda step: 0 if step < late else 1 if step < late + 20 else 3, lambda step: True, 1, 3)
    assert (short.finished, len(short.offsets)) == (False, max_points(1) + 1)
    assert (long.finished, len(long.offsets)) == (True, late + 20 + 1)


@pytest.mark.parametrize(("leaves", "points"), [(31, 30), (36, 41)])
def test_a_last_stroke_past_the_end_of_the_text_is_taken_back(plant: Plant, leaves: int, points: int) -> None:
    trace = plant(lambda step: min(step // 10, 2) if step < leaves else 3, lambda step: step in (29, 40))[0]
    assert trace.finished
    assert (len(trace.offsets), len(trace.attention)) == (points + 1, points + 1)
    assert trace.offsets[-1, 2] == 1


def test_picks_follow_the_mixture() -> None:
    generator = np.random.default_rng(0)
    count = 40_000
    row = torch.tensor([0.4, 0.0, 1.0, -9.0, 1, 2, -3, 1, 50, 50, -0.5, 0.2, 0.1, 0.3, 0, 0, 0.6, -0.4, 0])
    noise = np.hstack([generator.random((count, 2)), generator.normal(size=(count, 2))]).astype(np.float32)
    for bias in torch.tensor([0.0, 1.0]):
        drawn = _pick(row.expand(count, -1), bias.expand(count), torch.from_numpy(noise)).double().numpy()
        mixture = biased(split(row[None]), bias)
        weight = torch.softmax(mixture.weight[0], 0).double().numpy()
        assert weight[2] < NEGLIGIBLE
        assert drawn[:, 0].max() < 25, "the negligible component is never drawn from"
        share = weight[:2] / weight[:2].sum()
        first = drawn[:, 0] > -1
        assert first.mean() == pytest.approx(share[0], abs=0.05)
        np.testing.assert_allclose(drawn[:, :2].mean(axis=0), share @ np.array([[1, 2], [-3, 1]]), atol=0.05)
        lift = 0.4 + EARLY_LIFT * min(1, float(bias) / FULL_LIFT)
        assert drawn[:, 2].mean() == pytest.approx(1 / (1 + np.exp(-lift)), abs=0.01)


def test_correlation_of_a_lone_component() -> None:
    noise = torch.from_numpy(np.random.default_rng(1).normal(size=(40_000, 4)).astype(np.float32)).clone()
    noise[:, :2] = 0.5
    row = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.7])
    drawn = _pick(row.expand(len(noise), -1), torch.zeros(len(noise)), noise)[:, :2].double().numpy()
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0.999 * np.tanh(0.7), abs=0.02)
    np.testing.assert_allclose(drawn.std(axis=0), [1, np.e], rtol=0.03)


def test_the_limit_grows_with_the_text() -> None:
    assert max_points(3) - max_points(2) == MAX_POINTS_PER_CHARACTER
