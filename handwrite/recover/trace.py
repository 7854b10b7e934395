"""Skeleton graph -> ink: the classical recovery of a pen's path, without a net.

`routes` makes strokes of each connected part; here they are put in order and given a clock. The ink covers every edge
of the skeleton and follows nothing else.
"""

from __future__ import annotations

import cv2
import numpy as np

from handwrite.core.ink import Ink
from handwrite.core.polyline import along
from handwrite.recover.habits import LATIN, Habits
from handwrite.recover.routes import Route, routes
from handwrite.recover.skeleton import Floats, Skeleton

FLATTEST = 5.0  # a glyph counts as at least 1 / 5 as high as its widest part is wide, so that a dash has a height
NEAR = 0.2  # glyph heights; differences in place that are much larger tell no more about the order of strokes
SMALLEST = 0.06  # glyph heights; smaller strokes count as that large
START_RIGHT = 0.2  # a ring starts where it is highest, a pixel right being worth that many up

SPEED = 11.3  # glyph heights a second where the radius of curvature is a glyph height
STRAIGHT = 1.0  # glyph heights, a radius of curvature above which the pen gets hardly faster
RUN_UP = 0.1  # glyph heights from the end of a stroke to where the pen is at full speed
SLOWEST = 0.05  # share of full speed at an end, where it would be 0
PAUSE = 0.1  # seconds that any lift of the pen takes
TRAVEL = 0.14  # seconds that it takes longer for each glyph height of its way through the air


def trace(skeleton: Skeleton, *, habits: Habits = LATIN) -> Ink:
    """The ink that most likely left this skeleton: strokes in order of writing, x, y in pixels of the mask, t in
    seconds.

    habits : `LATIN` for Latin letters and words, `GENERAL` for characters of several strokes in other scripts.
    """
    height = glyph_height(skeleton)
    found = [
        _path(route, skeleton)
        for part in skeleton.components
        for route in routes(skeleton, part, height=height, habits=habits)
    ]
    strokes = [found[number] for number in _order(found, height, habits)]
    return _clocked(strokes, height=height, width=skeleton.width)


def glyph_height(skeleton: Skeleton) -> float:
    """The height of the skeleton in pixels, but at least a fifth of the width of its widest part; 1 for a dot."""
    if not skeleton.edges:
        return 1.0
    y = np.concatenate([edge.path[:, 1] for edge in skeleton.edges])
    parts = [np.concatenate([skeleton.edges[number].path[:, 0] for number in part]) for part in skeleton.components]
    return max(float(np.ptp(y)), max(float(np.ptp(x)) for x in parts) / FLATTEST, 1.0)


def _path(route: Route, skeleton: Skeleton) -> Floats:
    """(n, 2) x, y of a route, one point for a dot; a ring starts at its top."""
    path = route.path(skeleton)
    if not np.ptp(path, axis=0).any():
        return path[:1]
    if not route.closed:
        return path
    top = int(np.argmin(path[:-1, 1] - START_RIGHT * path[:-1, 0]))
    return np.concatenate([path[top:-1], path[: top + 1]])


def _order(strokes: list[Floats], height: float, habits: Habits) -> list[int]:
    """The numbers of the strokes in order of writing.

    Each pair is compared by where the strokes lie and how large they are, as Bradley and Terry 1952 do, and a stroke
    comes the earlier the more of the others it is expected to precede.
    """
    if not strokes:
        return []
    boxes = np.array([[*path.min(axis=0), *path.max(axis=0)] for path in strokes])[:, [0, 2, 1, 3]] / height
    size = np.log(np.maximum(boxes[:, 1] - boxes[:, 0] + boxes[:, 3] - boxes[:, 2], SMALLEST))
    beside = np.tanh((boxes - boxes[:, None]) / NEAR)
    larger = (size - size[:, None])[..., None]
    left, right = boxes[:, 0], boxes[:, 1]
    above = (np.minimum(right, right[:, None]) > np.maximum(left, left[:, None]))[..., None]
    features = np.concatenate([beside, larger, beside * above, larger * above], axis=2)
    before = np.tanh(features @ habits.order / 2).sum(axis=1)
    return [int(number) for number in np.argsort(-before, kind="stable")]


def _clocked(strokes: list[Floats], *, height: float, width: float) -> Ink:
    """Ink from paths, with times that a pen might take."""
    timed: list[Floats] = []
    now = 0.0
    for path in strokes:
        if timed:
            gap = float(np.hypot(*(path[0] - timed[-1][-1, :2])))
            now += PAUSE + TRAVEL * gap / height
        times = now + _times(path, height=height, width=width)
        now = float(times[-1])
        timed.append(np.column_stack([path, times]))
    return Ink.from_strokes(timed)


def _times(path: Floats, *, height: float, width: float) -> Floats:
    """(n,) seconds from the start of a stroke.

    Speed falls with the cube root of curvature, as in the two-thirds power law of Lacquaniti, Terzuolo and Viviani
    1983, and towards the ends of the stroke with the distance from them to the power of 2 / 3, as it does in
    movements of least jerk from rest to rest (Flash and Hogan 1985: the way begins as t^3).
    """
    way = along(path)
    if len(path) < 3 or not way[-1]:
        return way / (SPEED * height)
    middle = (way[1:] + way[:-1]) / 2
    ends = np.minimum(np.minimum(middle, way[-1] - middle) / (RUN_UP * height), 1)
    curvature = _curvature(path, width)
    bend = ((curvature[1:] + curvature[:-1]) / 2 * height + 1 / STRAIGHT) ** (-1 / 3)
    speed = SPEED * height * bend * np.maximum(ends, SLOWEST) ** (2 / 3)
    return np.concatenate([[0.0], np.cumsum(np.diff(way) / speed)])


def _curvature(path: Floats, width: float) -> Floats:
    """(n,) curvature in 1 / pixels of a path smoothed over about its stroke width; points are about a pixel apart."""
    sigma = max(width, 1.0)
    smooth = cv2.GaussianBlur(path[:, None], (1, 2 * round(4 * sigma) + 1), sigma, borderType=cv2.BORDER_REPLICATE)[
        :, 0
    ]
    first = np.gradient(smooth, axis=0)
    second = np.gradient(first, axis=0)
    cross = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    return np.asarray(cross / np.maximum((first**2).sum(axis=1), 1e-3) ** 1.5)
