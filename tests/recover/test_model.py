"""The net: a whole path at once is what its steps give one by one, padding changes nothing, the density is one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal
from torch.nn.functional import pad

from handwrite.recover.batch import path_batch
from handwrite.recover.data import Example
from handwrite.recover.model import NARROWEST, PENS, PER_UNIT, Encoded, Moves, RecoverNet, log_density
from handwrite.recover.tempo import SEEN
from handwrite.recover.view import CELL

ExampleOf = Callable[..., Example]
NetOf = Callable[..., RecoverNet]
Inputs = tuple[Tensor, ...]
STEPS = 14


@pytest.fixture(scope="module")
def net(net_of: NetOf) -> RecoverNet:
    return net_of("Latn", "Kana")


@pytest.fixture(scope="module")
def inputs(example_of: ExampleOf) -> Inputs:
    """Two glyphs of unlike width, for `expected`, with `STEPS` steps of their paths."""
    cross = example_of([(20, 20), (60, 80)], [(60, 20), (20, 80)])
    wide = example_of([(20, 30), (50, 70), (80, 30), (120, 70)], shape=(100, 140))
    batch = path_batch([cross, wide], [0, 2], rng=np.random.default_rng(0))
    assert cross.glyph.pixels.shape[1] + CELL < batch.images.shape[2]
    steps = (batch.patches[:STEPS], batch.fed[:STEPS], batch.rest[:, :STEPS])
    return (batch.images, batch.widths, batch.scripts, *steps)


def expected(net: RecoverNet, *inputs: Tensor) -> Moves:
    return net.steps(net.encode(*inputs[:3]), *inputs[3:])[0]


def cells(net: RecoverNet, *inputs: Tensor) -> Tensor:
    return net.steps(net.encode(*inputs[:3]), *inputs[3:])[1]


def same(one: Moves, other: Moves) -> None:
    for field in Moves._fields:
        torch.testing.assert_close(getattr(one, field), getattr(other, field), atol=1e-5, rtol=1e-4)


def joined(parts: list[Moves]) -> Moves:
    return Moves(*(torch.cat([getattr(part, field) for part in parts]) for field in Moves._fields))


def encode(net: RecoverNet, inputs: Inputs) -> Encoded:
    return net.encode(*inputs[:3])


@torch.no_grad()
def test_what_is_expected_has_its_shapes_and_is_likely(net: RecoverNet, inputs: Inputs) -> None:
    moves = expected(net, *inputs)
    K = net.config.mixtures
    assert moves.log_weight.shape == moves.correlation.shape == (STEPS, 2, K)
    assert moves.mean.shape == moves.deviation.shape == (STEPS, 2, K, 2)
    assert moves.pen.shape == (STEPS, 2, PENS)
    torch.testing.assert_close(moves.log_weight.exp().sum(-1), torch.ones(STEPS, 2))
    torch.testing.assert_close(moves.pen.exp().sum(-1), torch.ones(STEPS, 2))
    assert moves.deviation.min() >= PER_UNIT * NARROWEST
    assert moves.correlation.abs().max() < 1


@torch.no_grad()
@pytest.mark.parametrize("sizes", [[1] * STEPS, [5, 1, 8]])
def test_step_by_step_is_the_whole_path(net: RecoverNet, inputs: Inputs, sizes: list[int]) -> None:
    encoded, (patches, fed, rest) = encode(net, inputs), inputs[3:]
    whole, flights, last = net.steps(encoded, patches, fed, rest)
    parts: list[Moves] = []
    flown: list[Tensor] = []
    state: tuple[Tensor | None, Tensor | None] = (None, None)
    for part in torch.split(torch.arange(STEPS), sizes):
        moves, own, state = net.steps(encoded, patches[part], fed[part], rest[:, part], state)
        parts.append(moves)
        flown.append(own)
    same(joined(parts), whole)
    torch.testing.assert_close(torch.cat(flown), flights, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(state, last, atol=1e-5, rtol=1e-4)
    anew = net.steps(encoded, patches[1:2], fed[1:2], rest[:, 1:2])[0]
    assert (anew.mean[0] - whole.mean[1]).abs().max() > 1e-3  # the state matters


@torch.no_grad()
def test_a_step_knows_nothing_of_later_ones(net: RecoverNet, inputs: Inputs) -> None:
    whole = expected(net, *inputs)
    images, widths, scripts, patches, fed, rest = (part.clone() for part in inputs)
    patches[9:] = 255 - patches[9:]
    fed[9:] += 1
    rest[:, 9:] *= 0.3
    other = expected(net, images, widths, scripts, patches, fed, rest)
    torch.testing.assert_close(other.mean[:9], whole.mean[:9], atol=1e-6, rtol=1e-5)
    assert (other.mean[9] - whole.mean[9]).abs().max() > 1e-3


@torch.no_grad()
def test_padding_changes_nothing(net: RecoverNet, inputs: Inputs) -> None:
    whole = expected(net, *inputs)
    images, widths, scripts, patches, fed, rest = inputs
    wide = (pad(images, (0, 3 * CELL)), widths, scripts, patches, fed, pad(rest, (0, 0, 0, 3)))
    more = expected(net, *wide)
    same(more, whole)
    flights, wider = cells(net, *inputs), cells(net, *wide)
    torch.testing.assert_close(wider[:, : flights.shape[1]], flights, atol=1e-5, rtol=1e-4)
    assert wider[:, flights.shape[1] :].exp().sum() == 0
    columns = -(-int(widths[0]) // CELL)
    first = (
        images[:1, :, : columns * CELL],
        widths[:1],
        scripts[:1],
        patches[:, :1],
        fed[:, :1],
        rest[:1, :, :columns],
    )
    same(expected(net, *first), Moves(*(getattr(whole, field)[:, :1] for field in Moves._fields)))


@torch.no_grad()
def test_image_and_script_and_what_is_left_matter(net: RecoverNet, inputs: Inputs) -> None:
    whole = expected(net, *inputs).mean
    for number, part in ((0, 1 - inputs[0]), (2, torch.tensor([1, 1])), (5, 0.2 * inputs[5])):
        changed = list(inputs)
        changed[number] = part
        assert (expected(net, *changed).mean - whole).abs().amax(dim=(0, 2, 3)).min() > 1e-5


def test_all_weights_learn(net_of: NetOf, inputs: Inputs) -> None:
    net = net_of("Latn", "Kana", seed=1)
    moves, flights, tempo = net(*inputs, torch.randn(9, 2, SEEN), torch.tensor([9, 5]))
    told = log_density(moves, torch.randn(STEPS, 2, 2)).sum() + moves.pen[..., 0].sum()
    (told + flights[:, 3].sum() + tempo.sum()).backward()
    assert [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()] == []


def test_the_density_is_that_of_a_mixture_of_normal_distributions() -> None:
    torch.manual_seed(3)
    K = 4
    log_weight = torch.randn(5, 2, K).log_softmax(-1)
    deviation, correlation = 0.3 + 5 * torch.rand(5, 2, K, 2), 1.8 * torch.rand(5, 2, K) - 0.9
    moves = Moves(log_weight, 6 * torch.randn(5, 2, K, 2), deviation, correlation, torch.zeros(5, 2, PENS))
    cross = correlation * deviation.prod(-1)
    covariance = torch.stack([deviation[..., 0] ** 2, cross, cross, deviation[..., 1] ** 2], -1).reshape(5, 2, K, 2, 2)
    mixture = MixtureSameFamily(Categorical(logits=log_weight), MultivariateNormal(moves.mean, covariance))
    offsets = 8 * torch.randn(5, 2, 2)
    torch.testing.assert_close(log_density(moves, offsets), mixture.log_prob(offsets), atol=1e-3, rtol=1e-4)


def test_what_the_net_returns_passes_between_processes() -> None:
    assert issubclass(Moves, tuple)  # training in several processes unpacks tuples, but no frozen dataclasses
