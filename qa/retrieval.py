"""From a question to hits: dense and BM25, fused.

Candidates are the union of the best of each retriever. Every candidate gets three scores: the cosine of the
passage, the cosine of its nearest sentence (max-sim), and BM25 as a share of the most that the question allows; what
the model gives to unrelated texts is taken off the cosines. The fused score is their weighted mean. No score is
stretched over the candidates (min-max), so each keeps its say: where no passage holds much of the question, BM25
decides little. `benchmarks/ablation.py` measures what each part is worth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from qa.copies import group_copies
from qa.encoder.spread import widened
from qa.errors import FilterError
from qa.lexical import Lexical
from qa.query import Query
from qa.settings import RetrievalSettings
from qa.types import Article, Encoder, Hit, HitTrace, Passage

if TYPE_CHECKING:
    from qa.index import Generation
    from qa.types import Mask, Rows, Scores, Store, Vector

PAIRED = 50  # best candidates in which neighbouring terms are sought: further ones do not come up by them

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

    def undated(self, articles: Iterable[Article]) -> int:
        """Return how many articles a date filter leaves out for want of a date."""
        if not (self.since or self.until):
            return 0
        return sum(article.published is None for article in articles)

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
    query = Query.of(question, generation)
    vector = None if settings.mode == "bm25" else encoder.encode_question(query.text)
    return _search(query, vector, encoder, generation, settings, filters, collapse)


def retrieve_many(
    questions: Sequence[str],
    generation: Generation,
    encoder: Encoder,
    settings: RetrievalSettings,
    filters: Filters | None = None,
    collapse: bool = True,
) -> list[list[Hit]]:
    """Return the hits of each question, as `retrieve` does; the questions are encoded in one batch."""
    queries = [Query.of(question, generation) for question in questions]
    if settings.mode == "bm25":
        return [_search(query, None, encoder, generation, settings, filters, collapse) for query in queries]
    vectors = encoder.encode_questions([query.text for query in queries])  # (questions, d)
    pairs = zip(queries, vectors, strict=True)
    return [_search(query, vector, encoder, generation, settings, filters, collapse) for query, vector in pairs]


def _search(
    query: Query,
    vector: Vector | None,
    encoder: Encoder,
    generation: Generation,
    settings: RetrievalSettings,
    filters: Filters | None,
    collapse: bool,
) -> list[Hit]:
    unrelated = 0.0 if vector is None else encoder.unrelated
    scored = Candidates.of(query, vector, generation, settings, filters, unrelated)
    fused = scored.fused(settings)
    ids = [generation.passages[row].id for row in scored.rows]
    order = sorted(range(len(ids)), key=lambda i: (-fused[i], ids[i]))
    ordered = [generation.passages[scored.rows[i]] for i in order]
    groups = _collapse(ordered, settings.k) if collapse else [[i] for i in range(min(len(ordered), settings.k))]
    return [
        scored.hit(order[first], rank, float(fused[order[first]]), tuple(ids[order[i]] for i in others), generation)
        for rank, (first, *others) in enumerate(groups, start=1)
    ]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of one question, with all scores of each."""

    rows: Rows  # (c,)
    dense: Scores  # (c,) cosine
    sentence: Scores  # (c,) cosine of the nearest sentence
    bm25: Scores  # (c,)
    pairs: Scores  # (c,) weight of the question's neighbouring terms that the passage has side by side, 0..1
    dense_ranks: dict[int, int]
    bm25_ranks: dict[int, int]
    lexical: Lexical
    undated: int  # articles that a date filter left out for want of a date

    @classmethod
    def of(
        cls,
        query: Query,
        vector: Vector | None,
        generation: Generation,
        settings: RetrievalSettings,
        filters: Filters | None,
        unrelated: float = 0.0,
    ) -> Candidates:
        """Find the candidates of a question and score them; `vector` is None where BM25 alone ranks, `unrelated` the
        cosine of texts that have nothing to do with each other.
        """
        store, depth = generation.store, max(settings.candidates, settings.k)
        mask = _mask(generation, filters) if filters else None
        lexical = Lexical.of(query.wanted, store)
        nothing = np.zeros(0, dtype=np.int64)
        dense_rows = nothing if vector is None else store.dense_top(vector, depth, mask)[0]
        bm25_all = lexical.scores if mask is None else np.where(mask, lexical.scores, 0)  # (passages,)
        bm25_rows = nothing if settings.mode == "dense" else _top(bm25_all, depth)
        rows = np.union1d(dense_rows, bm25_rows)
        dense = sentence = unseen = np.zeros(len(rows), dtype=np.float32)
        if vector is not None and len(rows):
            dense = widened(store.dense_scores(vector, rows), unrelated)
            sentence = widened(_nearest(store.sentence_scores(vector, rows)), unrelated)
        scores = cls(
            rows=rows,
            dense=dense,
            sentence=sentence,
            bm25=bm25_all[rows],
            pairs=unseen,
            dense_ranks={int(row): rank for rank, row in enumerate(dense_rows, start=1)},
            bm25_ranks={int(row): rank for rank, row in enumerate(bm25_rows, start=1)},
            lexical=lexical,
            undated=filters.undated(generation.articles.values()) if filters else 0,
        )
        return scores.with_pairs(query, store, settings)

    def with_pairs(self, query: Query, store: Store, settings: RetrievalSettings) -> Candidates:
        """Return the scores with those of pairs, for the candidates that are best without them."""
        if settings.mode != "hybrid" or not query.pairs or not len(self.rows):
            return self
        best = np.lexsort((self.rows, -self.fused(settings)))[:PAIRED]
        held = store.side_by_side(list(query.pairs), self.rows[best])  # (best, pairs)
        pairs = np.zeros(len(self.rows), dtype=np.float32)
        pairs[best] = held @ np.array(list(query.pairs.values()), dtype=np.float32) / self.lexical.weight
        return replace(self, pairs=pairs)

    def fused(self, settings: RetrievalSettings) -> Scores:
        """Return the score that ranks: by mode the cosine, BM25 over its bound, or the weighted mean of all.

        None depends on the other candidates: where no passage holds much of the question, BM25 says little.
        """
        share = self.bm25 / np.float32(self.lexical.bound)
        if settings.mode == "hybrid":
            parts = np.stack([self.dense, self.sentence, share, self.pairs])  # (4, c)
            weights = np.array(settings.weights, dtype=np.float32)[:, None]
            found = (weights * parts).sum(axis=0) / weights.sum()
        else:
            found = self.dense if settings.mode == "dense" else share
        fused: Scores = np.round(found, 6).astype(np.float32)
        return fused

    def hit(self, i: int, rank: int, score: float, also_in: tuple[str, ...], generation: Generation) -> Hit:
        """Return candidate `i` as a hit, with the reasons why it was found."""
        row = int(self.rows[i])
        trace = HitTrace(
            dense_rank=self.dense_ranks.get(row),
            dense_score=round(float(self.dense[i]), 6),
            sentence_score=round(float(self.sentence[i]), 6),
            bm25_rank=self.bm25_ranks.get(row),
            bm25_score=round(float(self.bm25[i]), 6),
            terms=self.lexical.held(row),
            pair_score=round(float(self.pairs[i]), 6),
            undated=self.undated,
        )
        return Hit(passage=generation.passages[row], score=round(score, 6), rank=rank, also_in=also_in, trace=trace)


def _nearest(cosines: list[Scores]) -> Scores:
    return np.array([each.max() for each in cosines], dtype=np.float32)


def _mask(generation: Generation, filters: Filters) -> Mask:
    admitted = np.array([filters.admits(article) for article in generation.articles.values()], dtype=np.bool_)
    mask: Mask = admitted[generation.owners]  # (passages,)
    return mask


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
