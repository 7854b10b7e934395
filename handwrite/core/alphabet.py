"""The alphabet of a model: character <-> index, and what becomes of a character that the model never saw.

Index 0 is reserved for "no character" (the blank of CTC, the padding of a batch) and no character ever maps to it.
`Alphabet.fit` respells any text with the characters that the model knows; nobody else decides how.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handwrite.errors import InputError

BLANK = 0
VISIBLE = "_?*#-."
"""Stand-ins for a character that has no spelling, the best first; the alphabet's first visible one comes after them."""

SOFT_SPACE = "\0"
"""A space beside a respelled sign while `Alphabet.fit` works: it merges with the spaces around it."""
_SPACES = re.compile(f" ?{SOFT_SPACE}+ ?")


@dataclass(frozen=True)
class Alphabet:
    """The characters that a model knows; `chars[i]` has index i + 1, and 0 is `BLANK`.

    Raises ValueError when there are none, when one comes twice or when one is a control character.
    """

    chars: str

    def __post_init__(self) -> None:
        if not self.chars or len(set(self.chars)) != len(self.chars) or any(map(_is_control, self.chars)):
            raise ValueError(f"an alphabet wants printable characters, each once, not {self.chars!r}")

    @classmethod
    def from_texts(cls, texts: Iterable[str], *, at_least: int = 1) -> Alphabet:
        """The characters that come at least so many times in the texts, by code point; no control characters."""
        counts = Counter(char for text in texts for char in text)
        return cls(
            "".join(sorted(char for char, count in counts.items() if count >= at_least and not _is_control(char)))
        )

    def without(self, chars: str) -> Alphabet:
        """This alphabet without some characters, to respell them; at least one other must remain."""
        return Alphabet("".join(char for char in self.chars if char not in chars))

    def extended(self, texts: Iterable[str]) -> Alphabet:
        """This alphabet and, after its own characters, those of the texts that it lacks, by code point; no control
        characters."""
        missing = {char for text in texts for char in text if char not in self and not _is_control(char)}
        return Alphabet(self.chars + "".join(sorted(missing)))

    @cached_property
    def _index(self) -> dict[str, int]:
        return {char: index for index, char in enumerate(self.chars, start=BLANK + 1)}

    @cached_property
    def visible(self) -> str:
        """The character that stands for one that cannot be spelled: in sight, so that its place is seen."""
        wanted = [char for char in VISIBLE if char in self]
        return next(iter(wanted + [char for char in self.chars if char.isprintable() and char != " "]), self.chars[0])

    def __len__(self) -> int:
        """How many indices there are, `BLANK` included: what an output layer needs."""
        return len(self.chars) + 1

    def __contains__(self, char: object) -> bool:
        return char in self._index

    def encode(self, text: str) -> NDArray[np.int64]:
        """(len(text),) int64 indices from 1. Raises InputError naming the characters that are not in the alphabet."""
        unknown = sorted({char for char in text if char not in self})
        if unknown:
            raise InputError(f"text has characters outside the alphabet: {unknown}; respell it with `Alphabet.fit`")
        return np.array([self._index[char] for char in text], np.int64)

    def decode(self, indices: ArrayLike) -> str:
        """The text of indices from 1. Raises ValueError for `BLANK` and for an index that is too large."""
        values = np.asarray(indices, np.int64).tolist()
        if any(not BLANK < value < len(self) for value in values):
            raise ValueError(f"indices of this alphabet run from {BLANK + 1} to {len(self) - 1}")
        return "".join(self.chars[value - 1] for value in values)

    def fit(self, text: str) -> tuple[str, dict[str, str]]:
        """The text in characters of this alphabet, and what was replaced by what, in order of appearance.

        Control characters, tabs, line ends and every width of space become a space; unknown format characters go.
        Neither is reported, for neither is seen. Anything else that the alphabet lacks is respelled by the first of:

        1. its compatible form (NFKC): "ﬁ" -> "fi", "²" -> "2";
        2. a look-alike or what is said for it (`LOOK_ALIKES`): "–" -> "-", "%" -> " per cent"; the other case of a
           letter when only that is known;
        3. its decomposition, without accents: "é" -> "e", "½" -> "1/2";
        4. `visible`.
        """
        written, replaced = "", {}
        for unit in _units(text, known=self):
            spelling = self._spell(unit)
            if spelling is None:
                spelling = self.visible
            if spelling != unit and spelling != unicodedata.normalize("NFC", unit):
                replaced[unit] = spelling.strip()
                spelling = spelling.replace(" ", SOFT_SPACE)
            written += spelling
        return _SPACES.sub(" ", written.strip(SOFT_SPACE)), replaced

    def same_shape(self, text: str) -> str:
        """The text, composed (NFC), with one character of this alphabet for each that it lacks where one looks alike or
        is the same without accents: what ink of it looks like most. Others stay as they are."""
        return "".join(char if char in self else self._alike(char) for char in unicodedata.normalize("NFC", text))

    def _alike(self, char: str) -> str:
        shapes = (_SHAPES.get(char, char), _without_marks(char))
        return next((shape for shape in shapes if len(shape) == 1 and shape in self), char)

    def _spell(self, unit: str) -> str | None:
        """The best spelling of a character with its accents; None when there is none."""
        for candidate in _candidates(unit):
            if all(char in self for char in candidate):
                return candidate
        decomposed = _without_marks(unit)
        if decomposed == unit:
            return None
        parts = [self._spell(char) for char in decomposed]
        return None if None in parts else "".join(part for part in parts if part is not None)


def _without_marks(unit: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", unit) if not _is_mark(char))


def _units(text: str, *, known: Alphabet) -> Iterator[str]:
    """The characters of a text, each with its accents; blanks as spaces, without unknown format characters."""
    unit = ""
    for char in text:
        category = unicodedata.category(char)
        if category == "Cf" and char not in known:
            continue
        blank = category in ("Cc", "Zs", "Zl", "Zp")
        if unit and not _is_mark(char):
            yield unit
            unit = ""
        unit += " " if blank else char
    if unit:
        yield unit


def _is_control(char: str) -> bool:
    return unicodedata.category(char) == "Cc"


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def _candidates(unit: str) -> Iterator[str]:
    yield unit
    yield unicodedata.normalize("NFC", unit)
    yield unicodedata.normalize("NFKC", unit)
    yield from LOOK_ALIKES.get(unit, ())
    yield unit.swapcase()


def _table() -> dict[str, tuple[str, ...]]:
    return {char: (plain,) for char, plain in _SHAPES.items()} | {
        "…": ("...",), "„": (",,", '"'), "”": ('"', "''"), "“": ('"', "''"), '"': ("''",), "'": ("’", ","),
        "ß": ("ss",), "æ": ("ae",), "Æ": ("Ae", "AE"), "œ": ("oe",), "Œ": ("Oe", "OE"), "þ": ("th",), "Þ": ("Th",),
        "€": (" EUR ",), "£": (" GBP ",), "$": (" USD ",), "¥": (" JPY ",), "¢": (" cents",),
        "%": (" per cent", " pct"), "‰": (" per mille",), "@": ("(at)", " at "), "&": (" and ", "+"),
        "+": (" plus ",), "=": (" equals ",), "#": (" No. ", " no "), "°": (" deg",), "§": (" par. ",),
        "©": ("(c)", "c"), "®": ("(R)", "R"), "→": ("->", "-"), "←": ("<-", "-"), "≤": ("<=",), "≥": (">=",),
        "≠": ("!=",), "±": ("+-", "+/-"), "<": (" less than ", "("), ">": (" more than ", ")"),
        "[": ("(",), "]": (")",), "{": ("(",), "}": (")",),
        "(": ("[", "-"), ")": ("]", "-"), "|": ("/", "I"), "\\": ("/",), "/": ("-",), "_": ("-",), "~": ("-",),
        "^": ("'",), "`": ("'",), "*": ("x",), ";": (",",), ":": (".",), "!": (".",), "-": ("–", " "), ",": (".",),
    }  # fmt: skip


_SAME_SHAPE = (
    ("‘’‚‛′´ʹʻʼˈ＇", "'"),
    ("“”‟″«»＂", '"'),
    ("‐‑‒–—―−﹣－", "-"),
    ("•·∙⋅・", "."),
    ("⁄∕", "/"),
    ("×✕✗", "x"),
    ("÷", "/"),
    ("¿", "?"),
    ("¡", "!"),
    ("ø", "o"),
    ("Ø", "O"),
    ("đð", "d"),
    ("ĐÐ", "D"),
    ("ħ", "h"),
    ("Ħ", "H"),
    ("ı", "i"),
    ("ł", "l"),
    ("Ł", "L"),
    ("ŋ", "n"),
    ("Ŋ", "N"),
    ("ŧ", "t"),
    ("Ŧ", "T"),
    *zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True),
    *zip("οικνρυχ", "oikvpux", strict=True),
    *zip("АВЕЅІЈКМНОРСТУХ", "ABESIJKMHOPCTYX", strict=True),
    *zip("аеѕіјорсухк", "aesijopcyxk", strict=True),
)

_SHAPES = {char: plain for chars, plain in _SAME_SHAPE for char in chars}

LOOK_ALIKES = _table()
"""character -> spellings, the best first; one that brings a space stands off from its neighbours."""
