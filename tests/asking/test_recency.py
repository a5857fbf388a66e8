"""The newest account first, what was said before, and what articles agree on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from qa.asking.recency import Accounts, newest_first
from qa.asking.times import periods_in
from qa.types import Article, Hit, HitTrace, Passage, Reading

TODAY = date(2024, 6, 1)
Told = tuple[str, str, str | None, str, float]
"""Sentence, its short answer, date, source, score."""

PRICE: list[Told] = [
    ("The bridge will cost 40 million euros.", "40 million euros", "2021-01-05", "Post", 10.0),
    ("The bridge will cost 55 million euros.", "55 million euros", "2024-03-01", "Post", 9.0),
    ("The bridge will cost 60 million euros.", "60 million euros", "2024-03-20", "Herald", 8.0),
    ("The ferry costs 14 euros.", "14 euros", "2024-05-01", "Post", 1.0),
]


def accounts(question: str, told: Sequence[Told]) -> tuple[list[str], Accounts]:
    """Return the short answers in the order that they come to, and the accounts."""
    articles, readings = {}, []
    for number, (text, short, day, source, score) in enumerate(told):
        article = Article(f"{number}.md", text, "T", source, published=date.fromisoformat(day) if day else None)
        articles[article.id] = article
        hit = Hit(Passage(f"p{number}", article.id, 0, len(text), text), 1.0, 1, (), HitTrace(1, 1.0, 1.0, 1, 1.0, ()))
        features = {"above_null": 8.0 if score > 5 else -8.0, "held_around": 1.0, "span_shows": 1.0, "probability": 0.9}
        start = text.index(short)
        readings.append(Reading(hit, 0, len(text), score, features, start, start + len(short)))
    ordered = newest_first(question, readings, articles, periods_in(question, TODAY))
    shown = [articles[r.hit.passage.article_id].text[r.answer_start : r.answer_end] for r in ordered.readings]
    return shown, ordered


@pytest.fixture(autouse=True)
def sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every reading count as an answer, so that nothing hangs on fitted weights."""

    class Sure:
        threshold = 0.5

        def probability(self, features: object) -> float:
            return 0.9

    monkeypatch.setattr("qa.asking.recency.linear", lambda name: Sure())


def test_the_newest_of_like_certainty_leads_and_sources_that_differ_stand_beside_it() -> None:
    shown, found = accounts("How much does the bridge cost?", PRICE)
    assert shown == ["60 million euros", "55 million euros", "40 million euros", "14 euros"]
    assert (found.rivals, found.current) == (3, 2)


def test_one_source_supersedes_itself() -> None:
    shown, found = accounts("How much does the bridge cost?", [(*p[:3], "Post", p[4]) for p in PRICE])
    assert (shown[0], found.current) == ("60 million euros", 1)


def test_a_question_about_the_past_turns_it_round() -> None:
    assert accounts("How much was the bridge originally to cost?", PRICE)[0][0] == "40 million euros"


def test_a_question_about_what_happened_keeps_the_order() -> None:
    shown, found = accounts("How much did the bridge cost?", PRICE)
    assert (shown[0], found.current) == ("40 million euros", 3)
    assert accounts("How much did the bridge cost now?", PRICE)[0][0] == "60 million euros"


def test_a_time_in_the_question_is_preferred() -> None:
    assert accounts("How much did the bridge cost in March 2024?", PRICE)[0][0] == "55 million euros"
    assert accounts("How much did the bridge cost in 1999?", PRICE)[0][0] == "40 million euros"


def test_an_undated_account_comes_last() -> None:
    undated = ("The bridge will cost 70 million euros.", "70 million euros", None, "Post", 11.0)
    assert accounts("How much does the bridge cost?", [undated, *PRICE])[0][:1] == ["60 million euros"]


def test_who_left_an_office_holds_it_no_more() -> None:
    told: list[Told] = [
        ("Ann Oak is the mayor of Orrin.", "Ann Oak", "2020-01-05", "Post", 11.0),
        ("Former mayor Ann Oak writes a book.", "Ann Oak", "2024-05-01", "Post", 10.5),
        ("Ann Oak has stepped down as mayor.", "Ann Oak", "2024-02-01", "Post", 10.4),
        ("Mayor Sten Vik opened the fair.", "Sten Vik", "2024-03-01", "Post", 9.0),
    ]
    shown, found = accounts("Who is the mayor of Orrin?", told)
    assert (shown[0], found.rivals) == ("Sten Vik", 2)


def test_how_things_were_before_is_not_told_by_how_they_are_since() -> None:
    told: list[Told] = [("The ferry costs 14 euros from Monday.", "14 euros", "2024-05-01", "Post", 10.0)]
    assert accounts("How much was the ferry before Monday?", told)[0] == []
    assert accounts("How much is the ferry?", told)[0] == ["14 euros"]


def test_one_answer_alone_is_left_as_it_is() -> None:
    shown, found = accounts("How much does the bridge cost?", PRICE[:1])
    assert (shown, found.rivals) == (["40 million euros"], 0)
