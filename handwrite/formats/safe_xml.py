"""XML from strangers, parsed: no entity is expanded, nothing is fetched; and which characters XML can hold.

What elements mean is each format's own.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from handwrite.errors import InputError


def parse(content: bytes, *, name: str, wanted: str) -> Any:
    """The root element, without comments and processing instructions. Raises InputError, which calls the file `name`
    and says what was `wanted`, when it is not XML or has a DOCTYPE."""
    bare = {"remove_comments": True, "remove_pis": True}
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, **bare)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"{name}: not XML ({error}); want {wanted}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise InputError(f"{name}: XML with a document type definition is not read; take the DOCTYPE out")
    return root


def legal(text: str) -> str:
    """The text with the characters that XML cannot hold replaced by U+FFFD (XML 1.0, production 2)."""
    return "".join(character if _in_xml(ord(character)) else "\ufffd" for character in text)


def _in_xml(code: int) -> bool:
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
