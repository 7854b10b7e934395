"""Progress where there is no terminal: plain lines on stderr, not too many."""

from __future__ import annotations

import pytest

from handwrite.cli import progress as module
from handwrite.cli.progress import progress


def test_lines_tell_count_time_and_note(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 5.0, 12.0, 12.0, 12.0, 20.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with progress("reading", total=1000, unit="lines") as advance:
        advance(100)  # at 5 s: nothing is said
        advance(150, note="loss 1.5")  # at 12 s: 36 s for the other 750
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "reading: 250 of 1,000 lines, 12 s, 36 s left, loss 1.5",
        "reading: 250 of 1,000 lines, 20 s, 60 s left, loss 1.5",
    ]


@pytest.mark.parametrize(
    ("total", "unit", "said"),
    [(4, "", "75%"), (4, "files", "3 of 4 files"), (None, "files", "3 files"), (None, "", "3")],
)
def test_what_is_counted(total: int | None, unit: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with progress("reading", total=total, unit=unit) as advance:
        advance(3)
    assert capsys.readouterr().err.startswith(f"reading: {said}, ")


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    with progress("reading", total=4, unit="files") as advance:
        advance(4, note="done well")
    out, err = capsys.readouterr()
    assert out == ""
    assert "4 of 4 files" in err
    assert "done well" in err
