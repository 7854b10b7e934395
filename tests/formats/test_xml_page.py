"""Files that are neither ALTO nor PAGE, and XML that is not safe to read."""

from pathlib import Path

import pytest

from handwrite.errors import InputError
from handwrite.formats.xml_page import XmlPage, read_xml_page


@pytest.mark.parametrize("content", [b"", b"text", b"<alto>", b"\x89PNG\r\n", b"<alto>\xff</alto>"])
def test_what_is_not_xml_is_named(content: bytes) -> None:
    with pytest.raises(InputError, match=r"^scan\.xml: not XML .*want an ALTO or PAGE file$"):
        read_xml_page(content, "scan.xml")


def test_other_xml_is_named() -> None:
    with pytest.raises(InputError, match=r"^scan\.xml: XML, but neither ALTO nor PAGE"):
        read_xml_page(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "scan.xml")


def test_no_entity_is_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    doctype = f"<!DOCTYPE alto [<!ENTITY e SYSTEM '{secret.as_uri()}'>]>"
    with pytest.raises(InputError, match="take the DOCTYPE out"):
        read_xml_page(f"{doctype}<alto>&e;</alto>".encode(), "scan.xml")


def test_a_page_has_a_size() -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        XmlPage("a.png", 100, 0, ())
