"""The second look at doubtful lines, on planted lattices."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.core.alphabet import BLANK, Alphabet
from handwrite.recognize.automaton import Automaton
from handwrite.recognize.beam import BeamDecoder
from handwrite.recognize.ctc import log_likelihoods
from handwrite.recognize.data import NARROWEST, WIDEST
from handwrite.recognize.decoder import Greedy
from handwrite.recognize.kneser_ney import train_lm
from handwrite.recognize.looks import SECOND, decode_looking_again, likelier

LETTERS = Alphabet("ab ")
Rows = NDArray[np.float32]


@pytest.fixture(scope="module")
def lm() -> Automaton:
    return train_lm(["abba ab ba bab", "aab ab a abba"], alphabet=LETTERS, order=3).for_alphabet(LETTERS)


def spelled(text: str, *, sure: float = 0.99, other: str = "b") -> Rows:
    """(2 U + 1, S) frames that say a text, each character with `sure` and the rest for another one."""
    line = np.full((2 * len(text) + 1, len(LETTERS)), np.log(1e-6), np.float32)
    line[::2, BLANK] = 0
    for place, char in enumerate(text):
        line[2 * place + 1, LETTERS.encode(other)] = np.log(1 - sure)
        line[2 * place + 1, LETTERS.encode(char)] = np.log(sure)
    log_sums: Rows = np.log(np.exp(line).sum(1, keepdims=True))
    return line - log_sums


def read(line: Rows, again: Rows, *, below: float = 0.5) -> str:
    (found,) = decode_looking_again(Greedy(), [line], lambda doubtful: [again for _ in doubtful], below=below)
    return LETTERS.decode(found.symbols)


def test_only_doubtful_lines_are_looked_at_again() -> None:
    lines = [spelled("aba"), spelled("aa", sure=0.6), spelled("b", other="a"), spelled("ab", sure=0.65, other=" ")]
    asked: list[Sequence[int]] = []

    def second_look(doubtful: Sequence[int]) -> list[Rows]:
        asked.append(doubtful)
        return [spelled("ab", other="a"), spelled(" b", other="a")]

    found = decode_looking_again(Greedy(), lines, second_look, below=0.5)
    assert asked == [[1, 3]]
    assert [LETTERS.decode(one.symbols) for one in found] == ["aba", "ab", "b", " b"]
    asked.clear()
    decode_looking_again(Greedy(), lines, second_look, below=0)
    assert not asked


def test_the_likelier_of_both_readings_is_taken() -> None:
    doubt = spelled("aa", sure=0.6)
    assert read(doubt, spelled("ab", other="a")) == "ab"
    assert read(doubt, spelled("ab", other="a"), below=0.2) == "aa"
    assert read(doubt, spelled("ab", sure=0.55, other="a")) == "aa"
    assert read(spelled("a", sure=0.4), spelled("aaaaa")) == "b", "no path of the first look spells the other"
    assert read(spelled("a", sure=0.6), np.log(np.full((3, 4), [0.97, 0.01, 0.01, 0.01], np.float32))) == "a"


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_confidences_have_no_say_in_who_is_doubted(temperature: float) -> None:
    for sure, text in ((0.6, "ab"), (0.75, "aa")):
        (found,) = decode_looking_again(
            Greedy(temperature), [spelled("aa", sure=sure)], lambda _: [spelled("ab", sure=0.999, other="a")]
        )
        assert LETTERS.decode(found.symbols) == text


@pytest.mark.parametrize("seed", range(4))
def test_both_looks_and_the_language_judge(seed: int, lm: Automaton) -> None:
    decoder = BeamDecoder(((lm, 0.7),), bonus=0.3)
    generator = np.random.default_rng(seed)
    looks = [generator.normal(0, 1.5, (size, 4)).astype(np.float32) for size in (5, 6)]
    looks = [look - np.log(np.exp(look).sum(1, keepdims=True)) for look in looks]
    texts = [np.array(text, np.int64) for text in ((1, 2), (2, 1), (1, 2, 2), ())]
    odds = [np.mean([log_likelihoods([own], [text]) for own in looks]) + decoder.gain(text) for text in texts]
    for (one, text), (other, rival) in itertools.permutations(enumerate(texts), 2):
        assert likelier(decoder, [[look] for look in looks], [text], [rival]) == [odds[one] > odds[other]]


@pytest.mark.parametrize("other", ["a", "b"])
def test_confidences_are_the_geometric_mean_of_both_looks(other: str, lm: Automaton) -> None:
    decoder = BeamDecoder(((lm, 0.2),), temperature=1.3, power=0.6)
    looks = spelled("ab", sure=0.6, other="a"), spelled("a" + other, sure=0.9, other=" ")
    (found,) = decode_looking_again(decoder, [looks[0]], lambda _: [looks[1]], below=1)
    assert LETTERS.decode(found.symbols) == "a" + other
    in_each = [decoder.judge([look], [found.symbols], [found.frames])[0] for look in looks]
    assert found.confidences == pytest.approx(np.sqrt(in_each[0].confidences * in_each[1].confidences))
    assert found.confidence() == pytest.approx(np.sqrt(in_each[0].confidence() * in_each[1].confidence()))


def test_places_are_those_of_the_first_look() -> None:
    doubt = [spelled("aa", sure=0.6)]
    (kept,) = decode_looking_again(Greedy(), doubt, lambda _: [spelled("aa", sure=0.5)], below=1)
    assert kept.frames.tolist() == [[1, 2], [3, 4]]
    (taken,) = decode_looking_again(Greedy(), doubt, lambda _: [spelled("ab", other="a")], below=1)
    assert taken.frames == pytest.approx(np.array([[1, 2], [3, 4]]) / SECOND)


def test_training_shows_lines_as_wide_as_the_second_look() -> None:
    assert SECOND != 1
    assert NARROWEST <= SECOND <= WIDEST
