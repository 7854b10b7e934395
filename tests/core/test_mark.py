"""The mark under ink: told from paper whichever is darker, and as wide as the pen was."""

from __future__ import annotations

import numpy as np
import pytest

from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink
from handwrite.core.mark import mark_of, mark_width
from handwrite.core.render import Frame, Pen, render

SHAPE = (120, 300)


def wave(scale: float = 1.0) -> Ink:
    x = np.linspace(20, 280, 60)
    return Ink.from_strokes([scale * np.column_stack([x, 60 + 30 * np.sin(x / 20)])])


def drawn(ink: Ink, width: float, *, scale: int = 1) -> GreyImage:
    frame = Frame(height=SHAPE[0] * scale, width=SHAPE[1] * scale, scale=1, left=0, top=0)
    return render(ink, frame=frame, pen=Pen(width=width, pressure=0, darkness=1))


@pytest.mark.parametrize(("paper", "dark"), [(255, 0), (200, 60), (30, 220)])
def test_paper_is_0_and_the_mark_is_255_whichever_is_darker(paper: int, dark: int) -> None:
    bare = 255 - drawn(wave(), 8)
    image = np.round(paper + (dark - paper) * (bare / 255)).astype(np.uint8)
    np.testing.assert_allclose(mark_of(wave(), image).astype(int), bare, atol=255 / abs(paper - dark))


def test_a_mark_that_takes_most_of_the_image_is_still_the_mark() -> None:
    ink = Ink.from_strokes([[(2, 30), (58, 30)]])
    image = np.full((60, 60), 255, np.uint8)
    image[5:55] = 0
    assert (mark_of(ink, image)[5:55] == 255).all()
    assert (mark_of(ink, image)[:5] == 0).all()


def test_an_image_of_one_grey_has_no_mark() -> None:
    assert not mark_of(wave(), np.full(SHAPE, 77, np.uint8)).any()


@pytest.mark.parametrize("width", [1.5, 2.0, 2.5, 4.0, 9.0, 20.0])
def test_the_width_is_that_of_the_pen_also_when_ink_strays_by_a_pixel(width: float) -> None:
    mark = mark_of(wave(), drawn(wave(), width))
    for shift in (0, 0.8):
        assert mark_width(wave().moved(0, shift), mark) == pytest.approx(width, abs=0.5)


def test_large_images_are_looked_at_small_and_ink_may_lie_outside() -> None:
    ink = wave(12)
    mark = mark_of(ink, drawn(ink, 40, scale=12))
    assert mark_width(ink, mark) == pytest.approx(40, rel=0.1)
    assert mark_width(ink.moved(-5000, 0), mark) == 1


def test_a_dot() -> None:
    dot = Ink.from_strokes([[(30.5, 20.5)]])
    image = drawn(dot, 7)
    assert mark_width(dot, mark_of(dot, image)) == pytest.approx(7, abs=1)
