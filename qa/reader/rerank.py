"""Hits in a new order, by what a trained network says of question and passage."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from qa.types import Hit

DEPTH = 20  # hits that are read; the rest keep their order behind them
WEIGHT = 0.3  # of the relevance beside the score of retrieval, both 0..1

Relevance = Callable[[str, Sequence[Hit]], Sequence[float]]


def rerank(question: str, hits: Sequence[Hit], relevance: Relevance, weight: float = WEIGHT) -> list[Hit]:
    """Return the hits ordered by a weighted mean of score and relevance, best first; ties in the old order.

    `relevance` gives a logit for each of the first `DEPTH` hits. Scores of the hits after those are scaled alike, so
    that scores keep falling.
    """
    read = hits[:DEPTH]
    if not read:
        return []
    logits = relevance(question, read)
    mixed = [(1 - weight) * hit.score + weight / (1 + math.exp(-v)) for hit, v in zip(read, logits, strict=True)]
    order = sorted(range(len(read)), key=lambda i: -mixed[i])
    first = [(read[i], mixed[i]) for i in order]
    rest = [(hit, min(first[-1][1], (1 - weight) * hit.score)) for hit in hits[DEPTH:]]
    return [
        replace(hit, score=round(score, 6), rank=rank) for rank, (hit, score) in enumerate([*first, *rest], start=1)
    ]
