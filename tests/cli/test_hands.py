"""The hands that --style may name, and files of ink that cannot be gone on from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from handwrite.cli.app import run
from handwrite.cli.hands import chosen_hands, real_lines
from handwrite.core.ink import Ink, join
from handwrite.errors import InputError
from handwrite.synth.data import normalize_lines
from handwrite.synth.predict import Synthesizer

Capture = pytest.CaptureFixture[str]
Weights = Callable[..., str]
WriteInk = Callable[..., str]
ToyHand = Callable[..., Ink]

TEXT = "abc cab bca"


@pytest.fixture(autouse=True)
def folder(styles_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return styles_folder


def test_names_numbers_and_files(tiny_weights: Weights, write_ink: WriteInk, toy_hand: ToyHand) -> None:
    synthesizer = Synthesizer.load(tiny_weights(), device="cpu")
    path = write_ink("line.inkml", toy_hand(TEXT), TEXT)
    (default,) = chosen_hands(synthesizer, [])
    ben, ada, own = chosen_hands(synthesizer, ["1", "ada", path])
    assert [hand.name for hand in (default, ada, ben, own)] == ["ada", "ada", "ben", path]
    assert [hand.prime is None for hand in (default, ada, ben, own)] == [True, True, True, False]
    assert own.prime
    assert synthesizer.alphabet.decode(own.prime.text) == f"{TEXT} "
    assert own.style.equal(synthesizer.net.writer.weight[0])


@pytest.mark.parametrize("suffix", ["json", "inkml", "JSON"])
def test_a_name_with_a_suffix_is_a_file(
    suffix: str, tiny_weights: Weights, write_ink: WriteInk, toy_hand: ToyHand, tmp_path: Path
) -> None:
    synthesizer = Synthesizer.load(tiny_weights(), device="cpu")
    write_ink(f"ada.{suffix}", toy_hand(TEXT), TEXT)
    (hand,) = chosen_hands(synthesizer, [f"ada.{suffix}"])
    assert hand.prime
    Path("ada").mkdir()
    assert chosen_hands(synthesizer, ["ada"])[0].prime is None, "a folder of that name changes nothing"


def test_lines_of_several_files_are_of_one_hand(write_ink: WriteInk, toy_hand: ToyHand) -> None:
    """Sizes are made equal together: a word of low letters stays low beside one of high letters."""
    written = [(toy_hand(text, size=4), text) for text in ("aaa cc", "bbb bb")]
    paths = [Path(write_ink(f"{text[0]}.json", ink, text)) for ink, text in written]
    lines = real_lines(paths)
    together = normalize_lines(written, name="both")
    heights = [line.ink.bounds[3] - line.ink.bounds[1] for line in lines]
    for line, expected in zip(lines, together, strict=True):
        assert line.text == expected.text
        np.testing.assert_allclose(line.ink.points, expected.ink.points, atol=1e-3)
    alone = [real_lines([path])[0].ink.bounds for path in paths]
    assert heights[1] / heights[0] > 1.6
    assert (alone[1][3] - alone[1][1]) / (alone[0][3] - alone[0][1]) < 1.3


def test_of_several_files_the_bad_one_is_told(write_ink: WriteInk, toy_hand: ToyHand) -> None:
    good, bad = write_ink("a.json", toy_hand("abc"), "abc"), write_ink("b.inkml", toy_hand("abc"), "")
    with pytest.raises(InputError, match=r"a\.json to b\.inkml, line 2: the ink has no text"):
        real_lines([Path(good), Path(bad)])


@pytest.fixture
def bad_files(tmp_path: Path, write_ink: WriteInk, toy_hand: ToyHand) -> None:
    """One file for each kind of ink that cannot be gone on from."""
    line = toy_hand(TEXT)
    timeless = Ink.from_strokes([stroke[:, :2] for stroke in line.strokes()])
    two = join([line, line.moved(0, 80)], pause=0.4)
    for name, ink, text in [
        ("silent.json", line, ""),
        ("silent.inkml", line, " "),
        ("timeless.json", timeless, TEXT),
        ("timeless.inkml", timeless, TEXT),
        ("two-texts.json", line, "abc\ncab"),
        ("two-lines.inkml", two, f"{TEXT} {TEXT}"),
        ("strange.json", line, "abc CAB ж"),
        ("long.json", toy_hand("abc " * 30), "abc " * 30),
        ("short.json", line, "a"),
        ("wrong-text.json", line, "ab " * 40),
        ("empty.json", Ink.from_strokes([]), TEXT),
    ]:
        write_ink(name, ink, text)
    (tmp_path / "shopping.json").write_text('["milk", "bread"]')
    (tmp_path / "torn.json").write_text('{"format": "handwrite-ink", ')
    (tmp_path / "page.inkml").write_text("<html></html>")
    (tmp_path / "notes.txt").write_text("abc")
    (tmp_path / "drawing.svg").write_text("<svg/>")
    (tmp_path / "folder.json").mkdir()


@pytest.mark.parametrize(
    ("style", "message"),
    [
        ("silent.json", "silent.json: the ink has no text"),
        ("silent.inkml", "silent.inkml: the ink has no text"),
        ("timeless.json", "timeless.json: the ink has no times"),
        ("timeless.inkml", "timeless.inkml: the ink has no times"),
        ("two-texts.json", "two-texts.json: the text has several lines"),
        ("two-lines.inkml", "two-lines.inkml: the ink has several lines"),
        ("strange.json", "strange.json: the model does not know A B C ж; give a line without"),
        ("long.json", "long.json: 119 characters are too many to go on from; give 80 at most"),
        ("short.json", "short.json: 'a' is too short"),
        ("wrong-text.json", "wrong-text.json: 0.012 s of writing a character"),
        ("empty.json", "empty.json: the ink has no times"),
        ("shopping.json", "shopping.json: JSON, but not ink"),
        ("torn.json", "torn.json: not JSON"),
        ("page.inkml", "page.inkml: XML, but not InkML"),
        ("notes.txt", "notes.txt: ink can be read from json and inkml alone"),
        ("drawing.svg", "drawing.svg: ink can be read from json and inkml alone"),
        ("folder.json", "cannot read folder.json: Is a directory"),
        ("nowhere.json", "cannot read nowhere.json: No such file"),
        (f"{'a' * 300}.json", "File name too long"),
        ("nobody", "style nobody: no such style; there are 0 ada, 1 ben"),
        ("2", "style 2: no such style"),
        ("-1", "style -1: no such style"),
        ("", "style : no such style"),
    ],
)
def test_a_style_that_is_none_is_one_line(
    style: str, message: str, bad_files: None, tiny_weights: Weights, tmp_path: Path, capsys: Capture
) -> None:
    weights = tiny_weights()
    before = sorted(tmp_path.iterdir())
    assert run(["synth", "abc", "--weights", weights, "--style", "ada", "--style", style, "-o", "out.svg"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("handwrite: ")
    assert message in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_ink_is_gone_on_from(tiny_weights: Weights, write_ink: WriteInk, toy_hand: ToyHand, capsys: Capture) -> None:
    """The same text and seed come out otherwise after other ink, and the same after the same."""
    weights = tiny_weights()
    one = write_ink("one.json", toy_hand(TEXT), TEXT)
    same = write_ink("same.inkml", toy_hand(TEXT), TEXT)
    other = write_ink("other.json", toy_hand(TEXT[::-1]), TEXT[::-1])
    strokes = []
    for style in (one, same, other):
        command = ["synth", "abc", "--weights", weights, "--style", style, "--seed", "3", "-o", "out.json"]
        assert run(command) == 0
        document = json.loads(Path("out.json").read_text("utf-8"))
        strokes.append(document["strokes"])
        assert (document["text"], document["style"]) == ("abc", style)
    assert strokes[0] == strokes[1] != strokes[2]
