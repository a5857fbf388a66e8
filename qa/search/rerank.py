"""Reorder the first hits of a question by what the reader's network says of their relevance (Nogueira and Cho 2019).

The network learnt from questions. What is searched for in other words, a headline, a claim, a list of keywords, keeps
its order: there it moved right passages down as often as up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from qa.text.question import is_question
from qa.types import Hit

RERANKED = 20  # hits at most
WEIGHT = 0.2  # of the probability of being relevant, beside the hybrid score of 0..1

Relevance = Callable[[str, Sequence[Hit]], Mapping[str, float]]  # of passages, by id, as logits


def rerank(question: str, hits: Sequence[Hit], relevance: Relevance) -> list[Hit]:
    """Return the first `RERANKED` hits in order of score and relevance, then the rest; for statements all as found."""
    if not is_question(question):
        return list(hits)
    logits = relevance(question, hits[:RERANKED])
    scored = [replace(hit, score=round(hit.score + _gain(logits.get(hit.passage.id)), 6)) for hit in hits[:RERANKED]]
    ordered = sorted(scored, key=lambda hit: -hit.score)  # stable: ties in the order of the hits
    return [replace(hit, rank=rank) for rank, hit in enumerate([*ordered, *hits[RERANKED:]], start=1)]


def _gain(logit: float | None) -> float:
    return 0.0 if logit is None else WEIGHT / (1 + math.exp(-logit))
