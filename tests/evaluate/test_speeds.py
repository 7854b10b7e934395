"""How fast models work: planted clocks, and that both ways make the same."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
import torch

from handwrite.core.image import GreyImage
from handwrite.evaluate import speeds as module
from handwrite.evaluate.speeds import RUNS, Speed, draw_together, reading_speed, recovery_speed
from handwrite.recognize.predict import Recognizer
from handwrite.recover.predict import Recoverer
from handwrite.synth.model import SynthConfig, SynthNet
from handwrite.synth.sampler import max_points


class Planted:
    """Takes a second for each call and half a second for each image in it."""

    def __init__(self) -> None:
        self.clock, self.calls = 0.0, 0

    def _all(self, images: list[GreyImage], *, level: str) -> list[str]:
        self.clock, self.calls = self.clock + 1 + 0.5 * len(images), self.calls + 1
        return [level] * len(images)

    read_all = recover_all = _all

    def read(self, image: GreyImage, *, level: str) -> str:
        return self._all([image], level=level)[0]


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Planted:
    found = Planted()
    monkeypatch.setattr(module.time, "perf_counter", lambda: found.clock)
    return found


IMAGES = [np.zeros((4, 4), np.uint8)] * 6


def test_lines_together_and_one_after_another(planted: Planted) -> None:
    found = reading_speed(cast(Recognizer, planted), IMAGES)
    assert (found.unit, found.value, found.plain) == ("lines", pytest.approx(6 / 4), pytest.approx(6 / 9))
    assert found.ratio == pytest.approx(9 / 4)
    assert planted.calls == (RUNS + 1) * (1 + 6)


def test_words_together_and_one_after_another(planted: Planted) -> None:
    found = recovery_speed(cast(Recoverer, planted), IMAGES)
    assert found == Speed("words", pytest.approx(6 / 4), pytest.approx(6 / 9))


def test_the_first_run_does_not_count_and_the_median_does(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {0: 100.0, 1: 2.0, 2: 1.0, 3: 50.0}
    clock = [0.0]

    def work(run: int) -> int:
        clock[0] += seconds[run]
        return 10

    monkeypatch.setattr(module.time, "perf_counter", lambda: clock[0])
    assert module._per_second(work) == pytest.approx(10 / 2)


def test_texts_are_drawn_together_and_their_points_counted() -> None:
    torch.manual_seed(0)
    sizes = {"hidden": 32, "text_channels": 8, "style_channels": 4, "gaussians": 3, "components": 2}
    net = SynthNet(SynthConfig(symbols=96, writers=2, **sizes)).eval()
    texts = [np.arange(1, 4), np.arange(1, 8)]
    points = draw_together(net, texts, seed=5)
    assert 0 < points <= max_points(3) + max_points(7)
    assert points == draw_together(net, texts, seed=5)
