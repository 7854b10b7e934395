"""Decoding of CTC: all paths of small lattices, and torch's own loss, say what is right."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from handwrite.core.alphabet import BLANK
from handwrite.recognize.ctc import Decoded, Symbols, align, best_path, continuations, judge, log_likelihoods
from handwrite.recognize.decoder import Decoder, Greedy

FRAMES, SYMBOLS = 5, 3
AllTexts = Callable[[NDArray[np.float32]], dict[tuple[int, ...], float]]
Read = Callable[[Decoder, Sequence[NDArray[np.float32]]], list[Decoded]]


def lattice(seed: int, *, frames: int = FRAMES, symbols: int = SYMBOLS, sharpness: float = 2.0) -> NDArray[np.float32]:
    logits = np.random.default_rng(seed).normal(0, sharpness, (frames, symbols))
    line: NDArray[np.float32] = (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)
    return line


def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != BLANK)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_path_is_the_best_of_all_paths(seed: int) -> None:
    line = lattice(seed)
    paths = itertools.product(range(SYMBOLS), repeat=FRAMES)
    best = max(paths, key=lambda path: float(line[np.arange(FRAMES), path].sum()))
    symbols, frames = best_path(line)
    assert tuple(symbols) == collapse(best)
    assert [set(best[start:stop]) for start, stop in frames] == [{symbol} for symbol in symbols]
    assert align([line], [symbols])[0].tolist() == frames.tolist()


def test_texts_are_as_likely_as_all_their_paths(all_texts: AllTexts) -> None:
    lines = [lattice(0), lattice(1, frames=3)]
    every = [all_texts(line) for line in lines]
    for text in ((), (1,), (1, 1), (2, 1, 2), (1, 2, 2)):
        found = np.exp(log_likelihoods(lines, [np.array(text, np.int64)] * 2))
        assert found == pytest.approx([texts.get(text, 0) for texts in every], rel=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_continuations_are_quotients_of_prefix_probabilities(seed: int, all_texts: AllTexts) -> None:
    line = lattice(seed)
    texts = all_texts(line)

    def prefix(beginning: tuple[int, ...]) -> float:
        return sum(p for text, p in texts.items() if text[: len(beginning)] == beginning)

    for text in ((), (1,), (1, 1), (2, 1, 2), (1, 2, 2)):
        found = continuations([line], [np.array(text, np.int64)])[0]
        for count in range(len(text) + 1):
            begun = text[:count]
            wanted = [texts[begun], *(prefix((*begun, symbol)) for symbol in range(1, SYMBOLS))]
            assert found[count] == pytest.approx(np.array(wanted) / prefix(begun), abs=1e-6)


def check_against_torch(line: NDArray[np.float32], symbols: Symbols) -> None:
    [decoded] = judge([line], [symbols], align([line], [symbols]))
    loss = torch.nn.functional.ctc_loss(
        torch.from_numpy(line)[:, None],
        torch.from_numpy(symbols)[None],
        torch.tensor([len(line)]),
        torch.tensor([len(symbols)]),
        reduction="sum",
    )
    assert np.log(decoded.confidences).sum() + np.log(decoded.ending) == pytest.approx(-float(loss), rel=1e-4)


def test_confidences_multiply_to_what_the_loss_of_torch_says() -> None:
    check_against_torch(lattice(3, frames=60, symbols=9), np.array([4, 4, 1, 8, 2, 2, 2, 7, 1, 3, 5, 6, 5]))


def test_a_text_is_judged_though_every_frame_speaks_against_it() -> None:
    line, symbols = np.full((40, 4), -68, np.float32), 1 + np.arange(40) % 2
    line[:, 3] = 0
    check_against_torch(line, symbols)


@pytest.mark.parametrize("text", [(1,), (1, 1), (1, 2, 1), (2, 2, 1)])
def test_align_finds_the_best_of_all_paths_of_the_text(text: tuple[int, ...]) -> None:
    line = lattice(7)
    paths = [path for path in itertools.product(range(SYMBOLS), repeat=FRAMES) if collapse(path) == text]
    best = np.array(max(paths, key=lambda path: float(line[np.arange(FRAMES), path].sum())))
    [frames] = align([line], [np.array(text)])
    assert [set(best[start:stop]) for start, stop in frames] == [{symbol} for symbol in text]
    assert sum(stop - start for start, stop in frames) == (best != BLANK).sum()


def test_align_refuses_a_text_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="3 symbols do not fit in 4 frames"):
        align([lattice(0, frames=4)], [np.array([1, 1, 1])])


def test_a_planted_line_is_read_with_its_places(read: Read) -> None:
    path = [0, 3, 3, 0, 3, 0, 1, 2, 0]
    line = np.full((9, 4), np.log(0.01), np.float32)
    line[np.arange(9), path] = np.log(0.97)
    [decoded] = read(Greedy(), [line])
    assert decoded.symbols.tolist() == [3, 3, 1, 2]
    assert decoded.frames.tolist() == [[1, 3], [4, 5], [6, 7], [7, 8]]
    assert decoded.confidences.min() > 0.9


def test_a_blank_line_has_no_characters(read: Read) -> None:
    line = np.log(np.full((20, 3), [0.98, 0.01, 0.01], np.float32))
    [decoded] = read(Greedy(), [line])
    assert (decoded.symbols.shape, decoded.frames.shape, decoded.confidences.shape) == ((0,), (0, 2), (0,))
    assert decoded.confidence() == pytest.approx(0.98**20, rel=1e-5)


def test_doubt_falls_on_the_doubtful_character(read: Read) -> None:
    line = np.full((9, 4), np.log(1e-4), np.float32)
    line[np.arange(9), [0, 1, 0, 0, 2, 0, 0, 3, 0]] = 0
    line[4, [2, 1]] = np.log([0.6, 0.4])
    [decoded] = read(Greedy(), [line])
    assert decoded.confidences == pytest.approx([1, 0.6, 1], abs=0.01)
    [softer] = read(Greedy(2.0), [line])
    assert softer.confidences[1] < 0.6


def test_a_word_is_doubtful_when_it_may_go_on() -> None:
    decoded = Decoded(np.array([1, 2, 9, 3]), np.zeros((4, 2), np.int64), np.array([0.9, 0.8, 0.5, 0.7]), 0.6)
    assert decoded.confidence(0, 2) == pytest.approx(0.9 * 0.8 * 0.5)
    assert decoded.confidence(3, 4) == pytest.approx(0.7 * 0.6)
    assert decoded.confidence() == pytest.approx(0.9 * 0.8 * 0.5 * 0.7 * 0.6)


def test_gains_move_the_confidences() -> None:
    line = lattice(1)
    symbols, frames = best_path(line)
    gains = np.zeros((len(symbols) + 1, SYMBOLS))
    [plain] = judge([line], [symbols], [frames])
    [even] = judge([line], [symbols], [frames], gains=[gains])
    assert even.confidences == pytest.approx(plain.confidences)
    gains[0, symbols[0]] = 3.0
    [helped] = judge([line], [symbols], [frames], gains=[gains])
    odds = [confidence / (1 - confidence) for confidence in (plain.confidences[0], helped.confidences[0])]
    assert odds[1] / odds[0] == pytest.approx(np.exp(3.0))
    assert helped.confidences[1:] == pytest.approx(plain.confidences[1:])


def test_lines_side_by_side_are_judged_as_alone() -> None:
    lines = [lattice(seed, frames=frames, symbols=9) for seed, frames in ((0, 30), (1, 7), (2, 1), (3, 55))]
    texts = [best_path(line)[0][: len(line) // 2] for line in lines]
    texts[2] = texts[2][:0]
    together, alone = align(lines, texts), [align([line], [text])[0] for line, text in zip(lines, texts, strict=True)]
    assert [frames.tolist() for frames in together] == [frames.tolist() for frames in alone]
    for line, text, frames, decoded in zip(lines, texts, together, judge(lines, texts, together), strict=True):
        [own] = judge([line], [text], [frames])
        assert decoded.confidences == pytest.approx(own.confidences)
        assert decoded.ending == pytest.approx(own.ending)
