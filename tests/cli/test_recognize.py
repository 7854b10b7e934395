"""`handwrite recognize` with a tiny net whose answer is planted: it reads an upright bar as "l", a wide gap as a space.

All else is real: files, cutting of pages, normalizing, decoding, places, formats, messages and exit statuses.
"""

from __future__ import annotations

import importlib
import io
import json
import struct
import sys
from collections.abc import Callable, Sequence
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
from handwrite.cli import images, output
from handwrite.cli import recognize as command
from handwrite.cli.app import run
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.corpora import line_folder
from handwrite.formats import encode, format_of
from handwrite.recognize.looks import SECOND
from handwrite.recognize.model import COLUMNS_PER_FRAME, RecognizeConfig, RecognizeNet
from handwrite.recognize.predict import Recognizer

Capture = pytest.CaptureFixture[bytes]
Grey = NDArray[np.uint8]

CHARS = " l"
SPACE, BAR = 1, 2
WIDE = 9  # frames of a gap between words
SURE, UNSURE = 0.999, 0.6
WORDS = (3, 2)
TEXT = "lll ll"
PITCH, GAP, TOP, HIGH, THICK = 30, 90, 30, 50, 8  # pixels: between bars, more between words, and of a bar


def planted(line: Grey) -> NDArray[np.float32]:
    """(T, 3) log probabilities: frames with ink say "l", wide gaps a space in their middle; single words are unsure."""
    frames = -(-line.shape[1] // COLUMNS_PER_FRAME)
    inked = np.zeros(frames, bool)
    inked[np.flatnonzero((line > 128).any(axis=0)) // COLUMNS_PER_FRAME] = True
    symbols = np.where(inked, BAR, 0)
    edges = np.flatnonzero(np.diff(inked.astype(int)))
    gaps = [(start, stop) for start, stop in zip(edges[1::2], edges[2::2], strict=False) if stop - start > WIDE]
    for start, stop in gaps:
        symbols[(start + stop) // 2] = SPACE
    sure = SURE if gaps else UNSURE
    table = np.full((frames, len(CHARS) + 1), (1 - sure) / len(CHARS))
    table[np.arange(frames), symbols] = sure
    return np.log(table).astype(np.float32)


@pytest.fixture
def weights(tmp_path: Path) -> str:
    torch.manual_seed(0)
    config = RecognizeConfig(symbols=len(CHARS) + 1, channels=(4, 4, 4, 4), hidden=8, layers=1)
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, Header("recognize", asdict(config), CHARS, {}), RecognizeNet(config).state_dict())
    return str(path)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(Recognizer, "log_probabilities", lambda self, lines: [planted(line) for line in lines])


Recognize = Callable[..., int]


@pytest.fixture
def recognize(weights: str) -> Recognize:
    """Run the command with the tiny net and the greedy decoder, unless another is asked for."""

    def call(*arguments: str) -> int:
        decoder = [] if {"--decoder", "--lexicon"} & set(arguments) else ["--decoder", "greedy"]
        return run(["recognize", *arguments, *decoder, "--weights", weights])

    return call


def bars(words: Sequence[int] = WORDS, *, top: int = TOP) -> list[tuple[int, int]]:
    """Left and top of each bar of a line."""
    places, x = [], 40
    for count in words:
        places += [(x + PITCH * index, top) for index in range(count)]
        x += PITCH * count + GAP
    return places


def picture(*lines: list[tuple[int, int]], width: int = 500) -> Grey:
    """Bars on white."""
    bottom = max(top for line in lines for _, top in line) + HIGH
    image = np.full((bottom + TOP, width), 255, np.uint8)
    for left, top in [bar for line in lines for bar in line]:
        image[top : top + HIGH, left : left + THICK] = 0
    return image


def save(name: str, image: NDArray[Any] | None = None) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(name, picture(bars()) if image is None else image)
    return name


def page(count: int = 4, *, words: Sequence[int] = (3, 2, 3, 2)) -> Grey:
    """Lines of bars, the last of a single word."""
    lines = [bars(words, top=TOP + 110 * row) for row in range(count - 1)]
    return picture(*lines, bars([6], top=TOP + 110 * (count - 1)), width=900)


def said(capture: Capture) -> list[str]:
    return capture.readouterr().err.decode().splitlines()


def files(folder: str = ".") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


# What comes out


def test_one_image_gives_its_text_alone(recognize: Recognize, capfdbinary: Capture) -> None:
    assert recognize(save("a.png")) == 0
    assert capfdbinary.readouterr() == (f"{TEXT}\n".encode(), b"")


def test_several_give_rows_with_the_paths_as_they_were_given(recognize: Recognize, capfdbinary: Capture) -> None:
    save("a.png")
    save("scans/b.png", picture(bars([2, 2])))
    assert recognize("./a.png", "scans/") == 0
    assert capfdbinary.readouterr() == (f"./a.png\t{TEXT}\nscans/b.png\tll ll\n".encode(), b"")


def test_a_folder_gives_rows_also_when_it_holds_one_image(recognize: Recognize, capfdbinary: Capture) -> None:
    save("scans/b.png")
    assert recognize("scans") == 0
    assert capfdbinary.readouterr().out == f"scans/b.png\t{TEXT}\n".encode()


def test_stdin_is_an_image(recognize: Recognize, monkeypatch: pytest.MonkeyPatch, capfdbinary: Capture) -> None:
    data = Path(save("a.png")).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert recognize("-", "--format", "json") == 0
    found = json.loads(capfdbinary.readouterr().out)
    assert (found["path"], found["text"]) == ("-", TEXT)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert recognize("-") == 2
    assert said(capfdbinary) == ["handwrite: stdin: an empty file; give an image"]


def test_json_has_the_places_in_pixels_of_the_image(recognize: Recognize, capfdbinary: Capture) -> None:
    assert recognize(save("a.png"), "--format", "json") == 0
    (line,) = json.loads(capfdbinary.readouterr().out)["lines"]
    chars = [char for word in line["words"] for char in word["chars"]]
    for (left, top), char in zip(bars(), chars, strict=True):
        assert char["box"] == pytest.approx([left, top, left + THICK, top + HIGH], abs=6)
    assert line["confidence"] > 0.9
    assert [word["text"] for word in line["words"]] == TEXT.split()


def test_a_page_is_cut_into_lines_and_levels_may_be_forced(recognize: Recognize, capfdbinary: Capture) -> None:
    save("page.png", page())
    assert recognize("page.png", "--format", "json") == 0
    lines = json.loads(capfdbinary.readouterr().out)["lines"]
    assert [line["text"] for line in lines] == ["lll ll lll ll"] * 3 + ["llllll"]
    tops = [line["box"][1] for line in lines]
    assert tops == pytest.approx([TOP + 110 * row for row in range(4)], abs=8)
    assert recognize(save("a.png"), "--level", "word") == 0
    assert capfdbinary.readouterr().out == TEXT.replace(" ", "").encode() + b"\n"


@pytest.mark.parametrize("form", ["alto", "page", "svg"])
def test_one_image_as_xml_to_stdout_and_to_a_file(form: str, recognize: Recognize, capfdbinary: Capture) -> None:
    assert recognize(save("a.png"), "--format", form) == 0
    out = capfdbinary.readouterr().out
    root = etree.fromstring(out)
    assert etree.QName(root).localname.lower() == {"page": "pcgts"}.get(form, form)
    assert recognize("a.png", "--format", form, "-o", "out.xml") == 0
    assert len(Path("out.xml").read_bytes()) == len(out)
    assert said(capfdbinary) == ["wrote out.xml"]


def test_several_as_xml_go_to_a_folder_under_names_that_differ(recognize: Recognize, capfdbinary: Capture) -> None:
    given = [save("a/x.png"), save("b/x.png"), save("y.jpg")]
    assert recognize(*given, "--format", "svg", "-o", "out/svg") == 0
    assert files("out/svg") == ["x-2.svg", "x.svg", "y.svg"]
    assert said(capfdbinary) == ["wrote 3 files to out/svg"]
    assert recognize("y.jpg", "-o", "out") == 0
    assert Path("out/y.txt").read_text() == f"{TEXT}\n"


def test_the_suffix_says_the_format_and_json_has_an_object_a_line(recognize: Recognize) -> None:
    given = [save("a.png"), save("b.png")]
    assert recognize(*given, "-o", "all.json") == 0
    assert [json.loads(row)["path"] for row in Path("all.json").read_text().splitlines()] == given
    assert recognize(*given, "-o", "all.json", "--format", "text") == 0
    assert Path("all.json").read_text().splitlines() == [f"{path}\t{TEXT}" for path in given]


def test_ink_is_drawn_and_read(recognize: Recognize, capfdbinary: Capture) -> None:
    ink = Ink.from_strokes([[(left, top), (left, top + HIGH)] for left, top in bars()])
    for name in ("note.inkml", "note.json"):
        Path(name).write_bytes(encode(Page.around(ink, margin=5), format_of(name)))
    Path("note.dat").write_text("".join(f".PEN_DOWN\n{x} {-y}\n{x} {-y - HIGH}\n" for x, y in bars()))
    assert recognize("note.inkml", "note.json", "note.dat") == 0
    rows = capfdbinary.readouterr().out.decode().splitlines()
    assert rows == [f"note.{suffix}\t{TEXT}" for suffix in ("inkml", "json", "dat")]


# What fails


def test_one_bad_file_does_not_stop_the_rest(recognize: Recognize, capfdbinary: Capture) -> None:
    Path("bad.png").write_bytes(b"no image")
    given = [save("a.png"), "bad.png", save("white.png", np.full((90, 400), 255, np.uint8)), "gone.png", save("b.png")]
    assert recognize(*given, "-o", "all.txt") == 1
    assert Path("all.txt").read_text().splitlines() == [f"{name}.png\t{TEXT}" for name in "ab"]
    assert said(capfdbinary) == [
        "handwrite: bad.png: not an image, or damaged; give a PNG, JPEG or another image that OpenCV reads",
        "handwrite: cannot read gone.png: No such file or directory; give the path of a file",
        "handwrite: white.png: no writing in it; give an image of handwriting",
        "wrote all.txt",
    ]


@pytest.mark.parametrize("name", ["bad.png", "gone.png", "folder"])
def test_when_all_fail_no_file_is_made_and_an_old_one_stays(name: str, recognize: Recognize) -> None:
    Path("bad.png").write_bytes(b"no image")
    Path("folder").mkdir()
    assert recognize(name, "-o", "new.txt") == 2
    assert not Path("new.txt").exists()
    Path("old.json").write_text("old")
    assert recognize(name, "-o", "old.json") == 2
    assert Path("old.json").read_text() == "old"


HARD = {
    "one.png": np.zeros((1, 1), np.uint8),
    "black.png": np.zeros((90, 400), np.uint8),
    "grey.png": np.full((90, 400), 128, np.uint8),
    "row.png": np.arange(5000, dtype=np.uint8)[None],
    "column.png": np.arange(5000, dtype=np.uint8)[:, None],
}


@pytest.mark.parametrize("name", HARD)
def test_images_without_writing_are_one_line_on_stderr(name: str, recognize: Recognize, capfdbinary: Capture) -> None:
    assert recognize(save(name, HARD[name])) == 2
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.decode().startswith(f"handwrite: {name}: ")
    assert err.count(b"\n") == 1


def test_an_image_that_says_it_is_huge_is_refused_before_it_is_decoded(
    recognize: Recognize, capfdbinary: Capture
) -> None:
    content = bytearray(Path(save("huge.png")).read_bytes())
    content[16:24] = struct.pack(">II", 20_000, 20_000)  # width and height in the header
    Path("huge.png").write_bytes(content)
    assert recognize("huge.png") == 2
    assert "handwrite: huge.png: 20000 x 20000 pixels are too many" in said(capfdbinary)[0]


def test_images_of_other_kinds_are_read(recognize: Recognize, capfdbinary: Capture) -> None:
    grey = picture(bars())
    alpha = np.dstack([np.zeros((*grey.shape, 3), np.uint8), 255 - grey])
    deep = np.asarray(grey, np.uint16) * 257
    given = [save("alpha.png", alpha), save("deep.png", deep), save("light.png", 255 - grey), save("a.webp", grey)]
    assert recognize(*given) == 0
    assert [row.split("\t")[1] for row in capfdbinary.readouterr().out.decode().splitlines()] == [TEXT] * 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--level", "letter"], "--level letter: no such level; choose one of auto, page"),
        (["--decoder", "best"], "--decoder best: no such decoder"),
        (["--decoder", "lexicon"], "--decoder lexicon and --lexicon FILE go together"),
        (["--lexicon", "none.txt"], "cannot read none.txt"),
        (["--lexicon", "blank.txt"], "blank.txt: no words in it"),
        (["--lm", "none"], "--lm: the greedy decoder takes no language model"),
        (["--format", "doc"], "--format doc: no such format; use one of text, json"),
        (["--format", "svg", "b.png"], "--format svg: a file holds one image; name a folder"),
        (["-o", "a.doc"], "a.doc: no format of readings has the suffix"),
        (["-o", "a.xml"], "a.xml: both alto and page are XML; say which with --format"),
        (["-o", "nowhere/a.txt"], "no folder nowhere"),
        (["-o", "a.png", "--format", "json"], "-o: a.png is an input"),
        (["--format", "svg", "b.png", "-o", "blank.txt"], "-o blank.txt: a file holds one image in format svg"),
        (["--reject-below", "0.5"], "--reject-below P and --review DIR go together"),
        (["--review", "r"], "--reject-below P and --review DIR go together"),
        (["--reject-below", "80", "--review", "r"], "--reject-below 80: must be above 0 and at most 1"),
        (["--look-again-below", "1.5"], "--look-again-below 1.5: must be from 0 to 1"),
        (["--look-again-below", "nan"], "--look-again-below nan: must be from 0 to 1"),
        (["--device", "gpu"], "--device gpu: no such device"),
        (["--threads", "0"], "--threads 0: must be from 1"),
    ],
)
def test_wrong_use_is_one_line_and_makes_nothing(
    arguments: list[str], message: str, recognize: Recognize, capfdbinary: Capture
) -> None:
    save("a.png")
    Path("blank.txt").write_text("\n \n")
    assert recognize("a.png", *arguments) == 2
    (line,) = said(capfdbinary)
    assert line.startswith("handwrite: ")
    assert message in line
    assert files() == ["a.png", "blank.txt"]


def test_ink_in_a_folder_is_not_written_over(recognize: Recognize, capfdbinary: Capture) -> None:
    ink = encode(Page.around(Ink.from_strokes([[(0, 0), (0, 9)]]), margin=5), "json")
    Path("notes").mkdir()
    Path("notes/a.json").write_bytes(ink)
    assert recognize("notes/a.json", "-o", "notes", "--format", "json") == 2
    assert said(capfdbinary) == ["handwrite: -o: notes/a.json is an input; name another file or folder"]
    assert Path("notes/a.json").read_bytes() == ink


# Decoders, streaming, doubtful lines


def test_a_word_list_means_the_lexicon_decoder(
    recognize: Recognize, monkeypatch: pytest.MonkeyPatch, capfdbinary: Capture
) -> None:
    asked: list[dict[str, Any]] = []
    real = Recognizer.decoder

    def decoder(self: Recognizer, name: str, **options: Any) -> Any:
        asked.append({"name": name, **options})
        return real(self, "greedy")

    monkeypatch.setattr(Recognizer, "decoder", decoder)
    Path("words.txt").write_text("lll\n\n ll \n")
    assert recognize(save("a.png"), "--lexicon", "words.txt", "--lm", "none") == 0
    assert recognize("a.png", "--decoder", "beam") == 0
    assert asked == [
        {"name": "lexicon", "language_model": None, "words": ["lll", "ll"]},
        {"name": "beam", "language_model": "lm", "words": []},
    ]


@pytest.mark.parametrize("limit", ["MOST_IMAGES", "MOST_PIXELS"])
def test_readings_come_as_they_are_done_and_few_images_are_in_memory(
    limit: str, recognize: Recognize, monkeypatch: pytest.MonkeyPatch, capfdbinary: Capture
) -> None:
    events: list[str] = []

    def noted(event: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def note(*arguments: Any) -> Any:
            events.append(event)
            return call(*arguments)

        return note

    monkeypatch.setattr(command, "load", noted("read", images.load))
    monkeypatch.setattr(output, "deliver", noted("write", output.deliver))
    monkeypatch.setattr(command, limit, {"MOST_IMAGES": 2, "MOST_PIXELS": 2 * picture(bars()).size}[limit])
    given = [save(f"{number}.png") for number in range(5)]
    assert recognize(*given) == 0
    assert events == ["read"] * 3 + ["write"] * 2 + ["read"] * 2 + ["write"] * 3
    assert capfdbinary.readouterr().out.count(b"\n") == 5


def test_progress_of_many_images_is_on_stderr(recognize: Recognize, capfdbinary: Capture) -> None:
    for number in range(output.FEW_IMAGES + 1):
        save(f"many/{number}.png")
    Path("many/0.png").write_bytes(b"")
    assert recognize("many") == 1
    out, err = capfdbinary.readouterr()
    assert out.count(b"\n") == output.FEW_IMAGES
    assert err.decode().splitlines()[-1].startswith(f"reading: {output.FEW_IMAGES + 1} of")


def test_doubtful_lines_are_set_aside_as_training_takes_them(recognize: Recognize, capfdbinary: Capture) -> None:
    save("page.png", page())
    save("a/page.png", picture(bars([3])))
    save("sure.png")
    given = ["page.png", "a/page.png", "sure.png"]
    assert recognize(*given, "--reject-below", "0.9", "--review", "doubtful") == 0
    assert files("doubtful") == ["lines.tsv", "page-04.png", "page-2-01.png"]
    rows = Path("doubtful/lines.tsv").read_text().splitlines()
    assert rows == ["file\ttext\twriter\tsplit", "page-04.png\tllllll\t\ttrain", "page-2-01.png\tlll\t\ttrain"]
    told = "wrote 2 doubtful lines to doubtful/lines.tsv; correct their texts there"
    assert said(capfdbinary) == [told]
    samples = list(line_folder.read(Path("doubtful"), source="mine", level="line", progress=lambda share: None))
    assert [sample.text for sample in samples] == ["llllll", "lll"]  # type: ignore[union-attr]
    assert recognize("doubtful/page-04.png", "doubtful/page-2-01.png") == 0
    assert [row.split("\t")[1] for row in capfdbinary.readouterr().out.decode().splitlines()] == ["llllll", "lll"]


@pytest.mark.parametrize(
    ("options", "again"), [([], [3]), (["--look-again-below", "0"], []), (["--look-again-below", "1"], [3, 6])]
)
def test_doubtful_lines_are_looked_at_again(
    options: list[str], again: list[int], recognize: Recognize, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[list[int]] = []

    def log_probabilities(recognizer: Recognizer, lines: Sequence[Grey]) -> list[NDArray[np.float32]]:
        looked.append([line.shape[1] for line in lines])
        return [planted(line) for line in lines]

    monkeypatch.setattr(Recognizer, "log_probabilities", log_probabilities)
    save("a.png", picture(bars([3])))
    save("b.png", picture(bars([3, 3])))
    assert recognize("a.png", "b.png", *options) == 0
    first, *rest = looked
    second = {count: SECOND * width for count, width in zip((3, 6), first, strict=True)}
    assert [width for look in rest for width in look] == pytest.approx([second[count] for count in again], abs=1)


def test_a_folder_that_may_hold_work_is_not_touched(recognize: Recognize, capfdbinary: Capture) -> None:
    options = ["--reject-below", "0.9", "--review", "doubtful"]
    assert recognize(save("sure.png"), *options) == 0
    assert said(capfdbinary) == ["no line has a confidence below 0.9; nothing to review"]
    Path("doubtful/page-01.png").write_text("mine")
    assert recognize("sure.png", *options) == 2
    assert "--review doubtful: the folder is not empty; name a new one" in said(capfdbinary)[0]
    assert files("doubtful") == ["page-01.png"]


# The library


def test_the_package_of_its_name_is_called_as_the_function(weights: str) -> None:
    package: Any = importlib.import_module("handwrite.recognize")
    for recognize in (handwrite.recognize, package):
        reading = recognize(picture(bars()), decoder="greedy", weights=weights)
        assert isinstance(reading, handwrite.Reading)
        assert reading.text == TEXT
    assert handwrite.recognize(save("a.png"), decoder="greedy", weights=weights).text == TEXT
