"""Choosing how decoders weigh, on validation data: what `predict.Tuning` holds.

The net runs over each line once for each look; all is chosen from the log probabilities. Sources count alike, however
many lines each has. No weights are trained here.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handwrite.core.alphabet import Alphabet
from handwrite.core.checkpoint import load_checkpoint, save_checkpoint
from handwrite.core.metrics import cer, joined, words_right
from handwrite.errors import InputError
from handwrite.recognize.beam import BeamDecoder
from handwrite.recognize.ctc import Decoded, Symbols
from handwrite.recognize.data import Written, plain_line
from handwrite.recognize.decoder import Decoder, Greedy
from handwrite.recognize.lm import LanguageModel
from handwrite.recognize.looks import decode_looking_again, likelier
from handwrite.recognize.predict import BATCH, WORD, Recognizer, Tuning
from handwrite.recognize.task import restore

WEIGHTS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.1)
BONUSES = (0.0, 0.5, 1.0, 1.5, 2.0)
FINER = (-0.5, 0.0, 0.5)
"""What is tried of a language model, and then between the best of it and its neighbours, in steps."""

LOWEST, HIGHEST = 0.5, 4.0
TEMPERATURES = 10
"""The temperatures searched, and how many are tried."""

POWERS = (0.2, 1.5)
"""Between which the power of confidences is searched."""

TRIALS = 2 * TEMPERATURES + len(WEIGHTS) * len(BONUSES) + len(FINER) ** 2
"""How often all lines are decoded."""

SURE = 0.999
"""Confidences beyond it, or below its complement, count as this: one mistaken word must not outweigh all others."""

TOGETHER = 64
"""Lines that are decoded side by side."""

GOLDEN = (math.sqrt(5) - 1) / 2

Report = Callable[[], object]

Judged = list[NDArray[np.float64]]
"""(2, words) of each source: the confidences, and 1 where the word is right."""


@dataclass(frozen=True, eq=False)
class Seen:
    """A line as the net sees it. first, second : (T, S) float32 log probabilities in each look. text : what it says,
    composed (NFC)."""

    first: NDArray[np.float32]
    second: NDArray[np.float32]
    text: str
    source: str


def look(
    recognizer: Recognizer, samples: Sequence[Written], *, report: Callable[[int], object] = lambda samples: None
) -> list[Seen]:
    """Run the net over samples. Those whose image cannot hold their text are left out; report : called with the number
    of samples done since."""
    seen = []
    for start in range(0, len(samples), BATCH):
        part = samples[start : start + BATCH]
        drawn = [(sample, pixels) for sample in part if (pixels := plain_line(sample)) is not None]
        if drawn:
            lines = [pixels for _, pixels in drawn]
            first, second = recognizer.log_probabilities(lines), recognizer.second_look(lines)
            for (sample, _), one, other in zip(drawn, first, second, strict=True):
                seen.append(Seen(one, other, unicodedata.normalize("NFC", sample.text), sample.source))
        report(len(part))
    return seen


def tune(
    lines: Sequence[Seen], alphabet: Alphabet, language_model: LanguageModel, *, report: Report = lambda: None
) -> Tuning:
    """The tuning that is best for lines, read with a language model.

    weight, bonus : least character error rate, the spaces around punctuation joined. temperatures and powers : least
    negative log likelihood of which words are right (Guo et al. 2017), once for the best path and once for the beam
    search.
    report : called after each of `TRIALS`. Raises InputError when no words are read in the lines.
    """
    ordered = sorted(lines, key=lambda line: len(line.first))
    temperature, power = _calibrated(Greedy, ordered, alphabet, report)
    automaton = language_model.for_alphabet(alphabet)

    def decoder(weight: float, bonus: float, temperature: float = 1.0) -> BeamDecoder:
        return BeamDecoder(((automaton, weight),), bonus=bonus, temperature=temperature)

    def error(pair: tuple[float, float]) -> float:
        found = _error(decoder(*pair), ordered, alphabet)
        report()
        return found

    weight, bonus = min(product(WEIGHTS, BONUSES), key=error)
    near = [
        (weight + step * (WEIGHTS[1] - WEIGHTS[0]), max(bonus + other * (BONUSES[1] - BONUSES[0]), 0.0))
        for step, other in product(FINER, FINER)
    ]
    weight, bonus = min(near, key=error)
    beam_temperature, beam_power = _calibrated(lambda value: decoder(weight, bonus, value), ordered, alphabet, report)
    return Tuning(
        temperature=round(temperature, 3),
        power=round(power, 3),
        beam_temperature=round(beam_temperature, 3),
        beam_power=round(beam_power, 3),
        weight=round(weight, 3),
        bonus=round(bonus, 3),
    )


def write_tuned(weights: str | Path, tuning: Tuning, out: Path) -> None:
    """Write the weights file of a recognizer anew, with this tuning and all else as it was."""
    checkpoint = load_checkpoint(weights, kind="recognize")
    header = replace(checkpoint.header, statistics=asdict(tuning))
    save_checkpoint(out, header, restore(checkpoint.header, checkpoint.tensors).state_dict())


def _error(decoder: BeamDecoder, lines: Sequence[Seen], alphabet: Alphabet) -> float:
    """The mean over sources of the character error rate of a decoder."""
    truths, reads = defaultdict(list), defaultdict(list)
    for part in _parts(lines):
        for line, symbols in zip(part, _search(decoder, part), strict=True):
            truths[line.source].append(joined(line.text))
            reads[line.source].append(joined(" ".join(alphabet.decode(symbols).split())))
    return float(np.mean([cer(truths[source], reads[source]) for source in truths]))


def _search(decoder: BeamDecoder, lines: Sequence[Seen]) -> list[Symbols]:
    """The likelier of the texts that are found in the two looks at each line, whether the first is in doubt or not."""
    looks = [line.first for line in lines], [line.second for line in lines]
    texts, others = (decoder.search(look) for look in looks)
    better = likelier(decoder, looks, texts, others)
    return [text if wins else other for text, other, wins in zip(texts, others, better, strict=True)]


def _calibrated(
    decoder: Callable[[float], Decoder],
    lines: Sequence[Seen],
    alphabet: Alphabet,
    report: Report,
) -> tuple[float, float]:
    """The temperature and the power at which the confidences of words are best; decoder : makes one of a temperature,
    which must have no say in the text."""

    def best_power(judged: Judged) -> float:
        return _least(lambda power: _surprise(judged, power), *POWERS, tries=TEMPERATURES)

    def judged_at(logarithm: float) -> Judged:
        return _judged(decoder(math.exp(logarithm)), lines, alphabet)

    def loss(logarithm: float) -> float:
        judged = judged_at(logarithm)
        report()
        return _surprise(judged, best_power(judged))

    chosen = _least(loss, math.log(LOWEST), math.log(HIGHEST), tries=TEMPERATURES)
    return math.exp(chosen), best_power(judged_at(chosen))


def _judged(decoder: Decoder, lines: Sequence[Seen], alphabet: Alphabet) -> Judged:
    """The confidences (words,) of each source, and whether the words are right."""
    found: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for part in _parts(lines):
        for line, decoded in zip(part, _read(decoder, part), strict=True):
            matches = list(WORD.finditer(alphabet.decode(decoded.symbols)))
            right = words_right(line.text, [match[0] for match in matches])
            found[line.source] += [
                (decoded.confidence(*match.span()), correct) for match, correct in zip(matches, right, strict=True)
            ]
    if not any(found.values()):
        raise InputError("no words are read in these samples; train the weights, or give other data")
    return [np.array(own).T for own in found.values() if own]


def _read(decoder: Decoder, lines: Sequence[Seen]) -> list[Decoded]:
    """As the recognizer reads: with the second look where the first leaves doubt."""
    first = [line.first for line in lines]
    return decode_looking_again(decoder, first, lambda doubtful: [lines[index].second for index in doubtful])


def _surprise(judged: Judged, power: float) -> float:
    """The mean over sources of the negative log likelihood of a word being right or wrong, in nats."""
    nats = []
    for confidence, right in judged:
        sure = np.clip(confidence**power, 1 - SURE, SURE)
        nats.append(-np.log(np.where(right, sure, 1 - sure)).mean())
    return float(np.mean(nats))


def _parts(lines: Sequence[Seen]) -> list[Sequence[Seen]]:
    return [lines[start : start + TOGETHER] for start in range(0, len(lines), TOGETHER)]


def _least(loss: Callable[[float], float], low: float, high: float, *, tries: int) -> float:
    """Where a function that falls and then rises is least, by golden section search (Kiefer 1953)."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(tries - 2):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = loss(right)
    return left if at_left < at_right else right
