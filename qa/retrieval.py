"""From a question to hits: dense and BM25, fused.

Candidates are the union of the best of each retriever; every candidate gets both scores, each scaled
over the union, and a third, the cosine of its nearest sentence (max-sim). The fused score is their weighted
mean. Scoring every candidate by all (instead of a zero where one list ends) is worth 1 to 2 points of nDCG@10
over fusing two cut lists; the nearest sentence is worth another.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from qa.analysis import terms
from qa.copies import group_copies
from qa.errors import FilterError
from qa.passages import encoded_text
from qa.settings import RetrievalSettings
from qa.types import Article, Encoder, Hit, HitTrace, Passage

if TYPE_CHECKING:
    from qa.index import Generation
    from qa.types import Mask, Rows, Scores

COPY_WINDOW = 30  # ranks below a hit among which its near copies are sought: they score much as it does


@dataclass(frozen=True, slots=True)
class Filters:
    """What an article must be: published from `since` to `until` (both included), from one of `sources`,
    with one of `tags`. An article without a date passes no date filter.

    Raises `FilterError` for values of another type, or `since` after `until`.
    """

    since: date | None = None
    until: date | None = None
    sources: Collection[str] | None = None
    tags: Collection[str] | None = None

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            value = getattr(self, name)
            if value is not None and type(value) is not date:  # a datetime is a date that cannot be compared with one
                raise FilterError(f"{name} must be a datetime.date, not {value!r}")
        if self.since and self.until and self.since > self.until:
            raise FilterError(f"since {self.since} is after until {self.until}; exchange them")
        for name in ("sources", "tags"):
            if isinstance(getattr(self, name), str):
                raise FilterError(f"{name} must be a list of strings, not the string {getattr(self, name)!r}")

    def __bool__(self) -> bool:
        """Return whether anything is filtered."""
        return any(value is not None for value in (self.since, self.until, self.sources, self.tags))

    def admits(self, article: Article) -> bool:
        """Return whether an article passes."""
        if (self.since or self.until) and article.published is None:
            return False
        return (
            (self.since is None or article.published is None or article.published >= self.since)
            and (self.until is None or article.published is None or article.published <= self.until)
            and (self.sources is None or article.source in self.sources)
            and (self.tags is None or not set(article.tags).isdisjoint(self.tags))
        )


def retrieve(
    question: str,
    generation: Generation,
    encoder: Encoder,
    settings: RetrievalSettings,
    filters: Filters | None = None,
    collapse: bool = True,
) -> list[Hit]:
    """Return up to `settings.k` hits, best first; equal scores in order of passage id.

    Filters apply before the cut at k. Near copies of a passage in other articles fold under the best of them, which
    names them in `also_in`; with `collapse=False` each passage is a hit.
    """
    mask = _mask(generation, filters) if filters else None
    scored = _Scores.of(question, generation, encoder, max(settings.candidates, settings.k), mask)
    fused = scored.fused(settings.dense_weight, settings.sentence_weight)
    ids = [generation.passages[row].id for row in scored.rows]
    order = sorted(range(len(ids)), key=lambda i: (-fused[i], ids[i]))
    ordered = [generation.passages[scored.rows[i]] for i in order]
    groups = _collapse(ordered, settings.k) if collapse else [[i] for i in range(min(len(ordered), settings.k))]
    return [
        scored.hit(order[first], rank, float(fused[order[first]]), tuple(ids[order[i]] for i in others), generation)
        for rank, (first, *others) in enumerate(groups, start=1)
    ]


@dataclass(frozen=True, slots=True)
class _Scores:
    """The candidates of one question, with both scores of each."""

    rows: Rows  # (c,)
    dense: Scores  # (c,) cosine
    sentence: Scores  # (c,) cosine of the nearest sentence
    bm25: Scores  # (c,)
    dense_ranks: dict[int, int]
    bm25_ranks: dict[int, int]
    terms: tuple[str, ...]

    @classmethod
    def of(cls, question: str, generation: Generation, encoder: Encoder, depth: int, mask: Mask | None) -> _Scores:
        store = generation.store
        words = tuple(dict.fromkeys(terms(question)))
        query = encoder.encode_question(question)
        dense_rows, _ = store.dense_top(query, depth, mask)
        bm25_all = store.bm25_scores(words)  # (passages,)
        if mask is not None:
            bm25_all = np.where(mask, bm25_all, 0)
        bm25_rows = _top(bm25_all, depth)
        rows = np.union1d(dense_rows, bm25_rows)
        return cls(
            rows=rows,
            dense=store.dense_scores(query, rows) if len(rows) else np.zeros(0, dtype=np.float32),
            sentence=np.array([s.max() for s in store.sentence_scores(query, rows)], dtype=np.float32),
            bm25=bm25_all[rows],
            dense_ranks={int(row): rank for rank, row in enumerate(dense_rows, start=1)},
            bm25_ranks={int(row): rank for rank, row in enumerate(bm25_rows, start=1)},
            terms=words,
        )

    def fused(self, dense_weight: float, sentence_weight: float) -> Scores:
        """Return the weighted mean of min-max cosine, BM25 over its maximum, and the nearest sentence's cosine."""
        if not len(self.rows):
            return np.zeros(0, dtype=np.float32)
        low, high = self.dense.min(), self.dense.max()
        dense = (self.dense - low) / (high - low) if high > low else np.ones_like(self.dense)  # a lone hit is best
        top = self.bm25.max()
        bm25 = self.bm25 / top if top > 0 else np.zeros_like(self.bm25)
        both = dense_weight * dense + (1 - dense_weight) * bm25
        fused: Scores = np.round((both + sentence_weight * self.sentence) / (1 + sentence_weight), 6).astype(np.float32)
        return fused

    def hit(self, i: int, rank: int, score: float, also_in: tuple[str, ...], generation: Generation) -> Hit:
        row = int(self.rows[i])
        passage = generation.passages[row]
        held = set(terms(encoded_text(generation.articles[passage.article_id].title, passage)))
        trace = HitTrace(
            dense_rank=self.dense_ranks.get(row),
            dense_score=round(float(self.dense[i]), 6),
            sentence_score=round(float(self.sentence[i]), 6),
            bm25_rank=self.bm25_ranks.get(row),
            bm25_score=round(float(self.bm25[i]), 6),
            terms=tuple(term for term in self.terms if term in held),
        )
        return Hit(passage=passage, score=round(score, 6), rank=rank, also_in=also_in, trace=trace)


def _mask(generation: Generation, filters: Filters) -> Mask:
    admitted = {article.id for article in generation.articles.values() if filters.admits(article)}
    return np.fromiter((p.article_id in admitted for p in generation.passages), dtype=np.bool_)


def _top(scores: Scores, k: int) -> Rows:
    """Return the rows of the k best scores above 0, best first, ties by row."""
    found = np.flatnonzero(scores > 0)
    if len(found) > k:
        threshold = np.partition(scores[found], len(found) - k)[len(found) - k]
        found = found[scores[found] >= threshold]
    order = np.lexsort((found, -scores[found]))
    rows: Rows = found[order][:k]
    return rows


def _collapse(passages: list[Passage], k: int) -> list[list[int]]:
    """Return the positions of the k best groups of copies, each in order of rank.

    Passages of one article overlap; they are one group only if their words are the same.
    """
    return group_copies([p.text for p in passages], [p.article_id for p in passages], k, COPY_WINDOW)[:k]
