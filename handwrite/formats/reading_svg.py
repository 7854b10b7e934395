"""SVG for looking at a reading: the image, and over it each line, each word and what was read there.

Colours go from red (surely wrong) over amber to teal (surely right): frames by the confidence of the word, letters by
that of the character. Numbers beside the lines tell their order, tooltips the confidences. Written only.
"""

from __future__ import annotations

import base64
from statistics import median
from typing import Any

import cv2
import numpy as np
from lxml import etree
from numpy.typing import NDArray

from handwrite.core.reading import Line, Reading, Word
from handwrite.formats.safe_xml import legal

NAMESPACE = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"  # as in SVG 1.1, which every renderer knows
LARGEST_SIDE = 1800  # pixels of the image inside
JPEG_QUALITY = 80
FAINTNESS = 0.6  # how much of the image is seen, so that letters stand out
CERTAINTIES = (0.0, 0.6, 1.0)
COLOURS = ((198, 24, 24), (176, 100, 0), (0, 110, 110))
"""Red, green and blue for each of `CERTAINTIES`; between them they are mixed."""
FONTS = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"  # by name, as not all renderers know the last
LETTER, SMALLEST = 0.36, 1 / 150  # size of the letters: of the words' height, and at least of the image's width
ADVANCE = 0.62  # width of a letter in sizes, about that of the widest of the fonts

Image = NDArray[np.uint8]


def encode(reading: Reading, *, image: Image) -> bytes:
    """An SVG file of a reading over its image, (H, W) or (H, W, 3) uint8, blue, green, red; shrunk and embedded."""
    heights = [word.box.height for line in reading.lines for word in line.words]
    letter = max(LETTER * median(heights or [0]), SMALLEST * reading.width)
    margin = 2 * letter
    size = _numbers(width=reading.width, height=reading.height)
    whole = _numbers(width=reading.width + 2 * margin, height=reading.height + 2 * margin)
    root = etree.Element("svg", whole, nsmap={None: NAMESPACE, "xlink": XLINK})
    root.set("viewBox", f"{-margin:g} {-margin:g} {whole['width']} {whole['height']}")
    etree.SubElement(root, "title").text = legal(reading.text)
    etree.SubElement(root, "rect", _numbers(x=-margin, y=-margin), width="100%", height="100%", fill="#fff")
    picture = etree.SubElement(root, "image", size, opacity=f"{FAINTNESS}", preserveAspectRatio="none")
    picture.set(f"{{{XLINK}}}href", _data_uri(image))
    writing = etree.SubElement(root, "g", {"font-family": FONTS, "font-size": f"{letter:g}"})
    for number, line in enumerate(reading.lines, start=1):
        _add_line(writing, line, str(number), letter)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _data_uri(image: Image) -> str:
    scale = LARGEST_SIDE / max(image.shape[:2])
    if scale < 1:
        sides = [max(round(side * scale), 1) for side in image.shape[1::-1]]
        image = np.asarray(cv2.resize(image, sides, interpolation=cv2.INTER_AREA), np.uint8)
    written, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not written:
        raise ValueError(f"cannot encode an image of shape {image.shape}")
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def _add_line(writing: Any, line: Line, number: str, letter: float) -> None:
    group = etree.SubElement(writing, "g")
    etree.SubElement(group, "title").text = legal(f"line {number}, {line.confidence:.0%}: {line.text}")
    corners = " ".join(f"{x:g},{y:g}" for x, y in line.outline)
    etree.SubElement(group, "polygon", points=corners, fill="#345", **{"fill-opacity": "0.06"})
    place = _numbers(x=line.box.left - letter / 3, y=(line.box.top + line.box.bottom + letter) / 2)
    etree.SubElement(group, "text", {**place, "text-anchor": "end", "fill": "#345"}).text = number
    for index, word in enumerate(line.words):
        following = line.words[index + 1].box.left if index + 1 < len(line.words) else line.box.right + 2 * letter
        _add_word(group, word, letter, room=following - word.box.left)


def _add_word(line: Any, word: Word, letter: float, *, room: float) -> None:
    """room : pixels from the start of the word to that of the next; its letters shrink to fit in."""
    group = etree.SubElement(line, "g")
    told = ", ".join(f"{char.text} {char.confidence:.0%}" for char in word.chars)
    etree.SubElement(group, "title").text = legal(f"{word.text}, {word.confidence:.0%} ({told})")
    frame = _numbers(x=word.box.left, y=word.box.top, width=word.box.width, height=word.box.height)
    colour = _colour(word.confidence)
    tint = {"fill": colour, "fill-opacity": "0.08", "stroke": colour, "stroke-width": f"{letter / 14:g}"}
    etree.SubElement(group, "rect", {**frame, **tint})
    size = min(letter, max(room - letter / 3, 0) / (ADVANCE * max(len(word.text), 1)))
    place = _numbers(x=word.box.left, y=word.box.top + letter / 3)
    place["font-size"] = f"{size:g}"
    halo = {"stroke": "#fff", "stroke-width": f"{letter / 4:g}", "stroke-linejoin": "round", "paint-order": "stroke"}
    text = etree.SubElement(group, "text", {**place, **halo})
    for char in word.chars:
        etree.SubElement(text, "tspan", fill=_colour(char.confidence)).text = legal(char.text)


def _colour(confidence: float) -> str:
    channels = [round(np.interp(confidence, CERTAINTIES, values)) for values in zip(*COLOURS, strict=True)]
    return "#" + bytes(channels).hex()


def _numbers(**values: float) -> dict[str, str]:
    return {name: f"{value:g}" for name, value in values.items()}
