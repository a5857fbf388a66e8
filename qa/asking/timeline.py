"""A timeline of a subject: dated statements in order, each a sentence of an article, repeats folded under the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from qa.asking.event_dates import Precision, event_date
from qa.asking.listing import Folded, folded, newest
from qa.asking.request import Request
from qa.asking.subjects import Place, led_by, on_subject, reading_at, speaking_of
from qa.reader import Findings, overview_from
from qa.search import Filters
from qa.text.terms import terms
from qa.types import Answer, Reading, TimelineEntry

if TYPE_CHECKING:
    from qa.index import Generation
    from qa.live import Snapshot

MOST = 12  # statements; of longer stories the latest
OF_ONE = 2  # statements of one article
REPEATED = 0.6  # share of all terms of two sentences, from which they say the same


@dataclass(frozen=True, slots=True)
class DatedStatement:
    """A sentence of an article with the time that it tells of, and the other articles that say it."""

    place: Place
    article_id: str
    day: date
    precision: Precision
    by_sentence: bool
    terms: frozenset[str]
    also_in: tuple[str, ...]


def timeline_of(request: Request, snapshot: Snapshot, filters: Filters) -> Answer | None:
    """Return the story of the request's subject in order of time; None where no dated article speaks of it."""
    generation, subject = snapshot.generation, request.parsed.subject
    if not subject:
        return None
    chosen = filters.narrowed(request.parsed.since, request.parsed.until, request.parsed.sources)
    speaking = newest([a for a in speaking_of(subject, generation) if chosen.admits(a) and a.published])
    told = folded(led_by(subject, speaking))[:MOST]
    each = OF_ONE if len(told) <= MOST // OF_ONE else 1
    found = [s for one in reversed(told) for s in _statements(subject, one, generation, each)]
    story = sorted(_without_repeats(found), key=lambda s: s.day)
    if not story:
        return None
    readings = [reading_at(s.place, generation, rank) for rank, s in enumerate(story, start=1)]
    return _answer(request, generation, story, readings)


def _statements(subject: str, one: Folded, generation: Generation, most: int) -> list[DatedStatement]:
    article, found = one.article, []
    for place in on_subject(subject, article, generation, most):
        text = article.text[place.start : place.end]
        when = event_date(text, article.published)
        day, precision = (when.day, when.precision) if when else (article.published or date.min, "day")
        kept = frozenset(terms(text))
        found.append(DatedStatement(place, article.id, day, precision, when is not None, kept, one.copies))
    return found


def _without_repeats(statements: Sequence[DatedStatement]) -> list[DatedStatement]:
    """Fold what another article says in the same words under the first that says it."""
    kept: list[DatedStatement] = []
    for statement in statements:
        same = next((i for i, other in enumerate(kept) if _repeats(statement, other)), None)
        if same is None:
            kept.append(statement)
        elif statement.article_id != kept[same].article_id:
            kept[same] = replace(kept[same], also_in=(*kept[same].also_in, statement.article_id, *statement.also_in))
    return kept


def _repeats(one: DatedStatement, other: DatedStatement) -> bool:
    return len(one.terms & other.terms) >= REPEATED * len(one.terms | other.terms)


def _answer(
    request: Request, generation: Generation, story: Sequence[DatedStatement], readings: Sequence[Reading]
) -> Answer:
    hits = list({reading.hit.passage.id: reading.hit for reading in readings}.values())
    findings = Findings(request.searched_for, hits, readings, generation.articles, generation.name)
    answer = overview_from(findings, readings, {})
    entries = tuple(
        TimelineEntry(s.day, s.precision, "sentence" if s.by_sentence else "article", number, s.also_in)
        for number, s in enumerate(story, start=1)
    )
    lines = (
        f"{shown_day(entry)}: {citation.quote} [{citation.number}]"
        for entry, citation in zip(entries, answer.citations, strict=True)
    )
    return replace(answer, text="\n".join(lines), timeline=entries)


def shown_day(entry: TimelineEntry) -> str:
    """Return the time of an entry as exactly as it is known: 2020, 2020-03, 2020-03-09."""
    return entry.day.isoformat()[: {"year": 4, "month": 7, "day": 10}[entry.precision]]
