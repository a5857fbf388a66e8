"""`Briefing`: the facade that joins corpus, index, retrieval and reading."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from qa.answer import Findings
from qa.answer import answer as make_answer
from qa.corpus import read_corpus
from qa.encoder import SentenceEncoder
from qa.errors import (
    ArticleNotFoundError,
    IndexCorruptError,
    IndexMismatchError,
    IndexNotFoundError,
    QuestionError,
    StoredIndexError,
)
from qa.index import Generation, Plan, build, build_lock, current_generation, current_name
from qa.reader import SentenceReader
from qa.retrieval import Filters, retrieve
from qa.settings import MAX_K, Settings, load_settings
from qa.types import Answer, Article, Corpus, Encoder, Hit, Progress, Reader, Receipt

log = logging.getLogger(__name__)

Update = Literal["auto", "never"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation with its reader; a call takes it once and keeps to it."""

    generation: Generation
    reader: Reader


class Briefing:
    """A corpus with its index. Safe to share between threads: each call works on one immutable snapshot."""

    def __init__(self, settings: Settings, encoder: Encoder | None = None) -> None:
        self.settings = settings
        self.encoder: Encoder = encoder or SentenceEncoder(settings.index.model, settings.index.batch_size)
        self.receipt: Receipt | None = None  # of the last refresh
        self.on_answer: Callable[[Answer], None] | None = None  # told of every answer, in the thread that made it
        self._snapshot: Snapshot | None = None
        self._tried: str | None = None  # the last generation of another process that was moved to, or refused
        self._refreshing = threading.Lock()
        self._moving = threading.Lock()

    @classmethod
    def open(
        cls,
        corpus: str | Path | None = None,
        index: str | Path | None = None,
        update: Update = "auto",
        settings: Settings | None = None,
        encoder: Encoder | None = None,
    ) -> Briefing:
        """Open a briefing.

        `update="auto"` builds the index or brings it up to date first; `"never"` serves what is there.
        `corpus` and `index` are folders, by default those of the settings.

        Raises `CorpusError`, `StoredIndexError`, `ModelError` or `SettingsError`.
        """
        settings = settings or load_settings()
        groups = {"corpus": corpus, "index": index}
        changed = {
            name: getattr(settings, name).model_copy(update={"folder": Path(folder)})
            for name, folder in groups.items()
            if folder is not None
        }
        briefing = cls(settings.model_copy(update=changed), encoder)
        if update == "auto":
            briefing.refresh()
        else:
            briefing._serve(briefing._checked(current_generation(briefing.settings.index.folder)))
        return briefing

    def refresh(self, progress: Progress | None = None) -> Receipt:
        """Bring the index in step with the corpus folder, serve it, and return what was done.

        Calls in other threads go on with the snapshot they took. An index made by another model, splitter
        or format version is built anew.

        Raises `CorpusError` or `StoredIndexError`; the index then stays as it was.
        """
        settings = self.settings.corpus
        return self._update(lambda: read_corpus(settings.folder, settings.max_file_bytes), progress)

    def index(self, corpus: Corpus, progress: Progress | None = None) -> Receipt:
        """Bring the index in step with a corpus that is already read, and serve it. Raises as `refresh` does."""
        return self._update(lambda: corpus, progress)

    def _update(self, read: Callable[[], Corpus], progress: Progress | None) -> Receipt:
        folder = self.settings.index.folder
        with self._refreshing, build_lock(folder):
            corpus = read()  # under the lock: what was read first must not be written last
            previous = self._previous(folder)
            receipt = build(corpus, Plan(self.settings.index, self.encoder, previous, progress))
            unchanged = previous is not None and receipt.generation == previous.name
            self._serve(previous if previous is not None and unchanged else current_generation(folder))
            self.receipt = receipt
            return receipt

    def retrieve(
        self,
        question: str,
        k: int | None = None,
        since: date | None = None,
        until: date | None = None,
        sources: Collection[str] | None = None,
        tags: Collection[str] | None = None,
    ) -> list[Hit]:
        """Return up to k hits, best first; the same list for the same question and index, always.

        `since` and `until` are included; articles without a date pass no date filter.

        Raises `QuestionError` or `FilterError`.
        """
        filters = Filters(since, until, sources, tags)
        return self._retrieve(self._taken(), self._valid(question), k, filters)

    def ask(
        self,
        question: str,
        since: date | None = None,
        until: date | None = None,
        sources: Collection[str] | None = None,
        tags: Collection[str] | None = None,
    ) -> Answer:
        """Return the answer with its citations, or a refusal with the nearest passages.

        Raises `QuestionError` or `FilterError`.
        """
        snapshot, question = self._taken(), self._valid(question)
        started = time.perf_counter()
        hits = self._retrieve(snapshot, question, self.settings.reader.passages, Filters(since, until, sources, tags))
        retrieved = time.perf_counter()
        readings = snapshot.reader.read(question, hits)
        read = time.perf_counter()
        milliseconds = {"retrieve": round(1e3 * (retrieved - started), 1), "read": round(1e3 * (read - retrieved), 1)}
        findings = Findings(question, hits, readings, snapshot.generation.articles, snapshot.generation.name)
        answer = make_answer(findings, self.settings.reader, milliseconds)
        if self.on_answer is not None:
            self.on_answer(answer)
        return answer

    def articles(self) -> list[Article]:
        """Return the articles of the index, in order of id."""
        return list(self._taken().generation.articles.values())

    def article(self, article_id: str) -> Article:
        """Return one article of the index. Raises `ArticleNotFoundError`."""
        try:
            return self._taken().generation.articles[article_id]
        except KeyError as exc:
            message = f"no article {article_id[:200]!r} in the index; `briefing articles` lists them"
            raise ArticleNotFoundError(message) from exc

    @property
    def generation(self) -> Generation:
        """The generation that is served now."""
        return self._taken().generation

    def _taken(self) -> Snapshot:
        """Return the snapshot for one call, after moving to a generation that another process has built."""
        snapshot = self._snapshot
        if snapshot is None:
            raise IndexNotFoundError("nothing is served yet; call refresh() first, or use Briefing.open")
        folder = self.settings.index.folder
        try:
            name = current_name(folder)
            if name not in (snapshot.generation.name, self._tried) and self._moving.acquire(blocking=False):
                try:  # one thread loads it, others go on meanwhile; one that cannot be opened is tried once
                    self._tried = name
                    self._serve(self._checked(current_generation(folder)))
                finally:
                    self._moving.release()
        except StoredIndexError as exc:
            log.warning("still serving %s: %s", snapshot.generation.name, exc)
        return self._snapshot or snapshot

    def _serve(self, generation: Generation) -> None:
        self._snapshot = Snapshot(generation, SentenceReader(self.encoder, generation))

    def _retrieve(self, snapshot: Snapshot, question: str, k: int | None, filters: Filters) -> list[Hit]:
        settings = self.settings.retrieval
        if k is not None:
            if not 1 <= k <= MAX_K:
                raise QuestionError(f"k is {k}; ask for 1 to {MAX_K} hits")
            settings = settings.model_copy(update={"k": k})
        return retrieve(question, snapshot.generation, self.encoder, settings, filters)

    def _valid(self, question: str) -> str:
        question = question.strip()
        if not question:
            raise QuestionError("the question is empty; ask something, for example: who finances the railway?")
        limit = self.settings.reader.question_chars
        if len(question) > limit:
            raise QuestionError(f"the question has {len(question):,} characters, more than {limit:,}; shorten it")
        return question

    def _previous(self, folder: Path) -> Generation | None:
        try:
            return current_generation(folder)
        except IndexNotFoundError:
            return None
        except (IndexMismatchError, IndexCorruptError) as exc:
            log.warning("building the index anew: %s", exc)
            return None

    def _checked(self, generation: Generation) -> Generation:
        made = generation.manifest
        if made.fingerprint != self.encoder.fingerprint:
            raise IndexMismatchError(
                f"{generation.folder} was built with the model {made.model!r} ({made.fingerprint[:12]}), "
                f"the settings name {self.encoder.name!r} ({self.encoder.fingerprint[:12]}); run `briefing index` to "
                "build it anew, or set [index] model to what it was"
            )
        return generation
