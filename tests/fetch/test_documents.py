"""Articles as Markdown files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.corpus import markdown
from qa.fetch.documents import completed, file_name, markdown_of
from qa.fetch.feeds import FeedLink
from qa.types import Article
from tests.corpus.samples import LOAN

TODAY = date(2020, 1, 2)


@given(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40),
    st.text("ab:#\"' -[]{}\n", max_size=40),
)
def test_front_matter_is_read_as_it_was_written(title: str, source: str) -> None:
    source = " ".join(source.split())
    article = Article("page", LOAN, title, source or None, "https://example.org/a", date(2016, 6, 29), ("a, b", "c"))
    article = replace(article, modified=TODAY, authors=("Ann, B.", "Bob"))
    found, remarks = markdown.read("page", markdown_of(article))
    assert replace(found, dated_by=None) == article
    assert remarks == []


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Zürich: die Bahn!", "2020-01-02-zurich-die-bahn.md"),
        ("../../etc/passwd", "2020-01-02-etc-passwd.md"),
        ("北方", "2020-01-02-article.md"),
        ("a" * 200, f"2020-01-02-{'a' * 80}.md"),
    ],
)
def test_file_names_are_plain(title: str, name: str) -> None:
    assert file_name(Article("page", LOAN, title), TODAY) == name


def test_feed_and_address_serve_where_the_page_says_nothing() -> None:
    bare = Article("page", LOAN, "page", url="https://other.org/x")
    link = FeedLink("https://example.org/rail/the-loan", "Loan", TODAY, "Gazette")
    assert completed(bare, link.url, link) == Article("page", LOAN, "Loan", "Gazette", link.url, TODAY)
    alone = completed(bare, link.url, FeedLink(link.url))
    assert (alone.title, alone.source) == ("the loan", "example.org")
    full = Article("page", LOAN, "Own", "Own source", "https://example.org/own", date(2016, 6, 29))
    assert completed(full, link.url, link) == full
