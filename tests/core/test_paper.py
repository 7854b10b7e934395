"""Sheets on tables, drawn, beside images that show no sheet."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from handwrite.core.image import GreyImage
from handwrite.core.paper import without_table

PAPER, TABLE, INK = 210, 80, 40


def page(height: int = 300, width: int = 400) -> GreyImage:
    """Paper with rows of dashes."""
    image = np.full((height, width), PAPER, np.uint8)
    for top in range(30, height - 30, 25):
        for left in range(30, width - 40, 20):
            image[top : top + 4, left : left + 12] = INK
    return image


def on_table(image: GreyImage, *, border: int, turn: float = 0.0) -> tuple[GreyImage, GreyImage]:
    """The image on a table, turned by so many degrees, and where it lies (255)."""
    height, width = (side + 2 * border for side in image.shape)
    move = cv2.getRotationMatrix2D((image.shape[1] / 2, image.shape[0] / 2), turn, 1)
    move[:, 2] += border
    place = cv2.warpAffine(np.full_like(image, 255), move, (width, height))
    ground = np.random.default_rng(0).normal(TABLE, 5, (height, width))
    laid = cv2.warpAffine(image, move, (width, height))
    return np.where(place > 127, laid, ground.clip(0, 255)).astype(np.uint8), place


@pytest.mark.parametrize(("border", "turn"), [(12, 0.0), (60, 0.0), (90, 8.0)])
def test_the_table_gets_the_grey_of_the_paper(border: int, turn: float) -> None:
    photo, place = on_table(page(), border=border, turn=turn)
    cleared = without_table(photo)
    assert (cleared[place == 0] == PAPER).all()
    inner = cv2.erode(place, np.ones((15, 15), np.uint8), borderValue=0) > 0
    np.testing.assert_array_equal(cleared[inner], photo[inner])


def half_in_shadow() -> GreyImage:
    image = page()
    image[:, 200:] //= 2
    return image


def sheet_half_in_shadow() -> GreyImage:
    """The darker half of the sheet is as dark as a table, and written on."""
    photo, _ = on_table(page(), border=60)
    photo[:, 260:] = (0.5 * photo[:, 260:]).astype(np.uint8)
    return photo


def chalk() -> GreyImage:
    return 255 - on_table(page(), border=0)[0]


def bar() -> GreyImage:
    """A light letter on dark ground."""
    image = np.full((100, 60), 30, np.uint8)
    image[10:90, 20:40] = 240
    return image


@pytest.mark.parametrize(
    "image",
    [
        np.full((1, 900), 200, np.uint8),
        page(),
        half_in_shadow(),
        sheet_half_in_shadow(),
        chalk(),
        255 - page(60, 200),
        bar(),
    ],
)
def test_what_shows_no_sheet_on_a_table_is_left_as_it_is(image: GreyImage) -> None:
    assert without_table(image) is image
