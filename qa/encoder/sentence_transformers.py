"""Any other model: sentence-transformers loads and runs it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from qa.encoder.bert import Done, Precision
    from qa.types import Vectors


class SentenceTransformersModel:
    """A model that sentence-transformers loads and runs, in float32."""

    def __init__(self, folder: Path) -> None:
        logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        self._lock = threading.Lock()  # fast tokenizers keep padding state and fail when shared
        self._model = SentenceTransformer(
            str(folder),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise ValueError("it does not say how long its vectors are; use a model with a pooling layer")
        self.dimension: int = dimension
        self.max_tokens: int = self._model.max_seq_length or 512

    def encode(
        self, texts: Sequence[str], precision: Precision = "fp32", batch_size: int = 32, done: Done | None = None
    ) -> tuple[Vectors, int]:
        """Return (n, d) float32 unit vectors in the order of the texts, and how many texts were cut."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        with self._lock:
            lengths = self._lengths(texts)
        order = sorted(range(len(texts)), key=lambda i: (-lengths[i], i))
        for start in range(0, len(order), batch_size):
            some = order[start : start + batch_size]
            with self._lock:  # batch by batch: a question need not wait for a build
                vectors[some] = self._model.encode(
                    [texts[i] for i in some],
                    prompt="",
                    batch_size=batch_size,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
            if done:
                done(len(some))
        return vectors, sum(length > self.max_tokens for length in lengths)

    def _lengths(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text, uncut."""
        found = self._model.tokenizer(list(texts), truncation=False, padding=False, verbose=False)["input_ids"]
        return [len(ids) for ids in found]
