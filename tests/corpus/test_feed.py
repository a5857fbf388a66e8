"""Saved feeds: an entry an article."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from qa.corpus import read_corpus
from qa.corpus.decoding import UnreadableError
from qa.corpus.feed import extract
from qa.types import Article, Limits
from tests.corpus.samples import ATOM, LOAN, ROUTE, RSS, TERM

LIMITS = Limits()


def test_entries_of_rss_are_articles(tmp_path: Path) -> None:
    (tmp_path / "rail.xml").write_text(RSS, encoding="utf-8")
    corpus = read_corpus(tmp_path)
    assert corpus.articles == (
        Article(
            id="rail.xml#https://example.org/rail/route",
            text=ROUTE,
            title="Route",
            source="Rail Gazette",
            url="https://example.org/rail/route",
        ),
        Article(
            id="rail.xml#loan-1",
            text=f"{LOAN}\n\n{TERM}",
            title="Loan & bank",
            source="Rail Gazette",
            url="https://example.org/rail/loan",
            published=date(2016, 6, 29),
            tags=("rail",),
            dated_by="its entry in the feed",
        ),
    )
    assert [remark.cause for remark in corpus.warnings] == ["1 entry has no text and no place"]


def test_entries_of_atom_are_articles(tmp_path: Path) -> None:
    (tmp_path / "rail.atom").write_text(ATOM, encoding="utf-8")
    (article,) = read_corpus(tmp_path).articles
    assert (article.id, article.title, article.text) == ("rail.atom#urn:1", "Loan", LOAN)
    assert article.published == date(2016, 6, 29)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        ("<a>x</a>", "is no RSS or Atom feed"),
        ("Text.", "is no RSS or Atom feed"),
        ("<!DOCTYPE rss [<!ENTITY a 'b'>]>" + RSS, "declares XML entities"),
        (RSS.replace(LOAN, "").replace(TERM, "").replace(ROUTE, "").replace("Short.", ""), "its entries have no text"),
    ],
)
def test_what_has_no_entries_is_refused(data: str, cause: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        extract(data.encode(), LIMITS)
    assert str(caught.value).startswith(cause)


def test_nothing_is_fetched_for_an_address_or_a_path(tmp_path: Path) -> None:
    (tmp_path / "rail.xml").write_text(RSS, encoding="utf-8")
    for data in (b"http://127.0.0.1:9/feed", str(tmp_path / "rail.xml").encode()):
        with pytest.raises(UnreadableError, match="is no RSS or Atom feed"):
            extract(data, LIMITS)
