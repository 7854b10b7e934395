"""Splits by a hash: stable, and in the shares that are asked for."""

from __future__ import annotations

from handwrite.corpora.splits import SHARES, split_of

PINNED = {"01": "train", "13": "val", "03": "test"}


def test_splits_do_not_change() -> None:
    assert [split_of(f"omniglot/{drawer}") for drawer in PINNED] == list(PINNED.values())


def test_shares() -> None:
    splits = [split_of(str(number)) for number in range(4000)]
    for split, share in {**SHARES, "train": 0.8}.items():
        assert abs(splits.count(split) / 4000 - share) < 0.02
    assert {split_of(str(number), {"val2": 1.0}) for number in range(9)} == {"val2"}
