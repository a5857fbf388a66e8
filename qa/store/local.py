"""Vectors in FAISS, BM25 as postings, sentence vectors in an array, side by side in one folder.

All are mapped, not read: opening takes the same few milliseconds at any size, and the system's cache holds what
questions touch. A question scans every passage vector, the postings of its terms, and the sentence vectors of its
candidates only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qa.errors import IndexCorruptError
from qa.store.dense import DenseVectors, cosines
from qa.store.postings import Postings
from qa.store.rows import mapped
from qa.store.writer import BM25, COUNTS, SENTENCES, VECTORS, StoreWriter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Mask, Rows, Scores, Vector, Vectors


class LocalStore:
    """One generation's vectors and BM25 statistics; row i belongs to passage i. Read only."""

    def __init__(self, vectors: DenseVectors, postings: Postings, sentences: Vectors, counts: Rows) -> None:
        self._vectors = vectors
        self._postings = postings
        self._sentences = sentences  # (s, d)
        self._ends = np.cumsum(counts, dtype=np.int64)  # (n,), where the sentences of each passage end

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
            vectors = DenseVectors(folder / VECTORS)
            postings = Postings(folder / BM25)
            sentences = mapped(folder / SENTENCES)
            counts = np.load(folder / COUNTS, allow_pickle=False)
        except Exception as exc:  # FAISS raises RuntimeError, NumPy whatever a file provokes
            raise IndexCorruptError(f"{folder}: vectors or BM25 statistics cannot be read: {exc}") from exc
        if not len(vectors) == postings.passages == len(counts) or counts.sum() != len(sentences):
            raise IndexCorruptError(
                f"{folder}: {len(vectors)} vectors, {postings.passages} passages in BM25, {len(counts)} counts of "
                f"sentences, {len(sentences)} sentences instead of {counts.sum()}"
            )
        return cls(vectors, postings, sentences, counts)

    def __len__(self) -> int:
        """Return the number of passages."""
        return len(self._vectors)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._vectors.dimension

    def dense_top(self, query: Vector, k: int, mask: Mask | None = None) -> tuple[Rows, Scores]:
        """Return up to k rows by cosine, best first; ties by row."""
        return self._vectors.top(query, k, mask)

    def dense_scores(self, query: Vector, rows: Rows) -> Scores:
        """Return the cosine of each row; equal vectors have equal scores to the last bit."""
        return cosines(self._vectors.rows(rows), query)

    def sentence_scores(self, query: Vector, rows: Rows) -> list[Scores]:
        """Return, for each row, the cosine of each of its sentences, in text order."""
        if not len(rows):
            return []
        spans = [self._span(row) for row in rows]
        chosen = np.concatenate([np.arange(start, end) for start, end in spans])
        scores = cosines(self._sentences[chosen].astype(np.float32), query)
        return np.split(scores, np.cumsum([end - start for start, end in spans])[:-1])

    def postings(self, term: str) -> tuple[Rows, Scores]:
        """Return the rows that hold a term, ascending, and its BM25 weight there before idf: tf / (tf + K), 0..1."""
        return self._postings.of(term)

    def side_by_side(self, pairs: Sequence[tuple[str, str]], rows: Rows) -> NDArray[np.bool_]:
        """Return (rows, pairs): whether a passage holds the second term of a pair right after the first."""
        return self._postings.side_by_side(pairs, rows)

    def idf(self, term: str) -> float:
        """Return ln(1 + (N - df + 0.5) / (df + 0.5)), the weight of a term in BM25 as Lucene has it."""
        frequency = self._postings.frequency(term)
        return float(np.log1p((len(self) - frequency + 0.5) / (frequency + 0.5)))

    def knows(self, term: str) -> bool:
        """Return whether any passage holds the term."""
        return self._postings.frequency(term) > 0

    def terms(self, prefix: str = "") -> dict[str, int]:
        """Return the indexed terms that begin with a prefix, in order, and how many passages hold each."""
        return self._postings.starting_with(prefix)

    def vectors(self, rows: Rows) -> Vectors:
        """Return the stored vectors of these rows, (n, d)."""
        return self._vectors.rows(rows)

    def sentence_vectors(self, rows: Rows) -> list[Vectors]:
        """Return, for each row, the stored vectors of its sentences."""
        return [self._sentences[slice(*self._span(row))].astype(np.float32) for row in rows]

    def _span(self, row: int) -> tuple[int, int]:
        return int(self._ends[row - 1]) if row else 0, int(self._ends[row])
