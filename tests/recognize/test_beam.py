"""Prefix beam search against all texts of small lattices, alone and with models; then the word list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.core.alphabet import BLANK, Alphabet
from handwrite.errors import InputError
from handwrite.recognize.automaton import Automaton
from handwrite.recognize.beam import BeamDecoder
from handwrite.recognize.ctc import Decoded, best_path
from handwrite.recognize.decoder import Decoder, Greedy
from handwrite.recognize.kneser_ney import train_lm
from handwrite.recognize.lexicon import Lexicon

FRAMES, LETTERS = 6, Alphabet("ab ")
AllTexts = Callable[[NDArray[np.float32]], dict[tuple[int, ...], float]]
Read = Callable[[Decoder, Sequence[NDArray[np.float32]]], list[Decoded]]


def lattice(seed: int, *, frames: int = FRAMES, symbols: int = 4, sharpness: float = 1.5) -> NDArray[np.float32]:
    logits = np.random.default_rng(seed).normal(0, sharpness, (frames, symbols))
    line: NDArray[np.float32] = (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)
    return line


def gain(model: Automaton, text: tuple[int, ...]) -> float:
    states = model.walk(np.array(text, np.int64))
    steps = model.gains[model.slots(states[:-1]), list(text)].sum() if text else 0.0
    return float(steps + model.endings(states[-1:])[0])


def wide(models: tuple[tuple[Automaton, float], ...] = (), bonus: float = 0.0) -> BeamDecoder:
    return BeamDecoder(models, bonus=bonus, width=300, candidates=99, least=0, skip=1)


@pytest.fixture(scope="module")
def lm() -> Automaton:
    return train_lm(["abba ab ba bab", "aab ab a abba"], alphabet=LETTERS, order=3).for_alphabet(LETTERS)


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_the_best_of_all_texts(seed: int, all_texts: AllTexts) -> None:
    line = lattice(seed)
    texts = all_texts(line)
    assert tuple(wide().search([line])[0]) == max(texts, key=texts.__getitem__)


def test_the_best_text_is_not_the_best_path() -> None:
    line = np.log(np.full((2, 3), [0.6, 0.4, 1e-9], np.float32))
    assert best_path(line)[0].tolist() == []
    assert wide().search([line])[0].tolist() == [1]


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_with_models_finds_the_best_of_all_texts(seed: int, lm: Automaton, all_texts: AllTexts) -> None:
    line = lattice(seed)
    models = ((lm, 0.8), (Lexicon(["ab", "abba"], LETTERS, penalty=1.5), 1.0))
    texts = {
        text: np.log(p) + 0.7 * len(text) + sum(weight * gain(model, text) for model, weight in models)
        for text, p in all_texts(line).items()
    }
    assert tuple(wide(models, 0.7).search([line])[0]) == max(texts, key=texts.__getitem__)


def test_the_gain_of_a_text_is_what_the_models_say(lm: Automaton) -> None:
    lexicon = Lexicon(["ab", "abba"], LETTERS, penalty=1.5)
    decoder = BeamDecoder(((lm, 0.8), (lexicon, 1.0)), bonus=0.7)
    for text in ((), (1,), (1, 2, 2, 1), (2, 3, 1)):
        said = 0.7 * len(text) + 0.8 * gain(lm, text) + gain(lexicon, text)
        assert decoder.gain(np.array(text, np.int64)) == pytest.approx(said)


def test_a_batch_reads_as_its_lines_do(lm: Automaton, read: Read) -> None:
    lines = [lattice(seed, frames=frames, sharpness=4) for seed, frames in enumerate((30, 3, 0, 17))]
    lines.append(np.log(np.full((9, 4), [0.997, 0.001, 0.001, 0.001], np.float32)))
    decoder = BeamDecoder(((lm, 0.5),), bonus=0.5)
    together = read(decoder, lines)
    for line, decoded in zip(lines, together, strict=True):
        alone = read(decoder, [line])[0]
        assert decoded.symbols.tolist() == alone.symbols.tolist()
        assert decoded.frames.tolist() == alone.frames.tolist()
        assert decoded.confidences == pytest.approx(alone.confidences)
    assert [len(decoded.symbols) for decoded in together[2::2]] == [0, 0]
    assert read(decoder, []) == []


def test_blank_frames_between_equal_letters_are_not_lost(read: Read) -> None:
    path = [1, 0, 0, 0, 1, 1, 2]
    line = np.full((7, 4), np.log(1e-4), np.float32)
    line[np.arange(7), path] = 0
    decoded = read(BeamDecoder(), [line])[0]
    assert decoded.symbols.tolist() == [1, 1, 2]
    assert decoded.frames.tolist() == [[0, 1], [4, 6], [6, 7]]


def test_a_model_settles_what_the_ink_leaves_open(lm: Automaton, read: Read) -> None:
    alphabet = Alphabet("abcdehnrt ")
    line = np.full((7, len(alphabet)), np.log(1e-4), np.float32)
    line[np.arange(7), [0, *alphabet.encode("hat"), 0, 0, 0]] = 0
    line[2, alphabet.encode("ac")] = np.log([0.4, 0.6])
    model = train_lm(["the hat and the rat at hand, a hat then"], alphabet=alphabet, order=4).for_alphabet(alphabet)
    assert alphabet.decode(read(Greedy(), [line])[0].symbols) == "hct"
    decoded = read(BeamDecoder(((model, 1.0),)), [line])[0]
    assert alphabet.decode(decoded.symbols) == "hat"
    assert decoded.frames.tolist() == [[1, 2], [2, 3], [3, 4]]
    assert decoded.confidences[1] > 0.8


WRITTEN = Alphabet("abdelnowWELNOTt'-,.5 ")


@pytest.mark.parametrize(
    ("text", "penalties"),
    [
        ("well", 0), ("Well, well.", 0), ("WELL on", 0), ("'well' 5 no", 0), ("well-known", 1), ("wel", 1),
        ("dwell well", 1), ("eat eat", 2), ("don't.", 0), ("on-no", 0), ("wELL", 1), ("don'", 1), ("no'", 0),
    ],
)  # fmt: skip
def test_words_outside_the_list_pay_once(text: str, penalties: int) -> None:
    lexicon = Lexicon(["well", "no", "on", "don't", "§"], Alphabet(WRITTEN.chars + "k"), penalty=2.0)
    assert gain(lexicon, tuple(Alphabet(WRITTEN.chars + "k").encode(text))) == pytest.approx(-2.0 * penalties)


def test_the_word_list_is_preferred_but_not_alone(read: Read) -> None:
    line = np.full((5, len(WRITTEN)), np.log(1e-6), np.float32)
    line[:, BLANK] = np.log([0.99, 1e-6, 1e-6, 1e-6, 0.99])
    line[[1, 2, 3], WRITTEN.encode("wet")] = 0
    line[3, WRITTEN.encode("tl")] = np.log([0.7, 0.3])
    for penalty, reading in ((3.0, "wel"), (0.5, "wet")):
        decoder = BeamDecoder(((Lexicon(["wel"], WRITTEN, penalty=penalty), 1.0),))
        assert WRITTEN.decode(read(decoder, [line])[0].symbols) == reading


def test_a_list_without_words_is_refused() -> None:
    with pytest.raises(InputError, match="no word in the alphabet"):
        Lexicon(["§", " "], WRITTEN)
