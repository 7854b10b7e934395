"""The ink reader's network: frames, and what stands beyond an ink's length."""

from __future__ import annotations

import pytest
import torch

from handwrite.recognize.ink_model import FRAMES, STEP, InkReaderConfig, InkReaderNet

TINY = InkReaderConfig(symbols=4, features=3, channels=6, hidden=5, dropout=0.0)


@pytest.fixture(scope="module")
def net() -> InkReaderNet:
    torch.manual_seed(0)
    return InkReaderNet(TINY).eval()


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 31, 32, 33])
def test_an_ink_is_read_the_same_in_any_company(net: InkReaderNet, length: int) -> None:
    padded = -(-length // STEP) * STEP
    features = torch.randn(2, 64, 3, generator=torch.Generator().manual_seed(1))
    features[0, length:] = 0
    together, frames = net(features, torch.tensor([length, 64]))
    alone, own = net(features[:1, :padded], torch.tensor([length]))
    assert frames[0] == own[0] == FRAMES * padded // STEP == len(alone)
    torch.testing.assert_close(together[: own[0], 0], alone[:, 0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(alone.exp().sum(-1), torch.ones(alone.shape[:2]))


@torch.no_grad()
def test_each_frame_sees_the_whole_ink(net: InkReaderNet) -> None:
    features, lengths = torch.zeros(1, 32, 3), torch.tensor([32])
    before, frames = net(features, lengths)
    for point in (0, 31):
        other = features.clone()
        other[0, point] = 1
        assert (net(other, lengths)[0] - before)[frames[0] // 2].abs().max() > 0


def test_it_is_small() -> None:
    net = InkReaderNet(InkReaderConfig(symbols=100, features=9))
    assert sum(parameter.numel() for parameter in net.parameters()) < 1_000_000
