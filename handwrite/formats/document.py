"""What an ink file holds when it is read back, and which characters XML can hold.

The formats beside this module turn pages into bytes, and bytes into a `Document`; none of them opens files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handwrite.core.ink import Ink


@dataclass(frozen=True, kw_only=True)
class Document:
    """Ink, the text that it says (empty when unknown), and what else the file tells, by name."""

    ink: Ink
    text: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


def legal(text: str) -> str:
    """The text with the characters that XML cannot hold replaced by U+FFFD (XML 1.0, production 2)."""
    return "".join(character if _in_xml(ord(character)) else "\ufffd" for character in text)


def _in_xml(code: int) -> bool:
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
