"""A store written as a stream: what comes goes to disk, only the vocabulary stays in memory."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from qa.store.dense import EXACT_UP_TO, write_vectors
from qa.store.postings import PostingsWriter
from qa.store.rows import RowFile, mapped

if TYPE_CHECKING:
    from qa.types import Vectors

VECTORS = "vectors.faiss"
SENTENCES, COUNTS = "sentences.npy", "sentence_counts.npy"  # (s, d) float16; (n,) int32, sentences of each passage
BM25 = "bm25"
RAW = "vectors.npy"  # (n, d) float32, gone when the store is finished


class StoreWriter:
    """Writes a store batch by batch into an existing folder; `finish` completes it.

    As a context manager it closes its files on the way out; what was not finished is then no store.
    """

    def __init__(self, folder: Path, dimension: int, exact_up_to: int = EXACT_UP_TO) -> None:
        self._folder, self._exact_up_to = folder, exact_up_to
        self._vectors = RowFile(folder / RAW, (dimension,), np.float32)
        self._sentences = RowFile(folder / SENTENCES, (dimension,), np.float16)
        self._counts = array("i")  # sentences of each passage
        self._postings = PostingsWriter(folder / BM25)

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
        for words in terms:
            self._postings.add(words)

    def finish(self) -> None:
        """Write what needs the whole: the FAISS index and the BM25 postings."""
        self._close()
        write_vectors(mapped(self._folder / RAW), self._folder / VECTORS, self._exact_up_to)
        (self._folder / RAW).unlink()
        np.save(self._folder / COUNTS, np.frombuffer(self._counts, dtype=np.int32), allow_pickle=False)
        self._postings.finish()

    def _close(self) -> None:
        with ExitStack() as stack:
            for each in (self._vectors, self._sentences, self._postings):
                stack.callback(each.close)
