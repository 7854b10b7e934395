"""The fixed texts: how many there are, what they cover, that they never change."""

from __future__ import annotations

import hashlib
import string

from handwrite.evaluate.texts import PHRASES, SENTENCES, phrases

HARD = set(string.digits + string.ascii_letters + ".,:;!?'\"()-")


def test_forty_sentences_of_fifteen_to_forty_characters() -> None:
    assert len(SENTENCES) == len(set(SENTENCES)) == 40
    assert [text for text in SENTENCES if not 15 <= len(text) <= 40] == []
    assert HARD - set("".join(SENTENCES)) == set()
    assert sum(any(char.isdigit() for char in text) for text in SENTENCES) >= 12
    assert sum(bool(set("QXZ") & set(text)) for text in SENTENCES) >= 12
    assert max(len(word) for text in SENTENCES for word in text.split()) >= 15


def test_three_hundred_phrases_of_ten_to_forty_characters() -> None:
    found = phrases()
    assert len(found) == len(set(found)) == PHRASES == 300
    assert [text for text in found if not 10 <= len(text) <= 40] == []
    assert HARD - set("".join(found)) == set()
    assert set(found) & set(SENTENCES) == set()


def test_phrases_never_change_and_fewer_are_the_first_ones() -> None:
    digest = hashlib.sha256("\n".join(phrases()).encode()).hexdigest()
    assert digest.startswith("60258c52102a0307"), (
        "the texts changed; figures measured before cannot be compared any more"
    )
    assert phrases(7) == phrases()[:7]


def test_texts_are_plain_ascii_with_single_spaces() -> None:
    for text in (*SENTENCES, *phrases()):
        assert text.isascii()
        assert text == " ".join(text.split())
