"""Connectionist temporal classification, decoded: the best path, where its characters stand and how sure each is.

Works on the log probabilities of one line. It knows no network, no language model and no pixels; a decoder with a
language model brings what that says as `gains`. The search for better texts than the best path is in `beam`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handwrite.core.alphabet import BLANK

Floats = NDArray[np.float32] | NDArray[np.float64]
Symbols = NDArray[np.int64]

LOWEST = -69.0
"""Log probability that takes the place of lower ones, so that every text stays possible."""


@dataclass(frozen=True)
class Decoded:
    """What a decoder read in a line.

    symbols : (U,) int64, the characters' indices in the alphabet. frames : (U, 2) int64, the frames [start, stop) of
    each. confidences : (U,) float64 from 0 to 1, how likely each is right if those before it are. ending : how likely
    nothing follows the last.
    """

    symbols: Symbols
    frames: NDArray[np.int64]
    confidences: NDArray[np.float64]
    ending: float

    def confidence(self, start: int = 0, stop: int | None = None) -> float:
        """How likely the characters [start, stop) are right and end there: for a word, or for the line by default.

        By the chain rule it is the product of their confidences and of what follows them, which for a word is the
        space: a reading of "the" where "them" stands is a wrong word of right letters.
        """
        stop = len(self.symbols) if stop is None else stop
        following = self.confidences[stop] if stop < len(self.symbols) else self.ending
        return float(self.confidences[start:stop].prod() * following)


def decode_greedy(log_probabilities: Floats, *, temperature: float = 1.0) -> Decoded:
    """The best path with its positions and confidences. log_probabilities : (T, S), natural logarithm."""
    symbols, frames = best_path(log_probabilities)
    return judge(log_probabilities, symbols, frames, temperature=temperature)


def judge(
    log_probabilities: Floats,
    symbols: Symbols,
    frames: NDArray[np.int64],
    *,
    temperature: float = 1.0,
    gains: NDArray[np.float64] | None = None,
) -> Decoded:
    """Add confidences to a text and its positions, whatever decoder chose them.

    The confidence of a character is its posterior in `continuations`, so with all that could stand in its place as
    rivals: other characters, none, or one more. temperature : divides the logits, to calibrate (Guo et al. 2017).
    gains : (U + 1, S), what a language model adds to the log probability of each character after symbols[:u]; its
    column `BLANK` is for the end of the line. A model's opinion of what comes after the character is left out.
    """
    rivals = continuations(tempered(log_probabilities, temperature), symbols)
    if gains is not None:
        rivals = rivals * np.exp(gains - gains.max(1, keepdims=True))
        rivals /= rivals.sum(1, keepdims=True)
    chosen = rivals[np.arange(len(symbols) + 1), np.append(symbols, BLANK)]
    return Decoded(symbols, frames, chosen[:-1], float(chosen[-1]))


def tempered(log_probabilities: Floats, temperature: float) -> Floats:
    """log_softmax(logits / temperature) from log_softmax(logits)."""
    if temperature == 1:
        return log_probabilities
    logits = log_probabilities / temperature
    logits -= logits.max(1, keepdims=True)
    softened: Floats = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return softened


def best_path(log_probabilities: Floats) -> tuple[Symbols, NDArray[np.int64]]:
    """The symbols (U,) of the most probable path, the frames (U, 2) [start, stop) of each (Graves 2006, sec. 3.2)."""
    path = log_probabilities.argmax(1)
    borders = np.flatnonzero(np.diff(path, prepend=-1, append=-1))
    starts, stops = borders[:-1], borders[1:]
    visible = path[starts] != BLANK
    return path[starts[visible]], np.stack([starts, stops], 1)[visible]


def align(log_probabilities: Floats, symbols: Symbols) -> NDArray[np.int64]:
    """The frames (U, 2) [start, stop) of each symbol on the most probable path that spells the symbols (Viterbi).

    Raises ValueError when there are fewer frames than the symbols take, with a blank between equal neighbours.
    """
    frames, count = len(log_probabilities), len(symbols)
    if frames < count + int((symbols[1:] == symbols[:-1]).sum()):
        raise ValueError(f"{count} symbols do not fit in {frames} frames")
    if not count:
        return np.zeros((0, 2), np.int64)
    path = np.array(_viterbi(np.maximum(log_probabilities, LOWEST), symbols))
    starts = np.searchsorted(path, np.arange(count) * 2 + 1)
    stops = np.searchsorted(path, np.arange(count) * 2 + 2)
    return np.stack([starts, stops], 1)


def continuations(log_probabilities: Floats, symbols: Symbols) -> NDArray[np.float64]:
    """What follows each beginning of a text: (U + 1, S) probabilities, each row summing to 1.

    Row u is for a labelling that begins with symbols[:u]: column c > 0 says how likely c comes next, column `BLANK` how
    likely nothing does. These are the quotients of the prefix probabilities of Graves 2006, sec. 3.2; so the entries of
    a text, and of `BLANK` after it, multiply to its probability over all paths.
    """
    probabilities = np.exp(np.maximum(log_probabilities, LOWEST), dtype=np.float64)
    alpha, scales = _forward(probabilities, symbols)
    blank, label = _comparable(alpha, scales)
    following = (blank + label)[:-1].T @ probabilities
    again = np.einsum("tu,tu->u", blank[:-1, 1:], probabilities[:, symbols])  # a double letter wants a blank between
    following[np.arange(1, len(symbols) + 1), symbols] = again
    following[:, BLANK] = (blank + label)[-1]
    posterior: NDArray[np.float64] = following / np.maximum(following.sum(1, keepdims=True), np.finfo(np.float64).tiny)
    return posterior


def _forward(probabilities: NDArray[np.float64], symbols: Symbols) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The forward variables of Graves 2006, eq. 6-7: (T + 1, 2 U + 1), row t after t frames, even states blank.

    Each row is scaled to sum to 1; the second array (T + 1,) is the logarithm of what it was divided by in all.
    """
    emitted, skips = _lattice(probabilities, symbols)
    frames, states = emitted.shape
    padded = np.zeros((frames + 1, states + 2))  # two states before the first, never reached
    padded[0, 2] = 1
    sums = np.ones(frames + 1)
    for frame in range(frames):
        before, now = padded[frame], padded[frame + 1, 2:]
        np.multiply(skips, before[:-2], out=now)
        now += before[1:-1]
        now += before[2:]
        now *= emitted[frame]
        sums[frame + 1] = total = now.sum()
        now /= total
    return padded[:, 2:], np.log(sums).cumsum()


def _comparable(alpha: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, T + 1, U + 1): of each beginning, the paths that end in blank, in label; to one scale over the frames."""
    frames, states = alpha.shape
    ends = np.zeros((2, frames, states // 2 + 1))
    ends[0], ends[1, :, 1:] = alpha[:, ::2], alpha[:, 1::2]
    with np.errstate(divide="ignore"):
        logs = np.log(ends) + scales[:, None]
    scaled: NDArray[np.float64] = np.exp(logs - np.maximum(logs.max((0, 1)), np.finfo(np.float64).min))
    return scaled


def _viterbi(log_probabilities: Floats, symbols: Symbols) -> list[int]:
    """The state of each frame on the best path; state 2 u + 1 is symbols[u], the even ones are blank."""
    emitted, skips = _lattice(log_probabilities, symbols)
    frames, states = emitted.shape
    with np.errstate(divide="ignore"):
        skips = np.log(skips)
    best = np.full((frames + 1, states + 2), -np.inf)
    best[0, 2] = 0
    for frame in range(frames):
        before, now = best[frame], best[frame + 1, 2:]
        np.add(skips, before[:-2], out=now)
        np.maximum(now, before[1:-1], out=now)
        np.maximum(now, before[2:], out=now)
        now += emitted[frame]
    state = states - 1 if best[-1, -1] > best[-1, -2] else states - 2
    path = [state]
    for frame in range(frames - 1, 0, -1):
        here, one, two = best[frame, state + 2], best[frame, state + 1], best[frame, state] + skips[state]
        state -= 0 if here >= one and here >= two else 1 if one >= two else 2
        path.append(state)
    return path[::-1]


def _lattice(values: Floats, symbols: Symbols) -> tuple[Floats, NDArray[np.float64]]:
    """What each state of a text emits in each frame (T, 2 U + 1), and 1 where the blank before it may be skipped."""
    states = np.full(2 * len(symbols) + 1, BLANK)
    states[1::2] = symbols
    skips = np.zeros(len(states))
    skips[3::2] = symbols[1:] != symbols[:-1]
    return values[:, states], skips
