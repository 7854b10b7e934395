"""How people write, as costs: which way, over which turns and in which order the pen goes.

Numbers only; `routes` and `trace` measure what they are multiplied by. Lengths are in glyph heights, y is down. They
were fitted to rendered ink whose path is known: the costs of ways and turns by an averaged structured perceptron
(Collins 2002, "Discriminative training methods for hidden Markov models"), those of the order of strokes by logistic
regression.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Habits:
    """Costs of what a pen may do on a skeleton; the pen takes the cheapest way over all of it.

    heading : of the direction in which an edge is followed, the opposite costs the negative: per unit right and down
    of the chord's direction, per height right and down of its length, per half turn clockwise along an edge, and for
    going clockwise round a loop that lies above its node and round one below it.
    twice : of following an edge there and back, in place of heading: once, per height, more if it is a dead end, more
    per height of a dead end.
    joint : of going on from edge to edge: once, per 1 - cos of the turn, per quarter turn clockwise.
    back : of turning back at a dead end, at a junction.
    start, end : of a stroke: at a dead end, at a junction, per height that it lies right of and below the middle.
    order : of writing the first of two strokes before the second, by how much further left, right, up and down the
    second's left, right, top and bottom lie and how much larger it is (`trace`); the same again for strokes one
    above the other.
    """

    heading: tuple[float, float, float, float, float, float, float]
    twice: tuple[float, float, float, float]
    joint: tuple[float, float, float]
    back: tuple[float, float]
    start: tuple[float, float, float, float]
    end: tuple[float, float, float, float]
    order: tuple[float, float, float, float, float, float, float, float, float, float]


LATIN = Habits(
    heading=(-0.22, 0.52, -1.37, -1.94, 0.39, 0.72, -0.23),
    twice=(0.48, 1.44, -0.72, -0.33),
    joint=(-0.58, 0.6, 0.12),
    back=(1.7, 0.0),
    start=(1.73, 0.5, 0.28, 1.02),
    end=(1.46, 0.34, -0.33, -0.8),
    order=(1.65, 2.45, -0.21, -0.2, -0.63, -0.38, 0.09, 0.96, -0.44, -0.39),
)
"""Of Latin letters and words, joined or not; fitted to the training writers of UNIPEN."""

GENERAL = Habits(
    heading=(-0.55, -1.1, -0.36, -0.18, -0.09, -0.03, -0.31),
    twice=(0.06, 0.33, 0.0, 0.36),
    joint=(-0.06, 0.37, -0.01),
    back=(0.39, 0.3),
    start=(0.5, 0.29, 0.31, 0.04),
    end=(0.12, 0.16, -0.13, -0.15),
    order=(1.74, 1.35, 1.73, 0.62, 0.1, 0.06, -0.79, 1.06, 1.09, -0.1),
)
"""Of characters of several strokes in any script; fitted to training data of Omniglot and KanjiVG."""
