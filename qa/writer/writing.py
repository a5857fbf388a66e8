"""From our answer to one that a language model had a hand in, as far as the articles carry it."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from qa.errors import WriterError
from qa.reader.answer import cite
from qa.settings import Settings
from qa.text.statements import statement
from qa.types import (
    Answer,
    Citation,
    Dropped,
    Hit,
    Reading,
    RequestKind,
    Span,
    Verdict,
    WriterTrace,
    WrittenSentence,
)
from qa.writer.cache import ReplyCache, StoredReply
from qa.writer.client import Message, ModelClient
from qa.writer.prompts import Prompt, prompt_for, rewriting
from qa.writer.replies import MOST_PIECES, MOST_SENTENCES, SentenceParser, WrittenDraft, extraction_of
from qa.writer.verify import Carried, aligned, verified, widened
from qa.writer.weighing import Proposed, answer_with, better, contradicted, stated, weighed, without_numbers

if TYPE_CHECKING:
    from qa.live import Snapshot

log = logging.getLogger(__name__)

SINGLE = (RequestKind.FACT, RequestKind.PERIOD, RequestKind.SOURCE)  # kinds whose answer is one passage's
MOST_DROPPED = 20  # told in the trace
TOLD_CHARS = 300  # of each
QUESTION_CHARS = 300  # of a reworded question


@dataclass(slots=True)
class _Progress:
    """What was asked of the model for one answer, and what has become of it."""

    started: float
    dropped: list[Dropped] = field(default_factory=list)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached: bool = False
    complete: bool = True
    failure: str | None = None

    def drop(self, text: str, cause: str) -> None:
        """Note what is not shown, and why."""
        if len(self.dropped) < MOST_DROPPED:
            self.dropped.append(Dropped(text[:TOLD_CHARS], cause))


@dataclass(frozen=True, slots=True)
class _Writing:
    """One question: our answer, the snapshot it is from, and the passages that the model is shown."""

    ours: Answer
    snapshot: Snapshot
    hits: tuple[Hit, ...]
    progress: _Progress

    @property
    def texts(self) -> list[str]:
        """The text of each passage."""
        return [hit.passage.text for hit in self.hits]

    def readings(self) -> list[Reading]:
        """Return what our reader finds in the passages of the answer."""
        return self.snapshot.reader.read(self.ours.trace.searched_for, self.ours.hits)

    def placed(self, number: int, span: Span) -> tuple[str, Span]:
        """Return the article of a passage (from 1), and a span of its text as offsets in the article."""
        passage = self.hits[number - 1].passage
        return passage.article_id, (passage.start + span[0], passage.start + span[1])


class Writer:
    """Asks a language model about an answer of ours. Safe to share between threads."""

    def __init__(self, settings: Settings, client: ModelClient | None = None) -> None:
        self._settings = settings
        self._client = client or ModelClient(settings.writer)
        self._cache = ReplyCache(settings.writer.cached_replies)
        self._use = settings.writer.use

    def revised(self, ours: Answer, snapshot: Snapshot) -> Iterator[Answer]:
        """Yield the answer as it grows by what was verified; the last one is whole, with the trace of what was done.

        Whatever fails, our own answer comes, with one line why. Closing the iterator stops the model.
        """
        if not _may_change(ours):
            yield ours
            return
        work = _Writing(ours, snapshot, ours.hits[: self._settings.writer.passages], _Progress(time.perf_counter()))
        best = ours
        try:
            for best in self._extracted(work) if self._use == "extract" else self._written(work):
                yield self._traced(best, work)
        except WriterError as exc:
            work.progress.failure = str(exc)
            log.warning("answering without the language model: %s", exc)
        yield self._traced(best, work)

    def reworded(self, question: str, turns: Sequence[tuple[str, str]]) -> str | None:
        """Return a question as the model words it to stand alone, in words that were said; None if it fails."""
        try:
            progress = _Progress(time.perf_counter())
            text = "".join(self._pieces(rewriting(question, turns), progress)).strip()
        except WriterError as exc:
            log.warning("follow-up worded by rule: %s", exc)
            return None
        said = statement("\n".join([question, *(part for turn in turns for part in turn)])).terms
        fits = 0 < len(text) <= QUESTION_CHARS and "\n" not in text and statement(text).terms
        return text if fits and statement(text).terms <= said else None

    def _extracted(self, work: _Writing) -> Iterator[Answer]:
        prompt = self._prompt(work)
        found = extraction_of("".join(self._pieces(prompt, work.progress)))
        proposals = list(self._proposals(work, found.answer, [(q.passage, q.text) for q in found.quotations]))
        readings = work.readings() if proposals else []
        best = weighed(readings, proposals)
        if best is None or not better(best, work.ours, self._settings.reader):
            return
        yield answer_with(best, readings, work.ours, work.snapshot.generation.articles)

    def _proposals(self, work: _Writing, answer: str, quotations: Sequence[tuple[int, str]]) -> Iterator[Proposed]:
        """Yield the quotations that stand in a passage, widened to whole sentences."""
        for number, text in quotations:
            place = _place(text, number, work.texts)
            if place is None:
                work.progress.drop(text, "this quotation stands in none of the passages")
                continue
            number, span = place
            inside = aligned(answer, work.texts[number - 1][span[0] : span[1]])
            if answer and inside is None:
                work.progress.drop(answer, "this answer does not stand in its quotation")
            marked = (span[0] + inside[0], span[0] + inside[1]) if inside else None
            article, whole = work.placed(number, widened(span, work.texts[number - 1]))
            yield Proposed(article, whole, work.placed(number, marked)[1] if marked else None)

    def _written(self, work: _Writing) -> Iterator[Answer]:
        readings = work.readings()
        shown = _Shown(work)
        for draft in self._drafts(work):
            if not shown.take(draft) or not shown.carried:
                continue
            best = stated(readings, shown.placed, work.snapshot.generation.articles)
            if best is not None and better(best, work.ours, self._settings.reader):
                yield shown.answer(best.confidence)

    def _drafts(self, work: _Writing) -> Iterator[WrittenDraft]:
        """Yield the sentences of the reply as they come in, so many at most; then the reply is stopped."""
        parser = SentenceParser()
        pieces = self._pieces(self._prompt(work), work.progress)
        left = MOST_PIECES
        try:
            for piece in pieces:
                for draft in parser.feed(piece):
                    yield draft
                    left -= 1
                    if not left:
                        return
            yield from parser.rest(work.progress.complete)
        finally:
            pieces.close()

    def _prompt(self, work: _Writing) -> Prompt:
        articles = work.snapshot.generation.articles
        told = [(articles[hit.passage.article_id].title, hit.passage.text) for hit in work.hits]
        return prompt_for(self._use, work.ours.trace.searched_for, told)

    def _pieces(self, prompt: Prompt, progress: _Progress) -> Generator[str, None, None]:
        """Yield the reply to a prompt as it comes in; at once where it was given before."""
        model = self._client.model
        key = f"{self._client.host} {model} {prompt.key}"
        stored = self._cache.get(key)
        if stored is not None:
            progress.cached, progress.complete = True, stored.complete
            yield stored.text
            return
        messages: list[Message] = [{"role": role, "content": text} for role, text in prompt.messages]
        reply = self._client.reply(messages, prompt.schema)
        try:
            yield from reply
        finally:
            reply.close()
            progress.prompt_tokens, progress.completion_tokens = reply.usage.prompt, reply.usage.completion
            progress.complete = reply.complete
        self._cache.put(key, StoredReply(reply.text, reply.usage.prompt, reply.usage.completion, reply.complete))

    def _traced(self, answer: Answer, work: _Writing) -> Answer:
        progress, settings = work.progress, self._settings.writer
        seconds = time.perf_counter() - progress.started
        told = WriterTrace(
            model=settings.model or self._client.known_model,
            sent_to=self._client.host,
            use=self._use,
            seconds=round(seconds, 3),
            prompt_tokens=progress.prompt_tokens,
            completion_tokens=progress.completion_tokens,
            cost=_cost(progress, settings.prompt_price, settings.completion_price),
            cached=progress.cached,
            changed=answer is not work.ours,
            dropped=tuple(progress.dropped),
            failure=progress.failure,
        )
        milliseconds = {**work.ours.trace.milliseconds, "write": round(1e3 * seconds, 1)}
        return replace(answer, trace=replace(answer.trace, milliseconds=milliseconds, writer=told))


class _Shown:
    """The sentences that are shown so far, with their citations."""

    def __init__(self, work: _Writing) -> None:
        self._work = work
        self._citations: dict[tuple[str, Span], Citation] = {}
        self.placed: list[tuple[WrittenSentence, tuple[tuple[str, Span], ...]]] = []

    @property
    def carried(self) -> bool:
        """Whether any of them is the model's own."""
        return any(not sentence.verbatim for sentence, _ in self.placed)

    def take(self, draft: WrittenDraft) -> bool:
        """Show a sentence if its passages carry it, else the nearest of theirs; return whether anything was shown."""
        work = self._work
        if len(self.placed) == MOST_SENTENCES:
            work.progress.drop(draft.text, f"more than {MOST_SENTENCES} sentences")
            return False
        found = verified(draft.text, draft.cited, work.texts)
        if isinstance(found, Carried):
            source = " ".join(work.texts[number - 1][a:b] for number, (a, b) in found.by)
            if not contradicted(work.ours.trace.searched_for, found.text, source, work.snapshot.reader):
                return self._show(found.text, found.by)
            work.progress.drop(found.text, "the reader finds another answer in its citation")
            return self._show(None, found.by[:1])
        work.progress.drop(found.text, found.cause)
        return found.nearest is not None and self._show(None, (found.nearest,))

    def _show(self, text: str | None, by: Sequence[tuple[int, Span]]) -> bool:
        """Add a sentence, or the article's own in its place; not what is shown already."""
        places = tuple(self._work.placed(number, span) for number, span in by)
        citations = [self._cited(number, place) for (number, _), place in zip(by, places, strict=True)]
        told = citations[0].quote if text is None else text
        if any(sentence.text == told for sentence, _ in self.placed):
            return False
        numbers = tuple(dict.fromkeys(citation.number for citation in citations))
        self.placed.append((WrittenSentence(told, numbers, verbatim=text is None), places))
        return True

    def _cited(self, number: int, place: tuple[str, Span]) -> Citation:
        _, (start, end) = place
        if place not in self._citations:
            reading = Reading(self._work.hits[number - 1], start, end, 0.0, {})
            articles = self._work.snapshot.generation.articles
            self._citations[place] = cite(len(self._citations) + 1, reading, articles)
        return self._citations[place]

    def answer(self, confidence: float) -> Answer:
        """Return the answer of the sentences shown so far."""
        sentences = tuple(sentence for sentence, _ in self.placed)
        return replace(
            without_numbers(self._work.ours),
            text=" ".join(f"{s.text} {''.join(f'[{number}]' for number in s.citations)}" for s in sentences),
            verdict=Verdict.ANSWERED,
            confidence=round(confidence, 4),
            citations=tuple(self._citations.values()),
            written=sentences,
        )


def _may_change(ours: Answer) -> bool:
    """Return whether an answer is of one passage: lists, timelines and the like are left as they are."""
    request = ours.trace.request
    single = request is None or request.kind in SINGLE
    return single and ours.verdict is not Verdict.ABOUT and bool(ours.hits) and not ours.parts


def _place(quotation: str, number: int, texts: Sequence[str]) -> tuple[int, Span] | None:
    """Return the passage (from 1) that holds a quotation, the named one first, and where it stands there."""
    others = [n for n in range(1, len(texts) + 1) if n != number]
    for n in [number, *others] if 1 <= number <= len(texts) else others:
        span = aligned(quotation, texts[n - 1])
        if span is not None:
            return n, span
    return None


def _cost(progress: _Progress, prompt_price: float | None, completion_price: float | None) -> float | None:
    if prompt_price is None or completion_price is None:
        return None
    return round((progress.prompt_tokens * prompt_price + progress.completion_tokens * completion_price) / 1e6, 6)
