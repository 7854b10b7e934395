"""Ink saved and loaded from Python: it lies a margin from the corner, in millimetres, and comes back as it was."""

from pathlib import Path

import numpy as np
import pytest

import handwrite
from handwrite.core.ink import Ink
from handwrite.errors import InputError, OptionError
from handwrite.formats import FORMATS

INK = Ink.from_strokes([[[2, -1, 0], [3, 1, 0.1]], [[4, 0, 0.3]]])


@pytest.mark.parametrize("suffix", ["json", "inkml"])
def test_saved_ink_is_loaded_in_millimetres(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"ink.{suffix}"
    handwrite.save(INK, path, unit=2.0, margin=5.0, text="ab")
    read = handwrite.load(path)
    np.testing.assert_allclose(read.points[:, :2], (INK.points[:, :2] - [2, -1]) * 2 + 5)
    np.testing.assert_allclose(read.points[:, 2], INK.points[:, 2], atol=1e-6)
    np.testing.assert_array_equal(read.pen_up, INK.pen_up)
    assert b"ab" in path.read_bytes()


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_can_be_saved(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"ink.{form}"
    handwrite.save(INK, str(path))
    assert path.stat().st_size > 100


def test_options_are_those_of_the_format(tmp_path: Path) -> None:
    still, moving = tmp_path / "still.svg", tmp_path / "moving.svg"
    handwrite.save(INK, still)
    handwrite.save(INK, moving, animate=True)
    assert [b"@keyframes" in path.read_bytes() for path in (still, moving)] == [False, True]


@pytest.mark.parametrize(
    ("ink", "name", "options", "error", "message"),
    [
        (INK, "a.txt", {}, OptionError, "no ink format has the suffix '.txt'"),
        (INK, "a.svg", {"unit": 0.0}, OptionError, "unit 0 mm, margin 4 mm: both must be above 0"),
        (INK, "a.svg", {"margin": float("nan")}, OptionError, "both must be above 0"),
        (INK, "a.svg", {"unit": 1e38}, OptionError, "at most 1000"),
        (INK, "a.png", {"animate": True}, TypeError, "animate"),
        (Ink.from_strokes([]), "a.svg", {}, InputError, "there is no ink"),
        (INK, "no/such/a.svg", {}, InputError, "cannot write"),
    ],
)
def test_what_cannot_be_saved_leaves_no_file(
    tmp_path: Path, ink: Ink, name: str, options: dict[str, float], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        handwrite.save(ink, tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="ink can be read from json and inkml alone"):
        handwrite.load(tmp_path / "a.svg")
    with pytest.raises(InputError, match=r"cannot read .*: No such file"):
        handwrite.load(tmp_path / "a.json")
