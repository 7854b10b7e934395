"""Reading ink: from a weights file, in any company, and no ink."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from handwrite.core.alphabet import Alphabet
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.ink import Ink
from handwrite.core.store import no_ink
from handwrite.errors import CheckpointError
from handwrite.recognize.ctc import best_path
from handwrite.recognize.ink_features import FEATURES, features
from handwrite.recognize.ink_model import InkReaderConfig, InkReaderNet
from handwrite.recognize.ink_predict import BATCH, InkReader

CONFIG = {"symbols": 5, "features": FEATURES, "channels": 8, "hidden": 8}
ToyHand = Callable[..., Ink]


@pytest.fixture
def reader() -> InkReader:
    torch.manual_seed(0)
    return InkReader(InkReaderNet(InkReaderConfig(**CONFIG)), Alphabet(" abc"))


def test_ink_is_read_the_same_alone_and_among_others(reader: InkReader, toy_hand: ToyHand) -> None:
    texts = ["abc", "ab c", "c", "bab a bac"] * BATCH
    inks = [toy_hand(text, size=1 + index) for index, text in enumerate(texts)]
    inks[5] = no_ink()
    tables = reader.log_probabilities(inks)
    assert tables[5].shape == (0, 5)
    for index in (0, 1, 2, 3, 6):
        torch.testing.assert_close(*map(torch.from_numpy, (tables[index], *reader.log_probabilities([inks[index]]))))
        with torch.no_grad():
            seen = features(inks[index])
            padded = np.pad(seen, ((0, -len(seen) % 4), (0, 0)))
            plain, _ = reader.net(torch.from_numpy(padded)[None], torch.tensor([len(seen)]))
        torch.testing.assert_close(torch.from_numpy(tables[index]), plain[:, 0], atol=1e-5, rtol=1e-4)
    expected = [reader.alphabet.decode(best_path(table)[0]) for table in tables]
    assert reader.read(inks) == expected
    assert reader.read([no_ink()]) == [""]
    assert reader.read([]) == []


def test_weights_are_loaded_by_file(reader: InkReader, toy_hand: ToyHand, tmp_path: Path) -> None:
    path = tmp_path / "ink.safetensors"
    save_checkpoint(path, Header("ink_reader", CONFIG, " abc", {}), reader.net.state_dict(), half=False)
    loaded, inks = InkReader.load(path, device="cpu"), [toy_hand("abc"), toy_hand("c")]
    for one, other in zip(loaded.log_probabilities(inks), reader.log_probabilities(inks), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(CheckpointError, match="no such weights"):
        InkReader.load(tmp_path / "none")
    save_checkpoint(path, Header("recognize", CONFIG, " abc", {}), reader.net.state_dict())
    with pytest.raises(CheckpointError, match="weights of recognize, not of ink_reader"):
        InkReader.load(path)
