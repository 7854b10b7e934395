"""Image files -> grey images.

Any format that OpenCV decodes; how a photo was held (EXIF) is honoured, transparency lies on white. What is written in
an image is not known here: lines are found by `lines` and made ready for a model by `normalize`.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import cv2
import imagesize
import numpy as np
from numpy.typing import NDArray

from handwrite.errors import InputError

GreyImage = NDArray[np.uint8]
ColourImage = NDArray[np.uint8]
"""(H, W, 3), blue, green, red as OpenCV has them."""

WHITE = 255
MAX_PIXELS = 250_000_000  # the largest phone cameras make 200 million
MOST_CONTRAST = 60.0  # greys from which on a mark is as much a mark as any
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".pgm", ".ppm", ".pnm", ".gif", ".jp2")
"""How the names of image files end, for finding them in folders."""

PNG = b"\x89PNG\r\n\x1a\n"
PNG_COLOUR_TYPE, PNG_WITH_ALPHA = 25, (b"\x04", b"\x06")  # where the header says it, and the values


def read_image(path: str | Path) -> GreyImage:
    """The image of a file: (H, W) uint8 grey. Raises InputError when it cannot be read, is no image or is too large."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); give the path of an image") from error
    return decode_image(content, name=str(path))


def decode_image(content: bytes, *, name: str) -> GreyImage:
    """The image in a file's bytes: (H, W) uint8 grey. Raises InputError as `read_image`, calling the file `name`."""
    if not content:
        raise InputError(f"{name}: an empty file; give an image")
    width, height = _size(content)
    if width * height > MAX_PIXELS:
        raise InputError(f"{name}: {width} x {height} pixels are too many (at most {MAX_PIXELS:,}); scale it down")
    try:
        image = _decode(np.frombuffer(content, np.uint8), alpha=_has_alpha(content))
    except cv2.error as error:
        raise InputError(f"{name}: cannot be decoded ({error.err}); save it as PNG or JPEG") from error
    if image is None or not image.size:
        raise InputError(f"{name}: not an image, or damaged; give a PNG, JPEG or another image that OpenCV reads")
    return image


def grey_of(image: NDArray[np.uint8]) -> GreyImage:
    """The grey (H, W) of an array (H, W) or (H, W, 3), red first. Raises InputError for another shape or dtype."""
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)) or not image.size:
        raise InputError(f"an image is an array (H, W) or (H, W, 3) of uint8, not {image.shape} of {image.dtype}")
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def is_dark_on_light(image: GreyImage, *, around: float) -> bool:
    """Whether the narrow marks on an image (H, W) are darker than what is `around` them, in pixels: than the median, so
    than the paper. Large differences, as at the edge of a sheet, count no more than strokes."""
    size = (max(image.shape[1] // 2, 1), max(image.shape[0] // 2, 1))
    half = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    paper = cv2.medianBlur(half, 2 * max(round(around / 2), 1) + 1)
    marks = np.clip(half.astype(np.float32) - paper, -MOST_CONTRAST, MOST_CONTRAST)
    return float(marks.sum()) <= 0


def _size(content: bytes) -> tuple[int, int]:
    """Width and height as the header says; 0 where it does not, and OpenCV's own limit has to do."""
    try:
        width, height = imagesize.get(BytesIO(content))
    except ValueError:
        return 0, 0
    return max(int(width), 0), max(int(height), 0)


def _has_alpha(content: bytes) -> bool:
    return content.startswith(PNG) and content[PNG_COLOUR_TYPE : PNG_COLOUR_TYPE + 1] in PNG_WITH_ALPHA


def _decode(content: NDArray[np.uint8], *, alpha: bool) -> GreyImage | None:
    if not alpha:
        grey = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)
        return None if grey is None else np.asarray(grey, np.uint8)
    image = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    if image is None or image.ndim != 3 or image.shape[2] != 4:
        return _decode(content, alpha=False)
    if image.dtype == np.uint16:
        image = (image // 256).astype(np.uint8)
    share = image[..., 3].astype(np.float32) / WHITE
    grey = cv2.cvtColor(image[..., :3], cv2.COLOR_BGR2GRAY).astype(np.float32)
    return np.asarray(np.round(WHITE + share * (grey - WHITE)), np.uint8)
