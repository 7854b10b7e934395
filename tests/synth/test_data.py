"""From a store to normalized lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from handwrite.core.geometry import X_HEIGHT_PER_SPREAD
from handwrite.core.ink import Ink, join
from handwrite.core.store import Sample, Store, StoreWriter
from handwrite.errors import InputError
from handwrite.synth.data import LONGEST_JUMP, Line, join_punctuation, load_lines, normalize_lines


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("Mr . Hill , don 't", "Mr. Hill, don't"),
        ("I 'll say : it 's ( not ) so !", "I'll say: it's (not) so!"),
        ("we 've , you 're , he 'd , I 'm ?", "we've, you're, he'd, I'm?"),
        ("the word 'bubble' of the '60s", "the word 'bubble' of the '60s"),
        ("put 'em there", "put 'em there"),
        ("they said 'that 's it'", "they said 'that's it'"),
        ("  two   words ", "two words"),
        ("3.5 e-mail a;b", "3.5 e-mail a;b"),
        ("[ 1 ] ; end", "[1]; end"),
    ],
)
def test_text_is_joined_as_people_type(text: str, joined: str) -> None:
    assert join_punctuation(text) == joined
    assert join_punctuation(joined) == joined


Load = Callable[..., list[Line]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Writes samples into a store and loads its lines."""

    def loaded(*samples: Sample, **selection: object) -> list[Line]:
        with StoreWriter(tmp_path / "a.h5", licences={}) as store:
            for sample in samples:
                store.add(sample)
        return load_lines([Store(tmp_path / "a.h5")], **({"splits": ("train",)} | selection))

    return loaded


def wave(*, height: float = 10.0, clock: bool = True) -> Ink:
    """Eight waves from y = 0 down to `height`, each as wide as high, of 40 points."""
    phase = np.arange(8 * 40 + 1) / 40
    stroke = np.column_stack([height * phase, height / 2 * (1 - np.cos(2 * np.pi * phase)), phase])
    return Ink.from_strokes([stroke if clock else stroke[:, :2]])


def sample(ink: Ink, text: str = "word", **fields: str) -> Sample:
    return Sample(ink, text, **({"source": "toy", "name": "n", "split": "train", "level": "line"} | fields))


def test_what_is_left_out(load: Load) -> None:
    jump = Ink.from_strokes([[(0, 0, 0), (1, 10, 0.1), (2, 0, 0.2)], [(10 * LONGEST_JUMP, 0, 1), (2e3, 9, 1.1)]])
    lines = load(
        sample(wave(clock=False), "no clock"),
        sample(Ink.from_strokes([[(0, 0, 0)]]), "point"),
        sample(wave(), "a # struck out", source="iam-ondb"),
        sample(wave(), "  "),
        sample(Ink.from_strokes([[(0, 0, 0), (9, 0, 1)]]), "flat", name="flat"),
        sample(jump, "jump"),
        sample(wave(), "kept , too", split="train"),
        sample(wave(), "so is no. # 9"),
        sample(wave(), "other split", split="test"),
    )
    assert [line.text for line in lines] == ["kept, too", "so is no. # 9"]


def test_levels_are_chosen(load: Load) -> None:
    lines = load(sample(wave(), "line"), sample(wave(), "word", level="word"), levels=("word",))
    assert [(line.text, line.level) for line in lines] == [("word", "word")]


def test_a_line_is_in_x_heights_on_its_baseline(load: Load) -> None:
    ink = load(sample(wave(height=40).moved(70, -30)))[0].ink
    left, top, _, bottom = ink.bounds
    assert (left, bottom) == pytest.approx((0, 0), abs=5e-3)
    assert bottom - top == pytest.approx(2 * np.sqrt(2) / X_HEIGHT_PER_SPREAD, rel=0.02), "the deviation of a wave"


def test_a_writer_has_one_size_and_nobody_has_their_own(load: Load) -> None:
    sizes = (10, 20, 40)
    known = load(*(sample(wave(height=size), writer="w") for size in sizes))
    heights = [line.ink.bounds[3] - line.ink.bounds[1] for line in known]
    assert np.divide(heights, heights[1]) == pytest.approx([0.5, 1, 2], rel=0.01)
    assert {line.writer for line in known} == {"toy/w"}
    unknown = load(*(sample(wave(height=size), name=str(size)) for size in sizes))
    heights = [line.ink.bounds[3] - line.ink.bounds[1] for line in unknown]
    assert np.divide(heights, heights[1]) == pytest.approx([1, 1, 1], rel=0.01)
    assert {line.writer for line in unknown} == {""}


def test_single_characters_take_their_size_from_letters_of_known_height(load: Load) -> None:
    marks = {"a": 10.0, "x": 10.0, "T": 19.0, "7": 19.0, ",": 3.0}
    strokes = {
        char: [(0, 0, 0), (1, -height, 0.1), (2, -height / 2, 0.2), (3, 0, 0.3)] for char, height in marks.items()
    }
    lines = load(*(sample(Ink.from_strokes([strokes[char]]), char, writer="w", level="character") for char in marks))
    assert {line.ink.bounds[3] for line in lines} == {0.0}
    heights = {line.text: -line.ink.bounds[1] for line in lines}
    assert heights["T"] / heights["a"] == pytest.approx(1.9, rel=0.02)
    assert heights["a"] == pytest.approx(1, rel=0.02)
    assert heights[","] == pytest.approx(0.3, rel=0.02)


def stairs(share: float) -> Ink:
    """Forty moves down to the right, of which a share goes along one axis only, in turn."""
    along = np.arange(40) < 40 * share
    moves = np.where(along[:, None], np.where(np.arange(40)[:, None] % 2, (1, 0), (0, 1)), (1, 1))
    xy = np.concatenate([[(0, 0)], np.cumsum(moves, axis=0)])
    return Ink.from_strokes([np.column_stack([xy, np.arange(41) / 50])])


def test_ink_of_a_coarse_digitizer_is_left_out(load: Load) -> None:
    assert [line.text for line in load(sample(stairs(0.2), "fine"), sample(stairs(0.6), "coarse"))] == ["fine"]


def test_a_users_line_is_prepared_as_training_does_it(load: Load) -> None:
    pause = Ink.from_strokes([[(90, 5, 20), (92, 9, 20.1)]]).with_points([(90, 5, 0), (92, 9, 0.1)])
    ink = join([wave(height=40), pause], pause=9)
    trained = load(sample(ink, "some words , here"))[0]
    own = normalize_lines([(ink, " some words , here\n")], name="my.json")[0]
    assert own.text == trained.text == "some words, here"
    assert (own.writer, own.level) == ("", "line")
    np.testing.assert_allclose(own.ink.points, trained.ink.points, atol=5e-3)
    assert own.ink.duration < 9


def test_a_users_lines_have_one_size_whatever_the_unit() -> None:
    written = [(wave(height=height), "some words") for height in (10, 20, 40)]
    heights = [line.ink.bounds[3] - line.ink.bounds[1] for line in normalize_lines(written, name="my.json")]
    assert np.divide(heights, heights[1]) == pytest.approx([0.5, 1, 2], rel=0.01)
    tiny = [(ink.scaled(1e-3), text) for ink, text in written]
    again = [line.ink.bounds[3] - line.ink.bounds[1] for line in normalize_lines(tiny, name="my.json")]
    assert again == pytest.approx(heights, rel=1e-3)


def below(ink: Ink, *, back: float = 1.0, down: float = 3.0) -> Ink:
    """The ink, and the same again, `back` of its width back and `down` of its heights lower."""
    left, top, right, bottom = ink.bounds
    return join([ink, ink.moved((1 - back) * (right - left), down * (bottom - top))], pause=0.3)


FAR = Ink.from_strokes([[(0, 0, 0), (1, 10, 2), (2, 0, 4)], [(10 * LONGEST_JUMP, 0, 5), (2e3, 9, 6)]])


@pytest.mark.parametrize(
    ("ink", "text", "message"),
    [
        (wave(clock=False), "some words", "the ink has no times"),
        (Ink.from_strokes([]), "some words", "the ink has no times"),
        (wave(), " \n", "the ink has no text"),
        (wave(), "a,", "'a,' is too short to show a hand"),
        (wave(), "some\nwords", "the text has several lines"),
        (below(wave()), "some words in two lines", "the ink has several lines"),
        (Ink.from_strokes([[(0, 0, 0), (9, 0, 3)]]), "some", "the ink has no height"),
        (wave(), "far more words than eight waves in eight seconds can hold" * 9, "s of writing a character"),
        (wave(), "few", "2.7 s of writing a character"),
        (FAR, "far off", "the pen jumps by over 20 x-heights"),
    ],
)
def test_a_line_that_cannot_be_used(ink: Ink, text: str, message: str) -> None:
    with pytest.raises(InputError, match=rf"^my\.json: .*{message}") as caught:
        normalize_lines([(ink, text)], name="my.json")
    assert "\n" not in str(caught.value)
    if ink is not FAR:
        with pytest.raises(InputError, match=r"^my\.json, line 2: "):
            normalize_lines([(wave(), "some words"), (ink, text)], name="my.json")


def test_late_dots_and_wide_jumps_are_no_new_line() -> None:
    underline = Ink.from_strokes([[(0, 13, 0), (80, 13, 1)]])
    for ink in (
        below(wave(), down=-1.2),
        below(wave(), down=0.1),
        below(wave(), back=0.3),
        join([wave(), underline], pause=0.3),
    ):
        assert normalize_lines([(ink, "some words in a line")], name="my.json")[0].text
