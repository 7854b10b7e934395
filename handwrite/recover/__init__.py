"""Image to ink: how the pen moved, found in what it left on paper, by a network or by tracing skeletons.

A still picture does not say how fast its writer was: order, direction and relative speed are guesses of how people
write, and the seconds are those of a typical writer.

The package is called as the function of its name is: `handwrite.recover(image)` is `predict.recover(image)`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """A package has one name for itself and for the function that is used most."""

    def __call__(self, image: Any, **options: Any) -> Any:
        return import_module(f"{__name__}.predict").recover(image, **options)


sys.modules[__name__].__class__ = _Callable
