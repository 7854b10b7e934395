"""IAM-OnDB: planted forms come out as lines with their texts, splits and writers; what does not fit is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handwrite.core.store import Sample
from handwrite.corpora.iam_ondb import MAX_PAUSE, read
from handwrite.corpora.tally import Skipped
from handwrite.errors import InputError

Stroke = list[tuple[float, float, float]]
STROKES: list[Stroke] = [[(100, 50, 700.0), (110, 55, 700.01)], [(120, 40, 701.0)]]


def stroke_xml(strokes: list[Stroke]) -> str:
    points = ("".join(f'<Point x="{x}" y="{y}" time="{t}"/>' for x, y, t in stroke) for stroke in strokes)
    body = "".join(f'<Stroke colour="black">{stroke}</Stroke>' for stroke in points)
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?><WhiteboardCaptureSession>'
        f"<StrokeSet>{body}</StrokeSet></WhiteboardCaptureSession>"
    )


def plant(root: Path, form: str, texts: list[str], lines: list[str]) -> None:
    folder = root / "lineStrokes" / form[:3] / form[:7]
    folder.mkdir(parents=True, exist_ok=True)
    for number, line in enumerate(lines, 1):
        (folder / f"{form}-{number:02d}.xml").write_text(line)
    text = root / "ascii" / form[:3] / form[:7] / f"{form}.txt"
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text("OCR:\r\n\r\nprinted text\r\n\r\nCSR:\r\n\r\n" + "".join(f"{line} \r\n" for line in texts))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    good = stroke_xml(STROKES)
    plant(tmp_path, "a01-000u", ["first line", "second line"], [good, stroke_xml([[(1, 2, 3)]])])
    plant(tmp_path, "a01-000x", ["of x"], [good])
    plant(tmp_path, "b02-001", ["plain"], [good])
    (tmp_path / "trainset.txt").write_text(" a01-000u\n")
    (tmp_path / "testset_v.txt").write_text(" a01-000x\n")
    (tmp_path / "testset_t.txt").write_text(" \n")
    (tmp_path / "testset_f.txt").write_text("\n")
    (tmp_path / "writers.tsv").write_text("form\twriter\na01-000u\t10026\n")
    return tmp_path


def outcome(root: Path) -> tuple[dict[str, Sample], list[Skipped]]:
    items = list(read([root]))
    samples = {item.name: item for item in items if isinstance(item, Sample)}
    return samples, [item for item in items if isinstance(item, Skipped)]


def test_lines_pair_with_texts_splits_and_writers(corpus: Path) -> None:
    samples, skipped = outcome(corpus)
    assert not skipped
    assert {name: (s.text, s.split, s.writer) for name, s in samples.items()} == {
        "a01-000u-01": ("first line", "train", "10026"),
        "a01-000u-02": ("second line", "train", "10026"),
        "a01-000x-01": ("of x", "val", ""),
        "b02-001-01": ("plain", "none", ""),
    }
    assert {(s.source, s.level) for s in samples.values()} == {("iam-ondb", "line")}


def test_ink_keeps_coordinates_and_starts_its_clock_at_0(corpus: Path) -> None:
    ink = outcome(corpus)[0]["a01-000u-01"].ink
    assert ink.points[:, :2].tolist() == [[100, 50], [110, 55], [120, 40]]
    assert np.allclose(ink.points[:, 2], [0, 0.01, 1.0], atol=1e-4)
    assert ink.pen_up.tolist() == [False, True, True]


def test_the_clock_neither_runs_back_nor_waits_for_ever(corpus: Path) -> None:
    strokes: list[Stroke] = [[(0, 0, 10.0), (1, 0, 9.0), (2, 0, 10.5)], [(3, 0, 1000.0)]]
    plant(corpus, "a01-000x", ["of x"], [stroke_xml(strokes)])
    times = outcome(corpus)[0]["a01-000x-01"].ink.points[:, 2]
    assert np.allclose(times, [0, 0, 0.5, 0.5 + MAX_PAUSE])


def test_a_form_with_another_number_of_lines_is_left_out_whole(corpus: Path) -> None:
    plant(corpus, "a01-000x", ["only one text"], [stroke_xml(STROKES)] * 3)
    samples, skipped = outcome(corpus)
    assert not [name for name in samples if name.startswith("a01-000x")]
    assert [(item.name, item.reason, item.count) for item in skipped] == [
        ("a01-000x", "3 lines of strokes but 1 of text", 3)
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (stroke_xml(STROKES)[:-20], "broken XML"),
        ("", "broken XML"),
        (stroke_xml(STROKES).replace('time="701.0"', ""), "a point without x, y and time"),
        (stroke_xml(STROKES).replace('x="120"', 'x="nan"'), "a point without x, y and time"),
        (stroke_xml([]), "no ink"),
        ('<!DOCTYPE x [<!ENTITY e "1">]><x><Stroke><Point x="&e;" y="1" time="1"/></Stroke></x>', "entities"),
    ],
)
def test_a_broken_file_costs_its_own_line_only(corpus: Path, content: str, reason: str) -> None:
    plant(corpus, "a01-000u", ["first line", "second line"], [content, stroke_xml(STROKES)])
    samples, skipped = outcome(corpus)
    assert "a01-000u-02" in samples
    (item,) = skipped
    assert item.name == "a01-000u-01"
    assert reason in item.reason


def test_missing_lists_are_remarked(corpus: Path) -> None:
    (corpus / "trainset.txt").unlink()
    (corpus / "writers.tsv").unlink()
    samples, skipped = outcome(corpus)
    assert samples["a01-000u-01"].split == "none"
    assert [(item.name, item.count) for item in skipped] == [("trainset.txt", 0), ("writers.tsv", 0)]


def test_sources_without_lines_or_without_texts(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(InputError, match="no IAM-OnDB lines"):
        list(read([tmp_path_factory.mktemp("empty")]))
    with pytest.raises(InputError, match="have no texts"):
        list(read([corpus / "lineStrokes"]))
