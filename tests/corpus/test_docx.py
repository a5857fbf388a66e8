"""DOCX: the text that the reader of the document sees, and what is refused."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

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
            UnreadableError, match=r"^declares XML entities, which no office program does; save it anew$"
        ):
            docx_format.extract(docx_with(paragraph(ROUTE), **{"word__extra.xml": member}), LIMITS)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(500), "is encrypted, or an old .doc; save it as .docx without a password"),
        (b"plain", "no .docx, or damaged: File is not a zip file; save it anew from the program that made it"),
        (docx()[:-100], "no .docx, or damaged: File is not a zip file; save it anew from the program that made it"),
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
