"""Images that arguments name: folders, ink that is drawn, and what is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from handwrite.cli.images import LINE_HEIGHT, drawn, expanded, load, stems
from handwrite.core.ink import Ink, join
from handwrite.errors import InputError

ToyHand = Callable[..., Ink]

UNIPEN = """.VERSION 1.0
.COORD X Y
.PEN_DOWN
0 0
0 100
.PEN_UP
40 50
.PEN_DOWN
50 0
200 100
"""


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_stands_for_its_images_and_paths_stay_as_they_were_given() -> None:
    Path("scans/deep.png").mkdir(parents=True)
    for name in ("b.PNG", "a.jpg", "notes.txt", ".hidden.png", "c.tiff", "lines.tsv"):
        Path("scans", name).touch()
    assert expanded(["./x.png", "scans/", "-"]) == ["./x.png", "scans/a.jpg", "scans/b.PNG", "scans/c.tiff", "-"]
    assert expanded(["scans/deep.png"]) == ["scans/deep.png"]


def test_names_differ_also_where_case_does_not_count() -> None:
    paths = ["a/x.png", "b/x.jpg", "X-2.png", "b/X.tif", "-", "tab\there.png"]
    assert stems(paths) == ["x", "x-2", "X-2-2", "X-3", "stdin", "tab_here"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.png", None, "gone.png: No such file"),
        ("empty.png", b"", "empty.png: an empty file"),
        ("text.png", b"hello", "text.png: not an image"),
        ("a.json", b"[]", "a.json: JSON, but not ink"),
        ("a.inkml", b"<ink/>", "a.inkml: no ink in it"),
        ("a.dat", b".PEN_UP\n1 1\n.PEN_DOWN\n", "a.dat: UNIPEN, but no ink with the pen down"),
        ("b.dat", b".PEN_DOWN\n", "b.dat: UNIPEN, but "),
        ("c.dat", b".PEN_DOWN\none two\n", "c.dat: UNIPEN, but a recording with points that are not numbers"),
        (".", None, ".: no images in this folder"),
    ],
)
def test_what_is_no_image(name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        load(name)


def test_unipen_ink_is_drawn_with_the_pen_down_alone() -> None:
    Path("any-name").write_text(UNIPEN)
    image = load("any-name")
    assert image.shape[0] == LINE_HEIGHT
    columns = (image < 128).any(axis=0)
    bars = np.flatnonzero(np.diff(columns.astype(int)) == 1)
    assert len(bars) == 2  # the way between the strokes is not drawn


def test_lines_of_ink_are_drawn_at_one_height_whatever_the_unit_and_number(toy_hand: ToyHand) -> None:
    line = toy_hand("abc cab ba", size=20.0)
    alone = drawn(line, name="line")
    small = drawn(line.scaled(1e-3), name="small")
    page = drawn(join([line.moved(0, 60.0 * row) for row in range(5)]), name="page")
    assert alone.shape[0] == LINE_HEIGHT
    assert np.array_equal(alone, small)
    assert page.shape[0] > 4 * LINE_HEIGHT
    assert 0.5 < (page.shape[1] / alone.shape[1]) < 2


def test_flat_and_tiny_ink_is_drawn_and_a_huge_one_is_refused() -> None:
    dot, dash = Ink.from_strokes([[(1, 1)]]), Ink.from_strokes([[(0, 0), (9, 0)]])
    assert drawn(dot, name="dot").min() < 128
    assert drawn(dash, name="dash").shape[0] == LINE_HEIGHT
    far = Ink.from_strokes([[(0, 0), (1, 1)], [(1e6, 1e6), (1e6 + 1, 1e6 + 1)]])
    with pytest.raises(InputError, match="far: ink too large to draw"):
        drawn(far, name="far")


def test_an_image_is_read_as_grey() -> None:
    cv2.imwrite("a.png", np.full((8, 9, 3), (0, 0, 255), np.uint8))
    assert load("a.png").tolist() == [[76] * 9] * 8
