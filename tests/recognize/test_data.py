"""What the recognizer learns from: which samples come how often, and how pieces are strung together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.store import Sample, Store, StoreWriter, no_ink
from handwrite.recognize.data import (
    CHARACTER_SHARE,
    HELD_OUT,
    MOST_CHARACTERS,
    NARROWEST,
    WIDEST,
    WORD_SHARE,
    Draw,
    epoch_of,
    held_out,
    load_written,
    plain_line,
    string_together,
    varied_line,
)


def scribble(width: float, *, height: float = 20.0, top: float = 0.0) -> Ink:
    x = np.linspace(0, width, 40)
    return Ink.from_strokes([np.column_stack([x, top + height / 2 * (1 + np.sin(x))])])


def picture() -> np.ndarray:
    image = np.full((40, 200), 255, np.uint8)
    image[15:25, 20:180:8] = 0
    return image


@pytest.fixture
def store(tmp_path: Path) -> Store:
    with StoreWriter(tmp_path / "x.h5", licences={"s": "CC0", "iam-ondb": "n"}) as writer:
        for index in range(60):
            writer.add(Sample(scribble(60), f"w{index % 10}", "s", f"word{index}", f"p{index % 2}", "train", "word"))
            writer.add(Sample(scribble(20), "A", "s", f"char{index}", f"p{index % 2}", "train", "character"))
        for index in range(6):
            writer.add(Sample(scribble(300), "a line of ink", "s", f"line{index}", "p0", "train", "line"))
            writer.add(Sample(no_ink(), "scanned", "s", f"scan{index}", "", "train", image=picture()))
        writer.add(Sample(scribble(300), "struck # out", "iam-ondb", "struck", "", "train", "line"))
        writer.add(Sample(scribble(300), " ", "s", "silent", "", "train", "line"))
        writer.add(Sample(no_ink(), "for later", "s", "val", "", "val", image=picture()))
    return Store(tmp_path / "x.h5")


def test_only_what_can_be_learned_is_loaded(store: Store) -> None:
    items = load_written([store], splits=("train",))
    assert Counter(item.level for item in items) == {"word": 60, "character": 60, "line": 12}
    assert sum(item.scanned for item in items) == 6
    assert {item.writer for item in items if item.level == "word"} == {"s/p0", "s/p1"}
    assert [item.text for item in load_written([store], splits=("val",))] == ["for later"]


def test_an_epoch_shows_each_kind_in_its_share(store: Store) -> None:
    items = load_written([store], splits=("train",))
    draws = [draw for seed in range(40) for draw in epoch_of(items, rng=np.random.default_rng(seed))]
    pieces = Counter((p.level, p.scanned) for draw in draws for p in draw.pieces)
    assert pieces["line", True] == 40 * 6
    assert pieces["line", False] == 40 * 6
    assert pieces["word", False] == pytest.approx(40 * 60 * WORD_SHARE, rel=0.15)
    assert pieces["character", False] == pytest.approx(40 * 60 * CHARACTER_SHARE, rel=0.2)
    for draw in draws:
        assert len({(p.writer, p.level) for p in draw.pieces}) == 1
        assert draw.text == ("" if draw.pieces[0].level == "character" else " ").join(p.text for p in draw.pieces)
        assert len(draw.pieces) <= MOST_CHARACTERS


def test_pieces_stand_side_by_side() -> None:
    inks = [scribble(60, top=500.0), scribble(30, height=24), scribble(40)]
    together = string_together(inks, level="word", rng=np.random.default_rng(0))
    rights = [stroke[:, 0].max() for stroke in together.strokes()]
    lefts = [stroke[:, 0].min() for stroke in together.strokes()]
    assert all(left - right > 5 for left, right in zip(lefts[1:], rights, strict=False))
    middles = [stroke[:, 1].mean() for stroke in together.strokes()]
    assert np.ptp(middles) < 1e-3
    letters = string_together(inks, level="character", rng=np.random.default_rng(0))
    assert np.ptp([stroke[:, 1].max() for stroke in letters.strokes()]) < 1e-3


def test_lines_come_the_same_from_the_same_generator_and_vary(store: Store) -> None:
    (item,) = [item for item in load_written([store], splits=("train",)) if item.level == "line"][:1]
    draws = [varied_line(Draw((item,)), np.random.default_rng(seed)) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert draws[2] is None or draws[0] is None or draws[0].shape != draws[2].shape or (draws[0] != draws[2]).any()


def test_lines_are_shown_in_all_widths_that_a_look_may_have(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (item,) = [one for one in load_written([store], splits=("train",)) if one.level == "line"][:1]
    monkeypatch.setattr(Draw, "image", lambda draw, rng: item.image())
    plain = plain_line(item)
    lines = [varied_line(Draw((item,)), np.random.default_rng(seed)) for seed in range(40)]
    widths = [line.shape[1] / plain.shape[1] for line in lines if line is not None and plain is not None]
    assert len(widths) == 40
    assert (min(widths), max(widths)) == pytest.approx((NARROWEST, WIDEST), abs=0.04)
    assert 10 <= sum(width == 1 for width in widths) <= 22


def test_an_image_too_narrow_for_its_text_is_left_out(store: Store) -> None:
    scan = next(item for item in load_written([store], splits=("train",)) if item.scanned)
    assert plain_line(scan) is not None
    assert plain_line(type(scan)(**{**vars(scan), "text": "much too long a text for so small an image" * 4})) is None


def test_some_samples_are_held_out(store: Store) -> None:
    items = load_written([store], splits=("train",))
    kept, aside = held_out(items)
    assert len(aside) == -(-len(items) // HELD_OUT)
    assert {item.index for item in kept}.isdisjoint(item.index for item in aside)
    assert held_out(items[:1]) == (items[:1], items[:1])
