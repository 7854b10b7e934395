"""The recognition network: frames, what stands beyond a line's width, and that it can learn."""

from __future__ import annotations

from itertools import groupby

import pytest
import torch
from torch.nn.functional import ctc_loss

from handwrite.recognize.model import COLUMNS_PER_FRAME, FRAMES, STEP, RecognizeConfig, RecognizeNet

TINY = RecognizeConfig(symbols=4, channels=(4, 6, 8, 8), hidden=12, dropout=0.0)


@pytest.fixture(scope="module")
def net() -> RecognizeNet:
    torch.manual_seed(0)
    made = RecognizeNet(TINY)
    for _ in range(3):  # statistics of normalization that are not those of a new net
        made(*lines(64, 40))
    return made.eval()


def lines(*widths: int) -> tuple[torch.Tensor, torch.Tensor]:
    columns = -(-max(widths) // STEP) * STEP
    images = torch.rand(len(widths), 40, columns, generator=torch.Generator().manual_seed(1))
    return images * (torch.arange(columns) < torch.tensor(widths)[:, None])[:, None], torch.tensor(widths)


@torch.no_grad()
@pytest.mark.parametrize("width", [1, 7, 8, 9, 61, 62, 63, 64, 65, 100])
def test_a_line_is_read_the_same_in_any_company(net: RecognizeNet, width: int) -> None:
    images, widths = lines(width, 200)
    together, frames, aside = net(images, widths)
    size = -(-width // STEP) * STEP
    alone, own, _ = net(images[:1, :, :size], widths[:1])
    assert aside is None
    assert frames[0] == own[0] == FRAMES * -(-width // STEP) == len(alone)
    assert len(alone) * COLUMNS_PER_FRAME == size
    torch.testing.assert_close(together[: own[0], 0], alone[:, 0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(alone.exp().sum(-1), torch.ones(alone.shape[:2]))


@torch.no_grad()
def test_each_frame_sees_the_whole_line(net: RecognizeNet) -> None:
    images, widths = lines(96)
    before, frames, _ = net(images, widths)
    for column in (2, 93):
        other = images.clone()
        other[0, :, column] = 1 - other[0, :, column]
        after, _, _ = net(other, widths)
        assert (before - after)[frames[0] // 2].abs().max() > 0


def test_it_learns_what_stands_where() -> None:
    torch.manual_seed(0)
    net = RecognizeNet(RecognizeConfig(symbols=4, channels=(8, 8, 8, 16), hidden=12, dropout=0.0))
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-2)
    images, symbols = torch.zeros(6, 40, 64), torch.tensor([[1, 2], [2, 1], [1, 1], [2, 2], [3, 1], [2, 3]])
    shapes = {1: (30, 4), 2: (8, 4), 3: (4, 16)}
    for image, text in zip(images, symbols.tolist(), strict=True):
        for place, symbol in zip((8, 40), text, strict=True):
            height, width = shapes[symbol]
            image[5 : 5 + height, place : place + width] = 1
    widths, sizes = torch.full((6,), 64), torch.full((6,), 2)
    for _ in range(200):
        main, frames, aside = net(images, widths)
        loss = ctc_loss(main, symbols, frames, sizes) + ctc_loss(aside, symbols, frames, sizes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    paths = net.eval()(images, widths)[0].argmax(-1).T.tolist()
    assert [[symbol for symbol, _ in groupby(path) if symbol] for path in paths] == symbols.tolist()
