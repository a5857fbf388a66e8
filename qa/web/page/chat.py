"""The conversation: what happens to a question from the box to its answer."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

import gradio as gr
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qa.briefing import Briefing
from qa.errors import BriefingError, BusyError, FilterError, QuestionError
from qa.types import Article
from qa.web.page import reply, view
from qa.web.page.cards import day
from qa.web.queue import PULSE_SECONDS, Queue

log = logging.getLogger(__name__)

TELL_AFTER = 2  # seconds after which a search says how long it has taken

Value = Any  # what a Gradio component takes or gives
Step = tuple[Value, ...]  # box, chat, turns
Turns = tuple[view.ChatTurn, ...]

Words = Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=500)]


class Filter(BaseModel):
    """Which articles a question is put to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: Words = ()
    tags: Words = ()
    since: date | None = None
    until: date | None = None

    def admits(self, article: Article) -> bool:
        """Return whether an article is one of those."""
        day = article.published
        return (
            (not self.sources or article.source in self.sources)
            and (not self.tags or not set(self.tags).isdisjoint(article.tags))
            and (not self.since or (day is not None and day >= self.since))
            and (not self.until or (day is not None and day <= self.until))
        )

    @property
    def words(self) -> str:
        """The filter as the page tells it."""
        parts = (
            " or ".join(self.sources),
            f"tagged {' or '.join(self.tags)}" if self.tags else "",
            f"from {day(self.since)}" if self.since else "",
            f"until {day(self.until)}" if self.until else "",
        )
        return ", ".join(part for part in parts if part)

    @property
    def link(self) -> tuple[tuple[str, str], ...]:
        """The filter as parameters of the page's address."""
        days = (("since", self.since), ("until", self.until))
        return (
            *(("source", source) for source in self.sources),
            *(("tag", tag) for tag in self.tags),
            *((name, day.isoformat()) for name, day in days if day),
        )


class Reworded(BaseModel):
    """The turn to ask again, and what to search for instead; from the browser, so that it may be anything."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    number: int
    searched_for: str
    without: tuple[Literal["kind", "time", "sources"], ...] = Field((), max_length=3)


@dataclass(frozen=True, slots=True)
class PendingQuestion:
    """A question that is being put, what it may lean on, and what the asker wants searched for instead of it."""

    question: str
    filters: Value
    history: list[tuple[str, str]] = field(default_factory=list)
    searched_for: str | None = None
    begins: bool = False  # a conversation
    without: tuple[str, ...] = ()  # what is not to be understood in it


def friendly(exc: Exception) -> str:
    """Return what the chat says about an error: never a path, never a trace."""
    if isinstance(exc, QuestionError | FilterError):
        return f"That question cannot be asked: {exc}"
    if isinstance(exc, BusyError):
        return "Too many people are asking at the moment. Please ask again in a minute."
    if isinstance(exc, BriefingError):
        return "The briefing cannot answer at the moment; the log has the details."
    return "Something went wrong; the log has the details."


def sendable(text: str) -> str:
    """Return the text without what cannot be sent back: half a surrogate pair."""
    return text.encode("utf-8", "replace").decode().strip()


class Chat:
    """The handlers of the conversation. It lives in the browser; each call brings it along."""

    def __init__(self, briefing: Briefing, queue: Queue, thumbs: bool = False) -> None:
        self.briefing = briefing
        self.queue = queue
        self.thumbs = thumbs

    async def ask(self, question: str, filters: Value, saved: Value) -> AsyncIterator[Step]:
        """Yield box, chat and turns: with the question, as it waits, with its answer."""
        turns, question = view.restored(saved), sendable(question)
        if not question:
            yield (gr.skip(),) * 3
            return
        async for step in self._steps(PendingQuestion(question, filters, view.history(turns)), turns):
            yield step

    async def again(self, filters: Value, saved: Value, event: gr.EventData) -> AsyncIterator[Step]:
        """Ask the question of an earlier turn once more, and search for exactly the words that came with the event."""
        turns = view.restored(saved)
        try:
            reworded = Reworded.model_validate(event)
            question = {turn.number: turn.question for turn in turns}[reworded.number]
        except (KeyError, TypeError, ValidationError):
            yield (gr.skip(),) * 3
            return
        searched_for = sendable(reworded.searched_for)
        wanted = PendingQuestion(question, filters, searched_for=searched_for, without=reworded.without)
        async for step in self._steps(wanted, turns, box=gr.skip()):
            yield step

    async def begin(self, link: str, filters: Value, saved: Value, begins: Value = True) -> AsyncIterator[Step]:
        """Yield the conversation that the browser kept, then ask the question that the page was opened with, if any.

        With `begins` it begins a conversation: nothing said before is meant in it.
        """
        turns = view.restored(saved)
        yield self._restored(turns)
        if question := sendable(link):
            alone = begins is not False
            before = [] if alone else view.history(turns)
            async for step in self._steps(PendingQuestion(question, filters, before, begins=alone), turns):
                yield step

    def open(self, event: gr.EventData) -> Step:
        """Return another conversation that the browser kept, which came with the event."""
        return self._restored(view.restored(getattr(event, "turns", None)))

    def _restored(self, turns: Turns) -> Step:
        return gr.skip(), self._shown(turns), view.kept(turns)

    async def _steps(self, wanted: PendingQuestion, turns: Turns, box: Value = "") -> AsyncIterator[Step]:
        """Yield the conversation with the question, as it waits, and with its answer; `box` is what is left there."""
        question = wanted.question
        yield box, self._shown(turns, reply.NewQuestion(question)), gr.skip()
        number = turns[-1].number + 1 if turns else 1
        try:
            ticket = self.queue.submit(partial(self._answer, number, wanted))
        except BusyError as exc:
            turn = self._failed(number, question, exc)
        else:
            pulses = 0
            async for ahead in ticket.pulse():
                pulses += 0 if ahead else 1
                asked = reply.NewQuestion(question, self._doing(ahead, int(pulses * PULSE_SECONDS)))
                yield gr.skip(), self._shown(turns, asked), gr.skip()
            turn = ticket.result
        turns = (*turns, turn)[-view.MAX_TURNS :]
        yield self._restored(turns)

    def _shown(self, turns: Turns, asked: reply.NewQuestion | None = None) -> list[dict[str, str]]:
        return reply.messages(turns, asked, self.thumbs)

    def _doing(self, ahead: int, seconds: int) -> str:
        if ahead:
            return f"Waiting: {ahead} {'question is' if ahead == 1 else 'questions are'} before yours…"
        count = len(self.briefing.generation.articles)
        taken = f" {seconds} s" if seconds >= TELL_AFTER else ""
        return f"Searching {count:,} {'article' if count == 1 else 'articles'}, reading the best passages…{taken}"

    def _answer(self, number: int, wanted: PendingQuestion) -> view.ChatTurn:
        question = wanted.question
        try:
            only = Filter.model_validate(wanted.filters or {})
            before = self.briefing.generation
            answer = self.briefing.ask(
                question,
                since=only.since,
                until=only.until,
                sources=only.sources or None,
                tags=only.tags or None,
                history=wanted.history,
                searched_for=wanted.searched_for,
                without=wanted.without,
            )
            served = (before, self.briefing.generation)
            articles = next((each.articles for each in served if each.name == answer.generation), before.articles)
            turn = view.turn_of(answer, number, articles)
            return turn.model_copy(
                update={"only": only.words, "link": only.link, "begins": wanted.begins, "without": wanted.without}
            )
        except ValidationError:
            return self._failed(number, question, FilterError("the filter is not understood; set it again"))
        except Exception as exc:  # the last resort: whatever it was, the reader gets a sentence
            return self._failed(number, question, exc)

    def _failed(self, number: int, question: str, exc: Exception) -> view.ChatTurn:
        ours = not isinstance(exc, QuestionError | FilterError | BusyError)
        log.log(logging.ERROR if ours else logging.INFO, "not answered", exc_info=exc)
        shown = question[: self.briefing.settings.reader.question_chars]
        return view.ChatTurn(number=number, question=shown, kind="error", text=friendly(exc), confidence=0, cards=())
