"""Log-loss and squared error of a tiny network: against a hand computation, and in the paper's units."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from handwrite.core import geometry
from handwrite.core.alphabet import Alphabet
from handwrite.core.ink import Ink
from handwrite.core.store import Sample, StoreWriter
from handwrite.errors import InputError, OptionError
from handwrite.evaluate.likelihood import in_units_of_the_paper, likelihood, load_split
from handwrite.synth.data import Line
from handwrite.synth.model import SynthConfig, SynthNet
from handwrite.synth.predict import Synthesizer
from handwrite.synth.score import Totals
from handwrite.synth.task import Statistics

SCALE, STEP = 0.25, 0.02
MEAN, SIGMA, RHO, PEN_UP = (0.3, -0.2), (0.8, 1.5), 0.4, 0.1


def ink(points: int, *, seed: int) -> Ink:
    generator = np.random.default_rng(seed)
    xy = np.cumsum(generator.normal((0.05, 0), (0.1, 0.2), (points, 2)), axis=0)
    pen_up = np.zeros(points, np.bool_)
    pen_up[points // 2] = pen_up[-1] = True
    return Ink(np.column_stack([xy, np.arange(points) * STEP]).astype(np.float32), pen_up)


def constant_synthesizer() -> Synthesizer:
    """One Gaussian, known and the same at every point, whatever was written before."""
    config = SynthConfig(symbols=4, writers=1, hidden=4, text_channels=3, style_channels=2, gaussians=2, components=1)
    net = SynthNet(config)
    with torch.no_grad():
        net.leave.weight.zero_()
        logit = math.log(PEN_UP / (1 - PEN_UP))
        values = [logit, 0.0, *MEAN, math.log(SIGMA[0]), math.log(SIGMA[1]), math.atanh(RHO / 0.999)]
        net.leave.bias.copy_(torch.tensor(values))
    return Synthesizer(net, Alphabet("abc"), Statistics(SCALE, STEP, (0.1, 0.0)), styles={})


def by_hand(lines: list[Line], unit: tuple[float, float]) -> tuple[list[float], list[float]]:
    """Nats of each line and squared error of each point, with offsets measured in `unit` times the model's unit."""
    factors = np.array(unit)
    sigma = np.array(SIGMA) / factors
    covariance = [[sigma[0] ** 2, RHO * sigma[0] * sigma[1]], [RHO * sigma[0] * sigma[1], sigma[1] ** 2]]
    density = multivariate_normal(np.array(MEAN) / factors, covariance)
    nats, errors = [], []
    for line in lines:
        offsets = geometry.resample(line.ink, STEP).offsets()[1:].astype(np.float64)
        moved = offsets[:, :2] / SCALE / factors
        pen = np.where(offsets[:, 2] > 0.5, math.log(PEN_UP), math.log(1 - PEN_UP))
        nats.append(-float((density.logpdf(moved) + pen).sum()))
        errors += ((moved - np.array(MEAN) / factors) ** 2).sum(axis=1).tolist()
    return nats, errors


LINES = [Line(ink(points, seed=points), text, "", "line") for points, text in ((40, "ab"), (25, "c"), (60, "cab"))]


def test_scores_of_a_known_density() -> None:
    reported: list[int] = []
    found = likelihood(constant_synthesizer(), LINES, split="val", report=reported.append)
    nats, errors = by_hand(LINES, (1, 1))
    assert found.lines == sum(reported) == 3
    assert found.points == len(errors)
    assert found.model.nats_per_sequence == pytest.approx(np.mean(nats), rel=1e-4)
    assert found.model.nats_per_point == pytest.approx(sum(nats) / len(errors), rel=1e-4)
    assert found.model.sse_per_point == pytest.approx(np.mean(errors), rel=1e-4)


def test_the_units_of_the_paper_are_those_of_standardized_offsets() -> None:
    found = likelihood(constant_synthesizer(), LINES, split="val")
    moved = np.concatenate([geometry.resample(line.ink, STEP).offsets()[1:, :2] for line in LINES]) / SCALE
    x, y = moved.std(axis=0).tolist()
    nats, errors = by_hand(LINES, (x, y))
    assert found.deviation == pytest.approx((x, y), rel=1e-4)
    assert found.paper.nats_per_sequence == pytest.approx(np.mean(nats), rel=1e-4)
    assert found.paper.sse_per_point == pytest.approx(np.mean(errors), rel=1e-4)
    assert found.paper.nats_per_point != pytest.approx(found.model.nats_per_point, rel=1e-2)


def test_conversion_by_hand() -> None:
    totals = Totals(lines=2, points=10, nats=5.0, error=(8.0, 9.0), deviation=(2.0, 3.0))
    paper = in_units_of_the_paper(totals)
    assert paper.nats_per_point == pytest.approx(0.5 - math.log(6))
    assert paper.nats_per_sequence == pytest.approx((5 - 10 * math.log(6)) / 2)
    assert paper.sse_per_point == pytest.approx((8 / 4 + 9 / 9) / 10)


def test_lines_that_cannot_be_spelled_are_counted() -> None:
    strange = Line(LINES[0].ink, "xyz", "", "line")
    found = likelihood(constant_synthesizer(), [*LINES, strange], split="val")
    assert (found.lines, found.left_out) == (3, 1)
    assert found.model == likelihood(constant_synthesizer(), LINES, split="val").model
    with pytest.raises(InputError, match="none of its lines"):
        likelihood(constant_synthesizer(), [strange], split="val")


def test_the_split_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "data.h5"
    with StoreWriter(path, licences={"own": "MIT"}) as store:
        for split, text in (("val", "ab"), ("train", "c")):
            store.add(Sample(ink(50, seed=1), text, source="own", name=text, writer="w", split=split))
    assert [line.text for line in load_split([path], "val")] == ["ab"]
    with pytest.raises(InputError, match="no lines of ink in split val2"):
        load_split([path], "val2")
    with pytest.raises(OptionError, match="no such split"):
        load_split([path], "validation")
