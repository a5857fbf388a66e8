"""The index that is served: snapshots, and how one replaces another.

`Live` moves between generations: it brings the index in step with the corpus folder, rolls back, and follows what
another process builds. Each question takes one immutable `Snapshot` and keeps to it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from qa.asking.digest import changed_answer
from qa.corpus import read_corpus
from qa.corpus.pinned import FILE_NAME as PINNED
from qa.corpus.pinned import PinnedQuestion, fault, read_pinned
from qa.encoder import Options, SentenceEncoder
from qa.errors import (
    BriefingError,
    CorpusError,
    DatasetError,
    IndexCorruptError,
    IndexMismatchError,
    IndexNotFoundError,
    StoredIndexError,
)
from qa.index import (
    Check,
    Generation,
    GenerationEntry,
    Plan,
    build,
    build_lock,
    current_generation,
    empty_message,
    last_good_generation,
    listed,
    read_pointer,
    release,
    roll_back,
)
from qa.index.changed_answers import write_changed
from qa.reader import Network, SentenceReader, SpanReader, weights_file
from qa.search import Search
from qa.settings import IndexSettings, Settings
from qa.types import Answer, ChangedAnswer, Corpus, Encoder, Problem, Progress, Reader, Receipt

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation with its search and its reader; a call takes it once and keeps to it."""

    generation: Generation
    search: Search
    reader: Reader
    sources: tuple[str, ...] = ()  # of its articles, by name


Ask = Callable[[Snapshot, str], Answer]
"""Answers a question from a snapshot; asks the pinned questions of a new generation."""


@dataclass(frozen=True, slots=True)
class _Consent:
    """What an update is allowed to do, and what it has to check."""

    deletions: bool = False
    strict: bool = False
    empty: bool = False
    recheck: bool = True


class Live:
    """The generation that is served and how it is replaced. Safe to share between threads."""

    def __init__(self, settings: Settings, encoder: Encoder | None, ask: Ask) -> None:
        self.settings = settings
        self.encoder: Encoder = encoder or encoder_of(settings.index)
        self.receipt: Receipt | None = None  # of the last refresh
        self.warning: str | None = None  # why what is served is not what the corpus folder holds
        self._ask = ask
        self._snapshot: Snapshot | None = None
        self._tried: str | None = None  # the last generation of another process that was moved to, or refused
        wanted = settings.reader.model == "spans" and weights_file() is not None
        self._network = Network() if wanted else None  # without the trained weights, sentences are read
        self._refreshing = threading.Lock()
        self._moving = threading.Lock()

    def snapshot(self) -> Snapshot:
        """Return the snapshot for one call, after moving to a generation that another process has built.

        Raises `IndexNotFoundError` before anything is served.
        """
        snapshot = self._snapshot
        if snapshot is None:
            raise IndexNotFoundError("nothing is served yet; call refresh() first, or use Briefing.open")
        folder = self.settings.index.folder
        try:
            name = read_pointer(folder).name
            if name not in (snapshot.generation.name, self._tried) and self._moving.acquire(blocking=False):
                try:  # one thread loads it, others go on meanwhile; one that cannot be opened is tried once
                    self._tried = name
                    self._serve(self._checked(current_generation(folder)))
                finally:
                    self._moving.release()
        except StoredIndexError as exc:
            log.warning("still serving %s: %s", snapshot.generation.name, exc)
        return self._snapshot or snapshot

    def update(self, progress: Progress | None = None, *, allow_empty: bool = False) -> Receipt | None:
        """Bring the index in step with the corpus folder if possible, and serve the last good generation.

        `allow_empty` serves a folder without any article too, which is then waited for. Returns None, and sets
        `warning`, where the update failed or was refused or a rollback holds the index.
        Raises as `Briefing.open`.
        """
        try:
            if read_pointer(self.settings.index.folder).held:
                self.serve_current()
                self._warn(_held(self.snapshot().generation))
                return None
        except StoredIndexError:
            pass  # what follows repairs it, or says what is wrong
        try:  # nothing is rechecked: what did not change was checked when it was built
            return self._refresh(progress, _Consent(empty=allow_empty, recheck=False))
        except (CorpusError, StoredIndexError) as exc:
            try:
                self.serve_current()
            except BriefingError:
                raise exc from None
            generation = self.snapshot().generation
            self._warn(f"serving {generation.name} of {generation.manifest.created}: {exc}")
            return None

    def serve_current(self) -> None:
        """Serve the current generation or, where that is damaged, the newest one that is whole, with a `warning`.

        Raises `IndexNotFoundError`, `IndexMismatchError` or `IndexCorruptError`.
        """
        generation, damage = last_good_generation(self.settings.index.folder)
        self._serve(self._checked(generation))
        self.warning = None
        if damage:
            self._warn(damage)

    def refresh(self, progress: Progress | None, *, confirm_deletions: bool, strict: bool) -> Receipt:
        """Bring the index in step with the corpus folder, serve it, and return what was done.

        Raises `CorpusError` or `StoredIndexError`; the index then stays as it was.
        """
        return self._refresh(progress, _Consent(confirm_deletions, strict))

    def index(self, corpus: Corpus, progress: Progress | None) -> Receipt:
        """Bring the index in step with a corpus that is already read, and serve it. Raises as `refresh` does."""
        return self._update(lambda: corpus, progress, _Consent())

    def rollback(self, generation: str | None) -> str:
        """Serve an older generation, by default the one before, until the next `refresh`; return its name.

        Raises `IndexNotFoundError`, `IndexCorruptError` or `IndexMismatchError`; what is served then stays.
        """
        folder = self.settings.index.folder
        with self._refreshing, build_lock(folder):
            older = roll_back(folder, generation, self._checked)
            self._serve(older)
            self.warning = _held(older)
            return older.name

    def generations(self) -> list[GenerationEntry]:
        """Return the generations of the index folder, newest first. Raises `IndexNotFoundError`."""
        return listed(self.settings.index.folder)

    def _refresh(self, progress: Progress | None, consent: _Consent) -> Receipt:
        corpus, index = self.settings.corpus, self.settings.index.folder
        kept = index / "extracted"
        return self._update(lambda: read_corpus(corpus.folder, corpus.limits, [index], kept), progress, consent)

    def _update(self, read: Callable[[], Corpus], progress: Progress | None, consent: _Consent) -> Receipt:
        folder = self.settings.index.folder
        with self._refreshing, build_lock(folder):
            corpus = read()  # under the lock: what was read first must not be written last
            pinned, faults = self._pinned()
            corpus = replace(corpus, warnings=corpus.warnings + faults)
            previous, asked = self._previous(), dict[str, Answer]()
            plan = Plan(
                self.settings.index,
                self.encoder,
                previous,
                progress,
                confirm_deletions=consent.deletions,
                strict=consent.strict,
                allow_empty=consent.empty,
                recheck=consent.recheck,
            )
            receipt, generation = build(corpus, plan, [self._check(question, asked) for question in pinned])
            if previous is not None and receipt.changed:
                receipt = replace(receipt, answers=self._changed(previous, asked))
                write_changed(folder, generation.name, receipt.answers)
            release(folder)
            self._serve(generation)
            self.receipt = receipt
            if generation.hashes:
                self.warning = None
            else:
                self._warn(empty_message(corpus))
            return receipt

    def _pinned(self) -> tuple[list[PinnedQuestion], tuple[Problem, ...]]:
        try:
            return read_pinned(self.settings.corpus.folder), ()
        except DatasetError as exc:
            return [], (Problem(PINNED, str(exc)),)

    def _changed(self, previous: Generation, asked: Mapping[str, Answer]) -> tuple[ChangedAnswer, ...]:
        """Return the pinned questions that the generation before answered otherwise."""
        before = self._snapshot_of(previous)
        found = (changed_answer(self._ask(before, question), answer) for question, answer in asked.items())
        return tuple(change for change in found if change is not None)

    def _check(self, pinned: PinnedQuestion, asked: dict[str, Answer]) -> Check:
        def check(generation: Generation) -> Problem | None:
            answer = asked[pinned.question] = self._ask(self._snapshot_of(generation), pinned.question)
            cause = fault(pinned, answer)
            return Problem(pinned.question, cause) if cause else None

        return check

    def _serve(self, generation: Generation) -> None:
        self._snapshot = self._snapshot_of(generation)

    def _snapshot_of(self, generation: Generation) -> Snapshot:
        sentences = SentenceReader(self.encoder, generation)
        settings = self.settings.retrieval
        sources = tuple(sorted({article.source for article in generation.articles.values() if article.source}))
        if self._network is None:
            return Snapshot(generation, Search(generation, self.encoder, settings), sentences, sources)
        spans = SpanReader(self._network, sentences, generation)
        return Snapshot(generation, Search(generation, self.encoder, settings, spans.relevance), spans, sources)

    def _warn(self, warning: str) -> None:
        if warning != self.warning:
            log.warning("%s", warning)
        self.warning = warning

    def _previous(self) -> Generation | None:
        try:
            generation, damage = last_good_generation(self.settings.index.folder)
        except IndexNotFoundError:
            return None
        except (IndexMismatchError, IndexCorruptError) as exc:
            log.warning("rebuilding the index: %s", exc)
            return None
        if damage:
            log.warning("%s", damage)
        return generation

    def _checked(self, generation: Generation) -> Generation:
        made = generation.manifest
        if made.fingerprint.partition("+")[0] != self.encoder.fingerprint.partition("+")[0]:  # precision aside
            raise IndexMismatchError(
                f"{generation.folder} was built with the model {made.model!r} ({made.fingerprint[:12]}), "
                f"the settings name {self.encoder.name!r} ({self.encoder.fingerprint[:12]}); run `briefing index` to "
                "rebuild it, or set [index] model to what it was"
            )
        return generation


def _held(generation: Generation) -> str:
    return f"{generation.name} is held since a rollback; `briefing index` follows the folder again"


def encoder_of(settings: IndexSettings) -> Encoder:
    """Return the encoder that the settings name; nothing is loaded yet. Raises `ModelError`."""
    options = Options(settings.query_prompt, settings.passage_prompt, settings.precision, settings.batch_size)
    return SentenceEncoder(settings.model, options)
