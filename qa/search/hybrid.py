"""From a question to hits: dense and BM25, fused.

Candidates are the union of the best of each retriever. Every candidate gets three scores: the cosine of the
passage, the cosine of its nearest sentence (max-sim), and BM25 as a share of the most that the question allows; what
the model gives to unrelated texts is taken off the cosines. The fused score is their weighted mean. No score is
stretched over the candidates (min-max), so each keeps its say: where no passage holds much of the question, BM25
decides little. `benchmarks/ablation.py` measures what each part is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

import numpy as np

from qa.encoder.cosine_scale import widened
from qa.errors import QuestionError, SettingsError
from qa.search.bm25 import Lexical
from qa.search.filters import Filters
from qa.search.query import Query
from qa.search.rerank import RERANKED, Relevance, rerank
from qa.settings import MAX_K, RetrievalSettings
from qa.text.near_copies import group_copies
from qa.types import Encoder, Hit, HitTrace, Mode, Passage

if TYPE_CHECKING:
    from qa.index import Generation
    from qa.types import Mask, Rows, Scores, Store, Vector

PAIRED = 50  # best candidates in which neighbouring terms are sought: further ones do not come up by them

COPY_WINDOW = 30  # ranks below a hit among which its near copies are sought: they score much as it does


@dataclass(frozen=True, slots=True)
class Search:
    """Search over one generation: hits for questions, by one set of settings.

    `relevance` is what `settings.rerank` orders by; without it that setting cannot be honoured.
    """

    generation: Generation
    encoder: Encoder
    settings: RetrievalSettings
    relevance: Relevance | None = None

    def using(self, k: int | None = None, mode: Mode | None = None, rerank: bool | None = None) -> Search:
        """Return the same search with other settings for one call; None leaves a setting as it is.

        Raises `QuestionError` for a k out of bounds, `SettingsError` for an unknown mode.
        """
        if k is not None and not 1 <= k <= MAX_K:
            raise QuestionError(f"k is {k}; ask for 1 to {MAX_K} hits")
        if mode is not None and mode not in get_args(Mode):
            raise SettingsError(f"mode is {mode!r}; it must be one of {', '.join(get_args(Mode))}")
        changes = {name: v for name, v in (("k", k), ("mode", mode), ("rerank", rerank)) if v is not None}
        return replace(self, settings=self.settings.model_copy(update=changes)) if changes else self

    def hits(self, question: str, filters: Filters | None = None, collapse: bool = True) -> list[Hit]:
        """Return up to `settings.k` hits, best first; equal scores in order of passage id.

        Filters apply before the cut at k. Near copies of a passage in other articles fold under the best of them,
        which names them in `also_in`; with `collapse=False` each passage is a hit.

        Raises `SettingsError` where reranking is wanted and there is nothing to rerank by.
        """
        query = Query.of(question, self.generation)
        vector = None if self.settings.mode == "bm25" else self.encoder.encode_question(query.text)
        return self._ranked(question, self._hits(query, vector, filters, collapse))

    def many(self, questions: Sequence[str], filters: Filters | None = None, collapse: bool = True) -> list[list[Hit]]:
        """Return the hits of each question, as `hits` does; the questions are encoded in one batch."""
        queries = [Query.of(question, self.generation) for question in questions]
        dense = self.settings.mode != "bm25" and queries
        vectors = self.encoder.encode_questions([query.text for query in queries]) if dense else [None] * len(queries)
        found = [self._hits(query, vector, filters, collapse) for query, vector in zip(queries, vectors, strict=True)]
        return [self._ranked(question, hits) for question, hits in zip(questions, found, strict=True)]

    def _hits(self, query: Query, vector: Vector | None, filters: Filters | None, collapse: bool) -> list[Hit]:
        passages, settings = self.generation.passages, self.settings
        k = max(settings.k, RERANKED) if settings.rerank else settings.k
        unrelated = 0.0 if vector is None else self.encoder.unrelated
        scored = Candidates.of(query, vector, self.generation, settings.model_copy(update={"k": k}), filters, unrelated)
        fused = scored.fused(settings)
        ids = [passages[row].id for row in scored.rows]
        order = sorted(range(len(ids)), key=lambda i: (-fused[i], ids[i]))
        ordered = [passages[scored.rows[i]] for i in order]
        groups = _collapse(ordered, k) if collapse else [[i] for i in range(min(len(ordered), k))]
        return [
            scored.hit(
                order[first], rank, float(fused[order[first]]), tuple(ids[order[i]] for i in others), self.generation
            )
            for rank, (first, *others) in enumerate(groups, start=1)
        ]

    def _ranked(self, question: str, hits: list[Hit]) -> list[Hit]:
        """Return the hits that were asked for: as found, or reranked and cut."""
        if not self.settings.rerank:
            return hits
        if self.relevance is None:
            raise SettingsError(
                'only the trained reader can rerank; set [reader] model = "spans", or [retrieval] rerank = false'
            )
        return rerank(question, hits, self.relevance)[: self.settings.k]


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
