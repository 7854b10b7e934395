"""PAGE: the PRImA Research Lab's XML for the layout and text of a page (Page Analysis and Ground-truth Elements).

Readings are written as version 2024-07-15: one text region of lines, words and glyphs, each with its text and
confidence. Lines are read from any version: regions as the reading order of the file says, the lines of a region by
the index that they carry, and otherwise in the order of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from lxml import etree

from handwrite.core.reading import Box, Line, Point, Reading, Word
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

ROOT = "PcGts"
NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2024-07-15"
SCHEMA = f"{NAMESPACE}/pagecontent.xsd"
_INDEX = re.compile(r"readingOrder\s*\{[^}]*?index\s*:\s*(\d+)")


def encode(reading: Reading, *, image_name: str, created: datetime | None = None) -> bytes:
    """A PAGE file of a reading; positions are whole pixels of the image. created : now, when it is not told."""
    root = etree.Element(ROOT, {SCHEMA_LOCATION: f"{NAMESPACE} {SCHEMA}"}, nsmap={None: NAMESPACE})
    metadata = etree.SubElement(root, "Metadata")
    etree.SubElement(metadata, "Creator").text = "handwrite"
    moment = (created or datetime.now(timezone.utc)).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name in ("Created", "LastChange"):
        etree.SubElement(metadata, name).text = moment
    size = {"imageWidth": str(reading.width), "imageHeight": str(reading.height)}
    page = etree.SubElement(root, "Page", imageFilename=legal(image_name), **size)
    if reading.lines:
        order = etree.SubElement(etree.SubElement(page, "ReadingOrder"), "OrderedGroup", id="order")
        etree.SubElement(order, "RegionRefIndexed", index="0", regionRef="region")
        _add_region(page, reading)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def decode(root: Any, *, name: str) -> XmlPage:
    """The lines of a PAGE file, from its root element. Raises InputError, which calls the file `name`."""
    page = root.find("{*}Page")
    if page is None:
        raise InputError(f"{name}: a PAGE file without the element <Page>")
    try:
        regions = sorted(page.iter("{*}TextRegion"), key=_rank(page))
        lines = tuple(_read_line(line) for region in regions for line in _lines(region))
        width, height = number(page.get("imageWidth")), number(page.get("imageHeight"))
        return XmlPage(page.get("imageFilename", "").strip(), width, height, lines)
    except ValueError as error:
        raise InputError(f"{name}: bad PAGE XML: {error}") from error


def _add_region(page: Any, reading: Reading) -> None:
    region = etree.SubElement(page, "TextRegion", id="region")
    _add_box(region, Box.around(line.box for line in reading.lines), reading)
    for index, line in enumerate(reading.lines, start=1):
        _add_line(region, line, f"line{index}", reading)
    _add_text(region, reading.text, reading.confidence)


def _add_line(region: Any, line: Line, name: str, reading: Reading) -> None:
    element = etree.SubElement(region, "TextLine", id=name)
    etree.SubElement(element, "Coords", points=point_list(line.outline, reading))
    for index, word in enumerate(line.words, start=1):
        _add_word(element, word, f"{name}word{index}", reading)
    _add_text(element, line.text, line.confidence)


def _add_word(line: Any, word: Word, name: str, reading: Reading) -> None:
    element = etree.SubElement(line, "Word", id=name)
    _add_box(element, word.box, reading)
    for index, char in enumerate(word.chars, start=1):
        glyph = etree.SubElement(element, "Glyph", id=f"{name}glyph{index}")
        _add_box(glyph, char.box, reading)
        _add_text(glyph, char.text, char.confidence)
    _add_text(element, word.text, word.confidence)


def _add_box(parent: Any, box: Box, reading: Reading) -> None:
    etree.SubElement(parent, "Coords", points=point_list(whole_pixels(box, reading).corners, reading))


def _add_text(parent: Any, text: str, confidence: float) -> None:
    equivalent = etree.SubElement(parent, "TextEquiv", conf=f"{confidence:.4f}")
    etree.SubElement(equivalent, "Unicode").text = legal(text)


def _rank(page: Any) -> Any:
    """A key for regions: their place in the reading order, or that of the region around them; the others come last."""
    order = page.find("{*}ReadingOrder")
    places = {region: place for place, region in enumerate(_ordered(order) if order is not None else ())}

    def rank(region: Any) -> int:
        around = [region, *region.iterancestors()]
        return next((places[item.get("id")] for item in around if item.get("id") in places), len(places))

    return rank


def _ordered(group: Any) -> Iterator[str]:
    """The regions that a group refers to, in order; members without an index stay where they are."""
    for member in sorted(group, key=lambda item: int(item.get("index", "0"))):
        if member.get("regionRef"):
            yield member.get("regionRef")
        yield from _ordered(member)


def _lines(region: Any) -> list[Any]:
    """The lines of a region itself: by their indices when all have one."""
    lines = region.findall("{*}TextLine")
    indices = [_index(line) for line in lines]
    if None in indices:
        return list(lines)
    return [lines[place] for place in sorted(range(len(lines)), key=lambda place: indices[place] or 0)]


def _index(line: Any) -> int | None:
    """The place of a line in its region, by the attribute `index` (since 2019) or as Transkribus writes it."""
    if line.get("index"):
        return int(line.get("index"))
    found = _INDEX.search(line.get("custom", ""))
    return int(found[1]) if found else None


def _read_line(line: Any) -> XmlLine:
    outline = _points(line.find("{*}Coords"))
    if len(outline) < FEWEST_CORNERS:
        raise ValueError(f"line {line.get('id')!r} has no polygon of at least {FEWEST_CORNERS} points")
    return XmlLine(_text(line), outline, _points(line.find("{*}Baseline")) or None)


def _points(element: Any) -> tuple[Point, ...]:
    """The points of an attribute (since 2013) or of the elements <Point> (before)."""
    if element is None:
        return ()
    singles = element.findall("{*}Point")
    return points(element.get("points")) + tuple((number(item.get("x")), number(item.get("y"))) for item in singles)


def _text(line: Any) -> str:
    """The text of a line, of its words when it has none; of several, that with the lowest index."""
    texts = sorted(line.findall("{*}TextEquiv"), key=lambda item: int(item.get("index", "0")))
    if not texts:
        return single_spaced(_text(word) for word in line.findall("{*}Word"))
    return single_spaced([texts[0].findtext("{*}Unicode") or texts[0].findtext("{*}PlainText") or ""])
