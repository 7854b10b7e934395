"""The character model against Kneser-Ney written out plainly, and the laws of probability."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.core.alphabet import Alphabet
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.errors import CheckpointError, InputError, OptionError
from handwrite.recognize import automaton
from handwrite.recognize.automaton import Automaton
from handwrite.recognize.kneser_ney import USUAL_DISCOUNTS, train_lm
from handwrite.recognize.lm import STEP, UNKNOWN, LanguageModel, normalize

NOUNS = ("cat", "dog", "house", "river", "letter", "garden", "window", "teacher", "mountain", "bottle")
VERBS = ("sees", "finds", "likes", "paints", "follows", "remembers", "forgets", "carries")


def prose(seed: int, sentences: int) -> str:
    rng = random.Random(seed)
    return "\n".join(
        f"The {rng.choice(NOUNS)} {rng.choice(VERBS)} a {rng.choice(NOUNS)}, and no {rng.choice(NOUNS)}."
        for _ in range(sentences)
    )


def log_probabilities(model: Automaton, symbols: list[int]) -> NDArray[np.float32]:
    """(S,) of what follows a text of which nothing is known before."""
    state = 0
    for symbol in symbols:
        state = int(model.following[model.slots(np.array([state])), symbol][0])
    row: NDArray[np.float32] = model.gains[model.slots(np.array([state]))[0]]
    return row


class PlainKneserNey:
    """Chen and Goodman 1998, eq. 22 to 26, on a circular text, with dictionaries."""

    def __init__(self, text: str, order: int, characters: int) -> None:
        self.order, self.characters = order, characters
        grams = {n: Counter((text + text)[i : i + n] for i in range(len(text))) for n in range(1, order + 1)}
        self.counts = {order: dict(grams[order])}
        for n in range(1, order):
            before: dict[str, set[str]] = defaultdict(set)
            for gram in grams[n + 1]:
                before[gram[1:]].add(gram[0])
            self.counts[n] = {gram: len(chars) for gram, chars in before.items()}

    def discounts(self, n: int) -> tuple[float, ...]:
        n1, n2, n3, n4 = (sum(c == k for c in self.counts[n].values()) for k in (1, 2, 3, 4))
        if not (n1 and n2 and n3):
            return USUAL_DISCOUNTS
        y = n1 / (n1 + 2 * n2)
        found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        return found if min(found) > 0 else USUAL_DISCOUNTS

    def p(self, char: str, context: str) -> float:
        n = len(context) + 1
        seen = {gram[-1]: count for gram, count in self.counts[n].items() if gram[:-1] == context}
        lower = self.p(char, context[1:]) if context else 1 / self.characters
        if not seen:
            return lower
        total, discount = sum(seen.values()), self.discounts(n)
        taken = {c: discount[min(count, 3) - 1] for c, count in seen.items()}
        direct = (seen[char] - taken[char]) / total if char in seen else 0.0
        return direct + sum(taken.values()) / total * lower


def test_it_agrees_with_kneser_ney_written_out() -> None:
    text = "the hat that the cat ate and the rat that hated the cat at the tea then that cat hit a hat "
    alphabet = Alphabet("".join(sorted(set(text))) + "z")
    model = train_lm(text.split(), alphabet=alphabet, order=4).for_alphabet(alphabet)
    plain = PlainKneserNey(text, 4, len(alphabet.chars))
    assert min(plain.discounts(4)) > 0
    for context in ("", "t", "th", "the", "at ", "cat", "hit"):
        found = np.exp(log_probabilities(model, alphabet.encode(context).tolist())[1:])
        wanted = [plain.p(char, context) for char in alphabet.chars]
        assert found == pytest.approx(wanted, rel=2 * STEP)  # what is kept is rounded to half a step, at each order


def test_probabilities_sum_to_one_in_every_context() -> None:
    model = train_lm([prose(0, 200)], order=5)
    view = model.for_alphabet(model.alphabet)
    contexts = np.flatnonzero(np.diff(model.trie.first))
    sums = [np.exp(view.gains[view.slots(np.array([state]))[0], 1:]).sum() for state in contexts.tolist()]
    assert len(sums) > 500
    assert sums == pytest.approx(np.ones(len(sums)), abs=1e-4)


def test_more_context_predicts_better() -> None:
    train, held_out = prose(0, 400), prose(1, 100)
    bits = [train_lm([train], order=order).bits_per_character(held_out) for order in (2, 3, 6)]
    assert bits[0] > bits[1] > bits[2]
    assert bits[2] < 1.0


def test_the_bits_are_those_of_the_characters_one_by_one() -> None:
    model = train_lm([prose(0, 50)], order=4)
    text = prose(1, 12)
    view = model.for_alphabet(model.alphabet)
    symbols = model.alphabet.encode(normalize([text], model.alphabet)).tolist()
    nats = [log_probabilities(view, symbols[max(0, i - 9) : i])[symbol] for i, symbol in enumerate(symbols)]
    assert model.bits_per_character(text) == pytest.approx(-np.mean(nats) / np.log(2), rel=1e-5)


def test_a_small_file_is_kept_and_reads_again(tmp_path: Path) -> None:
    text, path = prose(0, 1000), tmp_path / "lm.safetensors"
    whole, small = train_lm([text], order=6), train_lm([text], order=6, max_bytes=11_000)
    small.save(path, corpora={"prose": "none"}, scores={})
    assert path.stat().st_size <= 11_000
    assert len(small.trie.symbols) < len(whole.trie.symbols) / 2
    again = LanguageModel.load(path)
    held_out = prose(1, 100)
    assert again.bits_per_character(held_out) == small.bits_per_character(held_out)
    assert whole.bits_per_character(held_out) <= small.bits_per_character(held_out) < 2.0
    assert (again.order, again.alphabet) == (6, whole.alphabet)


def test_a_view_on_another_alphabet_moves_the_columns() -> None:
    model = train_lm([prose(0, 50)], order=3)
    other = Alphabet("éeT ht")
    own, moved = model.for_alphabet(model.alphabet), model.for_alphabet(other)
    a = log_probabilities(own, model.alphabet.encode("Th").tolist())
    b = log_probabilities(moved, other.encode("Th").tolist())
    assert b[other.encode("e")] == pytest.approx(a[model.alphabet.encode("e")])
    assert b[other.encode("é")] == pytest.approx(UNKNOWN)
    after = log_probabilities(moved, other.encode("Té").tolist())
    assert after == pytest.approx(log_probabilities(moved, []))


def test_rows_are_forgotten_and_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    model, held_out = train_lm([prose(0, 50)], order=4), prose(1, 30)
    wanted = model.bits_per_character(held_out)
    monkeypatch.setattr(automaton, "ROWS", 1100)
    assert model.bits_per_character(held_out) == pytest.approx(wanted)
    with pytest.raises(ValueError, match="only 275 fit"):
        model.for_alphabet(model.alphabet).slots(np.zeros(300, np.int64))


def test_texts_are_made_plain() -> None:
    assert normalize(["“He’s  here”\r\n\tnow", "– é"], Alphabet("Hehrnow's\"- ")) == '"He\'s here" now - e'
    assert normalize(["“a”"], Alphabet("“”a")) == "“a”"


@pytest.mark.parametrize(("order", "size", "message"), [(1, 10**6, "order 1"), (9, 10**6, "order 9"), (6, 100, "fits")])
def test_options_that_make_no_model(order: int, size: int, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        train_lm([prose(0, 50)], order=order, max_bytes=size)


def test_texts_that_make_no_model() -> None:
    with pytest.raises(InputError, match="makes no language model"):
        train_lm(["abc"], order=6)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lm.safetensors"
    save_checkpoint(path, Header("lm", {"order": 6}, "ab", {}), {})
    with pytest.raises(CheckpointError, match="its language model is damaged"):
        LanguageModel.load(path)
