"""A page: ink where it lies on a sheet of paper, in millimetres.

What `synth.layout` fills and the formats write. How the pen and the paper look is `formats.look`; reading the image of
a page is another matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from handwrite.core.ink import Ink

Segments = NDArray[np.float32]

MM_PER_INCH = 25.4

LOOSE_X_HEIGHT, LOOSE_MARGIN = 3.5, 4.0
"""Millimetres of letters, and of paper on each side, where the page only lies around the ink."""


def _none() -> Segments:
    return np.zeros((0, 4), np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Page:
    """Ink on a sheet.

    ink : in millimetres from the sheet's top left corner; x to the right, y down. width, height : of the sheet, in
    millimetres. text : what the ink says, "" when unknown. rules : (R, 4) float32, x1, y1, x2, y2 of the lines
    printed on the sheet, in millimetres. Raises ValueError for a sheet without extent.
    """

    ink: Ink
    width: float
    height: float
    text: str = ""
    rules: Segments = field(default_factory=_none)

    def __post_init__(self) -> None:
        if not (0 < self.width < np.inf and 0 < self.height < np.inf) or self.rules.shape[1:] != (4,):
            raise ValueError(f"no page: {self.width} x {self.height} mm with rules {self.rules.shape}")

    @classmethod
    def around(cls, ink: Ink, *, margin: float, text: str = "") -> Page:
        """The page that holds ink, in millimetres, with `margin` millimetres on each side; the ink is moved there."""
        left, top, right, bottom = ink.bounds
        placed = ink.moved(margin - left, margin - top)
        return cls(ink=placed, width=right - left + 2 * margin, height=bottom - top + 2 * margin, text=text)
