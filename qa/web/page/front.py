"""The front page: what is new, what can be filtered by, and what can be asked, before anything was asked."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError

from qa.briefing import Briefing
from qa.errors import BriefingError
from qa.text.sentences import sentences
from qa.types import Article, Verdict
from qa.web.page.cards import Shown, about, flat
from qa.web.page.chat import Filter

HEADLINES = 8
CHOICES = 12  # sources and tags offered, each
BARS = 24  # at most, of the articles over time
QUESTIONS = 3
TRIED = 8  # questions put to the briefing to find those it answers
SURE = 0.85  # from which confidence on a question counts as answered
LEAD_CHARS = 2_000  # of an article, looked through for its first sentence
LEAD_SHOWN = 240


class Headline(Shown):
    """An article of the front page; `lead` is its first sentence."""

    id: str
    title: str
    about: str
    lead: str


class Bar(Shown):
    """How many articles a month or a year has; both days are included."""

    label: str
    since: date
    until: date
    count: int


class Front:
    """What the front page shows. Safe to share between threads."""

    def __init__(self, briefing: Briefing, pinned: Callable[[], Sequence[str]]) -> None:
        self.briefing = briefing
        self._pinned = pinned
        self._answered: tuple[str, list[str]] = ("", [])
        self._trying = threading.Lock()

    def front(self, wanted: object) -> dict[str, Any]:
        """Return headlines, sources, tags and bars of the articles that a filter, as the browser has it, admits."""
        try:
            only = Filter.model_validate(wanted or {})
        except ValidationError:
            only = Filter()
        everything = self.briefing.articles()
        articles = [article for article in everything if only.admits(article)]
        newest = sorted(articles, key=lambda article: article.published or date.min, reverse=True)
        return {
            "headlines": [_headline(article).model_dump() for article in newest[:HEADLINES]],
            "articles": len(articles),
            "sources": _commonest(article.source for article in everything if article.source),
            "tags": _commonest(tag for article in everything for tag in article.tags),
            "bars": [bar.model_dump(mode="json") for bar in bars([a.published for a in articles if a.published])],
        }

    def questions(self, _: object) -> list[str]:
        """Return questions that are known to be answered: pinned ones, or such as the tags suggest."""
        name = self.briefing.generation.name
        with self._trying:
            if self._answered[0] != name:
                self._answered = (name, self._known())
            return self._answered[1]

    def _known(self) -> list[str]:
        pinned = list(self._pinned())
        if pinned:
            return pinned
        tags = [tag for tag, _ in _commonest(tag for article in self.briefing.articles() for tag in article.tags)]
        found = (
            question for question in map("What do we know about {}?".format, tags[:TRIED]) if self._answers(question)
        )
        return [question for question, _ in zip(found, range(QUESTIONS), strict=False)]

    def _answers(self, question: str) -> bool:
        try:
            answer = self.briefing.ask(question)
        except BriefingError:
            return False
        return answer.verdict is Verdict.ANSWERED and answer.confidence >= SURE


def bars(days: Sequence[date]) -> list[Bar]:
    """Return how many days fall into each month from the first to the last, or into each year where that is long."""
    if not days:
        return []
    first, last = min(days), max(days)
    months = [divmod(n, 12) for n in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)]
    if len(months) <= BARS:
        return [_month(year, month + 1, days) for year, month in months]
    return [_year(year, days) for year in range(max(first.year, last.year - BARS + 1), last.year + 1)]


def _month(year: int, month: int, days: Iterable[date]) -> Bar:
    since = date(year, month, 1)
    until = date.fromordinal(date(year + month // 12, month % 12 + 1, 1).toordinal() - 1)
    return Bar(label=f"{since:%Y-%m}", since=since, until=until, count=sum(since <= day <= until for day in days))


def _year(year: int, days: Iterable[date]) -> Bar:
    return Bar(
        label=str(year), since=date(year, 1, 1), until=date(year, 12, 31), count=sum(day.year == year for day in days)
    )


def _headline(article: Article) -> Headline:
    lead = first_sentence(article)
    shown = lead if len(lead) <= LEAD_SHOWN else lead[:LEAD_SHOWN].rsplit(" ", 1)[0] + " …"
    return Headline(id=article.id, title=article.title, about=about(article.source, article.published), lead=shown)


def first_sentence(article: Article) -> str:
    """Return the first sentence of an article that is no heading and does not only repeat the title."""
    text = article.text[:LEAD_CHARS]
    for start, end in sentences(text):
        said = text[start:end]
        if not said.lstrip().startswith("#") and said.strip() != article.title:
            return flat(said)
    return ""


def _commonest(values: Iterable[str]) -> list[tuple[str, int]]:
    return Counter(values).most_common(CHOICES)
