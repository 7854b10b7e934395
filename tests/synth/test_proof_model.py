"""The proofreading network: frames, and what stands beyond a line's end."""

from __future__ import annotations

import pytest
import torch

from handwrite.synth.proof_model import HEIGHT, STRIDE, ProofConfig, ProofNet, features


@pytest.fixture(scope="module")
def net() -> ProofNet:
    torch.manual_seed(0)
    return ProofNet(ProofConfig(symbols=5, channels=12, blocks=3)).eval()


def ink(*sizes: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    offsets = torch.randn(max(sizes), len(sizes), 3, generator=generator)
    lengths = torch.tensor(sizes)
    return offsets * (torch.arange(max(sizes))[:, None] < lengths)[..., None], lengths


@torch.no_grad()
@pytest.mark.parametrize("size", [1, 4, 37, 38, 39, 40, 41])
def test_a_line_is_read_the_same_in_any_company(net: ProofNet, size: int) -> None:
    offsets, lengths = ink(size, 90)
    together, frames = net(offsets, lengths)
    alone, own = net(offsets[:size, :1], lengths[:1])
    assert frames[0] == own[0] == -(-size // STRIDE)
    torch.testing.assert_close(together[: own[0], 0], alone[: own[0], 0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(alone.exp().sum(-1), torch.ones(alone.shape[:2]))


@torch.no_grad()
def test_each_frame_sees_far_to_both_sides(net: ProofNet) -> None:
    offsets, lengths = ink(200)
    before, _ = net(offsets, lengths)
    for changed in (60, 140):
        other = offsets.clone()
        other[changed, 0, :2] += torch.tensor([3.0, 0.0])
        after, _ = net(other, lengths)
        assert not torch.allclose(before[25], after[25], atol=1e-6)


def test_the_features_tell_how_high_the_pen_is() -> None:
    offsets = torch.zeros(4, 1, 3)
    offsets[:3, 0, 1] = torch.tensor([0.0, 6.0, -3.0])
    found = features(offsets, torch.tensor([3]))[0]
    torch.testing.assert_close(found[:3], offsets[:, 0].T)
    torch.testing.assert_close(found[3], torch.tensor([-3.0, 3.0, 0.0, 0.0]) / HEIGHT)
