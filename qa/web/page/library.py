"""What the page knows of the articles: the header's line, and the list with the state of each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from qa.briefing import Briefing
from qa.corpus import corpus_files
from qa.types import Article
from qa.web.page.cards import Shown, about

MAX_LISTED = 20_000  # articles sent to the library's list
FRESH_SECONDS = 1.0  # how long a look at the folder is good: many readers arrive at once, the folder may be large

Files = dict[str, tuple[int, int]]  # relative path -> bytes, time of change in ns


class LibraryEntry(Shown):
    """A line of the library's list."""

    id: str
    title: str
    about: str
    source: str | None
    published: str | None
    tags: tuple[str, ...]
    passages: int
    state: str  # "indexed", "changed", "gone", "new" or "refused"
    cause: str  # of a refusal
    file: bool  # whether the article is a file of its own, which can be removed


def folder_files(corpus: Path) -> Files:
    """Return what tells whether a corpus folder changed, without reading a file."""
    files = ((file.relative_to(corpus).as_posix(), file.lstat()) for file in corpus_files(corpus))
    return {name: (info.st_size, info.st_mtime_ns) for name, info in files}


class Library:
    """The articles of the index against the files of the folder. Safe to share between threads.

    `seen` is the corpus folder as the index has taken it in, if that is known; `admin` says whether the page
    offers to change it.
    """

    def __init__(self, briefing: Briefing, seen: Files | None = None, admin: bool = False) -> None:
        self.briefing = briefing
        self.admin = admin
        self._taken = (briefing.generation.name, seen)
        self._looked: tuple[float, Files | None] = (0.0, None)
        self._counted: tuple[str, Counter[str]] = ("", Counter())

    def indexed(self, seen: Files | None) -> None:
        """Take note that the index has been brought in step with these files."""
        self._taken = (self.briefing.generation.name, seen)

    def status(self, _: object) -> dict[str, Any]:
        """Return what the header says; `changed` is None where it cannot be known."""
        generation, seen = self.briefing.generation, self._seen()
        return {
            "title": self.briefing.settings.serve.title,
            "articles": len(generation.articles),
            "passages": len(generation.passages),
            "built": generation.manifest.created,
            "changed": None if seen is None else self.files() != seen,
            "admin": self.admin,
            "held": self.briefing.warning is not None,
        }

    def listing(self, _: object) -> dict[str, Any]:
        """Return the articles, the newest first, files that are not in the index, and what can be filtered by."""
        articles = self.briefing.articles()
        articles.sort(key=lambda article: article.published or date.min, reverse=True)
        files, seen, passages = self.files(), self._seen(), self._passages()
        lines = list(self._outside(files or {}, seen or {}))
        for article in articles[:MAX_LISTED]:
            file = article.id if files is None or article.id in files else article.id.rpartition("#")[0]
            lines.append(_line(article, passages[article.id], file, _state(file, files, seen)))
        return {
            "articles": [line.model_dump() for line in lines],
            "total": len(articles),
            "sources": _counts(article.source for article in articles if article.source),
            "tags": _counts(tag for article in articles for tag in article.tags),
        }

    def files(self, fresh: bool = False) -> Files | None:
        """Return the files of the folder, as they were a moment ago unless `fresh`; None if it cannot be read."""
        looked, files = self._looked
        if fresh or time.monotonic() - looked > FRESH_SECONDS:
            try:
                files = folder_files(self.briefing.settings.corpus.folder)
            except OSError:  # the folder, or a file in it, went away while we looked
                files = None
            self._looked = (time.monotonic(), files)
        return files

    def _seen(self) -> Files | None:
        generation = self.briefing.generation
        if generation.name != self._taken[0]:  # another process has built it, or it was rolled back
            files = self.files()
            known = files if files is None or _older(files, generation.manifest.created) else {}
            self._taken = (generation.name, known)
        return self._taken[1]

    def _outside(self, files: Files, seen: Files) -> Iterator[LibraryEntry]:
        """Yield the files of the folder that no article of the index comes from."""
        inside = set(self.briefing.generation.articles)
        inside |= {article_id.rpartition("#")[0] for article_id in inside}
        receipt = self.briefing.receipt
        refused = {problem.id: problem.cause for problem in receipt.rejected} if receipt else {}
        for name, facts in files.items():
            if name not in inside:
                cause = refused.get(name, "") if facts == seen.get(name) else ""
                article = Article(name, "", name)
                yield _line(article, 0, name, "refused" if cause else "new", cause)

    def _passages(self) -> Counter[str]:
        generation = self.briefing.generation
        name, counted = self._counted
        if name != generation.name:
            counted = Counter(passage.article_id for passage in generation.passages)
            self._counted = (generation.name, counted)
        return counted


def _line(article: Article, passages: int, file: str, state: str, cause: str = "") -> LibraryEntry:
    return LibraryEntry(
        id=article.id,
        title=article.title,
        about=about(article.source, article.published),
        source=article.source,
        published=article.published.isoformat() if article.published else None,
        tags=article.tags,
        passages=passages,
        state=state,
        cause=cause,
        file=file == article.id,
    )


def _state(file: str, files: Files | None, seen: Files | None) -> str:
    if files is None:
        return "indexed"
    if file not in files:
        return "gone"
    return "changed" if seen and seen.get(file) != files[file] else "indexed"


def _counts(values: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(values).items())


def _older(files: Files, created: str) -> bool:
    """Return whether no file was written after a generation was made."""
    made = datetime.fromisoformat(created).timestamp() + 1  # the manifest counts whole seconds
    return all(changed_ns < made * 1e9 for _, changed_ns in files.values())
