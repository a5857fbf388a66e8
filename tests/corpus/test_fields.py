"""What files say of themselves: bounded, clean, sane."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import article_of, bounded, clean, one_line
from qa.text.unseen import without_unseen
from qa.types import Limits
from tests.texts import HOSTILE


@pytest.mark.parametrize(
    ("article_id", "title"),
    [
        ("notes/gas-flows_2.html", "gas flows 2"),
        ("a.b.pdf", "a.b"),
        ("dumps/all-news.jsonl#https://example.org/a/b", "all news"),
        ("x#y.md", "x#y"),
    ],
)
def test_without_a_title_the_file_name_serves(article_id: str, title: str) -> None:
    assert article_of(article_id, "Text.", {})[0].title == title


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("  a \n b\t\x00c\u2028d ", "a b c d"),
        ("evil \u202egnp.exe\u202c", "evil gnp.exe"),
        ("\u2066\x07\u2069", None),
        ("half \ud800 pair", "half pair"),
        (7, "7"),
        (True, None),
        (["a"], None),
        pytest.param(10**5000, None, id="digits"),
        ("x" * 501, "x" * 500),
        ("👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_one_line(value: object, line: str | None) -> None:
    assert one_line(value) == line


@pytest.mark.parametrize(
    ("value", "published", "remark"),
    [
        ("2016-06-24T10:30:00Z", date(2016, 6, 24), None),
        (datetime(1000, 1, 1), date(1000, 1, 1), None),
        (date(2100, 12, 31), date(2100, 12, 31), None),
        (date(2101, 1, 1), None, "published: '2101-01-01' is not of the years 1000 to 2100 and is left out"),
        ("0999-12-31", None, "published: '0999-12-31' is not of the years 1000 to 2100 and is left out"),
        (1466726400, date(2016, 6, 24), None),
        (16, None, "published: '16' is no date; write it as 2016-06-24"),
    ],
)
def test_dates_are_sane(value: object, published: date | None, remark: str | None) -> None:
    article, remarks = article_of("a.md", "Text.", {"published": value})
    assert (article.published, remarks) == (published, [remark] if remark else [])


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//example.org/a",
        "http://",
        "https://:80/",
        "http://e/" + "a" * 2000,
    ],
)
def test_only_addresses_of_the_web_are_kept(url: str) -> None:
    article, remarks = article_of("a.md", "Text.", {"url": url})
    assert article.url is None
    assert remarks == [f"url: {url[:60]!r} is not an http or https address and is left out"]


def test_address_keeps_no_line_end() -> None:
    assert article_of("a.md", "Text.", {"url": " https://example.org/a\x00\x1b "})[0].url == "https://example.org/a"


@given(st.text(max_size=200) | HOSTILE)
def test_clean_text_can_be_stored_and_shown(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert cleaned == cleaned.strip()
    assert {c for c in cleaned if unicodedata.category(c) == "Cc"} <= {"\n", "\t"}
    assert clean(cleaned) == cleaned
    letters = "".join(c for c in without_unseen(text) if unicodedata.category(c) != "Cc")
    assert "".join(cleaned.split()) == "".join(letters.split())


def test_clean_keeps_what_is_text() -> None:
    assert clean("\x00a\r\nb\rc\fd\te\u200d\ud83d\ude80 \vf\x1bg\x85\ud800 ") == "a\nb\nc\nd\te\u200d🚀 \nfg\n\ufffd"


def test_bounds_of_a_text() -> None:
    limits = Limits(max_text_chars=5)
    assert bounded("12345", limits) == "12345"
    with pytest.raises(UnreadableError, match=r"6 characters of text, more than 5; split it, or raise \[corpus\] max"):
        bounded("123456", limits)
    with pytest.raises(UnreadableError, match="empty: there is no text in it"):
        bounded(" \n", limits)
