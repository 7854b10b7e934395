"""The mixture-density output of Graves 2013, section 4.1: M bivariate Gaussians and an end-of-stroke Bernoulli.

Parameters come as one tensor (..., 6M + 1); this module splits it, biases it and
scores points under it. Drawing is the sampler's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

MIN_LOG_SIGMA = -5.0
"""Lowest log of a standard deviation, in normalized offsets: under a hundredth of a typical step, below the
digitizer's grid."""


class Mixture(NamedTuple):
    """Parameters of the density of the next point.

    pen_up (...,): logit of the end of the stroke. weight (..., M): logits of the components. mean (..., M, 2).
    log_sigma (..., M, 2): log of the standard deviations. rho (..., M): correlation, within (-1, 1).
    """

    pen_up: Tensor
    weight: Tensor
    mean: Tensor
    log_sigma: Tensor
    rho: Tensor


def outputs(components: int) -> int:
    """The number of values per point that describe a mixture of so many components."""
    return 6 * components + 1


def split(values: Tensor) -> Mixture:
    """Mixture from the net's values (..., 6M + 1); eq. 18 to 22, with sigma bounded from below."""
    size = values.shape[-1] // 6
    pen_up, weight, mean, log_sigma, rho = torch.split(values, [1, size, 2 * size, 2 * size, size], -1)
    pairs = (*values.shape[:-1], size, 2)
    return Mixture(
        pen_up[..., 0],
        weight,
        mean.reshape(pairs),
        log_sigma.reshape(pairs).clamp(min=MIN_LOG_SIGMA),
        torch.tanh(rho) * 0.999,
    )


def biased(mixture: Mixture, bias: Tensor) -> Mixture:
    """The mixture drawn closer to its modes: eq. 61 and 62. bias (...,), of each point or of all; 0 changes nothing."""
    bias = bias[..., None]
    return mixture._replace(weight=mixture.weight * (1 + bias), log_sigma=mixture.log_sigma - bias[..., None])


def log_likelihood(mixture: Mixture, points: Tensor) -> Tensor:
    """log density of points (..., 3): dx, dy, pen_up; in nats, (...,). Eq. 23 to 25 and 26, in the log domain."""
    normal = (points[..., None, :2] - mixture.mean) * torch.exp(-mixture.log_sigma)
    x, y = normal.unbind(-1)
    free = 1 - mixture.rho**2
    exponent = -(x * x + y * y - 2 * mixture.rho * x * y) / (2 * free)
    scale = mixture.log_sigma.sum(-1) + 0.5 * torch.log(free) + math.log(2 * math.pi)
    density = torch.logsumexp(torch.log_softmax(mixture.weight, -1) + exponent - scale, -1)
    pen_up = points[..., 2]
    return density + pen_up * logsigmoid(mixture.pen_up) - (1 - pen_up) * softplus(mixture.pen_up)


def mean(mixture: Mixture) -> Tensor:
    """Expected offset (..., 2) of the mixture."""
    return (torch.softmax(mixture.weight, -1)[..., None] * mixture.mean).sum(-2)
