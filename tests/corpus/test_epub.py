"""EPUB: a chapter an article, titles from the table of contents."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from qa.corpus import read_corpus
from qa.corpus.decoding import UnreadableError
from qa.corpus.epub import extract
from qa.types import Limits
from tests.corpus.samples import LOAN, ROUTE, TERM, archive, docx, epub

LIMITS = Limits()
CHAPTERS = {"cover.xhtml": "<img/>", "a.xhtml": f"<h1>x</h1><p>{LOAN}</p>", "b.xhtml": f"<p>{TERM}</p>"}


def parts(data: bytes) -> list[tuple[object, object, object]]:
    found = extract(data, LIMITS)["parts"]
    assert isinstance(found, list)
    return [(part["key"], part["section"], part["text"]) for part in found]


def test_each_chapter_is_an_article_named_by_book_and_chapter(tmp_path: Path) -> None:
    (tmp_path / "rail.epub").write_bytes(epub(CHAPTERS, {"a.xhtml": "The loan", "b.xhtml": "Its term"}))
    corpus = read_corpus(tmp_path)
    assert corpus.rejected == corpus.warnings == ()
    assert [(a.id, a.title, a.source) for a in corpus.articles] == [
        ("rail.epub#book/a.xhtml", "Railways: The loan", "Ann Author"),
        ("rail.epub#book/b.xhtml", "Railways: Its term", "Ann Author"),
    ]
    assert corpus.articles[1].text == TERM
    assert corpus.articles[1].published == date(2016, 6, 29)
    assert corpus.articles[1].tags == ("rail",)


def test_file_without_title_goes_on_with_the_chapter_before_it() -> None:
    chapters = {"a.xhtml": f"<p>{LOAN}</p>", "a2.xhtml": f"<p>{TERM}</p>", "b.xhtml": f"<h2>Own</h2><p>{ROUTE}</p>"}
    assert parts(epub(chapters, {"a.xhtml": "The loan"})) == [
        ("book/a.xhtml", "The loan", f"{LOAN}\n\n{TERM}"),
        ("book/b.xhtml", "Own", f"Own\n\n{ROUTE}"),
    ]


def test_book_without_contents_has_headings_or_numbers_as_titles() -> None:
    assert [title for _, title, _ in parts(epub(CHAPTERS))] == ["x", "part 2"]


def test_contents_of_epub_2_are_read() -> None:
    ncx = (
        '<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "x.dtd"><ncx xmlns="urn:n"><navMap><navPoint><navLabel>'
        '<text>The loan</text></navLabel><content src="a.xhtml"/></navPoint></navMap></ncx>'
    )
    opf = (
        '<package xmlns="urn:o"><manifest><item id="a" href="a.xhtml"/><item id="t" href="toc.ncx" '
        'media-type="application/x-dtbncx+xml"/></manifest><spine toc="t"><itemref idref="a"/></spine></package>'
    )
    assert parts(epub(CHAPTERS, more={"book/p.opf": opf, "book/toc.ncx": ncx}))[0][1] == "The loan"


def test_missing_chapter_is_told_and_the_rest_is_read() -> None:
    opf = (
        '<package xmlns="urn:o"><manifest><item id="a" href="a.xhtml"/><item id="z" href="../../z.xhtml"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="z"/><itemref idref="none"/></spine></package>'
    )
    found = extract(epub(CHAPTERS, more={"book/p.opf": opf}), LIMITS)
    assert found["remarks"] == ["1 of its 2 files cannot be read or are not there"]
    assert len(found["parts"]) == 1  # type: ignore[arg-type]


def test_entities_are_refused() -> None:
    declared = '<!DOCTYPE x [<!ENTITY a "book/"><!ENTITY b "&a;p.opf">]>'
    bomb = f'{declared}<container><rootfile full-path="&b;"/></container>'
    with pytest.raises(UnreadableError, match="^declares XML entities"):
        extract(epub(CHAPTERS, more={"META-INF/container.xml": bomb}), LIMITS)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"PK", "no .epub, or damaged: "),
        (docx(), "no .epub, or damaged: no META-INF/container.xml in it"),
        (archive({"META-INF/container.xml": "<a/>"}), "no .epub, or damaged: it names no package"),
        (
            epub(
                CHAPTERS,
                more={"META-INF/encryption.xml": '<e><CipherReference URI="book/a.xhtml"/></e>'},
            ),
            "is protected against copying",
        ),
        (epub({"a.xhtml": "<p>" + "<i>" * 230 + "x"}), "nested more"),
    ],
)
def test_what_is_no_book_is_refused(data: bytes, cause: str) -> None:
    try:
        found = extract(data, LIMITS)
    except UnreadableError as exc:
        assert str(exc).startswith(cause)
    else:
        assert found["parts"] == []
        assert found["remarks"]
