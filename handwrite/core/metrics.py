"""How wrong a reading is: error rates and their intervals, confusions, and how far confidences can be trusted.

One definition of each measure, for training and for judging. Texts are compared code point by code point as they are
given: whoever compares texts of several sources composes them first (NFC). What is measured on which data, and how it
is shown, is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from rapidfuzz.distance import Levenshtein

RESAMPLES = 1000
BINS = 15

_SPACED_MARK = re.compile(r"\s*([^\w\s])\s*")
_TOKEN = re.compile(r"\w+|[^\w\s]")


def joined(text: str) -> str:
    """The text without the spaces around punctuation, which corpora set by different conventions."""
    return _SPACED_MARK.sub(r"\1", text)


def character_errors(truth: str, read: str) -> int:
    """Fewest insertions, deletions and substitutions of characters that turn one text into the other; Levenshtein
    1966."""
    return Levenshtein.distance(truth, read)


def word_errors(truth: str, read: str) -> int:
    """The same in words, which are what stands between spaces."""
    return Levenshtein.distance(truth.split(), read.split())


def cer(truths: Sequence[str], reads: Sequence[str]) -> float:
    """Character error rate: errors of all lines over characters of all true texts, so that long lines count more.

    Raises ValueError when the true texts have no characters or there is not one reading for each.
    """
    size = sum(map(len, truths))
    if not size:
        raise ValueError("no characters to read")
    return sum(character_errors(truth, read) for truth, read in zip(truths, reads, strict=True)) / size


def bootstrap_interval(
    wrong: ArrayLike, sizes: ArrayLike, *, groups: Sequence[str] | None = None, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """The interval that holds the pooled ratio sum(wrong) / sum(sizes) in `level` of `RESAMPLES` drawings of lines
    with replacement; Bisani and Ney 2004, the percentile bootstrap of Efron.

    wrong, sizes : (N,) of each line, sizes above 0. groups : the writer of each line; with it whole writers are drawn,
    because lines of one hand are not independent. Raises ValueError for no lines or a line without size.
    """
    totals = np.column_stack([np.asarray(wrong, np.float64), np.asarray(sizes, np.float64)])
    if not len(totals) or totals[:, 1].min() <= 0:
        raise ValueError("a ratio needs lines, each with a size above 0")
    if groups is not None:
        _, group = np.unique(np.asarray(groups), return_inverse=True)
        totals = np.column_stack([np.bincount(group, column) for column in totals.T])
    generator, count = np.random.default_rng(seed), len(totals)
    drawings = (generator.integers(count, size=count) for _ in range(RESAMPLES))
    drawn = np.array([np.bincount(drawing, minlength=count) @ totals for drawing in drawings])
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def confusions(truth: str, read: str) -> list[tuple[str, str]]:
    """The errors of one best alignment as pairs (written, read), in order; "" is written for an insertion and read for
    a deletion. Where several alignments are best, which one is taken is not defined."""
    return [
        (truth[edit.src_pos] if edit.tag != "insert" else "", read[edit.dest_pos] if edit.tag != "delete" else "")
        for edit in Levenshtein.editops(truth, read)
    ]


def wrong_characters(truth: str, read: str) -> tuple[list[bool], list[bool]]:
    """Which characters of either text do not stand in the other, in a best alignment of the joined texts; spaces around
    punctuation are never wrong."""
    kept, kept_read = _kept_by_joining(truth), _kept_by_joining(read)
    wrong, wrong_read = [False] * len(truth), [False] * len(read)
    for edit in Levenshtein.editops(joined(truth), joined(read)):
        if edit.tag != "insert":
            wrong[kept[edit.src_pos]] = True
        if edit.tag != "delete":
            wrong_read[kept_read[edit.dest_pos]] = True
    return wrong, wrong_read


def _kept_by_joining(text: str) -> list[int]:
    """The indices of the characters of a text that stand in `joined(text)`, in order."""
    dropped = {
        index
        for match in _SPACED_MARK.finditer(text)
        for index in range(match.start(), match.end())
        if index != match.start(1)
    }
    return [index for index in range(len(text)) if index not in dropped]


def words_right(truth: str, words: Sequence[str]) -> list[bool]:
    """Whether each read word is right.

    Both sides are cut at spaces into words and these into tokens, which are runs of letters and digits, and single
    marks; a best alignment of all tokens is made (Levenshtein). A read word is right when all its tokens stand in it
    as equal, and so do all tokens of the true words that they are aligned with. So for the true text "Well , yes." the
    words "Well," and "yes." are right, "yes" is wrong, and spaces around punctuation never matter alone.
    """
    true, read = _tokens(truth.split()), _tokens(words)
    edits = Levenshtein.editops([token for token, _ in true], [token for token, _ in read])
    missed = {true[edit.src_pos][1] for edit in edits if edit.tag != "insert"}
    wrong = {read[edit.dest_pos][1] for edit in edits if edit.tag != "delete"}
    for block in edits.as_matching_blocks():
        for offset in range(block.size):
            if true[block.a + offset][1] in missed:
                wrong.add(read[block.b + offset][1])
    return [index not in wrong for index in range(len(words))]


def _tokens(words: Sequence[str]) -> list[tuple[str, int]]:
    """The tokens of words, each with the index of its word."""
    return [(token, index) for index, word in enumerate(words) for token in _TOKEN.findall(word)]


@dataclass(frozen=True)
class Bin:
    """Words of about the same confidence: how many, their mean confidence, and the share of them that is right."""

    count: int
    confidence: float
    accuracy: float


def reliability(confidence: ArrayLike, right: ArrayLike, *, bins: int = BINS) -> tuple[Bin, ...]:
    """The reliability curve over bins of equal mass, by rising confidence; Nguyen and O'Connor 2015.

    confidence : (N,) 0 to 1. right : (N,) bool. Bins differ by at most one in count; fewer words than bins make a bin
    each. Equal confidences share their mean accuracy, so that the order of the words does not matter.
    """
    values, tied = np.unique(np.asarray(confidence, np.float64), return_inverse=True)
    counts = np.bincount(tied, minlength=len(values))
    shares = np.bincount(tied, np.asarray(right, np.float64), len(values)) / np.maximum(counts, 1)
    levels, accuracies = np.repeat(values, counts), np.repeat(shares, counts)
    parts = np.array_split(np.arange(len(levels)), min(bins, len(levels)) or 1)
    return tuple(
        Bin(len(part), float(levels[part].mean()), float(accuracies[part].mean())) for part in parts if len(part)
    )


def calibration_error(confidence: ArrayLike, right: ArrayLike, *, bins: int = BINS) -> float:
    """Expected calibration error: the mean gap between confidence and accuracy of a bin, weighted by its count; Guo et
    al. 2017, eq. 3, on the bins of `reliability`. 0 when there are no words."""
    curve = reliability(confidence, right, bins=bins)
    gaps = sum(one.count * abs(one.accuracy - one.confidence) for one in curve)
    return gaps / max(1, sum(one.count for one in curve))
