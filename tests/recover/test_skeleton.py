"""Skeleton graphs of planted shapes: what ends, meets and is left out, and how near to the ink's middle it runs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import ArrayLike
from skimage.morphology import skeletonize

from handwrite.core.ink import Ink
from handwrite.core.render import Pen, draw
from handwrite.recover.skeleton import Floats, Mask, Skeleton, skeleton_of

WIDTH = 4.0


def drawn(*strokes: ArrayLike, width: float = WIDTH, shape: tuple[int, int] = (64, 80)) -> Mask:
    """The ink of strokes (n, 2) under a round pen."""
    return draw(Ink.from_strokes(strokes), shape=shape, pen=Pen(width=width, pressure=0, darkness=1)) > 127


def degrees(skeleton: Skeleton) -> list[int]:
    return sorted(len(ends) for ends in skeleton.incident)


def ring(x: float, y: float, radius: float) -> Floats:
    angle = np.linspace(0, 2 * np.pi, 60)
    return np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])


def test_a_bar_is_one_edge_as_wide_as_the_pen_along_its_middle() -> None:
    skeleton = skeleton_of(drawn([(10, 20), (60, 20)], width=5))
    [edge] = skeleton.edges
    assert degrees(skeleton) == [1, 1]
    np.testing.assert_allclose(sorted(skeleton.nodes[:, 0]), [10, 60], atol=2)
    assert np.abs(edge.path[4:-4, 1] - 20).max() <= 0.6
    np.testing.assert_allclose([edge.width, skeleton.width], 5, atol=0.8)
    assert edge.length == pytest.approx(50, abs=3)


@pytest.mark.parametrize("lean", [0, 8, 12])
def test_strokes_that_cross_meet_at_one_node_even_at_a_slant(lean: int) -> None:
    skeleton = skeleton_of(drawn([(40 - lean, 8), (40 + lean, 56)], [(12, 32 - lean / 2), (68, 32 + lean / 2)]))
    assert degrees(skeleton) == [1, 1, 1, 1, 4]
    [crossing] = [node for node, ends in zip(skeleton.nodes, skeleton.incident, strict=True) if len(ends) == 4]
    np.testing.assert_allclose(crossing, (40, 32), atol=1.5)


def test_a_bump_of_the_outline_goes_and_a_branch_stays() -> None:
    bar = [(10, 40), (70, 40)]
    assert degrees(skeleton_of(drawn(bar, [(40, 40), (40, 36.5)]))) == [1, 1]
    assert degrees(skeleton_of(drawn(bar, [(40, 40), (40, 28)]))) == [1, 1, 1, 3]


def test_a_ring_has_one_node_and_a_loop_from_its_top() -> None:
    skeleton = skeleton_of(drawn(ring(40, 32, 20)))
    [loop] = skeleton.edges
    assert loop.start == loop.end == 0
    assert degrees(skeleton) == [2]
    np.testing.assert_allclose(loop.path[[0, -1]], skeleton.nodes[[0, 0]])
    np.testing.assert_allclose(skeleton.nodes[0, 1], 12, atol=1)
    np.testing.assert_allclose(np.hypot(*(loop.path - (40, 32)).T), 20, atol=1)
    assert loop.length == pytest.approx(2 * np.pi * 20, rel=0.05)


@pytest.mark.parametrize("side", [1, 2, 3, 6])
def test_a_dot_is_an_edge_in_its_middle(side: int) -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[8 : 8 + side, 5 : 5 + side] = True
    skeleton = skeleton_of(mask)
    [edge] = skeleton.edges
    assert edge.length <= side
    assert len(edge.path) >= 2
    assert np.abs(edge.path - (5 + side / 2, 8 + side / 2)).max() <= max(side / 2, 0.5)


def test_no_part_of_the_ink_is_lost() -> None:
    noise = np.random.default_rng(0).random((120, 160)) < 0.35
    mask = cv2.dilate(noise.astype(np.uint8), np.ones((2, 2), np.uint8)) * (np.indices((120, 160))[1] % 23 > 2) > 0
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    skeleton = skeleton_of(mask)
    nodes = np.floor(skeleton.nodes).astype(int)
    assert set(labels[nodes[:, 1], nodes[:, 0]]) >= set(range(1, count))
    assert len(skeleton.components) == count - 1
    assert sorted(number for part in skeleton.components for number in part) == list(range(len(skeleton.edges)))


def test_paths_are_smooth_and_stay_near_the_pixels_of_the_skeleton() -> None:
    mask = drawn([(10, 20), (70, 41)])
    [edge] = skeleton_of(mask).edges
    rows, columns = np.nonzero(skeletonize(mask))  # type: ignore[no-untyped-call]
    apart = np.hypot(edge.path[:, None, 0] - columns - 0.5, edge.path[:, None, 1] - rows - 0.5).min(axis=1)
    assert apart.max() < 1
    assert edge.length < 1.01 * np.hypot(*(edge.path[-1] - edge.path[0]))


def test_edges_run_from_node_to_node() -> None:
    skeleton = skeleton_of(drawn(ring(40, 32, 16), [(8, 32), (72, 32)], [(40, 4), (44, 60)]))
    for edge in skeleton.edges:
        np.testing.assert_allclose(edge.path[[0, -1]], skeleton.nodes[[edge.start, edge.end]])
        assert np.hypot(*np.diff(edge.path, axis=0).T).max() < 2.5
    for node, ends in enumerate(skeleton.incident):
        assert all(node == (skeleton.edges[n].start if starts else skeleton.edges[n].end) for n, starts in ends)


def test_parts_come_by_their_left_ends() -> None:
    skeleton = skeleton_of(drawn([(50, 10), (70, 50)], [(10, 50), (30, 10)], [(5, 20), (35, 40)]))
    assert len(skeleton.components) == 2
    left = [min(skeleton.edges[number].path[:, 0].min() for number in part) for part in skeleton.components]
    assert left == sorted(left)


def test_no_ink_has_no_nodes_and_an_image_of_colours_is_refused() -> None:
    skeleton = skeleton_of(np.zeros((10, 10), np.bool_))
    assert (skeleton.nodes.shape, skeleton.edges, skeleton.components, skeleton.width) == ((0, 2), (), (), 0)
    with pytest.raises(ValueError, match=r"\(H, W\)"):
        skeleton_of(np.zeros((10, 10, 3), np.bool_))
