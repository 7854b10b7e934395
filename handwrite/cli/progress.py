"""What a person sees while a command works: lines and progress bars, always on stderr.

Results never pass through here: they go to stdout or to a file.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

PLAIN_INTERVAL = 10.0
"""Seconds between two lines of progress where there is no terminal."""


class Advance(Protocol):
    """Call it after each step; `note` replaces what is said beside the bar."""

    def __call__(self, steps: int = 1, *, note: str = "") -> None: ...


def say(message: str) -> None:
    """One line on stderr."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def progress(title: str, *, total: int | None = None, unit: str = "") -> Iterator[Advance]:
    """A bar with the time left on a terminal, a line now and then elsewhere. `total` None: unknown.

    With a unit ("lines") the steps are counted, without one they are a share of the whole.
    """
    with _bar(title, total, unit) if sys.stderr.isatty() else _lines(title, total, unit) as advance:
        yield advance


@contextmanager
def _bar(title: str, total: int | None, unit: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[count]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(title, total=total, count="", note="")
        done, latest = 0, ""

        def advance(steps: int = 1, *, note: str = "") -> None:
            nonlocal done, latest
            done, latest = done + steps, note or latest
            bars.update(task, completed=done, count=_count(done, total, unit), note=latest)

        yield advance


@contextmanager
def _lines(title: str, total: int | None, unit: str) -> Iterator[Advance]:
    started = said = time.monotonic()
    done, latest = 0, ""

    def line() -> str:
        elapsed = time.monotonic() - started
        left = f", {elapsed * (total - done) / done:.0f} s left" if total and 0 < done < total else ""
        return f"{title}: {_count(done, total, unit)}, {elapsed:.0f} s{left}{', ' + latest if latest else ''}"

    def advance(steps: int = 1, *, note: str = "") -> None:
        nonlocal done, latest, said
        done, latest = done + steps, note or latest
        if time.monotonic() - said >= PLAIN_INTERVAL:
            said = time.monotonic()
            say(line())

    yield advance
    say(line())


def _count(done: int, total: int | None, unit: str) -> str:
    if total and not unit:
        return f"{done / total:.0%}"
    return f"{done:,}{f' of {total:,}' if total else ''} {unit}".rstrip()
