"""Image to text: a CNN-BiLSTM-CTC network, and decoding with a language model or a word list.

The package is called as the function of its name is: `handwrite.recognize(image)` is `predict.recognize(image)`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

LOOK_AGAIN_BELOW = 0.5
"""Share of all probability below which a reading is doubted and its line looked at again: below half, another may be
likelier."""


class _Callable(ModuleType):
    """A package has one name for itself and for the function that is used most."""

    def __call__(self, image: Any, **options: Any) -> Any:
        return import_module(f"{__name__}.predict").recognize(image, **options)


sys.modules[__name__].__class__ = _Callable
