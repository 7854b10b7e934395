"""What is held out of a text, and that a model is measured on it alone."""

from __future__ import annotations

import numpy as np
import pytest

from handwrite.recognize import lm_training as module
from handwrite.recognize.kneser_ney import train_lm
from handwrite.recognize.lm_training import BLOCK, held_out, train_measured


def test_every_tenth_block_is_held_out() -> None:
    blocks = [chr(ord("a") + number) * BLOCK for number in range(23)]
    kept, held = held_out("".join(blocks))
    assert held == blocks[9] + blocks[19]
    assert kept == "".join(block for block in blocks if block not in (blocks[9], blocks[19]))


@pytest.mark.parametrize("size", [10, 57, 1999])
def test_a_short_text_has_a_tenth_too(size: int) -> None:
    text = "".join(chr(0x4E00 + number) for number in range(size))
    kept, held = held_out(text)
    assert len(kept) + len(held) == size
    assert sorted(kept + held) == list(text)
    assert 0.08 < len(held) / size <= 0.1


def test_the_model_has_not_seen_what_it_is_measured_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 100)
    generator = np.random.default_rng(0)
    noise = "".join(generator.choice(list("abcd"), 4000))
    model, bits = train_measured([noise], order=6, max_bytes=8_000_000)
    assert bits > 1.99, "noise of four letters has two bits a character"
    assert model.bits_per_character(noise[:900]) < 1.8, "what it was made from it knows"
    kept, held = held_out(noise)
    assert bits == pytest.approx(train_lm([kept], order=6).bits_per_character(held))
