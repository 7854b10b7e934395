"""Lines cut into pieces. What becomes of the attempts at them is tested with `predict`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from handwrite.synth.pieces import LONGEST, parts


@given(st.lists(st.text("abc", min_size=1, max_size=100), max_size=30))
def test_parts_say_the_line_and_are_short(words: list[str]) -> None:
    found = parts(" ".join(words))
    assert "".join(" " * part.spaced + part.text for part in found).strip() == " ".join(words)
    assert all(0 < len(part.text) <= LONGEST for part in found)


def test_parts_are_even() -> None:
    sizes = [len(part.text) for part in parts(" ".join(["word"] * 20))]
    assert max(sizes) - min(sizes) <= 10
