"""Splits that a stable hash chooses: the same on every machine, whatever else a corpus holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

SHARES = {"val": 0.1, "test": 0.1}
"""Of the keys, for a corpus without splits of its own; the rest is for training."""


def split_of(key: str, shares: Mapping[str, float] = SHARES) -> str:
    """The split of a writer, or of whatever else the splits must not have in common.

    Split -> its share of all keys; what the shares leave over is split train.
    """
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
    for split, share in shares.items():
        if place < share:
            return split
        place -= share
    return "train"
