"""Handwriting as text, ink and image, and the ways between them.

The models load when they are asked for: `import handwrite` itself imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handwrite.core.ink import Ink as Ink
    from handwrite.core.reading import Reading as Reading
    from handwrite.errors import HandwriteError as HandwriteError
    from handwrite.formats.ink_file import load as load
    from handwrite.formats.ink_file import save as save
    from handwrite.recognize.predict import recognize as recognize
    from handwrite.recover.predict import recover as recover
    from handwrite.synth.predict import synthesize as synthesize

__version__ = "0.1.0"
__all__ = ["HandwriteError", "Ink", "Reading", "__version__", "load", "recognize", "recover", "save", "synthesize"]

_HOMES = {
    "HandwriteError": "handwrite.errors",
    "Ink": "handwrite.core.ink",
    "Reading": "handwrite.core.reading",
    "load": "handwrite.formats.ink_file",
    "recognize": "handwrite.recognize.predict",
    "recover": "handwrite.recover.predict",
    "save": "handwrite.formats.ink_file",
    "synthesize": "handwrite.synth.predict",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
