"""Places on a skeleton and the ways between them, on a planted corner and a dot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from handwrite.core.image import GreyImage
from handwrite.recover.glyph import glyph_of
from handwrite.recover.skeleton import skeleton_of
from handwrite.recover.ways import Ways, ways_of


@pytest.fixture
def corner(picture: Callable[..., GreyImage]) -> Ways:
    glyph = glyph_of(picture([(20, 20), (20, 80), (80, 80)], [(60, 30), (60.5, 30)]))
    return ways_of(skeleton_of(glyph.mask))


def test_places_are_about_a_pixel_apart(corner: Ways) -> None:
    for chain in corner.chains:
        apart = np.hypot(*np.diff(corner.places[chain], axis=0).T)
        assert ((apart > 0.4) & (apart < 1.6)).all()
    ends = corner.places[corner.branches == 1]
    assert len(ends) == 2
    assert np.ptp(ends, axis=0).min() > 35
    assert (corner.branches == 0).sum() == 1  # the dot


def test_ways_are_measured_along_the_ink(corner: Ways) -> None:
    first, last = np.flatnonzero(corner.branches == 1)
    long = max(corner.chains, key=len)
    whole = corner.length(long)
    assert whole > 1.3 * np.hypot(*(corner.places[first] - corner.places[last]))
    near = corner.within(2, 5)
    assert not near.diagonal().any()
    assert (near == near.T).all()
    along = corner.along(long)
    expected = (np.abs(along - along[:, None]) >= 2) & (np.abs(along - along[:, None]) <= 5)
    np.testing.assert_array_equal(near[np.ix_(long, long)], expected)
