"""The data types keep their promises at construction."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.types import Answer, AnswerTrace, Article, Citation, Corpus, Hit, Passage, Receipt, Rename, Verdict


def test_passage_refuses_offsets_that_do_not_span_its_text() -> None:
    with pytest.raises(ValueError, match=r"passage a:0-9: 0\.\.9 spans 9 characters, the text has 4"):
        Passage("a:0-9", "a", 0, 9, "text")


def test_passage_accepts_offsets_in_code_points() -> None:
    text = "👩‍👧 é"
    assert Passage("a", "a", 3, 3 + len(text), text).text == text


@pytest.mark.parametrize("pages", [(5,), (0, 3, 2), (-1, 2)])
def test_article_refuses_pages_out_of_order_or_of_its_text(pages: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"article a: its pages do not start in order within 4 characters"):
        Article("a", "text", "T", pages=pages)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_page_of_an_offset_is_the_one_that_holds_it(lengths: list[int]) -> None:
    """The oracle writes each page's number into its text."""
    texts = [chr(96 + number) * length for number, length in enumerate(lengths, start=1)]
    starts = tuple(sum(lengths[:number]) for number in range(len(lengths)))
    article = Article("a", "".join(texts), "T", pages=starts)
    assert [article.page_at(offset) for offset in range(len(article.text))] == [ord(c) - 96 for c in article.text]


def test_article_without_pages_has_no_page_anywhere() -> None:
    assert Article("a", "text", "T").page_at(2) is None


@pytest.mark.parametrize(
    ("place", "inside", "outside"),
    [
        ("", ["a.md", "sub/a.md"], []),
        ("sub/", ["sub/a.md", "sub/b/c.md"], ["sub.md", "a.md"]),
        ("a.jsonl#", ["a.jsonl#1"], ["a.jsonl", "b.jsonl#1"]),
        ("a.md", ["a.md"], ["a.md.txt", "sub/a.md"]),
    ],
)
def test_corpus_tells_what_may_be_in_a_place_it_could_not_read(
    place: str, inside: list[str], outside: list[str]
) -> None:
    corpus = Corpus((), unread=(place,))
    assert [corpus.left_unread(i) for i in inside + outside] == [True] * len(inside) + [False] * len(outside)


def test_data_is_frozen_and_slotted() -> None:
    article = Article("a.md", "text", "Title")
    with pytest.raises(FrozenInstanceError):
        article.text = "other"  # type: ignore[misc]
    assert not hasattr(article, "__dict__")


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Article, "id text title source url published tags pages scanned modified dated_by authors"),
        (Passage, "id article_id start end text header"),
        (Hit, "passage score rank also_in trace"),
        (
            Citation,
            "number article_id title source url published start end quote answer_start answer_end page passage by_ocr "
            "header",
        ),
        (
            Answer,
            "question text verdict confidence citations hits generation trace written parts listing total earlier "
            "later agreement dates timeline",
        ),
    ],
)
def test_public_fields_are_the_documented_ones(kind: type, names: str) -> None:
    assert [field.name for field in fields(kind)] == names.split()


def test_verdicts_are_the_documented_strings() -> None:
    assert [str(verdict) for verdict in Verdict] == ["answered", "related", "not_in_corpus", "about"]


def test_answers_are_equal_whatever_time_they_took() -> None:
    one = Answer("q", "t", Verdict.RELATED, 0.1, (), (), "gen-1", AnswerTrace("q", {"read": 1.0}, {}))
    assert one == replace(one, trace=AnswerTrace("q", {"read": 2.0}, {}))
    assert one != replace(one, text="other")


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({}, False),
        ({"unchanged": 3}, False),
        ({"added": ("a",)}, True),
        ({"modified": ("a",)}, True),
        ({"renamed": (Rename("a", "b"),)}, True),
        ({"deleted": ("a",)}, True),
    ],
)
def test_receipt_says_whether_articles_changed(change: dict[str, object], changed: bool) -> None:
    empty = Receipt(0, 0, (), (), (), (), (), (), (), 0, (), 0, 0, 0, 0.0, "gen-1")
    assert replace(empty, **change).changed is changed  # type: ignore[arg-type]
