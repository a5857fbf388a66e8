"""Generations on disk: one folder each, one pointer to the current one.

    index/
    ├── CURRENT                 the name of the current generation
    ├── .lock                   held while one is built
    └── gen-20261124T101500-3f2a9c/
        ├── manifest.json       format, model, splitter, counts, SHA-256 of every other file
        ├── articles.jsonl      the articles as they were read
        ├── passages.jsonl      offsets, those of its sentences, and the hash of the text as encoded
        ├── vectors.faiss       one vector a passage
        ├── sentences.npy       one vector a sentence, float16
        └── bm25/               the postings of every term

A generation is written under a hidden name, flushed to disk, opened and checked, renamed, and only then
does the pointer move. Nothing in it is ever changed afterwards.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from filelock import FileLock, Timeout
from pydantic import ConfigDict, TypeAdapter, ValidationError

from qa.errors import IndexBusyError, IndexCorruptError, IndexMismatchError, IndexNotFoundError, StoredIndexError
from qa.store import LocalStore
from qa.types import Article, Passage, Span, Store

if TYPE_CHECKING:
    from qa.types import Vectors

FORMAT = 2  # raise it when an older reader would misread the files
POINTER, MANIFEST, ARTICLES, PASSAGES = "CURRENT", "manifest.json", "articles.jsonl", "passages.jsonl"
BUILDING = ".building-"
LOCK_SECONDS = 600  # how long a build waits for another one


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is made of. A mismatch is refused or rebuilt, never ignored."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    format: int
    generation: str
    created: str  # ISO 8601, UTC
    model: str
    fingerprint: str  # of the model's files
    dimension: int
    passage_chars: int
    overlap_chars: int
    analysis: str  # version of the terms and sentences
    corpus: str  # SHA-256 over ids and content hashes
    articles: int
    passages: int
    files: dict[str, str] = field(default_factory=dict)  # relative name -> SHA-256


@dataclass(frozen=True, slots=True)
class Generation:
    """One immutable state of the index, loaded."""

    folder: Path
    manifest: Manifest
    articles: MappingProxyType[str, Article]
    hashes: MappingProxyType[str, str]  # article id -> content hash
    passages: tuple[Passage, ...]
    keys: tuple[str, ...]  # hash of each passage's text as encoded
    sentences: tuple[tuple[Span, ...], ...]  # of each passage, offsets in the passage
    rows: MappingProxyType[str, int]  # passage id -> its place in `passages` and in the store
    store: Store

    @property
    def name(self) -> str:
        """Name of the generation's folder."""
        return self.manifest.generation


@dataclass(frozen=True, slots=True)
class Draft:
    """What is written as a generation; rows of `vectors` and items of `terms`, `keys` belong to `passages`."""

    manifest: Manifest
    articles: tuple[Article, ...]
    hashes: dict[str, str]
    passages: tuple[Passage, ...]
    keys: tuple[str, ...]
    sentences: list[tuple[Span, ...]]
    vectors: Vectors  # (n, d), rows of unit norm
    sentence_vectors: list[Vectors]  # n arrays (sentences, d)
    terms: list[list[str]]


@contextlib.contextmanager
def build_lock(index: Path) -> Iterator[None]:
    """Hold the index folder's build lock; the system frees it when the process ends, however it ends."""
    try:
        index.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoredIndexError(f"no index can be kept at {index.absolute()}: {exc.strerror}; name another folder") from exc
    lock = FileLock(index / ".lock")
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout as exc:
        message = f"another build has held {index / '.lock'} for {LOCK_SECONDS} seconds; wait for it or stop it"
        raise IndexBusyError(message) from exc
    except OSError as exc:
        raise StoredIndexError(f"{index / '.lock'} cannot be opened: {exc.strerror}; mend its permissions") from exc
    try:
        yield
    finally:
        lock.release()


def new_name() -> str:
    """Return a name for a generation that sorts by time."""
    return f"gen-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def write_generation(index: Path, draft: Draft, keep: int) -> None:
    """Write, check and publish a generation, then remove the oldest beyond `keep`. Call under `build_lock`."""
    building, final = index / f"{BUILDING}{draft.manifest.generation}", index / draft.manifest.generation
    try:
        building.mkdir(parents=True)
        _write_files(building, draft)
        open_generation(building)
        building.rename(final)
        _sync_folder(index)
        _point_to(index, final.name)
    except OSError as exc:
        message = f"{index.absolute()} cannot be written: {exc}; make room or mend permissions, the old index is still there"
        raise StoredIndexError(message) from exc
    finally:
        shutil.rmtree(building, ignore_errors=True)  # gone by then, unless something failed
    _sweep(index, final.name, keep)


def current_name(index: Path) -> str:
    """Return the name of the generation that the pointer names.

    Raises `IndexNotFoundError` or `IndexCorruptError`.
    """
    try:
        name = (index / POINTER).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise IndexNotFoundError(
            f"no index at {index.absolute()}; build it with `briefing index`, or name another "
            "(--index on the command line, index=… in Python, [index] folder in briefing.toml)"
        ) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise IndexCorruptError(f"{index / POINTER} cannot be read: {exc}; run `briefing index` to build anew") from exc
    if not name.startswith("gen-") or Path(name).name != name:
        raise IndexCorruptError(
            f"{index / POINTER} names no generation: {name[:80]!r}; run `briefing index` to build anew"
        )
    return name


def current_generation(index: Path) -> Generation:
    """Open the generation that the pointer names.

    Raises `IndexNotFoundError`, `IndexMismatchError` (another format) or `IndexCorruptError`.
    """
    return open_generation(index / current_name(index))


def open_generation(folder: Path) -> Generation:
    """Load a generation after checking its format, its hashes and that its parts fit each other.

    Raises `IndexMismatchError` (another format) or `IndexCorruptError` with the file's name.
    """
    manifest = _read_manifest(folder)
    for name, expected in manifest.files.items():
        if _sha256(folder / name) != expected:
            raise IndexCorruptError(f"{folder / name} is not as it was written; run `briefing index` to build anew")
    try:
        return _load(folder, manifest)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as exc:
        raise IndexCorruptError(f"{folder} does not fit together: {exc!r}; run `briefing index` to build anew") from exc


def _load(folder: Path, manifest: Manifest) -> Generation:
    records = _read_lines(folder / ARTICLES)
    articles = {record["id"]: _article(record) for record in records}
    rows = _read_lines(folder / PASSAGES)
    passages = tuple(_passage(row, articles[row["article_id"]]) for row in rows)
    store = LocalStore.open(folder)
    counts = (len(articles), len(passages), len(store), store.dimension)
    if counts != (manifest.articles, manifest.passages, manifest.passages, manifest.dimension):
        raise ValueError(f"articles, passages, vectors, dimension {counts} are not those of the manifest")
    return Generation(
        folder=folder,
        manifest=manifest,
        articles=MappingProxyType(articles),
        hashes=MappingProxyType({record["id"]: record["hash"] for record in records}),
        passages=passages,
        keys=tuple(row["key"] for row in rows),
        sentences=tuple(tuple((start, end) for start, end in row["sentences"]) for row in rows),
        rows=MappingProxyType({passage.id: row for row, passage in enumerate(passages)}),
        store=store,
    )


def _read_manifest(folder: Path) -> Manifest:
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
        found = json.loads(text).get("format")
    except (OSError, ValueError, AttributeError) as exc:
        raise IndexCorruptError(
            f"{folder / MANIFEST} cannot be read: {exc}; run `briefing index` to build anew"
        ) from exc
    if found != FORMAT:
        raise IndexMismatchError(
            f"{folder} has format version {found!r}, this program reads {FORMAT}; run `briefing index` to build anew"
        )
    try:
        return TypeAdapter(Manifest).validate_json(text, strict=True)
    except ValidationError as exc:
        raise IndexCorruptError(f"{folder / MANIFEST}: {exc}; run `briefing index` to build anew") from exc


def _article(record: dict[str, Any]) -> Article:
    published = record["published"]
    return Article(
        id=record["id"],
        text=record["text"],
        title=record["title"],
        source=record["source"],
        url=record["url"],
        published=date.fromisoformat(published) if published else None,
        tags=tuple(record["tags"]),
    )


def _passage(row: dict[str, Any], article: Article) -> Passage:
    """Return a passage whose text is a slice of its article, by construction."""
    start, end = row["start"], row["end"]
    return Passage(row["id"], article.id, start, end, article.text[start:end])


def _write_files(folder: Path, draft: Draft) -> None:
    _write_lines(folder / ARTICLES, (asdict(a) | {"hash": draft.hashes[a.id]} for a in draft.articles))
    _write_lines(
        folder / PASSAGES,
        (
            {"id": p.id, "article_id": p.article_id, "start": p.start, "end": p.end, "key": key, "sentences": spans}
            for p, key, spans in zip(draft.passages, draft.keys, draft.sentences, strict=True)
        ),
    )
    LocalStore.write(folder, draft.vectors, draft.terms, draft.sentence_vectors)
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    hashes = {file.relative_to(folder).as_posix(): _sha256(file) for file in files}
    manifest = asdict(draft.manifest) | {"files": hashes}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    for file in [*files, folder / MANIFEST]:
        _sync(file)
    for each in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        _sync_folder(each)


def _write_lines(file: Path, records: Iterable[dict[str, Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        for record in records:
            stream.write(json.dumps(record, default=str))  # ASCII: lone surrogates cannot break it
            stream.write("\n")


def _read_lines(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="\n") as stream:
        return [json.loads(line) for line in stream]


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as exc:
        raise IndexCorruptError(f"{file} cannot be read: {exc.strerror}; run `briefing index` to build anew") from exc


def _sync(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _point_to(index: Path, name: str) -> None:
    """Move the pointer atomically: readers see the old name or the new one."""
    pointer, draft = index / POINTER, index / f"{POINTER}.new"
    draft.write_text(name + "\n", encoding="utf-8")
    _sync(draft)
    try:
        draft.replace(pointer)
    except OSError as exc:
        raise StoredIndexError(f"{pointer} cannot be replaced: {exc.strerror}; remove it and build again") from exc
    _sync_folder(index)


def _sweep(index: Path, current: str, keep: int) -> None:
    """Remove half-built folders, and of the generations all but the current one and the `keep - 1` newest others."""
    for folder in index.glob(f"{BUILDING}*"):
        shutil.rmtree(folder, ignore_errors=True)
    others = sorted((folder for folder in index.glob("gen-*") if folder.name != current), reverse=True)
    for folder in others[keep - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
