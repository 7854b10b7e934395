"""Styles in a folder of their own: kept, found, refused and forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from handwrite.errors import InputError, OptionError
from handwrite.synth.styles import (
    WRITERS,
    check_name,
    fingerprint,
    folder,
    load_style,
    read_style,
    remove_style,
    save_style,
    user_styles,
)

VECTOR = np.array([0.1, -2.5e-8, 3.0, 1 / 3], np.float32)


@pytest.fixture(autouse=True)
def styles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HANDWRITE_STYLES", str(tmp_path / "deep" / "styles"))
    return tmp_path / "deep" / "styles"


def keep(name: str = "mine", *, weights: str = "abc") -> Path:
    sources, texts = ["my ink.json", "b.inkml"], ["A line", "é and ü"]
    return save_style(name, VECTOR, fingerprint=weights, sources=sources, texts=texts)


def test_what_was_kept_is_found_to_the_last_bit(styles: Path) -> None:
    path = keep()
    found = load_style("mine", fingerprint="abc")
    assert found.dtype == np.float32
    assert found.tobytes() == VECTOR.tobytes()
    style = read_style("mine")
    assert (style.name, style.sources, style.texts) == ("mine", ("my ink.json", "b.inkml"), ("A line", "é and ü"))
    assert [entry.name for entry in styles.iterdir()] == [path.name], "nothing half written beside it"


def test_a_style_is_kept_in_place_of_the_one_before() -> None:
    keep(weights="old")
    with pytest.raises(
        InputError, match=r"fitted for other weights; add it again: handwrite styles add mine 'my ink.json' b.inkml"
    ):
        load_style("mine", fingerprint="abc")
    keep(weights="abc")
    assert load_style("mine", fingerprint="abc").size == 4


def test_listing_and_removing(styles: Path) -> None:
    assert user_styles() == {}
    keep("zoe"), keep("Al-2_b")
    (styles / "torn.json").write_text("{")
    (styles / "no name.json").write_text("{}")
    listed = user_styles()
    assert list(listed) == ["Al-2_b", "no name", "torn", "zoe"]
    assert [name for name, style in listed.items() if style is None] == ["no name", "torn"]
    assert listed["zoe"] == read_style("zoe")
    remove_style("zoe")
    assert "zoe" not in user_styles()
    for lost in (lambda: remove_style("zoe"), lambda: load_style("zoe", fingerprint="abc")):
        with pytest.raises(InputError, match="style zoe: you have none of that name"):
            lost()


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"version": 2},
        {"vector": []},
        {"vector": [[1.0]]},
        {"vector": [1.0, None]},
        {"vector": ["a"]},
        {"vector": [1e99]},
        {"vector": {"a": 1}},
        {"texts": "A line"},
        {"texts": [1]},
        {"sources": None},
        {"fingerprint": 5},
    ],
    ids=str,
)
def test_damaged_files_are_refused(change: dict[str, object]) -> None:
    path = keep()
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=r"mine\.json: not a style, or damaged; add the style mine again"):
        load_style("mine", fingerprint="abc")


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000], ids=range(7))
def test_files_of_something_else_are_refused(data: bytes) -> None:
    keep().write_bytes(data)
    with pytest.raises(InputError, match="damaged") as caught:
        read_style("mine")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "../a", ".a", "-a", "a.json", "a\n", "x" * 65])
def test_names_that_are_none(name: str) -> None:
    for use in (keep, remove_style, read_style):
        with pytest.raises(OptionError, match="use letters, digits, - and _"):
            use(name)


@pytest.mark.parametrize("name", ["7", "007", "٣"])
def test_numbers_mean_styles_of_the_weights(name: str) -> None:
    with pytest.raises(OptionError, match="numbers mean styles of the weights"):
        keep(name)


@pytest.mark.parametrize("name", ["a", "Zoë", "7th", "my-hand_2", "_", "x" * 64])
def test_names_that_may_be(name: str) -> None:
    assert check_name(name) == name
    keep(name)
    assert list(user_styles()) == [name]


def test_a_folder_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HANDWRITE_STYLES", str(tmp_path / "file" / "styles"))
    with pytest.raises(InputError, match="cannot make folder"):
        keep()
    with pytest.raises(InputError, match="mine"):
        read_style("mine")
    assert user_styles() == {}


def test_a_folder_in_the_place_of_a_style(styles: Path) -> None:
    (styles / "mine.json").mkdir(parents=True)
    for use in (read_style, remove_style, keep):
        with pytest.raises(InputError, match=r"cannot (read|delete|write) .*mine\.json"):
            use("mine")


def test_the_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HANDWRITE_STYLES")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert folder().name == "styles"
    assert "handwrite" in folder().parts


def test_the_fingerprint_is_of_all_weights_but_the_writers() -> None:
    weights = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2), WRITERS: torch.zeros(3, 2)}
    own = fingerprint(weights)
    assert len(own) == 64
    assert fingerprint(dict(reversed(weights.items()))) == own
    assert fingerprint(weights | {WRITERS: torch.ones(4, 2)}) == own
    assert fingerprint({name: tensor.half() for name, tensor in weights.items()}) == own, "they are exact in half"
    others = [{"b": torch.tensor([1.0, 1.0001])}, {"a": torch.arange(6.0).reshape(3, 2)}, {"c": torch.ones(2)}]
    assert own not in {fingerprint(weights | other) for other in others}
