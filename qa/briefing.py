"""`Briefing`: the facade that joins corpus, index, retrieval and reading."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from qa.answer import Findings, about, overview
from qa.answer import answer as make_answer
from qa.conversation import History, Request, fused, reply, request_of, speaking_of, spoken, stand_alone, survey
from qa.conversation.fusion import DEPTH
from qa.conversation.survey import PASSAGES
from qa.corpus import read_corpus
from qa.encoder import Options, SentenceEncoder
from qa.errors import (
    ArticleNotFoundError,
    BriefingError,
    CorpusError,
    DatasetError,
    IndexCorruptError,
    IndexMismatchError,
    IndexNotFoundError,
    QuestionError,
    SettingsError,
    StoredIndexError,
)
from qa.index import (
    Check,
    Generation,
    Listed,
    Plan,
    build,
    build_lock,
    current_generation,
    last_good_generation,
    listed,
    read_pointer,
    release,
    roll_back,
)
from qa.pinned import FILE_NAME as PINNED
from qa.pinned import PinnedQuestion, fault, read_pinned
from qa.reader import Network, SentenceReader, SpanReader, weights_file
from qa.rerank import RERANKED
from qa.rerank import rerank as reranked
from qa.retrieval import Filters, retrieve, retrieve_many
from qa.settings import MAX_K, IndexSettings, RetrievalSettings, Settings, load_settings
from qa.types import Answer, Article, Corpus, Encoder, Hit, Mode, Problem, Progress, Reader, Reading, Receipt

log = logging.getLogger(__name__)

Update = Literal["auto", "never"]
GUESS_MARGIN = 0.1  # of confidence, set on the half of tests/data/dialogues.jsonl that was tuned on


@dataclass(frozen=True, slots=True)
class _Consent:
    """What an update may do, and what must hold for it."""

    deletions: bool = False
    strict: bool = False
    recheck: bool = True


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation with its reader; a call takes it once and keeps to it."""

    generation: Generation
    reader: Reader


class Briefing:
    """A corpus with its index. Safe to share between threads: each call works on one immutable snapshot."""

    def __init__(self, settings: Settings, encoder: Encoder | None = None) -> None:
        self.settings = settings
        self.encoder: Encoder = encoder or encoder_of(settings.index)
        self.receipt: Receipt | None = None  # of the last refresh
        self.on_answer: Callable[[Answer], None] | None = None  # told of every answer, in the thread that made it
        self.warning: str | None = None  # why what is served is not what the corpus folder holds
        self._snapshot: Snapshot | None = None
        self._tried: str | None = None  # the last generation of another process that was moved to, or refused
        wanted = settings.reader.model == "spans" and weights_file() is not None
        self._network = Network() if wanted else None  # without the trained weights, sentences are read
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

        `update="auto"` builds the index or brings it up to date first, `"never"` serves what is there. `corpus` and
        `index` are folders, by default those of the settings. An update that fails or is refused, or a current
        generation that is damaged, leaves the last good generation served; `warning` says why.

        Raises `CorpusError` or `StoredIndexError` when there is none, `ModelError` or `SettingsError`.
        """
        settings = settings or load_settings()
        groups = {"corpus": corpus, "index": index}
        changed = {
            name: getattr(settings, name).model_copy(update={"folder": Path(folder)})
            for name, folder in groups.items()
            if folder is not None
        }
        briefing = cls(settings.model_copy(update=changed), encoder)
        briefing.serve_current() if update == "never" else briefing.update()
        return briefing

    def update(self, progress: Progress | None = None) -> Receipt | None:
        """Bring the index in step with the corpus folder if that can be done, and serve the last good generation.

        Returns None, and sets `warning`, where the update failed or was refused or a rollback holds the index.
        Raises as `open`.
        """
        try:
            if read_pointer(self.settings.index.folder).held:
                self.serve_current()
                self._warn(_held(self.generation))
                return None
        except StoredIndexError:
            pass  # told, or mended, by what follows
        try:
            return self._refresh(
                progress, _Consent(recheck=False)
            )  # what nothing changed was checked when it was built
        except (CorpusError, StoredIndexError) as exc:
            try:
                self.serve_current()
            except BriefingError:
                raise exc from None
            self._warn(f"serving {self.generation.name} of {self.generation.manifest.created}: {exc}")
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

    def refresh(
        self, progress: Progress | None = None, *, confirm_deletions: bool = False, strict: bool = False
    ) -> Receipt:
        """Bring the index in step with the corpus folder, serve it, and return what was done.

        Calls in other threads go on with the snapshot they took. An index made by another model, splitter or format
        version is built anew. `confirm_deletions` agrees to lose more than half of the articles; `strict` refuses a
        generation in which a pinned question fails.

        Raises `CorpusError` or `StoredIndexError`; the index then stays as it was.
        """
        return self._refresh(progress, _Consent(confirm_deletions, strict))

    def index(self, corpus: Corpus, progress: Progress | None = None) -> Receipt:
        """Bring the index in step with a corpus that is already read, and serve it. Raises as `refresh` does."""
        return self._update(lambda: corpus, progress, _Consent())

    def rollback(self, generation: str | None = None) -> str:
        """Serve an older generation, by default the one before, until the next `refresh`; return its name.

        Raises `IndexNotFoundError`, `IndexCorruptError` or `IndexMismatchError`; what is served then stays.
        """
        folder = self.settings.index.folder
        with self._refreshing, build_lock(folder):
            older = roll_back(folder, generation, self._checked)
            self._serve(older)
            self.warning = _held(older)
            return older.name

    def generations(self) -> list[Listed]:
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
            plan = Plan(
                self.settings.index,
                self.encoder,
                self._previous(folder),
                progress,
                confirm_deletions=consent.deletions,
                strict=consent.strict,
                recheck=consent.recheck,
            )
            receipt, generation = build(corpus, plan, [self._check(question) for question in pinned])
            release(folder)
            self._serve(generation)
            self.receipt, self.warning = receipt, None
            return receipt

    def _pinned(self) -> tuple[list[PinnedQuestion], tuple[Problem, ...]]:
        try:
            return read_pinned(self.settings.corpus.folder), ()
        except DatasetError as exc:
            return [], (Problem(PINNED, str(exc)),)

    def _check(self, pinned: PinnedQuestion) -> Check:
        def check(generation: Generation) -> Problem | None:
            answer = self._ask(self._snapshot_of(generation), request_of(pinned.question), Filters())
            cause = fault(pinned, answer)
            return Problem(pinned.question, cause) if cause else None

        return check

    def retrieve(
        self,
        question: str,
        k: int | None = None,
        since: date | None = None,
        until: date | None = None,
        sources: Collection[str] | None = None,
        tags: Collection[str] | None = None,
        collapse: bool = True,
        mode: Mode | None = None,
        rerank: bool | None = None,
    ) -> list[Hit]:
        """Return up to k hits, best first; the same list for the same question and index, always.

        `since` and `until` are included; articles without a date pass no date filter, and the trace counts them. Near
        copies in other articles fold under the best of them, which names them in `also_in`, unless `collapse` is False.
        `mode` is `hybrid` (the default), `dense` or `bm25`. `rerank` puts the first 20 hits of a question in order of
        the trained reader's relevance too, by default as the settings say.

        Raises `QuestionError`, `FilterError` or `SettingsError`.
        """
        filters, settings = Filters(since, until, sources, tags), self._retrieval(k, mode, rerank)
        valid, snapshot = self._valid(question), self._taken()
        found = retrieve(valid, snapshot.generation, self.encoder, _deep(settings), filters, collapse)
        return _ordered(valid, found, snapshot, settings)

    def retrieve_many(
        self,
        questions: Sequence[str],
        k: int | None = None,
        since: date | None = None,
        until: date | None = None,
        sources: Collection[str] | None = None,
        tags: Collection[str] | None = None,
        collapse: bool = True,
        mode: Mode | None = None,
        rerank: bool | None = None,
    ) -> list[list[Hit]]:
        """Return the hits of each question, as `retrieve` does; faster, because they are encoded in one batch.

        Raises as `retrieve` does.
        """
        filters, settings = Filters(since, until, sources, tags), self._retrieval(k, mode, rerank)
        valid, snapshot = [self._valid(question) for question in questions], self._taken()
        found = retrieve_many(valid, snapshot.generation, self.encoder, _deep(settings), filters, collapse)
        return [_ordered(question, hits, snapshot, settings) for question, hits in zip(valid, found, strict=True)]

    def ask(
        self,
        question: str,
        since: date | None = None,
        until: date | None = None,
        sources: Collection[str] | None = None,
        tags: Collection[str] | None = None,
        *,
        history: History = (),
        searched_for: str | None = None,
    ) -> Answer:
        """Return the answer with its citations, or a refusal with the nearest passages.

        `history` holds earlier (question, answer) pairs, oldest first; an answer is an `Answer` or its text. A question
        that leans on them is searched for as `stand_alone` has it, and `trace.searched_for` says so. `searched_for` is
        a wording of one's own instead: only that is searched for.

        Raises `QuestionError` or `FilterError`.
        """
        chosen = self._valid(searched_for) if searched_for is not None else None
        request = request_of(self._valid(question), history, chosen)
        answer = self._ask(self._taken(), request, Filters(since, until, sources, tags))
        if self.on_answer is not None:
            self.on_answer(answer)
        return answer

    def stand_alone(self, question: str, history: History) -> str:
        """Return the question as it would be searched for after these (question, answer) pairs.

        `ask` searches for the question as typed where no word of it refers back and the articles answer it better so.

        Raises `QuestionError`.
        """
        return stand_alone(self._valid(question), spoken(history))

    def _ask(self, snapshot: Snapshot, request: Request, filters: Filters) -> Answer:
        if request.aside:
            return self._reply(snapshot, request, filters)
        answer = self._answer(snapshot, request, filters)
        if request.guessed:  # that it leans on what was said: its answer has to be the better one for that
            as_typed = self._answer(snapshot, request.as_typed, filters)
            return answer if answer.confidence > as_typed.confidence + GUESS_MARGIN else as_typed
        return answer

    def _answer(self, snapshot: Snapshot, request: Request, filters: Filters) -> Answer:
        started = time.perf_counter()
        hits = self._found(snapshot, request, filters)
        retrieved = time.perf_counter()
        generation, asked = snapshot.generation, request.searched_for
        if request.subject:
            chosen = survey(request.subject, hits, generation, self.encoder, request.said)
            if chosen:
                findings = Findings(asked, hits, chosen, generation.articles, generation.name)
                found = overview(findings, chosen, _milliseconds(started, retrieved))
                return replace(found, question=request.question)
        readings = [r for r in snapshot.reader.read(asked, hits) if not _was_said(r, request.said, generation)]
        milliseconds = _milliseconds(started, retrieved)
        findings = Findings(asked, hits, readings, generation.articles, generation.name)
        return replace(make_answer(findings, self.settings.reader, milliseconds), question=request.question)

    def _retrieve(self, snapshot: Snapshot, question: str, k: int, filters: Filters) -> list[Hit]:
        return retrieve(question, snapshot.generation, self.encoder, self._retrieval(k), filters)

    def _found(self, snapshot: Snapshot, request: Request, filters: Filters) -> list[Hit]:
        """Return the hits of a question as rewritten and, where that differs, of the question as asked, fused."""
        k = PASSAGES if request.subject else self.settings.reader.passages
        if request.raw is None:
            return self._retrieve(snapshot, request.subject or request.searched_for, k, filters)
        depth = max(k, DEPTH)
        wordings = (request.searched_for, request.raw)
        rewritten, raw = (self._retrieve(snapshot, wording, depth, filters) for wording in wordings)
        return fused(rewritten, raw, k)

    def _reply(self, snapshot: Snapshot, request: Request, filters: Filters) -> Answer:
        """Return what the list of articles says to small talk, or to a question about the briefing itself."""
        generation = snapshot.generation
        assert request.aside is not None
        articles = [article for article in generation.articles.values() if filters.admits(article)]
        subject, hits, held = request.aside.subject, [], []
        if subject:
            hits = self._retrieve(snapshot, subject, self.settings.reader.passages, filters)
            held = [article for article in speaking_of(subject, generation) if filters.admits(article)]
            named = {article.id for article in held}
            hits = [hit for hit in hits if hit.passage.article_id in named]
        findings = Findings(request.question, hits, (), generation.articles, generation.name)
        return about(findings, reply(request.aside, articles, held))

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

    @property
    def snapshot(self) -> Snapshot:
        """The generation that is served now, with its reader."""
        return self._taken()

    def _taken(self) -> Snapshot:
        """Return the snapshot for one call, after moving to a generation that another process has built."""
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

    def _serve(self, generation: Generation) -> None:
        self._snapshot = self._snapshot_of(generation)

    def _snapshot_of(self, generation: Generation) -> Snapshot:
        sentences = SentenceReader(self.encoder, generation)
        if self._network is None:
            return Snapshot(generation, sentences)
        return Snapshot(generation, SpanReader(self._network, sentences, generation))

    def _warn(self, warning: str) -> None:
        log.warning("%s", warning)
        self.warning = warning

    def _retrieval(self, k: int | None, mode: Mode | None = None, rerank: bool | None = None) -> RetrievalSettings:
        """Return the settings of one call."""
        settings = self.settings.retrieval
        if k is not None:
            if not 1 <= k <= MAX_K:
                raise QuestionError(f"k is {k}; ask for 1 to {MAX_K} hits")
            settings = settings.model_copy(update={"k": k})
        if mode is not None:
            if mode not in get_args(Mode):
                raise SettingsError(f"mode is {mode!r}; it must be one of {', '.join(get_args(Mode))}")
            settings = settings.model_copy(update={"mode": mode})
        if rerank is not None:
            settings = settings.model_copy(update={"rerank": rerank})
        return settings

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
            generation, damage = last_good_generation(folder)
        except IndexNotFoundError:
            return None
        except (IndexMismatchError, IndexCorruptError) as exc:
            log.warning("building the index anew: %s", exc)
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
                "build it anew, or set [index] model to what it was"
            )
        return generation


def _deep(settings: RetrievalSettings) -> RetrievalSettings:
    """Return the settings with hits enough to rerank."""
    return settings.model_copy(update={"k": max(settings.k, RERANKED)}) if settings.rerank else settings


def _ordered(question: str, hits: list[Hit], snapshot: Snapshot, settings: RetrievalSettings) -> list[Hit]:
    """Return the hits that a call asked for: as found, or reranked and cut."""
    if not settings.rerank:
        return hits
    if not isinstance(snapshot.reader, SpanReader):
        raise SettingsError('the trained reader reranks; set [reader] model = "spans", or [retrieval] rerank = false')
    return reranked(question, hits, snapshot.reader.relevance)[: settings.k]


def _milliseconds(started: float, retrieved: float) -> dict[str, float]:
    read = time.perf_counter()
    return {"retrieve": round(1e3 * (retrieved - started), 1), "read": round(1e3 * (read - retrieved), 1)}


def _was_said(reading: Reading, said: str, generation: Generation) -> bool:
    article = generation.articles[reading.hit.passage.article_id]
    return bool(said) and article.text[reading.start : reading.end] in said


def _held(generation: Generation) -> str:
    return f"{generation.name} is held since a rollback; `briefing index` follows the folder again"


def encoder_of(settings: IndexSettings) -> Encoder:
    """Return the encoder that the settings name; nothing is loaded yet. Raises `ModelError`."""
    options = Options(settings.query_prompt, settings.passage_prompt, settings.precision, settings.batch_size)
    return SentenceEncoder(settings.model, options)
