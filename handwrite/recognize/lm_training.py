"""Texts -> a language model, measured on a tenth of them that it is not made from."""

from __future__ import annotations

from collections.abc import Sequence

from handwrite.core.alphabet import Alphabet
from handwrite.recognize.kneser_ney import train_lm
from handwrite.recognize.lm import LanguageModel

BLOCK = 2000
"""Characters of a block; every tenth block is held out."""

EVERY = 10


def held_out(text: str) -> tuple[str, str]:
    """A text without every tenth block, and these blocks. Blocks are shorter where a text has less than ten."""
    size = max(min(BLOCK, len(text) // EVERY), 1)
    blocks = [text[start : start + size] for start in range(0, len(text), size)]
    kept = (block for number, block in enumerate(blocks, 1) if number % EVERY)
    return "".join(kept), "".join(blocks[EVERY - 1 :: EVERY])


def train_measured(
    texts: Sequence[str], *, order: int, max_bytes: int, alphabet: Alphabet | None = None
) -> tuple[LanguageModel, float]:
    """A model of nine tenths of some texts, and its bits per character on the other tenth; see `train_lm`."""
    parts = [held_out(text) for text in texts]
    model = train_lm([kept for kept, _ in parts], alphabet=alphabet, order=order, max_bytes=max_bytes)
    return model, model.bits_per_character(" ".join(held for _, held in parts))
