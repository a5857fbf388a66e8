"""The way of a question: request → hits → readings → answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.asking.agreement import weighed
from qa.asking.comparing import compared
from qa.asking.event_dates import resolved
from qa.asking.fusion import DEPTH, fused
from qa.asking.joining import joined
from qa.asking.listing import OF_LIST, from_list
from qa.asking.overview import PASSAGES, choose_sentences
from qa.asking.recency import newest_first
from qa.asking.request import Request, request_of
from qa.asking.small_talk import reply
from qa.asking.speakers import said_by
from qa.asking.timeline import timeline_of
from qa.reader import Findings, about, answer_from, overview_from
from qa.search import Filters
from qa.settings import ReaderSettings
from qa.types import Answer, Hit, Reading, RequestKind, Verdict

if TYPE_CHECKING:
    from qa.index import Generation
    from qa.live import Snapshot

GUESS_MARGIN = 0.1  # of confidence, set on the half of tests/data/dialogues.jsonl that was tuned on


def answer_request(request: Request, snapshot: Snapshot, settings: ReaderSettings, filters: Filters) -> Answer:
    """Return the answer to a request, or a refusal with the nearest passages, from one snapshot."""
    answer = _dispatched(request, snapshot, settings, filters)
    answer = replace(answer, dates=resolved(answer.citations))
    return replace(answer, question=request.question, trace=replace(answer.trace, request=request.parsed))


def answer_timeline(request: Request, snapshot: Snapshot, filters: Filters) -> Answer:
    """Return the story of a request's subject in order of time, or that no dated article speaks of it."""
    answer = timeline_of(request, snapshot, filters)
    if answer is None:
        text = f"No dated article here speaks of “{request.parsed.subject}”."
        generation = snapshot.generation
        answer = about(Findings(request.question, [], (), generation.articles, generation.name), text)
    return replace(answer, dates=resolved(answer.citations), trace=replace(answer.trace, request=request.parsed))


def _dispatched(request: Request, snapshot: Snapshot, settings: ReaderSettings, filters: Filters) -> Answer:
    if request.aside:
        return _reply(request, snapshot, filters)
    if request.parsed.parts:
        return _one_by_one(request, snapshot, settings, filters)
    if special := _special(request, snapshot, settings, filters):
        return special
    answer = _read(request, snapshot, settings, filters.narrowed(None, None, request.parsed.sources))
    if answer.verdict is not Verdict.ANSWERED and (latest := request.as_latest):
        return from_list(latest, snapshot, filters) or answer
    if answer.verdict is not Verdict.ANSWERED and request.asks_who_said:
        return said_by(request, snapshot, filters) or answer
    return answer


def _special(request: Request, snapshot: Snapshot, settings: ReaderSettings, filters: Filters) -> Answer | None:
    """Return the answer to a request of a kind of its own; None where it has to be read like any other question."""
    kind = request.parsed.kind
    if kind in OF_LIST:
        return from_list(request, snapshot, filters)
    if kind is RequestKind.TIMELINE:
        return timeline_of(request, snapshot, filters)
    if kind is RequestKind.COMPARE:
        return compared(request, snapshot, settings, filters)
    if kind is RequestKind.SPEAKER and request.parsed.speaker:
        return said_by(request, snapshot, filters)
    return None


def _one_by_one(request: Request, snapshot: Snapshot, settings: ReaderSettings, filters: Filters) -> Answer:
    """Return the answers to several questions as one; each may lean on the one before."""
    said: list[tuple[str, Answer | str]] = []
    answers: list[Answer] = []
    for part in request.parsed.parts:
        one = replace(request_of(part, said, setting=request.setting), question=part)
        answers.append(_dispatched(one, snapshot, settings, filters))
        said.append((part, answers[-1]))
    return joined(request.searched_for, request.parsed.parts, answers)


def _read(request: Request, snapshot: Snapshot, settings: ReaderSettings, filters: Filters) -> Answer:
    answer = _answer(request, snapshot, settings, filters)
    if request.guessed:  # no word says that it needs the conversation: then its answer has to be the better for it
        as_typed = _answer(request.as_typed, snapshot, settings, filters)
        return answer if answer.confidence > as_typed.confidence + GUESS_MARGIN else as_typed
    return answer


def _answer(request: Request, snapshot: Snapshot, settings: ReaderSettings, filters: Filters) -> Answer:
    started = time.perf_counter()
    hits = _hits(request, snapshot, settings, filters)
    retrieved = time.perf_counter()
    if request.subject:
        chosen = choose_sentences(
            request.subject, hits, snapshot.generation, snapshot.search.encoder, request.already_said
        )
        if chosen:
            found = overview_from(_findings(request, snapshot, hits, chosen), chosen, _milliseconds(started, retrieved))
            return found
    read = snapshot.reader.read(request.searched_for, hits)
    readings = [r for r in read if not _is_said(r, request.already_said, snapshot.generation)]
    accounts = newest_first(request.searched_for, readings, snapshot.generation.articles, request.periods)
    findings = _findings(request, snapshot, hits, accounts.readings)
    findings = replace(findings, rivals=accounts.rivals, current=accounts.current)
    answer = answer_from(findings, settings, _milliseconds(started, retrieved))
    return weighed(answer, accounts, snapshot.generation)


def _hits(request: Request, snapshot: Snapshot, settings: ReaderSettings, filters: Filters) -> list[Hit]:
    """Return the hits of a question as rewritten and, where that differs, of the question as asked, fused."""
    k = PASSAGES if request.subject else settings.passages
    if request.raw is None:
        return snapshot.search.using(k).hits(request.subject or request.searched_for, filters)
    search = snapshot.search.using(max(k, DEPTH))
    return fused(search.hits(request.searched_for, filters), search.hits(request.raw, filters), k)


def _reply(request: Request, snapshot: Snapshot, filters: Filters) -> Answer:
    """Return what the list of articles says to small talk, or to a question about the briefing itself."""
    generation = snapshot.generation
    assert request.aside is not None
    articles = [article for article in generation.articles.values() if filters.admits(article)]
    findings = Findings(request.question, [], (), generation.articles, generation.name)
    return about(findings, reply(request.aside, articles))


def _findings(request: Request, snapshot: Snapshot, hits: Sequence[Hit], readings: Sequence[Reading]) -> Findings:
    generation = snapshot.generation
    return Findings(request.searched_for, hits, readings, generation.articles, generation.name)


def _milliseconds(started: float, retrieved: float) -> dict[str, float]:
    read = time.perf_counter()
    return {"retrieve": round(1e3 * (retrieved - started), 1), "read": round(1e3 * (read - retrieved), 1)}


def _is_said(reading: Reading, said: str, generation: Generation) -> bool:
    article = generation.articles[reading.hit.passage.article_id]
    return bool(said) and article.text[reading.start : reading.end] in said
