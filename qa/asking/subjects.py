"""Which articles speak of a subject, over the whole corpus, and in which sentences.

An article speaks of a subject when it holds every term of it, in any of the ways in which the corpus says it (another
spelling, an abbreviation that an article defines), and its names word for word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qa.search.query import Query
from qa.text.abbreviations import definitions
from qa.text.terms import terms
from qa.types import Article, Hit, HitTrace, Reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.index import Generation

SHORT, LONG = 4, 600  # terms and characters of a sentence; outside are headings and tables
OPENING = 300  # characters of a text
LOOKED_AT = 500  # articles of which that is looked at
NAME = re.compile(r"[A-Z][\w’'-]*(?:\s+[A-Z][\w’'-]*)+")


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence of an article: the row of its passage, and offsets in the article."""

    row: int
    start: int
    end: int


def speaking_of(subject: str, generation: Generation) -> list[Article]:
    """Return the articles that speak of a subject, in title or text: those with the most about it first."""
    articles = list(generation.articles.values())
    wanted = Query.of(subject, generation).wanted
    if not wanted:
        return []
    total = np.zeros(len(articles))
    held = np.ones(len(articles), dtype=np.bool_)
    for term in wanted:
        own = np.zeros(len(articles))
        for alternative in term.alternatives:
            np.maximum(own, _weight(alternative, generation, len(articles)), out=own)
        held &= own > 0
        total += own
    found = sorted(np.flatnonzero(held), key=lambda i: (-total[i], articles[i].id))
    names = _names(subject, generation)
    return [articles[i] for i in found if all(name.search(_whole(articles[i])) for name in names)]


def led_by(subject: str, articles: Sequence[Article]) -> list[Article]:
    """Return those of the first articles whose title and opening hold every term of a subject; all where none do."""
    asked = set(terms(subject))
    leading = [article for article in articles[:LOOKED_AT] if asked <= leading_terms(article)]
    return leading or list(articles)


def leading_terms(article: Article) -> set[str]:
    """Return the terms of an article's title and opening, which tell what it is about."""
    return set(terms(f"{article.title} {article.text[:OPENING]}"))


def _weight(alternative: Sequence[str], generation: Generation, articles: int) -> NDArray[np.float64]:
    """Return the BM25 weight of each article for terms that one of its passages holds all of; 0 where none does."""
    scores = [_scores(term, generation) for term in alternative]  # (passages,) each
    together = np.where(np.all([score > 0 for score in scores], axis=0), np.sum(scores, axis=0), 0)
    weight = np.zeros(articles)
    np.add.at(weight, generation.owners, together)
    return weight


def _scores(term: str, generation: Generation) -> NDArray[np.float32]:
    """Return the BM25 weight of a term in each passage, 0 where it does not occur."""
    scores = np.zeros(len(generation.owners), dtype=np.float32)
    rows, weights = generation.store.postings(term)
    scores[rows] = np.float32(generation.store.idf(term)) * weights
    return scores


def _names(subject: str, generation: Generation) -> list[re.Pattern[str]]:
    """Return patterns of the names in a subject, each with the abbreviations or long forms that articles define."""
    known = definitions(subject, generation)
    patterns = []
    for match in NAME.finditer(subject):
        forms = {match[0], *(short for short, long in known.items() if long.casefold() == match[0].casefold())}
        patterns.append(re.compile("|".join(rf"\b{_loosely(form)}" for form in sorted(forms)), re.I))
    return patterns


def _loosely(name: str) -> str:
    return r"(?:[’']s)?\W+".join(re.escape(re.sub(r"[’']s?$", "", word)) for word in name.split())


def _whole(article: Article) -> str:
    return f"{article.title}\n{article.text}"


def places(article: Article, generation: Generation, shortest: int = SHORT) -> list[Place]:
    """Return the quotable sentences of an article, of so many terms or more, in order: no heading, table or title."""
    found: dict[int, Place] = {}
    for row in generation.rows_of(article.id):
        passage = generation.passages[row]
        for start, end in generation.sentences[row]:
            found.setdefault(passage.start + end, Place(row, passage.start + start, passage.start + end))
    inside = [found[end] for end in sorted(found)]
    quotable = [place for place in inside if _quotable(article, place, shortest)]
    return quotable or inside[:1]


def _quotable(article: Article, place: Place, shortest: int) -> bool:
    text = article.text[place.start : place.end]
    heading = text.startswith("#") or text.strip() == article.title.strip()
    return not heading and len(text) <= LONG and len(terms(text)) >= shortest


def on_subject(subject: str, article: Article, generation: Generation, most: int) -> list[Place]:
    """Return up to `most` sentences of an article about a subject: the first, where title and it speak of the subject,
    and those that hold the most of it.
    """
    asked = {term: generation.store.idf(term) for term in terms(subject)}
    found = places(article, generation)
    title = set(terms(article.title))
    held = [
        (sum(asked[t] for t in asked.keys() & set(terms(article.text[p.start : p.end]))), -i)
        for i, p in enumerate(found)
    ]
    order = sorted(range(len(found)), key=lambda i: held[i], reverse=True)
    lead = set(terms(article.text[found[0].start : found[0].end])) if found else set()
    if found and asked.keys() <= title | lead:
        order = [0, *(i for i in order if i)]
    chosen = [i for i in order[:most] if i == order[0] or held[i][0] > 0]
    return [found[i] for i in sorted(chosen)]


def reading_at(place: Place, generation: Generation, rank: int, held: float = 1.0) -> Reading:
    """Return a sentence as a reading, so that it can be cited; `held` is the share of the subject that it holds."""
    passage = generation.passages[place.row]
    hit = Hit(passage, held, rank, (), HitTrace(None, 0.0, 0.0, None, 0.0, ()))
    return Reading(hit, place.start, place.end, held, {"held": held})
