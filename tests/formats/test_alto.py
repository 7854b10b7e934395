"""ALTO: what is written is valid by the published schema and says what was read; old and odd files are read."""

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from handwrite.core.reading import Box, Char, Line, Reading, Word
from handwrite.errors import InputError
from handwrite.formats import alto
from handwrite.formats.xml_page import read_xml_page

SCHEMAS = Path(__file__).resolve().parents[1] / "data" / "schemas"
NS = {"a": alto.NAMESPACE}


class Local(etree.Resolver):
    """Answers the schema's import from the web with the file beside it."""

    def resolve(self, url: str, public: str, context: Any) -> Any:
        return self.resolve_filename(str(SCHEMAS / url.rpartition("/")[2]), context)


@pytest.fixture(scope="module")
def schema() -> Any:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Local())
    return etree.XMLSchema(etree.parse(SCHEMAS / "alto-4-4.xsd", parser))


def test_what_is_written_is_valid(schema: Any, reading: Reading) -> None:
    for written in (reading, Reading((), width=3, height=4)):
        schema.assertValid(etree.fromstring(alto.encode(written, image_name="a\x00 & <b>.png")))


def test_the_schema_can_say_no(schema: Any, reading: Reading) -> None:
    written = alto.encode(reading, image_name="a.png")
    assert not schema.validate(etree.fromstring(written.replace(b' WC="0.9000"', b' WC="1.1"')))
    assert not schema.validate(etree.fromstring(written.replace(b"<SP ", b"<Space ")))


def test_strings_spaces_and_glyphs_stand_where_they_were_read(reading: Reading) -> None:
    root = etree.fromstring(alto.encode(reading, image_name="scans/a.png"))
    first = root.find(".//a:TextLine", NS)
    assert [etree.QName(item).localname for item in first] == ["Shape", *["String", "SP"] * 3, "String"]
    strings = first.findall("a:String", NS)
    assert [item.get("CONTENT") for item in strings] == ["<Tom>", "&", "Zoe\u0308", "9\ufffd"]
    assert [item.get("WC") for item in strings] == ["0.9000", "0.8000", "0.2500", "0.1000"]
    assert [strings[0].get(side) for side in ("HPOS", "VPOS", "WIDTH", "HEIGHT")] == ["5", "20", "52", "30"]
    glyphs = strings[2].findall("a:Glyph", NS)
    assert [(item.get("CONTENT"), item.get("GC")) for item in glyphs] == [
        ("Z", "0.5000"),
        ("o", "0.4000"),
        ("ë", "0.3000"),
    ]
    assert first.find("a:Shape/a:Polygon", NS).get("POINTS") == "0,18 200,10 300,48 2,55"
    assert root.find(".//a:Page", NS).get("PC") == f"{reading.confidence:.4f}"


def test_a_character_of_several_code_points_has_no_glyph() -> None:
    box = Box(1, 1, 5, 5)
    word = Word("q\u0308a", 0.5, box, (Char("q\u0308", 0.5, box), Char("a", 0.5, box)))
    written = alto.encode(Reading((Line(word.text, 0.5, box, (word,), box.corners),), 9, 9), image_name="a")
    glyphs = etree.fromstring(written).iterfind(".//a:Glyph", NS)
    assert [glyph.get("CONTENT") for glyph in glyphs] == ["a"]


def test_what_is_written_is_read(reading: Reading) -> None:
    page = read_xml_page(alto.encode(reading, image_name="a b.png"), "x")
    assert (page.image_name, page.width, page.height) == ("a b.png", 300, 120)
    assert [line.text for line in page.lines] == ["<Tom> & Zoe\u0308 9\ufffd", "", "fin"]
    assert page.lines[1].outline == Box(10, 60, 40, 70).corners


def page_of(lines: str, *, namespace: str = "http://www.loc.gov/standards/alto/ns-v2#", size: str = "") -> bytes:
    size = size or "WIDTH='200' HEIGHT='100'"
    page = f"<Page {size}><PrintSpace>{lines}</PrintSpace></Page>"
    return f"<alto xmlns='{namespace}'><Layout>{page}</Layout></alto>".encode()


PLACE = "HPOS='10' VPOS='20' WIDTH='30' HEIGHT='5.5'"


@pytest.mark.parametrize("namespace", ["", *(f"http://www.loc.gov/standards/alto/ns-v{n}#" for n in (2, 3, 4))])
def test_any_version_is_read_and_a_line_without_polygon_uses_its_box(namespace: str) -> None:
    line = f"<TextLine {PLACE} BASELINE='24'><String CONTENT='so'/><SP/><String CONTENT='on'/></TextLine>"
    (read,) = read_xml_page(page_of(f"<TextBlock>{line}</TextBlock>", namespace=namespace), "x").lines
    assert read.text == "so on"
    assert read.outline == ((10, 20), (40, 20), (40, 25.5), (10, 25.5))
    assert read.baseline == ((10, 24), (40, 24))


def test_points_come_with_commas_or_without_and_too_few_are_none() -> None:
    shapes = ("1,2 3,4 5,6.5", "1 2 3 4 5 6.5", "1 2 3 4", "")
    lines = "".join(
        f"<TextLine {PLACE} BASELINE='{points}'><Shape><Polygon POINTS='{points}'/></Shape></TextLine>"
        for points in shapes
    )
    read = read_xml_page(page_of(f"<ComposedBlock><TextBlock>{lines}</TextBlock></ComposedBlock>"), "x").lines
    box = ((10, 20), (40, 20), (40, 25.5), (10, 25.5))
    assert [line.outline for line in read] == [((1, 2), (3, 4), (5, 6.5))] * 2 + [box] * 2
    assert [line.baseline for line in read] == [((1, 2), (3, 4), (5, 6.5))] * 2 + [((1, 2), (3, 4)), None]


def test_strings_are_words_even_without_spaces_and_keep_their_hyphen() -> None:
    strings = "<String CONTENT='so'/><String CONTENT=' me  thing '/><HYP CONTENT='-'/>"
    (read,) = read_xml_page(page_of(f"<TextLine {PLACE}>{strings}</TextLine>"), "x").lines
    assert read.text == "so me thing-"


def test_a_page_without_a_size_has_that_of_its_print_space() -> None:
    sized = page_of("", size="ID='p'").replace(b"<PrintSpace>", b"<PrintSpace WIDTH='7' HEIGHT='8.5'>")
    page = read_xml_page(sized, "x")
    assert (page.width, page.height, page.lines, page.image_name) == (7, 8.5, (), "")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"<alto><Layout/></alto>", "of 0 pages; want one"),
        (b"<alto><Layout><Page/><Page/></Layout></alto>", "of 2 pages; want one"),
        (page_of("", size="ID='p'"), "bad ALTO: want a number, not None"),
        (page_of("", size="WIDTH='0' HEIGHT='5'"), "a page of 0 x 5"),
        (page_of("", size="WIDTH='nan' HEIGHT='5'"), "want a number, not 'nan'"),
        (page_of("<TextLine ID='l7'/>"), "line 'l7' has neither a polygon nor HPOS"),
        (page_of(f"<TextLine {PLACE}><Shape><Polygon POINTS='1 2 3'/></Shape></TextLine>"), "odd count of numbers"),
        (page_of(f"<TextLine {PLACE}><Shape><Polygon POINTS='1 x'/></Shape></TextLine>"), "'x'"),
        (page_of(f"<TextLine {PLACE.replace('30', '-30')}/>"), "not a box"),
    ],
)
def test_damaged_files_are_named(content: bytes, complaint: str) -> None:
    with pytest.raises(InputError, match=f"^scan.xml: .*{complaint}") as caught:
        read_xml_page(content, "scan.xml")
    assert "\n" not in str(caught.value)
