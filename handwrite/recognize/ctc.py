"""Connectionist temporal classification, decoded: the best path, where its characters stand and how sure each is.

Works on the log probabilities of several lines side by side. It knows no network, no language model and no pixels; a
decoder with a language model brings what that says as `gains`. The search for better texts than the best path is in
`beam`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import ctc_loss

from handwrite.core.alphabet import BLANK
from handwrite.core.batch import pad

Floats = NDArray[np.float32] | NDArray[np.float64]
Symbols = NDArray[np.int64]
Frames = NDArray[np.int64] | NDArray[np.float64]

LOWEST = -69.0
"""Log probability that takes the place of lower ones, so that every text stays possible."""

RESCALED = 4
"""Frames after which forward variables are scaled again. With each they fall by `LOWEST` at most, so by 276 nats; a
float64 holds 708."""


@dataclass(frozen=True)
class Decoded:
    """What a decoder read in a line.

    symbols : (U,) int64, the characters' indices in the alphabet. frames : (U, 2), the frames [start, stop) of each, in
    fractions where they were found in a look of another width. confidences : (U,) float64 from 0 to 1, how likely each
    is right if those before it are. ending : how likely nothing follows the last.
    """

    symbols: Symbols
    frames: Frames
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


def judge(
    lines: Sequence[Floats],
    texts: Sequence[Symbols],
    frames: Sequence[Frames],
    *,
    temperature: float = 1.0,
    power: float = 1.0,
    gains: Sequence[NDArray[np.float64]] | None = None,
) -> list[Decoded]:
    """Add confidences to the text of each line and its positions, whatever decoder chose them.

    The confidence of a character is its posterior in `continuations`, so with all that could stand in its place as
    rivals: other characters, none, or one more. temperature : divides the logits, to calibrate (Guo et al. 2017).
    gains : (U + 1, S) for each line, what a language model adds to the log probability of each character after
    symbols[:u]; its column `BLANK` is for the end of the line. power : of all confidences; below 1 where doubts are too
    many, as they are with a language model, whose opinion of what comes after a character is left out.
    """
    rivals = continuations([tempered(line, temperature) for line in lines], texts)
    if gains is not None:
        rivals = [_favoured(own, gain) for own, gain in zip(rivals, gains, strict=True)]
    decoded = []
    for symbols, places, own in zip(texts, frames, rivals, strict=True):
        chosen = own[np.arange(len(symbols) + 1), np.append(symbols, BLANK)] ** power
        decoded.append(Decoded(symbols, places, chosen[:-1], float(chosen[-1])))
    return decoded


def _favoured(rivals: NDArray[np.float64], gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (U + 1, S) with the log weights `gains` on them, each row summing to 1."""
    weighed: NDArray[np.float64] = rivals * np.exp(gains - gains.max(1, keepdims=True))
    weighed /= weighed.sum(1, keepdims=True)
    return weighed


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


def align(lines: Sequence[Floats], texts: Sequence[Symbols]) -> list[Frames]:
    """The frames (U, 2) [start, stop) of each symbol on the most probable path of each line that spells its text
    (Viterbi).

    Raises ValueError when there are fewer frames than the symbols take, with a blank between equal neighbours.
    """
    for line, symbols in zip(lines, texts, strict=True):
        if len(line) < len(symbols) + int((symbols[1:] == symbols[:-1]).sum()):
            raise ValueError(f"{len(symbols)} symbols do not fit in {len(line)} frames")
    paths = _viterbi([np.maximum(line, LOWEST) for line in lines], texts)
    return [_places(path[: len(line)], len(own)) for path, line, own in zip(paths.T, lines, texts, strict=True)]


def _places(path: NDArray[np.int64], count: int) -> Frames:
    """The frames (count, 2) of each symbol on a path (T,) of states."""
    odd = 2 * np.arange(count) + 1
    return np.stack([np.searchsorted(path, odd), np.searchsorted(path, odd + 1)], 1)


def log_likelihoods(lines: Sequence[Floats], texts: Sequence[Symbols]) -> NDArray[np.float64]:
    """(B,) nats: the log probability of each text over all paths through its line (T, S); -inf of one that does not
    fit."""
    table = pad([np.maximum(line, LOWEST) for line in lines], time_first=True)
    symbols = torch.from_numpy(np.concatenate(texts))
    frames, sizes = (torch.tensor([len(own) for own in every]) for every in (lines, texts))
    nats: NDArray[np.float64] = -ctc_loss(table, symbols, frames, sizes, reduction="none").double().numpy()
    return nats


def continuations(lines: Sequence[Floats], texts: Sequence[Symbols]) -> list[NDArray[np.float64]]:
    """What follows each beginning of the text of each line: (U + 1, S) probabilities, each row summing to 1.

    Row u is for a labelling that begins with symbols[:u]: column c > 0 says how likely c comes next, column `BLANK` how
    likely nothing does. These are the quotients of the prefix probabilities of Graves 2006, sec. 3.2; so the entries of
    a text, and of `BLANK` after it, multiply to its probability over all paths.
    """
    probabilities = [np.exp(np.maximum(line, LOWEST), dtype=np.float64) for line in lines]
    alpha, scales = _forward(probabilities, texts)
    return [
        _following(alpha[: len(own) + 1, index, : 2 * len(symbols) + 1], scales[: len(own) + 1, index], own, symbols)
        for index, (own, symbols) in enumerate(zip(probabilities, texts, strict=True))
    ]


def _following(
    alpha: NDArray[np.float64], scales: NDArray[np.float64], probabilities: NDArray[np.float64], symbols: Symbols
) -> NDArray[np.float64]:
    """The continuations (U + 1, S) of a line whose forward variables are known."""
    blank, label = _comparable(alpha, scales)
    # by torch: the threads of numpy's product would still wait, busily, while the network reads the next lines
    following = (torch.from_numpy(blank + label)[:-1].T @ torch.from_numpy(probabilities)).numpy()
    again = np.einsum("tu,tu->u", blank[:-1, 1:], probabilities[:, symbols])  # a double letter wants a blank between
    following[np.arange(1, len(symbols) + 1), symbols] = again
    following[:, BLANK] = (blank + label)[-1]
    posterior: NDArray[np.float64] = following / np.maximum(following.sum(1, keepdims=True), np.finfo(np.float64).tiny)
    return posterior


def _forward(
    probabilities: Sequence[NDArray[np.float64]], texts: Sequence[Symbols]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The forward variables of Graves 2006, eq. 6-7, of B lines: (T + 1, B, 2 U + 1), row t after t frames, even states
    blank; a shorter line has its own in the beginning of its rows.

    Every `RESCALED` rows, the row of each line is scaled to sum to 1; the second array (T + 1, B) is the logarithm of
    what a row was divided by in all.
    """
    emitted, skips = _lattices(probabilities, texts, nothing=0.0)
    frames, lines, states = emitted.shape
    padded = np.zeros((frames + 1, lines, states + 2))  # two states before the first, never reached
    padded[0, :, 2] = 1
    sums = np.ones((frames + 1, lines, 1))
    for frame in range(frames):
        before, now = padded[frame], padded[frame + 1, :, 2:]
        np.multiply(skips, before[:, :-2], out=now)
        now += before[:, 1:-1]
        now += before[:, 2:]
        now *= emitted[frame]
        if frame % RESCALED == 0:
            sums[frame + 1] = total = now.sum(1, keepdims=True)
            now /= np.where(total > 0, total, 1)  # beyond the end of a line
    with np.errstate(divide="ignore"):
        return padded[:, :, 2:], np.log(sums[:, :, 0]).cumsum(0)


def _comparable(alpha: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, T + 1, U + 1): of each beginning, the paths that end in blank, in label; to one scale over the frames."""
    frames, states = alpha.shape
    ends = np.zeros((2, frames, states // 2 + 1))
    ends[0], ends[1, :, 1:] = alpha[:, ::2], alpha[:, 1::2]
    with np.errstate(divide="ignore"):
        logs = np.log(ends) + scales[:, None]
    scaled: NDArray[np.float64] = np.exp(logs - np.maximum(logs.max((0, 1)), np.finfo(np.float64).min))
    return scaled


def _viterbi(lines: Sequence[Floats], texts: Sequence[Symbols]) -> NDArray[np.int64]:
    """(T, B) the state of each frame on the best path of each of B lines; state 2 u + 1 is symbols[u], the even ones
    are blank. Beyond the end of a line it means nothing."""
    emitted, skips = _lattices(lines, texts, nothing=-np.inf)
    frames, count, states = emitted.shape
    with np.errstate(divide="ignore"):
        skips = np.log(skips)
    best = np.full((frames + 1, count, states + 2), -np.inf)
    best[0, :, 2] = 0
    back = np.zeros((frames, count, states), np.int8)  # by how many states the best path to a state came
    for frame in range(frames):
        before = best[frame]
        ways = np.stack([before[:, 2:], before[:, 1:-1], before[:, :-2] + skips])
        back[frame] = ways.argmax(0)
        best[frame + 1, :, 2:] = ways.max(0) + emitted[frame]
    own, lengths = np.arange(count), np.array([len(line) for line in lines], np.int64)
    state = 2 * np.array([len(symbols) for symbols in texts], np.int64)
    state = state - (best[lengths, own, state + 1] > best[lengths, own, state + 2])
    path = np.zeros((frames, count), np.int64)
    for frame in range(frames - 1, -1, -1):
        path[frame] = state
        state = state - np.where(frame < lengths, back[frame, own, state], 0)
    return path


def _lattices(
    lines: Sequence[Floats], texts: Sequence[Symbols], *, nothing: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each state of each text emits in each frame (T, B, 2 U + 1), `nothing` beyond its end, and (B, 2 U + 1), 1
    where the blank before a state may be skipped."""
    frames, states = max(map(len, lines), default=0), 2 * max(map(len, texts), default=0) + 1
    emitted = np.full((frames, len(lines), states), nothing)
    skips = np.zeros((len(lines), states))
    for index, (line, symbols) in enumerate(zip(lines, texts, strict=True)):
        spelled = np.full(2 * len(symbols) + 1, BLANK)
        spelled[1::2] = symbols
        emitted[: len(line), index, : len(spelled)] = line[:, spelled]
        skips[index, 3 : len(spelled) : 2] = symbols[1:] != symbols[:-1]
    return emitted, skips
