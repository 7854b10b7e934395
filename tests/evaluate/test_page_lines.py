"""Lines of pages against what is there, on drawn pages with PAGE files beside them and on pages composed of drawn
lines, and `handwrite evaluate lines`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from handwrite.cli.app import run
from handwrite.core.store import Sample, Store, StoreWriter, no_ink
from handwrite.evaluate.page_lines import (
    FoundLines,
    by_folder,
    draw_worst,
    figures,
    find_all,
    find_composed,
)
from handwrite.recognize.data import load_written

WIDTH, HEIGHT = 900, 700
TEXT = "the quick brown fox ran"
BASELINES = (150, 300, 450, 600)
NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"

Capture = pytest.CaptureFixture[str]


def write_page(folder: Path, name: str, outlined: Sequence[int], *, size: float = 1.0) -> None:
    """Four printed lines, and a PAGE file, of a page `size` times as large, with boxes around those at `outlined`."""
    folder.mkdir(exist_ok=True, parents=True)
    image = np.full((HEIGHT, WIDTH), 255, np.uint8)
    for baseline in BASELINES:
        cv2.putText(image, TEXT, (60, baseline), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 2.0, 0, 3, cv2.LINE_AA)
    cv2.imwrite(str(folder / f"{name}.png"), image)
    boxes = [((40, b - 75), (880, b - 75), (880, b + 40), (40, b + 40)) for b in outlined]
    corners = [" ".join(f"{round(size * x)},{round(size * y)}" for x, y in box) for box in boxes]
    lines = "".join(
        f'<TextLine id="l{number}"><Coords points="{points}"/></TextLine>' for number, points in enumerate(corners)
    )
    (folder / f"{name}.xml").write_text(
        f'<PcGts xmlns="{NAMESPACE}"><Page imageFilename="{name}.png" imageWidth="{round(size * WIDTH)}"'
        f' imageHeight="{round(size * HEIGHT)}"><TextRegion id="r"><Coords points="0,0 1,0 1,1"/>{lines}</TextRegion>'
        "</Page></PcGts>"
    )


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder with a page whose lines are all outlined, and one with a page that lacks an outline."""
    write_page(tmp_path / "pages" / "whole", "a", BASELINES, size=2.0)
    write_page(tmp_path / "pages" / "lacking", "b", BASELINES[:3])
    return tmp_path / "pages"


def test_figures_by_folder(pages: Path) -> None:
    told: list[int] = []
    found = find_all(pages, report=lambda: told.append(1))
    assert len(told) == 2
    rows = by_folder(found)
    assert {name: (row.true, row.found, row.matched) for name, row in rows.items()} == {
        "whole": (4, 4, 4),
        "lacking": (3, 4, 3),
    }
    total = figures(found)
    assert (total.pages, total.precision, total.recall) == (2, pytest.approx(7 / 8), 1)
    assert total.f1 == pytest.approx(14 / 15)
    assert total.seconds > 0


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of six line images, and a blank one, of split test."""
    path = tmp_path_factory.mktemp("lines") / "mine.h5"
    with StoreWriter(path, licences={}) as writer:
        for number in range(7):
            image = np.full((60, 520), 240, np.uint8)
            if number:
                cv2.putText(image, TEXT, (10, 42), cv2.FONT_HERSHEY_COMPLEX, 1.1, 40, 2, cv2.LINE_AA)
            writer.add(Sample(no_ink(), TEXT, "toy", str(number), split="test", image=image))
    return path


def compose(dataset: Path, *, seed: int) -> list[FoundLines]:
    return find_composed(load_written([Store(dataset)], splits=("test",)), name="mine", pages=3, seed=seed)


def test_composed_pages_hold_lines_that_are_found(dataset: Path) -> None:
    found = compose(dataset, seed=0)
    assert [(page.folder, page.name, page.score.true) for page in found] == [("mine", str(n), 6) for n in range(3)]
    assert figures(found).f1 > 0.8
    for page in found:
        assert len(page.true) == 6, "an outline for each line but the blank one"
        for outline in page.true:
            x, y = np.array(outline).T
            assert 0 <= x.min() < x.max() < page.image.shape[1]
            assert 20 < np.ptp(y) < 120


def test_the_seed_says_how_pages_are_composed(dataset: Path) -> None:
    first, again, other = (compose(dataset, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(one.image, two.image) for one, two in zip(first, again, strict=True))
    assert not any(np.array_equal(one.image, two.image) for one, two in zip(first, other, strict=True))
    assert not np.array_equal(first[0].image, first[1].image)


def test_the_worst_page_is_drawn_first(pages: Path) -> None:
    found = find_all(pages)
    worst, other = (draw_worst([page], 1) for page in sorted(found, key=lambda page: page.score.f1))
    both = draw_worst(found, 2)
    half = both.shape[1] // 2
    assert np.array_equal(both[:, :half], worst[:, :half])
    assert np.array_equal(both[:, half:], other[:, :half])
    coloured = (np.ptp(worst.astype(int), axis=2) > 100).sum()
    assert coloured > 1000, "outlines"


def test_the_command(pages: Path, tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "worst.png"
    assert run(["evaluate", "lines", "--data", str(pages), "--worst", str(picture)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.split()[:5] for line in out[1:]] == [
        ["lacking", "1", "3", "4", "3"],
        ["whole", "1", "4", "4", "4"],
        ["all", "2", "7", "8", "7"],
    ]
    assert cv2.imread(str(picture)) is not None
    assert run(["evaluate", "lines", "--data", str(pages), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["folders"]["lacking"]["precision"] == 0.75
    assert found["total"]["matched"] == 7


def test_the_command_on_composed_pages(pages: Path, dataset: Path, tmp_path: Path, capsys: Capture) -> None:
    both = ["evaluate", "lines", "--data", str(pages), "--composed", str(dataset), "--pages", "2"]
    assert run([*both, "--worst", str(tmp_path / "worst.png")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line[:16].rstrip() for line in out[1:]] == ["lacking", "mine, composed", "whole", "all"]
    assert out[2][16:].split()[:2] == ["2", "12"]
    assert run([*both[:2], *both[4:], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["folders"]) == ["mine, composed"]
    assert found["total"]["pages"] == 2


def test_what_cannot_be_measured_is_said(pages: Path, dataset: Path, tmp_path: Path, capsys: Capture) -> None:
    (pages / "whole" / "a.png").unlink()
    (tmp_path / "empty").mkdir()
    for arguments, message in (
        (["--data", str(pages)], "no image a.png beside the XML"),
        (["--data", str(tmp_path / "empty")], "empty: no ALTO or PAGE files in it"),
        (["--data", str(tmp_path / "none")], "none: no ALTO or PAGE files in it"),
        (["--data", str(pages), "--worst", "worst.jpg"], "--worst worst.jpg: a picture is a PNG"),
        ([], "give --data FOLDER, --composed FILE or both"),
        (["--composed", str(dataset), "--split", "val"], "mine.h5: no lines in split val"),
        (["--composed", str(dataset), "--split", "odd"], "--split odd: no such split"),
        (["--composed", str(dataset), "--pages", "0"], "--pages 0: must be at least 1"),
        (["--composed", str(dataset), "--seed", "-1"], "--seed -1: must be at least 0"),
    ):
        assert run(["evaluate", "lines", *arguments]) == 2
        err = capsys.readouterr().err
        assert err.count("handwrite: ") == 1
        assert message in err.splitlines()[-1]
