"""What an ink file holds, and the size that ink has on paper.

The formats beside this module turn a `Document` into bytes and back; none of them opens files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handwrite.core.curve import letter_height
from handwrite.core.ink import Ink

LETTER_MM = 6.0  # from foot to head of letters; a line with ascenders and descenders is then about 10 mm high
MARGIN_MM = 4.0
LINE_MM = 0.45  # the mark of a common ballpoint


@dataclass(frozen=True, kw_only=True)
class Document:
    """Ink, the text that it says (empty when unknown), and what else the file tells, by name."""

    ink: Ink
    text: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


def millimetres(ink: Ink) -> float:
    """Millimetres on paper per unit of ink, so that letters have the size of everyday writing."""
    return LETTER_MM / (letter_height(ink) or LETTER_MM)


def legal(text: str) -> str:
    """The text with the characters that XML cannot hold replaced by U+FFFD (XML 1.0, production 2)."""
    return "".join(character if _in_xml(ord(character)) else "\ufffd" for character in text)


def _in_xml(code: int) -> bool:
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
