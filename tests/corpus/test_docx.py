"""DOCX: the text that the reader of the document sees, and what is refused."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable

import pytest
from docx import Document

from qa.corpus import docx as docx_format
from qa.corpus.decoding import UnreadableError
from qa.types import Limits
from tests.corpus.samples import LOAN, ROUTE, TERM, docx, docx_with

LIMITS = Limits()


def text_of(body: str) -> str:
    """Return the text of a document whose body is this XML."""
    return str(docx_format.extract(docx_with(body), LIMITS)["text"])


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:r>{properties}<w:t xml:space='preserve'>{text}</w:t></w:r></w:p>"


def test_text_table_and_fields() -> None:
    assert docx_format.extract(docx(), LIMITS) == {
        "title": "Loan for the northern railway",
        "published": "2016-06-29",
        "dated_by": "day on which the document was made",
        "modified": None,
        "authors": [],
        "tags": "railway, finance",
        "text": f"{LOAN}\n\n{TERM}\n\nYear | Cost\n2016 | 400",
        "remarks": [],
    }


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>", "a\tb\nc"),
        ("<w:p><w:ins w:id='1'><w:r><w:t>added</w:t></w:r></w:ins></w:p>", "added"),
        ("<w:p><w:del w:id='1'><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>" + paragraph("kept"), "kept"),
        ("<w:p><w:moveFrom w:id='1'><w:r><w:t>moved</w:t></w:r></w:moveFrom></w:p>" + paragraph("kept"), "kept"),
        ("<w:sdt><w:sdtContent>" + paragraph("in a control") + "</w:sdtContent></w:sdt>", "in a control"),
        (paragraph("SECRET", "<w:rPr><w:vanish/></w:rPr>") + paragraph("seen"), "seen"),
        (paragraph("seen", "<w:rPr><w:vanish w:val='false'/></w:rPr>"), "seen"),
        ("<w:p><w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink></w:p>", "link"),
        ("<w:p><w:r><w:instrText>HYPERLINK x</w:instrText></w:r><w:r><w:t>field</w:t></w:r></w:p>", "field"),
        (
            f"<w:tbl><w:tr><w:tc>{paragraph('a')}{paragraph('b')}</w:tc><w:tc>{paragraph('c')}</w:tc></w:tr></w:tbl>"
            + paragraph("after"),
            "a\n\nb | c\n\nafter",
        ),
        (
            "<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='2147483647'/></w:tcPr>"
            + paragraph("wide")
            + "</w:tc></w:tr>"
            "</w:tbl>",
            "wide",
        ),
    ],
)
def test_text_is_what_the_reader_sees(body: str, text: str) -> None:
    assert text_of(body) == text


def test_title_is_the_property_else_the_first_title_else_the_first_heading() -> None:
    heading = "<w:p><w:pPr><w:pStyle w:val='Heading1'/></w:pPr><w:r><w:t>A heading</w:t></w:r></w:p>"
    title = heading.replace("Heading1", "Title").replace("A heading", "A title")
    for body, expected in (
        (heading + title, "A title"),
        (paragraph("x") + heading, "A heading"),
        (paragraph("x"), None),
    ):
        data = io.BytesIO(docx([], title="", table=False))
        out = io.BytesIO()
        with zipfile.ZipFile(data) as old, zipfile.ZipFile(out, "w") as new:
            for name in old.namelist():
                content = old.read(name)
                if name == "word/document.xml":
                    content = content.replace(b"<w:body>", b"<w:body>" + body.encode())
                new.writestr(name, content)
        assert docx_format.extract(out.getvalue(), LIMITS)["title"] == expected


def test_what_unpacks_to_too_much_is_refused_by_its_directory() -> None:
    data = docx_with(paragraph(ROUTE), word__media__image1=b"\0" * 3_000_000)
    assert len(data) < 100_000
    assert docx_format.extract(data, LIMITS)["text"] == ROUTE
    cause = r"^unpacks to more than 1,000,000 bytes; remove pictures, or raise \[corpus\] max_unpacked_bytes$"
    with pytest.raises(UnreadableError, match=cause):
        docx_format.extract(data, Limits(max_unpacked_bytes=1_000_000))


def test_archive_that_lies_about_sizes_is_refused() -> None:
    """The directory says 10 bytes, the member unpacks to 3 million: reading stops at 10 and the checksum fails."""
    data = bytearray(docx_with(paragraph(ROUTE), zeros__bin=bytes(3_000_000)))
    directory = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, directory + 24, 10)
    with pytest.raises(UnreadableError, match=r"^no \.docx, or damaged: "):
        docx_format.extract(bytes(data), Limits(max_unpacked_bytes=1_000_000))


def test_too_many_members_are_refused() -> None:
    members = {f"m{i}": b"" for i in range(10_001)}
    with pytest.raises(UnreadableError, match=r"^unpacks to more than"):
        docx_format.extract(docx_with(paragraph(ROUTE), **members), LIMITS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_declared_entities_are_refused(encoding: str) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'.encode(encoding)
    for padding in (0, 65_530):  # across the seam of two chunks
        member = (" " * padding).encode(encoding) + bomb
        with pytest.raises(
            UnreadableError, match=r"^declares XML entities, which no office program does; save it again$"
        ):
            docx_format.extract(docx_with(paragraph(ROUTE), **{"word__extra.xml": member}), LIMITS)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(500), "is encrypted, or an old .doc; save it as .docx without a password"),
        (b"plain", "no .docx, or damaged: File is not a zip file; save it again from the program that made it"),
        (docx()[:-100], "no .docx, or damaged: File is not a zip file; save it again from the program that made it"),
    ],
)
def test_what_is_no_docx_is_refused(data: bytes, cause: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        docx_format.extract(data, LIMITS)
    assert str(caught.value) == cause


def test_other_archives_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(UnreadableError, match=r"^damaged: "):
        docx_format.extract(out.getvalue(), LIMITS)


def test_nesting_is_bounded() -> None:
    with pytest.raises(UnreadableError, match=r"^damaged: .*[Dd]epth"):
        text_of("<w:sdt><w:sdtContent>" * 300 + paragraph("deep") + "</w:sdtContent></w:sdt>" * 300)


def test_member_that_needs_a_password_is_refused() -> None:
    data = bytearray(docx())
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    with pytest.raises(UnreadableError, match=r"^is encrypted; save it without a password$"):
        docx_format.extract(bytes(data), LIMITS)


FOOTNOTES = (
    b"<w:footnotes xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'>"
    b"<w:footnote w:type='separator' w:id='0'><w:p><w:r><w:t>line</w:t></w:r></w:p></w:footnote>"
    b"<w:footnote w:id='2'><w:p><w:r><w:t>The crane came from Sorrel.</w:t></w:r></w:p></w:footnote></w:footnotes>"
)


def rewritten(data: bytes, name: str, change: Callable[[bytes], bytes | None]) -> bytes:
    """Return a package with one member changed, or left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.namelist():
            content = change(old.read(member)) if member == name else old.read(member)
            if content is not None:
                new.writestr(member, content)
    return out.getvalue()


def test_notes_stand_after_their_paragraph() -> None:
    body = "<w:p><w:r><w:t>It costs 18 million.</w:t><w:footnoteReference w:id='2'/></w:r></w:p>" + paragraph("Next.")
    data = docx_with(body, **{"word__footnotes.xml": FOOTNOTES})
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    relation = b'<Relationship Id="rIdN" Type="' + kind + b'" Target="footnotes.xml"/></Relationships>'
    data = rewritten(data, "word/_rels/document.xml.rels", lambda old: old.replace(b"</Relationships>", relation))
    kinds = b'<Override PartName="/word/footnotes.xml" ContentType="application/xml"/></Types>'
    data = rewritten(data, "[Content_Types].xml", lambda old: old.replace(b"</Types>", kinds))
    assert docx_format.extract(data, LIMITS)["text"] == "It costs 18 million.\n\nThe crane came from Sorrel.\n\nNext."


def test_merged_cell_stands_in_each_of_its_rows() -> None:
    def cell(text: str, merge: str = "") -> str:
        return f"<w:tc><w:tcPr>{merge}</w:tcPr>{paragraph(text) if text else '<w:p/>'}</w:tc>"

    rows = "".join(
        f"<w:tr>{cell(first, merge)}{cell(second)}</w:tr>"
        for first, merge, second in (
            ("North", "<w:vMerge w:val='restart'/>", "7"),
            ("", "<w:vMerge/>", "12"),
            ("South", "", "9"),
        )
    )
    assert text_of(f"<w:tbl>{rows}</w:tbl>") == "North | 7\nNorth | 12\nSouth | 9"


def test_lists_and_symbols() -> None:
    item = "<w:p><w:pPr><w:numPr><w:ilvl w:val='0'/></w:numPr></w:pPr><w:r><w:t>one</w:t></w:r></w:p>"
    assert text_of(item) == "- one"
    symbol = "<w:p><w:r><w:sym w:font='Symbol' w:char='F0B0'/><w:sym w:font='Wingdings' w:char='F0FC'/></w:r></w:p>"
    assert text_of(paragraph("40 ") + symbol) == "40 \n\n\u00b0"


def test_strict_open_xml_is_named_with_the_remedy() -> None:
    data = rewritten(
        docx(), "word/document.xml", lambda old: old.replace(b"schemas.openxmlformats.org", b"purl.oclc.org/ooxml")
    )
    with pytest.raises(UnreadableError, match=r"^is a Strict Open XML document; save it as Word document \(\.docx\)$"):
        docx_format.extract(data, LIMITS)


def test_without_core_properties_none_are_made_up() -> None:
    data = rewritten(docx(), "docProps/core.xml", lambda _: None)
    data = rewritten(data, "_rels/.rels", lambda old: re.sub(rb"<Relationship [^>]*core-properties[^>]*/>", b"", old))
    found = docx_format.extract(data, LIMITS)
    assert (found["title"], found.get("published")) == (None, None)


def test_day_of_a_template_and_name_of_a_program_are_left_out() -> None:
    document = Document()
    document.add_paragraph(LOAN)
    out = io.BytesIO()
    document.save(out)
    found = docx_format.extract(out.getvalue(), LIMITS)
    assert (found["title"], found["published"], found["authors"]) == (None, None, [])


def test_page_headers_are_remarked_on() -> None:
    document = Document()
    document.add_paragraph(LOAN)
    document.sections[0].header.paragraphs[0].text = "Letter of the bank"
    out = io.BytesIO()
    document.save(out)
    found = docx_format.extract(out.getvalue(), LIMITS)
    assert (found["text"], found["remarks"]) == (
        LOAN,
        ["headers and footers of its pages are not read: Letter of the bank"],
    )
