"""Vectors in FAISS, BM25 in bm25s, sentence vectors in an array, side by side in one folder.

BM25 is the variant of Lucene with k1 1.2 and b 0.75 (Robertson and Zaragoza 2009; Kamphuis et al. 2020).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import bm25s
import faiss
import numpy as np

from qa.errors import IndexCorruptError
from qa.store.writer import BM25, COUNTS, SENTENCES, VECTORS, StoreWriter

if TYPE_CHECKING:
    from qa.types import Mask, Rows, Scores, Vector, Vectors

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG

TIE = 1e-5  # scores of FAISS nearer than this may belong to equal vectors


class LocalStore:
    """One generation's vectors and BM25 statistics; row i belongs to passage i. Read only."""

    def __init__(
        self, vectors: faiss.Index, bm25: bm25s.BM25, frequencies: dict[str, int], sentences: Vectors, counts: Rows
    ) -> None:
        self._vectors = vectors
        self._sentences = sentences  # (s, d)
        self._ends = np.cumsum(counts, dtype=np.int64)  # (n,), where the sentences of each passage end
        self._bm25 = bm25
        self._frequencies = frequencies

    @classmethod
    def write(
        cls, folder: Path, vectors: Vectors, terms: Sequence[Sequence[str]], sentences: Sequence[Vectors]
    ) -> None:
        """Write a store into an existing folder: n unit vectors, n lists of terms, n arrays of sentence vectors."""
        with cls.writer(folder, vectors.shape[1]) as writer:
            writer.add(vectors, sentences, terms)
            writer.finish()

    @staticmethod
    def writer(folder: Path, dimension: int) -> StoreWriter:
        """Return a writer of a store into an existing folder: `add` batches of passages, then `finish`."""
        return StoreWriter(folder, dimension)

    @classmethod
    def open(cls, folder: Path) -> LocalStore:
        """Open what a writer has written.

        Raises `IndexCorruptError` when a file is missing, damaged or of another length than its fellow.
        """
        try:
            vectors = faiss.read_index(str(folder / VECTORS), faiss.IO_FLAG_MMAP_IFC)
            bm25 = bm25s.BM25.load(str(folder / BM25), load_vocab=True, load_corpus=False, mmap=True)
            sentences = np.load(folder / SENTENCES, mmap_mode="r", allow_pickle=False)
            counts = np.load(folder / COUNTS, allow_pickle=False)
        except Exception as exc:  # FAISS raises RuntimeError, bm25s whatever its files provoke
            raise IndexCorruptError(f"{folder}: vectors or BM25 statistics cannot be read: {exc}") from exc
        passages = int(bm25.scores["num_docs"])
        if not vectors.ntotal == passages == len(counts) or counts.sum() != len(sentences):
            raise IndexCorruptError(
                f"{folder}: {vectors.ntotal} vectors, {passages} passages in BM25, {len(counts)} counts of sentences, "
                f"{len(sentences)} sentences instead of {counts.sum()}"
            )
        pointers = bm25.scores["indptr"]
        known = ((term, i) for term, i in bm25.vocab_dict.items() if i + 1 < len(pointers))
        frequencies = {term: int(pointers[i + 1] - pointers[i]) for term, i in known}
        return cls(vectors, bm25, frequencies, sentences, counts)

    def __len__(self) -> int:
        """Return the number of passages."""
        return int(self._vectors.ntotal)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._vectors.d)

    def dense_top(self, query: Vector, k: int, mask: Mask | None = None) -> tuple[Rows, Scores]:
        """Return up to k rows by cosine, best first; ties by row."""
        allowed = len(self) if mask is None else int(mask.sum())
        k = fetched = min(k, allowed)
        rows, scores = self._nearest(query, fetched, mask)
        while fetched < allowed and scores[-1] >= scores[k - 1] - TIE:  # the cut may go through equal scores
            fetched = min(4 * fetched, allowed)
            rows, scores = self._nearest(query, fetched, mask)
        scores = self.dense_scores(query, rows)
        best = np.lexsort((rows, -scores))[:k]
        return rows[best], scores[best]

    def _nearest(self, query: Vector, k: int, mask: Mask | None) -> tuple[Rows, Scores]:
        """Return the rows and scores that FAISS puts first; equal vectors may differ in the last bits."""
        if k == 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        params = None
        if mask is not None:
            # FAISS's own stubs describe the C++ constructors, not these Python ones.
            selector = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))  # type: ignore[call-arg, arg-type]
            params = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, rows = self._vectors.search(query[None, :], k, params=params)  # (1, k) each
        return rows[0], scores[0]

    def dense_scores(self, query: Vector, rows: Rows) -> Scores:
        """Return the cosine of each row; equal vectors have equal scores to the last bit."""
        return _cosines(self.vectors(rows), query)

    def sentence_scores(self, query: Vector, rows: Rows) -> list[Scores]:
        """Return, for each row, the cosine of each of its sentences, in text order."""
        if not len(rows):
            return []
        spans = [self._span(row) for row in rows]
        chosen = np.concatenate([np.arange(start, end) for start, end in spans])
        scores = _cosines(self._sentences[chosen].astype(np.float32), query)
        return np.split(scores, np.cumsum([end - start for start, end in spans])[:-1])

    def bm25_scores(self, terms: Sequence[str]) -> Scores:
        """Return the BM25 score of every passage, 0 where no term occurs."""
        known = [term for term in terms if term in self._frequencies]
        if not known:
            return np.zeros(len(self), dtype=np.float32)
        scores: Scores = self._bm25.get_scores(known).astype(np.float32)
        return scores

    def idf(self, term: str) -> float:
        """Return ln(1 + (N - df + 0.5) / (df + 0.5)), the weight of a term in BM25 as Lucene has it."""
        frequency = self._frequencies.get(term, 0)
        return float(np.log1p((len(self) - frequency + 0.5) / (frequency + 0.5)))

    def knows(self, term: str) -> bool:
        """Return whether any passage holds the term."""
        return term in self._frequencies

    def vectors(self, rows: Rows) -> Vectors:
        """Return the stored vectors of these rows, (n, d)."""
        vectors: Vectors = self._vectors.reconstruct_batch(np.ascontiguousarray(rows, dtype=np.int64))
        return vectors

    def sentence_vectors(self, rows: Rows) -> list[Vectors]:
        """Return, for each row, the stored vectors of its sentences."""
        return [self._sentences[slice(*self._span(row))].astype(np.float32) for row in rows]

    def _span(self, row: int) -> tuple[int, int]:
        return int(self._ends[row - 1]) if row else 0, int(self._ends[row])


def _cosines(vectors: Vectors, query: Vector) -> Scores:
    """Return (n,) cosines summed row by row: a matrix product rounds equal rows differently."""
    scores: Scores = (vectors * query).sum(axis=1)  # (n, d) * (d,)
    return scores
