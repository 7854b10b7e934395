"""What several tests share: a toy hand, and a small store written in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from handwrite.core.ink import Ink
from handwrite.core.store import Sample, StoreWriter

LETTERS = {"a": (1.0, 1.0), "b": (2.0, 0.5), "c": (0.5, 2.0)}
"""letter -> height and frequency of its wave."""

ToyHand = Callable[..., Ink]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Nets of this size are slower on two threads, and far slower where the machine is busy."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def toy_hand() -> ToyHand:
    """Writes a text of a, b, c and spaces: one wave a letter, 0.16 s long, pen up between letters for 0.1 s."""

    def write(text: str, *, size: float = 20.0, generator: np.random.Generator | None = None) -> Ink:
        time = np.linspace(0, 0.16, 17)
        strokes, start = [], 0.0
        for column, char in enumerate(text):
            if char == " ":
                continue
            height, frequency = LETTERS[char]
            height *= 1 + (generator.normal(0, 0.05) if generator else 0)
            x = column + 0.8 * time / time[-1]
            y = -height / 2 * (1 - np.cos(2 * np.pi * frequency * time / time[-1]))
            strokes.append(np.column_stack([size * x, size * y, start + time]))
            start += 0.26
        return Ink.from_strokes(strokes)

    return write


@pytest.fixture(scope="session")
def toy_store(toy_hand: ToyHand, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 training lines, 30 training words and 12 validation lines of two writers."""
    path = tmp_path_factory.mktemp("toy") / "toy.h5"
    generator = np.random.default_rng(0)
    parts = [("train", "line", 60, 2), ("train", "word", 30, 1), ("val", "line", 12, 2)]
    with StoreWriter(path, licences={"toy": "CC0"}) as store:
        for split, level, count, words in parts:
            for number in range(count):
                text = " ".join("".join(generator.choice(list("abc"), 3)) for _ in range(words))
                name = f"{split}-{level}-{number}"
                ink = toy_hand(text, generator=generator)
                store.add(Sample(ink, text, "toy", name, writer=f"w{number % 2}", split=split, level=level))
    return path
