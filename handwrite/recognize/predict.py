"""The face of the recognizer: images of lines or pages in, readings out.

It owns the way from image to net to `Reading`: cutting pages, normalizing lines, batching, decoding, and finding each
character's place again. Files of readings are the work of `formats`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from handwrite.core.alphabet import Alphabet
from handwrite.core.batch import line_batch
from handwrite.core.checkpoint import load_checkpoint
from handwrite.core.device import torch_device
from handwrite.core.image import GreyImage, grey_of, read_image
from handwrite.core.layers import fuse_normalization
from handwrite.core.lines import cut, find_lines, find_page
from handwrite.core.normalize import NormalLine, normalize, stretched
from handwrite.core.paper import without_table
from handwrite.core.reading import Box, Char, Line, Point, Reading, Word
from handwrite.errors import InputError, OptionError
from handwrite.recognize import LOOK_AGAIN_BELOW
from handwrite.recognize.automaton import Automaton
from handwrite.recognize.beam import BeamDecoder
from handwrite.recognize.ctc import Decoded, Frames
from handwrite.recognize.decoder import Decoder, Greedy
from handwrite.recognize.lexicon import Lexicon
from handwrite.recognize.lm import LanguageModel
from handwrite.recognize.looks import SECOND, decode_looking_again
from handwrite.recognize.model import COLUMNS_PER_FRAME, STEP, RecognizeNet
from handwrite.recognize.task import restore

DECODERS = ("greedy", "beam", "lexicon")
LEVELS = ("auto", "page", "line", "word")

BATCH = 8
"""Lines that go through the net together."""

WORD = re.compile(r"\S+")

ROUND_WIDTH = 8 * STEP
"""Lines are padded to a multiple of so many columns: few shapes, few kernels kept for them."""


@dataclass(frozen=True)
class Tuning:
    """How decoders weigh, as chosen on validation and kept in the weights file.

    temperature, beam_temperature : of the confidences of the best path, and of the beam search. power, beam_power :
    what these are raised to. weight : of the language model's log probabilities. bonus : nats for each character, with
    the language model.
    """

    temperature: float = 1.0
    power: float = 1.0
    beam_temperature: float = 1.0
    beam_power: float = 1.0
    weight: float = 0.5
    bonus: float = 0.5


class Recognizer:
    """Weights ready to read. Make one with `Recognizer.load`."""

    def __init__(
        self,
        net: RecognizeNet,
        alphabet: Alphabet,
        *,
        tuning: Tuning | None = None,
        look_again_below: float = LOOK_AGAIN_BELOW,
        threads: int | None = None,
    ) -> None:
        """look_again_below : share of all probability below which the reading of a line is doubted, and the line looked
        at again in another width; 0 for one look at every line. Confidences are tuned for the default."""
        self.net, self.alphabet, self.tuning = net.eval(), alphabet, tuning or Tuning()
        self.look_again_below = look_again_below
        if threads is not None:
            torch.set_num_threads(threads)
            cv2.setNumThreads(threads)

    @classmethod
    def load(
        cls,
        weights: str | Path = "recognize",
        *,
        device: str = "auto",
        look_again_below: float = LOOK_AGAIN_BELOW,
        threads: int | None = None,
    ) -> Recognizer:
        """The recognizer of a weights file, or the one that comes with the program. look_again_below : as of the class.
        Raises CheckpointError."""
        checkpoint = load_checkpoint(weights, kind="recognize")
        header = checkpoint.header
        net = restore(header, checkpoint.tensors)
        fuse_normalization(net)
        return cls(
            net.to(torch_device(device)),
            Alphabet(header.alphabet),
            tuning=Tuning(**header.statistics),
            look_again_below=look_again_below,
            threads=threads,
        )

    def decoder(
        self, name: str = "beam", *, language_model: str | Path | None = "lm", words: Sequence[str] = ()
    ) -> Decoder:
        """A decoder by name. language_model : a file, the name of one that comes with the program, or None. words : the
        list that "lexicon" wants. Raises OptionError for another name, or when the list is missing or unwanted."""
        tuning = self.tuning
        if name not in DECODERS:
            raise OptionError(f"--decoder {name}: no such decoder; choose one of {', '.join(DECODERS)}")
        if (name == "lexicon") != bool(words):
            raise OptionError("--decoder lexicon and --lexicon FILE go together: give both or neither")
        if name == "greedy":
            return Greedy(tuning.temperature, tuning.power)
        models: list[tuple[Automaton, float]] = []
        if language_model is not None:
            models.append((LanguageModel.load(language_model).for_alphabet(self.alphabet), tuning.weight))
        if words:
            models.append((Lexicon(words, self.alphabet), 1.0))
        bonus = tuning.bonus if language_model is not None else 0.0
        return BeamDecoder(tuple(models), bonus=bonus, temperature=tuning.beam_temperature, power=tuning.beam_power)

    def read(self, image: GreyImage, *, level: str = "auto", decoder: Decoder | None = None) -> Reading:
        """What an image (H, W) uint8 grey says, with boxes in its pixels; a reading without lines when there is no
        writing in it. level : "page", "line", "word", or "auto", which takes an image of several lines for a page.
        Raises OptionError for another level."""
        return self.read_all([image], level=level, decoder=decoder)[0]

    def read_all(
        self, images: Sequence[GreyImage], *, level: str = "auto", decoder: Decoder | None = None
    ) -> list[Reading]:
        """What each image says, as `read` does, their lines in common batches: faster for many small images."""
        if level not in LEVELS:
            raise OptionError(f"--level {level}: no such level; choose one of {', '.join(LEVELS)}")
        pieces = [_pieces(image, level) for image in images]
        lines = iter(self.read_lines([piece.normal for part in pieces for piece in part], decoder=decoder))
        readings = []
        for image, part in zip(images, pieces, strict=True):
            placed = [_placed(piece, next(lines), one_word=level == "word") for piece in part]
            height, width = image.shape
            readings.append(Reading(tuple(line for line in placed if line.words), width=width, height=height))
        return readings

    def read_lines(self, lines: Sequence[NormalLine], *, decoder: Decoder | None = None) -> list[Line]:
        """What each line says, with boxes in pixels of the image that it was normalized from."""
        decoder = decoder or self.decoder("greedy")
        order = np.argsort([line.pixels.shape[1] for line in lines], kind="stable")
        read: dict[int, Line] = {}
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH].tolist()
            decoded = self._decoded([lines[index].pixels for index in part], decoder)
            read |= {index: self._line(lines[index], one) for index, one in zip(part, decoded, strict=True)}
        return [read[index] for index in range(len(lines))]

    def _decoded(self, lines: Sequence[GreyImage], decoder: Decoder) -> list[Decoded]:
        """What the decoder reads in normalized lines, with a second look at those that it doubts."""
        return decode_looking_again(
            decoder,
            self.log_probabilities(lines),
            lambda doubtful: self.second_look([lines[index] for index in doubtful]),
            below=self.look_again_below,
        )

    def second_look(self, lines: Sequence[GreyImage]) -> list[NDArray[np.float32]]:
        """The net's log probabilities, as of `log_probabilities`, for each normalized line in the second look."""
        return self.log_probabilities([stretched(line, SECOND) for line in lines])

    @torch.inference_mode()
    def log_probabilities(self, lines: Sequence[GreyImage]) -> list[NDArray[np.float32]]:
        """The net's log probabilities (T, S) for each normalized line (HEIGHT, W) uint8."""
        device = next(self.net.parameters()).device
        batch = line_batch(lines, [np.zeros(0, np.int64)] * len(lines), multiple=ROUND_WIDTH).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            rows, frames, _ = self.net(batch.images, batch.widths)
        table = rows.float().cpu().numpy()
        return [table[:size, column] for column, size in enumerate(frames.tolist())]

    def _line(self, normal: NormalLine, decoded: Decoded) -> Line:
        """A reading with its places, in pixels of the line's image; spaces that separate nothing are left out."""
        text = self.alphabet.decode(decoded.symbols)
        boxes = normal.boxes(_edges(decoded.frames) * COLUMNS_PER_FRAME)
        chars = [Char(*parts) for parts in zip(text, decoded.confidences.tolist(), boxes, strict=True)]
        words = tuple(
            Word(match[0], decoded.confidence(*match.span()), _around(part := chars[slice(*match.span())]), tuple(part))
            for match in WORD.finditer(text)
        )
        box = _around(words)
        return Line(" ".join(word.text for word in words), decoded.confidence(), box, words, box.corners)


@dataclass(frozen=True, eq=False)
class _Piece:
    """A line of an image, normalized. left, top : where the pixels that it was normalized from lie in the image.
    outline : of the line in the image, None for a whole image."""

    normal: NormalLine
    left: int = 0
    top: int = 0
    outline: tuple[Point, ...] | None = None


def _pieces(image: GreyImage, level: str) -> list[_Piece]:
    """The lines in an image; none where there is no writing."""
    image = without_table(image)
    found = find_lines(image) if level == "page" else find_page(image) if level == "auto" else []
    if level != "page" and not found:
        return [_Piece(normal) for normal in _normalized(image)]
    pieces = []
    for line in found:
        part, (left, top) = cut(image, line.outline)
        pieces += [_Piece(normal, left, top, line.outline) for normal in _normalized(part)]
    return pieces


def _normalized(image: GreyImage) -> list[NormalLine]:
    """The line in an image, none when there is no writing in it."""
    try:
        return [normalize(image)]
    except InputError:
        return []


def _placed(piece: _Piece, line: Line, *, one_word: bool) -> Line:
    """The reading of a piece in pixels of the whole image."""
    line = line.moved(piece.left, piece.top)
    if one_word and len(line.words) > 1:
        line = line.as_one_word()
    return replace(line, outline=piece.outline) if piece.outline else line


def _edges(frames: Frames) -> NDArray[np.float64]:
    """(U + 1,) where each character begins and the last ends, in frames: half-way between the frames of neighbours."""
    if not len(frames):
        return np.zeros(1)
    between = (frames[:-1, 1] + frames[1:, 0]) / 2
    return np.concatenate([[max(frames[0, 0] - 1.0, 0.0)], between, [frames[-1, 1] + 1.0]])


def _around(parts: Sequence[Char] | Sequence[Word]) -> Box:
    return Box.around(part.box for part in parts) if parts else Box(0, 0, 0, 0)


@lru_cache(maxsize=2)
def _ready(
    weights: str,
    device: str,
    look_again_below: float,
    threads: int | None,
    decoder: str,
    language_model: str | None,
    words: tuple[str, ...],
) -> tuple[Recognizer, Decoder]:
    """A recognizer and a decoder, kept for the next call with the same options."""
    recognizer = Recognizer.load(weights, device=device, look_again_below=look_again_below, threads=threads)
    return recognizer, recognizer.decoder(decoder, language_model=language_model, words=words)


def recognize(
    image: str | Path | NDArray[np.uint8],
    *,
    level: str = "auto",
    decoder: str = "beam",
    language_model: str | Path | None = "lm",
    words: Sequence[str] = (),
    look_again_below: float = LOOK_AGAIN_BELOW,
    weights: str | Path = "recognize",
    device: str = "auto",
    threads: int | None = None,
) -> Reading:
    """Read the handwriting in an image: a path, or an array (H, W) or (H, W, 3), red first, of uint8.

    level : "auto", "page", "line" or "word". decoder : "greedy", "beam", which knows a language model, or "lexicon",
    which prefers `words`. look_again_below : as of `Recognizer`. The weights stay in memory for the next call. Raises
    InputError when the image cannot be read, OptionError for an unknown option, CheckpointError when weights are
    missing.
    """
    grey = grey_of(image) if isinstance(image, np.ndarray) else read_image(image)
    model = None if language_model is None else str(language_model)
    recognizer, chosen = _ready(str(weights), device, look_again_below, threads, decoder, model, tuple(words))
    return recognizer.read(grey, level=level, decoder=chosen)
