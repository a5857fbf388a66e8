"""HTML: plain text and sane fields, whatever the page holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.corpus import html as html_format
from qa.corpus.decoding import UnreadableError
from qa.types import Limits
from tests.corpus.samples import HTML, LOAN, ROUTE, TERM
from tests.texts import ANY_TEXT

LIMITS = Limits()
PAGE = "<html><head>{head}</head><body><article><h1>Railway</h1><p>" + LOAN + "</p>{body}</article></body></html>"


def extract(head: str = "", body: str = "", encoding: str = "utf-8") -> dict[str, object]:
    """Return what a page of this head and body gives."""
    return html_format.extract(PAGE.format(head=head, body=body).encode(encoding), LIMITS)


def test_page_gives_its_article_and_nothing_else() -> None:
    assert html_format.extract(HTML.encode(), LIMITS) == {
        "title": "Loan for the northern railway",
        "source": "Rail Gazette",
        "url": "https://example.org/rail/loan",
        "published": "2016-06-29",
        "modified": None,
        "dated_by": "meta article:published_time",
        "authors": [],
        "tags": "",
        "text": f"Loan for the northern railway\n\n{LOAN} {TERM}\n\n{ROUTE} It costs 5 <b> billion.\n\n"
        "Year | Cost\n--- | ---\n2016 | 400\n\n- First item\n- Second item",
        "remarks": [],
    }


def test_fields_come_from_json_ld() -> None:
    found = extract(
        '<script type="application/ld+json">{"@context": "https://schema.org", "@type": "NewsArticle", "headline": '
        '"Loan agreed", "datePublished": "1962-03-09", "publisher": {"@type": "Organization", "name": "Daily Rail"}, '
        '"url": "https://example.org/ld"}</script>'
    )
    assert (found["title"], found["published"], found["source"]) == ("Loan agreed", "1962-03-09", "Daily Rail")


@pytest.mark.parametrize(
    ("head", "published"),
    [
        ('<meta name="DC.date.issued" content="2011-05-07">', "2011-05-07"),
        ('<meta itemprop="datePublished" content="2012-05-07T01:00:00+08:00">', "2012-05-07"),
        ('<meta property="article:published_time" content="1002-05-07">', "1002-05-07"),
        ('<meta property="article:published_time" content="soon">', None),
        ("", None),
    ],
)
def test_date_is_what_the_page_declares_and_never_one_of_its_text(head: str, published: str | None) -> None:
    body = "<p>On 24 June 2016 the bank agreed. Copyright 2019-01-02.</p><time datetime='2018-03-04'>4 March</time>"
    assert extract(head, body)["published"] == published


HIDDEN = [
    "<script>SECRET</script>",
    "<style>p::after { content: 'SECRET' }</style>",
    "<p hidden>SECRET words that no one sees on the page.</p>",
    "<p style='Display : NONE'>SECRET words that no one sees on the page.</p>",
    "<div style='visibility:hidden'><p>SECRET words that no one sees.</p></div>",
    "<template><p>SECRET words that no one sees on the page.</p></template>",
    "<noscript><p>SECRET words that few see on the page.</p></noscript>",
    "<!-- SECRET words in a comment -->",
    "<?php SECRET ?>",
    "<iframe srcdoc='SECRET'>SECRET</iframe>",
    "<object data='x'>SECRET</object>",
    "<svg onload='SECRET'><text>SECRET</text></svg>",
    "<textarea>SECRET</textarea>",
    "<img src=x onerror=SECRET alt='SECRET'>",
    "<a href='javascript:SECRET'>link</a>",
    "<p onclick='SECRET' title='SECRET'>seen</p>",
]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_the_reader_does_not_see_is_no_text(hidden: str) -> None:
    found = extract(body=f"{hidden}<p>{TERM}</p>")
    text = str(found["text"])
    assert "SECRET" not in text
    assert LOAN in text
    assert TERM in text


def test_markup_that_is_written_out_stays_text() -> None:
    body = "<p>Write &lt;script&gt;alert(1)&lt;/script&gt; to be rude to the reader of it.</p>"
    assert "Write <script>alert(1)</script> to be rude" in str(extract(body=body)["text"])


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-8", "utf-16"])
def test_page_is_read_by_the_encoding_it_names(encoding: str) -> None:
    body = "<p>Правительство отложило строительство северной железной дороги.</p>"
    found = extract(f'<meta charset="{encoding}">', body, encoding)
    assert "Правительство отложило строительство" in str(found["text"])
    assert found["remarks"] == []


def test_encoding_that_is_named_wrongly_is_guessed_with_a_remark() -> None:
    body = "<p>Правительство отложило строительство северной железной дороги.</p>" * 3
    for named in ("nonsense", "hex", "ascii-8bit"):
        found = extract(f'<meta charset="{named}">', body, "windows-1251")
        assert "Правительство отложило" in str(found["text"])
        assert found["remarks"] == ["not UTF-8, read as cp1251; save it as UTF-8 to be sure of every letter"]


@pytest.mark.parametrize("levels", [201, 300, 5_000, 100_000])
def test_deep_nesting_is_refused_and_loses_no_text_in_silence(levels: int) -> None:
    with pytest.raises(UnreadableError, match=r"nested more than 200 levels deep; simplify it, or save its text"):
        extract(body="<div>" * levels + "<p>Deep.</p>" + "</div>" * levels)


def test_nesting_within_the_limit_is_read() -> None:
    body = "<div>" * 150 + f"<p>{TERM}</p>" + "</div>" * 150
    assert TERM in str(extract(body=body)["text"])


@pytest.mark.parametrize("page", ["", "<html></html>", "<!-- x -->", "<script>x</script>", "<p hidden>x</p>", "\ufeff"])
def test_page_without_text_is_refused(page: str) -> None:
    with pytest.raises(UnreadableError, match=r"; save the page as text|; save it as text"):
        html_format.extract(page.encode(), LIMITS)


def test_entity_bomb_and_external_entity_are_not_expanded() -> None:
    declared = '<!DOCTYPE html [<!ENTITY a "SECRET"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    found = html_format.extract((declared + PAGE.format(head="", body="<p>x &b; &f; y</p>")).encode(), LIMITS)
    text = str(found["text"])
    assert LOAN in text
    assert "root:" not in text
    assert len(text) < 1_000


@pytest.mark.parametrize("page", [f"<p>{LOAN}</p>", LOAN, f"<div><p>{LOAN}</p><p>{TERM}</p></div>"])
def test_fragment_is_read(page: str) -> None:
    assert LOAN in str(html_format.extract(page.encode(), LIMITS)["text"])


TAGS = ["p", "div", "table", "tr", "td", "ul", "li", "b", "pre", "h2", "blockquote", "script", "title", "math", "x-y"]
PIECES = st.one_of(
    ANY_TEXT,
    st.sampled_from(
        [f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS] + ["<", "&#0;", "&#xd800;", "]]>", "<!"]
    ),
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_page_becomes_text_or_is_refused(body: str) -> None:
    try:
        found = html_format.extract(PAGE.format(head="", body=body).encode(), LIMITS)
    except UnreadableError:
        return
    text = str(found["text"])
    text.encode()
    assert text == text.strip() != ""
    assert "\n\n\n" not in text
