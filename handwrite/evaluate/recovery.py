"""How well pen paths are recovered: the figures of `handwrite evaluate recover`, as plain values.

Whoever recovers hands over what was found in each image. The measures themselves are `core.path_metrics`'; running a
recoverer is `recovery_samples`' work, the picture `recovery_sheet`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.core.image import WHITE, GreyImage
from handwrite.core.ink import Ink
from handwrite.core.metrics import bootstrap_interval
from handwrite.core.path_metrics import (
    PenLifts,
    aiou,
    direction_accuracy,
    dtw,
    glyph_height,
    ldtw,
    match,
    pen_lifts,
    point_order,
    rmse,
    start_error,
    stroke_order,
    velocity_r,
)
from handwrite.recover.glyph import INKED

NEAR = 0.1
"""Glyph heights from the true starting point within which a path starts rightly."""

BESIDE = 2.0
"""Pixels from the image's ink within which recovered ink lies on it."""


@dataclass(frozen=True)
class Scores:
    """How well one path was recovered, by the measures of `core.path_metrics`; None where one is not defined.

    starts : whether it starts within `NEAR` of the true start. on_ink : share of the recovered path within `BESIDE` of
    the image's ink.
    """

    local_order: float | None
    global_order: float | None
    stroke_tau: float | None
    starts: bool
    velocity_r: float | None
    direction: float | None
    lifts: PenLifts
    ldtw: float
    dtw: float
    rmse: float
    aiou: float
    on_ink: float


@dataclass(frozen=True)
class Judged:
    """What was recovered of a sample, and how well. writer : unique within its source, empty when unknown. real_clock :
    whether its true times are recorded, not modelled. ink : in pixels of the image."""

    name: str
    source: str
    script: str
    level: str
    writer: str
    real_clock: bool
    ink: Ink
    scores: Scores


@dataclass(frozen=True)
class Figure:
    """A mean over those samples that define it, how many these are, and its bootstrap 95 % interval."""

    value: float
    low: float
    high: float
    samples: int


@dataclass(frozen=True)
class Row:
    """The figures of a method on some samples; None where no sample defines one.

    writers : how many are known. real_clocks : samples whose true times are recorded. starts : share that starts
    rightly. lifts_f1 : of the lifts of all samples together. The others are means of `Scores`.
    """

    samples: int
    writers: int
    real_clocks: int
    local_order: Figure | None
    global_order: Figure | None
    stroke_tau: Figure | None
    starts: Figure | None
    velocity_r: Figure | None
    direction: Figure | None
    lifts_f1: Figure | None
    ldtw: Figure | None
    dtw: Figure | None
    rmse: Figure | None
    aiou: Figure | None
    on_ink: Figure | None


@dataclass(frozen=True)
class Group:
    """The samples of a source that are of one script and level. methods : the figures of each method, by its name.
    two_people : the stroke tau of two people who wrote the same character, where that is known."""

    source: str
    script: str
    level: str
    methods: dict[str, Row]
    two_people: Figure | None


def score(truth: Ink, recovered: Ink, image: GreyImage, *, real_clock: bool) -> Scores:
    """How well a path was recovered from an image (H, W), both inks in its pixels.

    An empty path counts as a dot in the middle of the image. real_clock : false where the true times are modelled, of
    which no velocity is known.
    """
    matched = match(truth, recovered if len(recovered) else _dot_in(image))
    return Scores(
        local_order=point_order(matched, local=True),
        global_order=point_order(matched),
        stroke_tau=stroke_order(matched),
        starts=start_error(matched) <= NEAR,
        velocity_r=velocity_r(matched) if real_clock else None,
        direction=direction_accuracy(matched),
        lifts=pen_lifts(matched),
        ldtw=ldtw(matched),
        dtw=dtw(matched),
        rmse=rmse(matched),
        aiou=aiou(matched),
        on_ink=_share_on_ink(matched.recovered.xy * glyph_height(truth), image),
    )


def judge(
    found: Mapping[str, Sequence[Judged]], *, two_people: Mapping[tuple[str, str], Figure] | None = None, seed: int = 0
) -> tuple[Group, ...]:
    """The figures by source, script and level, in alphabetical order.

    found : what each method recovered, of the same samples. two_people : their agreement, by source and script. seed :
    of the bootstrap.
    """
    keys = sorted({(one.source, one.script, one.level) for judged in found.values() for one in judged})
    groups = []
    for key in keys:
        parts = {
            method: [one for one in judged if (one.source, one.script, one.level) == key]
            for method, judged in found.items()
        }
        rows = {method: _row(part, seed=seed) for method, part in parts.items()}
        groups.append(Group(*key, methods=rows, two_people=(two_people or {}).get(key[:2])))
    return tuple(groups)


def mean_of(
    values: Sequence[float | None], writers: Sequence[str], *, weights: Sequence[float] | None = None, seed: int = 0
) -> Figure | None:
    """The weighted mean of the values that are not None, and its interval; None when there are none.

    Whole writers are drawn for the interval, an unknown one ("") being his sample; samples, where one writer wrote all.
    """
    kept = [
        (value * weight, weight, writer or f"\t{index}")
        for index, (value, writer, weight) in enumerate(
            zip(values, writers, weights or [1.0] * len(values), strict=True)
        )
        if value is not None
    ]
    if not kept:
        return None
    totals, sizes, hands = zip(*kept, strict=True)
    drawn = hands if len(set(hands)) > 1 else None
    return Figure(sum(totals) / sum(sizes), *bootstrap_interval(totals, sizes, groups=drawn, seed=seed), len(kept))


def shown(judged: Sequence[Judged]) -> list[list[tuple[str, int]]]:
    """The best, the median and the worst sample of each source, script and level by local point order, of equal ones by
    LDTW: titles and indices. Fewer where there are not three that have an order."""
    kinds: dict[str, list[tuple[float, float, int]]] = {}
    for index, one in enumerate(judged):
        if one.scores.local_order is not None:
            ranked = kinds.setdefault(f"{one.source} {one.script} {one.level}", [])
            ranked.append((-one.scores.local_order, one.scores.ldtw, index))
    rows = []
    for kind, ranked in sorted(kinds.items()):
        order = [index for *_, index in sorted(ranked)]
        titles: dict[int, str] = {}
        for name, index in (("best", order[0]), ("worst", order[-1]), ("median", order[len(order) // 2])):
            titles.setdefault(index, f"{kind}, {name}: {judged[index].name}")
        rows.append([(titles[index], index) for index in order if index in titles])
    return rows


def _row(samples: Sequence[Judged], *, seed: int) -> Row:
    scores, writers = [one.scores for one in samples], [one.writer for one in samples]
    lifts = [one.lifts for one in scores]

    def mean(measure: Callable[[Scores], float | None]) -> Figure | None:
        return mean_of([measure(one) for one in scores], writers, seed=seed)

    return Row(
        samples=len(samples),
        writers=len(set(writers) - {""}),
        real_clocks=sum(one.real_clock for one in samples),
        local_order=mean(lambda one: one.local_order),
        global_order=mean(lambda one: one.global_order),
        stroke_tau=mean(lambda one: one.stroke_tau),
        starts=mean(lambda one: float(one.starts)),
        velocity_r=mean(lambda one: one.velocity_r),
        direction=mean(lambda one: one.direction),
        # The mean of F1 weighted by its denominator is the F1 of all.
        lifts_f1=mean_of(
            [one.f1 for one in lifts], writers, weights=[one.recovered + one.true for one in lifts], seed=seed
        ),
        ldtw=mean(lambda one: one.ldtw),
        dtw=mean(lambda one: one.dtw),
        rmse=mean(lambda one: one.rmse),
        aiou=mean(lambda one: one.aiou),
        on_ink=mean(lambda one: one.on_ink),
    )


def _dot_in(image: GreyImage) -> Ink:
    height, width = image.shape
    return Ink.from_strokes([np.array([[width / 2, height / 2]])])


def _share_on_ink(places: NDArray[np.float64], image: GreyImage) -> float:
    """The share of places (N, 2) that lie on ink, whose pixels are counted by their centres."""
    bare = (WHITE - image <= INKED * WHITE).astype(np.uint8)
    away = cv2.distanceTransform(bare, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inside = places.clip(0, np.array(image.shape[::-1]) - 1)
    columns, rows = inside.astype(np.int64).T
    outside = np.hypot(*np.maximum(np.abs(places - inside) - 1, 0).T)
    return float((away[rows, columns] + outside <= BESIDE).mean())
