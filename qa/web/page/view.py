"""What the page knows of questions and answers: turns as data, which the browser keeps and sends along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Literal, Self

from pydantic import TypeAdapter, ValidationError, model_validator

from qa.types import Answer, Article, Verdict, WriterTrace
from qa.web.page.cards import Card, Shown, cited, listed, near, nearest

MAX_TURNS = 50  # kept in the browser: some 5 kB each, of the 5 MB it grants


class TurnChip(Shown):
    """A piece of what was understood in a question; `without` is its name where it is taken off."""

    label: str
    without: Literal["kind", "time", "sources"]


class SaidBefore(Shown):
    """A value and the numbers of the cards that say it; `current` tells the latest from superseded ones."""

    value: str
    cards: tuple[int, ...]
    current: bool = True


class Agreed(Shown):
    """Whether the sources say the same, and what each says."""

    finding: Literal["agree", "differ", "superseded"]
    values: tuple[SaidBefore, ...]


class DatedWords(Shown):
    """Words of a card's quotation that name a day relative to the article, and that day."""

    card: int
    words: str
    day: date


class Dated(Shown):
    """A statement of a timeline: when, and the number of its card."""

    day: date
    precision: Literal["day", "month", "year"]
    card: int


class TurnPart(Shown):
    """One of several questions in one: its answer is in cards, or in words where there is none."""

    question: str
    text: str
    cards: tuple[int, ...]


class Written(Shown):
    """A sentence that a language model wrote, or one of an article's in its place, with the numbers of its cards."""

    text: str
    numbers: tuple[int, ...]
    verbatim: bool


class ChatTurn(Shown):
    """A question and what was said to it; `number` never changes, so that its markers stay good."""

    number: int
    question: str
    kind: Literal["answered", "related", "not_in_corpus", "about", "error"]
    text: str
    confidence: float
    cards: tuple[Card, ...]
    only: str = ""  # the filters, in words
    link: tuple[tuple[str, str], ...] = ()  # the filters, as parameters of an address
    searched_for: str = ""  # where that is not the question itself
    generation: str = ""
    overview: bool = False  # the cards are the answer, one as much as the other
    chips: tuple[TurnChip, ...] = ()  # what was understood in the question
    without: tuple[str, ...] = ()  # what was not to be understood in it
    total: int = 0  # articles of a list, of which the cards are the first
    later: tuple[Card, ...] = ()  # newer articles on the subject
    earlier: tuple[SaidBefore, ...] = ()
    agreement: Agreed | None = None
    dates: tuple[DatedWords, ...] = ()
    timeline: tuple[Dated, ...] = ()
    parts: tuple[TurnPart, ...] = ()
    begins: bool = False  # nothing before it belongs to the same conversation
    written: tuple[Written, ...] = ()  # the sentences of the text, where a language model wrote them
    writer: str = ""  # which model was asked, where, and what became of it

    @model_validator(mode="after")
    def _cited(self) -> Self:
        """Refuse an answer without a source, which only an altered conversation holds."""
        if self.kind == "answered" and not self.cards:
            raise ValueError("an answer has a source")
        return self

    @property
    def said(self) -> str:
        """What was said, as a later question may lean on it."""
        if self.kind == "answered":
            return "\n".join(card.words for card in self.cards)
        return self.text if self.kind == "about" else ""  # a refusal says nothing that can be meant later


TURNS = TypeAdapter(tuple[ChatTurn, ...])


def turn_of(answer: Answer, number: int, articles: Mapping[str, Article]) -> ChatTurn:
    """Return the turn of an answer; hits whose article is no longer among `articles` are left out."""
    request = answer.trace.request
    cards = _cards(answer, articles)
    return ChatTurn(
        number=number,
        question=answer.question,
        kind=answer.verdict.value,
        text=answer.text,
        confidence=answer.confidence,
        cards=cards,
        searched_for="" if answer.trace.searched_for == answer.question else answer.trace.searched_for,
        generation=answer.generation,
        written=tuple(Written(text=s.text, numbers=s.citations, verbatim=s.verbatim) for s in answer.written),
        writer=_told(answer.trace.writer) if answer.trace.writer else "",
        overview=bool(cards) and answer.text == "\n".join(f"{card.words} [{card.number}]" for card in cards),
        chips=tuple(TurnChip.model_validate(asdict(chip)) for chip in request.chips) if request else (),
        total=answer.total,
        later=tuple(map(listed, answer.later)),
        earlier=tuple(SaidBefore(value=said.value, cards=(said.citation,)) for said in answer.earlier),
        agreement=_agreed(answer),
        dates=tuple(_dated(answer)),
        timeline=tuple(
            Dated(day=entry.day, precision=entry.precision, card=entry.citation) for entry in answer.timeline
        ),
        parts=tuple(TurnPart(question=p.question, text=p.text, cards=p.citations) for p in answer.parts),
    )


def _cards(answer: Answer, articles: Mapping[str, Article]) -> tuple[Card, ...]:
    if answer.citations:
        return tuple(map(cited, answer.citations))
    if answer.listing:
        return tuple(map(listed, answer.listing))
    if answer.verdict is Verdict.ABOUT:
        hits = (hit for hit in answer.hits if hit.passage.article_id in articles)
        return tuple(near(hit, articles[hit.passage.article_id]) for hit in hits)
    return nearest(answer.hits, articles)


def _agreed(answer: Answer) -> Agreed | None:
    found = answer.agreement
    if found is None:
        return None
    values = (SaidBefore(value=each.value, cards=each.citations, current=each.current) for each in found.values)
    return Agreed(finding=found.finding, values=tuple(values))


def _dated(answer: Answer) -> Iterator[DatedWords]:
    cited = {citation.number: citation for citation in answer.citations}
    for found in answer.dates:
        citation = cited[found.citation]
        words = citation.quote[found.start - citation.start : found.end - citation.start]
        yield DatedWords(card=found.citation, words=words, day=found.day)


def history(turns: Sequence[ChatTurn]) -> list[tuple[str, str]]:
    """Return the questions, as they were searched for, and answers that the next question may lean on.

    A question that was refused counts, with no answer: "And of Moscow?" goes on from it. An error does not.
    """
    start = max((place for place, turn in enumerate(turns) if turn.begins), default=0)
    return [(turn.searched_for or turn.question, turn.said) for turn in turns[start:] if turn.kind != "error"]


def restored(saved: object) -> tuple[ChatTurn, ...]:
    """Return the turns that a browser kept, or none if it kept anything else."""
    try:
        return TURNS.validate_python(saved)[-MAX_TURNS:]
    except ValidationError:
        return ()


def kept(turns: Sequence[ChatTurn]) -> list[dict[str, object]]:
    """Return the turns as a browser keeps them."""
    return [turn.model_dump(mode="json") for turn in turns[-MAX_TURNS:]]


def _told(writer: WriterTrace) -> str:
    """Return in a line what a language model did for an answer, and where text was sent."""
    asked = f"{writer.model} at {writer.sent_to}" if writer.model else writer.sent_to
    if writer.failure:
        return f"Without the language model: {writer.failure}"
    if not writer.changed:
        return f"{asked} was asked, and changed nothing"
    left = f"; left out of its text: {len(writer.dropped)}" if writer.dropped else ""
    did = "Written" if writer.use == "write" else "Picked"
    return f"{did} by {asked}, checked against the sources{left}"
