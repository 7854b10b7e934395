"""Where results go: targets, numbered pages, and files that appear whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from handwrite.cli.output import (
    EachTarget,
    Formats,
    Target,
    deliver,
    deliver_each,
    deliver_pages,
    deliver_whole,
    each_target,
    numbered,
    target,
)
from handwrite.cli.recognize import SUFFIXES
from handwrite.errors import InputError, OptionError
from handwrite.formats.reading_formats import JOINABLE, reading_format_of

Capture = pytest.CaptureFixture[bytes]


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)


def aim(output: str | None, form: str | None = None) -> Target:
    return target(None if output is None else Path(output), form, stem="handwriting", default="svg")


@pytest.mark.parametrize(
    ("output", "form", "expected"),
    [
        (None, None, (None, "svg")),
        (None, "pdf", (None, "pdf")),
        ("-", None, (None, "svg")),
        ("-", "json", (None, "json")),
        ("a.PNG", None, (Path("a.PNG"), "png")),
        ("a.nc", None, (Path("a.nc"), "gcode")),
        ("a.png", "inkml", (Path("a.png"), "inkml")),
        ("a", "gcode", (Path("a"), "gcode")),
    ],
)
def test_targets(output: str | None, form: str | None, expected: tuple[Path | None, str]) -> None:
    assert aim(output, form) == expected


def test_on_a_terminal_the_file_has_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch)
    assert aim(None) == (Path("handwriting.svg"), "svg")
    assert aim(None, "pdf") == (Path("handwriting.pdf"), "pdf")
    assert aim("-") == (None, "svg")


@pytest.mark.parametrize(
    ("output", "form", "error", "message"),
    [
        ("a.doc", None, OptionError, r"a\.doc: no ink format has the suffix '\.doc'; use one of \.svg, "),
        ("a", None, OptionError, r"a: no ink format has the suffix '\(none\)'"),
        ("a.svg", "SVG+", OptionError, r"--format SVG\+: no such format; use one of svg, png, pdf, gcode, json"),
        ("nowhere/a.svg", None, InputError, "no folder nowhere"),
        ("folder", "svg", InputError, "folder: it is a folder"),
    ],
)
def test_bad_targets(output: str, form: str | None, error: type[Exception], message: str) -> None:
    Path("folder").mkdir()
    with pytest.raises(error, match=message):
        aim(output, form)


def test_a_file_is_named_and_stdout_is_not(capfdbinary: Capture) -> None:
    deliver(b"one", Path("a.svg"))
    deliver(b"two", None)
    deliver_whole(lambda stream: stream.writelines([b"three"]), None)
    assert Path("a.svg").read_bytes() == b"one"
    assert capfdbinary.readouterr() == (b"twothree", b"wrote a.svg\n")


def test_what_fails_half_way_leaves_the_old_file() -> None:
    def half(stream: IO[bytes]) -> None:
        stream.write(b"half")
        raise InputError("no more")

    Path("a.pdf").write_bytes(b"old")
    with pytest.raises(InputError, match="no more"):
        deliver_whole(half, Path("a.pdf"))
    assert [path.read_bytes() for path in Path().iterdir()] == [b"old"]


def test_a_page_keeps_its_name_and_several_are_numbered(capfdbinary: Capture) -> None:
    deliver_pages(iter([b"alone"]), Path("a.svg"))
    deliver_pages(iter([b"1", b"2", b"3"]), Path("b.c.svg"))
    deliver_pages(iter([b"1", b"2"]), Path("plain"))
    files = {path.name: path.read_bytes() for path in Path().iterdir()}
    letter = {f"b.c-{number}.svg": str(number).encode() for number in (1, 2, 3)}
    assert files == {"a.svg": b"alone", "plain-1": b"1", "plain-2": b"2"} | letter
    said = "wrote a.svg\nwrote b.c-1.svg to b.c-3.svg\nwrote plain-1 to plain-2\n"
    assert capfdbinary.readouterr().err.decode() == said


def test_numbers_stand_before_the_suffix() -> None:
    assert numbered(Path("folder/letter.svg"), 12) == Path("folder/letter-12.svg")


def test_pages_are_written_as_they_come() -> None:
    seen: list[list[str]] = []

    def pages() -> Iterator[bytes]:
        for number in range(4):
            seen.append(sorted(path.name for path in Path().iterdir()))
            yield str(number).encode()

    deliver_pages(pages(), Path("a.png"))
    assert seen == [[], [], ["a-1.png", "a-2.png"], ["a-1.png", "a-2.png", "a-3.png"]]


def test_stdout_holds_one_page(capfdbinary: Capture) -> None:
    deliver_pages(iter([b"alone"]), None)
    assert capfdbinary.readouterr().out == b"alone"
    with pytest.raises(OptionError, match=r"several pages, and stdout holds one; .*-o, or --format pdf"):
        deliver_pages(iter([b"1", b"2"]), None)
    assert capfdbinary.readouterr() == (b"", b"")


@pytest.mark.parametrize(("sink", "said"), [("/dev/full", "No space left on device; use -o FILE\n"), ("closed", "")])
def test_stdout_that_takes_nothing(sink: str, said: str) -> None:
    code = """
from handwrite.cli.output import deliver
from handwrite.errors import InputError
try:
    deliver(b"x" * 1_000_000, None)
except InputError as error:
    raise SystemExit(str(error))
except BrokenPipeError:
    pass
"""
    command = [sys.executable, "-c", code]
    if sink == "closed":
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
            assert done.stdout
            assert done.stderr
            assert done.stdout.read(1) == b"x"
            done.stdout.close()
            err = done.stderr.read()
    else:
        with open(sink, "wb") as full:
            err = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False).stderr
    assert err.decode() == (f"cannot write to stdout: {said}" if said else "")


# A result for each input

READINGS = Formats(SUFFIXES, JOINABLE, default="text", of=reading_format_of)


def aim_readings(output: str | None, form: str | None, paths: list[str], *, several: bool = False) -> EachTarget:
    path = None if output is None else Path(output)
    stems = [Path(name).stem for name in paths]
    return each_target(path, form, paths, formats=READINGS, stems=stems, several=several)


@pytest.mark.parametrize(
    ("output", "form", "several", "expected"),
    [
        (None, None, True, EachTarget("text")),
        ("-", "svg", False, EachTarget("svg")),
        ("a.txt", None, True, EachTarget("text", Path("a.txt"))),
        ("a.JSONL", None, True, EachTarget("json", Path("a.JSONL"))),
        ("a.xml", "alto", False, EachTarget("alto", Path("a.xml"))),
        ("out/deep", "page", True, EachTarget("page", files=[Path("out/deep/x.xml")])),
        ("all", None, True, EachTarget("text", Path("all"))),
        (".", None, False, EachTarget("text", files=[Path("x.txt")])),
        (".", "json", True, EachTarget("json", files=[Path("x.json")])),
    ],
)
def test_reading_targets(output: str | None, form: str | None, several: bool, expected: EachTarget) -> None:
    assert aim_readings(output, form, ["x.png"], several=several) == expected


def test_several_take_a_folder_and_no_file() -> None:
    assert aim_readings("both.d", "text", ["x.png"], several=True).file == Path("both.d")
    with pytest.raises(OptionError, match=r"-o both\.svg: a file holds one image in format svg; name a folder"):
        aim_readings("both.svg", None, ["x.png"], several=True)
    assert not Path("both.svg").exists()


def test_readings_are_not_written_over_their_inputs() -> None:
    Path("x.json").touch()
    Path("link.json").symlink_to("x.json")
    for output in ("x.json", "link.json", "."):
        with pytest.raises(OptionError, match=r"-o: .* is an input"):
            aim_readings(output, "json", ["./x.json"])


def test_results_are_written_as_they_come_and_a_common_file_when_it_is_whole(capfdbinary: Capture) -> None:
    goals = [
        EachTarget("json", Path("all.json")),
        EachTarget("svg", files=[Path(f"{number}.svg") for number in range(3)]),
    ]
    seen: list[list[str]] = []

    def results() -> Iterator[tuple[int, bytes]]:
        for number in (0, 2):
            yield number, str(number).encode()
            seen.append(sorted(path.name for path in Path().iterdir()))

    for goal in goals:
        deliver_each(results(), goal)
    assert seen == [[], [], ["0.svg", "all.json"], ["0.svg", "2.svg", "all.json"]]
    assert [Path(name).read_bytes() for name in seen[-1]] == [b"0", b"2", b"02"]
    deliver_each(results(), EachTarget("json"))
    assert capfdbinary.readouterr() == (b"02", b"wrote all.json\nwrote 2 files to .\n")


def test_a_single_file_in_a_folder_is_named_and_no_result_makes_no_file(capfdbinary: Capture) -> None:
    deliver_each([(1, b"one")], EachTarget("svg", files=[Path("a.svg"), Path("b.svg")]))
    deliver_each([], EachTarget("svg", Path("none.svg")))
    assert [path.name for path in Path().iterdir()] == ["b.svg"]
    assert capfdbinary.readouterr().err == b"wrote b.svg\n"
