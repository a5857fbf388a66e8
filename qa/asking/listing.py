"""Answers from the list of articles: the latest, those of a time, of a source, about a subject, and how many.

Without a subject the reply says that it comes from the list (verdict `about`). With one it cites a sentence or two of
the newest articles that are led by it (verdict `answered`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from qa.asking.request import Request
from qa.asking.subjects import led_by, on_subject, places, reading_at, speaking_of
from qa.reader import Findings, about, overview_from
from qa.search import Filters
from qa.text.near_copies import group_copies
from qa.types import Answer, Article, Hit, ListedArticle, RequestKind

if TYPE_CHECKING:
    from qa.index import Generation
    from qa.live import Snapshot

FIRST = 5  # articles that "what's new?" shows
MAX_LISTED = 20  # articles named in one reply
QUOTED = {RequestKind.LATEST: 3, RequestKind.PERIOD: 5, RequestKind.SOURCE: 5}  # articles that sentences are cited from
SENTENCES = 6  # cited at most
OF_ONE = 3  # of one article at most
COMPARED, COMPARED_CHARS = 1000, 1000  # articles among which near copies are sought, and characters of each

OF_LIST = frozenset({RequestKind.LATEST, RequestKind.PERIOD, RequestKind.SOURCE, RequestKind.LIST, RequestKind.COUNT})


@dataclass(frozen=True, slots=True)
class Folded:
    """An article with its near copies in other ones."""

    article: Article
    copies: tuple[str, ...]


def from_list(request: Request, snapshot: Snapshot, filters: Filters) -> Answer | None:
    """Return what the list of articles says to a request; None where no article speaks of its subject."""
    generation, parsed = snapshot.generation, request.parsed
    chosen = filters.narrowed(parsed.since, parsed.until, parsed.sources)
    named = speaking_of(parsed.subject, generation) if parsed.subject else list(generation.articles.values())
    if parsed.kind in (RequestKind.LIST, RequestKind.COUNT):
        return _listed(request, snapshot, chosen, [a for a in named if chosen.admits(a)])
    if not named:
        return None
    if parsed.subject:
        named = led_by(parsed.subject, newest([a for a in named if filters.admits(a)]))
    found = folded([a for a in newest(named) if chosen.admits(a)])
    if parsed.subject and found:
        return _quoted(request, snapshot, found)
    return _told(request, snapshot, chosen, found, named)


def _quoted(request: Request, snapshot: Snapshot, found: Sequence[Folded]) -> Answer:
    """Return sentences of the newest articles about the subject, cited, the newest first."""
    generation, subject = snapshot.generation, request.parsed.subject or ""
    quoted = found[: QUOTED[request.parsed.kind]]
    each = min(OF_ONE, max(1, SENTENCES // len(quoted)))
    chosen = [place for one in quoted for place in on_subject(subject, one.article, generation, each)]
    readings = [reading_at(place, generation, rank) for rank, place in enumerate(chosen[:SENTENCES], start=1)]
    hits = list({reading.hit.passage.id: reading.hit for reading in readings}.values())
    findings = Findings(request.searched_for, hits, readings, generation.articles, generation.name)
    answer = overview_from(findings, readings, {})
    return replace(answer, question=request.question, listing=_entries(found, generation, subject), total=len(found))


def _told(
    request: Request, snapshot: Snapshot, chosen: Filters, found: Sequence[Folded], others: Sequence[Article]
) -> Answer:
    """Return the newest articles by title, or that there are none of that time or source."""
    generation, parsed = snapshot.generation, request.parsed
    most = FIRST if parsed.kind is RequestKind.LATEST and chosen.since is None else MAX_LISTED
    if not found:
        what = f" that speaks of “{parsed.subject}”" if parsed.subject else ""
        text = f"There is no article{what}{_which(request)}.{_undated(chosen, others)}"
        near = folded(newest(others)[:FIRST]) if parsed.subject else []
        text += f" Others that speak of it:\n{lines(near, FIRST)}" if near else ""
        return _answer(request, generation, text, near, [])
    count = "One article" if len(found) == 1 else f"{len(found):,} articles"
    shown = f", the newest {most}" if len(found) > most else ", the newest first" if len(found) > 1 else ""
    text = (
        f"From the list of articles: {count[0].lower()}{count[1:]}{_which(request)}{shown}.{_undated(chosen, others)}"
    )
    return _answer(
        request, generation, f"{text}\n{lines(found, most, told=len(found) <= most)}", found[:most], [], len(found)
    )


def _listed(request: Request, snapshot: Snapshot, chosen: Filters, held: Sequence[Article]) -> Answer:
    """Return which articles there are, or how many: counted over the whole corpus, and named."""
    generation, parsed = snapshot.generation, request.parsed
    ordered = newest(held) if parsed.kind is RequestKind.COUNT or not parsed.subject else list(held)
    found = folded(ordered)
    hits: list[Hit] = []
    if parsed.subject and found:
        named = {one.article.id for one in found}
        hits = [h for h in snapshot.search.hits(parsed.subject, chosen) if h.passage.article_id in named]
    where = _which(request)
    copies = sum(len(one.copies) for one in found)
    if not found:
        text = (
            f"No article here speaks of “{parsed.subject}”{where}."
            if parsed.subject
            else f"There is no article{where}."
        )
        return _answer(request, generation, text, [], hits)
    if parsed.subject:
        speak = "One article speaks" if len(found) == 1 else f"{len(found):,} articles speak"
        text = f"{speak} of “{parsed.subject}”{where}"
    else:
        text = f"There {'is one article' if len(found) == 1 else f'are {len(found):,} articles'}{where}"
    text += f" (near copies count once: {copies} more)" if copies else ""
    return _answer(request, generation, f"{text}:\n{lines(found, MAX_LISTED)}", found[:MAX_LISTED], hits, len(found))


def _answer(
    request: Request, generation: Generation, text: str, found: Sequence[Folded], hits: Sequence[Hit], total: int = 0
) -> Answer:
    findings = Findings(request.question, hits, (), generation.articles, generation.name)
    listing = _entries(found, generation, request.parsed.subject)
    return replace(about(findings, text), listing=listing, total=total or len(listing))


def _which(request: Request) -> str:
    """Return the time and the source of a request in words: " from Daily X, 2017"."""
    parsed = request.parsed
    source = f" from {' or '.join(parsed.sources)}" if parsed.sources else ""
    return source + span_in_words(parsed.since, parsed.until)


def span_in_words(since: date | None, until: date | None) -> str:
    """Return " of 2017", " since 2020-03-01": a period as it is told, with a blank before it."""
    if since is None and until is None:
        return ""
    if since and until:
        if since == until:
            return f" of {since}"
        whole_year = (since.month, since.day, until.month, until.day) == (1, 1, 12, 31) and since.year == until.year
        return f" of {since.year}" if whole_year else f" of {since} to {until}"
    return f" since {since}" if since else f" until {until}"


def _undated(chosen: Filters, articles: Sequence[Article]) -> str:
    count = chosen.undated(articles)
    if not count:
        return ""
    return f" {'One article has' if count == 1 else f'{count:,} articles have'} no date and cannot be placed."


def newest(articles: Sequence[Article]) -> list[Article]:
    """Return articles in order of date, the newest first; undated ones last, equal ones by id."""
    ordered = sorted(articles, key=lambda article: article.id)
    return sorted(ordered, key=lambda a: a.published or date.min, reverse=True)


def folded(articles: Sequence[Article]) -> list[Folded]:
    """Return articles with near copies under the first of them; beyond a thousand articles each stands for itself."""
    if len(articles) > COMPARED:
        return [Folded(article, ()) for article in articles]
    groups = group_copies([a.text[:COMPARED_CHARS] for a in articles], [a.id for a in articles])
    return [Folded(articles[first], tuple(articles[i].id for i in others)) for first, *others in groups]


def _entries(found: Sequence[Folded], generation: Generation, subject: str | None) -> tuple[ListedArticle, ...]:
    return tuple(entry(one, generation, subject) for one in found[:MAX_LISTED])


def entry(one: Folded, generation: Generation, subject: str | None = None) -> ListedArticle:
    """Return an article of a list, with its first sentence or the one about a subject."""
    article = one.article
    found = on_subject(subject, article, generation, 1) if subject else places(article, generation)[:1]
    start, end = (found[0].start, found[0].end) if found else (0, 0)
    quote = article.text[start:end]
    return ListedArticle(
        article.id, article.title, article.source, article.url, article.published, start, end, quote, one.copies
    )


def lines(found: Sequence[Folded], most: int, told: bool = True) -> str:
    """Return a line an article: title, source, date; `told` says how many more there are."""
    shown = [f"- {_named(one.article)}" for one in found[:most]]
    more = len(found) - most
    return "\n".join([*shown, f"- and {more:,} more"] if more > 0 and told else shown)


def _named(article: Article) -> str:
    told = ", ".join(part for part in (article.source, article.published and article.published.isoformat()) if part)
    return f"“{article.title}” ({told})" if told else f"“{article.title}”"
