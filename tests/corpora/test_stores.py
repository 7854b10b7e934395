"""Stores joined, selected and counted."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from handwrite.core.ink import Ink
from handwrite.core.store import Sample, Store, StoreWriter
from handwrite.corpora.stores import import_corpus, import_images, inventory, merge
from handwrite.errors import InputError, OptionError

IMAGE = np.arange(40, dtype=np.uint8).reshape(5, 8) * 6


def plant(path: Path, source: str, *kinds: tuple[str, str, str]) -> Path:
    """A store of samples given by text, split and level."""
    with StoreWriter(path, licences={source: f"licence of {source}"}) as writer:
        for number, (text, split, level) in enumerate(kinds):
            ink = Ink.from_strokes([[(0, 0, 0), (number + 0.5, 1000 / 3, 0.01)], [(7, 7, 0.5)]])
            writer.add(Sample(ink, text, source, str(number), writer="w" * number, split=split, level=level))
    return path


@pytest.fixture
def stores(tmp_path: Path) -> list[Path]:
    a = plant(tmp_path / "a.h5", "a", ("ab", "train", "line"), ("ä", "val2", "line"), ("c", "test", "word"))
    b = plant(tmp_path / "b.h5", "b", ("de", "train", "word"), ("f", "none", "character"))
    return [a, b]


@pytest.mark.parametrize(
    ("choice", "texts"),
    [
        ({}, ["ab", "ä", "c", "de", "f"]),
        ({"splits": ["train", "val2"]}, ["ab", "ä", "de"]),
        ({"levels": ["word"]}, ["c", "de"]),
        ({"sources": ["b"], "splits": ["train"]}, ["de"]),
    ],
)
def test_merge_joins_and_selects(
    stores: list[Path], tmp_path: Path, choice: dict[str, list[str]], texts: list[str]
) -> None:
    shares: list[float] = []
    assert merge(stores, tmp_path / "c.h5", **choice, progress=shares.append) == len(texts)
    assert Store(tmp_path / "c.h5").text == texts
    assert shares[-1] == 1.0


def test_merge_keeps_ink_words_and_licences(stores: list[Path], tmp_path: Path) -> None:
    merge(stores, tmp_path / "c.h5")
    merged = Store(tmp_path / "c.h5")
    assert merged.licences == {"a": "licence of a", "b": "licence of b"}
    for before, after in zip([*Store(stores[0]), *Store(stores[1])], merged, strict=True):
        assert (after.name, after.writer, after.split, after.level) == (
            before.name,
            before.writer,
            before.split,
            before.level,
        )
        assert abs(after.ink.points - before.ink.points).max() < 0.02
        assert after.ink.pen_up.tolist() == before.ink.pen_up.tolist()


def test_merge_refuses_names_that_do_not_exist_and_an_empty_choice(stores: list[Path], tmp_path: Path) -> None:
    for choice in ({"splits": ["trian"]}, {"levels": ["page"]}, {"sources": ["c"]}):
        with pytest.raises(OptionError, match="there is none of that name"):
            merge(stores, tmp_path / "c.h5", **choice)
    with pytest.raises(InputError, match="no sample of this split"):
        merge(stores, tmp_path / "c.h5", splits=["test"], levels=["character"])
    assert not (tmp_path / "c.h5").exists()


def test_merge_into_one_of_the_inputs(stores: list[Path]) -> None:
    merge(stores, stores[0], levels=["line"])
    assert Store(stores[0]).text == ["ab", "ä"]


def test_inventory_counts(stores: list[Path]) -> None:
    contents = json.loads(json.dumps(inventory(Store(stores[0]))))
    assert (contents["samples"], contents["points"], contents["characters"]) == (3, 9, 4)
    assert contents["splits"] == {"train": 1, "val2": 1, "test": 1}
    assert contents["levels"] == {"line": 2, "word": 1}
    assert contents["sources"] == {"a": 3}
    assert contents["writers"] == {"a": {"": 1, "w": 1, "ww": 1}}
    assert contents["alphabet"] == {"a": 1, "b": 1, "ä": 1, "c": 1}
    assert contents["licences"] == {"a": "licence of a"}
    assert {"source": "a", "split": "test", "level": "word", "samples": 1} in contents["parts"]


def test_import_of_a_corpus_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="known are iam-ondb, unipen, omniglot, kanjivg, lines, page"):
        import_corpus("mnist", [tmp_path], tmp_path / "x.h5")


def folder(path: Path, text: str) -> Path:
    """A folder with one line image, 5 pixels high."""
    path.mkdir()
    (path / "lines.tsv").write_text(f"file\ttext\na.png\t{text}\n")
    cv2.imwrite(str(path / "a.png"), IMAGE)
    return path


def test_folders_of_images_give_their_sources_and_shares(tmp_path: Path) -> None:
    places = [folder(tmp_path / name, name) for name in ("one", "two")]
    shares: list[float] = []
    tally = import_images("lines", places, tmp_path / "x.h5", licence="CC0", progress=shares.append)
    store = Store(tmp_path / "x.h5")
    assert (store.source.tolist(), store.text) == (["one", "two"], ["one", "two"])
    assert store.licences == {"one": "CC0", "two": "CC0"}
    assert shares == [0.5, 1.0]
    assert (sum(tally.read.values()), tally.lost) == (2, 0)
    import_images("lines", places, tmp_path / "x.h5", source="mine", level="word")
    store = Store(tmp_path / "x.h5")
    assert (set(store.source), set(store.level), store.licences) == ({"mine"}, {"word"}, {"mine": "not stated"})
    with pytest.raises(OptionError, match="--level page: there is none"):
        import_images("lines", places, tmp_path / "x.h5", level="page")


def test_images_pass_through_a_merge_and_are_counted(stores: list[Path], tmp_path: Path) -> None:
    import_images("lines", [folder(tmp_path / "c", "hi")], tmp_path / "images.h5")
    merge([*stores, tmp_path / "images.h5"], tmp_path / "all.h5")
    merged = Store(tmp_path / "all.h5")
    assert merged.select(holds="image").tolist() == [5]
    np.testing.assert_array_equal(merged[5].image, IMAGE)
    counts = inventory(merged)
    assert (counts["samples"], counts["images"], counts["points"]) == (6, 1, 15)


def test_half_of_the_writers_to_validate_with_become_a_test(tmp_path: Path) -> None:
    writers = ["1", "2", "3", "4", "w"]
    rows = [f"{index}.png\thi\t{writer}\tval" for index, writer in enumerate(writers)] + ["5.png\thi\t1\ttrain"]
    (tmp_path / "lines.tsv").write_text("\n".join(["file\ttext\twriter\tsplit", *rows]))
    for index in range(len(rows)):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((9, 9), 200, np.uint8))
    import_images("lines", [tmp_path], tmp_path / "x.h5", halve=True)
    with_crc = {writer: "test" if zlib.crc32(writer.encode()) % 2 else "val" for writer in writers}
    assert {(s.writer, s.split) for s in Store(tmp_path / "x.h5")} == {*with_crc.items(), ("1", "train")}
    assert set(with_crc.values()) == {"test", "val"}
