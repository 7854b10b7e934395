"""A style fitted to lines that a small network drew in a hand of its own: the hand is found again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from handwrite.core.alphabet import Alphabet
from handwrite.core.ink import FloatArray, Ink
from handwrite.errors import InputError
from handwrite.synth import adapt
from handwrite.synth.adapt import fit_style
from handwrite.synth.data import Line
from handwrite.synth.model import SynthConfig, SynthNet
from handwrite.synth.sampler import draw
from handwrite.synth.task import MAX_POINTS, Statistics

ALPHABET = Alphabet(" abc")
STATISTICS = Statistics(scale=0.5, time_step=0.02, gap=(0.2, 0.0))
TEXTS = ("ab cab", "bcc a", "cabba") * 2
BETWEEN = torch.tensor([0.3, -0.3, 0.3, 0.3])
"""From a known hand to one that is none of them."""


@pytest.fixture(scope="module")
def net() -> SynthNet:
    """A network whose writers differ much: the embedding moves what it expects from point to point."""
    torch.manual_seed(1)
    net = SynthNet(
        SynthConfig(symbols=5, writers=9, hidden=12, text_channels=4, style_channels=4, gaussians=2, components=2)
    )
    with torch.no_grad():
        net.writer.weight.normal_(std=1.0)
        net.leave.weight.mul_(3)
    return net.eval()


def written(net: SynthNet, style: torch.Tensor, *, seed: int, texts: Sequence[str] = TEXTS) -> list[Line]:
    """The texts as the network draws them in a style."""
    traces = draw(
        net,
        [ALPHABET.encode(text) for text in texts],
        style=style.expand(len(texts), -1),
        bias=torch.zeros(len(texts)),
        seeds=[(seed, row) for row in range(len(texts))],
    )
    scale = np.array([STATISTICS.scale, STATISTICS.scale, 1], np.float32)
    inks = [Ink.from_offsets(trace.offsets * scale, time_step=0.02, gap=(0.2, 0.0)) for trace in traces]
    return [Line(ink, text, "", "line") for ink, text in zip(inks, texts, strict=True)]


def fit(net: SynthNet, lines: Sequence[Line], *, steps: int = adapt.STEPS) -> FloatArray:
    return fit_style(net, lines, alphabet=ALPHABET, statistics=STATISTICS, steps=steps)


def nats(net: SynthNet, lines: Sequence[Line], styles: torch.Tensor) -> torch.Tensor:
    batch = adapt._batch(lines, alphabet=ALPHABET, statistics=STATISTICS)
    with torch.no_grad():
        return adapt._nats(net, batch, styles) / (batch.lengths - 1).sum()


@pytest.fixture(scope="module")
def planted(net: SynthNet) -> torch.Tensor:
    return net.writer.weight.detach()[6] + BETWEEN


@pytest.mark.parametrize("neighbour", [4, 6])
def test_a_planted_hand_is_found_again(net: SynthNet, neighbour: int) -> None:
    known = net.writer.weight.detach()
    planted = known[neighbour] + BETWEEN
    found = torch.from_numpy(fit(net, written(net, planted, seed=1)))
    assert (found - planted).norm() < 0.7 * (known - planted).norm(dim=1).min()
    fitted, true, *others = nats(net, written(net, planted, seed=9), torch.stack([found, planted, *known])).tolist()
    assert fitted - true < 0.2 * (min(others) - true), "lines that it never saw are likelier than in any known hand"


def test_the_search_only_climbs_from_the_closest_writers(net: SynthNet, planted: torch.Tensor) -> None:
    lines = written(net, planted, seed=1)
    tries = torch.from_numpy(np.stack([fit(net, lines, steps=steps) for steps in (0, 4, adapt.STEPS)]))
    start, later, last = nats(net, lines, tries).tolist()
    assert last < later < start


def test_the_closest_writers_come_first(net: SynthNet) -> None:
    known = net.writer.weight.detach()
    for writer in (3, 7):
        batch = adapt._batch(written(net, known[writer], seed=5), alphabet=ALPHABET, statistics=STATISTICS)
        closest = adapt._closest(net, batch, known)
        torch.testing.assert_close(closest[0], known[writer])
        assert len(closest) == adapt.ROUNDS[-1][-1]


def test_each_style_is_scored_on_all_lines(net: SynthNet, planted: torch.Tensor) -> None:
    lines, styles = written(net, planted, seed=1), net.writer.weight.detach()[:3]
    alone = torch.stack([nats(net, lines, style[None])[0] for style in styles])
    torch.testing.assert_close(nats(net, lines, styles), alone, rtol=1e-4, atol=1e-5)


def test_little_ink_stays_with_the_known_writers(
    net: SynthNet, planted: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, mean = written(net, planted, seed=1), net.writer.weight.detach().mean(0).numpy()
    free = np.linalg.norm(fit(net, lines) - mean)
    monkeypatch.setattr(adapt, "PULL", 1e3)
    assert np.linalg.norm(fit(net, lines) - mean) < 0.3 * free


def test_the_same_lines_give_the_same_style_and_the_network_stays(net: SynthNet, planted: torch.Tensor) -> None:
    lines = written(net, planted, seed=1)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    steps: list[int] = []
    first = fit_style(net, lines, alphabet=ALPHABET, statistics=STATISTICS, steps=3, report=steps.append)
    assert first.dtype == np.float32
    assert first.tobytes() == fit(net, lines, steps=3).tobytes()
    assert steps == [1, 1, 1]
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in net.parameters())


def test_a_network_without_known_writers_learns_a_hand_too(net: SynthNet, planted: torch.Tensor) -> None:
    lonely = SynthNet(SynthConfig(symbols=5, writers=1, hidden=8, text_channels=4, style_channels=4, components=2))
    style = fit(lonely.eval(), written(net, planted, seed=1), steps=2)
    assert np.isfinite(style).all()
    assert style.any()


def test_of_a_long_line_the_beginning_counts(net: SynthNet, planted: torch.Tensor) -> None:
    line = written(net, planted, seed=1)[0]
    steps = np.random.default_rng(0).normal(size=(3 * MAX_POINTS, 3)) * (1, 1, 0)
    long = Line(Ink.from_offsets(steps, time_step=0.02), line.text, "", "line")
    batch = adapt._batch([line, long], alphabet=ALPHABET, statistics=STATISTICS)
    assert batch.lengths.tolist() == [len(line.ink), MAX_POINTS]
    many = adapt._batch([line] * 50, alphabet=ALPHABET, statistics=STATISTICS)
    assert len(many.lengths) == adapt.MOST_LINES


def test_lines_that_cannot_be_learned_from(net: SynthNet, planted: torch.Tensor) -> None:
    line = written(net, planted, seed=1)[0]
    with pytest.raises(InputError, match="“aéb”: the model does not know é"):
        fit(net, [Line(line.ink, "aéb", "", "line")])
    with pytest.raises(InputError, match="no lines"):
        fit(net, [])
