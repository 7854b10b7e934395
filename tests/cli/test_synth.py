"""`handwrite synth` with a synthesizer that draws one stroke a character: texts in, files and messages out."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import pypdfium2
import pytest
import torch

from handwrite import formats
from handwrite.cli.app import run
from handwrite.cli.synth import FEW_PIECES, MOST_WARNINGS
from handwrite.core.ink import Ink
from handwrite.errors import OptionError
from handwrite.formats import FORMATS
from handwrite.formats.gcode import GcodeSettings
from handwrite.formats.look import Look
from handwrite.synth import layout as layout_module
from handwrite.synth import predict
from handwrite.synth.data import Line as RealLine
from handwrite.synth.hands import Hand
from handwrite.synth.layout import PageFormat
from handwrite.synth.predict import Line, Order, Report
from handwrite.synth.words import Word

Capture = pytest.CaptureFixture[bytes]
Calls = list[dict[str, Any]]

SMALL = ["--page", "60x30"]
"""Two rows of a few words."""


class Synthesizer:
    """Says how it was called in `calls`; knows two hands and every character but £; never gets a ! right."""

    calls: Calls
    styles = ("ada", "ben")

    @classmethod
    def load(cls, weights: str, **options: Any) -> Synthesizer:
        cls.calls.append({"weights": weights, **options})
        return cls()

    def hand(self, style: str | None = None) -> Hand:
        if style not in (None, *self.styles):
            raise OptionError(f"style {style}: no such style; there are {', '.join(self.styles)}")
        return Hand(style or self.styles[0], torch.zeros(1))

    def primed(self, name: str, line: RealLine) -> Hand:
        return Hand(f"{name}: {line.text}", torch.zeros(1))

    def prepare(self, text: str) -> tuple[list[str], dict[str, str]]:
        return text.replace("£", "L").splitlines(), {"£": "L"} if "£" in text else {}

    def write(self, orders: Sequence[Order], *, seed: int, attempts: int, report: Report) -> Iterator[Line]:
        told = [(order.text, order.hand.name, order.bias) for order in orders]
        self.calls.append({"orders": told, "seed": seed, "attempts": attempts})
        for order in orders:
            words = tuple(_word(word, seed) for word in order.text.split())
            yield Line(order.text, words, (1,), True, 0.0, ("a letter is missing",) if "!" in order.text else ())
            report(1)


def _word(text: str, seed: int) -> Word:
    """A rising stroke for each character, as high as the seed says."""
    strokes = [[(i, 0, i), (i + 0.5, -1 - 0.1 * (seed % 7), i + 0.5)] for i in range(len(text))]
    return Word(text, Ink.from_strokes(strokes), space=1.5, pause=0.2)


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Calls:
    """The fake in place of the model, in an empty folder; gives what it is called with."""
    monkeypatch.setattr(predict, "Synthesizer", Synthesizer)
    monkeypatch.setattr(Synthesizer, "calls", [], raising=False)
    monkeypatch.chdir(tmp_path)
    return Synthesizer.calls


def synth(*arguments: str) -> int:
    """Run the command with a seed, so that it says nothing of a fresh one."""
    return run(["synth", *arguments, *([] if "--seed" in arguments else ["--seed", "1"])])


def said(capture: Capture) -> list[str]:
    return capture.readouterr().err.decode().splitlines()


def files() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)


# Where the result goes


def test_piped_it_writes_svg_to_stdout_and_the_rest_to_stderr(capfdbinary: Capture) -> None:
    assert synth("Hello") == 0
    out, err = capfdbinary.readouterr()
    assert b"<svg" in out
    assert err == b""
    assert files() == []


def test_on_a_terminal_it_writes_a_file_and_says_so(monkeypatch: pytest.MonkeyPatch, capfdbinary: Capture) -> None:
    terminal(monkeypatch)
    assert synth("Hello") == 0
    assert capfdbinary.readouterr() == (b"", b"wrote handwriting.svg\n")
    assert synth("Hello", "--format", "pdf") == 0
    assert files() == ["handwriting.pdf", "handwriting.svg"]


def test_on_a_terminal_a_dash_means_stdout(monkeypatch: pytest.MonkeyPatch, capfdbinary: Capture) -> None:
    terminal(monkeypatch)
    assert synth("Hello", "-o", "-", "--format", "json") == 0
    assert json.loads(capfdbinary.readouterr().out)["format"] == "handwrite-ink"
    assert files() == []


@pytest.mark.parametrize(
    ("options", "start"),
    [
        (["-o", "a.svg"], b"<?xml"),
        (["-o", "a.png"], b"\x89PNG"),
        (["-o", "a.pdf"], b"%PDF"),
        (["-o", "a.gcode"], b"; Handwriting"),
        (["-o", "a.nc"], b"; Handwriting"),
        (["-o", "a.json"], b"{"),
        (["-o", "a.inkml"], b"<?xml"),
        (["-o", "a.data", "--format", "png"], b"\x89PNG"),
        (["-o", "a.png", "--format", "json"], b"{"),
    ],
)
def test_the_suffix_says_the_format_and_format_overrides(options: list[str], start: bytes) -> None:
    assert synth("Hello", *options) == 0
    assert Path(options[1]).read_bytes().startswith(start)


# What reaches whom


def test_options_reach_the_model(calls: Calls) -> None:
    options = ["--bias", "1.5", "--style", "ben", "--seed", "7", "--threads", "1", "--device", "cpu", "--weights", "w"]
    assert synth("a\n\nb", *options, "--attempts", "3", "-o", "a.json") == 0
    orders = [("a", "ben", 1.5), ("", "ben", 1.5), ("b", "ben", 1.5)]
    assert calls == [{"weights": "w", "device": "cpu", "threads": 1}, {"orders": orders, "seed": 7, "attempts": 3}]


def test_what_is_not_given(calls: Calls) -> None:
    assert synth("a", "-o", "a.json") == 0
    assert calls[0] == {"weights": "synth", "device": "auto", "threads": None}
    assert calls[1]["orders"] == [("a", "ada", predict.DEFAULT_BIAS)]
    assert calls[1]["attempts"] == predict.ATTEMPTS


def test_paragraphs_take_styles_and_biases_in_turn(calls: Calls) -> None:
    options = ["--style", "ben", "--style", "ada", "--bias", "0", "--bias", "1", "--bias", "2"]
    assert synth("a\nb\n\nc\n\n\nd\n\ne", *options, "-o", "a.json") == 0
    turns = [order for order in calls[-1]["orders"] if order[0]]
    assert turns == [("a", "ben", 0), ("b", "ben", 0), ("c", "ada", 1), ("d", "ben", 2), ("e", "ada", 0)]
    document = json.loads(Path("a.json").read_text("utf-8"))
    assert (document["style"], document["bias"]) == (["ben", "ada"], [0, 1, 2])


LOOSE = PageFormat()
SIZES = ["--margin", "9", "--x-height", "2", "--line-spacing", "8", "--drift", "0.5"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], LOOSE),
        (["--page", "a4"], PageFormat(width=210, height=297)),
        (["--page", "120x80.5"], PageFormat(width=120, height=80.5)),
        (["--page", "Letter"], PageFormat(width=215.9, height=279.4)),
        (SIZES, PageFormat(margin=9, x_height=2, line_spacing=8, drift=0.5)),
        (["--align", "right"], PageFormat(align="right")),
        (["--page", "a5", "--ruling", "squared"], PageFormat(width=148, height=210, ruling="squared")),
    ],
)
def test_options_of_the_page_reach_the_layout(
    options: list[str], expected: PageFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[PageFormat, int]] = []
    real = layout_module.layout

    def spy(lines: Any, page_format: PageFormat, *, seed: int) -> Any:
        asked.append((page_format, seed))
        return real(lines, page_format, seed=seed)

    monkeypatch.setattr(layout_module, "layout", spy)
    assert synth("Hello", *options, "--seed", "7", "-o", "a.json") == 0
    assert asked == [(expected, 7)]


RED = Look(colour="red", background="#eee", width=0.8, pressure=0.5)
RED_OPTIONS = ["--colour", "red", "--background", "#eee", "--line-width", "0.8", "--pressure", "0.5"]


@pytest.mark.parametrize(
    ("form", "options", "expected"),
    [
        ("svg", [], {"look": Look()}),
        ("svg", RED_OPTIONS, {"look": RED}),
        ("svg", ["--color", "navy"], {"look": Look(colour="navy")}),
        ("svg", ["--animate"], {"look": Look(), "animate": True}),
        ("png", [*RED_OPTIONS, "--dpi", "72"], {"look": RED, "dots_per_inch": 72.0}),
        ("gcode", [], {"settings": GcodeSettings()}),
        (
            "gcode",
            ["--pen-up", "G0 Z5", "--pen-down", "G1 Z0 F600", "--feed", "800"],
            {"settings": GcodeSettings(pen_up="G0 Z5", pen_down="G1 Z0 F600", feed=800)},
        ),
        ("json", [], {}),
        ("inkml", [], {}),
    ],
)
def test_options_of_drawing_reach_the_format(
    form: str, options: list[str], expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def encode(page: Any, form: str, *, metadata: Any, **given: Any) -> bytes:
        asked.append((form, given))
        return b"drawn"

    monkeypatch.setattr(formats, "encode", encode)
    assert synth("Hello", *options, "-o", f"a.{form}") == 0
    assert asked == [(form, expected)]
    assert Path(f"a.{form}").read_bytes() == b"drawn"


def test_options_of_drawing_are_seen_in_the_files() -> None:
    assert synth("Hello", *RED_OPTIONS, "-o", "a.svg") == 0
    svg = Path("a.svg").read_text("utf-8")
    assert 'stroke="#ff0000"' in svg
    assert 'fill="#eeeeee"' in svg
    for option, mark in (("--animate", "@keyframes"), ("--plotter", 'stroke="#000000"')):
        assert mark not in svg
        assert synth("Hello", option, "-o", "b.svg") == 0
        assert mark in Path("b.svg").read_text("utf-8")
    assert synth("Hello", "--page", "254x127", "--dpi", "10", "--line-width", "5", *RED_OPTIONS[:2], "-o", "a.png") == 0
    picture = cv2.imread("a.png")
    assert picture is not None
    assert picture.shape == (50, 100, 3)
    blue, green, red = picture.reshape(-1, 3).astype(int).T
    assert (red > blue + 50).any()
    assert (blue == green).all()
    assert synth("Hello", "--pen-up", "G0 Z5", "--feed", "800", "-o", "a.gcode") == 0
    assert {"G0 Z5", "F800"} <= set(Path("a.gcode").read_text().split("\n"))


# What the files tell


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_tells_how_it_was_made(form: str) -> None:
    options = ["--seed", "7", "--style", "ben", "--bias", "1.5", "--weights", "own", "-o", f"a.{form}"]
    assert synth("Hello", *options) == 0
    if form == "pdf":
        told = pypdfium2.PdfDocument("a.pdf").get_metadata_value("Subject")
    else:
        told = Path(f"a.{form}").read_bytes().decode("utf-8", "replace")
    for name, value in (("seed", "7"), ("bias", "1.5"), ("style", '"ben"'), ("weights", '"own"')):
        assert re.search(f'{name}"?>?: ?{value}|{name}">{value}', told.replace("&quot;", '"')), name


def test_ink_files_hold_the_text_as_written_and_plain_values() -> None:
    assert synth("£5\n\nb", "--seed", "7", "--style", "ben", "-o", "a.json") == 0
    document = json.loads(Path("a.json").read_text("utf-8"))
    assert document["text"] == "L5\n\nb"
    assert [document[name] for name in ("seed", "bias", "style", "weights")] == [7, 0.75, "ben", "synth"]


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_seed_gives_the_same_bytes(form: str) -> None:
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        assert synth("Hello there", *SMALL, "--seed", seed, "-o", f"{name}.{form}") == 0
    one, two, other = (Path(f"{name}.{form}").read_bytes() for name in "abc")
    assert one == two != other


def test_a_fresh_seed_is_named_stored_and_gives_the_same_again(capfdbinary: Capture, calls: Calls) -> None:
    assert run(["synth", "Hello", "-o", "a.json"]) == 0
    seed = calls[-1]["seed"]
    assert f"--seed {seed} " in said(capfdbinary)[0]
    assert run(["synth", "Hello", "-o", "b.json", "--seed", str(seed)]) == 0
    assert Path("a.json").read_bytes() == Path("b.json").read_bytes()
    assert run(["synth", "Hello", "-o", "c.json"]) == 0
    assert calls[-1]["seed"] != seed


# Pages


def test_several_pages_are_numbered(capfdbinary: Capture) -> None:
    text = "one two\nthree\nfour\n\nfive"
    assert synth(text, *SMALL, "-o", "out.json") == 0
    assert files() == ["out-1.json", "out-2.json", "out-3.json"]
    assert said(capfdbinary) == ["wrote out-1.json to out-3.json"]
    texts = [json.loads(Path(name).read_text("utf-8"))["text"] for name in files()]
    assert texts == ["one two\nthree", "four\n", "five"]


def test_one_page_keeps_its_name(capfdbinary: Capture) -> None:
    assert synth("one\ntwo", *SMALL, "-o", "out.svg") == 0
    assert files() == ["out.svg"]
    assert said(capfdbinary) == ["wrote out.svg"]
    assert 'viewBox="0 0 60 30"' in Path("out.svg").read_text("utf-8")


def test_without_a_page_the_sheet_grows() -> None:
    assert synth("\n".join(["one"] * 5), "-o", "few.json") == 0
    assert synth("\n".join(["one"] * 50), "-o", "many.json") == 0
    few, many = (json.loads(Path(name).read_text("utf-8"))["strokes"] for name in ("few.json", "many.json"))
    assert len(many) == 10 * len(few)
    assert max(y for stroke in many for _, y, _ in stroke) > 9 * max(y for stroke in few for _, y, _ in stroke)


def test_a_pdf_holds_all_pages(capfdbinary: Capture) -> None:
    assert synth("one two\nthree\nfour\n\nfive", *SMALL, "-o", "out.pdf") == 0
    assert said(capfdbinary) == ["wrote out.pdf"]
    document = pypdfium2.PdfDocument("out.pdf")
    assert len(document) == 3
    assert document[2].get_size() == pytest.approx((60 / 25.4 * 72, 30 / 25.4 * 72), abs=0.1)
    assert [document[index].get_textpage().get_text_range().split() for index in range(3)] == [
        ["one", "two", "three"],
        ["four"],
        ["five"],
    ]


def test_stdout_holds_one_page_or_a_pdf(capfdbinary: Capture) -> None:
    assert synth("one\ntwo\nthree", *SMALL, "-o", "-") == 2
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.startswith(b"handwrite: the text takes several pages, and stdout holds one; ")
    assert err.count(b"\n") == 1
    assert synth("one\ntwo\nthree", *SMALL, "--format", "pdf") == 0
    assert len(pypdfium2.PdfDocument(capfdbinary.readouterr().out)) == 2
    assert files() == []


def test_a_failed_write_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    Path("a.svg").write_text("old")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        assert synth("Hello", "-o", "a.svg") == 2
    assert [path.read_text() for path in Path().iterdir()] == ["old"]


# Text


def test_text_comes_from_a_file_or_stdin(monkeypatch: pytest.MonkeyPatch, calls: Calls) -> None:
    Path("letter.txt").write_bytes("\ufeffDear é,\r\n\r\nhello\n".encode())
    assert synth("--file", "letter.txt", "-o", "a.json") == 0
    assert [order[0] for order in calls[-1]["orders"]] == ["Dear é,", "", "hello"]
    for options in (["-"], ["--file", "-"]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("naïve\n".encode())))
        assert synth(*options, "-o", "a.json") == 0
        assert [order[0] for order in calls[-1]["orders"]] == ["naïve"]


def test_the_name_of_a_file_as_text_gets_a_hint(capfdbinary: Capture, calls: Calls) -> None:
    Path("letter.txt").write_text("Dear")
    assert synth("letter.txt", "-o", "a.json") == 0
    assert calls[-1]["orders"][0][0] == "letter.txt"
    assert "--file letter.txt" in said(capfdbinary)[0]
    assert synth("x" * 300, "-o", "a.json") == 0, "too long for the name of a file"


# What is said


def test_a_very_long_line_gets_a_hint_unless_it_is_wrapped(capfdbinary: Capture) -> None:
    assert synth("word" * 50, "-o", "a.svg") == 0
    assert said(capfdbinary) == ["a line of 200 characters becomes one long line; --page a4 wraps it", "wrote a.svg"]
    assert synth("word " * 40, "--page", "a4", "-o", "a.svg") == 0
    assert synth("word\n" * 40, "-o", "a.svg") == 0
    assert not any("long line" in line for line in said(capfdbinary))


def test_replaced_characters_and_problems_are_named(capfdbinary: Capture) -> None:
    assert synth("£5\nwell!", "-o", "a.json") == 0
    assert said(capfdbinary) == [
        "warning: some characters cannot be written; replaced '£' by 'L'",
        "warning: line 2: a letter is missing",
        "wrote a.json",
    ]


def test_warnings_have_an_end(capfdbinary: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handwrite.cli.synth.FEW_PIECES", 99)
    assert synth("\n".join(["a!"] * MOST_WARNINGS), "-o", "a.json") == 0
    assert len(said(capfdbinary)) == MOST_WARNINGS + 1
    assert synth("\n".join(["a!"] * (MOST_WARNINGS + 3)), "-o", "a.json") == 0
    *warnings, last, wrote = said(capfdbinary)
    assert warnings == [f"warning: line {number}: a letter is missing" for number in range(1, MOST_WARNINGS + 1)]
    assert last == "warning: and 3 more; another --seed or a higher --bias may do better"
    assert wrote == "wrote a.json"


def test_progress_is_shown_for_many_lines_alone(capfdbinary: Capture) -> None:
    assert synth("\n".join(["a"] * FEW_PIECES), "-o", "a.json") == 0
    assert said(capfdbinary) == ["wrote a.json"]
    many = FEW_PIECES + 1
    assert synth("\n".join(["a"] * many), "-o", "a.json") == 0
    assert said(capfdbinary) == [f"writing: {many} of {many} pieces, 0 s", "wrote a.json"]


# Wrong use


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "TEXT"),
        (["Hello", "--file", "letter.txt"], "TEXT"),
        (["Hello", "there"], "there"),
        ([""], "TEXT: no text"),
        ([" \n\t"], "TEXT: no text"),
        (["--file", "letter.txt"], "cannot read letter.txt: No such file"),
        (["--file", "folder"], "cannot read folder: Is a directory"),
        (["--file", "latin.txt"], "latin.txt: not UTF-8"),
        (["--file", "empty.txt"], "empty.txt: no text"),
        (["Hello", "--bias", "-0.1"], "--bias -0.1: must be a number of at least 0"),
        (["Hello", "--bias", "nan"], "--bias nan"),
        (["Hello", "--bias", "inf"], "--bias inf"),
        (["Hello", "--bias", "much"], "--bias"),
        (["Hello", "--bias", "1", "--bias", "-2", "--bias", "3"], "--bias -2"),
        (["Hello", "--bias", "1", "--bias", "nan"], "--bias nan"),
        (["Hello", "--style", "nobody"], "style nobody: no such style; there are ada, ben"),
        (["Hello", "--style", "ada", "--style", ""], "style : no such style"),
        (["Hello", "--style", "ink.json"], "cannot read ink.json"),
        (["Hello", "--seed", "-1"], "--seed -1: must be at least 0"),
        (["Hello", "--seed", str(2**63)], f"--seed {2**63}"),
        (["Hello", "--seed", "one"], "--seed"),
        (["Hello", "--threads", "0"], "--threads 0: must be from 1"),
        (["Hello", "--threads", "1000000"], "--threads 1000000: must be from 1"),
        (["Hello", "--device", "abacus"], "--device abacus: no such device"),
        (["Hello", "--format", "doc"], "--format doc: no such format"),
        (["Hello", "-o", "a.doc"], "a.doc: no ink format has the suffix '.doc'"),
        (["Hello", "-o", "a"], "a: no ink format has the suffix '(none)'"),
        (["Hello", "-o", "nowhere/a.svg"], "no folder nowhere"),
        (["Hello", "-o", "folder", "--format", "svg"], "folder: it is a folder"),
        (["Hello", "-o", "/dev/full", "--format", "svg"], "cannot write /dev/full"),
        (["Hello", "--page", "a9"], "page a9: no such paper; give a3, a4,"),
        (["Hello", "--page", "210"], "page 210: no such paper"),
        (["Hello", "--page", "-10x20"], "page -10x20: no such paper"),
        (["Hello", "--page", "nanxnan"], "page nanxnan: no such paper"),
        (["Hello", "--page", "5x5"], "page width 5 mm: must be from 10"),
        (["Hello", "--page", "20x20"], "page 20x20 mm: no room for a row"),
        (["Hello", "--page", "a6", "--margin", "60"], "no room for a row of writing between margins of 60 mm"),
        (["Hello", "--margin", "-1"], "margin -1 mm"),
        (["Hello", "--margin", "nan"], "margin nan mm"),
        (["Hello", "--margin", "0"], "margin 0 mm: a page around the ink needs some"),
        (["Hello", "--x-height", "0"], "x-height 0 mm"),
        (["Hello", "--line-spacing", "1"], "line spacing 1 mm"),
        (["Hello", "--align", "middle"], "align middle: no such choice"),
        (["Hello", "--ruling", "lined", "--page", "a4"], "ruling lined: no such choice"),
        (["Hello", "--ruling", "ruled"], "ruling ruled: there is no page to rule"),
        (["Hello", "--drift", "-1"], "drift -1"),
        (["Hello", "--colour", "blurple"], "colour 'blurple': no such colour"),
        (["Hello", "--color", "#12"], "colour '#12': no such colour"),
        (["Hello", "--background", "paper"], "background 'paper': no such colour"),
        (["Hello", "--pressure", "2"], "pressure 2: must be from 0 to 1"),
        (["Hello", "--line-width", "0"], "line width 0: must be above 0"),
        (["Hello", "--line-width", "nan"], "width nan"),
        (["Hello", "--dpi", "5", "-o", "a.png"], "--dpi 5: must be from 10 to 2400"),
        (["Hello", "--dpi", "2400", "--page", "a3", "-o", "a.png"], "2400 dots per inch: a page of 297 x 420 mm"),
        (["Hello", "--dpi", "300", "-o", "a.svg"], "--dpi: only for png, not for svg"),
        (["Hello", "--animate", "-o", "a.png"], "--animate: only for svg, not for png"),
        (["Hello", "--plotter", "-o", "a.gcode"], "--plotter: only for svg, not for gcode"),
        (["Hello", "--plotter", "--colour", "red"], "--plotter: draws single strokes alone; leave --colour out"),
        (["Hello", "--plotter", "--animate"], "--plotter: draws single strokes alone; leave --animate out"),
        (["Hello", "--colour", "red", "-o", "a.json"], "--colour: only for svg and png and pdf, not for json"),
        (["Hello", "--feed", "0", "-o", "a.gcode"], "feed 0: must be at least 1"),
        (["Hello", "--attempts", "0"], "--attempts 0: must be from 1 to 100"),
        (["Hello", "--feed", "900"], "--feed: only for gcode, not for svg"),
        (["Hello", "--pen-up", "", "-o", "a.gcode"], "pen up command ''"),
        (["Hello", "--pen-down", " ", "-o", "a.gcode"], "pen down command ' '"),
        (["Hello", "--nonsense"], "--nonsense"),
    ],
)
def test_wrong_use_is_one_line_and_writes_nothing(
    arguments: list[str], says: str, capfdbinary: Capture, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin.txt").write_bytes("é".encode("latin-1"))
    (tmp_path / "empty.txt").write_bytes(b"\n")
    before = sorted(tmp_path.rglob("*"))
    assert synth(*arguments) == 2
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.startswith(b"handwrite: ")
    assert says in err.decode()
    assert err.count(b"\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["--dpi", "5", "-o", "a.png"],
        ["--page", "a9"],
        ["--colour", "blurple"],
        ["--bias", "nan"],
        ["--ruling", "ruled"],
        ["-o", "nowhere/a.svg"],
        ["--seed", "-1"],
    ],
)
def test_nothing_is_loaded_nor_written_for_wrong_use(arguments: list[str], calls: Calls) -> None:
    """So that nobody waits for an answer; and no seed is named for what was never written."""
    assert run(["synth", "Hello", *arguments]) == 2
    assert not [call for call in calls if "orders" in call]


# The weights that come with the program


def test_the_weights_that_come_with_the_program_write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    out = tmp_path / "x.svg"
    assert run(["synth", "Hello", "--page", "a6", "--style", "1", "--seed", "1", "-o", str(out)]) == 0
    svg = out.read_text("utf-8")
    assert 'viewBox="0 0 105 148"' in svg
    assert "<title>Hello</title>" in svg
    assert svg.count("M") >= 2
