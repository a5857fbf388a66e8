"""A store written as a stream: vectors go to disk as they come, BM25 keeps integers until the end."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import bm25s
import faiss
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from qa.types import Vectors

VECTORS = "vectors.faiss"
SENTENCES, COUNTS = "sentences.npy", "sentence_counts.npy"  # (s, d) float16; (n,) int32, sentences of each passage
BM25 = "bm25"
K1, B = 1.2, 0.75
NO_TERM = "\0"  # indexed where a passage has no term at all: bm25s needs one
RAW = "vectors.npy"  # (n, d) float32, gone when the store is finished


class RowFile:
    """An .npy file of rows that grows; its header holds the number of rows once it is closed."""

    def __init__(self, file: Path, width: int, dtype: DTypeLike) -> None:
        self.rows = 0
        self._shape, self._dtype = (width,), np.dtype(dtype)
        self._stream = file.open("wb")
        self._write_header()

    def append(self, rows: NDArray[Any]) -> None:
        """Write (m, width) rows after those that are there."""
        if rows.shape[1:] != self._shape:
            raise ValueError(f"rows of shape {rows.shape[1:]} do not fit {self._shape}")
        self._stream.write(np.ascontiguousarray(rows, dtype=self._dtype).data)
        self.rows += len(rows)

    def close(self) -> None:
        """Write the header anew and close the file."""
        if not self._stream.closed:
            self._stream.seek(0)
            self._write_header()
            self._stream.close()

    def _write_header(self) -> None:
        """Write the header; NumPy leaves room in it for the first axis to grow, so its length stays."""
        descr = np.lib.format.dtype_to_descr(self._dtype)
        header = {"descr": descr, "fortran_order": False, "shape": (self.rows, *self._shape)}
        np.lib.format.write_array_header_1_0(self._stream, header)


class StoreWriter:
    """Writes a store batch by batch into an existing folder; `finish` completes it.

    As a context manager it closes its files on the way out; what was not finished is then no store.
    """

    def __init__(self, folder: Path, dimension: int) -> None:
        self._folder, self._dimension = folder, dimension
        self._vectors = RowFile(folder / RAW, dimension, np.float32)
        self._sentences = RowFile(folder / SENTENCES, dimension, np.float16)
        self._counts = array("i")  # sentences of each passage
        self._vocabulary: dict[str, int] = {}
        self._terms: list[array[int]] = []  # term numbers of each passage

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def __len__(self) -> int:
        """Return the number of passages written so far."""
        return self._vectors.rows

    def add(self, vectors: Vectors, sentences: Sequence[Vectors], terms: Sequence[Sequence[str]]) -> None:
        """Append n passages: (n, d) unit vectors, n arrays (sentences, d) of unit vectors, n lists of terms.

        Raises `ValueError` when the lengths or dimensions differ.
        """
        if not len(vectors) == len(terms) == len(sentences):
            raise ValueError(f"{len(vectors)} vectors, {len(terms)} lists of terms, {len(sentences)} of sentences")
        self._vectors.append(vectors)
        for each in sentences:
            self._sentences.append(each)
            self._counts.append(len(each))
        number = self._vocabulary
        for each_terms in terms:
            self._terms.append(array("i", [number.setdefault(term, len(number)) for term in each_terms or [NO_TERM]]))

    def finish(self) -> None:
        """Write what needs the whole: the FAISS index and the BM25 statistics."""
        self._close()
        raw = np.load(self._folder / RAW, mmap_mode="r", allow_pickle=False)
        index = faiss.IndexFlatIP(self._dimension)
        index.add(np.ascontiguousarray(raw))
        faiss.write_index(index, str(self._folder / VECTORS))
        (self._folder / RAW).unlink()
        np.save(self._folder / COUNTS, np.frombuffer(self._counts, dtype=np.int32), allow_pickle=False)
        bm25 = bm25s.BM25(method="lucene", k1=K1, b=B)
        bm25.index(
            bm25s.tokenization.Tokenized([each.tolist() for each in self._terms], self._vocabulary), show_progress=False
        )
        bm25.save(str(self._folder / BM25), show_progress=False)

    def _close(self) -> None:
        with ExitStack() as stack:
            stack.callback(self._vectors.close)
            stack.callback(self._sentences.close)
