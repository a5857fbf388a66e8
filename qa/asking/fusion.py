"""One list of hits out of two: of the rewritten question and of the question as it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.types import Hit

RAW_WEIGHT = 0.2  # of the question as asked; benchmarks/conversation.py --dialogues shows what other weights give
DEPTH = 20  # hits of each list that are fused


def fused(rewritten: Sequence[Hit], raw: Sequence[Hit], k: int, weight: float = RAW_WEIGHT) -> list[Hit]:
    """Return up to k hits by the weighted mean of their scores, best first; ties in order of passage id.

    A hit that one list lacks counts there as its last one does. Passages, traces and copies are those of the
    rewritten question where it has them.
    """
    hits = {hit.passage.id: hit for hit in (*raw, *rewritten)}
    scores = [
        ({hit.passage.id: hit.score for hit in found}, found[-1].score if found else 0.0) for found in (rewritten, raw)
    ]
    (new, new_least), (old, old_least) = scores
    mean = {id_: (1 - weight) * new.get(id_, new_least) + weight * old.get(id_, old_least) for id_ in hits}
    order = sorted(hits, key=lambda id_: (-mean[id_], id_))[:k]
    return [replace(hits[id_], score=round(mean[id_], 6), rank=rank) for rank, id_ in enumerate(order, start=1)]
