"""One generation: the state of the index at one moment, loaded and checked.

    gen-20261124T101500-…/
    ├── manifest.json       format, model, splitter, counts, SHA-256 of every other file
    ├── articles.jsonl      the articles as they were read
    ├── passages.jsonl      offsets, those of its sentences, and the hash of the text as encoded
    └── …                   vectors and BM25 statistics, as `qa.store` keeps them

Nothing in it is ever changed after it was published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.errors import IndexCorruptError
from qa.index.manifest import REBUILD, ARTICLES, PASSAGES, Manifest, read_manifest, sha256
from qa.store import LocalStore
from qa.text.passages import passage_of
from qa.types import Article, Passage, Span, Store

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Generation:
    """One immutable state of the index, loaded."""

    folder: Path
    manifest: Manifest
    articles: MappingProxyType[str, Article]
    hashes: MappingProxyType[str, str]  # article id -> content hash
    passages: tuple[Passage, ...]
    owners: NDArray[np.int32] = field(compare=False)  # of each passage, the place of its article in `articles`
    keys: tuple[str, ...]  # hash of each passage's text as encoded
    sentences: tuple[tuple[Span, ...], ...]  # of each passage, offsets in the passage
    rows: MappingProxyType[str, int]  # passage id -> its place in `passages` and in the store
    spans: MappingProxyType[str, range]  # article id -> the places of its passages
    store: Store

    @property
    def name(self) -> str:
        """Name of the generation's folder."""
        return self.manifest.generation

    def rows_of(self, article_id: str) -> range:
        """Return the places of an article's passages, in order: those of one article stand together."""
        return self.spans.get(article_id, range(0))


def open_generation(folder: Path) -> Generation:
    """Load a generation after checking its format, its hashes and that its parts fit each other.

    Raises `IndexMismatchError` (another format) or `IndexCorruptError` with the file's name.
    """
    manifest = read_manifest(folder)
    for name, expected in manifest.files.items():
        if sha256(folder / name) != expected:
            raise IndexCorruptError(f"{folder / name} is not as it was written; {REBUILD}")
    try:
        return _load(folder, manifest)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as exc:
        raise IndexCorruptError(f"{folder} does not fit together: {exc!r}; {REBUILD}") from exc


def _load(folder: Path, manifest: Manifest) -> Generation:
    articles: dict[str, Article] = {}
    hashes: dict[str, str] = {}
    for record in _read_lines(folder / ARTICLES):
        articles[record["id"]] = _article(record)
        hashes[record["id"]] = record["hash"]
    passages: list[Passage] = []
    keys: list[str] = []
    sentences: list[tuple[Span, ...]] = []
    for row in _read_lines(folder / PASSAGES):
        passages.append(_passage(row, articles[row["article_id"]]))
        keys.append(row["key"])
        sentences.append(tuple((start, end) for start, end in row["sentences"]))
    store = LocalStore.open(folder)
    place = {article_id: i for i, article_id in enumerate(articles)}
    spans: dict[str, range] = {}
    for i, passage in enumerate(passages):
        spans[passage.article_id] = range(spans.get(passage.article_id, range(i, i)).start, i + 1)
    if sum(map(len, spans.values())) != len(passages):
        raise ValueError("the passages of an article do not stand together")
    counts = (len(articles), len(passages), len(store), store.dimension)
    if counts != (manifest.articles, manifest.passages, manifest.passages, manifest.dimension):
        raise ValueError(f"articles, passages, vectors, dimension {counts} are not those of the manifest")
    return Generation(
        folder=folder,
        manifest=manifest,
        articles=MappingProxyType(articles),
        hashes=MappingProxyType(hashes),
        passages=tuple(passages),
        owners=np.array([place[passage.article_id] for passage in passages], dtype=np.int32),
        keys=tuple(keys),
        sentences=tuple(sentences),
        rows=MappingProxyType({passage.id: row for row, passage in enumerate(passages)}),
        spans=MappingProxyType(spans),
        store=store,
    )


def _article(record: dict[str, Any]) -> Article:
    published, modified = record["published"], record.get("modified")
    return Article(
        id=record["id"],
        text=record["text"],
        title=record["title"],
        source=record["source"],
        url=record["url"],
        published=date.fromisoformat(published) if published else None,
        tags=tuple(record["tags"]),
        pages=tuple(record.get("pages", ())),
        scanned=tuple(record.get("scanned", ())),
        modified=date.fromisoformat(modified) if modified else None,
        dated_by=record.get("dated_by"),
        authors=tuple(record.get("authors", ())),
    )


def _passage(row: dict[str, Any], article: Article) -> Passage:
    """Return a passage whose text is a slice of its article, by construction."""
    return passage_of(article, row["start"], row["end"], row["id"])


def _read_lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            yield json.loads(line)
