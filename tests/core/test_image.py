"""Reading image files: what comes back, and what each kind of bad file is told."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from handwrite.core.image import MAX_PIXELS, decode_image, grey_of, is_dark_on_light, read_image
from handwrite.errors import InputError

STEPS = np.repeat(np.array([[0, 60, 120, 250]], np.uint8), 3, axis=0)


def encoded(image: np.ndarray, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".webp", ".pgm"])
def test_greys_come_back(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"steps{suffix}"
    path.write_bytes(encoded(STEPS, suffix))
    image = read_image(path)
    assert image.dtype == np.uint8
    assert np.abs(image.astype(int) - STEPS).max() <= (3 if suffix == ".webp" else 0)


def test_deep_and_coloured_images_become_grey() -> None:
    assert (decode_image(encoded(STEPS.astype(np.uint16) * 257), name="deep") == STEPS).all()
    blue = np.zeros((2, 2, 3), np.uint8)
    blue[..., 0] = 255  # OpenCV's order
    assert (decode_image(encoded(blue), name="blue") == 29).all()


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_what_is_transparent_lies_on_white(depth: type) -> None:
    full = np.iinfo(depth).max
    image = np.zeros((1, 3, 4), depth)  # black throughout
    image[0, :, 3] = 0, full // 2 + 1, full
    assert np.abs(decode_image(encoded(image), name="ink").astype(int) - [[255, 127, 0]]).max() <= 1


def test_a_photo_is_turned_as_the_camera_was_held() -> None:
    upright = np.tile(np.array([[0], [255]], np.uint8), (8, 16)).repeat(8, axis=1)
    upright[:8], upright[8:] = 0, 255
    jpeg = encoded(upright, ".jpg")
    turned = decode_image(jpeg[:2] + exif(orientation=6) + jpeg[2:], name="photo")
    assert turned.shape == upright.shape[::-1]
    assert turned[:, -4:].mean() < 10 < 245 < turned[:, :4].mean()


def exif(*, orientation: int) -> bytes:
    """A JPEG segment that says how the camera was held."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(InputError, match=rf"vast: 20000 x 20000 pixels are too many \(at most {MAX_PIXELS:,}\)"):
        decode_image(png, name="vast")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it: an empty file"),
        (b"no image at all", "it: not an image, or damaged"),
        (encoded(STEPS)[:40], "it: not an image, or damaged"),
    ],
)
def test_bad_files_are_named(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        decode_image(content, name="it")


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none.png: cannot be read \(No such file"):
        read_image(tmp_path / "none.png")
    with pytest.raises(InputError, match="Is a directory"):
        read_image(tmp_path)


def test_arrays() -> None:
    assert grey_of(STEPS) is STEPS
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 255
    assert (grey_of(red) == 76).all()
    for wrong in (STEPS.astype(float), np.zeros((2, 2, 4), np.uint8), np.zeros((0, 3), np.uint8)):
        with pytest.raises(InputError, match="an image is an array"):
            grey_of(wrong)


@pytest.mark.parametrize("inverted", [False, True])
def test_writing_is_dark_on_light_or_the_reverse(inverted: bool) -> None:
    rng = np.random.default_rng(0)
    photo = np.full((700, 900), 60.0)  # a dark table, with a sheet on it and a shadow on the sheet
    photo[90:610, 100:800] = 220
    photo[90:610, 600:800] *= 0.6
    for row in range(140, 560, 30):
        for column in range(140, 700, 9):
            photo[row : row + 10, column : column + 3] -= 30
    image = np.clip(photo + rng.normal(0, 3, photo.shape), 0, 255).astype(np.uint8)
    assert is_dark_on_light(255 - image if inverted else image, around=30) != inverted
