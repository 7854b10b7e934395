"""Fewer Bezier curves for the same line: what a drawing needs of the curves through every point.

Works on the segments that `curve.bezier` gives; how near the two lines stay is the caller's choice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handwrite.core.curve import Float64Array, IntArray, bernstein, points_at

SAMPLES = 4  # places on each segment where the fitted curve is compared with it
ROUNDS = 4  # of fitting; between them the samples move to their nearest places on the fitted curve
TINY = 1e-12


def fit(curves: Float64Array, *, opens: NDArray[np.bool_], tolerance: float) -> tuple[Float64Array, IntArray]:
    """Cubic Bezier curves (K, 4, 2) at most about `tolerance` away from `curves` (M, 4, 2), and with K not above M.

    Each begins at the beginning of a segment, whose index is returned beside it (K,), and takes its direction there,
    so that the line stays smooth. opens : (M,) where a curve must begin: always where a segment does not go on from
    the one before it. Curves are fitted by least squares and split where they stray most (Schneider 1990, "An
    algorithm for automatically fitting digitized curves", Graphics Gems).
    """
    opens, fitted = opens.copy(), curves.copy()
    todo = np.arange(len(curves))
    while len(todo):
        begins = np.flatnonzero(opens[todo])
        owner = np.cumsum(opens[todo]) - 1
        fitted[todo[begins]], errors = _least_squares(curves[todo], begins, owner)
        error = errors.max(axis=1)
        worst = np.maximum.reduceat(error, begins)[owner]
        astray = worst > tolerance
        opens[todo] |= _splits(errors, begins, owner, astray & (error == worst))
        todo = todo[astray]
    first = np.flatnonzero(opens)
    return fitted[first], first


def _least_squares(curves: Float64Array, begins: IntArray, owner: IntArray) -> tuple[Float64Array, Float64Array]:
    """The curve over the segments from each of `begins` to the next, and the distance (M, S) of each sample from it.

    owner : (M,) the curve that each segment belongs to. Ends and their directions are given; the lengths of the two
    handles are sought. A curve over one segment is that segment.
    """
    last = np.append(begins[1:], len(curves)) - 1
    samples = points_at(curves, np.broadcast_to(np.arange(1, SAMPLES + 1) / SAMPLES, (len(curves), SAMPLES)))
    t, length = _by_length(curves, samples, begins, owner)
    leaving, arriving = _unit(curves[begins, 1] - curves[begins, 0]), _unit(curves[last, 2] - curves[last, 3])
    ends = np.stack([curves[begins, 0], curves[begins, 0], curves[last, 3], curves[last, 3]], axis=1)
    fitted = ends
    for _ in range(ROUNDS):
        handles = _handles(samples - points_at(ends[owner], t), t, leaving, arriving, begins, owner)
        sound = ((handles > 0) & (handles < length[:, None])).all(axis=1, keepdims=True)
        handles = np.where(sound, handles, length[:, None] / 3)
        inner = np.stack([leaving, arriving], axis=1) * handles[..., None]
        fitted = np.concatenate([ends[:, :1], ends[:, 1:3] + inner, ends[:, 3:]], axis=1)
        t = _nearer(fitted[owner], samples, t)
    alone = begins == last
    fitted = np.where(alone[:, None, None], curves[begins], fitted)
    return fitted, np.where(
        alone[owner, None], 0.0, np.hypot(*np.moveaxis(points_at(fitted[owner], t) - samples, -1, 0))
    )


def _handles(
    rest: Float64Array,
    t: Float64Array,
    leaving: Float64Array,
    arriving: Float64Array,
    begins: IntArray,
    owner: IntArray,
) -> Float64Array:
    """(K, 2) the lengths of both handles that come nearest to what they have to explain; NaN when undetermined."""
    basis = bernstein(t)
    a, b = basis[..., 1:2] * leaving[owner][:, None], basis[..., 2:3] * arriving[owner][:, None]
    aa, ab, bb, ar, br = (
        np.add.reduceat((left * right).sum(axis=(1, 2)), begins)
        for left, right in ((a, a), (a, b), (b, b), (a, rest), (b, rest))
    )
    determinant = aa * bb - ab * ab
    determinant = np.where(determinant > 1e-9 * aa * bb, determinant, np.nan)
    return np.stack([bb * ar - ab * br, aa * br - ab * ar], axis=1) / determinant[:, None]


def _by_length(
    curves: Float64Array, samples: Float64Array, begins: IntArray, owner: IntArray
) -> tuple[Float64Array, Float64Array]:
    """(M, S) the share of its curve's length that lies before each sample, and the lengths (K,)."""
    steps = np.diff(np.concatenate([curves[:, :1], samples], axis=1), axis=1)
    lengths = np.hypot(steps[..., 0], steps[..., 1])
    total = np.add.reduceat(lengths.sum(axis=1), begins)
    travelled = np.cumsum(lengths).reshape(lengths.shape)
    before = travelled[begins, 0] - lengths[begins, 0]
    share = (travelled - before[owner][:, None]) / np.maximum(total, TINY)[owner][:, None]
    return np.clip(share, 0, 1), total


def _nearer(curves: Float64Array, samples: Float64Array, t: Float64Array) -> Float64Array:
    """One step of Newton's to the place (M, S) on each curve that is nearest to each sample (Schneider, eq. 5)."""
    s = 1 - t
    away = points_at(curves, t) - samples
    velocity = np.diff(curves, axis=1) * 3
    change = np.diff(velocity, axis=1) * 2
    first = np.stack([s * s, 2 * s * t, t * t], axis=-1) @ velocity
    second = np.stack([s, t], axis=-1) @ change
    slope = (first * first + away * second).sum(axis=-1)
    step = (away * first).sum(axis=-1) / np.where(slope > TINY, slope, np.inf)
    return np.asarray(np.clip(t - step, 0, 1))


def _splits(error: Float64Array, begins: IntArray, owner: IntArray, worst: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(M,) where to begin a curve: at the end of each `worst` segment that is nearer to its worst sample, but always
    within the curve that is split."""
    ends = np.append(begins[1:], len(error)) - 1
    place = np.flatnonzero(worst)
    nearer = place + (error[place].argmax(axis=1) >= SAMPLES // 2 - 1)
    split = np.zeros(len(error), np.bool_)
    split[np.clip(nearer, begins[owner[place]] + 1, ends[owner[place]])] = True
    return split


def _unit(vectors: Float64Array) -> Float64Array:
    return np.asarray(vectors / np.maximum(np.hypot(vectors[:, 0], vectors[:, 1]), TINY)[:, None])
