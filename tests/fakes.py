"""Stand-ins that make exact ids and exact order assertable, without torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qa.text.terms import terms

if TYPE_CHECKING:
    from qa.types import Progress, Vector, Vectors


class FakeEncoder:
    """A hashed bag of analysed terms: equal words give equal vectors, shared words a positive cosine.

    `texts` keeps everything that `encode_passages` was given, in order; `encoded` is how many that were.
    The sentences that a reader encodes count too.
    """

    def __init__(self, name: str = "fake", fingerprint: str = "fake-fingerprint-1", dimension: int = 64) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.dimension = dimension
        self.unrelated = 0.0
        self.texts: list[str] = []

    @property
    def encoded(self) -> int:
        """How many texts `encode_passages` was given so far."""
        return len(self.texts)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return (n, d) float32, rows of unit norm."""
        self.texts.extend(texts)
        if progress and texts:
            progress("encoding passages", len(texts), len(texts))
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._vector(text) for text in texts])

    def encode_question(self, question: str) -> Vector:
        """Return (d,) float32, unit norm."""
        return self._vector(question)

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return (n, d) float32, rows of unit norm."""
        if not questions:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._vector(question) for question in questions])

    def _vector(self, text: str) -> Vector:
        bag = np.zeros(self.dimension, dtype=np.float64)
        for term in terms(text):
            digest = hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            bag[int.from_bytes(digest[:4]) % self.dimension] += 1 if digest[4] % 2 else -1
        if not bag.any():
            bag[0] = 1.0
        return (bag / np.linalg.norm(bag)).astype(np.float32)


class ConeEncoder(FakeEncoder):
    """As the other, but no cosine is below `cone` by much: all vectors share a direction, as those of E5 do."""

    def __init__(self, cone: float) -> None:
        super().__init__(name="cone", fingerprint=f"cone-{cone}")
        self._cone, self._wide = cone, FakeEncoder()
        self.dimension = self._wide.dimension + 1
        self.unrelated = cone

    def _vector(self, text: str) -> Vector:
        own = self._wide.encode_question(text)
        return np.append(own * np.sqrt(1 - self._cone), np.sqrt(self._cone)).astype(np.float32)
