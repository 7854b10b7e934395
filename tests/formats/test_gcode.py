"""G-code replayed by an independent reader is the ink again, with the pen down where it has to be and nowhere else."""

from typing import NamedTuple

import numpy as np
import pytest
from gcodeparser import parse_gcode_lines
from numpy.typing import NDArray

from handwrite.core.curve import bezier, points_at
from handwrite.core.ink import Ink
from handwrite.core.page import Page
from handwrite.errors import OptionError
from handwrite.formats import gcode
from handwrite.formats.gcode import GcodeSettings
from handwrite.formats.pen_path import TOLERANCE

T = np.linspace(0, 9, 60)
LOOPS = np.column_stack([20 + 5 * T + 4 * np.cos(2 * T), 30 + 4 * np.sin(2 * T), T / 3])
INK = Ink.from_strokes([LOOPS, [[60, 20, 3.5]], [[70, 20, 4], [70, 35, 4.2]]])
PAGE = Page(
    ink=INK,
    width=90,
    height=50,
    text="Hello, world!\nCafé",
)
SERVO = {"M5": False, "M3": True}
ROUNDING = 0.001


class Replay(NamedTuple):
    """What a plotter does: the strokes that it draws, where it ends, whether its pen is down, and the feeds."""

    strokes: list[NDArray[np.float64]]
    position: tuple[float, float]
    down: bool
    feeds: set[float]


def replay(program: str) -> Replay:
    """Fails when the pen's state is unknown or wrong for a move."""
    strokes: list[list[tuple[float, float]]] = []
    position, down, feeds = (0.0, 0.0), None, set()
    for line in parse_gcode_lines(program):
        if line.command_str in SERVO:
            down = SERVO[line.command_str]
            strokes += [[position]] if down else []
        elif line.command_str in ("G0", "G1"):
            assert down is (line.command_str == "G1")
            position = float(line.params["X"]), float(line.params["Y"])
            if down:
                strokes[-1].append(position)
                feeds |= {float(line.params["F"])} if "F" in line.params else set()
    assert down is not None
    return Replay([np.array(stroke) for stroke in strokes], position, down, feeds)


def distance(points: NDArray[np.float64], line: NDArray[np.float64]) -> float:
    """How far the farthest of `points` lies from a polyline."""
    if len(line) == 1:
        return float(np.hypot(*(points - line[0]).T).max())
    a, step = line[:-1], np.diff(line, axis=0)
    share = ((points[:, None] - a) * step).sum(axis=2) / np.maximum((step**2).sum(axis=1), 1e-12)
    foot = a + np.clip(share, 0, 1)[..., None] * step
    return float(np.linalg.norm(points[:, None] - foot, axis=2).min(axis=1).max())


def curve_of(stroke: NDArray[np.float32]) -> NDArray[np.float64]:
    """Many points on the curve through a stroke's points, y up from the bottom of the page."""
    curves, _ = bezier(Ink.from_strokes([stroke]))
    shares = np.linspace(0, 1, 40)
    along = [points_at(curve[None], shares[None])[0] for curve in curves]
    points = np.concatenate([stroke[:1, :2].astype(np.float64), *along])
    return points * [1, -1] + [0, PAGE.height]


@pytest.mark.parametrize("tolerance", [0.005, 0.02, 0.3])
def test_a_plotter_draws_the_ink(tolerance: float) -> None:
    drawn = replay(gcode.encode(PAGE, settings=GcodeSettings(tolerance=tolerance)).decode("ascii"))
    assert len(drawn.strokes) == 3
    allowed = tolerance + TOLERANCE + ROUNDING
    for stroke, ink in zip(drawn.strokes, INK.strokes(), strict=True):
        ends = ink[[0, -1], :2] * [1, -1] + [0, PAGE.height]
        np.testing.assert_allclose(stroke[[0, -1]], ends, atol=ROUNDING)
        curve = curve_of(ink)
        assert distance(curve, stroke) < allowed
        assert distance(stroke, curve) < TOLERANCE + ROUNDING
    assert (drawn.position, drawn.down, drawn.feeds) == ((0, 0), False, {3000})


def test_a_coarse_tolerance_makes_fewer_lines() -> None:
    fine, coarse = (
        sum(map(len, replay(gcode.encode(PAGE, settings=GcodeSettings(tolerance=size)).decode()).strokes))
        for size in (0.002, 0.2)
    )
    assert coarse < fine / 2


def test_the_program_of_one_line_word_for_word() -> None:
    page = Page(ink=Ink.from_strokes([[[1, 2], [1.5, 2]], [[0.25, 10]]]), width=20, height=10, text="Hi! (é)\n\n; $H ~")
    settings = GcodeSettings(pen_up=" G0 Z5 \n", pen_down="G1 Z0 F600\n\nG4 P0.3", settle=0, feed=1500.5, travel=6000)
    assert gcode.encode(page, metadata={"seed": 3, "style": "é?"}, settings=settings).decode("ascii").splitlines() == [
        "; Handwriting by handwrite",
        "; Page 20 x 10 mm, 0 0 at the bottom left",
        "; Hi_ (_)",
        "; ; $H _",
        "; seed: 3",
        '; style: "\\u00e9_"',
        "G21",
        "G90",
        "F1500.5",
        "G0 Z5",
        "G0 X1 Y8 F6000",
        "G1 Z0 F600",
        "G4 P0.3",
        "G1 X1.5 Y8 F1500.5",
        "G0 Z5",
        "G0 X0.25 Y0 F6000",
        "G1 Z0 F600",
        "G4 P0.3",
        "G0 Z5",
        "G0 X0 Y0 F6000",
    ]


def test_the_pen_has_time_to_move() -> None:
    lines = gcode.encode(PAGE).decode().splitlines()
    after = [lines[index + 1] for index, line in enumerate(lines) if line in ("M5", "M3 S90")]
    assert after == ["G4 P0.15"] * 7


def test_a_blank_page_lifts_the_pen() -> None:
    blank = replay(gcode.encode(Page(ink=Ink.from_strokes([]), width=20, height=10)).decode())
    assert blank == Replay([], (0, 0), False, set())


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"pen_up": " \n"}, "pen up command"),
        ({"pen_down": ""}, "pen down command"),
        ({"pen_down": "M3 S９0"}, "pen down command"),
        ({"feed": 0}, "feed 0: must be at least 1"),
        ({"feed": float("nan")}, "feed nan"),
        ({"travel": -1}, "travel -1"),
        ({"travel": float("inf")}, "travel inf"),
        ({"settle": -0.1}, "settle -0.1: must be from 0 to 10 seconds"),
        ({"tolerance": 0}, "tolerance 0"),
    ],
)
def test_settings_that_no_plotter_can_use(settings: dict[str, float], complaint: str) -> None:
    with pytest.raises(OptionError, match=complaint) as raised:
        GcodeSettings(**settings)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)
