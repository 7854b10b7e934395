"""Pictures of paths: colours run with time or speed, numbers stand at starts, arrows point along, over the mark."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handwrite.core.ink import Ink
from handwrite.core.render import Frame, Pen, render
from handwrite.formats import path_png

SHAPE = (100, 260)
Picture = NDArray[np.uint8]


def image_of(ink: Ink, *, shape: tuple[int, int] = SHAPE, width: float = 6) -> NDArray[np.uint8]:
    frame = Frame(height=shape[0], width=shape[1], scale=1, left=0, top=0)
    return render(ink, frame=frame, pen=Pen(width=width, pressure=0, darkness=1))


def line(*ends: tuple[float, float], start: float, duration: float, bend: float = 1.0) -> NDArray[np.float64]:
    """A straight stroke; with `bend` 2 it gets faster all the way."""
    share = np.linspace(0, 1, 41)
    places = np.array(ends[0]) + np.outer(share**bend, np.subtract(ends[1], ends[0]))
    return np.column_stack([places, start + duration * share])


THREE = Ink.from_strokes([line((x, 15), (x, 85), start=k, duration=0.5) for k, x in enumerate((40, 130, 220))])


def coloured(picture: Picture) -> NDArray[np.bool_]:
    return np.asarray(np.ptp(picture.astype(int), axis=2) > 40)


def warmth(picture: Picture) -> NDArray[np.float64]:
    """Red less blue of each pixel: it rises along the ramp."""
    return np.asarray(picture[..., 2].astype(float) - picture[..., 0])


def place(picture: Picture, x: float, y: float, *, shape: tuple[int, int] = SHAPE) -> tuple[int, int]:
    """The row and column of the picture that show a place of the image, from the sizes of both."""
    scale = (picture.shape[1] - picture.shape[0]) / (shape[1] - shape[0])
    margin = (picture.shape[0] - scale * shape[0]) / 2
    return round(y * scale + margin), round(x * scale + margin)


def along(picture: Picture, ink: Ink) -> list[float]:
    """The warmth of the picture at the points of the ink."""
    found = warmth(picture)
    return [float(found[place(picture, x, y)]) for x, y, _ in ink.points]


def test_the_path_lies_on_the_mark_which_is_seen_on_both_sides() -> None:
    picture = path_png.draw_path(THREE, image_of(THREE))
    for x in (40, 130, 220):
        row = picture[place(picture, x, 78)[0]].astype(int)
        near = slice(place(picture, x - 8, 78)[1], place(picture, x + 8, 78)[1])
        centre = (near.start + near.stop) / 2
        grey = (np.ptp(row, axis=1) <= 4) & (row[:, 0] < 230)
        path = np.flatnonzero(coloured(picture)[place(picture, x, 78)[0], near]) + near.start
        mark = np.flatnonzero(grey[near]) + near.start
        assert path.mean() == pytest.approx(centre, abs=1.5)
        assert mark.min() < path.min() < path.max() < mark.max()
    assert not coloured(picture)[:, place(picture, 70, 50)[1] : place(picture, 100, 50)[1]].any()  # nor in the air


def test_colours_go_from_dark_blue_to_orange_in_time() -> None:
    seen = np.array(along(path_png.draw_path(THREE, image_of(THREE)), THREE))
    tops = [seen[k * 41 + 4 : k * 41 + 16].mean() for k in range(3)]  # before the arrows
    assert tops[0] < -80
    assert tops[2] > 100
    assert tops == sorted(tops)


def test_reversed_strokes_are_seen_in_other_pictures() -> None:
    flipped = Ink.from_strokes([line((x, 85), (x, 15), start=k, duration=0.5) for k, x in enumerate((40, 130, 220))])
    one, other = (path_png.draw_path(ink, image_of(THREE)) for ink in (THREE, flipped))
    assert one.shape == other.shape
    assert (one != other).any(axis=2).mean() > 0.002


def test_the_faster_the_nearer_to_orange() -> None:
    ink = Ink.from_strokes([line((20, 50), (240, 50), start=0, duration=1, bend=2)])
    slow_first = warmth(path_png.draw_path(ink, image_of(ink), show="speed"))
    row, left = place(np.asarray(slow_first[..., None]), 22, 50)
    right = place(np.asarray(slow_first[..., None]), 235, 50)[1]
    assert slow_first[row, left] < 0 < slow_first[row, right]
    backwards = Ink.from_strokes([line((240, 50), (20, 50), start=0, duration=1, bend=2)])
    assert warmth(path_png.draw_path(backwards, image_of(ink), show="speed"))[row, left] > 0


def test_an_even_speed_is_one_colour() -> None:
    seen = path_png.draw_path(THREE, image_of(THREE), show="speed")
    strong = seen[np.ptp(seen.astype(int), axis=2) > 120]
    assert np.ptp(np.median(strong, axis=0) - strong.mean(axis=0)) < 25


def printed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    """What is printed, its left bottom corner and its size, once for each number."""
    texts: list[tuple[str, tuple[int, int], tuple[int, int]]] = []
    put = cv2.putText

    def note(image: Any, text: str, corner: Any, font: int, scale: float, colour: Any, thick: int, kind: int) -> Any:
        if colour != (255, 255, 255):
            width, height = cv2.getTextSize(text, font, scale, thick)[0]
            texts.append((text, corner, (width, height)))
        return put(image, text, corner, font, scale, colour, thick, kind)

    monkeypatch.setattr(cv2, "putText", note)
    return texts


def test_numbers_stand_beside_the_starts_and_not_on_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = printed(monkeypatch)
    fan = [line((130, 50), (130 + 60 * np.cos(a), 50 + 40 * np.sin(a)), start=k, duration=0.5)
           for k, a in enumerate(np.arange(12) * np.pi / 6)]  # fmt: skip
    ink = Ink.from_strokes(fan)
    picture = path_png.draw_path(ink, image_of(ink))
    assert [text for text, _, _ in texts] == [str(number) for number in range(1, 13)]
    boxes = [(x, y - height, x + width, y) for _, (x, y), (width, height) in texts]
    assert all(x1 >= 0 and y1 >= 0 and x2 <= picture.shape[1] and y2 <= picture.shape[0] for x1, y1, x2, y2 in boxes)
    row, column = place(picture, 130, 50)
    away = [np.hypot((x1 + x2) / 2 - column, (y1 + y2) / 2 - row) for x1, y1, x2, y2 in boxes]
    assert max(away) < 0.5 * picture.shape[0]
    first, second = boxes[:2]
    assert first[2] <= second[0] or second[2] <= first[0] or first[3] <= second[1] or second[3] <= first[1]


def test_arrows_point_the_way_of_the_pen(monkeypatch: pytest.MonkeyPatch) -> None:
    tips: list[NDArray[np.int32]] = []
    fill = cv2.fillPoly

    def note(image: Any, corners: Any, *rest: Any, **options: Any) -> Any:
        tips.append(corners[0])
        return fill(image, corners, *rest, **options)

    monkeypatch.setattr(cv2, "fillPoly", note)
    ink = Ink.from_strokes([line((230, 40), (30, 60), start=0, duration=1)])
    path_png.draw_path(ink, image_of(ink))
    assert len(tips) >= 4
    for tip, *others in tips:
        assert all(tip[0] < other[0] for other in others)


@pytest.mark.parametrize("show", path_png.SHOWN)
def test_dots_and_points_that_stand_still(show: str) -> None:
    strokes: list[list[tuple[float, ...]]] = [
        [(50, 50, 0)],
        [(100, 50, 1), (100, 50, 1.5), (140, 50, 2)],
        [(200, 50, 3), (200, 50, 3)],
    ]
    ink = Ink.from_strokes(strokes)
    picture = path_png.draw_path(ink, image_of(ink), show=show)
    assert all(coloured(picture)[place(picture, x, 50)] for x in (50, 200))
    dot = Ink.from_strokes([strokes[0]])
    assert coloured(path_png.draw_path(dot, image_of(dot), show=show)).any()


def test_small_letters_are_enlarged_and_large_pictures_bounded() -> None:
    small = THREE.scaled(0.1)
    assert path_png.draw_path(small, image_of(small, shape=(10, 26), width=1)).shape[0] > 120
    shape = (4000, 8000)
    picture = path_png.draw_path(THREE, image_of(THREE, shape=shape))
    assert 0.9 * path_png.MOST_PIXELS < picture.shape[0] * picture.shape[1] < 1.2 * path_png.MOST_PIXELS


def test_light_writing_on_dark_ground_is_shown_as_grey_on_white() -> None:
    dark, light = (path_png.draw_path(THREE, image) for image in (image_of(THREE), 255 - image_of(THREE)))
    np.testing.assert_array_equal(dark, light)


def test_the_file_is_a_png_with_notes_and_the_same_again() -> None:
    data = path_png.encode(THREE, image_of(THREE), metadata={"path": "a.png", "width": 260})
    assert data == path_png.encode(THREE, image_of(THREE), metadata={"path": "a.png", "width": 260})
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decoded, path_png.draw_path(THREE, image_of(THREE)))
    assert b"Path\0\0\0\0\0a.png" in data
    assert b"Software\0\0\0\0\0handwrite" in data
