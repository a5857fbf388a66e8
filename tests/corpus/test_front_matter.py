"""Front matter in every form that is in use."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given

from qa.corpus import markdown
from qa.corpus.decoding import UnreadableError
from qa.corpus.front_matter import part
from tests.texts import HOSTILE

BODY = "The mill burnt down on Sunday night."
FORMS = {
    "yaml": "---\ntitle: Mill burns\ndate: 2021-03-04\ntags: [fire]\n---\n\n",
    "yaml, closed by dots": "---\ntitle: Mill burns\ndate: 2021-03-04\ntags: [fire]\n...\n",
    "toml": '+++\ntitle = "Mill burns"\ndate = 2021-03-04T09:00:00+03:00\n[taxonomies]\ntags = ["fire"]\n+++\n',
    "toml, Windows": '+++\r\ntitle = "Mill burns"\r\ndate = 2021-03-04\r\ntags = ["fire"]\r\n+++\r\n',
    "json": '{\n "title": "Mill burns",\n "date": "2021-03-04",\n "tags": ["fire"]\n}\n\n',
    "json, fenced": ';;;\n{"title": "Mill burns", "date": "2021-03-04", "tags": ["fire"]}\n;;;\n',
    "multimarkdown": "Title: Mill burns\nDate: 4 March 2021\nKeywords: fire\n\n",
    "multimarkdown, folded": "Title:   Mill\n         burns\nDate: 2021-03-04\nTags: fire\nLayout: post\n\n",
    "after a mark": "\ufeff\nTitle: Mill burns\nDate: 2021-03-04\nTags: fire\n\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_form(form: str) -> None:
    article, remarks = markdown.read("a.md", FORMS[form] + BODY)
    assert (article.title, article.published, article.tags) == ("Mill burns", date(2021, 3, 4), ("fire",))
    assert (article.text, remarks) == (BODY, [])


def test_title_block_of_pandoc() -> None:
    article, remarks = markdown.read("a.md", f"% Mill\n  burns\n% A. Writer; B. Writer\n% March 4, 2021\n\n{BODY}")
    assert (article.title, article.published, article.authors) == (
        "Mill burns",
        date(2021, 3, 4),
        ("A. Writer", "B. Writer"),
    )
    assert (article.text, remarks) == (BODY, [])


@pytest.mark.parametrize(
    "text",
    [
        "Note: the mill burnt down.\n\nMore.",
        "Question: who?\nAnswer: no one.\n\nMore.",
        "Title: alone, without a text",
        "Link: see below.\n\nMore.",
        "{not json}\n\nMore.",
        '{"title": "never closed\n\nMore.',
        '["title"]\n\nMore.',
        "+ + +\n\nMore.",
        "100 % sure.\n\nMore.",
    ],
)
def test_text_that_only_looks_like_front_matter_is_text(text: str) -> None:
    assert markdown.read("a.md", text)[0].text == text


@pytest.mark.parametrize(
    ("matter", "title"),
    [
        ("title: Mill: the fire", "Mill: the fire"),
        ("title: Mill burns: what we know\nsource: The Post", "Mill burns: what we know"),
        ("title: @mill burns", "@mill burns"),
        ('title: "Mill" burns', '"Mill" burns'),
        ("title: 50% off: the mill\r", "50% off: the mill"),
    ],
)
def test_value_without_its_quotes_is_mended_with_a_remark(matter: str, title: str) -> None:
    article, remarks = markdown.read("a.md", f"---\n{matter}\n---\n{BODY}")
    assert (article.title, article.text) == (title, BODY)
    told = 'front matter: the value of `title` is read as if it stood in quotes; write it so: title: "…"'
    assert remarks == [told]


def test_yaml_that_cannot_be_mended_says_how_to_quote() -> None:
    with pytest.raises(UnreadableError, match=r'mend its YAML or remove the block \(a value with ": " in it'):
        part("---\ntitle: [a\n---\nText.")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "+++\ntitle = Mill\n+++\nText.",
            r"^front matter broken .*: Invalid value.*; mend its TOML or remove the block$",
        ),
        (
            '+++\ntitle = "Mill"\nText.',
            r"^front matter broken: it opens with \+\+\+ and never closes; add a line \+\+\+",
        ),
        ("+++\na = " + "[" * 5_000 + "\n+++\nText.", r"^front matter broken"),
        (
            f"+++\na = '{'x' * 20_000}'\n+++\nText.",
            r"^front matter of 20,00\d characters, more than 20,000; shorten it$",
        ),
    ],
)
def test_broken_toml_is_refused(text: str, cause: str) -> None:
    with pytest.raises(UnreadableError, match=cause):
        part(text)


@pytest.mark.parametrize(
    ("matter", "field", "value"),
    [
        ("publishDate: 2021-03-04", "published", date(2021, 3, 4)),
        ("date: 2021-03-04 09:00:00 +0300", "published", date(2021, 3, 4)),
        ("date: Thu, 04 Mar 2021 09:00:00 GMT", "published", date(2021, 3, 4)),
        ("created: 2019-01-01\ndate: 2021-03-04", "published", date(2021, 3, 4)),
        ("date: soon\npubdate: 2021-03-04", "published", date(2021, 3, 4)),
        ("params:\n  date: 2021-03-04", "published", date(2021, 3, 4)),
        ("last_modified_at: 2021-03-04", "modified", date(2021, 3, 4)),
        ("updated: 2021-03-04", "modified", date(2021, 3, 4)),
        ("lastmod: 2021-03-04", "published", None),
        ("publisher: {name: The Post}", "source", "The Post"),
        ("site: The Post", "source", "The Post"),
        ("source: https://www.post.example/a", "source", "post.example"),
        ("source: https://www.post.example/a", "url", "https://www.post.example/a"),
        ("canonicalURL: https://e.org/a", "url", "https://e.org/a"),
        ("permalink: /2021/mill/", "url", None),
        ("categories: [fire, mills]\ntags: fire", "tags", ("fire", "mills")),
        ("authors:\n- name: A. Writer\n- B. Writer", "authors", ("A. Writer", "B. Writer")),
        ("headline: Mill", "title", "Mill"),
    ],
)
def test_usual_names_of_fields(matter: str, field: str, value: object) -> None:
    article, remarks = markdown.read("a.md", f"---\n{matter}\n---\n{BODY}")
    assert getattr(article, field) == value
    assert remarks == []


def test_field_that_holds_no_date_is_named_as_it_stands_there() -> None:
    _, remarks = markdown.read("a.md", f"---\ndate: in spring\n---\n{BODY}")
    assert remarks == ["date: 'in spring' is no date; write it as 2016-06-24"]


@given(HOSTILE)
def test_text_below_is_a_piece_of_the_text(text: str) -> None:
    for opening in ("", "+++\n", ";;;\n", "% ", "Title: a\n", "{"):
        try:
            _, below, _ = part(opening + text)
        except UnreadableError:
            continue
        assert (opening + text).endswith(below) or below in opening + text
