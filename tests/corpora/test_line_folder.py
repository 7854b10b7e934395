"""Folders of line images: the table's rows become samples, and what cannot is named."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from handwrite.core.store import Sample
from handwrite.corpora.line_folder import IAM_LICENCE, UNSTATED, clean_text, licence, read
from handwrite.corpora.tally import Skipped
from handwrite.errors import InputError


def plant(folder: Path, *names: str) -> Path:
    """Images of 9 rows; the first is 10 columns wide, the next 11, ..."""
    for width, name in enumerate(names, 10):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(folder / name), np.full((9, width), 255 - width, np.uint8))
    return folder


def outcome(folder: Path, **named: str) -> tuple[list[Sample], list[Skipped]]:
    shares: list[float] = []
    items = list(read(folder, **{"source": "own", "level": "line", **named}, progress=shares.append))
    assert shares[-1] == 1
    samples = [item for item in items if isinstance(item, Sample)]
    return samples, [item for item in items if isinstance(item, Skipped)]


def test_the_rows_of_a_table(tmp_path: Path) -> None:
    rows = [
        "file\ttext\twriter\tsplit",
        'a.png\tsaid "é\u00a0 x"\tw1\tval',
        "sub/b.png\t\u2028two\t\ttest",
        "c.png\tc\tw2",
    ]
    plant(tmp_path, "a.png", "sub/b.png", "c.png")
    (tmp_path / "lines.tsv").write_bytes(("\ufeff" + "\r\n".join(rows) + "\r\n").encode())
    samples, skipped = outcome(tmp_path, source="s", level="word")
    assert not skipped
    assert [(s.name, s.text, s.writer, s.split) for s in samples] == [
        ("a.png", 'said "é x"', "w1", "val"),
        ("sub/b.png", "two", "", "test"),
        ("c.png", "c", "w2", "train"),
    ]
    assert {(s.source, s.level, len(s.ink)) for s in samples} == {("s", "word", 0)}
    assert [(s.image.shape, int(s.image[0, 0])) for s in samples] == [((9, 10), 245), ((9, 11), 244), ((9, 12), 243)]


def test_columns_in_another_order_with_more_of_them(tmp_path: Path) -> None:
    plant(tmp_path, "a.png")
    (tmp_path / "lines.tsv").write_text("confidence\ttext\tfile\n0.5\thi\ta.png")
    ((sample,), _) = outcome(tmp_path)
    assert (sample.text, sample.split) == ("hi", "train")


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    plant(tmp_path, "a.png")
    (tmp_path / "broken.png").write_bytes(b"no image")
    rows = [
        "gone.png\tx",
        "broken.png\tx",
        "a.png\t \u200b ",
        "a.png\tx\ttrian",
        "a.png\tx\ttrain\tmore",
        "\tx",
        "",
        "a.png\tx",
    ]
    (tmp_path / "lines.tsv").write_text("file\ttext\tsplit\n" + "\n".join(rows))
    samples, skipped = outcome(tmp_path)
    assert len(samples) == 1
    assert [item.name for item in skipped] == [
        "gone.png",
        "broken.png",
        "a.png",
        "a.png",
        "lines.tsv:6",
        "lines.tsv:7",
        "lines.tsv:8",
    ]
    assert skipped[0].reason == "image cannot be read (No such file or directory)"
    assert skipped[1].reason.startswith("image not an image")
    assert skipped[2].reason == "without a text"
    assert "'trian' is none of" in skipped[3].reason
    assert len({item.reason for item in skipped[4:]}) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "neither lines.tsv nor"), (b"a.png\thi\n", "no columns file and text"), (b"file\ttext\n\xff", "not UTF-8")],
)
def test_a_folder_without_a_table_that_can_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content:
        (tmp_path / "lines.tsv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        outcome(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        outcome(tmp_path / "none")


LINES_TXT = """#--- lines.txt ---
# iam database line information
a01-000u-00 ok 154 19 408 746 1661 89 A|MOVE|to|"|stop|"|Mr.
a01-000u-01 err 156 19 395 932 1850 105 nominating|any|more
b02-003-00 ok 1 1 1 1 1 1 two|words
b02-003-01 ok 1 1
c03-001a-00 ok 1 1 1 1 1 1 gone
"""


@pytest.fixture
def iam(tmp_path: Path) -> Path:
    """The database as it unpacks: one form with the folders of its own, one flat."""
    names = [f"lines/a01/a01-000u/a01-000u-0{number}.png" for number in (0, 1)]
    plant(tmp_path, *names, "lines/b02-003-00.png")
    (tmp_path / "lines.txt").write_text(LINES_TXT)
    return tmp_path


def test_the_iam_database(iam: Path) -> None:
    (iam / "forms.txt").write_text("# forms\na01-000u 007 2 prt 7 5 52 36\n")
    (iam / "trainset.txt").write_text("a01-000u-00\n")
    (iam / "testset.txt").write_text("a01-000u-01\nb02-003-00\n")
    samples, skipped = outcome(iam)
    assert [(s.name, s.text, s.writer, s.split, s.image.shape) for s in samples] == [
        ("a01-000u-00", 'A MOVE to " stop " Mr.', "007", "train", (9, 10)),
        ("a01-000u-01", "nominating any more", "007", "test", (9, 11)),
        ("b02-003-00", "two words", "", "test", (9, 12)),
    ]
    assert [(item.name, item.count) for item in skipped] == [
        ("a01-000u-01", 0),
        ("lines.txt:6", 1),
        ("c03-001a-00", 1),
    ]
    assert (licence(iam), licence(iam / "lines")) == (IAM_LICENCE, UNSTATED)


def test_a_row_of_one_word_is_left_out(iam: Path) -> None:
    before, _ = outcome(iam)
    (iam / "lines.txt").write_text(f"{LINES_TXT}\nnonsense\n")
    samples, skipped = outcome(iam)
    assert [sample.name for sample in samples] == [sample.name for sample in before]
    assert (skipped[-1].name, skipped[-1].reason) == ("lines.txt:9", "a row that cannot be read")


def test_lists_of_forms_and_no_lists(iam: Path) -> None:
    samples, skipped = outcome(iam)
    assert {s.split for s in samples} == {"none"}
    assert (skipped[0].count, "no line gets a split" in skipped[0].reason) == (0, True)
    (iam / "train.uttlist").write_text("b02-003\n")
    (iam / "validation.uttlist").write_text("a01-000u\n")
    assert [s.split for s in outcome(iam)[0]] == ["val", "val", "train"]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  a\tb \u00a0c\u2009d  ", "a b c d"),
        ("cafe\u0301", "café"),
        ("a\x00b\x85c\x1fd", "a b c d"),
        ("\ufeffso\u00adft\u200b", "soft"),
        ("क्\u200dष", "क्\u200dष"),
        ("½ ﬁ …", "½ ﬁ …"),
    ],
)
def test_texts_are_plain(text: str, clean: str) -> None:
    assert clean_text(text) == clean
