"""Passage vectors in FAISS: which kind of index, written from a file of rows, mapped when read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import faiss
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Mask, Rows, Scores, Vector, Vectors

EXACT_UP_TO = 50_000  # passages kept in float32: 75 MB and about 10 ms a question at 384 dimensions
SPARE = 32  # rows fetched beyond the k best, to see whether the cut goes through equal scores
TIE = 1e-5  # scores of FAISS nearer than this may belong to equal vectors
CHUNK = 10_000  # rows added at once


def write_vectors(rows: NDArray[np.float32], file: Path, exact_up_to: int = EXACT_UP_TO) -> None:
    """Write (n, d) unit vectors as a FAISS file: float32 up to `exact_up_to` rows, half precision above.

    Half precision halves memory and time, and moves a cosine by less than .001. Vectors that a later build takes over
    stay as rounded as they are, also when the corpus has shrunk below the limit.
    """
    dimension = rows.shape[1]
    index: faiss.Index = faiss.IndexFlatIP(dimension)
    if len(rows) > exact_up_to:
        index = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    for start in range(0, len(rows), CHUNK):
        index.add(np.ascontiguousarray(rows[start : start + CHUNK]))
    faiss.write_index(index, str(file))


class DenseVectors:
    """The vectors of a FAISS file, mapped; row i belongs to passage i."""

    def __init__(self, file: Path) -> None:
        self._index = faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)

    def __len__(self) -> int:
        """Return the number of vectors."""
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    def rows(self, rows: Rows) -> Vectors:
        """Return the vectors of these rows, (n, d) float32."""
        vectors: Vectors = self._index.reconstruct_batch(np.ascontiguousarray(rows, dtype=np.int64))
        return vectors

    def top(self, query: Vector, k: int, mask: Mask | None = None) -> tuple[Rows, Scores]:
        """Return up to k rows by cosine, best first; ties by row."""
        allowed = len(self) if mask is None else int(mask.sum())
        k = min(k, allowed)
        if not k:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        fetched = min(k + SPARE, allowed)
        rows, scores = self._nearest(query, fetched, mask)
        while fetched < allowed and scores[-1] >= scores[k - 1] - TIE:  # the cut may go through equal scores
            fetched = min(4 * fetched, allowed)
            rows, scores = self._nearest(query, fetched, mask)
        scores = cosines(self.rows(rows), query)
        best = np.lexsort((rows, -scores))[:k]
        return rows[best], scores[best]

    def _nearest(self, query: Vector, k: int, mask: Mask | None) -> tuple[Rows, Scores]:
        """Return the rows and scores that FAISS puts first; equal vectors may differ in the last bits."""
        params = None
        if mask is not None:
            # FAISS's own stubs describe the C++ constructors, not these Python ones.
            selector = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))  # type: ignore[call-arg, arg-type]
            params = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, rows = self._index.search(query[None, :], k, params=params)  # (1, k) each
        return rows[0], scores[0]


def cosines(vectors: Vectors, query: Vector) -> Scores:
    """Return (n,) cosines summed row by row: a matrix product rounds equal rows differently."""
    scores: Scores = (vectors * query).sum(axis=1)  # (n, d) * (d,)
    return scores
