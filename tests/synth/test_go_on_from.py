"""A line to go on from: chosen by where the window is after it, given a tempo, kept with a style and found again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from handwrite.core.alphabet import Alphabet
from handwrite.core.ink import Ink
from handwrite.errors import InputError
from handwrite.synth import adapt
from handwrite.synth.adapt import line_to_go_on_from
from handwrite.synth.data import Line
from handwrite.synth.model import SynthConfig, SynthNet
from handwrite.synth.styles import read_style, save_style
from handwrite.synth.task import Statistics

ALPHABET = Alphabet(" abc")
TIME_STEP, STEPS_PER_CHARACTER = 0.02, 10
STATISTICS = Statistics(scale=0.5, time_step=TIME_STEP, gap=(0.2, 0.0))


@pytest.fixture(scope="module")
def net() -> SynthNet:
    """A network whose window goes on by a tenth of a character at each point, whatever is drawn."""
    torch.manual_seed(0)
    net = SynthNet(SynthConfig(symbols=5, writers=3, hidden=4, text_channels=4, style_channels=4, gaussians=1))
    with torch.no_grad():
        net.attend.weight.zero_()
        net.attend.bias[:] = torch.tensor([0.0, 0.0, np.log(np.expm1(1 / STEPS_PER_CHARACTER))])
    return net.eval()


def line(text: str, *, points: int, tempo: float = 1.0) -> Line:
    """One straight stroke of so many points at the wanted mean speed, written `tempo` times as fast."""
    share = np.linspace(0, 1, points)
    seconds = (points - 1) * TIME_STEP
    stroke = np.column_stack([adapt.SPEED * seconds * share, np.zeros(points), seconds / tempo * share])
    return Line(Ink.from_strokes([stroke]), text, "", "line")


def chosen(net: SynthNet, *lines: Line) -> Line:
    return line_to_go_on_from(net, lines, alphabet=ALPHABET, statistics=STATISTICS)


@pytest.mark.parametrize("tempo", [0.3, 1.0, 4.0])
def test_the_tempo_becomes_that_of_a_writer(net: SynthNet, tempo: float) -> None:
    found = chosen(net, line("abcab", points=5 * STEPS_PER_CHARACTER, tempo=tempo)).ink
    assert len(found) == 5 * STEPS_PER_CHARACTER
    np.testing.assert_allclose(np.diff(found.points[:, 2]), TIME_STEP, rtol=1e-3)
    np.testing.assert_allclose(np.diff(found.points[:, 0]), adapt.SPEED * TIME_STEP, rtol=1e-3)


def test_the_longest_of_the_lines_that_the_window_follows_is_chosen(net: SynthNet) -> None:
    """A line with too little ink leaves the window before the end of its text."""
    lines = [
        line("abc", points=3 * STEPS_PER_CHARACTER),
        line("abcab", points=5 * STEPS_PER_CHARACTER),
        line("abcabcabc", points=3 * STEPS_PER_CHARACTER),
    ]
    assert chosen(net, *lines).text == "abcab"
    with pytest.raises(InputError, match="the ink does not go the way of its text; check the text"):
        chosen(net, lines[2])
    with pytest.raises(InputError, match="the model does not know A"):
        chosen(net, replace(lines[0], text="Abc"))


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HANDWRITE_STYLES", str(tmp_path / "styles"))
    return save_style(
        "mine",
        np.zeros(4, np.float32),
        fingerprint="abc",
        sources=["a photo.png"],
        texts=["ab c"],
        options=["--text", "ab c"],
        line=line("ab c", points=9),
    )


def test_a_line_is_kept_to_the_last_bit(kept: Path) -> None:
    style, wanted = read_style("mine"), line("ab c", points=9)
    assert style.line
    assert (style.line.text, style.options) == ("ab c", ("--text", "ab c"))
    assert style.line.ink.points.tobytes() == wanted.ink.points.tobytes()
    assert style.line.ink.pen_up.tolist() == wanted.ink.pen_up.tolist()


def test_styles_that_were_kept_without_a_line_are_still_read(kept: Path) -> None:
    record = json.loads(kept.read_text())
    del record["line"], record["options"]
    kept.write_text(json.dumps(record))
    style = read_style("mine")
    assert (style.line, style.options) == (None, ())


@pytest.mark.parametrize(
    "change",
    [
        {"line": "ab c"},
        {"line": {"text": "ab c"}},
        {"line": {"text": 1, "strokes": [[[0, 0, 0], [1, 1, 1]]]}},
        {"line": {"text": "ab c", "strokes": []}},
        {"line": {"text": "ab c", "strokes": [[[0, 0], [1, 1]]]}},
        {"line": {"text": "ab c", "strokes": [[[0, 0, 0], [1, 1e99, 1]]]}},
        {"line": {"text": "ab c", "strokes": [[[0, 0, 1], [1, 1, 0]]]}},
        {"options": "--text"},
        {"options": [1]},
    ],
    ids=str,
)
def test_damaged_lines_are_refused(kept: Path, change: dict[str, object]) -> None:
    kept.write_text(json.dumps(json.loads(kept.read_text()) | change))
    with pytest.raises(InputError, match=r"mine\.json: not a style, or damaged; add the style mine again"):
        read_style("mine")
