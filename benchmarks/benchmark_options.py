"""What benchmarks share: their options, the load under which they were run, the median of several runs."""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable


def options_parser(description: str, *, weights: str) -> argparse.ArgumentParser:
    """A parser of --weights, with that default, --threads, --runs and --json."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--weights", default=weights, help="weights to use, a file or a name")
    parser.add_argument("--threads", type=_count, default=2, help="CPU threads")
    parser.add_argument("--runs", type=_count, default=5, help="runs of each, of which the median counts")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def load_average() -> float:
    """How many processes wanted to run in the last minute; 0 where that is not told."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def median_seconds(work: Callable[[], object], runs: int) -> float:
    """The median of so many runs; one before is not counted."""
    seconds = []
    for _ in range(runs + 1):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds[1:])


def _count(text: str) -> int:
    count = int(text) if text.isdecimal() else 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number of at least 1")
    return count
