"""The manifest of a generation: what it is made of, and a hash of each of its files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from qa.errors import IndexCorruptError, IndexMismatchError

FORMAT = 3  # raise it when an older reader would misread the files
MANIFEST, ARTICLES, PASSAGES = "manifest.json", "articles.jsonl", "passages.jsonl"
REBUILD = "run `briefing index` to rebuild it"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is made of. A mismatch is refused or rebuilt, never ignored."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    format: int
    generation: str
    created: str  # ISO 8601, UTC
    model: str
    fingerprint: str  # of the model's files, and of all else that shapes a vector
    dimension: int
    passage_chars: int
    overlap_chars: int
    analysis: str  # version of the terms and sentences
    corpus: str  # SHA-256 over ids and content hashes
    articles: int
    passages: int
    files: dict[str, str] = field(default_factory=dict)  # relative name -> SHA-256


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a generation.

    Raises `IndexMismatchError` (another format version) or `IndexCorruptError`.
    """
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
        found = json.loads(text).get("format")
    except (OSError, ValueError, AttributeError) as exc:
        raise IndexCorruptError(f"{folder / MANIFEST} cannot be read: {exc}; {REBUILD}") from exc
    if found != FORMAT:
        raise IndexMismatchError(f"{folder} has format version {found!r}, this program reads {FORMAT}; {REBUILD}")
    try:
        return TypeAdapter(Manifest).validate_json(text, strict=True)
    except ValidationError as exc:
        raise IndexCorruptError(f"{folder / MANIFEST}: {exc}; {REBUILD}") from exc


def sha256(file: Path) -> str:
    """Return a file's SHA-256. Raises `IndexCorruptError`."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as exc:
        raise IndexCorruptError(f"{file} cannot be read: {exc.strerror}; {REBUILD}") from exc
