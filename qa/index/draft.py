"""A generation while it is written: passages and vectors go to disk as they come, then it is sealed and published.

It is written under a hidden name, flushed to disk, opened again and checked, renamed, and only then does the pointer
move. Whatever goes wrong before that leaves the index as it was.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from qa.disk import sync, sync_folder
from qa.errors import StoredIndexError
from qa.index.folder import BUILDING, Pointer, point_to
from qa.index.generations import Generation, open_generation
from qa.index.manifest import ARTICLES, MANIFEST, PASSAGES, Manifest, sha256
from qa.store import LocalStore
from qa.types import Article, Passage, Span

if TYPE_CHECKING:
    from qa.types import Vectors


@dataclass(frozen=True, slots=True)
class PassageBatch:
    """Some passages in order, ready to be written; item i of each field belongs to passage i."""

    passages: Sequence[Passage]
    keys: Sequence[str]  # hashes of the texts as encoded
    spans: Sequence[tuple[Span, ...]]  # sentences
    vectors: Vectors  # (n, d), rows of unit norm
    sentence_vectors: Sequence[Vectors]  # n arrays (sentences, d)
    terms: Sequence[Sequence[str]]


class Draft:
    """A generation that is being written. Made by `drafting`."""

    def __init__(self, folder: Path, name: str, dimension: int, files: ExitStack) -> None:
        self.folder = folder
        self.name = name
        self.passages = 0
        self._files = files
        self._articles = files.enter_context(_open(folder / ARTICLES))
        self._rows = files.enter_context(_open(folder / PASSAGES))
        self._store = files.enter_context(LocalStore.writer(folder, dimension))

    def add_article(self, article: Article, content_hash: str) -> None:
        """Append an article."""
        _write(self._articles, asdict(article) | {"hash": content_hash})

    def add(self, batch: PassageBatch) -> None:
        """Append passages of articles that were, or will be, added."""
        for p, key, spans in zip(batch.passages, batch.keys, batch.spans, strict=True):
            row = {"id": p.id, "article_id": p.article_id, "start": p.start, "end": p.end, "key": key}
            _write(self._rows, row | {"sentences": spans})
        self.passages += len(batch.passages)
        self._store.add(batch.vectors, batch.sentence_vectors, batch.terms)

    def seal(self, manifest: Manifest) -> Generation:
        """Flush everything to disk with its hashes and open it again, checked."""
        self._store.finish()
        self._files.close()
        files = sorted(file for file in self.folder.rglob("*") if file.is_file())
        hashes = {file.relative_to(self.folder).as_posix(): sha256(file) for file in files}
        sealed = asdict(replace(manifest, files=hashes))
        (self.folder / MANIFEST).write_text(json.dumps(sealed, indent=1), encoding="utf-8")
        for file in [*files, self.folder / MANIFEST]:
            sync(file)
        for folder in [self.folder, *(path for path in self.folder.rglob("*") if path.is_dir())]:
            sync_folder(folder)
        return open_generation(self.folder)


@contextlib.contextmanager
def drafting(index: Path, name: str, dimension: int) -> Iterator[Draft]:
    """Yield a draft in a hidden folder of the index, which is gone afterwards unless it was published.

    Call under `build_lock`. Raises `StoredIndexError` where the disk refuses.
    """
    building = index / f"{BUILDING}{name}"
    try:
        building.mkdir(parents=True)
        with ExitStack() as files:
            yield Draft(building, name, dimension, files)
    except OSError as exc:
        message = f"{index.absolute()} cannot be written: {exc}; make room or mend permissions, the old index is still there"
        raise StoredIndexError(message) from exc
    finally:
        shutil.rmtree(building, ignore_errors=True)  # gone by then, unless something failed


def publish(index: Path, generation: Generation) -> Generation:
    """Give a sealed generation its name and make it the current one."""
    final = index / generation.name
    generation.folder.rename(final)
    sync_folder(index)
    try:
        point_to(index, Pointer(generation.name))
    except StoredIndexError:
        shutil.rmtree(final, ignore_errors=True)  # nothing names it
        raise
    return replace(generation, folder=final)


def _open(file: Path) -> TextIO:
    return file.open("w", encoding="utf-8", newline="\n")


def _write(stream: TextIO, record: dict[str, Any]) -> None:
    stream.write(json.dumps(record, default=str) + "\n")  # ASCII: lone surrogates cannot break it
