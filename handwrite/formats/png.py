"""PNG: ink drawn by `core.render`, at the size of everyday writing, with its text and what made it in text chunks.

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

from handwrite.core.ink import Ink
from handwrite.core.render import GreyImage, Paper, Pen, enlarge, render
from handwrite.formats.document import LINE_MM, MARGIN_MM, millimetres

DOTS_PER_INCH = 300
MM_PER_INCH = 25.4
HEADER_END = 33  # 8 bytes of signature, then the header chunk: 12 bytes around 13


def encode(
    ink: Ink,
    *,
    text: str = "",
    metadata: Mapping[str, Any] | None = None,
    dots_per_inch: int = DOTS_PER_INCH,
    paper: Paper | None = None,
    rng: np.random.Generator | None = None,
) -> bytes:
    """A grey PNG file. `paper` adds the noise of paper and scan, drawn from `rng`, which it then needs.

    Raises InputError when the image would be huge.
    """
    dots = dots_per_inch / MM_PER_INCH
    frame = enlarge(ink, scale=millimetres(ink) * dots, margin=MARGIN_MM * dots)
    image = render(ink, frame=frame, pen=Pen(width=LINE_MM * dots), paper=paper, rng=rng)
    title = {"Title": text} if text else {}
    notes = {"Description": json.dumps(dict(metadata), ensure_ascii=False)} if metadata else {}
    return encode_image(image, notes={**title, **notes, "Software": "handwrite"}, dots_per_inch=dots_per_inch)


def encode_image(image: GreyImage, *, notes: Mapping[str, str] | None = None, dots_per_inch: int = 0) -> bytes:
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


def _note(keyword: str, note: str) -> bytes:
    """International text, not compressed, in no named language (PNG 1.2, section 4.2.3.3)."""
    return keyword.encode("latin-1") + b"\0\0\0\0\0" + note.replace("\0", "\ufffd").encode("utf-8", "replace")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
