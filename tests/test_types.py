"""The data types keep their promises at construction."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from qa.types import Answer, AnswerTrace, Article, Citation, Hit, Passage, Receipt, Rename, Verdict


def test_passage_refuses_offsets_that_do_not_span_its_text() -> None:
    with pytest.raises(ValueError, match=r"passage a:0-9: 0\.\.9 spans 9 characters, the text has 4"):
        Passage("a:0-9", "a", 0, 9, "text")


def test_passage_accepts_offsets_in_code_points() -> None:
    text = "👩‍👧 é"
    assert Passage("a", "a", 3, 3 + len(text), text).text == text


def test_data_is_frozen_and_slotted() -> None:
    article = Article("a.md", "text", "Title")
    with pytest.raises(FrozenInstanceError):
        article.text = "other"  # type: ignore[misc]
    assert not hasattr(article, "__dict__")


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Article, "id text title source url published tags pages"),
        (Passage, "id article_id start end text"),
        (Hit, "passage score rank also_in trace"),
        (
            Citation,
            "number article_id title source url published start end quote answer_start answer_end page passage",
        ),
        (Answer, "question text verdict confidence citations hits generation trace"),
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
