"""Prefix beam search: the text of the most probable labelling, all its paths together, with models of language.

Hannun et al. 2014, "First-pass large vocabulary continuous speech recognition using bi-directional recurrent DNNs",
algorithm 1. All beams of all lines of a batch take a step at once. What a model says is the matter of `lm` and
`lexicon`; confidences and positions are that of `ctc`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handwrite.core.alphabet import BLANK
from handwrite.recognize.automaton import Automaton, Ints
from handwrite.recognize.ctc import Decoded, Floats, Frames, Symbols, align, judge

Array = NDArray[np.float64]

FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""Of the hash of a text, modulo 2**64: hash(text + c) = hash(text) * FACTOR + number(c)."""
DEAD = np.uint64(0)
"""The hash of a beam that stands for no text."""


@dataclass(frozen=True)
class BeamDecoder:
    """Decodes batches of lines; the score of a text is its probability over all paths times exp(its gains).

    models : automata with the weight of each. bonus : nats for each character, against a model's liking for short
    texts. width : beams. candidates : characters tried in a frame. least : probability below which none is tried.
    skip : a frame whose blank is at least as probable is taken as blank. temperature, power : of the confidences alone,
    see `ctc.judge`.
    """

    models: tuple[tuple[Automaton, float], ...] = ()
    bonus: float = 0.0
    width: int = 12
    candidates: int = 8
    least: float = 1e-3
    skip: float = 0.98
    temperature: float = 1.0
    power: float = 1.0

    def find(self, lines: Sequence[Floats]) -> tuple[list[Symbols], list[Frames]]:
        """The best text of each line (T, S) of log probabilities, and the frames (U, 2) [start, stop) of its symbols;
        lines may differ in length, not in alphabet."""
        texts = self.search(lines)
        return texts, align(lines, texts)

    def judge(self, lines: Sequence[Floats], texts: Sequence[Symbols], frames: Sequence[Frames]) -> list[Decoded]:
        """These texts as readings of the lines, the frames taken over: how likely each character is of all that might
        stand there, with what the models say of it."""
        gains = [self._gains_along(symbols, size=line.shape[1]) for line, symbols in zip(lines, texts, strict=True)]
        return judge(lines, texts, frames, temperature=self.temperature, power=self.power, gains=gains)

    def gain(self, symbols: Symbols) -> float:
        """What the models and the bonus add to the log probability of a text."""
        gain = self.bonus * len(symbols)
        for model, weight in self.models:
            states = model.walk(symbols)
            said = model.gains[model.slots(states)[:-1], symbols].sum()
            gain += weight * float(said + model.endings(states[-1:])[0])
        return gain

    def search(self, lines: Sequence[Floats]) -> list[Symbols]:
        """The symbols (U,) of the best text of each line."""
        if not lines:
            return []
        frames = _frames(lines, skip=self.skip, candidates=self.candidates, least=self.least)
        beams = _first(len(lines), self.width, [model.start for model, _ in self.models])
        history = []
        for step in range(len(frames.full)):
            beams, parents, added = self._step(beams, frames, step)
            history.append((parents, added))
        score = beams.blank + beams.label
        for (model, weight), states in zip(self.models, beams.states, strict=True):
            score *= np.exp(weight * model.endings(states))
        return _trace(history, score.argmax(1) + self.width * np.arange(len(lines)))

    def _step(self, beams: _Beams, frames: _Frames, step: int) -> tuple[_Beams, Ints, Ints]:
        """Read a frame. Returns the beams, which beam each came from (flat), and what it added, `BLANK` for nothing."""
        B, W = beams.blank.shape
        symbols, probability, full = frames.symbols[step], frames.probability[step], frames.full[step]
        slots = [model.slots(states) for (model, _), states in zip(self.models, beams.states, strict=True)]
        hashes = beams.hash[:, None] * FACTOR + frames.numbers[step]  # (B, C + 1, W); in place 0: nothing is added
        hashes[:, 0] = beams.hash
        total = beams.blank + beams.label
        label = np.where(symbols[:, :, None] == beams.last[:, None], beams.blank[:, None], total[:, None])
        label *= probability[:, :, None]
        if self.models or self.bonus:
            label *= self._gains(slots, symbols)
        label[:, 0] = beams.label * full.take(beams.last + frames.line * full.shape[1])
        _merge(label, hashes)
        blank = total * full[:, :1]
        score = label.copy()
        score[:, 0] += blank
        best = score.reshape(B, -1).argpartition(-W)[:, -W:]
        place, parent = np.divmod(best, W)
        best += frames.line * score[0].size
        parent += frames.line * W
        added = symbols.take(place + frames.line * symbols.shape[1])
        stays = added == BLANK
        after = _Beams(
            blank=blank.take(parent) * stays,
            label=label.take(best),
            hash=hashes.take(best),
            last=np.where(stays, beams.last.take(parent), added),
            states=[
                model.following.take(slot.take(parent) * full.shape[1] + added)
                for (model, _), slot in zip(self.models, slots, strict=True)
            ],
        )
        after.settle(frames.gaps[step])
        return after, parent, added

    def _gains(self, slots: list[NDArray[np.int32]], symbols: Ints) -> Array:
        """(B, C + 1, W): the factor on each beam for each symbol added."""
        gains = np.full((), self.bonus)
        for (model, weight), slot in zip(self.models, slots, strict=True):
            rows = slot[:, None] * model.gains.shape[1]
            gains = gains + weight * model.gains.take(rows + symbols[:, :, None])
        factor: Array = np.exp(gains)
        return factor

    def _gains_along(self, symbols: Symbols, *, size: int) -> Array:
        """(U + 1, size), what the models add to each symbol after symbols[:u], and at `BLANK` to the end."""
        gains = np.full((len(symbols) + 1, size), self.bonus)
        gains[:, BLANK] = 0
        for model, weight in self.models:
            states = model.walk(symbols)
            gains += weight * model.gains[model.slots(states)]
            gains[:, BLANK] += weight * model.endings(states)
        return gains


@dataclass
class _Beams:
    """The beams of B lines, (B, W) each. blank, label : the probability of the paths of a text that end in a blank, and
    in its last symbol. hash : of the text. last : its last symbol. states : of the models after it."""

    blank: Array
    label: Array
    hash: NDArray[np.uint64]
    last: Ints
    states: list[Ints]

    def settle(self, gap: NDArray[np.bool_] | None) -> None:
        """Scale the largest probability of each line to 1, mark empty beams, pass a gap of blank frames."""
        total = self.blank + self.label
        scale = total.max(1, keepdims=True)
        self.hash *= total > 0  # DEAD
        self.blank /= scale
        self.label /= scale
        if gap is not None:
            moved = self.label * gap
            self.blank += moved
            self.label -= moved


def _first(lines: int, width: int, starts: list[int]) -> _Beams:
    """The empty text in the first beam of each line, the others dead."""
    blank = np.zeros((lines, width))
    blank[:, 0] = 1
    hashes = np.full(blank.shape, DEAD)
    hashes[:, 0] = FACTOR
    states = [np.full(blank.shape, start) for start in starts]
    return _Beams(blank, np.zeros(blank.shape), hashes, np.full(blank.shape, BLANK), states)


@dataclass(frozen=True)
class _Frames:
    """What the search reads of B lines, K frames each; shorter lines end in blanks.

    full : (K, B, S) probabilities. symbols, probability : (K, B, C + 1) the candidates, `BLANK` first. numbers : (K, B,
    C + 1, 1) their numbers in a hash. gaps : per frame (B, 1), which lines have frames taken as blank after it, None
    where none has. line : (B, 1) 0, 1, ...
    """

    full: Array
    symbols: Ints
    probability: Array
    numbers: NDArray[np.uint64]
    gaps: list[NDArray[np.bool_] | None]
    line: Ints


def _frames(lines: Sequence[Floats], *, skip: float, candidates: int, least: float) -> _Frames:
    wanted = [np.flatnonzero(line[:, BLANK] < np.log(skip)) for line in lines]
    K, B, S = max(map(len, wanted)), len(lines), lines[0].shape[1]
    full, gaps = np.zeros((K, B, S)), np.zeros((K, B, 1), np.bool_)
    full[:, :, BLANK] = 1
    for index, (line, frames) in enumerate(zip(lines, wanted, strict=True)):
        full[: len(frames), index] = np.exp(line[frames])
        gaps[: len(frames), index, 0] = np.diff(frames, append=frames[-1:]) > 1
    C = min(candidates, S - 1)
    symbols = np.zeros((K, B, C + 1), np.int64)
    symbols[:, :, 1:] = 1 + full[:, :, 1:].argpartition(-C)[:, :, -C:] if C < S - 1 else np.arange(1, S)
    probability = np.take_along_axis(full, symbols, 2)
    probability[probability < least] = 0
    numbers = np.random.default_rng(0).integers(1, 2**64, S, np.uint64)[symbols][..., None]
    some = [gap if gap.any() else None for gap in gaps]
    return _Frames(full, symbols, probability, numbers, some, np.arange(B)[:, None])


def _merge(label: Array, hashes: NDArray[np.uint64]) -> None:
    """Where a text with a symbol added is the text of another beam, give that beam its paths."""
    B, _, W = label.shape
    same = np.flatnonzero(hashes[:, 1:].reshape(B, -1, 1) == hashes[:, :1])
    if len(same):
        extended, beam = np.divmod(same, W)
        line, extended = np.divmod(extended, label[0].size - W)
        flat = label.reshape(B, -1)
        flat[line, beam] += flat[line, W + extended]
        flat[line, W + extended] = 0


def _trace(history: list[tuple[Ints, Ints]], last: Ints) -> list[Symbols]:
    """The symbols of each line, from its last beam back to the beginning."""
    path = np.full((len(history), len(last)), BLANK)
    for step in range(len(history) - 1, -1, -1):
        parents, added = history[step]
        path[step] = added.take(last)
        last = parents.take(last)
    return [line[line != BLANK] for line in path.T]
