"""The front page: headlines, choices, bars, and questions that are known to be answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.briefing import Briefing
from qa.types import Article
from qa.web.page.front import BARS, Front, bars, first_sentence


def front(briefing: Briefing, *pinned: str) -> Front:
    return Front(briefing, lambda: pinned)


def test_the_newest_articles_come_first_each_with_its_first_sentence(briefing: Briefing) -> None:
    shown = front(briefing).front(None)
    assert shown["articles"] == 6
    assert shown["headlines"][0] == {
        "id": "2020-03-09-railway-postponed.md",
        "title": "Northern railway postponed",
        "about": "Morning Post · 9 Mar 2020",
        "lead": "The government postponed the northern railway because its cost had risen to 1.7 trillion roubles.",
    }
    assert dict(shown["sources"])["Morning Post"] == 3
    assert dict(shown["tags"])["gas"] == 2
    assert sum(bar["count"] for bar in shown["bars"]) == 5  # one article has no date


def test_headlines_and_bars_are_those_of_the_filter_and_the_choices_stay(briefing: Briefing) -> None:
    wanted = {"sources": ["Morning Post"], "tags": ["railway"], "since": "2020-01-01", "until": None}
    shown = front(briefing).front(wanted)
    assert [each["id"] for each in shown["headlines"]] == ["2020-03-09-railway-postponed.md"]
    assert [bar["label"] for bar in shown["bars"]] == ["2020-03"]
    assert shown["sources"] == front(briefing).front(None)["sources"]


@pytest.mark.parametrize("wanted", [3, ["x"], {"since": "yesterday"}, {"path": "/"}])
def test_a_filter_may_be_anything(briefing: Briefing, wanted: object) -> None:
    assert front(briefing).front(wanted)["articles"] == 6


def test_the_first_sentence_is_neither_heading_nor_title() -> None:
    article = Article("a.md", "# A title\n\nA title\n\n## More\n\nIt rained\nall day. Then not.", "A title")
    assert first_sentence(article) == "It rained all day."
    assert first_sentence(replace(article, text="# Only this")) == ""


@given(st.lists(st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31)), max_size=30))
def test_every_recent_day_falls_into_one_bar(days: list[date]) -> None:
    drawn = bars(days)
    assert len(drawn) <= BARS
    assert all(one.until < other.since for one, other in zip(drawn, drawn[1:], strict=False))
    recent = [day for day in days if day >= drawn[0].since]
    assert sum(bar.count for bar in drawn) == len(recent)
    assert not days or drawn[-1].since <= max(days) <= drawn[-1].until


def test_pinned_questions_are_offered_and_else_such_as_are_answered(briefing: Briefing) -> None:
    assert front(briefing, "Who?", "When?").questions(None) == ["Who?", "When?"]
    found = front(briefing)
    offered = found.questions(None)
    assert 1 <= len(offered) <= 3
    assert {briefing.ask(question).verdict.value for question in offered} == {"answered"}
    assert found.questions(None) is offered  # chosen once for each generation
