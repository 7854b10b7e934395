"""The texts of a dataset for a language model: `python recipes/corpus_text.py copiste.h5 > copiste.txt`.

Lines of split train, one a line, without those that share a run of characters with another split. In copiste, for one,
splits are by page, but several people wrote the same passages: a language model that knew them would read the test
lines by heart.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from handwrite.core.store import SPLITS, Store

RUN = 20
"""Characters that two texts have in common when one is taken for a copy of the other."""


def main() -> None:
    """Read the arguments and print the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a dataset")
    store = Store(parser.parse_args().data)
    others = [split for split in SPLITS if split != "train"]
    known = {run for text in _texts(store, others) for run in _runs(" ".join(text))}
    for text in _texts(store, ["train"]):
        for line in _unknown(text, known):
            print(line)


def _texts(store: Store, splits: Sequence[str]) -> list[list[str]]:
    """The lines of each writer, or page, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    for index in store.select(splits=splits).tolist():
        found[str(store.writer[index])].append(store.text[index])
    return list(found.values())


def _runs(text: str) -> list[str]:
    """All runs of `RUN` characters in a text."""
    lower = text.lower()
    return [lower[start : start + RUN] for start in range(len(lower) - RUN + 1)]


def _unknown(lines: Sequence[str], known: set[str]) -> Iterator[str]:
    """The lines of a text of which no character lies in a known run."""
    text = " ".join(lines)
    shared = np.zeros(len(text), np.bool_)
    for start, run in enumerate(_runs(text)):
        shared[start : start + RUN] |= run in known
    start = 0
    for line in lines:
        if not shared[start : start + len(line)].any():
            yield line
        start += len(line) + 1


if __name__ == "__main__":
    main()
