"""The command's root: quick help, one line for an error, the right exit status."""

from __future__ import annotations

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import typer

import handwrite
from handwrite.cli import app as root
from handwrite.cli.options import command_app
from handwrite.errors import InputError


def plant(monkeypatch: pytest.MonkeyPatch, raises: BaseException | None) -> None:
    """Make `handwrite planted` a command that raises."""
    command = command_app()

    @command.command()
    def planted() -> None:
        if raises is not None:
            raise raises

    monkeypatch.setitem(root.COMMANDS, "planted", "A planted command.")
    monkeypatch.setitem(sys.modules, "handwrite.cli.planted", SimpleNamespace(app=command))


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [[], ["--help"], *([name, "--help"] for name in root.COMMANDS)])
def test_help_is_quick_and_imports_no_torch(arguments: list[str]) -> None:
    code = f"""
import sys
from handwrite.cli.app import run
status = run({arguments})
print("torch" in sys.modules, file=sys.stderr)
sys.exit(status)
"""
    started = time.monotonic()
    done = python(code)
    elapsed = time.monotonic() - started
    assert (done.returncode, done.stderr) == (0, "False\n")
    assert "Usage: handwrite" in done.stdout
    assert elapsed < 2  # 0.05 s on a quiet machine; the limit stands for "no big import"


def test_the_library_imports_no_torch_until_asked() -> None:
    done = python("import sys, handwrite; dir(handwrite); print('torch' in sys.modules, handwrite.Ink.__name__)")
    assert done.stdout == "False Ink\n"


def test_an_unknown_name_of_the_library_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        handwrite.nonsense  # noqa: B018


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert root.run([]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out and line in out for name, line in root.COMMANDS.items())


def test_python_m_prints_the_version() -> None:
    done = subprocess.run([sys.executable, "-m", "handwrite", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"handwrite {handwrite.__version__}\n")


@pytest.mark.parametrize(
    ("raises", "status", "line"),
    [
        (InputError("a.txt: is\nbad; mend it"), 2, "handwrite: a.txt: is bad; mend it\n"),
        (KeyboardInterrupt(), 130, ""),
        (typer.Abort(), 130, ""),
        (typer.Exit(1), 1, ""),
        (None, 0, ""),
    ],
)
def test_how_commands_end(
    raises: BaseException | None,
    status: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plant(monkeypatch, raises)
    assert root.run(["planted"]) == status
    assert capsys.readouterr() == ("", line)


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        root.run(["planted"])


@pytest.mark.parametrize(
    ("arguments", "names"),
    [(["nonsense"], "nonsense"), (["--nonsense"], "--nonsense"), (["planted", "--so"], "handwrite planted --help")],
)
def test_wrong_use_is_one_line(
    arguments: list[str], names: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(monkeypatch, None)
    assert root.run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("handwrite: ")
    assert names in err
    assert err.count("\n") == 1


def test_a_reader_that_leaves_early_gets_no_complaint() -> None:
    command = f"{sys.executable} -m handwrite --help | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("U", "")


def test_a_group_without_a_command_answers_with_its_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    group = typer.Typer(no_args_is_help=True)
    for name in ("one", "two"):
        group.command(name)(lambda: None)
    monkeypatch.setitem(root.COMMANDS, "planted", "A planted group.")
    monkeypatch.setitem(sys.modules, "handwrite.cli.planted", SimpleNamespace(app=group))
    assert root.run(["planted"]) in (0, 2)  # releases of typer differ
    assert "Usage: handwrite planted" in "".join(capsys.readouterr())
