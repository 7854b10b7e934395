"""UNIPEN: a planted corpus comes out as samples, and every segment that does not has its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from handwrite.core.store import Sample
from handwrite.corpora.tally import Skipped, Tally
from handwrite.corpora.unipen import clean_label, group, read, split_of
from handwrite.errors import InputError

HEAD = ".INCLUDE abm/abm.doc\n.WRITER_ID anna\n"
INK = HEAD + ".PEN_DOWN\n0 0\n10 10\n.PEN_UP\n.PEN_DOWN\n20 0\n25 10\n.PEN_DOWN\n30 0\n35 9\n"
TWO_LINES = ".PEN_DOWN\n0 100\n9 90\n.PEN_DOWN\n60 100\n69 90\n.PEN_DOWN\n0 50\n9 40\n.PEN_DOWN\n60 50\n69 40\n"


def plant(root: Path, name: str, content: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def segments(*lines: str, include: str = "abm/data/ink.dat") -> str:
    return f".VERSION 1.0\n.INCLUDE {include}\n" + "".join(f".SEGMENT {line}\n" for line in lines)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    plant(tmp_path, "include/abm/abm.doc", ".COORD X Y\n.POINTS_PER_SECOND 100\n")
    plant(tmp_path, "include/abm/data/ink.dat", INK)
    plant(tmp_path, "data/7/abm/ink.dat", segments('WORD 0-1 OK "it"'))
    return tmp_path


def outcome(root: Path) -> tuple[list[Sample], list[Skipped]]:
    items = list(read([root]))
    return [i for i in items if isinstance(i, Sample)], [i for i in items if isinstance(i, Skipped)]


def test_a_word(corpus: Path) -> None:
    (word,), skipped = outcome(corpus)
    assert not skipped
    assert (word.text, word.level, word.writer, word.source) == ("it", "word", "abm/anna", "unipen")
    assert (word.name, group(word)) == ("7/abm/ink:0-1", "abm")
    assert [stroke[:, :2].tolist() for stroke in word.ink.strokes()] == [[[0, 0], [10, -10]], [[20, 0], [25, -10]]]


def test_categories_give_levels_and_share_a_writers_split(corpus: Path) -> None:
    for category, kind in (("1a", "CHARACTER"), ("1b", "CHARACTER"), ("1c", "CHARACTER"), ("8", "TEXT")):
        plant(corpus, f"data/{category}/abm/ink.dat", segments(f'{kind} 0 ? "x"'))
    samples, _ = outcome(corpus)
    levels = {sample.name.split("/")[0]: sample.level for sample in samples}
    assert levels == {"1a": "character", "1b": "character", "1c": "character", "7": "word", "8": "line"}
    assert len({sample.split for sample in samples}) == 1


def test_splits_are_stable_and_about_90_5_5() -> None:
    assert [split_of("abm", name) for name in ("anna", "k7", "k13")] == ["train", "val", "test"]
    splits = [split_of("abm", f"writer {number}") for number in range(4000)]
    assert 0.88 < splits.count("train") / 4000 < 0.92
    assert 0.04 < splits.count("val") / 4000 < 0.06


def test_the_file_names_the_writer_where_nobody_else_does(corpus: Path) -> None:
    plant(corpus, "include/abm/data/ink.dat", INK.replace(".WRITER_ID anna\n", ""))
    assert outcome(corpus)[0][0].writer == "abm/ink"


@pytest.mark.parametrize(
    ("line", "reason", "resolved"),
    [
        ('WORD 0-9 OK "it"', "components that the recording does not have", False),
        ('WORD zero OK "it"', "a delineation that cannot be read", False),
        ("WORD 0-1", "a segment that cannot be read", False),
        ('WORD 0-1 BAD "it"', "of quality BAD", True),
        ('WORD 0-1 OK "XXX"', "without a label, or labelled XXX or Word!", True),
        ('WORD 0-1 OK " "', "without a label, or labelled XXX or Word!", True),
    ],
)
def test_what_is_left_out_says_why(corpus: Path, line: str, reason: str, resolved: bool) -> None:
    plant(corpus, "data/7/abm/ink.dat", segments(line, 'WORD 0-1 OK "kept"'))
    samples, (skipped,) = outcome(corpus)
    assert [sample.text for sample in samples] == ["kept"]
    assert (skipped.reason, skipped.resolved, skipped.group, skipped.level) == (reason, resolved, "abm", "word")
    assert skipped.name.startswith("7/abm/ink:")


def test_a_missing_include_costs_its_segments(corpus: Path) -> None:
    plant(corpus, "data/7/abm/gone.dat", segments('WORD 0 OK "a"', 'WORD 1 OK "b"', include="abm/data/gone.dat"))
    plant(corpus, "data/7/abm/deep.dat", segments('WORD 0 OK "c"', include="abm/data/deep.dat"))
    plant(corpus, "include/abm/data/deep.dat", ".INCLUDE abm/gone.doc\n.PEN_DOWN\n1 1\n")
    samples, skipped = outcome(corpus)
    assert len(samples) == 1
    assert [item.reason for item in skipped] == ["includes a file that is missing"] * 3


def test_an_include_of_itself_ends(corpus: Path) -> None:
    plant(corpus, "include/abm/data/ink.dat", ".INCLUDE abm/data/ink.dat\n" + INK)
    assert [item.reason for item in outcome(corpus)[1]] == ["includes itself"]


def test_texts_over_several_lines_are_left_out(corpus: Path) -> None:
    plant(corpus, "include/abm/data/two.dat", ".INCLUDE abm/abm.doc\n" + TWO_LINES)
    plant(
        corpus, "data/8/abm/two.dat", segments('TEXT 0-3 ? "a b c d"', 'TEXT 0-1 ? "a b"', include="abm/data/two.dat")
    )
    tally = Tally(group=group)
    assert sorted(sample.text for sample in tally.samples(read([corpus]))) == ["a b", "it"]
    assert tally.resolved == {("abm", "line"): 2, ("abm", "word"): 1}
    assert tally.read == {("abm", "line"): 1, ("abm", "word"): 1}
    assert list(tally.skipped) == [("abm", "line", "a text over several lines")]
    assert tally.lost == 1


@pytest.mark.parametrize(
    ("label", "contributor", "text"),
    [
        (r"say \"no\"", "apb", 'say "no"'),
        (r"{\\\\\\'s} tilt {///'s}", "app", r"{\\\'s} tilt {///'s}"),
        ("name?\t\t ", "ape", "name?"),
        ("Lehigh . I wasn ' t", "dar", "Lehigh. I wasn't"),
        ("the ' crackpot session ' of", "hpb", "the 'crackpot session' of"),
        ("Cockman , Tracy 2 8 2 2 7", "hpb", "Cockman, Tracy 28227"),
        ("found $ 7 5 0", "hpb", "found $750"),
        ("(800 ) 978-2174 , x104", "ced", "(800) 978-2174, x104"),
        ("fprintf ( out ,", "att", "fprintf ( out ,"),
    ],
)
def test_labels_say_what_the_ink_says(label: str, contributor: str, text: str) -> None:
    assert clean_label(label, contributor) == text


def test_sources_without_segments_or_without_includes(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(InputError, match=r"no UNIPEN data/.* found"):
        list(read([tmp_path_factory.mktemp("empty")]))
    (corpus / "include").rename(corpus / "elsewhere")
    with pytest.raises(InputError, match="no UNIPEN include/ found"):
        list(read([corpus]))


def test_progress_rises_to_one(corpus: Path) -> None:
    shares: list[float] = []
    list(read([corpus], progress=shares.append))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
