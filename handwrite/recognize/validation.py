"""What readers of images and of ink are validated on, and their error rates. How a sample is read is not known here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from handwrite.core.metrics import cer, joined
from handwrite.recognize.data import Written

VALIDATED = 150
"""Lines of each source and level that validation reads at most."""

VALIDATION_BATCH = 16
Seen = TypeVar("Seen")


def to_validate(items: Sequence[Written]) -> list[Written]:
    """Every n-th of the samples of each source and level, but no characters."""
    groups: dict[tuple[str, str], list[Written]] = defaultdict(list)
    for item in items:
        if item.level != "character":
            groups[item.source, item.level].append(item)
    return [item for group in groups.values() for item in group[:: -(-len(group) // VALIDATED)]]


def error_rates(
    samples: Sequence[tuple[Written, Seen]], read: Callable[[Sequence[Seen]], Sequence[str]]
) -> dict[str, float]:
    """The mean over sources and levels of the character error rate, punctuation joined, and each of them.

    samples : what each is and how it is seen, those of like size side by side. read : what several seen ones say.
    """
    truths, reads = defaultdict(list), defaultdict(list)
    for first in range(0, len(samples), VALIDATION_BATCH):
        items, seen = zip(*samples[first : first + VALIDATION_BATCH], strict=True)
        for item, said in zip(items, read(seen), strict=True):
            truths[f"cer_{item.source}_{item.level}"].append(joined(item.text))
            reads[f"cer_{item.source}_{item.level}"].append(joined(said))
    scores = {name: cer(truths[name], reads[name]) for name in sorted(truths)}
    return {"cer": float(np.mean(list(scores.values()))), **scores}
