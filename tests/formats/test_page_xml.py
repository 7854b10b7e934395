"""PAGE: what is written is valid and says what was read; any version is read, in its own reading order."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from handwrite.core.reading import Reading
from handwrite.errors import InputError
from handwrite.formats import page_xml
from handwrite.formats.xml_page import read_xml_page

SCHEMA = Path(__file__).resolve().parents[1] / "data" / "schemas" / "page-2024-07-15-readings.xsd"
NS = {"p": page_xml.NAMESPACE}
SQUARE = "<Coords points='1,2 3,4 5,6'/>"
CORNERS = ((1, 2), (3, 4), (5, 6))


@pytest.fixture(scope="module")
def schema() -> Any:
    return etree.XMLSchema(etree.parse(SCHEMA))


def test_what_is_written_is_valid(schema: Any, reading: Reading) -> None:
    for written in (reading, Reading((), width=3, height=4)):
        schema.assertValid(etree.fromstring(page_xml.encode(written, image_name="a\x00 & <b>.png")))


def test_the_schema_can_say_no(schema: Any, reading: Reading) -> None:
    written = page_xml.encode(reading, image_name="a.png")
    assert not schema.validate(etree.fromstring(written.replace(b'conf="0.9000"', b'conf="1.1"')))
    assert not schema.validate(etree.fromstring(written.replace(b'points="0,', b'points="-1,')))
    assert not schema.validate(etree.fromstring(written.replace(b'id="line2"', b'id="line1"')))


def test_the_reading_order_names_the_region(reading: Reading) -> None:
    root = etree.fromstring(page_xml.encode(reading, image_name="a.png"))
    assert [item.get("id") for item in root.iterfind(".//p:TextRegion", NS)] == root.xpath("//@regionRef")


def test_lines_words_and_glyphs_tell_text_place_and_confidence(reading: Reading) -> None:
    root = etree.fromstring(page_xml.encode(reading, image_name="a.png"))
    first = root.find(".//p:TextLine", NS)
    assert first.find("p:Coords", NS).get("points") == "0,18 200,10 300,48 2,55"
    assert first.find("p:TextEquiv", NS).get("conf") == "0.0200"
    words = first.findall("p:Word", NS)
    assert [word.findtext("p:TextEquiv/p:Unicode", None, NS) for word in words] == [
        "<Tom>",
        "&",
        "Zoe\u0308",
        "9\ufffd",
    ]
    assert words[0].find("p:Coords", NS).get("points") == "5,20 57,20 57,50 5,50"
    umlaut = words[2].findall("p:Glyph", NS)[2]
    assert umlaut.findtext("p:TextEquiv/p:Unicode", None, NS) == "e\u0308"
    assert umlaut.find("p:TextEquiv", NS).get("conf") == "0.3000"


def test_the_moment_is_told_in_universal_time(reading: Reading) -> None:
    moment = datetime(2024, 2, 3, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    written = page_xml.encode(reading, image_name="a", created=moment)
    assert written.count(b"2024-02-02T23:30:00Z") == 2
    assert page_xml.encode(reading, image_name="a", created=moment) == written


def test_what_is_written_is_read(reading: Reading) -> None:
    page = read_xml_page(page_xml.encode(reading, image_name="a b.png"), "x")
    assert (page.image_name, page.width, page.height) == ("a b.png", 300, 120)
    assert [line.text for line in page.lines] == ["<Tom> & Zoe\u0308 9\ufffd", "", "fin"]
    assert page.lines[0].outline == ((0, 18), (200, 10), (300, 48), (2, 55))
    assert page.lines[0].baseline is None


def page_of(body: str, *, version: str = "2019-07-15") -> bytes:
    namespace = f"http://schema.primaresearch.org/PAGE/gts/pagecontent/{version}"
    page = f"<Page imageFilename='a.jpg' imageWidth='200' imageHeight='100'>{body}</Page>"
    return f"<PcGts xmlns='{namespace}'>{page}</PcGts>".encode()


def line(text: str, attributes: str = "", inside: str = SQUARE) -> str:
    return f"<TextLine id='{text}' {attributes}>{inside}<TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>"


def region(name: str, inside: str = "") -> str:
    return f"<TextRegion id='{name}'>{SQUARE}{inside or line(name)}</TextRegion>"


def texts(body: str) -> list[str]:
    return [read.text for read in read_xml_page(page_of(body), "x").lines]


def test_old_versions_tell_points_one_by_one() -> None:
    old = "<Coords><Point x='1' y='2'/><Point x='3' y='4'/><Point x='5' y='6'/></Coords>"
    base = "<Baseline points='0,9 7,9'/>"
    body = f"<TextRegion id='r'>{line('old', inside=old)}{line('new', inside=SQUARE + base)}</TextRegion>"
    page = read_xml_page(page_of(body, version="2010-03-19"), "x")
    assert [tuple(read) for read in page.lines] == [("old", CORNERS, None), ("new", CORNERS, ((0, 9), (7, 9)))]
    assert (page.image_name, page.width, page.height) == ("a.jpg", 200, 100)


def test_regions_come_in_the_reading_order_of_the_file_and_the_unnamed_last() -> None:
    order = (
        "<ReadingOrder><OrderedGroup id='g'><RegionRefIndexed index='2' regionRef='a'/>"
        "<UnorderedGroupIndexed id='h' index='0'><RegionRef regionRef='d'/><RegionRef regionRef='c'/>"
        "</UnorderedGroupIndexed><RegionRefIndexed index='1' regionRef='b'/></OrderedGroup></ReadingOrder>"
    )
    regions = "".join(map(region, "zabcd"))
    assert texts(order + regions) == ["d", "c", "b", "a", "z"]
    assert texts(regions) == list("zabcd")


def test_a_region_inside_another_comes_with_it() -> None:
    order = (
        "<ReadingOrder><OrderedGroup id='g'><RegionRefIndexed index='0' regionRef='b'/></OrderedGroup></ReadingOrder>"
    )
    nested = f"<TableRegion id='b'>{SQUARE}{region('b1')}{region('b2', line('b2') + region('b3'))}</TableRegion>"
    assert texts(order + region("a") + nested) == ["b1", "b2", "b3", "a"]


def test_lines_come_by_their_index_when_all_have_one() -> None:
    def custom(place: int) -> str:
        return f"custom='structure {{type:x;}} readingOrder {{index:{place};}}'"

    assert texts(region("r", line("ten", custom(10)) + line("two", custom(2)))) == ["two", "ten"]
    assert texts(region("r", line("ten", "index='10'") + line("two", "index='2'"))) == ["two", "ten"]
    assert texts(region("r", line("ten", custom(10)) + line("two"))) == ["ten", "two"]


def test_the_text_is_that_of_the_lowest_index_else_the_plain_one_else_that_of_the_words() -> None:
    def equivalent(text: str, attributes: str = "", kind: str = "Unicode") -> str:
        return f"<TextEquiv {attributes}><{kind}>{text}</{kind}></TextEquiv>"

    words = "".join(f"<Word id='{text}'>{SQUARE}{equivalent(text)}</Word>" for text in ("by", "words"))
    cases = {
        equivalent("second", "index='1'") + equivalent("  first\n line", "index='0'"): "first line",
        equivalent("plain", kind="PlainText"): "plain",
        words: "by words",
        words + equivalent("by line"): "by line",
        "": "",
    }
    for inside, text in cases.items():
        assert texts(region("r", f"<TextLine id='l'>{SQUARE}{inside}</TextLine>")) == [text]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"<PcGts/>", "without the element <Page>"),
        (b"<PcGts><Page/></PcGts>", "want a number, not None"),
        (page_of(region("r", "<TextLine id='l7'/>")), "line 'l7' has no polygon"),
        (page_of(region("r", line("l7", inside="<Coords points='1,2 3,4'/>"))), "line 'l7' has no polygon"),
        (page_of(region("r", line("a", inside="<Coords points='1,2 3,4 5,y'/>"))), "'y'"),
        (page_of(region("r", line("a", "index='first'"))), "'first'"),
    ],
)
def test_damaged_files_are_named(content: bytes, complaint: str) -> None:
    with pytest.raises(InputError, match=f"^scan.xml: .*{complaint}") as caught:
        read_xml_page(content, "scan.xml")
    assert "\n" not in str(caught.value)
