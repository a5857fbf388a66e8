"""`Briefing`: the facade over what is served, search and answering."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

from qa.asking import (
    History,
    Request,
    Setting,
    answer_request,
    answer_timeline,
    request_of,
    spoken,
    stand_alone,
    timeline_request,
)
from qa.asking.digest import Digest, digest_of
from qa.corpus.pinned import read_pinned
from qa.errors import ArticleNotFoundError, QuestionError
from qa.index import Generation, GenerationEntry
from qa.live import Live, Snapshot
from qa.search import Filters
from qa.search.filters import FilterOptions, SearchOptions
from qa.settings import Settings, load_settings, with_folders
from qa.types import Answer, Article, Corpus, Encoder, Hit, Progress, Receipt

if TYPE_CHECKING:
    from qa.writer import Writer

Update = Literal["auto", "never"]


class Briefing:
    """A corpus with its index. Safe to share between threads: each call works on one immutable snapshot."""

    def __init__(self, settings: Settings, encoder: Encoder | None = None) -> None:
        self.settings = settings
        self.on_answer: Callable[[Answer], None] | None = None  # called with every answer, in the thread that made it
        self._live = Live(settings, encoder, self._pinned_answer)
        self._writer = _writer_of(settings)

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
        `index` are folders, by default those of the settings; another corpus gets an index of its own. An update that
        fails or is refused, or a current generation that is damaged, leaves the last good generation served;
        `warning` says why.

        Raises `CorpusError` or `StoredIndexError` when there is none, `ModelError` or `SettingsError`.
        """
        folders = (Path(folder) if folder is not None else None for folder in (corpus, index))
        briefing = cls(with_folders(settings or load_settings(), *folders), encoder)
        briefing.serve_current() if update == "never" else briefing.update()
        return briefing

    def retrieve(
        self, question: str, k: int | None = None, *, as_of: date | None = None, **options: Unpack[SearchOptions]
    ) -> list[Hit]:
        """Return up to k hits, best first; the same list for the same question and index, always.

        `since` and `until` are included; articles without a date pass neither, and the trace counts them. `as_of`
        leaves out what was published after that day. `sources` and `tags` keep articles that have one of them. Near
        copies in other articles fold under the best of them, which names them in `also_in`, unless `collapse` is False.
        `mode` is `hybrid` (the default), `dense` or `bm25`. `rerank` orders the first 20 hits by the trained reader's
        relevance too; the settings have its default.

        Raises `QuestionError`, `FilterError` or `SettingsError`.
        """
        filters, valid = Filters.of(options, as_of), self._valid(question)
        search = self.snapshot.search.using(k, options.get("mode"), options.get("rerank"))
        return search.hits(valid, filters, options.get("collapse", True))

    def retrieve_many(
        self, questions: Sequence[str], k: int | None = None, **options: Unpack[SearchOptions]
    ) -> list[list[Hit]]:
        """Return the hits of each question, as `retrieve` does; faster, because they are encoded in one batch.

        Raises as `retrieve` does.
        """
        filters, valid = Filters.of(options), [self._valid(question) for question in questions]
        search = self.snapshot.search.using(k, options.get("mode"), options.get("rerank"))
        return search.many(valid, filters, options.get("collapse", True))

    def ask(
        self,
        question: str,
        *,
        history: History = (),
        searched_for: str | None = None,
        as_of: date | None = None,
        without: Collection[str] = (),
        **options: Unpack[FilterOptions],
    ) -> Answer:
        """Return the answer with its citations, or a refusal with the nearest passages.

        `history` holds earlier (question, answer) pairs, oldest first; an answer is an `Answer` or its text. A question
        that needs them is searched for as `stand_alone` words it, and `trace.searched_for` says so. `searched_for` is
        a wording of your own instead: only that is searched for. The other keywords filter, as in `retrieve`; relative
        words of the question ("last week") count from `as_of`, today by default.

        `trace.request` says how the question was understood; `without` names what is not to be understood in it:
        `kind`, `time`, `sources`.

        Raises `QuestionError` or `FilterError`.
        """
        steps = self.ask_stream(
            question, history=history, searched_for=searched_for, as_of=as_of, without=without, **options
        )
        *_, answer = steps
        return answer

    def ask_stream(
        self,
        question: str,
        *,
        history: History = (),
        searched_for: str | None = None,
        as_of: date | None = None,
        without: Collection[str] = (),
        **options: Unpack[FilterOptions],
    ) -> Iterator[Answer]:
        """Yield our own answer and, where a language model is set, that answer as verified sentences come in.

        The last one is what `ask` returns. Closing the iterator stops the model. Takes and raises what `ask` does.
        """
        chosen = self._valid(searched_for) if searched_for is not None else None
        filters, snapshot = Filters.of(options, as_of), self.snapshot
        setting = Setting.of(filters.as_of, snapshot.sources, without)
        request = self._request(self._valid(question), history, chosen, setting)
        answer = answer_request(request, snapshot, self.settings.reader, filters)
        try:
            yield answer
            if self._writer is not None:
                for revised in self._writer.revised(answer, snapshot):
                    answer = revised
                    yield answer
        finally:
            if self.on_answer is not None:
                self.on_answer(answer)

    def _request(self, question: str, history: History, searched_for: str | None, setting: Setting) -> Request:
        """Return what is asked for; a follow-up as the language model words it, where that is set and it can."""
        request = request_of(question, history, searched_for, setting)
        if self._writer is None or not self.settings.writer.rewrite or searched_for is not None or request.aside:
            return request
        turns = [(turn.question, turn.said) for turn in spoken(history)]
        worded = self._writer.reworded(question, turns) if turns else None
        return request_of(question, history, worded, setting) if worded else request

    def timeline(self, subject: str, *, as_of: date | None = None, **options: Unpack[FilterOptions]) -> Answer:
        """Return the story of a subject in order of time: `timeline` dates each citation. The keywords filter.

        Raises `QuestionError` or `FilterError`.
        """
        snapshot, filters = self.snapshot, Filters.of(options, as_of)
        setting = Setting.of(as_of, snapshot.sources, ())
        return answer_timeline(timeline_request(self._valid(subject), setting), snapshot, filters)

    def digest(self, since: date) -> Digest:
        """Return what came since a day: articles, pinned questions whose answer changed, those on which sources differ.

        Raises `FilterError` or `DatasetError`.
        """
        questions = [pinned.question for pinned in read_pinned(self.settings.corpus.folder)]
        news = self.ask("What's new?", since=since)
        return digest_of(since, news, questions, lambda question, as_of: self.ask(question, as_of=as_of))

    def stand_alone(self, question: str, history: History) -> str:
        """Return the question as it would be searched for after these (question, answer) pairs.

        `ask` searches for the question as typed where no word of it refers back and the articles answer it better so.

        Raises `QuestionError`.
        """
        return stand_alone(self._valid(question), spoken(history))

    def articles(self) -> list[Article]:
        """Return the articles of the index, in order of id."""
        return list(self.generation.articles.values())

    def article(self, article_id: str) -> Article:
        """Return one article of the index. Raises `ArticleNotFoundError`."""
        try:
            return self.generation.articles[article_id]
        except KeyError as exc:
            message = f"no article {article_id[:200]!r} in the index; `briefing articles` lists them"
            raise ArticleNotFoundError(message) from exc

    def update(self, progress: Progress | None = None, *, allow_empty: bool = False) -> Receipt | None:
        """Bring the index in step with the corpus folder if possible, and serve the last good generation.

        `allow_empty` serves a folder without any article too. Returns None, and sets `warning`, where the update failed
        or was refused or a rollback holds the index. Raises as `open`.
        """
        return self._live.update(progress, allow_empty=allow_empty)

    def refresh(
        self, progress: Progress | None = None, *, confirm_deletions: bool = False, strict: bool = False
    ) -> Receipt:
        """Bring the index in step with the corpus folder, serve it, and return what was done.

        Calls in other threads continue with the snapshot they took. An index made by another model, splitter or format
        version is rebuilt. `confirm_deletions` agrees to lose more than half of the articles; `strict` refuses a
        generation in which a pinned question fails.

        Raises `CorpusError` or `StoredIndexError`; the index then stays as it was.
        """
        return self._live.refresh(progress, confirm_deletions=confirm_deletions, strict=strict)

    def index(self, corpus: Corpus, progress: Progress | None = None) -> Receipt:
        """Bring the index in step with a corpus that is already read, and serve it. Raises as `refresh` does."""
        return self._live.index(corpus, progress)

    def serve_current(self) -> None:
        """Serve the current generation or, where that is damaged, the newest one that is whole, with a `warning`.

        Raises `IndexNotFoundError`, `IndexMismatchError` or `IndexCorruptError`.
        """
        self._live.serve_current()

    def rollback(self, generation: str | None = None) -> str:
        """Serve an older generation, by default the one before, until the next `refresh`; return its name.

        Raises `IndexNotFoundError`, `IndexCorruptError` or `IndexMismatchError`; what is served then stays.
        """
        return self._live.rollback(generation)

    def generations(self) -> list[GenerationEntry]:
        """Return the generations of the index folder, newest first. Raises `IndexNotFoundError`."""
        return self._live.generations()

    @property
    def encoder(self) -> Encoder:
        """The encoder of questions and passages."""
        return self._live.encoder

    @property
    def receipt(self) -> Receipt | None:
        """What the last refresh did."""
        return self._live.receipt

    @property
    def warning(self) -> str | None:
        """Why what is served is not what the corpus folder holds; None if it is."""
        return self._live.warning

    @property
    def generation(self) -> Generation:
        """The generation that is served now."""
        return self.snapshot.generation

    @property
    def snapshot(self) -> Snapshot:
        """The generation that is served now, with its search and its reader."""
        return self._live.snapshot()

    def _pinned_answer(self, snapshot: Snapshot, question: str) -> Answer:
        request = request_of(question, setting=Setting(sources=snapshot.sources))
        return answer_request(request, snapshot, self.settings.reader, Filters())

    def _valid(self, question: str) -> str:
        question = question.strip()
        if not question:
            raise QuestionError("the question is empty; ask something, for example: who finances the railway?")
        limit = self.settings.reader.question_chars
        if len(question) > limit:
            raise QuestionError(f"the question has {len(question):,} characters, more than {limit:,}; shorten it")
        return question


def _writer_of(settings: Settings) -> Writer | None:
    """Return what asks the language model of the settings; None, and nothing is imported, where none is set."""
    if not settings.writer.base_url:
        return None
    from qa.writer import Writer

    return Writer(settings)
