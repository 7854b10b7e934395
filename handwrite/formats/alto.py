"""ALTO: the Library of Congress's XML for the layout and text of a page (Analyzed Layout and Text Object).

Readings are written as version 4.4: one block of lines with their polygons, strings and spaces, and a glyph for each
character. Lines are read from version 2 to 4, in the order of the file; its own reading orders and its confidences are
passed over.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from lxml import etree

from handwrite.core.reading import Box, Char, Line, Point, Reading, Word
from handwrite.errors import InputError
from handwrite.formats.safe_xml import legal
from handwrite.formats.xml_layout import (
    FEWEST_CORNERS,
    SCHEMA_LOCATION,
    XmlLine,
    XmlPage,
    number,
    point_list,
    points,
    single_spaced,
    whole_pixels,
)

ROOT = "alto"
NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"
VERSION = "4.4"


def encode(reading: Reading, *, image_name: str) -> bytes:
    """An ALTO file of a reading; positions are whole pixels of the image.

    A glyph is one code point, so a character that is more, even composed (NFC), has none. A line without words holds
    one empty string. There is no place for the confidence of a line.
    """
    root = etree.Element(ROOT, {SCHEMA_LOCATION: f"{NAMESPACE} {SCHEMA}"}, nsmap={None: NAMESPACE})
    root.set("SCHEMAVERSION", VERSION)
    _describe(etree.SubElement(root, "Description"), image_name)
    size = {"WIDTH": str(reading.width), "HEIGHT": str(reading.height)}
    page = etree.SubElement(etree.SubElement(root, "Layout"), "Page", ID="page", PHYSICAL_IMG_NR="1", **size)
    page.set("PC", _confidence(reading.confidence))
    space = etree.SubElement(page, "PrintSpace", HPOS="0", VPOS="0", **size)
    if reading.lines:
        around = Box.around(line.box for line in reading.lines)
        block = etree.SubElement(space, "TextBlock", ID="block", **_place(around, reading))
        for index, line in enumerate(reading.lines, start=1):
            _add_line(block, line, f"line{index}", reading)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def decode(root: Any, *, name: str) -> XmlPage:
    """The lines of an ALTO file, from its root element. Raises InputError, which calls the file `name`."""
    pages = list(root.iter("{*}Page"))
    if len(pages) != 1:
        raise InputError(f"{name}: an ALTO file of {len(pages)} pages; want one page a file")
    try:
        sized = next((item for item in pages[0].iter("{*}Page", "{*}PrintSpace") if item.get("WIDTH")), pages[0])
        lines = tuple(_read_line(line) for line in pages[0].iter("{*}TextLine"))
        image = (root.findtext(".//{*}sourceImageInformation/{*}fileName") or "").strip()
        return XmlPage(image, number(sized.get("WIDTH")), number(sized.get("HEIGHT")), lines)
    except ValueError as error:
        raise InputError(f"{name}: bad ALTO: {error}") from error


def _describe(description: Any, image_name: str) -> None:
    etree.SubElement(description, "MeasurementUnit").text = "pixel"
    source = etree.SubElement(description, "sourceImageInformation")
    etree.SubElement(source, "fileName").text = legal(image_name)
    software = etree.SubElement(etree.SubElement(description, "Processing", ID="reading"), "processingSoftware")
    etree.SubElement(software, "softwareName").text = "handwrite"


def _add_line(block: Any, line: Line, name: str, reading: Reading) -> None:
    element = etree.SubElement(block, "TextLine", ID=name, **_place(line.box, reading))
    shape = etree.SubElement(element, "Shape")
    etree.SubElement(shape, "Polygon", POINTS=point_list(line.outline, reading))
    before = None
    for index, word in enumerate(line.words or [Word("", line.confidence, line.box, ())], start=1):
        if before is not None:
            gap = Box(before.right, line.box.top, max(before.right, word.box.left), line.box.bottom)
            etree.SubElement(element, "SP", **_place(gap, reading))
        _add_word(element, word, f"{name}word{index}", reading)
        before = word.box


def _add_word(line: Any, word: Word, name: str, reading: Reading) -> None:
    element = etree.SubElement(line, "String", ID=name, CONTENT=legal(word.text), **_place(word.box, reading))
    element.set("WC", _confidence(word.confidence))
    for char in word.chars:
        _add_glyph(element, char, reading)


def _add_glyph(word: Any, char: Char, reading: Reading) -> None:
    content = unicodedata.normalize("NFC", legal(char.text))
    if len(content) == 1:
        confidence = _confidence(char.confidence)
        etree.SubElement(word, "Glyph", CONTENT=content, GC=confidence, **_place(char.box, reading))


def _place(box: Box, reading: Reading) -> dict[str, str]:
    inside = whole_pixels(box, reading)
    values = {"HPOS": inside.left, "VPOS": inside.top, "WIDTH": inside.width, "HEIGHT": inside.height}
    return {name: f"{value:.0f}" for name, value in values.items()}


def _confidence(value: float) -> str:
    return f"{value:.4f}"


def _read_line(line: Any) -> XmlLine:
    polygon = line.find("{*}Shape/{*}Polygon")
    corners = points(polygon.get("POINTS")) if polygon is not None else ()
    return XmlLine(_text(line), corners if len(corners) >= FEWEST_CORNERS else _box(line).corners, _baseline(line))


def _text(line: Any) -> str:
    """Strings are words by definition, whether or not a space stands between them; the hyphen belongs to the last."""
    words = [item.get("CONTENT", "") for item in line.findall("{*}String")]
    hyphen = line.find("{*}HYP")
    return single_spaced(words) + ("" if hyphen is None else hyphen.get("CONTENT", "").strip())


def _box(line: Any) -> Box:
    try:
        left, top, width, height = (number(line.get(side)) for side in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
    except ValueError as error:
        raise ValueError(f"line {line.get('ID')!r} has neither a polygon nor HPOS, VPOS, WIDTH and HEIGHT") from error
    return Box(left, top, left + width, top + height)


def _baseline(line: Any) -> tuple[Point, ...] | None:
    """Points since version 4.2; before, one number: how far down the baseline is, all along the line."""
    given = (line.get("BASELINE") or "").split()
    if len(given) != 1 or "," in given[0]:
        return points(" ".join(given)) or None
    down, box = number(given[0]), _box(line)
    return (box.left, down), (box.right, down)
