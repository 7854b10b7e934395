"""`handwrite data`: import, info, show and merge, with a small planted corpus."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from handwrite.cli.app import run
from handwrite.core.store import Store

Capture = pytest.CaptureFixture[str]
LINE = '<a><Stroke><Point x="1" y="2" time="0"/><Point x="{x}" y="40" time="0.5"/></Stroke></a>'
SPLITS = {"a": "trainset", "b": "testset_v", "c": "testset_t", "d": "testset_f"}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Forms a01-001, b01-001, ... of two lines each, one of them broken in form d01-001."""
    root = tmp_path / "corpus"
    root.mkdir()
    for letter, name in SPLITS.items():
        form = f"{letter}01-001"
        (root / f"{name}.txt").write_text(f" {form}\n")
        (root / f"{form}.txt").write_text(f"CSR:\n\n{letter} one\n{letter} two\n")
        for number in (1, 2):
            (root / f"{form}-0{number}.xml").write_text(LINE.format(x=30 * number))
    (root / "d01-001-02.xml").write_text("<a><Stroke>")
    (root / "writers.tsv").write_text("form\twriter\na01-001\t7\n")
    return root


@pytest.fixture
def store(corpus: Path, tmp_path: Path, capsys: Capture) -> Path:
    path = tmp_path / "x.h5"
    assert run(["data", "import", "iam-ondb", str(corpus), "-o", str(path)]) == 0
    capsys.readouterr()
    return path


def test_import_counts_and_names_what_it_left_out(corpus: Path, tmp_path: Path, capsys: Capture) -> None:
    assert run(["data", "import", "iam-ondb", str(corpus), "-o", str(tmp_path / "x.h5")]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "left out 1 line: broken XML" in said.err
    assert "d01-001-02" in said.err
    assert "x.h5: 7 samples, 1 left out" in said.err
    assert len(Store(tmp_path / "x.h5")) == 7


def test_import_of_groups_prints_a_table(tmp_path: Path, capsys: Capture) -> None:
    for contributor in ("abm", "aga"):
        (tmp_path / "in/data/7" / contributor).mkdir(parents=True)
        (tmp_path / "in/include" / contributor).mkdir(parents=True)
        lines = (
            f'.INCLUDE {contributor}/x.dat\n.SEGMENT WORD 0 OK "a"\n.SEGMENT WORD 0 BAD "b"\n.SEGMENT WORD 7 OK "c"\n'
        )
        (tmp_path / "in/data/7" / contributor / "x.dat").write_text(lines)
        (tmp_path / "in/include" / contributor / "x.dat").write_text(".COORD X Y\n.PEN_DOWN\n1 2\n3 4\n")
    assert run(["data", "import", "unipen", str(tmp_path / "in"), "-o", str(tmp_path / "x.h5")]) == 0
    said = capsys.readouterr().err
    table = [line.split() for line in said.splitlines() if line.split()[1:2] == ["word"]]
    assert table == [["abm", "word", "2", "1"], ["aga", "word", "2", "1"], ["all", "word", "4", "2"]]
    assert "left out 1 word of aga: of quality BAD: 7/aga/x:0" in said
    assert "left out 1 word of aga: components that the recording does not have: 7/aga/x:7" in said


def test_import_names_a_few_or_all(corpus: Path, tmp_path: Path, capsys: Capture) -> None:
    for letter in SPLITS:
        for number in (1, 2):
            (corpus / f"{letter}01-001-0{number}.xml").write_text("<a/>" if letter != "a" else LINE.format(x=9))
    run(["data", "import", "iam-ondb", str(corpus), "-o", str(tmp_path / "x.h5")])
    assert "left out 6 lines: no ink: b01-001-01, b01-001-02, c01-001-01 and 3 more" in capsys.readouterr().err
    run(["data", "import", "iam-ondb", str(corpus), "-o", str(tmp_path / "x.h5"), "--verbose"])
    assert "c01-001-02, d01-001-01, d01-001-02\n" in capsys.readouterr().err


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder of one line image and a table that names two, and PAGE XML with the one as its page."""
    root = tmp_path / "mylines"
    root.mkdir()
    image = np.full((40, 200), 230, np.uint8)
    cv2.line(image, (20, 30), (180, 10), (30,), 3)
    cv2.imwrite(str(root / "a.png"), image)
    (root / "lines.tsv").write_text("file\ttext\twriter\na.png\tno  more\tme\ngone.png\tx\tme\n")
    outline = "0,0 150,0 150,40 0,40"
    (root / "a.xml").write_text(
        '<PcGts><Page imageFilename="a.png" imageWidth="200" imageHeight="40"><TextRegion><TextLine>'
        f'<Coords points="{outline}"/><TextEquiv><Unicode>no</Unicode></TextEquiv>'
        "</TextLine></TextRegion></Page></PcGts>"
    )
    return root


def test_import_of_line_images(images: Path, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "x.h5"
    assert run(["data", "import", "lines", str(images), "-o", str(path), "--licence", "CC0"]) == 0
    said = capsys.readouterr().err
    assert "left out 1 line: image cannot be read (No such file or directory): gone.png" in said
    assert "x.h5: 1 samples, 1 left out" in said
    (sample,) = Store(path)
    assert (sample.text, sample.writer, sample.split, sample.source) == ("no more", "me", "train", "mylines")
    assert sample.image.shape == (40, 200)
    assert run(["data", "info", str(path)]) == 0
    said = capsys.readouterr().out
    assert "1 samples, 0 points, 1 images, 7 characters" in said
    assert "mylines: 1 writers; licence: CC0" in said


def test_import_of_pages(images: Path, tmp_path: Path, capsys: Capture) -> None:
    for place in (images, images / "a.xml"):
        arguments = ["--source", "letters", "--level", "word", "-o", str(tmp_path / "x.h5")]
        assert run(["data", "import", "page", str(place), *arguments]) == 0
        (sample,) = Store(tmp_path / "x.h5")
        assert (sample.text, sample.source, sample.level, sample.image.shape) == ("no", "letters", "word", (40, 150))


def test_show_of_images_and_ink(images: Path, store: Path, tmp_path: Path) -> None:
    lines, path, sheet = tmp_path / "lines.h5", tmp_path / "images.h5", tmp_path / "sheet.png"
    assert run(["data", "import", "lines", str(images), "-o", str(lines)]) == 0
    assert run(["data", "merge", str(lines), str(store), "-o", str(path)]) == 0
    assert run(["data", "show", str(path), "-o", str(sheet), "--source", "mylines", "--columns", "1"]) == 0
    picture = cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert np.count_nonzero(picture == 230) > picture.size / 2
    assert run(["data", "show", str(path), "-o", str(sheet), "--columns", "1"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "lines", "{corpus}", "-o", "{tmp}/x.h5"], "neither lines.tsv nor IAM's lines.txt"),
        (["import", "lines", "{tmp}/none", "-o", "{tmp}/x.h5"], "no such folder"),
        (["import", "page", "{tmp}/empty", "-o", "{tmp}/x.h5"], "holds no XML"),
        (["import", "lines", "{corpus}", "-o", "{tmp}/x.h5", "--level", "page"], "--level page: there is none"),
        (["import", "iam-ondb", "{corpus}", "-o", "{tmp}/x.h5", "--source", "s"], "iam-ondb: --source"),
        (["import", "mnist", "{corpus}", "-o", "{tmp}/x.h5"], "known are iam-ondb, unipen, omniglot, kanjivg"),
        (["import", "iam-ondb", "{tmp}/none", "-o", "{tmp}/x.h5"], "no such file or folder"),
        (["import", "iam-ondb", "{tmp}/empty", "-o", "{tmp}/x.h5"], "no IAM-OnDB lines found"),
        (["import", "unipen", "{corpus}", "-o", "{tmp}/x.h5"], "no UNIPEN"),
        (["import", "iam-ondb", "{corpus}", "-o", "{tmp}/none/x.h5"], "cannot write"),
        (["import", "iam-ondb", "{corpus}", "-o", "{tmp}"], "cannot write"),
        (["info", "{tmp}/none.h5"], "no such dataset"),
        (["info", "{corpus}/trainset.txt"], "not a dataset"),
        (["show", "{tmp}/none.h5", "-o", "{tmp}/x.png"], "no such dataset"),
        (["show", "{corpus}/trainset.txt", "-o", "{tmp}/x.txt"], "must end in one of"),
        (["merge", "{tmp}/none.h5", "-o", "{tmp}/x.h5"], "no such dataset"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_line(
    corpus: Path, tmp_path: Path, capsys: Capture, arguments: list[str], message: str
) -> None:
    (tmp_path / "empty").mkdir()
    before = sorted(os.listdir(tmp_path))
    assert run(["data", *(text.format(corpus=corpus, tmp=tmp_path) for text in arguments)]) == 2
    said = capsys.readouterr()
    errors = [line for line in said.err.splitlines() if not line.startswith("importing")]
    assert len(errors) == 1
    assert message in errors[0]
    assert said.out == ""
    assert sorted(os.listdir(tmp_path)) == before


def test_import_where_every_line_is_broken(corpus: Path, tmp_path: Path, capsys: Capture) -> None:
    for path in corpus.glob("*.xml"):
        path.write_text("<")
    assert run(["data", "import", "iam-ondb", str(corpus), "-o", str(tmp_path / "x.h5")]) == 2
    assert "nothing could be imported (broken XML" in capsys.readouterr().err
    assert not (tmp_path / "x.h5").exists()


def test_import_killed_half_way_leaves_nothing_whole(corpus: Path, tmp_path: Path) -> None:
    """The store is killed after half of the samples have gone to disk."""
    path = tmp_path / "out" / "x.h5"
    path.parent.mkdir()
    code = f"""
import os, signal
import handwrite.core.store as store
from handwrite.cli.app import run
store.FLUSH_VALUES = 1
add, added = store.StoreWriter.add, []
def add_then_die(self, sample):
    add(self, sample)
    added.append(sample)
    if len(added) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
store.StoreWriter.add = add_then_die
run(["data", "import", "iam-ondb", {str(corpus)!r}, "-o", {str(path)!r}])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not os.listdir(path.parent)
    assert run(["data", "info", str(path)]) == 2
    assert run(["data", "import", "iam-ondb", str(corpus), "-o", str(path)]) == 0
    assert len(Store(path)) == 7


def test_an_import_that_fails_keeps_the_old_file(store: Path, corpus: Path, tmp_path: Path) -> None:
    before = store.read_bytes()
    assert run(["data", "import", "iam-ondb", str(tmp_path / "none"), "-o", str(store)]) == 2
    assert store.read_bytes() == before


def test_an_import_gives_the_same_bytes_again(store: Path, corpus: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.h5"
    assert run(["data", "import", "iam-ondb", str(corpus), "-o", str(again)]) == 0
    assert again.read_bytes() == store.read_bytes()


def test_info_prints_a_table(store: Path, capsys: Capture) -> None:
    assert run(["data", "info", str(store)]) == 0
    out = capsys.readouterr().out
    assert "7 samples, 14 points, 0 images, 35 characters" in out
    assert [line.split() for line in out.splitlines() if line.startswith("iam-ondb ")] == [
        ["iam-ondb", "test", "line", "1"],
        ["iam-ondb", "train", "line", "2"],
        ["iam-ondb", "val", "line", "2"],
        ["iam-ondb", "val2", "line", "2"],
    ]
    assert "1 writers, 5 samples of unknown writers; licence: IAM-OnDB: non-commercial" in out


def test_info_prints_json(store: Path, capsys: Capture) -> None:
    assert run(["data", "info", str(store), "--json"]) == 0
    contents = json.loads(capsys.readouterr().out)
    assert contents["path"] == str(store)
    assert contents["samples"] == 7
    assert contents["writers"] == {"iam-ondb": {"": 5, "7": 2}}
    assert contents["alphabet"]["o"] == 7
    assert "non-commercial" in contents["licences"]["iam-ondb"]


def test_show_draws_a_sheet_that_its_seed_decides(store: Path, tmp_path: Path) -> None:
    sheets = [tmp_path / f"{number}.png" for number in range(3)]
    for sheet, seed in zip(sheets, ("1", "1", "2"), strict=True):
        assert run(["data", "show", str(store), "-o", str(sheet), "--count", "4", "--seed", seed]) == 0
    assert sheets[0].read_bytes() == sheets[1].read_bytes() != sheets[2].read_bytes()
    picture = cv2.imread(str(sheets[0]), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert np.count_nonzero(picture < 128) > 100


def test_show_of_nothing(store: Path, tmp_path: Path, capsys: Capture) -> None:
    sheet = str(tmp_path / "x.png")
    assert run(["data", "show", str(store), "-o", sheet, "--level", "word"]) == 2
    assert "no sample of this split" in capsys.readouterr().err
    for wrong in (["--count", "0"], ["--columns", "99"], ["--split", "trian"], ["--source", "unipen"]):
        assert run(["data", "show", str(store), "-o", sheet, *wrong]) == 2


def test_a_sheet_that_its_format_cannot_hold(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    longest = 16_383  # rows of a WebP image
    monkeypatch.setattr(
        "handwrite.core.sheet.contact_sheet", lambda items, columns: np.zeros((longest + 1, 8), np.uint8)
    )
    target = tmp_path / "x.webp"
    assert run(["data", "show", str(store), "-o", str(target)]) == 2
    assert "the sheet is too large for a .webp file; show fewer (--count) or write a .png" in capsys.readouterr().err
    assert not target.exists()


def test_merge_selects(store: Path, tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "c.h5"
    arguments = ["--split", "train", "--split", "val2", "--level", "line", "-o", str(target)]
    assert run(["data", "merge", str(store), str(store), *arguments]) == 0
    assert "c.h5: 8 samples" in capsys.readouterr().err
    assert sorted(set(Store(target).text)) == ["a one", "a two", "c one", "c two"]
