"""The measures of readings: hand-made alignments, brute force, scipy's bootstrap, planted calibration."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from handwrite.core.metrics import (
    bootstrap_interval,
    calibration_error,
    cer,
    character_errors,
    confusions,
    joined,
    reliability,
    word_errors,
    words_right,
    wrong_characters,
)

TEXTS = st.text("ab .,'_\n", max_size=7)


def recursive_distance(one: str, other: str) -> int:
    """Levenshtein distance by its recursive definition."""

    @cache
    def distance(i: int, j: int) -> int:
        if not (i and j):
            return i + j
        return min(
            distance(i - 1, j) + 1, distance(i, j - 1) + 1, distance(i - 1, j - 1) + (one[i - 1] != other[j - 1])
        )

    return distance(len(one), len(other))


@given(TEXTS, TEXTS)
def test_errors_are_the_recursive_distance_and_each_is_one_confusion(truth: str, read: str) -> None:
    assert character_errors(truth, read) == recursive_distance(truth, read) == len(confusions(truth, read))


def test_error_rates_of_known_edits() -> None:
    assert character_errors("kitten", "sitting") == 3
    assert word_errors("the cat  sat", "a cat sat down") == 2
    assert cer(["kitten", "abcd"], ["sitting", "abcd"]) == pytest.approx(0.3)  # not the mean of 0.5 and 0
    assert cer(["a"], ["abc"]) == 2
    with pytest.raises(ValueError, match="no characters"):
        cer([""], ["a"])
    with pytest.raises(ValueError, match="zip"):
        cer(["a", "b"], ["a"])


def test_joining_takes_the_spaces_around_punctuation_alone() -> None:
    assert joined('Well , he said : " no " - twice .') == 'Well,he said:"no"-twice.'
    assert joined("a  b_ c é") == "a  b_ c é"


def marks(text: str, read: str) -> tuple[str, str]:
    wrong, wrong_read = wrong_characters(text, read)
    return "".join("-x"[one] for one in wrong), "".join("-x"[one] for one in wrong_read)


def test_wrong_characters_of_hand_made_alignments() -> None:
    assert marks("cat", "cut") == ("-x-", "-x-")
    assert marks("cart", "cat") == ("--x-", "---")
    assert marks("cat", "cats") == ("---", "---x")
    assert marks("well , a cat", "well, a cut") == ("----------x-", "---------x-")
    assert marks("ab", "a b") == ("--", "-x-")


@given(TEXTS, TEXTS)
def test_what_is_not_wrong_is_the_same_in_both_texts(truth: str, read: str) -> None:
    """Up to the spaces around punctuation, which the joined texts leave out."""
    wrong, wrong_read = wrong_characters(truth, read)
    right = [
        "".join(char for char, one in zip(text, marked, strict=True) if not one)
        for text, marked in ((truth, wrong), (read, wrong_read))
    ]
    assert "".join(right[0].split()) == "".join(right[1].split())
    assert max(sum(wrong), sum(wrong_read)) <= character_errors(joined(truth), joined(read))


def test_confusions_name_what_was_written_and_what_was_read() -> None:
    assert confusions("cat", "cut") == [("a", "u")]
    assert confusions("cart", "cat") == [("r", "")]
    assert confusions("cat", "cats") == [("", "s")]
    assert confusions("a b", "ab") == [(" ", "")]


@pytest.mark.parametrize(
    ("truth", "read", "right"),
    [
        ("the old cat", "the cat", "11"),
        ("the cat", "the old cat", "101"),
        ("Well , yes .", "Well, yes.", "11"),
        ("Well, yes.", "Well , yes .", "1111"),
        ("Well, yes.", "Well yes.", "01"),
        ("Well , yes.", "Well yes.", "11"),  # the mark, a word of its own, was missed, and no word read wrong
        ("Well yes", "Well, yes", "01"),
        ("don't go", "dont go", "01"),
        ("don't go", "don' t go", "111"),
        ("inside", "in side", "00"),
        ("in side out", "inside out", "01"),
        ("Cat", "cat", "0"),
        ("", "cat", "0"),
        ("cat", "", ""),
    ],
)
def test_right_words_of_hand_made_alignments(truth: str, read: str, right: str) -> None:
    assert words_right(truth, read.split()) == [mark == "1" for mark in right]


def lines_of(seed: int, *, writers: int, each: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Errors and sizes of lines whose writers have error rates of their own around 0.2, and the writers."""
    generator = np.random.default_rng(seed)
    sizes = generator.integers(10, 60, writers * each)
    rates = np.repeat(generator.uniform(0, 0.4, writers), each)
    return generator.binomial(sizes, rates), sizes, [f"w{writer}" for writer in np.repeat(np.arange(writers), each)]


def test_the_interval_is_scipys() -> None:
    wrong, sizes, _ = lines_of(0, writers=80, each=1)
    other = bootstrap(
        (wrong, sizes),
        lambda w, s, axis: w.sum(axis) / s.sum(axis),
        paired=True,
        method="percentile",
        n_resamples=4000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert bootstrap_interval(wrong, sizes) == pytest.approx((other.low, other.high), abs=0.005)


def test_the_interval_covers_the_true_rate_about_as_often_as_it_says() -> None:
    """Over writers it does; over lines it would be far too narrow, because lines of a writer err alike."""
    covered = {"writers": 0, "lines": 0}
    for seed in range(100):
        wrong, sizes, writers = lines_of(seed, writers=40, each=10)
        for name, groups in (("writers", writers), ("lines", None)):
            low, high = bootstrap_interval(wrong, sizes, groups=groups)
            covered[name] += low <= 0.2 <= high
    assert 86 <= covered["writers"] <= 99
    assert covered["lines"] < 75


def test_the_interval_has_a_seed_and_needs_lines() -> None:
    wrong, sizes, writers = lines_of(3, writers=5, each=4)
    assert bootstrap_interval(wrong, sizes, seed=7) == bootstrap_interval(wrong, sizes, seed=7)
    assert bootstrap_interval(wrong, sizes, seed=7) != bootstrap_interval(wrong, sizes, seed=8)
    low, high = bootstrap_interval(wrong, sizes, groups=writers, level=0.5)
    wide_low, wide_high = bootstrap_interval(wrong, sizes, groups=writers)
    assert wide_low < low < wrong.sum() / sizes.sum() < high < wide_high
    assert bootstrap_interval([2, 2], [10, 10]) == (0.2, 0.2)
    with pytest.raises(ValueError, match="size above 0"):
        bootstrap_interval([], [])
    with pytest.raises(ValueError, match="size above 0"):
        bootstrap_interval([0, 1], [0, 4])


def test_planted_calibration() -> None:
    confidence = np.repeat(np.linspace(0.05, 0.95, 15), 20)
    assert calibration_error(confidence, [True] * 300) == pytest.approx(0.5)
    assert calibration_error([0.75] * 4, [True, False, True, True]) == pytest.approx(0)
    assert calibration_error([0.9, 0.9, 0.2, 0.2], [True, False, False, False]) == pytest.approx((0.4 + 0.2) / 2)
    assert calibration_error([], []) == 0


def test_bins_hold_equally_many_by_rising_confidence() -> None:
    generator = np.random.default_rng(0)
    confidence = generator.beta(5, 1, 20_000)
    right = generator.random(20_000) < confidence**2
    curve = reliability(confidence, right)
    assert len(curve) == 15
    assert {one.count for one in curve} == {1333, 1334}
    assert [one.confidence for one in curve] == sorted(one.confidence for one in curve)
    for one in curve[2:]:
        assert one.accuracy == pytest.approx(one.confidence**2, abs=0.05)
    expected = np.mean(confidence - confidence**2)  # overconfident everywhere, so that the gaps add up
    assert calibration_error(confidence, right) == pytest.approx(expected, abs=0.01)
    assert calibration_error(confidence, generator.random(20_000) < confidence) < 0.01


def test_equal_confidences_count_alike_in_any_order() -> None:
    confidence, right = np.ones(300), np.arange(300) < 240
    assert calibration_error(confidence, right) == pytest.approx(0.2)
    assert calibration_error(confidence, right[::-1]) == pytest.approx(0.2)
    assert [one.count for one in reliability([0.3, 0.1], [True, False])] == [1, 1]
