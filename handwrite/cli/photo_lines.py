"""Photos of writing -> lines of ink and what they say, ready to learn a hand from.

A photo is cut into lines, each is read, and the pen's path is recovered. What a line says is what was read, or what the
user tells. Which hand the lines show is `synth.adapt`'s to learn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING
from unicodedata import normalize

from handwrite.cli.images import load_image, name_of
from handwrite.cli.progress import progress, say
from handwrite.errors import InputError, OptionError

if TYPE_CHECKING:
    from handwrite.core.alphabet import Alphabet
    from handwrite.core.image import GreyImage
    from handwrite.core.ink import Ink
    from handwrite.core.reading import Line as ReadLine
    from handwrite.recover.predict import Recoverer
    from handwrite.synth.data import Line

UNSURE = 0.5
"""Confidence below which a word is called unsure: it is more likely wrong than right."""

HARDEST = 0.3
"""Mean confidence of its words below which a line is not learned from, unless the user tells what it says."""

LONGEST_SHARE, LONGEST_MORE = 2, 10
"""A line holds at most `LONGEST_SHARE` times as many characters as were read in it, and `LONGEST_MORE`."""

RECOVERED = 6
"""Lines whose ink is recovered; one of them is gone on from."""


@dataclass(frozen=True, eq=False)
class FoundLine:
    """A line of writing in a photo. path : of the photo. read : what the recognizer says. told : what the user says."""

    path: str
    image: GreyImage
    read: ReadLine
    told: str | None = None

    @property
    def text(self) -> str:
        """What it says: the user knows best."""
        return self.read.text if self.told is None else self.told

    @property
    def confidence(self) -> float:
        """The mean of its words' confidences: about the share of them that were read right."""
        return sum(word.confidence for word in self.read.words) / len(self.read.words)


def photo_lines(
    paths: Sequence[str], *, text: str | None, alphabet: Alphabet, method: str, device: str, threads: int | None
) -> list[Line]:
    """The lines of photos that a hand is best learned from, prepared for the model: `RECOVERED` at most.

    text : what the photos say; None to read them. What each line says is told on stderr. Raises InputError and
    OptionError for photos and texts that cannot be used.
    """
    from handwrite.synth.hands import spelled

    recoverer = _recoverer(method, device=device, threads=threads)
    found = found_lines(paths, device=device, threads=threads)
    if text is None:
        tell(found)
        return inked(surest(readable(found, alphabet=alphabet)), recoverer)
    found = with_text(found, text)
    for line in found:
        spelled(line.text, alphabet, name="--text")
    tell(found)
    return inked(surest(found), recoverer)


def _recoverer(method: str, *, device: str, threads: int | None) -> Recoverer:
    from handwrite.recover.predict import Recoverer

    return Recoverer.load(device=device, threads=threads) if method == "net" else Recoverer(threads=threads)


def found_lines(paths: Sequence[str], *, device: str, threads: int | None) -> list[FoundLine]:
    """The lines of writing in photos, in reading order, with what was read in them.

    Raises InputError for a file that is no image, and for an image without writing.
    """
    images = [load_image(path) for path in paths]
    from handwrite.recognize.predict import Recognizer

    recognizer = Recognizer.load(device=device, threads=threads)
    decoder = recognizer.decoder()
    found: list[FoundLine] = []
    for path, image in zip(paths, images, strict=True):
        parts = _cut(image)
        readings = recognizer.read_all(parts, level="line", decoder=decoder)
        lines = [
            FoundLine(path, part, line) for part, reading in zip(parts, readings, strict=True) for line in reading.lines
        ]
        if not lines:
            raise InputError(f"{name_of(path)}: no writing in it; give an image of handwriting")
        found += lines
    return found


def _cut(image: GreyImage) -> list[GreyImage]:
    """The lines that an image shows, each alone; the whole image when it shows one."""
    from handwrite.core.lines import cut, find_page

    return [cut(image, line.outline)[0] for line in find_page(image)] or [image]


def with_text(found: Sequence[FoundLine], text: str) -> list[FoundLine]:
    """The lines with the text that the user tells: a line of it for each, or one line that goes on over all of them.

    What holds no words of the latter is left out. Raises OptionError when the text does not fit the lines.
    """
    texts = [" ".join(line.split()) for line in normalize("NFC", text).splitlines() if line.strip()]
    if not texts:
        raise OptionError("--text: nothing in it; say what the writing says, or leave it out")
    if len(texts) == 1 and len(found) > 1:
        texts = spread(texts[0], [line.read.text for line in found])
    if len(texts) != len(found):
        raise OptionError(
            f"--text: {len(texts)} lines, but {len(found)} were found in {_names(found)}; "
            "give a line for each, or all of it as one line"
        )
    return [replace(line, told=own) for line, own in zip(found, texts, strict=True) if own]


def spread(text: str, readings: Sequence[str]) -> list[str]:
    """A text cut at spaces into a part for each reading, some maybe empty, so that the parts are most like the
    readings: with the fewest insertions, deletions and substitutions of characters in all.

    Raises OptionError when the text is much longer than what was read.
    """
    from handwrite.core.metrics import character_errors

    words = text.split()
    costs = [0.0] + [math.inf] * len(words)
    starts: list[list[int]] = []  # for each reading, where its part starts when it ends before each word
    for reading in readings:
        best = [(costs[end] + len(reading), end) for end in range(len(words) + 1)]
        for end in range(1, len(words) + 1):
            for start in range(end - 1, -1, -1):
                part = " ".join(words[start:end])
                if len(part) > LONGEST_SHARE * len(reading) + LONGEST_MORE:
                    break
                if costs[start] < best[end][0]:
                    best[end] = min(best[end], (costs[start] + character_errors(part, reading), start))
        costs = [cost for cost, _ in best]
        starts.append([start for _, start in best])
    if math.isinf(costs[-1]):
        raise OptionError("--text: it is much longer than what was read; give the text of these lines alone")
    parts, end = [], len(words)
    for own in reversed(starts):
        parts.append(" ".join(words[own[end] : end]))
        end = own[end]
    return parts[::-1]


def tell(found: Sequence[FoundLine]) -> None:
    """Say on stderr what each line was read as, and where the reading is in doubt; or what the user told instead."""
    for line in found:
        say(f"{'read' if line.told is None else 'text'}: {line.text}{_doubt(line)}")
    if any(line.told is None and _unsure(line) for line in found):
        say('where the reading is wrong, say what it says: --text "..."')


def _doubt(line: FoundLine) -> str:
    from handwrite.core.metrics import character_errors

    if line.told is None:
        return f"  (unsure: {', '.join(unsure)})" if (unsure := _unsure(line)) else ""
    unlike = character_errors(line.told, line.read.text) > len(line.told) / 2
    return f"  (but it looks like: {line.read.text})" if unlike else ""


def _unsure(line: FoundLine) -> list[str]:
    return [word.text for word in line.read.words if word.confidence < UNSURE]


def readable(found: Sequence[FoundLine], *, alphabet: Alphabet) -> list[FoundLine]:
    """The lines that were read well enough to learn from; those that were not are told.

    Raises InputError when none was.
    """
    from handwrite.synth.hands import unknown_in

    kept = []
    for line in found:
        unknown = unknown_in(line.text, alphabet)
        if line.confidence < HARDEST:
            say(f"left out: {line.text}: hard to read")
        elif unknown:
            say(f"left out: {line.text}: the model does not know {' '.join(unknown)}")
        else:
            kept.append(line)
    if not kept:
        raise InputError(f'{_names(found)}: too hard to read; say what the writing says with --text "..."')
    return kept


def surest(found: Sequence[FoundLine]) -> list[FoundLine]:
    """At most `RECOVERED` of the lines: those whose readings are the surest, long ones first.

    Raises InputError when all are too long to go on from.
    """
    from handwrite.synth.hands import MOST_PRIMED

    short = [line for line in found if len(line.text) <= MOST_PRIMED]
    if not short:
        raise InputError(
            f"{_names(found)}: lines of over {MOST_PRIMED} characters are too long to go on from; cut them"
        )
    best = sorted(range(len(short)), key=lambda index: -short[index].confidence * len(short[index].text) ** 0.5)
    return [short[index] for index in sorted(best[:RECOVERED])]


def inked(found: Sequence[FoundLine], recoverer: Recoverer) -> list[Line]:
    """The ink of the lines, prepared for the model; the lines of a photo are of one size.

    A line whose ink cannot be what was read is told and left out. Raises InputError when the user told what it says,
    and when no line remains.
    """
    from handwrite.synth.data import normalize_lines

    lines: list[Line] = []
    problem = InputError("no lines to learn a hand from; give a photo of at least one")
    with progress("recovering the ink", total=len(found)) as advance:
        for path, group in groupby(found, key=lambda line: line.path):
            written = []
            for line in group:
                try:
                    written.append((_ink(line, recoverer), line.text))
                except InputError as error:
                    if line.told is not None:
                        raise
                    problem = error
                    say(f"left out: {error}")
                advance()
            lines += normalize_lines(written, name=name_of(path))
    if not lines:
        raise problem
    return lines


def _ink(line: FoundLine, recoverer: Recoverer) -> Ink:
    """The ink of a line in its pixels. Raises InputError when none is found or it cannot be what the line says."""
    from handwrite.synth.data import normalize_lines

    name = f"{name_of(line.path)}, “{line.text}”"
    try:
        ink = recoverer.recover(line.image, level="line", script="latin")
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    normalize_lines([(ink, line.text)], name=name)
    return ink


def _names(found: Sequence[FoundLine]) -> str:
    return ", ".join(dict.fromkeys(name_of(line.path) for line in found))
