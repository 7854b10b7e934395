"""How likely a net finds paths: each its own, whatever the company, and the trained way the likelier."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from handwrite.core.ink import Ink
from handwrite.recover.batch import path_batch
from handwrite.recover.data import Example
from handwrite.recover.decode import encode
from handwrite.recover.likelihood import expected, flight_nats, move_nats, nats_of, path_nats
from handwrite.recover.model import RecoverNet

ExampleOf = Callable[..., Example]
NetOf = Callable[..., RecoverNet]


def test_nats_are_those_of_the_steps(example_of: ExampleOf, net_of: NetOf) -> None:
    examples = [example_of([(20, 20), (60, 80)], [(60, 20), (20, 80)]), example_of([(20, 50), (40, 80), (70, 20)])]
    net, batch = net_of("Latn"), path_batch(examples, [0, 0])
    with torch.no_grad():
        moves, cells, _ = expected(net, batch)
    nats = path_nats(moves, cells, batch)
    first, second = flight_nats(cells, batch), move_nats(moves, batch)
    assert float(nats.sum()) == pytest.approx(float(first.sum() + second.sum()), rel=1e-5)
    assert not second[~batch.mask].any()
    alone = path_batch(examples[1:], [0])
    with torch.no_grad():
        moves, cells, _ = expected(net, alone)
    torch.testing.assert_close(path_nats(moves, cells, alone), nats[1:], atol=1e-3, rtol=1e-4)


def test_the_way_that_was_learned_is_the_likelier(example_of: ExampleOf, net_of: NetOf) -> None:
    example = example_of([(20, 20), (20, 80), (70, 80)])
    net = net_of("Latn").train()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    batch = path_batch([example], [0])
    for _ in range(15):
        moves, cells, _ = expected(net, batch)
        optimizer.zero_grad()
        path_nats(moves, cells, batch).sum().backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
    back = Ink.from_strokes([stroke[::-1, :2] for stroke in example.ink.strokes()])
    dot = Ink.from_strokes([np.array([(30.0, 30.0)])])
    there, reverse, other = nats_of(
        net.eval(), encode(net.eval(), [example.glyph]), [example.glyph], [(0, example.ink), (0, back), (0, dot)]
    ).tolist()
    assert there < reverse - 20
    assert np.isfinite(other)
