"""`handwrite styles` with a tiny network: the list, the sheet, and a hand of one's own from its ink to writing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from handwrite.cli.app import run
from handwrite.core.ink import Ink
from handwrite.synth import adapt
from handwrite.synth.predict import Synthesizer

Capture = pytest.CaptureFixture[str]
Weights = Callable[..., str]
WriteInk = Callable[..., str]
ToyHand = Callable[..., Ink]

TEXTS = ("abc cab", "bca abba")


@pytest.fixture(autouse=True)
def folder(styles_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return styles_folder


@pytest.fixture
def lines(write_ink: WriteInk, toy_hand: ToyHand) -> list[str]:
    """Two lines of one hand, in both formats that can be read."""
    for name, text in zip(("one.json", "two.inkml"), TEXTS, strict=True):
        write_ink(name, toy_hand(text), text)
    return ["one.json", "two.inkml"]


def styles(weights: str, *arguments: str) -> int:
    return run(["styles", "--weights", weights, *arguments])


def add(weights: str, *arguments: str) -> int:
    return run(["styles", "add", "--weights", weights, *arguments])


def written(weights: str, style: str, *options: str) -> dict[str, Any]:
    """The document of a text in a style."""
    command = ["synth", "abc cab", "--weights", weights, "--style", style, "--seed", "1", "-o", "out.json"]
    assert run([*command, *options]) == 0
    document: dict[str, Any] = json.loads(Path("out.json").read_text("utf-8"))
    return document


def test_the_list(tiny_weights: Weights, capsys: Capture) -> None:
    assert styles(tiny_weights()) == 0
    out, err = capsys.readouterr()
    assert [row.split(maxsplit=2) for row in out.splitlines()] == [
        ["0", "ada", "the weights, the default"],
        ["1", "ben", "the weights"],
    ]
    assert err == ""


def test_a_hand_of_ones_own(tiny_weights: Weights, lines: list[str], folder: Path, capsys: Capture) -> None:
    weights = tiny_weights()
    assert add(weights, "mine", *lines) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert f'kept as {folder}/mine.json; write with it: handwrite synth "..." --style mine' in err
    assert "learning the hand: 100%" in err
    kept = json.loads((folder / "mine.json").read_text("utf-8"))
    assert kept["texts"] == list(TEXTS)
    mine = written(weights, "mine")
    assert mine["style"] == "mine"
    assert mine["strokes"] == written(weights, "mine")["strokes"] != written(weights, "ada")["strokes"]


def test_what_is_kept_was_fitted_to_the_lines(
    tiny_weights: Weights, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def fit(net: Any, given: Any, *, report: Any, **options: Any) -> Any:
        asked.append({"texts": [line.text for line in given], **options})
        report(adapt.STEPS)
        return np.array([0.25, -1, 2, 0], np.float32)

    monkeypatch.setattr(adapt, "fit_style", fit)
    weights = tiny_weights()
    assert add(weights, "mine", *lines) == 0
    synthesizer = Synthesizer.load(weights, device="cpu")
    own = {"alphabet": synthesizer.alphabet, "statistics": synthesizer.statistics}
    assert asked == [{"texts": list(TEXTS), **own}]
    assert synthesizer.hand("mine").style.tolist() == [0.25, -1, 2, 0]


def test_the_list_tells_of_ones_own_hands(tiny_weights: Weights, lines: list[str], capsys: Capture) -> None:
    weights = tiny_weights()
    assert add(weights, "mine", "one.json") == 0
    assert add(weights, "Another-one_2", "two.inkml") == 0
    capsys.readouterr()
    assert styles(weights) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split() for row in rows[2:]] == [["Another-one_2", "two.inkml"], ["mine", "one.json"]]
    assert styles(weights, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found[0] == {"number": 0, "name": "ada", "usable": True, "from": "the weights"}
    assert found[-1] == {"number": None, "name": "mine", "usable": True, "from": "one.json"}


def test_a_hand_is_replaced_and_removed(tiny_weights: Weights, lines: list[str], folder: Path, capsys: Capture) -> None:
    weights = tiny_weights()
    for line in lines:
        assert add(weights, "mine", line) == 0
    assert json.loads((folder / "mine.json").read_text("utf-8"))["sources"] == ["two.inkml"]
    assert "mine.json instead of what was learned from one.json; write with it" in capsys.readouterr().err
    capsys.readouterr()
    assert run(["styles", "remove", "mine"]) == 0
    assert capsys.readouterr() == ("", "removed mine\n")
    assert list(folder.iterdir()) == []
    assert run(["synth", "a", "--weights", weights, "--style", "mine", "-o", "a.svg"]) == 2
    assert "style mine: no such style; there are 0 ada, 1 ben\n" in capsys.readouterr().err


def test_after_other_weights_a_hand_is_to_be_added_again(
    tiny_weights: Weights, lines: list[str], tmp_path: Path, capsys: Capture
) -> None:
    assert add(tiny_weights("old"), "mine", "one.json") == 0
    new = tiny_weights("new", seed=1)
    capsys.readouterr()
    assert run(["synth", "abc", "--weights", new, "--style", "mine", "-o", "a.svg"]) == 2
    told = "style mine: it was fitted for other weights; add it again: handwrite styles add mine one.json"
    assert capsys.readouterr() == ("", f"handwrite: {told}\n")
    assert not (tmp_path / "a.svg").exists()
    assert styles(new) == 0
    assert "mine             one.json; not for these weights, add it again" in capsys.readouterr().out
    assert styles(new, "--json") == 0
    assert [style["usable"] for style in json.loads(capsys.readouterr().out)] == [True, True, False]
    assert add(new, "mine", "one.json") == 0
    assert written(new, "mine")["style"] == "mine"


def test_a_damaged_hand_hinders_no_other(
    tiny_weights: Weights, lines: list[str], folder: Path, capsys: Capture
) -> None:
    weights = tiny_weights()
    assert add(weights, "mine", "one.json") == 0
    (folder / "torn.json").write_text("{")
    assert written(weights, "mine")["style"] == "mine"
    capsys.readouterr()
    assert styles(weights) == 0
    assert "torn             a damaged file; not for these weights, add it again" in capsys.readouterr().out
    assert run(["synth", "abc", "--weights", weights, "--style", "torn", "-o", "a.svg"]) == 2
    err = capsys.readouterr().err
    assert "torn.json: not a style, or damaged; add the style torn again" in err
    assert err.count("\n") == 1


def sheet(weights: str, *options: str) -> Any:
    assert styles(weights, "-o", "sheet.png", *options) == 0
    picture = cv2.imread("sheet.png", cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture


def test_the_sheet_draws_each_hand_that_can_be_used(
    tiny_weights: Weights, lines: list[str], folder: Path, capsys: Capture
) -> None:
    weights = tiny_weights()
    two = sheet(weights, "--text", "abc")
    out, err = capsys.readouterr()
    assert err == "wrote sheet.png\n"
    assert out.count("\n") == 2
    assert (two < 128).any()
    assert np.array_equal(two, sheet(weights, "--text", "abc"))
    assert not np.array_equal(two, sheet(weights, "--text", "cba"))
    folder.mkdir(parents=True)
    (folder / "torn.json").write_text("{")
    assert np.array_equal(two, sheet(weights, "--text", "abc"))
    assert add(weights, "mine", "one.json") == 0
    three = sheet(weights, "--text", "abc")
    assert len(three) > len(two)
    assert np.array_equal(three[: len(two)], two)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "7", "one.json"], "style name 7: numbers mean styles of the weights"),
        (["add", "٣", "one.json"], "numbers mean styles of the weights"),
        (["add", "a b", "one.json"], "style name 'a b': use letters"),
        (["add", "../me", "one.json"], "style name '../me': use letters"),
        (["add", "", "one.json"], "style name '': use letters"),
        (["add", "a" * 65, "one.json"], "64 at most"),
        (["add", "ada", "one.json"], "style ada: the weights have one of that name; choose another"),
        (["add", "mine"], "FILE..."),
        (["add"], "NAME"),
        (["add", "mine", "nowhere.json"], "cannot read nowhere.json"),
        (["add", "mine", "one.json", "notes.txt"], "notes.txt: not an image, or damaged"),
        (["add", "mine", "silent.json"], "silent.json: the ink has no text"),
        (["add", "mine", "strange.json"], "the model does not know ж"),
        (["add", "mine", "one.json", "--threads", "0"], "--threads 0: must be from 1"),
        (["add", "mine", "one.json", "--threads", "100000"], "--threads 100000: must be from 1"),
        (["add", "mine", "one.json", "--device", "abacus"], "--device abacus: no such device"),
        (["add", "mine", "one.json", "--weights", "none"], "none: no such weights"),
        (["remove", "mine"], "style mine: you have none of that name; see `handwrite styles`"),
        (["remove", "ada"], "style ada: you have none of that name"),
        (["remove", "3"], "style name 3: numbers mean styles of the weights"),
        (["remove", "../one"], "style name '../one'"),
        (["remove"], "NAME"),
        (["nonsense"], "nonsense"),
        (["-o", "sheet.svg"], "sheet.svg: the sheet is a PNG"),
        (["-o", "-"], "--output -: the sheet is a PNG"),
        (["-o", "nowhere/sheet.png"], "no folder nowhere"),
        (["-o", "sheet.png", "--text", " "], "no text to write"),
        (["-o", "sheet.png", "--text", "ab\nc"], "--text: give one line"),
        (["--threads", "0"], "--threads 0"),
        (["--device", "abacus"], "--device abacus"),
        (["--weights", "none"], "none: no such weights"),
    ],
)
def test_wrong_use_is_one_line_and_keeps_nothing(
    arguments: list[str],
    message: str,
    tiny_weights: Weights,
    lines: list[str],
    write_ink: WriteInk,
    toy_hand: ToyHand,
    folder: Path,
    tmp_path: Path,
    capsys: Capture,
) -> None:
    weights = tiny_weights()
    write_ink("silent.json", toy_hand("abc"), "")
    write_ink("strange.json", toy_hand("abc"), "abж")
    (tmp_path / "notes.txt").write_text("abc")
    named = [] if "--weights" in arguments or arguments[0] == "remove" else ["--weights", weights]
    command, *rest = arguments
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    own = [command, *named, *rest] if command in ("add", "remove") else [*named, *arguments]
    assert run(["styles", *own]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("handwrite: ")
    assert message in err
    assert err.count("\n") == 1
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == files


def test_no_hand_is_learned_for_a_folder_that_cannot_be(
    tiny_weights: Weights, lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    Path("taken").write_text("a file")
    monkeypatch.setenv("HANDWRITE_STYLES", "taken")
    monkeypatch.setattr(adapt, "fit_style", lambda *arguments, **options: pytest.fail("learned in vain"))
    assert add(tiny_weights(), "mine", "one.json") == 2
    assert capsys.readouterr().err.startswith("handwrite: cannot make folder taken: ")
