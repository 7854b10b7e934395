"""Pages with XML: each line is cut out of the image by its outline, at the image's own size, upright."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from handwrite.core.store import Sample
from handwrite.corpora.page_images import read, upright
from handwrite.corpora.tally import Skipped
from handwrite.errors import InputError

PAPER, INK, OTHER = 200, 20, 90
TRIANGLE = "20,20 180,20 20,80"


def page_xml(*lines: tuple[str, str, str], image: str = "page.png", width: int = 200, height: int = 100) -> str:
    """A PAGE file of lines given by outline, baseline and text."""
    marked = "".join(
        f'<TextLine><Coords points="{outline}"/><Baseline points="{baseline}"/>'
        f"<TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>"
        for outline, baseline, text in lines
    )
    size = f'imageWidth="{width}" imageHeight="{height}"'
    return (
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        f'<Page imageFilename="{image}" {size}><TextRegion id="r">{marked}</TextRegion></Page></PcGts>'
    )


ALTO = """<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Description><sourceImageInformation>
<fileName>page.png</fileName></sourceImageInformation></Description><Layout><Page WIDTH="200" HEIGHT="100"><PrintSpace>
<TextBlock><TextLine HPOS="20" VPOS="30" WIDTH="100" HEIGHT="40"><String CONTENT="a"/><String CONTENT="b"/></TextLine>
</TextBlock></PrintSpace></Page></Layout></alto>"""


def page(*, scale: int = 1) -> np.ndarray:
    """Paper 200 x 100 with ink from (40, 30) to (60, 40), and another line's lower, to the right."""
    image = np.full((100, 200), PAPER, np.uint8)
    image[30:40, 40:60] = INK
    image[70:78, 150:] = OTHER
    return image.repeat(scale, axis=0).repeat(scale, axis=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "page.png"), page())
    (tmp_path / "one.xml").write_text(
        page_xml((TRIANGLE, "20,70 180,70", "one\u00a0 line"), ("0,0 9,0 9,9", "", "two"))
    )
    return tmp_path


def outcome(place: Path) -> tuple[list[Sample], list[Skipped]]:
    items = list(read(place, source="own", level="line", progress=lambda share: None))
    samples = [item for item in items if isinstance(item, Sample)]
    return samples, [item for item in items if isinstance(item, Skipped)]


def test_lines_are_cut_out_and_the_rest_is_paper(folder: Path) -> None:
    (line, other), skipped = outcome(folder / "one.xml")
    assert not skipped
    assert [(s.name, s.text, s.source, s.split, s.level) for s in (line, other)] == [
        ("one-01", "one line", "own", "train", "line"),
        ("one-02", "two", "own", "train", "line"),
    ]
    assert line.image.shape == (60, 160)
    np.testing.assert_array_equal(line.image[10:20, 20:40], INK)
    assert (np.delete(line.image.ravel(), np.flatnonzero(line.image == INK)) == PAPER).all()


@pytest.mark.parametrize("scale", [2, 3])
def test_an_image_of_another_size_than_the_xml_says(folder: Path, scale: int) -> None:
    small = outcome(folder)[0][0].image
    cv2.imwrite(str(folder / "page.png"), page(scale=scale))
    large = outcome(folder)[0][0].image
    assert large.shape == (60 * scale, 160 * scale)
    np.testing.assert_array_equal(large[::scale, ::scale], small)


def test_alto_with_the_rectangle_of_a_line(folder: Path) -> None:
    (folder / "one.xml").write_text(ALTO)
    ((line,), _) = outcome(folder)
    assert line.text == "a b"
    np.testing.assert_array_equal(line.image, page()[30:70, 20:120])


def test_an_outline_that_leaves_the_page(folder: Path) -> None:
    off = ("300,300 400,300 400,400", "-9,-9 -1,-9 -1,-1", "197,0 300,0 300,50 197,50")  # three columns are too few
    over = "-50,-50 70,-50 70,50 -50,50"
    (folder / "one.xml").write_text(page_xml(*((outline, "", "text") for outline in (*off, over))))
    (sample,), skipped = outcome(folder)
    np.testing.assert_array_equal(sample.image, page()[:50, :70])
    assert [(item.name, item.reason) for item in skipped] == [
        (f"one-0{number}", "with an outline off the page") for number in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("baseline", "turned"),
    [
        (((0, 50), (90, 60)), [[1, 2], [3, 4]]),
        (((9, 90), (5, 0)), [[3, 1], [4, 2]]),
        (((9, 0), (5, 90)), [[2, 4], [1, 3]]),
        (((90, 7), (0, 7)), [[4, 3], [2, 1]]),
        (None, [[1, 2], [3, 4]]),
    ],
)
def test_lines_in_the_margin_are_turned(baseline: tuple[tuple[int, int], ...] | None, turned: list[list[int]]) -> None:
    """A line that leads up the page is read with its foot to the right: turned clockwise it lies flat."""
    assert upright(np.array([[1, 2], [3, 4]], np.uint8), baseline).tolist() == turned


def test_a_folder_in_which_some_files_are_no_pages(folder: Path) -> None:
    (folder / "METS.xml").write_text("<mets/>")
    (folder / "broken.xml").write_text("<")
    (folder / "lonely.xml").write_text(page_xml((TRIANGLE, "", "x"), image="gone.png"))
    (folder / "empty.xml").write_text(page_xml())
    (folder / "silent.xml").write_text(page_xml((TRIANGLE, "", " ")))
    samples, skipped = outcome(folder)
    assert len(samples) == 2
    reasons = {item.name: item.reason for item in skipped}
    assert list(reasons) == ["METS.xml", "broken.xml", "empty.xml", "lonely.xml", "silent-01"]
    assert "neither ALTO nor PAGE" in reasons["METS.xml"]
    assert "not XML" in reasons["broken.xml"]
    assert reasons["lonely.xml"] == "no image gone.png beside the XML"
    assert reasons["silent-01"] == "without a text"
    assert next(item for item in skipped if item.name == "empty.xml").count == 0


@pytest.mark.parametrize("image", ["page.tif", "c:\\scans\\page.png", "other.PNG", "https://x/y/page.jpg", "one.jp2"])
def test_the_image_is_found_by_name_by_stem_and_one_folder_up(folder: Path, image: str) -> None:
    stem = image.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    (folder / "page.png").rename(folder / f"{stem}.PNG")
    (folder / "page").mkdir()
    (folder / "page/one.xml").write_text(page_xml((TRIANGLE, "", "x"), image=image))
    (folder / "one.xml").unlink()
    assert len(outcome(folder)[0]) == 1


def test_places_without_pages(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no XML"):
        outcome(tmp_path)
    with pytest.raises(InputError, match="no such file or folder"):
        outcome(tmp_path / "none.xml")
