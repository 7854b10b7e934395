"""PDF files opened by pdfium: pages, sizes, what is drawn, and the text that is found but not seen."""

import io
import json
import tracemalloc
import weakref
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray

from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.core.render import Pen, draw
from handwrite.formats import pdf
from handwrite.formats.look import RULE_COLOUR, Look

T = np.linspace(0, 12, 80)
LOOPS = np.column_stack([10 + 5 * T + 4 * np.cos(2 * T), 15 + 5 * np.sin(2 * T), (T / 6) ** 2])
ROW = Ink.from_strokes([LOOPS, [[80, 15, 5]], [[85, 10, 6], [85, 20, 6.2]]])
INK = Ink.from_strokes([stroke[:, :2] for row in (ROW, ROW.moved(5, 20)) for stroke in row.strokes()])
TEXT = "Hello (world) \\ é\nsecond – “row” 100 €"
PAGE = Page(
    ink=Ink(np.concatenate([ROW.points, ROW.moved(5, 20).points]) * [1, 1, np.nan], INK.pen_up), width=100, height=50
)
CLOCKED = Page(ink=ROW, width=100, height=30)
BLACK = Look(colour="black", width=0.6)
DOTS = 10  # per millimetre, so that pages are whole pixels


def pages_of(data: bytes) -> list[pypdfium2.PdfPage]:
    document = pypdfium2.PdfDocument(data)
    return [document[index] for index in range(len(document))]


def picture(data: bytes) -> NDArray[np.uint8]:
    """(H, W, 3) red, green, blue at `DOTS`."""
    page = pages_of(data)[0]
    scale = DOTS * 25.4 / 72 * (1 - 1e-6)  # pdfium rounds sizes up and stretches the page to them
    return np.asarray(page.render(scale=scale, rev_byteorder=True).to_numpy()[..., :3])


def strays(page: Page, look: Look, *, drawn: NDArray[np.uint8]) -> float:
    """The share of the ink that `core.render` draws elsewhere, or not at all."""
    pen = Pen(width=look.width * DOTS, pressure=look.pressure, darkness=1)
    cover = draw(page.ink.scaled(DOTS), shape=drawn.shape[:2], pen=pen) / 255
    return float(np.abs(cover - (255 - drawn[..., 0]) / 255).sum() / cover.sum())


def test_pdfium_sees_what_render_draws() -> None:
    drawn = picture(pdf.encode(PAGE, look=BLACK))
    assert strays(PAGE, BLACK, drawn=drawn) < 0.08
    assert strays(replace(PAGE, ink=PAGE.ink.moved(0.1, 0)), BLACK, drawn=drawn) > 0.2


def test_a_pen_that_is_pressed_makes_lines_as_wide_as_render_makes_them() -> None:
    pressed = replace(BLACK, pressure=0.5)
    drawn = picture(pdf.encode(CLOCKED, look=pressed))
    assert strays(CLOCKED, pressed, drawn=drawn) < 0.12
    assert strays(CLOCKED, BLACK, drawn=drawn) > 0.2


def test_dots_are_drawn() -> None:
    dot = Page(ink=Ink.from_strokes([[[5, 5]]]), width=10, height=10)
    dark = (255 - picture(pdf.encode(dot, look=replace(BLACK, width=2)))[..., 0]).sum() / 255 / DOTS**2
    assert dark == pytest.approx(np.pi, rel=0.05)


def test_colours_of_ink_paper_and_rules() -> None:
    rules = np.array([[0, 30, 100, 30], [5, 0, 5, 50]], np.float32)
    ruled = replace(PAGE, rules=rules)
    image = picture(pdf.encode(ruled, look=Look(colour="#804020", background="#ffeedd", width=1)))
    assert image[round(15 * DOTS), round(80 * DOTS)].tolist() == [0x80, 0x40, 0x20]
    assert image[2, 2].tolist() == image[-3, -3].tolist() == [0xFF, 0xEE, 0xDD]
    bare = picture(pdf.encode(replace(ruled, ink=Ink.from_strokes([]))))
    assert bare[2, 2].tolist() == [255, 255, 255]
    for line, place in ((bare[:, 300], 30), (bare[100], 5)):
        darkness = (255.0 - line[:, 0]) / (255 - int(RULE_COLOUR[1:3], 16))
        assert (darkness * (np.arange(len(line)) + 0.5)).sum() / darkness.sum() / DOTS == pytest.approx(place, abs=0.1)


def test_the_text_is_found_where_its_ink_is_and_not_seen() -> None:
    data = pdf.encode(replace(PAGE, text=TEXT))
    text = pages_of(data)[0].get_textpage()
    assert text.get_text_range().split("\r\n") == TEXT.split("\n")
    for word, row in (("world", 15), ("row", 35)):
        index, count = text.search(word).get_next()
        left, bottom, right, top = (side / 72 * 25.4 for side in text.get_charbox(index))
        assert count == len(word)
        assert row - 7 < 50 - top < 50 - bottom < row + 7
        assert 5 < left < right < 90
    last = text.get_charbox(len(text.get_text_range()) - 1)
    assert last[2] / 72 * 25.4 == pytest.approx(90, abs=2)
    np.testing.assert_array_equal(picture(data), picture(pdf.encode(PAGE)))


@pytest.mark.parametrize("text", ["日本\nΩ", "\udc80 \x00", ")(\\", "\n\n\n", "\ttab\r"])
def test_any_text_makes_a_file(text: str) -> None:
    for ink in (PAGE.ink, Ink.from_strokes([]), Ink.from_strokes([[[3, 3]]])):
        page = pages_of(pdf.encode(replace(PAGE, text=text, ink=ink)))[0]
        found = page.get_textpage().get_text_range()
        assert found.strip() == "".join(" ".join(text.split()).encode("cp1252", "ignore").decode("cp1252")).strip("\0 ")


def test_title_and_metadata_and_the_same_bytes() -> None:
    metadata = {"seed": 3, "style": "é Ω"}
    data = pdf.encode(replace(PAGE, text="\nΩ first\nsecond"), metadata=metadata)
    told = pypdfium2.PdfDocument(data).get_metadata_dict()
    assert (told["Title"], json.loads(told["Subject"]), told["Creator"]) == ("Ω first", metadata, "handwrite")
    assert told["CreationDate"] == ""
    assert data == pdf.encode(replace(PAGE, text="\nΩ first\nsecond"), metadata=metadata)
    assert pypdfium2.PdfDocument(pdf.encode(PAGE)).get_metadata_dict()["Title"] == ""


def many(count: int, alive: list[int], *, points: int = 40) -> Iterator[Page]:
    """Pages of growing width with the same ink; `alive` takes how many of them are held when each is asked for."""
    made: list[weakref.ref[Page]] = []
    for index in range(count):
        ink = Ink.from_strokes([np.random.default_rng(0).normal(0, 1, (points, 2)).cumsum(axis=0)])
        page = Page(ink=ink, width=100 + index, height=100, text=f"page {index}")
        made.append(weakref.ref(page))
        yield page
        del page, ink
        alive.append(sum(reference() is not None for reference in made))


def test_many_pages_each_of_its_own_size() -> None:
    output = io.BytesIO()
    alive: list[int] = []
    pdf.encode_pages(many(12, alive), output)
    pages = pages_of(output.getvalue())
    sizes = [[side / 72 * 25.4 for side in page.get_size()] for page in pages]
    np.testing.assert_allclose(sizes, [[100 + index, 100] for index in range(12)], atol=0.01)
    assert [page.get_textpage().get_text_range() for page in pages] == [f"page {index}" for index in range(12)]
    assert max(alive) <= 1
    with pytest.raises(ValueError, match="at least one page"):
        pdf.encode_pages([], output)


class Sink(io.RawIOBase):
    """Counts what is written and keeps nothing."""

    size = 0

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.size += len(data)
        return len(data)


def peak_and_size(pages: int) -> tuple[int, int]:
    sink = Sink()
    tracemalloc.start()
    pdf.encode_pages(many(pages, [], points=1000), sink)  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, sink.size


@pytest.mark.parametrize(("kept", "bounded"), [(1, True), (pdf.KEPT, False)])
def test_memory_does_not_grow_with_pages_once_they_are_more_than_is_kept(
    kept: int, bounded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "KEPT", kept)
    peak_and_size(1)  # what the first call alone allocates
    few, many = peak_and_size(2), peak_and_size(8)
    assert many[1] - few[1] > 50_000
    assert ((many[0] - few[0]) < 0.6 * (many[1] - few[1])) == bounded
