"""Lines from ALTO or PAGE XML, whichever it is. Finding the image that such a file names is left to the caller."""

from __future__ import annotations

from lxml import etree

from handwrite.errors import InputError
from handwrite.formats import alto, page_xml
from handwrite.formats.safe_xml import parse
from handwrite.formats.xml_layout import XmlLine, XmlPage

__all__ = ["XmlLine", "XmlPage", "read_xml_page"]

_DECODERS = {alto.ROOT: alto.decode, page_xml.ROOT: page_xml.decode}


def read_xml_page(content: bytes, name: str) -> XmlPage:
    """The lines that an ALTO (version 2 to 4) or PAGE (any version) file marks, in reading order.

    Raises InputError, which calls the file `name`, when it is neither, or is damaged.
    """
    root = parse(content, name=name, wanted="an ALTO or PAGE file")
    kind = etree.QName(root).localname
    if kind not in _DECODERS:
        raise InputError(f"{name}: XML, but neither ALTO nor PAGE; want the root element <alto> or <PcGts>")
    return _DECODERS[kind](root, name=name)
