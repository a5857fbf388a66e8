"""BM25 over the alternatives in which passages may say a question's terms.

The variant is BM25+ (Lv and Zhai 2011): what a term weighs where it occurs has a floor, `FLOOR` of its idf, so that a
long passage that holds a term never scores like one that does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qa.search.query import Alternative, QueryTerm

if TYPE_CHECKING:
    from qa.types import Rows, Scores, Store

FLOOR = 0.5


@dataclass(frozen=True, slots=True)
class Lexical:
    """The BM25 scores of every passage for one question, and which terms each passage contains."""

    scores: Scores  # (passages,)
    weight: float  # idf of all terms together
    found: tuple[tuple[Alternative, Rows], ...]  # rows that hold an alternative, ascending; in order of the question

    @classmethod
    def of(cls, wanted: Sequence[QueryTerm], store: Store) -> Lexical:
        """Score every passage; a term counts as it is said best."""
        scores = np.zeros(len(store), dtype=np.float32)
        found = []
        for term in wanted:
            best = np.zeros(len(store), dtype=np.float32) if len(term.alternatives) > 1 else scores
            for alternative in term.alternatives:
                rows, weights = _said(alternative, store)
                gain = np.float32(term.idf) * (weights + np.float32(FLOOR))
                best[rows] = np.maximum(best[rows], gain) if best is not scores else best[rows] + gain
                found.append((alternative, rows))
            if best is not scores:
                scores += best
        return cls(scores, max(1e-9, sum(term.idf for term in wanted)), tuple(found))

    @property
    def bound(self) -> float:
        """What a passage of all terms and nothing else would approach."""
        return self.weight * (1 + FLOOR)

    def held(self, row: int) -> tuple[str, ...]:
        """Return the terms by which a passage was found, in order of the question."""
        held = (" ".join(alternative) for alternative, rows in self.found if _has(rows, row))
        return tuple(dict.fromkeys(held))


def _said(alternative: Alternative, store: Store) -> tuple[Rows, Scores]:
    """Return the rows that hold all terms of an alternative, and the mean of the terms' weights there."""
    rows, weights = store.postings(alternative[0])
    for term in alternative[1:]:
        others, more = store.postings(term)
        rows, mine, theirs = np.intersect1d(rows, others, assume_unique=True, return_indices=True)
        weights = weights[mine] + more[theirs]
    return rows, weights / np.float32(len(alternative))


def _has(rows: Rows, row: int) -> bool:
    place = int(np.searchsorted(rows, row))
    return place < len(rows) and int(rows[place]) == row
