"""`SentenceEncoder`: texts to unit vectors, by any model of sentence-transformers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from qa.encoder.bert import Bert, BertSpec, Done, Precision, spec_of
from qa.encoder.cosine_scale import unrelated_cosine
from qa.encoder.model import Options, Prompts, check_weights, fingerprint, hashes_of, model_folder, native_precision
from qa.encoder.sentence_transformers import SentenceTransformersModel
from qa.errors import ModelError
from qa.settings import BUNDLED_MODEL

if TYPE_CHECKING:
    from qa.types import Progress, Vector, Vectors

log = logging.getLogger(__name__)

REMEMBERED = 256  # questions: retrieval and reader both ask for the vector, and people ask again
BLOCK = 4096  # texts that are tokenized and sorted by length at once
MANY = 0.1  # share of passages cut at the model's length that is worth a warning


class _Model(Protocol):
    """A loaded model."""

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int: ...

    def encode(
        self, texts: Sequence[str], precision: Precision = "fp32", batch_size: int = 32, done: Done | None = None
    ) -> tuple[Vectors, int]: ...


class SentenceEncoder:
    """A sentence-transformers model; loaded at the first text, safe from several threads.

    Raises `ModelError` at construction when the model is absent or its weights are not the published ones.
    """

    def __init__(self, name: str = BUNDLED_MODEL, options: Options | None = None) -> None:
        options = options or Options()
        self.name = name
        self._folder = model_folder(name)
        hashes = hashes_of(self._folder)
        check_weights(name, self._folder, hashes)
        self._spec = spec_of(self._folder)
        self._batch_size = options.batch_size
        # Foreign models have no bf16 of ours: sentence-transformers would keep all their weights in it.
        self.precision: Precision = (options.precision or native_precision()) if self._spec else "fp32"
        own = Prompts.of(self._folder)
        self.prompts = Prompts(
            own.query if options.query_prompt is None else options.query_prompt,
            own.passage if options.passage_prompt is None else options.passage_prompt,
        )
        self.fingerprint = fingerprint(hashes, None if self.prompts == own else self.prompts, self.precision)
        self._model: _Model | None = None
        self._question = lru_cache(REMEMBERED)(self._encode_question)
        self._lock = threading.Lock()

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._load().dimension

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that the model reads; the rest is not in its vector."""
        return self._load().max_tokens

    @cached_property
    def unrelated(self) -> float:
        """Cosine of texts that have nothing to do with each other; of the bundled model so near 0 that it is none."""
        return 0.0 if self._folder == model_folder(BUNDLED_MODEL) else unrelated_cosine(self)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return (n, d) float32, rows of unit norm, in the order of `texts`; equal texts have equal vectors.

        Warns in the log when many of the texts are longer than the model reads.
        """
        places: dict[str, int] = {}
        where = [places.setdefault(_readable(text), len(places)) for text in texts]
        unique, model = list(places), self._load()
        vectors = np.empty((len(unique), model.dimension), dtype=np.float32)
        encoded = cut = 0

        def done(count: int) -> None:
            nonlocal encoded
            encoded += count
            if progress:
                progress("encoding passages", encoded * len(texts) // len(unique), len(texts))

        for start in range(0, len(unique), BLOCK):
            block = [self.prompts.passage + text for text in unique[start : start + BLOCK]]
            vectors[start : start + len(block)], more = model.encode(block, self.precision, self._batch_size, done)
            cut += more
        if cut > MANY * len(unique):
            self._warn(cut, len(unique), model.max_tokens)
        return vectors[where]

    def _warn(self, cut: int, texts: int, tokens: int) -> None:
        log.warning(
            "%d of %d passages are longer than the %d tokens that %s reads; their ends are not in the vectors: "
            "lower [index] passage_chars",
            cut,
            texts,
            tokens,
            self.name,
        )

    def encode_question(self, question: str) -> Vector:
        """Return (d,) float32, unit norm, read only; the last questions are remembered."""
        return self._question(question)

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return (n, d) float32, rows of unit norm, in the order of `questions`."""
        return self._load().encode([self.prompts.query + _readable(each) for each in questions])[0]

    def _encode_question(self, question: str) -> Vector:
        vector: Vector = self.encode_questions([question])[0]
        vector.flags.writeable = False  # it is handed out again
        return vector

    def _load(self) -> _Model:
        with self._lock:
            if self._model is None:
                self._model = _load_model(self._folder, self._spec)
            return self._model


def _readable(text: str) -> str:
    """Return a text that tokenizers take: they refuse half a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def _load_model(folder: Path, spec: BertSpec | None) -> _Model:
    try:
        return Bert(spec) if spec else SentenceTransformersModel(folder)
    except Exception as exc:  # whatever a foreign model folder provokes
        raise ModelError(f"{folder} cannot be loaded as a sentence-transformers model: {exc}") from exc
