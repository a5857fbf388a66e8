"""Answers from the list of articles."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import qa
from qa.asking.listing import folded, from_list, newest, span_in_words
from qa.asking.request import request_of
from qa.search import Filters
from qa.types import Article, RequestKind, Verdict
from tests.fakes import FakeEncoder


def ids(answer: qa.Answer) -> list[str]:
    return [entry.id for entry in answer.listing]


def test_what_is_new_lists_the_newest_with_their_first_sentences(briefing: qa.Briefing) -> None:
    answer = briefing.ask("What's new?")
    assert (answer.verdict, answer.citations, answer.total) == (Verdict.ABOUT, (), 6)
    assert ids(answer)[:2] == ["2020-03-09-railway-postponed.md", "2019-12-03-gas-flows.md"]
    assert answer.text.startswith(
        "From the list of articles: 6 articles, the newest 5.\n- “Northern railway postponed” (M"
    )
    for entry in answer.listing:
        assert briefing.article(entry.id).text[entry.start : entry.end] == entry.quote != ""


def test_what_is_new_as_of_a_day(briefing: qa.Briefing) -> None:
    answer = briefing.ask("What's new?", as_of=date(2018, 1, 1))
    assert ids(answer)[0] == "2017-05-22-pipeline-progress.md"
    assert ids(answer)[-1] == "banks/about.txt"  # undated: last, and not lost


def test_a_period_and_relative_words(briefing: qa.Briefing) -> None:
    assert ids(briefing.ask("What happened in 2016?")) == [
        "banks/2016-07-21-bank-bond.md",
        "2016-06-29-railway-loan.md",
    ]
    answer = briefing.ask("What happened last month?", as_of=date(2020, 4, 2))
    assert ids(answer) == ["2020-03-09-railway-postponed.md"]
    assert "One article has no date and cannot be placed." in answer.text
    assert answer.trace.request is not None
    assert (answer.trace.request.kind, answer.trace.request.since) == (RequestKind.PERIOD, date(2020, 3, 1))


def test_nothing_of_a_period_is_said_plainly(briefing: qa.Briefing) -> None:
    answer = briefing.ask("What happened in 1999?")
    assert answer.text == "There is no article of 1999. One article has no date and cannot be placed."
    about = briefing.ask("What happened to the pipeline in 1999?")
    assert about.text.startswith("There is no article that speaks of “the pipeline” of 1999.")
    assert ids(about)[:2] == ["2019-12-03-gas-flows.md", "2017-05-22-pipeline-progress.md"]


def test_the_latest_on_a_subject_is_cited_newest_first(briefing: qa.Briefing) -> None:
    answer = briefing.ask("What's the latest on the northern railway?")
    assert answer.verdict is Verdict.ANSWERED
    assert [c.article_id for c in answer.citations][0] == "2020-03-09-railway-postponed.md"
    for citation in answer.citations:
        assert briefing.article(citation.article_id).text[citation.start : citation.end] == citation.quote
        assert citation.quote in answer.text


def test_a_source_and_a_source_on_a_subject(briefing: qa.Briefing) -> None:
    assert len(briefing.ask("Which articles are from Morning Post?").listing) == 3
    answer = briefing.ask("What does Morning Post report about the railway?")
    assert {c.source for c in answer.citations} == {"Morning Post"}
    assert answer.citations[0].article_id == "2020-03-09-railway-postponed.md"
    assert (
        "no article that speaks of “helium” from Morning Post"
        in briefing.ask("What does Morning Post say on helium?").text
    )


def test_a_count_is_over_the_whole_corpus(briefing: qa.Briefing) -> None:
    answer = briefing.ask("How many articles mention the Development Bank?")
    assert answer.text.startswith("4 articles speak of “the Development Bank”:\n- ")
    assert (answer.total, len(answer.listing)) == (4, 4)
    assert briefing.ask("How many articles mention penguins?").text == "No article here speaks of “penguins”."
    assert briefing.ask("How many articles mention Development Orlov?").total == 0  # a name is one, word for word


def test_what_was_understood_can_be_taken_off(briefing: qa.Briefing) -> None:
    assert briefing.ask("What happened in 2016?", without=["kind"]).listing == ()


def test_a_chosen_filter_and_a_time_in_the_question_both_hold(briefing: qa.Briefing) -> None:
    assert ids(briefing.ask("What happened in 2016?", since=date(2016, 7, 1))) == ["banks/2016-07-21-bank-bond.md"]
    assert "There is no article" in briefing.ask("What happened in 2016?", since=date(2019, 1, 1)).text


def test_keywords_that_answer_nothing_give_the_latest_on_them(briefing: qa.Briefing) -> None:
    latest = request_of("the pipeline").as_latest
    assert latest is not None
    answer = from_list(latest, briefing.snapshot, Filters())
    assert answer is not None
    assert ids(answer)[0] == "2019-12-03-gas-flows.md"
    assert request_of("Who built the pipeline?").as_latest is None
    assert briefing.ask("penguins").listing == ()


def test_two_questions_are_answered_one_by_one(briefing: qa.Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway and when was it postponed?")
    assert [part.question for part in answer.parts] == ["Who finances the northern railway?", "When was it postponed?"]
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert answer.parts[0].citations[0] == 1


def test_near_copies_count_once() -> None:
    text = "The new bridge over the Luma opened on Tuesday. Mayor Ann Oak cut the ribbon before two thousand guests."
    articles = [
        Article(f"{n}.md", text, "Bridge opens", source, published=date(2020, 1, n))
        for n, source in ((1, "A"), (2, "B"))
    ]
    assert [(one.article.id, one.copies) for one in folded(newest(articles))] == [("2.md", ("1.md",))]


def test_undated_articles_come_last() -> None:
    articles = [Article("a", "t", "A"), Article("b", "t", "B", published=date(2001, 1, 1))]
    assert [a.id for a in newest(articles)] == ["b", "a"]


def test_periods_in_words() -> None:
    day = date(2016, 5, 3)
    assert span_in_words(date(2016, 1, 1), date(2016, 12, 31)) == " of 2016"
    assert span_in_words(day, day) == " of 2016-05-03"
    assert span_in_words(day, None) == " since 2016-05-03"
    assert span_in_words(None, day) == " until 2016-05-03"
    assert span_in_words(None, None) == ""


def test_an_article_after_as_of_answers_nothing(briefing: qa.Briefing) -> None:
    asked = "Who postponed the northern railway?"
    assert {h.passage.article_id for h in briefing.ask(asked, as_of=date(2017, 1, 1)).hits}.isdisjoint(
        {"2020-03-09-railway-postponed.md", "2019-12-03-gas-flows.md"}
    )
    assert briefing.retrieve(asked, as_of=date(2017, 1, 1))[0].passage.article_id == "2016-06-29-railway-loan.md"


@pytest.mark.parametrize("question", ["What's new?", "latest on gas", "How many articles mention gas?"])
def test_an_empty_corpus_is_no_fault(tmp_path: Path, question: str) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "one.md").write_text("---\ntitle: One\n---\n\nOf one thing and another.\n")
    briefing = qa.Briefing.open(tmp_path / "corpus", tmp_path / "index", encoder=FakeEncoder())
    assert briefing.ask(question, sources=["none"]).citations == ()
