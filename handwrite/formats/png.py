"""PNG: a page drawn by `core.render` in the colours of its look, with its text and what made it in text chunks.

Written only: an image holds no ink. `core.image` reads images.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from handwrite.core.image import ColourImage, GreyImage
from handwrite.core.page import MM_PER_INCH, Page, Segments
from handwrite.core.render import MAX_PIXELS, Pen, draw
from handwrite.errors import InputError, OptionError
from handwrite.formats.look import PLAIN, RULE_COLOUR, RULE_WIDTH, Look

DOTS_PER_INCH = 300
FEWEST_DOTS, MOST_DOTS = 10, 2400
WHITE = "#ffffff"
HEADER_END = 33  # 8 bytes of signature, then the header chunk: 12 bytes around 13


def encode(
    page: Page,
    *,
    look: Look = PLAIN,
    metadata: Mapping[str, Any] | None = None,
    dots_per_inch: float = DOTS_PER_INCH,
) -> bytes:
    """A PNG file in colour. Raises OptionError for dots per inch out of range, or too many for a page so large."""
    image = draw_page(page, look=look, dots_per_inch=dots_per_inch)
    title = {"Title": page.text} if page.text else {}
    notes = {"Description": json.dumps(dict(metadata), ensure_ascii=False)} if metadata else {}
    return encode_image(image, notes={**title, **notes, "Software": "handwrite"}, dots_per_inch=dots_per_inch)


def draw_page(page: Page, *, look: Look = PLAIN, dots_per_inch: float = DOTS_PER_INCH) -> ColourImage:
    """The image of a page, (H, W, 3) uint8, blue, green, red as OpenCV has them. Raises as `encode` does."""
    _check_dots(page, dots_per_inch)
    dots = dots_per_inch / MM_PER_INCH
    shape = (max(round(page.height * dots), 1), max(round(page.width * dots), 1))
    image = np.full((*shape, 3), _bgr(look.background or WHITE), np.uint8)
    _blend(image, _rules_cover(page.rules * dots, shape=shape, width=RULE_WIDTH * dots), RULE_COLOUR)
    pen = Pen(width=look.width * dots, pressure=look.pressure, darkness=1)
    _blend(image, draw(page.ink.scaled(dots), shape=shape, pen=pen), look.colour)
    return image


def encode_image(
    image: GreyImage | ColourImage, *, notes: Mapping[str, str] | None = None, dots_per_inch: float = 0
) -> bytes:
    """A PNG file of an image (H, W) or (H, W, 3) uint8, with notes by keyword (Latin letters, below 80 of them)."""
    written, data = cv2.imencode(".png", image)
    if not written:
        raise ValueError(f"cannot encode an image of shape {image.shape}")
    chunks = [_chunk(b"iTXt", _note(keyword, note)) for keyword, note in (notes or {}).items()]
    if dots_per_inch:
        per_metre = round(dots_per_inch / MM_PER_INCH * 1000)
        chunks.insert(0, _chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)))
    encoded = data.tobytes()
    return encoded[:HEADER_END] + b"".join(chunks) + encoded[HEADER_END:]


def _check_dots(page: Page, dots_per_inch: float) -> None:
    if not FEWEST_DOTS <= dots_per_inch <= MOST_DOTS:
        raise OptionError(f"{dots_per_inch:g} dots per inch: must be from {FEWEST_DOTS} to {MOST_DOTS}")
    square_inches = page.width * page.height / MM_PER_INCH**2
    pixels, most = square_inches * dots_per_inch**2, int((MAX_PIXELS / square_inches) ** 0.5)
    if pixels <= MAX_PIXELS:
        return
    size = f"a page of {page.width:.0f} x {page.height:.0f} mm"
    if most < FEWEST_DOTS:
        raise InputError(f"{size} is too large for a png; write it as svg or pdf, or smaller")
    asked = f"{dots_per_inch:g} dots per inch: {size} would have {pixels / 1e6:.0f} million pixels"
    raise OptionError(f"{asked}, more than {MAX_PIXELS / 1e6:.0f}; ask for at most {most}, or write svg or pdf")


def _rules_cover(rules: Segments, *, shape: tuple[int, int], width: float) -> GreyImage:
    """How much of each pixel, (H, W) from 0 to 255, straight lines cover; exact for level and upright ones."""
    cover = np.zeros(shape, np.uint8)
    for x1, y1, x2, y2 in rules.astype(np.float64).tolist():
        rows, columns = _near(y1, y2, width, shape[0]), _near(x1, x2, width, shape[1])
        x, y = np.arange(shape[1])[None, columns] + 0.5, np.arange(shape[0])[rows, None] + 0.5
        length = max(float(np.hypot(x2 - x1, y2 - y1)), 1e-6)
        distance = np.abs((x - x1) * (y2 - y1) - (y - y1) * (x2 - x1)) / length
        overlap = np.clip(np.minimum(distance + 0.5, width / 2) - np.maximum(distance - 0.5, -width / 2), 0, 1)
        cover[rows, columns] = np.maximum(cover[rows, columns], np.round(255 * overlap))
    return cover


def _near(start: float, end: float, width: float, size: int) -> slice:
    """The pixels of a side of `size` from one coordinate to another, and half of `width` around."""
    low, high = min(start, end) - width / 2, max(start, end) + width / 2
    return slice(int(np.clip(np.floor(low), 0, size)), int(np.clip(np.ceil(high), 0, size)))


def _blend(image: ColourImage, cover: GreyImage, colour: str) -> None:
    """Lay a colour over an image (H, W, 3), as much as `cover` (H, W) says: 0 for none to 255."""
    inked = cover > 0
    share = cover[inked][:, None] / np.float32(255)
    image[inked] = np.round(image[inked] * (1 - share) + np.array(_bgr(colour), np.float32) * share)


def _bgr(colour: str) -> list[int]:
    return [*reversed(bytes.fromhex(colour[1:]))]


def _note(keyword: str, note: str) -> bytes:
    """International text, not compressed, in no named language (PNG 1.2, section 4.2.3.3)."""
    return keyword.encode("latin-1") + b"\0\0\0\0\0" + note.replace("\0", "\ufffd").encode("utf-8", "replace")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
