"""What an ink file holds when it is read back.

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
