"""The mixture against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp, softmax
from scipy.stats import bernoulli, multivariate_normal

from handwrite.synth.mixture import MIN_LOG_SIGMA, biased, log_likelihood, mean, outputs, split


def values(points: int = 7, components: int = 3) -> torch.Tensor:
    return torch.randn(points, outputs(components), generator=torch.Generator().manual_seed(1))


def oracle(row: np.ndarray, point: np.ndarray, *, bias: float = 0.0) -> float:
    """log density of one point from the net's values: Graves 2013, eq. 18 to 25, 61 and 62."""
    size = len(row) // 6
    pen_up, weight = row[0], softmax(row[1 : 1 + size] * (1 + bias))
    means = row[1 + size : 1 + 3 * size].reshape(size, 2)
    sigmas = np.exp(row[1 + 3 * size : 1 + 5 * size].reshape(size, 2) - bias)
    rhos = 0.999 * np.tanh(row[1 + 5 * size :])
    terms = []
    for share, middle, (x, y), rho in zip(weight, means, sigmas, rhos, strict=True):
        covariance = [[x * x, rho * x * y], [rho * x * y, y * y]]
        terms.append(math.log(share) + multivariate_normal(middle, covariance).logpdf(point[:2]))
    return logsumexp(terms) + bernoulli(1 / (1 + math.exp(-pen_up))).logpmf(int(point[2]))


@pytest.mark.parametrize("bias", [0.0, 0.75, 3.0])
def test_log_likelihood(bias: float) -> None:
    parameters, noise = values(), torch.randn(7, 2, generator=torch.Generator().manual_seed(2))
    points = torch.cat([noise, (torch.arange(7) % 2)[:, None].float()], 1)
    got = log_likelihood(biased(split(parameters), torch.tensor(bias)), points)
    rows = zip(parameters.double().numpy(), points.double().numpy(), strict=True)
    wanted = [oracle(row, point, bias=bias) for row, point in rows]
    np.testing.assert_allclose(got, wanted, rtol=2e-4, atol=2e-4)


def test_far_points_and_certain_pens_stay_finite() -> None:
    parameters = values() * 30
    points = torch.tensor([[1e4, -1e4, 1.0]]).expand(7, 3)
    parameters.requires_grad_()
    likelihood = log_likelihood(split(parameters), points).sum()
    likelihood.backward()
    assert torch.isfinite(likelihood)
    assert torch.isfinite(parameters.grad).all()


def test_deviations_have_a_floor_and_correlations_a_ceiling() -> None:
    mixture = split(torch.full((1, outputs(2)), -100.0))
    assert mixture.log_sigma.unique().tolist() == [MIN_LOG_SIGMA]
    assert mixture.rho.abs().max() < 1


def test_bias_zero_changes_nothing() -> None:
    mixture = split(values())
    assert all(one.equal(other) for one, other in zip(mixture, biased(mixture, torch.tensor(0.0)), strict=True))


def test_the_mean_is_that_of_many_draws() -> None:
    parameters = values(1, 2)
    mixture, generator = split(parameters), np.random.default_rng(0)
    weight = torch.softmax(mixture.weight[0], 0).double().numpy()
    component = generator.choice(2, size=200_000, p=weight / weight.sum())
    noise = generator.normal(size=(200_000, 2)) * mixture.log_sigma[0].exp().numpy()[component]
    drawn = (mixture.mean[0].numpy()[component] + noise).mean(axis=0)
    np.testing.assert_allclose(mean(mixture)[0], drawn, atol=0.03)
