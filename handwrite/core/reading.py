"""A reading: what a recognizer says of an image, with its confidence and where each part of it stands.

A `Reading` holds lines, a line words, a word characters; all have a text, a confidence and a box. Who makes readings
is `recognize`, who writes them to files is `formats`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the image: pixel k covers [k, k + 1), x to the right, y down.

    Raises ValueError when right or bottom come before left or top.
    """

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not (self.left <= self.right and self.top <= self.bottom):
            raise ValueError(f"not a box: {self}")

    @classmethod
    def around(cls, boxes: Iterable[Box]) -> Box:
        """The smallest box that holds all of some. Raises ValueError for none."""
        all_of_them = list(boxes)
        return cls(
            min(box.left for box in all_of_them),
            min(box.top for box in all_of_them),
            max(box.right for box in all_of_them),
            max(box.bottom for box in all_of_them),
        )

    def moved(self, dx: float, dy: float) -> Box:
        """This box moved by (dx, dy)."""
        return Box(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)

    @property
    def width(self) -> float:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels down."""
        return self.bottom - self.top

    @property
    def corners(self) -> tuple[Point, ...]:
        """The four corners, clockwise from the top left."""
        return (
            (self.left, self.top),
            (self.right, self.top),
            (self.right, self.bottom),
            (self.left, self.bottom),
        )


@dataclass(frozen=True)
class Char:
    """A character; confidence from 0 to 1."""

    text: str
    confidence: float
    box: Box

    def moved(self, dx: float, dy: float) -> Char:
        """This character moved by (dx, dy)."""
        return replace(self, box=self.box.moved(dx, dy))


@dataclass(frozen=True)
class Word:
    """A word: characters without a space. confidence : how likely the whole word is right, from 0 to 1."""

    text: str
    confidence: float
    box: Box
    chars: tuple[Char, ...]

    def moved(self, dx: float, dy: float) -> Word:
        """This word moved by (dx, dy)."""
        return replace(self, box=self.box.moved(dx, dy), chars=tuple(char.moved(dx, dy) for char in self.chars))


@dataclass(frozen=True)
class Line:
    """A line of writing. Its text is its words with single spaces between them.

    confidence : how likely the whole line is right, from 0 to 1. outline : corners (x, y) of the polygon around its
    ink, clockwise, in pixels; at least three.
    """

    text: str
    confidence: float
    box: Box
    words: tuple[Word, ...]
    outline: tuple[Point, ...]

    def moved(self, dx: float, dy: float) -> Line:
        """This line moved by (dx, dy)."""
        return replace(
            self,
            box=self.box.moved(dx, dy),
            words=tuple(word.moved(dx, dy) for word in self.words),
            outline=tuple((x + dx, y + dy) for x, y in self.outline),
        )

    def as_one_word(self) -> Line:
        """This line with its words joined to one, for an image that is known to show no more."""
        text = "".join(word.text for word in self.words)
        chars = tuple(char for word in self.words for char in word.chars)
        return replace(self, text=text, words=(Word(text, self.confidence, self.box, chars),))


@dataclass(frozen=True)
class Reading:
    """What an image says: lines in reading order. width, height : of the image in pixels."""

    lines: tuple[Line, ...]
    width: int
    height: int

    @property
    def text(self) -> str:
        """The lines' texts, one a row."""
        return "\n".join(line.text for line in self.lines)

    @property
    def confidence(self) -> float:
        """The mean of the words' confidences, so about the share of words that are right; 1 when there are none."""
        words = [word.confidence for line in self.lines for word in line.words]
        return sum(words) / len(words) if words else 1.0
