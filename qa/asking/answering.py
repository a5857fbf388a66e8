"""The way of a question: request → hits → readings → answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.asking.fusion import DEPTH, fused
from qa.asking.overview import PASSAGES, choose_sentences, speaking_of
from qa.asking.request import Request
from qa.asking.small_talk import reply
from qa.reader import Findings, about, answer_from, overview_from
from qa.search import Filters
from qa.settings import ReaderSettings
from qa.types import Answer, Hit, Reading

if TYPE_CHECKING:
    from qa.index import Generation
    from qa.live import Snapshot

GUESS_MARGIN = 0.1  # of confidence, set on the half of tests/data/dialogues.jsonl that was tuned on


def answer_request(request: Request, snapshot: Snapshot, settings: ReaderSettings, filters: Filters) -> Answer:
    """Return the answer to a request, or a refusal with the nearest passages, from one snapshot."""
    if request.aside:
        return _reply(request, snapshot, settings, filters)
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
            return replace(found, question=request.question)
    read = snapshot.reader.read(request.searched_for, hits)
    readings = [r for r in read if not _is_said(r, request.already_said, snapshot.generation)]
    findings = _findings(request, snapshot, hits, readings)
    return replace(answer_from(findings, settings, _milliseconds(started, retrieved)), question=request.question)


def _hits(request: Request, snapshot: Snapshot, settings: ReaderSettings, filters: Filters) -> list[Hit]:
    """Return the hits of a question as rewritten and, where that differs, of the question as asked, fused."""
    k = PASSAGES if request.subject else settings.passages
    if request.raw is None:
        return snapshot.search.using(k).hits(request.subject or request.searched_for, filters)
    search = snapshot.search.using(max(k, DEPTH))
    return fused(search.hits(request.searched_for, filters), search.hits(request.raw, filters), k)


def _reply(request: Request, snapshot: Snapshot, settings: ReaderSettings, filters: Filters) -> Answer:
    """Return what the list of articles says to small talk, or to a question about the briefing itself."""
    generation = snapshot.generation
    assert request.aside is not None
    articles = [article for article in generation.articles.values() if filters.admits(article)]
    subject, hits, held = request.aside.subject, [], []
    if subject:
        held = [article for article in speaking_of(subject, generation) if filters.admits(article)]
        named = {article.id for article in held}
        found = snapshot.search.using(settings.passages).hits(subject, filters)
        hits = [hit for hit in found if hit.passage.article_id in named]
    findings = Findings(request.question, hits, (), generation.articles, generation.name)
    return about(findings, reply(request.aside, articles, held))


def _findings(request: Request, snapshot: Snapshot, hits: Sequence[Hit], readings: Sequence[Reading]) -> Findings:
    generation = snapshot.generation
    return Findings(request.searched_for, hits, readings, generation.articles, generation.name)


def _milliseconds(started: float, retrieved: float) -> dict[str, float]:
    read = time.perf_counter()
    return {"retrieve": round(1e3 * (retrieved - started), 1), "read": round(1e3 * (read - retrieved), 1)}


def _is_said(reading: Reading, said: str, generation: Generation) -> bool:
    article = generation.articles[reading.hit.passage.article_id]
    return bool(said) and article.text[reading.start : reading.end] in said
