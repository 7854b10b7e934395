"""What the synthesizer learns from: samples of a store, with one size, one slope and a tidy clock.

Size is made equal per writer, not per sample: a word without ascenders stays low. Texts are joined as people type
them. A user's own ink is prepared in the same way. Batches and augmentation are the task's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from handwrite.core import geometry
from handwrite.core.ink import Ink
from handwrite.core.store import Sample, Store, is_struck_out
from handwrite.errors import InputError

LOW = frozenset("acemnorsuvwxz")
TALL = frozenset("0123456789ABCDEFGHIKLMNOPRSTUVWXYZbdhklt")
STANDING = LOW | TALL | frozenset("fi")
"""Characters whose lowest point is on the baseline."""

DEEP = frozenset("gpqy")
"""Letters of the x-height that go below the baseline."""

TALL_HEIGHT = 1.9
"""Height of capitals and digits in x-heights."""

LONGEST_JUMP = 20.0
"""x-heights that the pen may travel between two points; more is a stray point or two columns in one segment."""

STAIRS = 0.35
"""Share of moves along an axis, from one point to the next, that no good digitizer comes near."""

FEWEST_MOVES = 20

FEWEST_LETTERS = 2
PACE = (0.03, 0.9)
"""Seconds of writing that a character takes; beyond, ink and text do not belong together or the clock is wrong."""

LINE_BACK, LINE_DOWN = 0.5, 1.5
"""A new line: the pen goes back by so much of the width, and what follows stands so many x-heights lower. Of 2,964
single lines of IAM-OnDB this says so of none, of 2,554 pairs of lines of 99 %."""


@dataclass(frozen=True)
class Line:
    """Ink in x-heights with a tidy clock and level slope, its text, and its writer as "source/writer", or ""."""

    ink: Ink
    text: str
    writer: str
    level: str


def join_punctuation(text: str) -> str:
    """The text as people type it: "Mr . Hill , don 't" -> "Mr. Hill, don't". Spaces that IAM's transcribers put
    before punctuation and contractions go, doubled ones too; a quotation keeps the space before it."""
    text = re.sub(r"\s+([.,;:?!)\]])", r"\1", text)
    text = re.sub(r"([(\[])\s+", r"\1", text)
    text = re.sub(r"(\w) '(s|m|t|d|re|ve|ll)\b", r"\1'\2", text)
    return re.sub(r"\s+", " ", text).strip()


def load_lines(stores: Iterable[Store], *, splits: Sequence[str], levels: Sequence[str] | None = None) -> list[Line]:
    """The usable samples of the splits, normalized. Samples without a clock, of one point or struck out are left."""
    lines: list[Line] = []
    for store in stores:
        samples = [store[index] for index in store.select(splits=splits, levels=levels, holds="ink")]
        lines += _normalized([_tidied(sample) for sample in samples if _is_usable(sample)])
    return lines


def normalize_lines(written: Sequence[tuple[Ink, str]], *, name: str) -> list[Line]:
    """A user's lines, each of ink and what it says, prepared as training does it: of one size, for one hand.

    The ink may be in any unit. Raises InputError, which calls the ink `name`, for ink without a clock, without a text
    or with next to none, of several lines, or that its text cannot belong to.
    """
    samples = []
    for number, (ink, text) in enumerate(written, start=1):
        called = name if len(written) == 1 else f"{name}, line {number}"
        _check_text(text, called)
        _check_ink(ink, text, called)
        samples.append(_tidied(Sample(ink, text, source="", name=name)))  # one name, so one hand: see `_hand`
    lines = _normalized(samples)
    if len(lines) < len(samples):
        raise InputError(f"{name}: the pen jumps by over {LONGEST_JUMP:g} x-heights at once; take stray points out")
    return lines


def _check_text(text: str, name: str) -> None:
    if not text.strip():
        raise InputError(f"{name}: the ink has no text; say what it says")
    if len(text.strip().splitlines()) > 1:
        raise InputError(f"{name}: the text has several lines; give one line of ink, with its text, at a time")
    if sum(char.isalnum() for char in text) < FEWEST_LETTERS:
        raise InputError(f"{name}: {text.strip()!r} is too short to show a hand; write a few words")


def _check_ink(ink: Ink, text: str, name: str) -> None:
    if not ink.has_clock:
        raise InputError(f"{name}: the ink has no times, which tell how the pen moves; record it with a clock")
    if not geometry.spread(ink):
        raise InputError(f"{name}: the ink has no height; give a line of writing")
    if _spans_lines(ink):
        raise InputError(f"{name}: the ink has several lines; give one line of ink, with its text, at a time")
    pace = ink.writing_time / len(text.strip())
    if not PACE[0] <= pace <= PACE[1]:
        raise InputError(
            f"{name}: {pace:.2g} s of writing a character, where people take {PACE[0]:g} to {PACE[1]:g}; "
            "check that the text is what the ink says, and that its times are right"
        )


def _spans_lines(ink: Ink) -> bool:
    """True when the pen goes back and what follows stands lower, as `LINE_BACK` and `LINE_DOWN` say."""
    left, _, right, _ = ink.bounds
    x, y = ink.points[:, 0], ink.points[:, 1]
    ends = np.flatnonzero(ink.pen_up[:-1])
    for end in ends[x[ends] - x[ends + 1] > LINE_BACK * (right - left)]:
        before, after = y[: end + 1], y[end + 1 :]
        if np.median(after) - np.median(before) > LINE_DOWN * geometry.X_HEIGHT_PER_SPREAD * before.std():
            return True
    return False


def _is_usable(sample: Sample) -> bool:
    ink = sample.ink
    has_text = bool(sample.text.strip()) and not is_struck_out(sample.text, source=sample.source)
    return has_text and len(ink) > 1 and ink.has_clock and not _has_stairs(ink)


def _has_stairs(ink: Ink) -> bool:
    """True for ink of a digitizer so coarse that its lines are stairs; a network that learns them trembles."""
    steps = np.diff(ink.points[:, :2], axis=0)[~ink.pen_up[:-1]] != 0
    moves = steps.any(axis=1)
    return bool(moves.sum() >= FEWEST_MOVES and steps[moves].all(axis=1).mean() < 1 - STAIRS)


def _tidied(sample: Sample) -> Sample:
    ink = geometry.smooth(geometry.tidy_clock(sample.ink))
    return replace(sample, ink=geometry.deslope(ink), text=join_punctuation(sample.text))


def _normalized(samples: Sequence[Sample]) -> list[Line]:
    units = _units(samples)
    lines = []
    for sample in samples:
        unit = units.get(_hand(sample)) or _x_height(sample)
        if not unit:
            continue
        ink = sample.ink.scaled(1 / unit)
        ink = ink.moved(-ink.bounds[0], -_baseline(ink, sample))
        if np.abs(np.diff(ink.points[:, :2], axis=0)).max() < LONGEST_JUMP:
            writer = f"{sample.source}/{sample.writer}" if sample.writer else ""
            lines.append(Line(ink, sample.text, writer, sample.level))
    return lines


def _baseline(ink: Ink, sample: Sample) -> float:
    """y, in x-heights, that the writing stands on; a single character tells by its lowest or its highest point."""
    _, top, _, bottom = ink.bounds
    if sample.level == "character" and sample.text in STANDING:
        return bottom
    return top + 1 if sample.level == "character" and sample.text in DEEP else geometry.baseline(ink)


def _hand(sample: Sample) -> tuple[str, str, str]:
    """Whose samples share one size; a line of an unknown writer stands for itself."""
    return sample.source, sample.writer or f"?{sample.name}", sample.level


def _units(samples: Sequence[Sample]) -> dict[tuple[str, str, str], float]:
    """The median x-height of each hand, in the ink's unit."""
    heights: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for sample in samples:
        height = _x_height(sample)
        if height:
            heights[_hand(sample)].append(height)
    return {hand: float(np.median(values)) for hand, values in heights.items()}


def _x_height(sample: Sample) -> float:
    """An estimate of the x-height, in the ink's unit; 0 where the sample tells nothing of it."""
    if sample.level != "character":
        return geometry.X_HEIGHT_PER_SPREAD * geometry.spread(sample.ink)
    _, top, _, bottom = sample.ink.bounds
    if sample.text in LOW:
        return bottom - top
    return (bottom - top) / TALL_HEIGHT if sample.text in TALL else 0.0
