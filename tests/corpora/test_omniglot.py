"""Omniglot: planted drawings come out with their strokes, scripts and drawers; what cannot be read is named."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from handwrite.core.store import Sample
from handwrite.corpora.omniglot import group, read
from handwrite.corpora.tally import Skipped
from handwrite.errors import InputError

DRAWING = "START\n10.5,-20,0\n11,-19,40\n12,-18,30\nBREAK\n30,-5,900\nBREAK\n"
KATAKANA = "Japanese_(katakana)/character03/0003_{drawer:02d}"


def plant(root: Path, name: str, content: str = DRAWING) -> None:
    path = root / "strokes" / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def outcome(*sources: Path) -> tuple[dict[str, Sample], list[Skipped]]:
    items = list(read(sources))
    samples = {item.name: item for item in items if isinstance(item, Sample)}
    return samples, [item for item in items if isinstance(item, Skipped)]


def test_a_drawing(tmp_path: Path) -> None:
    plant(tmp_path, name := KATAKANA.format(drawer=7))
    samples, skipped = outcome(tmp_path)
    assert not skipped
    drawing = samples[name]
    assert (drawing.text, drawing.level, drawing.script, drawing.source) == ("", "character", "Kana", "omniglot")
    assert drawing.writer == "Japanese_(katakana)/07"
    assert group(drawing) == "Japanese_(katakana)"


def test_y_is_turned_down_and_the_clock_never_runs_back(tmp_path: Path) -> None:
    plant(tmp_path, name := KATAKANA.format(drawer=7))
    ink = outcome(tmp_path)[0][name].ink
    assert ink.points[:, :2].tolist() == [[10.5, 20], [11, 19], [12, 18], [30, 5]]
    assert np.allclose(ink.points[:, 2], [0, 0.04, 0.04, 0.9])
    assert ink.pen_up.tolist() == [False, False, True, True]


def test_scripts(tmp_path: Path) -> None:
    for alphabet in ("Sanskrit", "Korean", "Tengwar"):
        plant(tmp_path, f"{alphabet}/character01/0001_01")
    assert {group(sample): sample.script for sample in outcome(tmp_path)[0].values()} == {
        "Sanskrit": "Deva",
        "Korean": "Hang",
        "Tengwar": "Zzzz",
    }


def test_a_drawer_has_one_split_and_each_alphabet_has_all_splits(tmp_path: Path) -> None:
    for drawer in range(1, 21):
        plant(tmp_path, KATAKANA.format(drawer=drawer))
        plant(tmp_path, f"Sanskrit/character09/0100_{drawer:02d}")
    samples, _ = outcome(tmp_path)
    splits: dict[str, dict[str, str]] = {"Japanese_(katakana)": {}, "Sanskrit": {}}
    for sample in samples.values():
        splits[group(sample)][sample.writer[-2:]] = sample.split
    assert splits["Sanskrit"] == splits["Japanese_(katakana)"]
    chosen = list(splits["Sanskrit"].values())
    assert [chosen.count(split) for split in ("train", "val", "test")] == [16, 2, 2]


def test_what_is_in_two_archives_is_read_once(tmp_path: Path) -> None:
    plant(tmp_path / "in", name := KATAKANA.format(drawer=1))
    archives = [tmp_path / "small1.zip", tmp_path / "small2.zip"]
    for archive in archives:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.write(tmp_path / "in" / "strokes" / f"{name}.txt", f"strokes/{name}.txt")
            zipped.writestr(f"__MACOSX/strokes/{name.replace('0003_', '._0003_')}.txt", "finder")
    items = list(read(archives))
    assert [item.name for item in items] == [name]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (DRAWING.removeprefix("START\n"), "no START"),
        (DRAWING.removesuffix("BREAK\n"), "no BREAK"),
        ("", "cannot be read"),
        ("START\nBREAK\n", "no strokes"),
        (DRAWING.replace("30,-5,900", "30,-5"), "cannot be read"),
        (DRAWING.replace("30,-5,900", "30,-5,nan"), "without x, y and time"),
        (DRAWING.replace("30,-5", "30,x"), "cannot be read"),
    ],
)
def test_a_broken_drawing_costs_itself_only(tmp_path: Path, content: str, reason: str) -> None:
    plant(tmp_path, broken := KATAKANA.format(drawer=1), content)
    plant(tmp_path, whole := KATAKANA.format(drawer=2))
    samples, (skipped,) = outcome(tmp_path)
    assert list(samples) == [whole]
    assert (skipped.name, skipped.level, skipped.group) == (broken, "character", "Japanese_(katakana)")
    assert reason in skipped.reason
    assert "\n" not in skipped.reason


def test_sources_without_drawings(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("hello")
    with pytest.raises(InputError, match="no Omniglot drawings found"):
        list(read([tmp_path]))
