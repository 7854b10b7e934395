"""The whole way from an image to ink: by skeletons and by a small net, of characters, words, lines and a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import KDTree

import handwrite.recover
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink
from handwrite.core.lines import TextLine
from handwrite.core.reading import Box
from handwrite.errors import CheckpointError, InputError, OptionError
from handwrite.recover import predict
from handwrite.recover.decode import encode
from handwrite.recover.glyph import Glyph, glyph_of
from handwrite.recover.model import Encoded, RecoverNet
from handwrite.recover.order import StrokeOrder
from handwrite.recover.predict import LEVELS, SCRIPTS, Recoverer, recover
from handwrite.recover.skeleton import skeleton_of
from handwrite.recover.ways import Ways, ways_of

Picture = Callable[..., GreyImage]
NetOf = Callable[..., RecoverNet]
Strokes = list[NDArray[np.float64]]

LETTERS: dict[str, list[list[tuple[float, float]]]] = {
    "l": [[(0, 5), (0, 60)]],
    "v": [[(0, 30), (20, 60), (40, 30)]],
    "t": [[(12, 10), (12, 60)], [(0, 28), (24, 28)]],
    "i": [[(0, 30), (0, 60)], [(0, 16), (0.5, 16)]],
    "u": [[(0, 30), (0, 60), (24, 60), (24, 30)]],
}


def written(text: str, *, left: float = 20, top: float = 20) -> Strokes:
    """The strokes of a text, letters 12 pixels apart, words 40."""
    strokes: Strokes = []
    for letter in text:
        parts = [np.array(part, np.float64) + np.array([left, top]) for part in LETTERS.get(letter, [])]
        strokes += parts
        left = max((float(part[:, 0].max()) for part in parts), default=left + 16) + 12
    return strokes


def along(strokes: Strokes) -> NDArray[np.float64]:
    """Points on strokes, about a pixel apart."""
    return np.concatenate(
        [
            np.linspace(first, second, math.ceil(np.hypot(*(second - first))) + 1)
            for stroke in strokes
            for first, second in pairwise(np.concatenate([stroke[:, :2], stroke[-1:, :2]]))
        ]
    )


def check(ink: Ink, strokes: Strokes, *, within: float = 3.0) -> None:
    """The ink lies where the strokes are, all of them, and its clock is one of writing."""
    truth, found = along(strokes), along([stroke.astype(np.float64) for stroke in ink.strokes()])
    assert KDTree(truth).query(found)[0].max() < within
    assert KDTree(found).query(truth)[0].max() < within
    assert ink.has_clock
    assert ink.duration > 0


def starts(ink: Ink) -> list[float]:
    return [float(stroke[:, 0].min()) for stroke in ink.strokes()]


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("size", [0.5, 1, 6])
def test_a_character(picture: Picture, letter: str, size: float) -> None:
    strokes = [size * stroke for stroke in written(letter)]
    image = picture(*strokes, shape=(int(110 * size), int(80 * size)), width=max(4 * size, 2.5))
    ink = recover(image, method="skeleton", level="character")
    check(ink, strokes, within=max(3.0, 3.5 * size))
    assert len(ink.strokes()) == len(strokes)


def test_a_character_is_not_cut_at_its_gaps_nor_is_a_word(picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    glyphs = Recoverer.glyphs

    def counted(self: Recoverer, found: Sequence[Glyph], *, script: str) -> list[Ink]:
        seen.append(len(found))
        return glyphs(self, found, script=script)

    monkeypatch.setattr(Recoverer, "glyphs", counted)
    strokes = written("vi ti", left=30)
    image = picture(*strokes, shape=(110, 300))
    for level in ("character", "word", "line", "auto"):
        check(Recoverer().recover(image, level=level), strokes)
    assert seen == [1, 1, 2, 2]


def test_lines_and_words_in_pixels_of_the_image(picture: Picture) -> None:
    strokes = written("vil tiu litvi", left=30, top=30)
    image = picture(*strokes, shape=(120, 480))
    for level in ("auto", "line", "word"):
        ink = recover(image, method="skeleton", level=level)
        check(ink, strokes)
        assert len(ink.strokes()) == len(strokes)
        firsts = [min(part) for part in np.split(starts(ink), [4, 9])]  # vil has 4 strokes, tiu 5
        assert firsts == sorted(firsts)


def test_a_word_longer_than_the_net_sees_has_no_seams(picture: Picture) -> None:
    x = np.linspace(0, 900, 600)
    wave = np.column_stack([30 + x, 60 + 25 * np.sin(x / 12)])
    image = picture(wave, shape=(120, 960))
    for width in (2, 4, 8):
        image = picture(wave, shape=(120, 960), width=width)
        ink = recover(image, method="skeleton", level="word")
        check(ink, [wave], within=2 + width / 2)
        (stroke,) = ink.strokes()
        assert stroke[0, 0] < 40
        assert stroke[-1, 0] > 920


def test_a_dash_is_one_stroke(picture: Picture) -> None:
    ink = recover(picture([(20, 50), (140, 50)]), method="skeleton")
    check(ink, [np.array([(20.0, 50), (140, 50)])])
    assert len(ink.strokes()) == 1


def test_a_page_in_reading_order(picture: Picture) -> None:
    lines = [written(text, left=40, top=top) for text, top in (("vil tiu uitvi", 40), ("tilv viuu tiv", 180))]
    image = picture(*lines[0], *lines[1], shape=(300, 520))
    for level in ("auto", "page"):
        ink = recover(image, method="skeleton", level=level)
        check(ink, lines[0] + lines[1])
        heights = [float(stroke[:, 1].mean()) for stroke in ink.strokes()]
        assert len(heights) == len(lines[0]) + len(lines[1])
        assert max(heights[: len(lines[0])]) < 150 < min(heights[len(lines[0]) :])


def test_dirt_that_was_taken_for_a_line_does_not_cost_the_page(
    picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    strokes = written("vil")
    image = picture(*strokes, shape=(200, 160))
    boxes = [Box(0, 110, 150, 190), Box(5, 5, 155, 100)]
    found = [TextLine(box.corners, box) for box in boxes]
    monkeypatch.setattr(predict, "find_lines", lambda image: found)
    check(recover(image, method="skeleton", level="page"), strokes)
    monkeypatch.setattr(predict, "find_lines", lambda image: found[:1])
    with pytest.raises(InputError, match="no writing in it"):
        recover(image, method="skeleton", level="page")


def test_an_image_is_an_array_or_a_file_and_the_package_its_function(picture: Picture, tmp_path: Path) -> None:
    image = picture(*written("t"), shape=(100, 70))
    cv2.imwrite(str(tmp_path / "t.png"), image)
    expected = recover(image, method="skeleton").points
    for given in (np.dstack([image] * 3), tmp_path / "t.png", str(tmp_path / "t.png"), 255 - image):
        np.testing.assert_allclose(recover(given, method="skeleton").points, expected, atol=0.1)
    np.testing.assert_array_equal(handwrite.recover(image, method="skeleton").points, expected)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"level": "paragraph"}, "--level paragraph: no such level; choose one of auto, character"),
        ({"script": "klingon"}, "--script klingon: no such script; choose auto or one of latin"),
        ({"method": "magic"}, "--method magic: no such method; choose one of net, skeleton"),
    ],
)
def test_unknown_options_are_named(picture: Picture, options: dict[str, str], wrong: str) -> None:
    with pytest.raises(OptionError, match=wrong):
        recover(picture([(20, 20), (60, 60)]), **{"method": "skeleton", **options})  # type: ignore[arg-type]


@pytest.mark.parametrize("level", ["auto", "character", "word", "line", "page"])
def test_blank_paper_is_refused(level: str) -> None:
    with pytest.raises(InputError, match="no writing in it"):
        recover(np.full((90, 120), 250, np.uint8), method="skeleton", level=level)


def test_other_scripts_have_other_habits(picture: Picture) -> None:
    glyph = glyph_of(picture(*written("tu")))
    latin, auto, other = (Recoverer().glyphs([glyph], script=script)[0] for script in ("latin", "auto", "katakana"))
    np.testing.assert_array_equal(latin.points, auto.points)
    assert latin.points.shape != other.points.shape or not np.array_equal(latin.points, other.points)


@pytest.fixture(scope="module")
def weights(net_of: NetOf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small net that knows two scripts and has learned nothing."""
    net, path = net_of("Kana", "Latn"), tmp_path_factory.mktemp("weights") / "recover.safetensors"
    save_checkpoint(path, Header("recover", asdict(net.config), "", {}), net.state_dict(), half=False)
    return path


def covered(ink: Ink, image: GreyImage) -> None:
    """Whatever the net did, the ink runs along the middle of the strokes and leaves nothing out."""
    glyph = glyph_of(image)
    edges = skeleton_of(glyph.mask).edges
    middle = glyph.to_image(Ink.from_strokes([edge.path / 2 for edge in edges])).strokes()
    check(ink, [edge.astype(np.float64) for edge in middle], within=2.5)


def test_a_net_that_knows_nothing_still_covers_all_of_the_ink(picture: Picture, weights: Path) -> None:
    for text, shape in (("t", (100, 70)), ("vil tiu", (110, 260))):
        image = picture(*written(text), shape=shape)
        covered(recover(image, weights=weights, device="cpu"), image)


def test_without_snapping_the_ink_is_the_nets_own(picture: Picture, weights: Path, net_of: NetOf) -> None:
    image = picture(*written("t"), shape=(100, 70))
    loose = recover(image, weights=weights, device="cpu", snapping=False)
    assert loose.has_clock
    rows, columns = np.floor(loose.points[:, [1, 0]]).astype(int).T
    assert (cv2.erode(image, np.ones((3, 3), np.uint8))[rows, columns] < 200).all()
    own = Recoverer(net_of("Kana", "Latn"), snapping=False).recover(image)
    np.testing.assert_array_equal(loose.points, own.points)


def test_the_net_is_told_the_script_that_it_knows(
    picture: Picture, net_of: NetOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []

    def told_encode(net: RecoverNet, glyphs: Sequence[Glyph], *, script: int) -> Encoded:
        told.append(script)
        return encode(net, glyphs, script=script)

    monkeypatch.setattr(predict, "encode", told_encode)
    recoverer, glyph = Recoverer(net_of("Kana", "Latn")), glyph_of(picture([(20, 20), (40, 60)]))
    for script in ("auto", "latin", "katakana", "greek"):
        recoverer.glyphs([glyph], script=script)
    assert told == [0, 2, 1, 0]
    assert len(set(SCRIPTS.values())) == len(SCRIPTS)


def test_a_dash_longer_than_any_word_costs_nothing_else(picture: Picture) -> None:
    x = np.linspace(160, 2800, 60)
    dash = np.column_stack([x, 30 + 12 * np.sin(x / 900)])
    image = picture([(20, 20), (60, 70)], [(60, 20), (20, 70)], dash, shape=(80, 2840))
    ink = Recoverer().recover(image, level="word")
    assert ink.bounds[0] == pytest.approx(20, abs=3)
    assert ink.bounds[2] > 200


class TwoWays:
    """Stands for the stroke order: draws everything there or back, and thinks the former likelier by two nats."""

    def likeliest(self, glyphs: Sequence[Ways]) -> list[list[tuple[Ink, float]]]:
        return [
            [(Ink.from_strokes([stroke]), nats) for stroke, nats in ((ways.places, 1.0), (ways.places[::-1], 3.0))]
            for ways in glyphs
        ]


@pytest.mark.parametrize(("ahead", "turned"), [(0.9, False), (1.1, True)])
def test_both_nets_choose_among_the_ways_over_the_skeleton(
    ahead: float, turned: bool, picture: Picture, net_of: NetOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way back is likelier to the net by so many times what the other's two nats weigh."""

    def planted(net: RecoverNet, encoded: Encoded, glyphs: Sequence[Glyph], inks: Sequence[tuple[int, Ink]]) -> Any:
        return np.array([50.0, 50.0 - ahead * 2 / predict.TRUST] * len(glyphs))

    monkeypatch.setattr(predict, "nats_of", planted)
    glyphs = [glyph_of(picture([(20, 20), (40, 60)])), glyph_of(picture([(80, 20), (20, 70)], [(20, 20), (80, 70)]))]
    recoverer = Recoverer(net_of("Latn"), order=cast(StrokeOrder, TwoWays()))
    for glyph, ink in zip(glyphs, recoverer.glyphs(glyphs), strict=True):
        places = ways_of(skeleton_of(glyph.mask)).places
        np.testing.assert_allclose(ink.points[:, :2], places[::-1] if turned else places, atol=1e-3)
        assert ink.has_clock


def test_what_the_order_leaves_is_traced(picture: Picture, net_of: NetOf) -> None:
    class Nothing:
        def likeliest(self, glyphs: Sequence[Ways]) -> list[list[tuple[Ink, float]]]:
            return [[] for _ in glyphs]

    glyph = glyph_of(picture([(20, 20), (60, 60)], [(60, 20), (20, 60)]))
    [ink] = Recoverer(net_of("Latn"), order=cast(StrokeOrder, Nothing())).glyphs([glyph])
    [traced] = Recoverer().glyphs([glyph])
    np.testing.assert_allclose(ink.points[:, :2], traced.points[:, :2], atol=1e-3)


def test_the_order_has_no_say_in_the_bare_path(picture: Picture, net_of: NetOf) -> None:
    image, net = picture([(20, 20), (40, 60)]), net_of("Latn")
    raw = Recoverer(net, order=cast(StrokeOrder, TwoWays()), snapping=False).recover(image, level="word")
    np.testing.assert_array_equal(raw.points, Recoverer(net, snapping=False).recover(image, level="word").points)


@pytest.mark.parametrize(("ahead", "taken"), [(2.0, "latin"), (30.0, "general")])
def test_habits_of_other_scripts_must_be_likelier_by_far(
    ahead: float, taken: str, picture: Picture, net_of: NetOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The net finds its own way worst, and the general one likelier than the Latin by so many nats."""
    found: list[Ink] = []

    def planted(net: RecoverNet, encoded: Encoded, glyphs: Sequence[Glyph], inks: Sequence[tuple[int, Ink]]) -> Any:
        found[:] = [ink for _, ink in inks]
        return np.array([100.0, 50.0, 50.0 - ahead][: len(inks)])

    monkeypatch.setattr(predict, "nats_of", planted)
    glyph = glyph_of(picture([(20, 20), (60, 60)], [(60, 20), (20, 60)]))
    [ink] = Recoverer(net_of("Latn")).glyphs([glyph])
    assert len(found) == 3
    np.testing.assert_allclose(ink.points[:, :2], found[1 if taken == "latin" else 2].points[:, :2], atol=1e-3)
    Recoverer(net_of("Latn")).glyphs([glyph], script="latin")
    assert len(found) == 2


def test_many_glyphs_come_back_in_their_order(picture: Picture, net_of: NetOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "BATCH", 3)
    glyphs = [glyph_of(picture([(10, 20), (20 + 17 * number % 50, 80)])) for number in range(7)]
    recoverer = Recoverer(net_of("Latn"))
    inks = recoverer.glyphs(glyphs)
    for ink, glyph in zip(inks, glyphs, strict=True):
        columns = np.flatnonzero(glyph.mask.any(axis=0)) / 2
        assert ink.bounds[2] == pytest.approx(columns[-1], abs=3)
    assert recoverer.glyphs([]) == []


def test_weights_that_are_not_there_or_of_another_kind(picture: Picture, tmp_path: Path, net_of: NetOf) -> None:
    image = picture([(20, 20), (60, 60)])
    with pytest.raises(CheckpointError, match="no such weights"):
        recover(image, weights=tmp_path / "none")
    net = net_of("Latn")
    save_checkpoint(tmp_path / "x", Header("synth", asdict(net.config), "", {}), net.state_dict())
    with pytest.raises(CheckpointError, match="weights of synth, not of recover"):
        recover(image, weights=tmp_path / "x")
    config = {**asdict(net.config), "hidden": 9}
    save_checkpoint(tmp_path / "y", Header("recover", config, "", {}), net.state_dict())
    with pytest.raises(CheckpointError, match="not of this version's network"):
        recover(image, weights=tmp_path / "y")


@pytest.mark.parametrize("level", LEVELS)
def test_all_together_are_as_one_by_one(picture: Picture, level: str) -> None:
    images = [picture(*written(text)) for text in ("vi lu", "t", "ul  til  vvlitilviul")]
    *inks, nothing = Recoverer().recover_all([*images, np.full((40, 40), 255, np.uint8)], level=level)
    assert not len(nothing)
    for ink, image in zip(inks, images, strict=True):
        alone = Recoverer().recover(image, level=level)
        np.testing.assert_allclose(ink.points, alone.points, atol=1e-3)
        np.testing.assert_array_equal(ink.pen_up, alone.pen_up)


def test_rules_of_the_paper_are_no_strokes() -> None:
    strokes = written("viltu luv tilt")
    image = np.full((90, 560), 240, np.uint8)
    for stroke in strokes:
        cv2.polylines(image, [np.round(stroke).astype(np.int32)], False, 20, 4)
    bare = Recoverer().recover(image, level="line")
    cv2.line(image, (0, 71), (559, 69), 110, 2)
    check(Recoverer().recover(image, level="line"), [stroke.astype(np.float64) for stroke in bare.strokes()])
