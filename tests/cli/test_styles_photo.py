"""`handwrite styles add` with photos: pages of bars, with planted readings and planted ink; a tiny network writes.

Files, the cutting into lines, texts, messages, and what is kept are real.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from handwrite.cli import photo_lines
from handwrite.cli.app import run
from handwrite.cli.hands import chosen_hands
from handwrite.cli.photo_lines import spread
from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink
from handwrite.core.metrics import character_errors
from handwrite.core.reading import Box, Line, Reading, Word
from handwrite.errors import OptionError
from handwrite.recognize.predict import Recognizer
from handwrite.recover.predict import Recoverer
from handwrite.synth import adapt
from handwrite.synth.predict import Synthesizer

Capture = pytest.CaptureFixture[str]
Weights = Callable[..., str]
WriteInk = Callable[..., str]
ToyHand = Callable[..., Ink]
Plant = Callable[..., None]

TEXTS = ("abc cab bca", "bca abba cc", "cab cab abba")
BOX = Box(0, 0, 1, 1)
SURE = 0.9
LINE, HIGH, THICK, PITCH = 110, 40, 6, 20  # pixels


@pytest.fixture(autouse=True)
def folder(styles_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(adapt, "ASTRAY", np.inf)  # the window of a network of chance follows nothing
    return styles_folder


def page(name: str, lines: int) -> str:
    """A page of lines of upright bars."""
    image = np.full((LINE * lines + 60, 700), 255, np.uint8)
    for row in range(lines):
        for left in range(60, 640, PITCH):
            image[60 + LINE * row : 60 + LINE * row + HIGH, left : left + THICK] = 0
    assert cv2.imwrite(name, image)
    return name


def read(text: str, confidence: float) -> Line:
    words = tuple(Word(word, confidence, BOX, ()) for word in text.split())
    return Line(text, confidence, BOX, words, BOX.corners)


class Planted:
    """A recognizer that reads planted texts, one for each line of all images in turn."""

    def __init__(self, texts: Sequence[tuple[str, float]]) -> None:
        self.coming, self.of_image = list(texts), dict[int, str]()

    def decoder(self) -> None:
        return None

    def read_all(self, images: Sequence[GreyImage], *, level: str, decoder: None) -> list[Reading]:
        assert level == "line"
        now, self.coming = self.coming[: len(images)], self.coming[len(images) :]
        self.of_image |= {id(image): text for image, (text, _) in zip(images, now, strict=True)}
        return [Reading((read(*one),) if one[0] else (), width=1, height=1) for one in now]


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch, toy_hand: ToyHand) -> Plant:
    """Plants readings; the ink of a line says `inks`, by default what is read in it."""

    def set_up(*texts: str, confidence: Sequence[float] = (), inks: Sequence[str] = ()) -> None:
        planted = Planted(list(zip(texts, confidence or [SURE] * len(texts), strict=True)))
        says = dict(zip(texts, inks or texts, strict=True))

        def recover(self: Recoverer, image: GreyImage, *, level: str, script: str) -> Ink:
            assert (level, script) == ("line", "latin")
            return toy_hand(says[planted.of_image[id(image)]], size=30)

        monkeypatch.setattr(Recognizer, "load", lambda **options: planted)
        monkeypatch.setattr(Recoverer, "recover", recover)

    return set_up


def add(weights: str, *arguments: str, method: Sequence[str] = ("--method", "skeleton")) -> int:
    return run(["styles", "add", "--weights", weights, *method, *arguments])


def kept(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "mine.json").read_text("utf-8"))
    return record


def strokes(weights: str, style: str) -> Any:
    assert run(["synth", "abc", "--weights", weights, "--style", style, "--seed", "1", "-o", "out.json"]) == 0
    document = json.loads(Path("out.json").read_text("utf-8"))
    assert document["style"] == style
    return document["strokes"]


def test_a_page_is_read_and_gone_on_from(tiny_weights: Weights, plant: Plant, folder: Path, capsys: Capture) -> None:
    weights = tiny_weights()
    plant(*TEXTS)
    assert add(weights, "mine", page("page.png", 3)) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[:3] == [f"read: {text}" for text in TEXTS]
    assert f'kept as {folder}/mine.json; write with it: handwrite synth "..." --style mine' in err
    record = kept(folder)
    assert (record["texts"], record["sources"]) == ([TEXTS[2]], ["page.png"])
    synthesizer = Synthesizer.load(weights, device="cpu")
    (hand,) = chosen_hands(synthesizer, ["mine"])
    assert hand.prime, "the longest line is gone on from"
    assert synthesizer.alphabet.decode(hand.prime.text) == f"{TEXTS[2]} "
    assert hand.style.equal(synthesizer.net.writer.weight[0])
    mine = strokes(weights, "mine")
    assert mine == strokes(weights, "mine") != strokes(weights, "ada")


def test_the_sheet_draws_it_and_other_weights_name_the_command(
    tiny_weights: Weights, plant: Plant, capsys: Capture
) -> None:
    weights = tiny_weights()
    plant(TEXTS[0])
    assert add(weights, "mine", page("page.png", 1), "--text", "abc cab acb") == 0
    capsys.readouterr()
    assert run(["styles", "--weights", weights, "-o", "sheet.png", "--text", "abc"]) == 0
    assert "mine             page.png" in capsys.readouterr().out
    assert run(["synth", "abc", "--weights", tiny_weights("new", seed=1), "--style", "mine", "-o", "a.svg"]) == 2
    again = "handwrite styles add mine page.png --text 'abc cab acb' --method skeleton"
    assert capsys.readouterr().err.endswith(f"add it again: {again}\n")


def test_a_reading_is_mended(tiny_weights: Weights, plant: Plant, folder: Path, capsys: Capture) -> None:
    plant("abc", "bca xxyyzzxy", inks=("abc cab", "bca abba cc"))
    text = "abc cab\n\n bca  abba cc\n"
    assert add(tiny_weights(), "mine", page("page.png", 2), "--text", text) == 0
    err = capsys.readouterr().err
    assert err.startswith(
        "text: abc cab  (but it looks like: abc)\ntext: bca abba cc  (but it looks like: bca xxyyzzxy)\n"
    )
    assert "read:" not in err
    assert kept(folder)["texts"] == ["bca abba cc"]


def test_one_text_goes_on_over_lines_of_several_photos(
    tiny_weights: Weights, plant: Plant, folder: Path, capsys: Capture
) -> None:
    plant("abb cab", "bca aba", "ab ba", inks=("abc cab", "bca abba", "ab ba"))
    photos = [page("one.png", 2), page("two.png", 1)]
    assert add(tiny_weights(), "mine", *photos, "--text", "abc cab bca abba ab ba") == 0
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("text: ")]
    assert [line.split("  ")[0] for line in told] == ["text: abc cab", "text: bca abba", "text: ab ba"]
    assert kept(folder)["sources"] == photos


def test_doubts_are_told(tiny_weights: Weights, plant: Plant, folder: Path, capsys: Capture) -> None:
    """Unsure words are named; what can hardly be read, or not be spelled, is left out unless its text is told."""
    plant("abc cab", "bca abba cc", "Abc cab bca", confidence=(0.4, 0.2, 0.9), inks=("abc cab", "abc", "abc"))
    assert add(tiny_weights(), "mine", page("page.png", 3)) == 0
    err = capsys.readouterr().err.splitlines()
    assert err[:3] == [
        "read: abc cab  (unsure: abc, cab)",
        "read: bca abba cc  (unsure: bca, abba, cc)",
        "read: Abc cab bca",
    ]
    assert err[3:6] == [
        'where the reading is wrong, say what it says: --text "..."',
        "left out: bca abba cc: hard to read",
        "left out: Abc cab bca: the model does not know A",
    ]
    assert kept(folder)["texts"] == ["abc cab"]


def test_ink_that_cannot_be_what_was_read_is_left_out(
    tiny_weights: Weights, plant: Plant, folder: Path, capsys: Capture
) -> None:
    plant("abc " * 15 + "abc", "ab ba", inks=("ab", "ab ba"))
    assert add(tiny_weights(), "mine", page("page.png", 2)) == 0
    assert "left out: page.png, “abc abc" in capsys.readouterr().err
    assert kept(folder)["texts"] == ["ab ba"]


def test_the_surest_lines_are_recovered(
    tiny_weights: Weights, plant: Plant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_lines, "RECOVERED", 1)
    plant(*TEXTS, confidence=(0.9, 0.95, 0.6))
    assert add(tiny_weights(), "mine", page("page.png", 3)) == 0
    assert kept(folder)["texts"] == [TEXTS[1]]


def test_photos_beside_ink_are_left_out(
    tiny_weights: Weights, write_ink: WriteInk, toy_hand: ToyHand, folder: Path, capsys: Capture
) -> None:
    write_ink("one.json", toy_hand("abc cab"), "abc cab")
    assert add(tiny_weights(), "mine", "one.json", page("page.png", 2), method=()) == 0
    assert "left out: page.png: ink tells more of a hand than a photo does\n" in capsys.readouterr().err
    record = kept(folder)
    assert (record["texts"], record["sources"], record["line"]) == (["abc cab"], ["one.json", "page.png"], None)


def test_a_photo_that_is_turned_by_exif_and_a_folder(tiny_weights: Weights, plant: Plant, folder: Path) -> None:
    """Orientation 6: the pixels lie on their side."""
    Path("scans").mkdir()
    image = cv2.imread(page("page.png", 2))
    assert image is not None
    _, jpeg = cv2.imencode(".jpg", np.rot90(image))
    exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    Path("scans/turned.jpg").write_bytes(jpeg.tobytes()[:2] + segment + jpeg.tobytes()[2:])
    plant(*TEXTS[:2])
    assert add(tiny_weights(), "mine", "scans") == 0
    assert kept(folder)["texts"][0] in TEXTS[:2]


def blank(name: str) -> None:
    cv2.imwrite(name, np.full((200, 400), 255, np.uint8))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["notes.txt"], "notes.txt: not an image, or damaged"),
        (["nowhere.png"], "cannot read nowhere.png"),
        (["one.json", "notes.txt"], "notes.txt: not an image"),
        (["empty"], "empty: no images in this folder"),
        (["blank.png"], "blank.png: no writing in it"),
        (["page.png", "--text", " \n "], "--text: nothing in it"),
        (["page.png", "--text", "ab\nabc\nbca"], "--text: 3 lines, but 2 were found in page.png; give a line for each"),
        (["page.png", "--text", "abc " * 50], "--text: it is much longer than what was read"),
        (["page.png", "--text", "abж\nabc"], "--text: the model does not know ж"),
        (["page.png", "--text", "abc " * 15 + "\nbca"], "page.png, “abc abc"),
        (["page.png", "--text", f"{'a' * 81}\n{'b' * 81}"], "page.png: lines of over 80 characters are too long"),
        (["one.json", "--text", "abc"], "--text: only for photos"),
        (["one.json", "--method", "skeleton"], "--method: only for photos"),
        (["page.png", "--method", "magic"], "--method magic: no such method; choose one of net, skeleton"),
        (["page.png", "--name", "x"], "--name"),
    ],
)
def test_wrong_use_keeps_nothing(
    arguments: list[str],
    message: str,
    tiny_weights: Weights,
    plant: Plant,
    write_ink: WriteInk,
    toy_hand: ToyHand,
    folder: Path,
    capsys: Capture,
) -> None:
    write_ink("one.json", toy_hand("abc"), "abc")
    page("page.png", 2)
    blank("blank.png")
    Path("notes.txt").write_text("abc")
    Path("empty").mkdir()
    plant(*([""] if "blank.png" in arguments else ["abc", "bca"]))
    photo = "one.json" not in arguments and "--method" not in arguments
    assert add(tiny_weights(), "mine", *arguments, method=("--method", "skeleton") if photo else ()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    *told, last = err.splitlines()
    assert last.startswith("handwrite: ")
    assert message in last
    assert not any(line.startswith("handwrite: ") for line in told)
    assert not folder.exists() or list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("confidence", "text", "message"),
    [
        (0.1, "abc cab", "page.png: too hard to read; say what the writing says with --text"),
        (0.9, "ABC", "page.png: too hard to read"),
        (0.9, "abc " * 16 + "abc", "page.png, “abc abc"),
    ],
)
def test_a_page_of_which_no_line_will_do(
    confidence: float, text: str, message: str, tiny_weights: Weights, plant: Plant, folder: Path, capsys: Capture
) -> None:
    plant(text, confidence=[confidence], inks=["ab"])
    assert add(tiny_weights(), "mine", page("page.png", 1)) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert list(folder.iterdir()) == []


def test_ink_that_goes_another_way_than_its_text(
    tiny_weights: Weights, plant: Plant, monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: Capture
) -> None:
    monkeypatch.setattr(adapt, "ASTRAY", -1.0)
    plant(TEXTS[0])
    assert add(tiny_weights(), "mine", page("page.png", 1)) == 2
    assert "handwrite: page.png: the ink does not go the way of its text" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_the_net_is_the_default(tiny_weights: Weights, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def load(**options: Any) -> Recoverer:
        asked.append(options)
        return Recoverer()

    plant(TEXTS[0])
    monkeypatch.setattr(Recoverer, "load", load)
    assert add(tiny_weights(), "mine", page("page.png", 1), "--device", "cpu", method=()) == 0
    assert asked == [{"device": "cpu", "threads": None}]


@pytest.mark.parametrize(
    ("text", "readings", "parts"),
    [
        ("one two three four", ["one two", "three four"], ["one two", "three four"]),
        ("one two three four", ["ome", "two threc tour"], ["one", "two three four"]),
        ("to be or not to be", ["to be or", "~", "mot to be"], ["to be or", "", "not to be"]),
        ("a", ["a", "b"], ["a", ""]),
    ],
)
def test_a_text_is_cut_where_the_readings_are(text: str, readings: list[str], parts: list[str]) -> None:
    assert spread(text, readings) == parts


def test_a_text_is_cut_as_well_as_can_be() -> None:
    """Against every way to cut."""
    rng = np.random.default_rng(0)

    def cost(parts: Sequence[str], readings: Sequence[str]) -> int:
        return sum(character_errors(part, reading) for part, reading in zip(parts, readings, strict=True))

    for _ in range(20):
        words = ["".join(rng.choice(list("abc"), rng.integers(1, 5))) for _ in range(6)]
        readings = ["".join(rng.choice(list("abc "), rng.integers(4, 9))) for _ in range(3)]
        ways = [[" ".join(words[:i]), " ".join(words[i:j]), " ".join(words[j:])] for i in range(7) for j in range(i, 7)]
        assert cost(spread(" ".join(words), readings), readings) == min(cost(way, readings) for way in ways)


def test_a_text_that_is_too_long_for_what_was_read() -> None:
    with pytest.raises(OptionError, match="much longer than what was read"):
        spread("word " * 40, ["word", "word"])
