"""The alphabet: a planted table of spellings, and laws that hold for any text and any alphabet."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwrite.core.alphabet import BLANK, Alphabet
from handwrite.errors import InputError

PLAIN = Alphabet(" " + string.ascii_letters + string.digits + "!\"#&'()*+,-./:;?")
CHARACTERS = st.characters(exclude_categories=("Cc", "Cs"))
ALPHABETS = st.lists(CHARACTERS, min_size=1, max_size=30, unique=True).map("".join).map(Alphabet)


def test_indices_start_after_the_blank() -> None:
    alphabet = Alphabet("ab ")
    assert alphabet.encode("ba b").tolist() == [2, 1, 3, 2]
    assert BLANK == 0
    assert len(alphabet) == 4
    assert "a" in alphabet
    assert "c" not in alphabet


@given(alphabet=ALPHABETS, data=st.data())
def test_decode_undoes_encode(alphabet: Alphabet, data: st.DataObject) -> None:
    text = data.draw(st.text(st.sampled_from(alphabet.chars)))
    assert BLANK not in alphabet.encode(text)
    assert alphabet.decode(alphabet.encode(text)) == text


def test_encode_names_what_it_does_not_know() -> None:
    with pytest.raises(InputError, match="'é', 'Ω'"):
        PLAIN.encode("Ωé plain Ω")


@pytest.mark.parametrize("index", [BLANK, -1, 3])
def test_decode_refuses_what_is_no_character(index: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 2"):
        Alphabet("ab").decode([1, index])


@pytest.mark.parametrize("chars", ["", "aba", "a\n"])
def test_an_alphabet_wants_characters_each_once(chars: str) -> None:
    with pytest.raises(ValueError, match="each once"):
        Alphabet(chars)


def test_from_texts_keeps_what_is_frequent_enough() -> None:
    assert Alphabet.from_texts(["bab", "c\na"], at_least=1).chars == "abc"
    assert Alphabet.from_texts(["bab", "ca"], at_least=2).chars == "ab"


def test_fit_of_the_sentence_that_has_everything() -> None:
    written, replaced = PLAIN.fit("Quiz 42: e-mail cafe@exámple.com, 50% of £3 – Ω?")
    assert written == "Quiz 42: e-mail cafe(at)example.com, 50 per cent of GBP 3 - ??"
    assert replaced == {"@": "(at)", "á": "a", "%": "per cent", "£": "GBP", "–": "-", "Ω": "?"}


def test_what_an_alphabet_goes_without_is_respelled() -> None:
    signs = Alphabet(" +&adeghilmnorst<")
    assert signs.without("&").fit("a & d")[0] == "a and d"
    assert signs.without("<").fit("a < d")[0] == "a less than d"
    assert signs.fit("a & d < e") == ("a & d < e", {})


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain text.", "plain text."),
        ("“Don’t” – she said…", '"Don\'t" - she said...'),
        ("ﬁne ² ½ №3 ㎏", "fine 2 1/2 No3 kg"),
        ("e\u0301te\u0301, Łódź, Straße, Œuvre", "ete, Lodz, Strasse, Oeuvre"),
        ("Москва", "Mock?a"),
        ("50 % or 50%", "50 per cent or 50 per cent"),
        ("a\tb\u00a0c\nd\x07e", "a b c d e"),
        ("soft\u00adhyphen\u200b", "softhyphen"),
        ("漢字 \ud800", "?? ?"),
        ("", ""),
    ],
)
def test_fit(text: str, written: str) -> None:
    assert PLAIN.fit(text)[0] == written


def test_fit_reports_nothing_where_nothing_is_seen() -> None:
    assert PLAIN.fit("a\tb\u00a0c\u200b")[1] == {}
    composed = Alphabet("é")
    assert composed.fit(unicodedata.normalize("NFD", "é")) == ("é", {})


def test_a_character_of_the_alphabet_is_never_respelled() -> None:
    assert Alphabet("é£–e").fit("é£–") == ("é£–", {})


def test_the_other_case_is_better_than_a_stand_in() -> None:
    assert Alphabet("qu?").fit("QU") == ("qu", {"Q": "q", "U": "u"})


def test_an_alphabet_is_extended_at_its_end() -> None:
    assert Alphabet("ba").extended(["able\n", "été"]).chars == "baelté"
    assert Alphabet("ba").extended([]) == Alphabet("ba")


@given(alphabet=ALPHABETS, text=st.text())
def test_what_fits_can_be_encoded_and_fits_again(alphabet: Alphabet, text: str) -> None:
    written, _ = alphabet.fit(text)
    assert alphabet.decode(alphabet.encode(written)) == written
    assert alphabet.fit(written)[0] == written


@given(text=st.text(CHARACTERS))
def test_every_change_that_is_seen_is_reported(text: str) -> None:
    written, replaced = PLAIN.fit(text)
    seen = [char for char in text if char not in PLAIN and unicodedata.category(char) not in ("Zs", "Zl", "Zp", "Cf")]
    assert bool(seen) == bool(replaced)
    assert replaced or written == "".join(
        " " if unicodedata.category(c)[0] == "Z" else c for c in text if unicodedata.category(c) != "Cf"
    )


def test_what_looks_alike_keeps_its_place() -> None:
    alphabet = Alphabet("abe'-")
    assert alphabet.same_shape("ébâ’–") == "eba'-"
    assert alphabet.same_shape("bé") == "be"
    assert alphabet.same_shape("œ…жB½") == "œ…жB½"
    assert Alphabet("aé").same_shape("éà") == "éa"


@given(alphabet=ALPHABETS, text=st.text())
def test_what_looks_alike_is_known_or_left(alphabet: Alphabet, text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    same = alphabet.same_shape(text)
    assert len(same) == len(text)
    assert all(new == old or new in alphabet for new, old in zip(same, text, strict=True))
