"""`handwrite synth` with a synthesizer that draws one stroke a character: texts in, files and messages out."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from handwrite.cli.app import run
from handwrite.core.ink import Ink, join

Capture = pytest.CaptureFixture[bytes]


@dataclass
class Line:
    ink: Ink
    text: str
    problems: list[str] = field(default_factory=list)


class Synthesizer:
    """Says how it was called in `calls`; knows every character but £."""

    calls: list[dict[str, Any]]
    styles = 3

    @classmethod
    def load(cls, weights: str, **options: Any) -> Synthesizer:
        cls.calls.append({"weights": weights, **options})
        return cls()

    def prepare(self, text: str) -> tuple[list[str], dict[str, str]]:
        return text.replace("£", "L").splitlines(), {"£": "L"} if "£" in text else {}

    def write(self, lines: Sequence[str], **options: Any) -> list[Line]:
        self.calls.append({"lines": list(lines), **options})
        return [
            Line(_ink(line, options["seed"]), line, ["a letter is missing"] if "!" in line else []) for line in lines
        ]


def _ink(text: str, seed: int) -> Ink:
    return Ink.from_strokes([[(9 * i, 0, i), (9 * i + 3, 20 + seed % 7, i + 0.5)] for i in range(len(text))])


def _stack(lines: Sequence[Line]) -> Ink:
    return join([line.ink.moved(0, 40 * row) for row, line in enumerate(lines)])


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """The fake in place of the model, in an empty folder; gives what it is called with."""
    predict = ModuleType("handwrite.synth.predict")
    predict.Synthesizer, predict.stack, predict.Line = Synthesizer, _stack, Line  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "handwrite.synth.predict", predict)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Synthesizer, "calls", [], raising=False)
    return Synthesizer.calls


def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)


def test_piped_it_writes_svg_to_stdout_and_the_rest_to_stderr(capfdbinary: Capture, tmp_path: Path) -> None:
    assert run(["synth", "Hello", "--seed", "5"]) == 0
    out, err = capfdbinary.readouterr()
    assert b"<svg" in out
    assert err == b""
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_it_writes_a_file_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: Capture, tmp_path: Path
) -> None:
    terminal(monkeypatch)
    assert run(["synth", "Hello", "--seed", "5"]) == 0
    out, err = capfdbinary.readouterr()
    assert (out, err) == (b"", b"wrote handwriting.svg\n")
    assert "<svg" in (tmp_path / "handwriting.svg").read_text()


def test_on_a_terminal_a_dash_means_stdout(monkeypatch: pytest.MonkeyPatch, capfdbinary: Capture) -> None:
    terminal(monkeypatch)
    assert run(["synth", "Hello", "-o", "-", "--format", "json"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["format"] == "handwrite-ink"


@pytest.mark.parametrize(
    ("options", "start"),
    [
        (["-o", "a.png"], b"\x89PNG"),
        (["-o", "a.json"], b"{"),
        (["-o", "a.data", "--format", "png"], b"\x89PNG"),
        (["-o", "a.png", "--format", "json"], b"{"),
    ],
)
def test_the_suffix_says_the_format_and_format_overrides(options: list[str], start: bytes) -> None:
    assert run(["synth", "Hello", *options]) == 0
    assert Path(options[1]).read_bytes().startswith(start)


def test_options_reach_the_model(calls: list[dict[str, Any]]) -> None:
    options = ["--bias", "1.5", "--style", "2", "--seed", "7", "--threads", "1", "--device", "cpu", "--weights", "w"]
    assert run(["synth", "a\n\nb", *options, "-o", "a.json"]) == 0
    assert calls == [
        {"weights": "w", "device": "cpu", "threads": 1},
        {"lines": ["a", "", "b"], "bias": 1.5, "style": 2, "seed": 7},
    ]


def test_the_file_tells_how_it_was_made() -> None:
    assert run(["synth", "£5", "--seed", "7", "--style", "1", "-o", "a.json"]) == 0
    document = json.loads(Path("a.json").read_text())
    assert document["text"] == "L5"
    flat = document | document.get("metadata", {})
    assert (flat["seed"], flat["bias"], flat["style"]) == (7, 0.75, 1)


def test_a_fresh_seed_is_named_stored_and_gives_the_same_again(
    capfdbinary: Capture, calls: list[dict[str, Any]]
) -> None:
    assert run(["synth", "Hello", "-o", "a.json"]) == 0
    seed = calls[-1]["seed"]
    assert f"--seed {seed} ".encode() in capfdbinary.readouterr().err
    assert run(["synth", "Hello", "-o", "b.json", "--seed", str(seed)]) == 0
    assert Path("a.json").read_bytes() == Path("b.json").read_bytes()
    assert run(["synth", "Hello", "-o", "c.json"]) == 0
    assert calls[-1]["seed"] != seed


def test_text_comes_from_a_file_or_stdin(monkeypatch: pytest.MonkeyPatch, calls: list[dict[str, Any]]) -> None:
    Path("letter.txt").write_bytes("\ufeffDear é,\n\nhello\n".encode())
    assert run(["synth", "--file", "letter.txt", "-o", "a.json"]) == 0
    assert calls[-1]["lines"] == ["Dear é,", "", "hello"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("naïve\n".encode())))
    assert run(["synth", "-", "-o", "a.json"]) == 0
    assert calls[-1]["lines"] == ["naïve"]


def test_the_name_of_a_file_as_text_gets_a_hint(capfdbinary: Capture, calls: list[dict[str, Any]]) -> None:
    Path("letter.txt").write_text("Dear")
    assert run(["synth", "letter.txt", "--seed", "1", "-o", "a.json"]) == 0
    assert calls[-1]["lines"] == ["letter.txt"]
    assert b"--file letter.txt" in capfdbinary.readouterr().err


def test_replaced_characters_and_problems_are_named(capfdbinary: Capture) -> None:
    assert run(["synth", "£5\nwell!", "--seed", "1", "-o", "a.json"]) == 0
    assert capfdbinary.readouterr().err.decode().splitlines() == [
        "warning: the model does not know some characters; replaced '£' by 'L'",
        "warning: line 2: a letter is missing",
        "wrote a.json",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "TEXT"),
        (["Hello", "--file", "letter.txt"], "TEXT"),
        ([""], "no text"),
        ([" \n\t"], "no text"),
        (["--file", "letter.txt"], "letter.txt"),
        (["--file", "latin.txt"], "not UTF-8"),
        (["--file", "empty.txt"], "empty.txt: no text"),
        (["Hello", "--bias", "-0.1"], "--bias -0.1"),
        (["Hello", "--bias", "nan"], "--bias nan"),
        (["Hello", "--bias", "inf"], "--bias inf"),
        (["Hello", "--bias", "much"], "--bias"),
        (["Hello", "--style", "3"], "--style 3"),
        (["Hello", "--style", "-1"], "0 to 2"),
        (["Hello", "--seed", "-1"], "--seed -1"),
        (["Hello", "--threads", "0"], "--threads 0"),
        (["Hello", "--device", "abacus"], "--device abacus"),
        (["Hello", "--format", "doc"], "--format doc"),
        (["Hello", "-o", "a.doc"], "a.doc"),
        (["Hello", "-o", "nowhere/a.svg"], "no folder nowhere"),
        (["Hello", "-o", "folder", "--format", "svg"], "folder"),
        (["Hello", "-o", "/dev/full", "--format", "svg"], "/dev/full"),
    ],
)
def test_wrong_use_is_one_line_and_writes_nothing(
    arguments: list[str], says: str, capfdbinary: Capture, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin.txt").write_bytes("é".encode("latin-1"))
    (tmp_path / "empty.txt").write_bytes(b"\n")
    before = sorted(tmp_path.rglob("*"))
    seed = [] if "--seed" in arguments else ["--seed", "1"]
    assert run(["synth", *arguments, *seed]) == 2
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.startswith(b"handwrite: ")
    assert says in err.decode()
    assert err.count(b"\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_failed_write_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    old = tmp_path / "a.svg"
    old.write_text("old")
    monkeypatch.setattr(Path, "write_bytes", full)
    assert run(["synth", "Hello", "-o", "a.svg"]) == 2
    monkeypatch.undo()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_full_stdout_is_one_line() -> None:
    code = """
from handwrite.cli import synth
from handwrite.errors import InputError
try:
    synth._to_stdout(b"x" * 100_000)
except InputError as error:
    raise SystemExit(str(error))
"""
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.stderr == b"cannot write to stdout: No space left on device; use -o FILE\n"
