"""What the window says about a drawn line: which characters it skipped, dwelt on too long, or ran past.

The window moves over the text as the pen writes it. A character that it hardly looked at was not written, one that it
could not leave was written more than once, and a line that never came to the end of its text is not done. The limits
were measured on real lines; see docs/training.md.
"""

from __future__ import annotations

import numpy as np

from handwrite.core.ink import FloatArray

FEWEST_POINTS = 0.9
"""A letter that has less of the window's attention than this, in points, was skipped."""

MOST_POINTS = 70.0
"""A character that has more, a second and a half of writing, was repeated or scribbled at."""

MARKS = frozenset(" .,'\"-:;`")
"""Characters of so few points that nothing can be said about their absence."""


def dwell(attention: FloatArray) -> FloatArray:
    """(U + 1,) points that the window spent on each character and on the place after the text.

    attention : (N, U + 1), phi at each point; a point is shared out in proportion to phi.
    """
    shares: FloatArray = attention / np.maximum(attention.sum(axis=1, keepdims=True), 1e-12)
    return shares.sum(axis=0)


def problems(text: str, attention: FloatArray, *, finished: bool) -> list[str]:
    """What went wrong, in words for a person; empty when the window saw every character once and came to the end."""
    points = dwell(attention)[:-1]
    skipped = [char for char, spent in zip(text, points, strict=True) if spent < FEWEST_POINTS and char not in MARKS]
    repeated = [char for char, spent in zip(text, points, strict=True) if spent > MOST_POINTS]
    found = []
    if skipped:
        found.append(f"may have skipped {''.join(skipped)!r} in {text!r}")
    if repeated:
        found.append(f"may have repeated {''.join(repeated)!r} in {text!r}")
    if not finished:
        found.append(f"ran on past the end of {text!r}")
    return found
