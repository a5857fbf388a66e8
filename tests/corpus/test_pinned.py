"""Pinned questions: reading them, and what counts as kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qa.briefing import Briefing
from qa.corpus.pinned import Evidence, PinnedQuestion, fault, read_pinned
from qa.errors import DatasetError
from qa.types import Verdict
from tests.test_briefing import LOAN, QUESTION

PIN = PinnedQuestion("1", QUESTION, Verdict.ANSWERED, (Evidence(LOAN, "finances"),), ())


def test_fields_are_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "pinned.toml").write_text(
        '[[question]]\nquestion = "Who?"\nevidence = [{article = "a.md", quote = "He."}]\nanswers = ["he"]\n'
        '[[question]]\nid = "x"\nquestion = "What?"\nverdict = "related"\n',
        encoding="utf-8",
    )
    assert read_pinned(tmp_path) == [
        PinnedQuestion("1", "Who?", Verdict.ANSWERED, (Evidence("a.md", "He."),), ("he",)),
        PinnedQuestion("x", "What?", Verdict.RELATED, (), ()),
    ]


def test_no_file_is_no_pins(tmp_path: Path) -> None:
    assert read_pinned(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[question", "pinned.toml cannot be read"),
        ("\xff", "pinned.toml cannot be read"),
        ("question = 3", "must be tables"),
        ("question = [1]", "question 1: not a pinned question"),
        ('[[question]]\nquestion = " "', "question 1"),
        ('[[question]]\nquestion = "Who?"\n[[question]]\nquestion = "Who?"\nverdict = "maybe"', "question 2"),
        ('[[question]]\nquestion = "Who?"\nevidence = [{article = "a.md"}]', "question 1.*quote"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_number(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pinned.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(DatasetError, match=message):
        read_pinned(tmp_path)


def test_an_answer_must_cite_one_of_the_articles(briefing: Briefing) -> None:
    answer = briefing.ask(QUESTION)
    assert fault(PIN, answer) is None
    assert fault(replace(PIN, evidence=()), answer) is None
    elsewhere = replace(PIN, evidence=(Evidence("b.md", "x"), Evidence("c.md", "x")))
    cited = ", ".join(dict.fromkeys(citation.article_id for citation in answer.citations))
    assert fault(elsewhere, answer) == f"answered from {cited}, and should be from b.md or c.md"
    assert fault(replace(elsewhere, evidence=(*elsewhere.evidence, Evidence(LOAN, "x"))), answer) is None


def test_a_refusal_breaks_a_pin_that_must_be_answered_and_keeps_one_that_must_not(briefing: Briefing) -> None:
    refused = briefing.ask("What do penguins eat?")
    assert fault(PIN, refused) == f"not_in_corpus, and should be answered from {LOAN}"
    for verdict in (Verdict.RELATED, Verdict.NOT_IN_CORPUS):
        assert fault(replace(PIN, verdict=verdict), refused) is None
        assert fault(replace(PIN, verdict=verdict), briefing.ask(QUESTION)) == f"answered, and should be {verdict}"
