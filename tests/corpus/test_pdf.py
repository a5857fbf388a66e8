"""PDF: text with its pages, fields, and what is refused."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from qa.corpus import pdf as pdf_format
from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import article_of
from qa.types import Limits
from tests.corpus.samples import LOAN, ROUTE, TERM, pdf, pdf_of_streams

LIMITS = Limits()


def extract(data: bytes, limits: Limits = LIMITS) -> dict[str, object]:
    return pdf_format.extract(data, limits)


@pytest.mark.parametrize("compress", [True, False])
def test_text_pages_and_fields(compress: bool) -> None:
    info = "/Title (Loan \\(northern\\)) /CreationDate (D:20160629080000+03'00') /Keywords (rail, bank)"
    assert extract(pdf([f"{LOAN}\n{TERM}", ROUTE], info, compress)) == {
        "title": "Loan (northern)",
        "published": "2016-06-29",
        "dated_by": "day on which the document was made",
        "authors": [],
        "url": None,
        "tags": "rail, bank",
        "text": f"{LOAN}\n{TERM}\n{ROUTE}",
        "pages": [0, len(LOAN) + len(TERM) + 2],
        "remarks": [],
    }


@pytest.mark.parametrize(
    ("info", "title", "published"),
    [
        ("", None, None),
        ("/Title (Microsoft Word - loan_final2.docx)", None, None),
        ("/Title (loan.indd)", None, None),
        ("/Title (Untitled)", None, None),
        ("/Title (  )", "  ", None),
        ("/Title 3 /CreationDate 4 /Keywords [5]", None, None),
        ("/CreationDate (yesterday)", None, None),
        ("/CreationDate (D:2016)", None, "2016-01-01"),
        ("/Title 99 0 R /CreationDate 99 0 R", None, None),
        ("/Title <feff041f>", "П", None),
    ],
)
def test_fields_that_are_of_no_use_are_left_out(info: str, title: str | None, published: str | None) -> None:
    found = extract(pdf([LOAN], info))
    assert (found.get("title"), found.get("published")) == (title, published)
    assert found["text"] == LOAN


def test_without_a_text_layer_it_is_refused() -> None:
    found = extract(pdf(["", ""]))
    assert (found["text"], found["pages"], found["blank"]) == ("", [0, 0], True)


def test_page_that_cannot_be_read_does_not_spoil_the_others() -> None:
    found = extract(pdf_of_streams([b"BT /F1 12 Tf (x) Tj ET", b"BT [(never closed Tj ET"], compress=False))
    assert found["text"] == "x"
    assert found["pages"] == [0, 1]
    assert len(found["remarks"]) == 1  # type: ignore[arg-type]
    assert str(found["remarks"][0]).startswith("page 2 ")  # type: ignore[index]


@pytest.mark.parametrize("algorithm", ["RC4-40", "RC4-128"])
def test_encrypted_is_refused_but_one_locked_against_changes_is_read(algorithm: str) -> None:
    for user, owner in (("secret", "owner"), ("", "owner")):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([LOAN]))))
        writer.encrypt(user, owner, algorithm=algorithm)
        out = io.BytesIO()
        writer.write(out)
        if user:
            with pytest.raises(UnreadableError, match=r"^is encrypted; save it without a password$"):
                extract(out.getvalue())
        else:
            assert extract(out.getvalue())["text"] == LOAN


@pytest.mark.parametrize("data", [b"%PDF", b"%PDF-1.7\n%%EOF", b"\0" * 100, b"no pdf", pdf([LOAN])[:300]])
def test_damaged_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"^damaged: .*; save it again from the program that made it$"):
        extract(data)


def test_bounds_of_pages_and_text() -> None:
    data = pdf([LOAN] * 4)
    assert str(extract(data, Limits(max_pages=4))["text"]).count(LOAN) == 4
    with pytest.raises(UnreadableError, match=r"^4 pages, more than 3; split it, or raise \[corpus\] max_pages$"):
        extract(data, Limits(max_pages=3))
    with pytest.raises(
        UnreadableError, match=r"^more than 100 characters of text; split it, or raise \[corpus\] max_t"
    ):
        extract(data, Limits(max_text_chars=100))


def test_stream_that_unpacks_to_too_much_is_refused() -> None:
    bomb = b"BT /F1 12 Tf (x) Tj ET" + b" " * 5_000_000
    data = pdf_of_streams([bomb])
    assert len(data) < 20_000
    with pytest.raises(UnreadableError, match=r"^page 1 cannot be read: .*[Ll]imit"):
        extract(data, Limits(max_unpacked_bytes=1_000_000))


def test_forms_that_draw_themselves_end() -> None:
    form = "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X0 7 0 R >> >> /Length 14 >>"
    loop = form.encode() + b"\nstream\n/X0 Do /X0 Do \nendstream"
    text = f"BT /F1 12 Tf ({LOAN}) Tj ET /X0 Do".encode()
    found = extract(pdf_of_streams([text], extra=[loop], resources="/XObject << /X0 7 0 R >>"))
    assert LOAN in str(found["text"])


WORDS = st.text(st.sampled_from("abcXYZ .,()\\é"), max_size=30).map(lambda text: " ".join(text.split()))


@settings(max_examples=60)
@given(st.lists(WORDS, min_size=1, max_size=6))
def test_every_character_is_of_the_page_it_was_on(pages: list[str]) -> None:
    """The oracle: each page's text, extracted from a file that holds this page alone."""
    alone = []
    for page in pages:
        try:
            alone.append(str(extract(pdf([page]))["text"]))
        except UnreadableError:
            alone.append("")
    if not any(alone):
        return
    found = extract(pdf(pages))
    starts = found["pages"]
    assert isinstance(starts, list)
    article, _ = article_of("a.pdf", str(found["text"]), found, pages=starts)
    assert len(article.pages) == len(pages)
    of_page: dict[int | None, str] = {}
    for offset, letter in enumerate(article.text):
        of_page[article.page_at(offset)] = of_page.get(article.page_at(offset), "") + letter
    assert {number: text.strip() for number, text in of_page.items()} == {
        number: text for number, text in enumerate(alone, start=1) if text
    }
