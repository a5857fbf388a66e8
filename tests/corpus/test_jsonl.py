"""JSON Lines: each line an article or a rejection by its number."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa.corpus import jsonl
from qa.corpus.decoding import UnreachableError
from qa.corpus.html_text import plain
from qa.text.unseen import without_unseen
from qa.types import Article, Limits, Problem
from tests.corpus.samples import jsonl as lines
from tests.texts import ANY_TEXT

LIMITS = Limits()


def read(data: bytes, limits: Limits = LIMITS) -> list[Article | Problem]:
    """Return what each line became, without remarks."""
    return [line if isinstance(line, Problem) else line[0] for line in jsonl.read("n.jsonl", io.BytesIO(data), limits)]


def test_every_field_is_read() -> None:
    record = {
        "id": "a-1",
        "title": "Gas  flows",
        "text": " First.\n\nSecond. ",
        "published": "2019-12-03T10:00:00Z",
        "source": "Energy Weekly",
        "url": "https://example.org/a",
        "tags": ["gas", "Amur"],
        "other": {"a": [1]},
    }
    assert read(lines(record)) == [
        Article(
            id="n.jsonl#a-1",
            text="First.\n\nSecond.",
            title="Gas flows",
            source="Energy Weekly",
            url="https://example.org/a",
            published=date(2019, 12, 3),
            tags=("gas", "Amur"),
            dated_by="field `published`",
        )
    ]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (  # CC-News
            {"text": "T.", "title": "H", "date": "2021-03-04 09:00:00", "domain": "e.org", "url": "https://e.org/1"},
            ("T.", "H", "e.org", date(2021, 3, 4), "https://e.org/1"),
        ),
        (  # news-please
            {"maintext": "T.", "title": "H", "date_publish": "2021-03-04 09:00:00", "date_modify": None,
             "source_domain": "e.org", "url": "https://e.org/1", "description": "Short."},
            ("T.", "H", "e.org", date(2021, 3, 4), "https://e.org/1"),
        ),
        (  # NewsAPI
            {"content": "T.", "title": "H", "publishedAt": "2021-03-04T09:00:00Z", "source": {"id": None, "name": "S"},
             "url": "https://e.org/1", "author": None},
            ("T.", "H", "S", date(2021, 3, 4), "https://e.org/1"),
        ),
        (  # WordPress
            {"content": {"rendered": "<p>T.</p>"}, "title": {"rendered": "H &#8211; I"}, "date": "2021-03-04T09:00:00",
             "link": "https://e.org/1"},
            ("T.", "H – I", None, date(2021, 3, 4), "https://e.org/1"),
        ),
        (  # JSON Feed
            {"content_html": "<p>T.</p>", "title": "H", "date_published": "2021-03-04T09:00:00-07:00",
             "url": "https://e.org/1"},
            ("T.", "H", None, date(2021, 3, 4), "https://e.org/1"),
        ),
        (  # feedparser
            {"content": [{"type": "text/html", "value": "<p>T.</p>"}], "title": "H", "link": "https://e.org/1",
             "published": "Thu, 04 Mar 2021 09:00:00 +0100", "summary": "Short."},
            ("T.", "H", None, date(2021, 3, 4), "https://e.org/1"),
        ),
        (  # schema.org
            {"articleBody": "T.", "headline": "H", "datePublished": "2021-03-04", "publisher": {"name": "S"},
             "mainEntityOfPage": "https://e.org/1"},
            ("T.", "H", "S", date(2021, 3, 4), None),
        ),
        ({"body": "T.", "pubDate": 1614848400, "canonical_url": "https://e.org/1"},
         ("T.", "n", None, date(2021, 3, 4), "https://e.org/1")),
        ({"text": "T.", "timestamp": 1614848400000, "date": ""}, ("T.", "n", None, date(2021, 3, 4), None)),
        ({"text": "", "content": "T.", "date": "soon", "created_at": "2021-03-04"},
         ("T.", "n", None, date(2021, 3, 4), None)),
    ],
)  # fmt: skip
def test_records_of_the_usual_exports_are_read(record: dict[str, object], expected: tuple[object, ...]) -> None:
    ((article, remarks),) = [
        e for e in jsonl.read("n.jsonl", io.BytesIO(lines(record)), LIMITS) if isinstance(e, tuple)
    ]
    assert (article.text, article.title, article.source, article.published, article.url) == expected
    assert remarks == []


def test_summary_serves_where_there_is_no_text_and_is_remarked_on() -> None:
    ((article, remarks),) = [
        e for e in jsonl.read("n.jsonl", io.BytesIO(lines({"summary": "Short."})), LIMITS) if isinstance(e, tuple)
    ]
    assert (article.text, remarks) == ("Short.", ["only `summary`, a summary, is there; the text itself is not"])


def test_line_without_a_text_names_the_field_that_may_be_it() -> None:
    (problem,) = read(lines({"kropp": "Lång text. " * 30, "title": "H"}))
    cause = "no `text`; give each line one, as a string (is it `kropp`? rename that field to `text`)"
    assert problem == Problem("n.jsonl#line 1", cause)


@pytest.mark.parametrize(
    ("record", "article_id"),
    [
        ({"id": 7, "url": "https://e.org"}, "n.jsonl#7"),
        ({"id": "", "url": "https://e.org"}, "n.jsonl#https://e.org"),
        ({"id": None}, "n.jsonl#line-1"),
        ({"id": "a\nb\x00"}, "n.jsonl#a b"),
        ({"id": "x" * 300}, "n.jsonl#" + "x" * 200),
    ],
)
def test_key_is_id_else_url_else_line(record: dict[str, object], article_id: str) -> None:
    (article,) = read(lines(record | {"text": "Text."}))
    assert article.id == article_id


def test_edit_of_the_text_keeps_every_id() -> None:
    before = read(lines({"text": "One."}, {"text": "Two.", "url": "https://e.org"}))
    after = read(lines({"text": "Other."}, {"text": "Two, edited.", "url": "https://e.org"}))
    assert [line.id for line in before] == [line.id for line in after]


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (b"{", "no JSON: Expecting property name enclosed in double quotes at character 2; write one object a line"),
        (b'{"text": "a"} x', "no JSON: Extra data at character 15; write one object a line"),
        (b"[1]", 'no object; write one a line, as {"title": "…", "text": "…"}'),
        (b'"text"', 'no object; write one a line, as {"title": "…", "text": "…"}'),
        (b"{}", "no `text`; give each line one, as a string"),
        (b'{"text": 3}', "no `text`; give each line one, as a string"),
        (b'{"text": " \\n "}', "empty: there is no text in it"),
        (b'{"text": "\\u0000"}', "empty: there is no text in it"),
        (b'{"text": "a", "n": NaN}', "no JSON: NaN is no number; write one object a line"),
        (b'{"text": "\xff"}', "not UTF-8 at byte 10 of the line; save the file as UTF-8"),
        (b'{"text": "a", "b": ' + b"[" * 201 + b"]" * 201 + b"}", "nested too deep; write one flat object a line"),
        (b'{"text": "a", "b": ' + b"[" * 99_000, "nested too deep; write one flat object a line"),
        (b'{"id": "good", "text": "Again."}', "a second article 'n.jsonl#good'; give each its own `id`"),
    ],
)
def test_bad_line_is_rejected_by_number_and_the_others_are_read(line: bytes, cause: str) -> None:
    first, second = b'{"id": "good", "text": "First."}\n\n', b'\n{"id": "last", "text": "Last."}'
    good, bad, last = read(first + line + second)
    assert [good.id, last.id] == ["n.jsonl#good", "n.jsonl#last"]
    assert bad == Problem("n.jsonl#line 3", cause)


def test_number_of_thousands_of_digits_is_no_trap() -> None:
    (problem,) = read(b'{"text": "a", "id": ' + b"9" * 5_000 + b"}")
    assert isinstance(problem, Problem)
    assert problem.cause.startswith("no JSON: Exceeds the limit")


def test_line_that_is_too_long_is_skipped_as_a_stream() -> None:
    limits = Limits(max_file_bytes=100)
    data = (
        lines({"id": 1, "text": "a" * 50}) + lines({"id": 2, "text": "b" * 3_000_000}) + lines({"id": 3, "text": "c"})
    )
    one, two, three = read(data, limits)
    assert [one.id, three.id] == ["n.jsonl#1", "n.jsonl#3"]
    cause = "more than 100 bytes; split it, or raise [corpus] max_file_bytes"
    assert two == Problem("n.jsonl#line 2", cause)


def test_line_of_just_the_limit_is_read() -> None:
    data = lines({"id": 1, "text": "a" * 50})
    for end in (b"", b"\n"):
        (article,) = read(data.rstrip(b"\n") + end, Limits(max_file_bytes=len(data) - 1))
        assert article.id == "n.jsonl#1"


def test_mark_of_utf8_and_windows_line_ends_are_no_matter() -> None:
    data = b"\xef\xbb\xbf" + lines({"id": 1, "text": "One."}, {"id": 2, "text": "Two."}).replace(b"\n", b"\r\n")
    assert [line.id for line in read(data)] == ["n.jsonl#1", "n.jsonl#2"]


def test_half_a_surrogate_pair_is_marked_and_a_whole_one_joined() -> None:
    (article,) = read(b'{"text": "a \\ud83d\\ude80 b \\ud800 c", "title": "\\udc00 T"}')
    assert isinstance(article, Article)
    assert (article.text, article.title) == ("a 🚀 b \ufffd c", "T")


def test_file_of_bad_lines_is_given_up() -> None:
    found = []
    with pytest.raises(UnreachableError, match=r"more than 1,000 bad lines; mend them, what stands from line 1,001 on"):
        for line in jsonl.read("n.jsonl", io.BytesIO(b"x\n" * 2_000), LIMITS):
            found.append(line)
    assert len(found) == 1_000


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | ANY_TEXT, lambda v: st.lists(v, max_size=3), max_leaves=4
)
RECORDS = st.dictionaries(st.sampled_from(["id", "title", "text", "published", "source", "url", "tags", "x"]), VALUES)
LINES = st.one_of(
    RECORDS.map(lambda record: json.dumps(record).encode()),
    st.fixed_dictionaries({"text": ANY_TEXT}, optional={"id": ANY_TEXT, "url": ANY_TEXT}).map(
        lambda record: json.dumps(record, ensure_ascii=False).encode()
    ),
    st.binary(max_size=40).filter(lambda data: b"\n" not in data),
)


@given(st.lists(LINES, max_size=8))
@example([b'{"text": "a\\u2028b"}', b"\xe2\x80\xa8"])
def test_each_line_is_an_article_or_a_problem_or_blank(data: list[bytes]) -> None:
    found = read(b"\n".join(data))
    blank = sum(not line.strip() for line in data)
    assert len(found) == len(data) - blank
    articles = [line for line in found if isinstance(line, Article)]
    assert len({article.id for article in articles}) == len(articles)
    for article in articles:
        article.text.encode()
        assert article.text.strip()
        assert article.id.startswith("n.jsonl#")
        assert article.id == article.id.strip()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip), max_size=6))
def test_text_comes_back_as_it_was_written(texts: list[str]) -> None:
    found = read(lines(*({"id": i, "text": text} for i, text in enumerate(texts))))
    assert [line.text for line in found if isinstance(line, Article)] == [
        plain(without_unseen(text)).strip() for text in texts if plain(without_unseen(text)).strip()
    ]
