"""`handwrite recover` with a planted answer: each upright bar of a glyph is a stroke, written downwards, left to right.

All else is real: files, cutting of pages, places, formats, messages and exit statuses. A tiny net of chance and the
tracing of skeletons go all the way too.
"""

from __future__ import annotations

import importlib
import io
import json
import struct
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from lxml import etree
from numpy.typing import NDArray

import handwrite
from handwrite.cli import output
from handwrite.cli.app import run
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.ink import Ink
from handwrite.errors import OptionError
from handwrite.formats import decode
from handwrite.recover.glyph import Glyph
from handwrite.recover.model import RecoverConfig, RecoverNet
from handwrite.recover.predict import Recoverer

Capture = pytest.CaptureFixture[bytes]
Grey = NDArray[np.uint8]

LEFTS, TOP, HIGH, THICK = (40, 80, 120), 30, 60, 6  # pixels
PLANTED = ["--method", "skeleton"]
TOLERANCE = 3.0  # pixels; a glyph's pixel is about one of the image


def planted(self: Recoverer, glyphs: Sequence[Glyph], *, script: str = "auto") -> list[Ink]:
    """A downward stroke along each bar, 0.2 s long, one every 0.5 s."""
    return [Ink.from_strokes(_bars(glyph)) for glyph in glyphs]


def _bars(glyph: Glyph) -> list[NDArray[np.float64]]:
    inked = (glyph.pixels > 128).any(axis=0).astype(int)
    edges = np.flatnonzero(np.diff(inked, prepend=0, append=0)).reshape(-1, 2)
    rows = np.flatnonzero((glyph.pixels > 128).any(axis=1))
    y, share = np.linspace(rows[0], rows[-1] + 1, 9), np.linspace(0, 0.2, 9)
    return [
        np.column_stack([np.full(9, (start + stop) / 2), y, 0.5 * n + share]) for n, (start, stop) in enumerate(edges)
    ]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recoverer, "glyphs", planted)


@pytest.fixture
def weights(tmp_path: Path) -> str:
    torch.manual_seed(0)
    config = RecoverConfig(scripts=("Latn",))
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, Header("recover", asdict(config), "", {}), RecoverNet(config).state_dict())
    return str(path)


def picture(lefts: Sequence[int] = LEFTS, *, tops: Sequence[int] = (TOP,), width: int = 180) -> Grey:
    """Bars on white."""
    image = np.full((tops[-1] + HIGH + TOP, width), 255, np.uint8)
    for top in tops:
        for left in lefts:
            image[top : top + HIGH, left : left + THICK] = 0
    return image


def save(name: str, image: NDArray[Any] | None = None) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(name, picture() if image is None else image)
    return name


def recover(*arguments: str) -> int:
    return run(["recover", *arguments, *PLANTED])


def said(capture: Capture) -> list[str]:
    return capture.readouterr().err.decode().splitlines()


def files(folder: str = ".") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)


# What comes out


@pytest.mark.usefixtures("plant")
@pytest.mark.parametrize("level", ["auto", "character", "word", "line"])
def test_strokes_come_in_pixels_of_the_image_and_seconds(level: str, capfdbinary: Capture) -> None:
    assert recover(save("a.png"), "--format", "json", "--level", level) == 0
    found = json.loads(capfdbinary.readouterr().out)
    shown = {name: found[name] for name in ("format", "version", "unit", "path", "width", "height", "method")}
    assert shown == {"format": "handwrite-ink", "version": 1, "unit": "px", "path": "a.png"} | {
        "width": 180,
        "height": TOP + HIGH + TOP,
        "method": "skeleton",
    }
    assert len(found["strokes"]) == len(LEFTS)
    for left, stroke in zip(LEFTS, found["strokes"], strict=True):
        assert stroke[0][:2] == pytest.approx([left + THICK / 2, TOP], abs=TOLERANCE)
        assert stroke[-1][:2] == pytest.approx([left + THICK / 2, TOP + HIGH], abs=TOLERANCE)
        assert stroke[-1][2] - stroke[0][2] == pytest.approx(0.2, abs=1e-4)


@pytest.mark.usefixtures("plant")
def test_a_page_is_cut_into_lines(capfdbinary: Capture) -> None:
    tops = [30, 150, 270]
    lefts = [40 + 30 * number for number in range(14)]
    assert recover(save("page.png", picture(lefts, tops=tops, width=500)), "--level", "page", "--format", "json") == 0
    strokes = json.loads(capfdbinary.readouterr().out)["strokes"]
    starts = [(stroke[0][0] - THICK / 2, stroke[0][1]) for stroke in strokes]
    expected = [(left, top) for top in tops for left in lefts]
    np.testing.assert_allclose(starts, expected, atol=TOLERANCE)


@pytest.mark.usefixtures("plant")
def test_svg_is_animated_and_goes_to_stdout(capfdbinary: Capture) -> None:
    assert recover(save("a.png")) == 0
    out, err = capfdbinary.readouterr()
    assert etree.QName(etree.fromstring(out)).localname == "svg"
    assert b"animation-delay:500ms;animation-duration:200ms" in out
    assert err == b""


@pytest.mark.usefixtures("plant")
@pytest.mark.parametrize("name", ["a.inkml", "a.json", "a.JSONL", "a.png", "a.pdf", "a.nc", "a.svg"])
def test_the_suffix_says_the_format(name: str, capfdbinary: Capture) -> None:
    starts = {"inkml": b"<?xml", "json": b"{", "jsonl": b"{", "png": b"\x89PNG", "pdf": b"%PDF", "nc": b";"}
    assert recover(save("in/word.png"), "-o", name) == 0
    assert Path(name).read_bytes().startswith(starts.get(name.split(".")[1].lower(), b"<?xml"))
    assert said(capfdbinary) == [f"wrote {name}"]


@pytest.mark.usefixtures("plant")
def test_colours_of_the_picture_are_chosen(capfdbinary: Capture) -> None:
    for show in ("order", "speed"):
        assert recover(save("in/a.png"), "--show", show, "-o", f"{show}.png") == 0
    assert recover("in/a.png", "-o", "a.png") == 0
    order, speed, plain = (Path(name).read_bytes() for name in ("order.png", "speed.png", "a.png"))
    assert order == plain != speed


@pytest.mark.usefixtures("plant")
def test_dots_per_inch_are_the_size_of_the_sheet(capfdbinary: Capture) -> None:
    assert recover(save("a.png"), "--dpi", "180") == 0
    assert b'width="25.4mm"' in capfdbinary.readouterr().out


@pytest.mark.usefixtures("plant")
def test_several_in_json_are_an_object_a_line_and_elsewhere_need_a_folder(capfdbinary: Capture) -> None:
    given = [save("a.png"), save("scans/b.png")]
    assert recover("a.png", "scans/", "-o", "all.json") == 0
    assert [json.loads(row)["path"] for row in Path("all.json").read_text().splitlines()] == given
    assert said(capfdbinary) == ["wrote all.json"]
    assert recover(*given) == 2
    assert said(capfdbinary) == ["handwrite: --format svg: a file holds one image; name a folder for several with -o"]
    assert recover(*given, "-o", "ink") == 0
    assert files("ink") == ["a.svg", "b.svg"]
    assert recover(*given, "--format", "png", "-o", "scans") == 0
    assert files("scans") == ["a-path.png", "b-path.png", "b.png"]
    assert said(capfdbinary) == ["wrote 2 files to ink", "wrote 2 files to scans"]


@pytest.mark.usefixtures("plant")
def test_on_a_terminal_files_are_named_after_the_images(monkeypatch: pytest.MonkeyPatch, capfdbinary: Capture) -> None:
    on_a_terminal(monkeypatch)
    given = [save("in/a.png"), save("in/b.png")]
    assert recover(given[0]) == 0
    assert recover(*given, "--format", "json") == 0
    save("a.png")
    assert recover("a.png", "--format", "png") == 0
    assert files() == ["a-path.png", "a.json", "a.png", "a.svg", "b.json", "in"]
    assert said(capfdbinary) == ["wrote a.svg", "wrote 2 files to .", "wrote a-path.png"]


@pytest.mark.usefixtures("plant")
def test_stdin_is_an_image(monkeypatch: pytest.MonkeyPatch, capfdbinary: Capture) -> None:
    data = Path(save("a.png")).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert recover("-", "--format", "json") == 0
    assert json.loads(capfdbinary.readouterr().out)["path"] == "-"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert recover("-") == 2
    assert said(capfdbinary) == ["handwrite: stdin: an empty file; give an image"]


# What fails


@pytest.mark.usefixtures("plant")
def test_one_bad_file_does_not_stop_the_rest(capfdbinary: Capture) -> None:
    Path("bad.png").write_bytes(b"no image")
    Path("ink.json").write_text('{"format": "handwrite-ink", "version": 1, "strokes": [[[0, 0], [9, 9]]]}')
    white = save("white.png", np.full((90, 400), 255, np.uint8))
    given = [save("a.png"), "bad.png", white, "gone.png", "ink.json", save("b.png")]
    assert recover(*given, "-o", "all.json") == 1
    assert [json.loads(row)["path"] for row in Path("all.json").read_text().splitlines()] == ["a.png", "b.png"]
    paper = "no writing in it; give an image of dark writing on light paper, or of light on dark"
    image = "not an image, or damaged; give a PNG, JPEG or another image that OpenCV reads"
    assert said(capfdbinary) == [
        f"handwrite: bad.png: {image}",
        f"handwrite: white.png: {paper}",
        "handwrite: cannot read gone.png: No such file or directory; give the path of a file",
        f"handwrite: ink.json: {image}",
        "wrote all.json",
    ]


@pytest.mark.parametrize("name", ["bad.png", "gone.png", "folder", "one.png", "black.png"])
def test_when_all_fail_no_file_is_made_and_an_old_one_stays(name: str, capfdbinary: Capture) -> None:
    Path("bad.png").write_bytes(b"no image")
    Path("folder").mkdir()
    save("one.png", np.zeros((1, 1), np.uint8))
    save("black.png", np.zeros((90, 400), np.uint8))
    Path("old.json").write_text("old")
    assert recover(name, "-o", "new.svg") == 2
    assert recover(name, "-o", "old.json") == 2
    assert not Path("new.svg").exists()
    assert Path("old.json").read_text() == "old"
    one, two = said(capfdbinary)
    assert one == two
    assert name in one


def test_an_image_that_says_it_is_huge_is_refused_before_it_is_decoded(capfdbinary: Capture) -> None:
    content = bytearray(Path(save("huge.png")).read_bytes())
    content[16:24] = struct.pack(">II", 20_000, 20_000)  # width and height in the header
    Path("huge.png").write_bytes(content)
    assert recover("huge.png") == 2
    assert "handwrite: huge.png: 20000 x 20000 pixels are too many" in said(capfdbinary)[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--level", "letter"], "--level letter: no such level; choose one of auto, character, word, line, page"),
        (["--script", "elvish"], "--script elvish: no such script; choose one of auto, latin"),
        (["--method", "magic"], "--method magic: no such method; choose one of net, skeleton"),
        (["--no-snap", *PLANTED], "--no-snap: only for --method net"),
        (["--show", "speed"], "--show: only for png, not for svg"),
        (["--show", "age", "--format", "png"], "--show age: no such show; choose one of order, speed"),
        (["--dpi", "96", "--format", "json"], "--dpi: only for svg and pdf and gcode, not for json"),
        (["--dpi", "5"], "--dpi 5: must be from 10 to 2400"),
        (["--format", "doc"], "--format doc: no such format; use one of svg, png"),
        (["-o", "a.doc"], "a.doc: no ink format has the suffix"),
        (["-o", "nowhere/a.svg"], "no folder nowhere"),
        (["-o", "a.png"], "-o: a.png is an input"),
        (["--weights", "none.safetensors"], "none.safetensors: no such weights"),
        (["--device", "gpu"], "--device gpu: no such device"),
        (["--threads", "0"], "--threads 0: must be from 1"),
    ],
)
def test_wrong_use_is_one_line_and_makes_nothing(arguments: list[str], message: str, capfdbinary: Capture) -> None:
    save("a.png")
    assert run(["recover", "a.png", *arguments]) == 2
    (line,) = said(capfdbinary)
    assert line.startswith("handwrite: ")
    assert message in line
    assert files() == ["a.png"]


def test_a_net_that_finds_nothing_is_told(weights: str, monkeypatch: pytest.MonkeyPatch, capfdbinary: Capture) -> None:
    monkeypatch.setattr(Recoverer, "recover", lambda self, image, **options: Ink.from_strokes([]))
    assert run(["recover", save("a.png"), "--weights", weights, "--no-snap"]) == 2
    assert said(capfdbinary) == [
        "handwrite: a.png: no path was found in it; give a clearer image, or leave --no-snap out"
    ]


@pytest.mark.usefixtures("plant")
def test_progress_of_many_images_is_on_stderr(capfdbinary: Capture) -> None:
    for number in range(output.FEW_IMAGES + 1):
        save(f"many/{number}.png")
    Path("many/0.png").write_bytes(b"")
    assert recover("many", "--format", "json") == 1
    out, err = capfdbinary.readouterr()
    assert out.count(b"\n") == output.FEW_IMAGES
    assert err.decode().splitlines()[-1].startswith(f"recovering: {output.FEW_IMAGES + 1} of")


# All the way


def test_tracing_of_skeletons_needs_no_weights(capfdbinary: Capture) -> None:
    assert recover(save("a.png"), "-o", "a.inkml", "--level", "word") == 0
    ink = decode(Path("a.inkml").read_bytes(), "inkml", name="a").ink
    assert len(ink.strokes()) == len(LEFTS)
    for left, stroke in zip(LEFTS, sorted(ink.strokes(), key=lambda stroke: float(stroke[0, 0])), strict=True):
        assert np.ptp(stroke[:, 1]) > 0.8 * HIGH
        np.testing.assert_allclose(stroke[:, 0], left + THICK / 2, atol=TOLERANCE)


@pytest.mark.parametrize("options", [[], ["--no-snap"], ["--script", "latin", "--level", "character"]])
def test_a_net_of_chance_gives_ink(options: list[str], weights: str, capfdbinary: Capture) -> None:
    assert run(["recover", save("a.png"), "--weights", weights, "--format", "json", *options]) == 0
    found = json.loads(capfdbinary.readouterr().out)
    assert found["method"] == "net"
    if "--no-snap" in options:
        return
    for x, y, _ in (point for stroke in found["strokes"] for point in stroke):  # snapped: on the bars
        assert TOP - TOLERANCE < y < TOP + HIGH + TOLERANCE
        assert min(abs(x - left - THICK / 2) for left in LEFTS) < THICK / 2 + TOLERANCE


def test_the_package_of_its_name_is_called_as_the_function() -> None:
    package: Any = importlib.import_module("handwrite.recover")
    for function in (handwrite.recover, package):
        ink = function(picture(), method="skeleton", level="word")
        assert isinstance(ink, handwrite.Ink)
        assert ink.bounds[1] == pytest.approx(TOP, abs=8)
    assert len(handwrite.recover(save("a.png"), method="skeleton")) == len(
        handwrite.recover("a.png", method="skeleton")
    )
    with pytest.raises(OptionError, match="--method magic"):
        handwrite.recover(picture(), method="magic")
