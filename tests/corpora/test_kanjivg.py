"""KanjiVG: planted glyphs come out stroke by stroke, against svgelements; what is left out says why."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from svgelements import Path as SvgPath

from handwrite.core.store import Sample
from handwrite.corpora.kanjivg import LIFT, STEP, TIME_STEP, bezier_curves, even_points, read
from handwrite.corpora.tally import Skipped
from handwrite.errors import InputError

LINE = "M10,20c10,0,20,0,30,0"
BENT = "M31.01,33c0.88,0.88,2.75,1.82,5.25,1.75c8.62-.25,20-2.12,29.5-4.25s4.62-0.88,6.62-0.5S90,60,60 80"
PATHS = [
    BENT,
    "m65.63 44.12 C66,45 70,50 66,50.5 C50,70 -3,70 20,86 s-5 1 -9-8 -10 3 -14-9",
    "M10,10S30,0,40,20",
]
DTD = (
    "<!DOCTYPE svg [\n<!ATTLIST g\nxmlns:kvg CDATA #FIXED 'http://kanjivg.tagaini.net'\nkvg:element CDATA #IMPLIED >]>"
)


def glyph(*paths: str) -> str:
    strokes = "".join(f'<path d="{path}"/>' for path in paths)
    group = f'<g kvg:element="x"><g>{strokes}</g></g>'
    return f'<?xml version="1.0"?>\n{DTD}\n<svg xmlns="http://www.w3.org/2000/svg">{group}<text>1</text></svg>'


def outcome(source: Path) -> tuple[dict[str, Sample], list[Skipped]]:
    items = list(read([source]))
    samples = {item.name: item for item in items if isinstance(item, Sample)}
    return samples, [item for item in items if isinstance(item, Skipped)]


def plant(folder: Path, **glyphs: str) -> Path:
    for name, content in glyphs.items():
        (folder / f"{name.removeprefix('u')}.svg").write_text(content, "utf-8")
    return folder


def test_a_glyph_from_an_archive(tmp_path: Path) -> None:
    content = glyph(LINE, "M40,60c0,10,0,20,0,30").encode()
    with tarfile.open(tmp_path / "kanji.tar.xz", "w:xz") as archive:
        member = tarfile.TarInfo("kanji/05341.svg")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    samples, skipped = outcome(tmp_path / "kanji.tar.xz")
    ten = samples["05341"]
    assert not skipped
    assert (ten.text, ten.script, ten.level, ten.writer, ten.source) == ("十", "Hani", "character", "", "kanjivg")
    first, second = ten.ink.strokes()
    assert first[[0, -1], :2].tolist() == [[10, 20], [40, 20]]
    assert np.allclose(second[[0, -1], :2], [[40, 60], [40, 90]])


def test_the_clock_is_a_pen_of_one_speed_that_rests_between_strokes(tmp_path: Path) -> None:
    ink = outcome(plant(tmp_path, u05341=glyph(LINE, "M40,60c0,10,0,20,0,30")))[0]["05341"].ink
    steps = np.diff(ink.points.astype(np.float64), axis=0)
    down = ~ink.pen_up[:-1]
    assert np.allclose(np.hypot(*steps[down, :2].T) / steps[down, 2], STEP / TIME_STEP, rtol=1e-3)
    assert np.allclose(steps[~down, 2], LIFT[0] + LIFT[1] * 40)


@pytest.mark.parametrize("path", PATHS)
def test_curves_are_those_of_svgelements(path: str) -> None:
    oracle = [[(p.x, p.y) for p in (s.start, s.control1, s.control2, s.end)] for s in SvgPath(path)[1:]]
    assert np.allclose(bezier_curves(path), oracle)


@pytest.mark.parametrize("path", PATHS)
def test_points_lie_on_the_path_evenly(path: str) -> None:
    points = even_points(bezier_curves(path))
    fine = np.array([(p.x, p.y) for p in (SvgPath(path).point(t) for t in np.linspace(0, 1, 2001))])
    away = np.hypot(*(points[:, None] - fine[None]).transpose(2, 0, 1)).min(axis=1)
    assert away.max() < 0.1
    assert np.allclose(points[[0, -1]], fine[[0, -1]])
    chords = np.hypot(*np.diff(points, axis=0).T)
    assert 0.97 * STEP < np.median(chords) < 1.03 * STEP
    assert chords.max() < 1.1 * STEP


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "does not start with one move"),
        ("c1,1,2,2,3,3", "does not start with one move"),
        ("M1,1 2,2c1,1,2,2,3,3", "does not start with one move"),
        ("M1,1", "without curves"),
        ("M1,1L2,2", "a path with L"),
        ("M1,1c1,1,2,2,3", "a path with c and 5 numbers"),
        ("M1,1c1,1,2,2,3,3M4,4c1,1,2,2,3,3", "a path with M"),
        ("M1,1c1,1,2,2,3,#3", "not one"),
    ],
)
def test_other_paths_are_refused(tmp_path: Path, path: str, reason: str) -> None:
    plant(tmp_path, u05341=glyph(LINE), u04e00=glyph(LINE, path))
    samples, (skipped,) = outcome(tmp_path)
    assert list(samples) == ["05341"]
    assert (skipped.name, skipped.group, skipped.resolved) == ("04e00", "Hani", False)
    assert reason in skipped.reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (glyph(LINE)[:-10], "cannot be read"),
        (glyph(), "no strokes"),
        ('<!DOCTYPE x [<!ENTITY e "M1,1">]><x d="&e;"/>', "cannot be read"),
    ],
)
def test_a_broken_glyph_costs_itself_only(tmp_path: Path, content: str, reason: str) -> None:
    samples, (skipped,) = outcome(plant(tmp_path, u05341=glyph(LINE), u04e00=content))
    assert list(samples) == ["05341"]
    assert skipped.name == "04e00"
    assert reason in skipped.reason
    assert "\n" not in skipped.reason


def test_variants_and_other_scripts_are_left_out(tmp_path: Path) -> None:
    names = ("03042", "030a2", "030fc", "04e00", "04e00-Kaisho", "00041", "03001")
    samples, skipped = outcome(plant(tmp_path, **{f"u{name}": glyph(LINE) for name in names}))
    assert {sample.text: sample.script for sample in samples.values()} == {
        "あ": "Hira",
        "ア": "Kana",
        "ー": "Kana",
        "一": "Hani",
    }
    assert [(item.name, item.group, item.resolved) for item in skipped] == [
        ("00041", "other", True),
        ("03001", "other", True),
        ("04e00-Kaisho", "Hani", True),
    ]


def test_splits_are_by_character_and_about_80_10_10(tmp_path: Path) -> None:
    plant(tmp_path, **{f"u{code:05x}": glyph(LINE) for code in range(0x4E00, 0x4E00 + 400)})
    splits = [sample.split for sample in outcome(tmp_path)[0].values()]
    assert 0.74 < splits.count("train") / 400 < 0.86
    assert 0.06 < splits.count("val") / 400 < 0.14
    assert splits == [sample.split for sample in outcome(tmp_path)[0].values()]


def test_sources_without_glyphs(tmp_path: Path) -> None:
    (tmp_path / "picture.svg").write_text(glyph(LINE))
    with pytest.raises(InputError, match="no glyphs of KanjiVG found"):
        list(read([tmp_path]))
