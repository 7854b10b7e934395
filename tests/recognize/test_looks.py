"""The second look at doubtful lines, on planted lattices and on small ones, whose texts can all be counted."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.core.alphabet import BLANK, Alphabet
from handwrite.recognize.beam import BeamDecoder
from handwrite.recognize.ctc import continuations
from handwrite.recognize.decoder import Decoder, Greedy
from handwrite.recognize.kneser_ney import train_lm
from handwrite.recognize.looks import WIDER, decode, likelier, widened

LETTERS = Alphabet("ab ")
Rows = NDArray[np.float32]


def spelled(text: str, *, sure: float = 0.99, other: str = "b") -> Rows:
    """(2 U + 1, S) frames that say a text, each character with `sure` and the rest for another one."""
    line = np.full((2 * len(text) + 1, len(LETTERS)), np.log(1e-4), np.float32)
    line[::2, BLANK] = 0
    for place, char in enumerate(text):
        line[2 * place + 1, LETTERS.encode(other)] = np.log(1 - sure)
        line[2 * place + 1, LETTERS.encode(char)] = np.log(sure)
    log_sums: Rows = np.log(np.exp(line).sum(1, keepdims=True))
    return line - log_sums


def read(line: Rows, again: Rows, *, decoder: Decoder | None = None, sure: float = 0.5) -> str:
    (found,) = decode(decoder or Greedy(), [line], lambda doubtful: [again for _ in doubtful], sure=sure)
    return LETTERS.decode(found.symbols)


def test_only_doubtful_lines_are_looked_at_again() -> None:
    lines = [spelled("aba"), spelled("aa", sure=0.6), spelled("b", other="a"), spelled("ab", sure=0.65, other=" ")]
    asked: list[Sequence[int]] = []

    def look_again(doubtful: Sequence[int]) -> list[Rows]:
        asked.append(doubtful)
        return [spelled("ab"), spelled("a")]

    found = decode(Greedy(), lines, look_again, sure=0.5)
    assert asked == [[1, 3]]
    assert [LETTERS.decode(one.symbols) for one in found][::2] == ["aba", "b"]
    asked.clear()
    decode(Greedy(), lines, look_again, sure=0)
    assert not asked


def test_the_likelier_of_both_readings_is_taken() -> None:
    doubt = spelled("aa", sure=0.6)
    assert read(doubt, spelled("ab", other="a")) == "ab"
    assert read(doubt, spelled("ab", other="a"), sure=0.2) == "aa"
    assert read(doubt, spelled("ab", sure=0.55, other="a")) == "aa"
    assert read(spelled("a", sure=0.4), spelled("aaaaa")) == "b", "no path of the first look spells the other"


@pytest.mark.parametrize("seed", range(4))
def test_both_looks_and_the_language_judge(seed: int) -> None:
    model = train_lm(["abba ab ba bab", "aab ab a abba"], alphabet=LETTERS, order=3).for_alphabet(LETTERS)
    decoder = BeamDecoder(((model, 0.7),), bonus=0.3)
    generator = np.random.default_rng(seed)
    looks = [generator.normal(0, 1.5, (size, 4)) for size in (5, 6)]
    looks = [(look - np.log(np.exp(look).sum(1, keepdims=True))).astype(np.float32) for look in looks]
    texts = [np.array(text, np.int64) for text in ((1, 2), (2, 1), (1, 2, 2))]
    every = [all_texts(look) for look in looks]
    odds = [np.mean([np.log(own[tuple(text)]) for own in every]) + decoder.gain(text) for text in texts]
    for (one, text), (other, rival) in itertools.permutations(enumerate(texts), 2):
        (better,) = likelier(decoder, [[look] for look in looks], [text], [rival])
        assert better == (odds[one] > odds[other])


def all_texts(line: Rows) -> dict[tuple[int, ...], float]:
    """text -> probability, by all paths."""
    texts: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(line.shape[1]), repeat=len(line)):
        text = tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != BLANK)
        texts[text] += float(np.exp(line[np.arange(len(line)), path].sum(dtype=np.float64)))
    return texts


def test_confidences_are_the_mean_of_both_looks() -> None:
    looks = spelled("ab", sure=0.6, other="a"), spelled("ab", sure=0.8, other="a")
    (found,) = decode(Greedy(), [looks[0]], lambda _: [looks[1]], sure=1)
    deserved = [continuations([look], [found.symbols])[0] for look in looks]
    mean = (deserved[0] + deserved[1]) / 2
    assert found.confidences == pytest.approx(mean[[0, 1], found.symbols])
    assert found.ending == pytest.approx(mean[2, BLANK])


def test_places_are_those_of_the_first_look() -> None:
    (kept,) = decode(Greedy(), [spelled("aa", sure=0.6)], lambda _: [spelled("aa", sure=0.5)], sure=1)
    assert kept.frames.tolist() == [[1, 2], [3, 4]]
    (taken,) = decode(Greedy(), [spelled("aa", sure=0.6)], lambda _: [spelled("ab", other="a")], sure=1)
    assert taken.frames == pytest.approx(np.array([[1, 2], [3, 4]]) / WIDER)


def test_widened_lines_keep_their_rows() -> None:
    line = np.zeros((40, 80), np.uint8)
    cv2.rectangle(line, (20, 10), (39, 29), 255, -1)
    wide = widened(line, 1.5)
    assert wide.shape == (40, 120)
    assert np.flatnonzero(wide.max(1) > 128).tolist() == list(range(10, 30))
    assert np.flatnonzero(wide.max(0) > 128)[[0, -1]] == pytest.approx([30, 59], abs=1)
    assert widened(np.zeros((40, 1), np.uint8), 0.2).shape == (40, 1)
