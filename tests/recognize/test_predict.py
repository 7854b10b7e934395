"""The face of the recognizer: where what was read stands, on lines and pages, with a net that reads planted marks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

import handwrite
from handwrite.core.alphabet import Alphabet
from handwrite.core.checkpoint import Header, save_checkpoint
from handwrite.core.image import GreyImage
from handwrite.core.normalize import normalize
from handwrite.errors import InputError, OptionError
from handwrite.recognize.beam import BeamDecoder
from handwrite.recognize.decoder import Greedy
from handwrite.recognize.model import COLUMNS_PER_FRAME, RecognizeConfig, RecognizeNet
from handwrite.recognize.predict import BATCH, Recognizer, Tuning

ALPHABET = Alphabet(" ob")
SMALL = RecognizeConfig(symbols=len(ALPHABET), channels=(4, 4, 4, 8), hidden=8)


class Counting(RecognizeNet):
    """Reads "o" for the lowest marks of a line and "b" for taller ones, a space for a wide gap between marks."""

    def forward(self, images: Tensor, widths: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        frames = 2 * ((widths + 7) // 8)
        table = torch.full((int(frames.max()), len(widths), len(ALPHABET)), -12.0)
        table[:, :, 0] = 0
        for row, image in enumerate(images):
            ink = (image > 0.5).any(0).int()
            starts = torch.nonzero(torch.diff(ink, prepend=torch.zeros(1).int()) == 1)[:, 0].tolist()
            stops = torch.nonzero(torch.diff(ink, append=torch.zeros(1).int()) == -1)[:, 0].tolist()
            spans = list(zip(starts, stops, strict=True))
            heights = [int((image[:, start:stop].amax(1) > 0.5).sum()) for start, stop in spans]
            for number, (start, stop) in enumerate(spans):
                tall = heights[number] > 1.4 * min(heights)
                self._say(table, row, (start + stop) // 2, "b" if tall else "o")
                if number and start - stops[number - 1] > 24:
                    self._say(table, row, (start + stops[number - 1]) // 2, " ")
        return table.log_softmax(-1), frames, None

    @staticmethod
    def _say(table: Tensor, row: int, column: int, char: str) -> None:
        frame = column // COLUMNS_PER_FRAME
        table[frame, row, 0] = -12.0
        table[frame, row, int(ALPHABET.encode(char)[0])] = 0.0


@pytest.fixture
def recognizer() -> Recognizer:
    return Recognizer(Counting(SMALL), ALPHABET)


Mark = tuple[int, int, int, int]


def marks(text: str, *, left: int = 60, top: int = 50) -> list[tuple[str, Mark]]:
    """Rectangles (left, top, right, bottom) for each letter of a text of "o" and "b"; words stand apart."""
    placed = []
    for char in text:
        if char != " ":
            placed.append((char, (left, top if char == "o" else top - 36, left + 24, top + 40)))
        left += 44 if char != " " else 70
    return placed


def paint(placed: list[tuple[str, Mark]], *, shape: tuple[int, int] = (150, 900)) -> GreyImage:
    image = np.full(shape, 245, np.uint8)
    for _, (left, top, right, bottom) in placed:
        cv2.rectangle(image, (left + 2, top + 2), (right - 3, bottom - 3), 20, 5)
    return image


def test_words_and_characters_stand_where_they_were_painted(recognizer: Recognizer) -> None:
    placed = marks("obo ooboo bo")
    (line,) = recognizer.read(paint(placed), level="line").lines
    assert line.text == "obo ooboo bo"
    assert [word.text for word in line.words] == ["obo", "ooboo", "bo"]
    found = [char for word in line.words for char in word.chars]
    assert [char.text for char in found] == [char for char, _ in placed]
    for char, (_, mark) in zip(found, placed, strict=True):
        assert (char.box.left, char.box.right) == pytest.approx((mark[0], mark[2]), abs=5)
        assert (char.box.top, char.box.bottom) == pytest.approx((mark[1], mark[3]), abs=5)
    assert line.box.left == line.words[0].box.left
    assert line.outline == line.box.corners
    assert 0.99 < line.confidence <= line.words[0].confidence <= 1


def test_a_page_is_read_in_order_in_its_own_pixels(recognizer: Recognizer) -> None:
    rows = ["oob obo oboob", "bo boo oob bob", "ooo oo bob ob"]
    placed = [marks(text, left=100, top=120 + 130 * number) for number, text in enumerate(rows)]
    page = paint([mark for row in placed for mark in row], shape=(560, 1000))
    reading = recognizer.read(page, level="page")
    assert reading.text == "\n".join(rows)
    assert (reading.width, reading.height) == (1000, 560)
    for line, row in zip(reading.lines, placed, strict=True):
        assert line.box.top == pytest.approx(min(mark[1] for _, mark in row), abs=8)
        assert line.box.left == pytest.approx(row[0][1][0], abs=8)
        xs, ys = zip(*line.outline, strict=True)
        assert min(xs) <= line.box.left + 8
        assert min(ys) <= line.box.top + 8 <= line.box.bottom - 8 <= max(ys)
    assert recognizer.read(page).text == reading.text


def test_what_a_picture_shows_is_found_out(recognizer: Recognizer) -> None:
    image = paint(marks("obo ooboo bo"))
    assert recognizer.read(image).text == "obo ooboo bo"
    (line,) = recognizer.read(image, level="word").lines
    assert line.text == "obo" + "ooboo" + "bo"
    assert [word.text for word in line.words] == [line.text]
    with pytest.raises(OptionError, match="--level letter: no such level; choose one of auto, page, line, word"):
        recognizer.read(image, level="letter")


def test_blank_images_have_no_lines(recognizer: Recognizer) -> None:
    for grey in (0, 128, 255):
        for shape in ((1, 1), (40, 300), (900, 700)):
            for level in ("auto", "page", "line"):
                assert recognizer.read(np.full(shape, grey, np.uint8), level=level).lines == ()


def test_many_images_come_back_in_their_order(recognizer: Recognizer) -> None:
    texts = ["ob" * (1 + 3 * number % 7) for number in range(2 * BATCH + 3)]
    images = [paint(marks(text)) for text in texts]
    images.insert(4, np.full((50, 50), 255, np.uint8))
    assert [reading.text for reading in recognizer.read_all(images, level="line")] == [*texts[:4], "", *texts[4:]]


def test_lines_are_read_the_same_alone_and_together() -> None:
    torch.manual_seed(0)
    recognizer = Recognizer(RecognizeNet(SMALL), ALPHABET)
    lines = [normalize(paint(marks(text))).pixels for text in ("ob", "obo bo", "oob obo oobo")]
    together = recognizer.log_probabilities(lines)
    for line, rows in zip(lines, together, strict=True):
        (alone,) = recognizer.log_probabilities([line])
        np.testing.assert_allclose(alone, rows, atol=0.05)
        assert len(rows) == 2 * -(-line.shape[1] // 8)


class Farsighted(Counting):
    """Sees nothing but "o" in a line whose marks are wide, and doubts it."""

    def forward(self, images: Tensor, widths: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        table, frames, _ = super().forward(images, widths)
        for row, image in enumerate(images):
            edges = torch.diff((image > 0.5).any(0).int(), prepend=torch.zeros(1).int())
            if (edges != 0).nonzero().diff(dim=0)[0] > 9:
                letters = table[:, row, 1:].amax(1) > table[:, row, 0]
                table[letters, row] = torch.tensor([0.01, 0.01, 0.6, 0.38]).log()
        return table, frames, None


@pytest.mark.parametrize("below", [0.0, 0.5])
def test_a_doubtful_line_is_read_in_another_width(below: float) -> None:
    placed = marks("obobo")
    recognizer = Recognizer(Farsighted(SMALL), ALPHABET, look_again_below=below)
    (line,) = recognizer.read(paint(placed), level="line").lines
    assert line.text == ("obobo" if below else "ooooo")
    for char, (_, mark) in zip(line.words[0].chars, placed, strict=True):
        assert (char.box.left, char.box.right) == pytest.approx((mark[0], mark[2]), abs=5)


def test_decoders_by_name(recognizer: Recognizer) -> None:
    assert recognizer.decoder("greedy") == Greedy(1.0)
    beam = recognizer.decoder("beam", language_model=None)
    assert isinstance(beam, BeamDecoder)
    assert not beam.models
    assert beam.bonus == 0
    image = paint(marks("obo bo"))
    lexicon = recognizer.decoder("lexicon", language_model=None, words=["obo", "bo"])
    assert recognizer.read(image, level="line", decoder=lexicon).text == "obo bo"
    assert recognizer.read(image, level="line", decoder=beam).text == "obo bo"
    with pytest.raises(OptionError, match="--decoder wild: no such decoder; choose one of greedy, beam, lexicon"):
        recognizer.decoder("wild")
    for name, words in (("lexicon", []), ("beam", ["obo"])):
        with pytest.raises(OptionError, match="--decoder lexicon and --lexicon FILE go together"):
            recognizer.decoder(name, words=words)


def test_weights_files_hold_how_to_decode(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    tuning = Tuning(temperature=1.4, power=0.8, beam_temperature=1.1, weight=0.3, bonus=0.2)
    header = Header("recognize", asdict(SMALL), ALPHABET.chars, asdict(tuning))
    save_checkpoint(path, header, RecognizeNet(SMALL).state_dict())
    recognizer = Recognizer.load(path, device="cpu")
    assert recognizer.tuning == tuning
    assert recognizer.alphabet == ALPHABET
    assert recognizer.decoder("greedy") == Greedy(1.4, 0.8)
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in recognizer.net.modules()), "fused to read faster"


def test_the_function_reads_paths_and_arrays(tmp_path: Path) -> None:
    weights, image = tmp_path / "x.safetensors", paint(marks("obo"))
    torch.manual_seed(0)
    save_checkpoint(weights, Header("recognize", asdict(SMALL), ALPHABET.chars, {}), RecognizeNet(SMALL).state_dict())
    cv2.imwrite(str(tmp_path / "x.png"), image)
    options = {"weights": weights, "device": "cpu", "decoder": "greedy"}
    read = [handwrite.recognize(source, **options) for source in (image, tmp_path / "x.png", np.dstack([image] * 3))]
    assert read[0] == read[1] == read[2]
    with pytest.raises(InputError, match="cannot be read"):
        handwrite.recognize(tmp_path / "none.png", **options)
