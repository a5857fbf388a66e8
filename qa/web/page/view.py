"""What the page shows of questions and answers: turns as data, and their replies as Markdown.

Whatever comes from articles, file names and questions is hostile: it reaches the chat only through
`plain`, and everything else as values that the page's JavaScript puts into text nodes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import TypeAdapter, ValidationError, model_validator

from qa.types import Answer, Article, Verdict
from qa.web.page.cards import Card, Shown, cited, near

MAX_TURNS = 50  # kept in the browser: some 5 kB each, of the 5 MB it grants

SIGN = re.compile(r"[\t\n!-/:-@\[-`{-~]")  # whatever can mean something to Markdown or HTML
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


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
    begins: bool = False  # nothing before it belongs to the same conversation

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


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that has no answer yet, and what is going on."""

    question: str
    doing: str = "Searching…"


TURNS = TypeAdapter(tuple[ChatTurn, ...])


def plain(text: str) -> str:
    """Return Markdown that shows the text exactly as it is: every ASCII sign becomes a character reference."""
    return SIGN.sub(lambda sign: f"&#{ord(sign[0])};", CONTROL.sub("", text))


def message(turn: ChatTurn, thumbs: bool = False) -> str:
    """Return a turn's reply as Markdown; `#src-<turn>-<card>` and its like are read by the page's JavaScript."""
    number = turn.number
    if turn.kind == "error":
        return plain(turn.text)
    only = f"*{plain(_flat(f'Only {turn.only}'))}*" if turn.only else ""
    rating = f" [Helpful](#up-{number}) [Not helpful](#down-{number})" if thumbs else ""
    actions = f"[Copy](#copy-{number}-{turn.kind}) [Copy link](#link-{number}){rating}"
    if turn.kind == "answered":
        actions = f"*{_sure(turn)}* {actions}"
    return "\n\n".join(part for part in (*_said(turn), _searched(turn), only, actions) if part)


def messages(turns: Sequence[ChatTurn], asked: Asked | None = None, thumbs: bool = False) -> list[dict[str, str]]:
    """Return the conversation as the chat shows it, with a question that has no answer yet at its end."""
    shown = [
        {"role": role, "content": content}
        for turn in turns
        for role, content in (("user", plain(turn.question)), ("assistant", message(turn, thumbs)))
    ]
    if asked is not None:
        shown += [
            {"role": "user", "content": plain(asked.question)},
            {"role": "assistant", "content": f"*{plain(asked.doing)}*"},
        ]
    return shown


def turn_of(answer: Answer, number: int, articles: Mapping[str, Article]) -> ChatTurn:
    """Return the turn of an answer; hits whose article is no longer among `articles` are left out."""
    if answer.verdict is Verdict.ANSWERED:
        cards = tuple(map(cited, answer.citations))
    else:
        hits = (hit for hit in answer.hits if hit.passage.article_id in articles)
        cards = tuple(near(hit, articles[hit.passage.article_id]) for hit in hits)
    return ChatTurn(
        number=number,
        question=answer.question,
        kind=answer.verdict.value,
        text=answer.text,
        confidence=answer.confidence,
        cards=cards,
        searched_for="" if answer.trace.searched_for == answer.question else answer.trace.searched_for,
        generation=answer.generation,
        overview=bool(cards) and answer.text == "\n".join(f"{card.words} [{card.number}]" for card in cards),
    )


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


def _said(turn: ChatTurn) -> tuple[str, ...]:
    if turn.kind != "answered":
        return _lines(turn.text), _nearest(turn)
    if turn.overview:
        return ("\n>\n".join(_quotation(turn, card) for card in turn.cards),)
    markers = " ".join(_marker(turn, card) for card in turn.cards[1:])
    return _headline(turn), _quotation(turn, turn.cards[0]), f"See also {markers}" if markers else ""


def _lines(text: str) -> str:
    """Return a reply of the briefing's own as Markdown: its paragraphs, and its lists as lists."""
    lines = [_flat(line) for line in text.splitlines()]
    return "\n".join(
        f"- {plain(line[2:])}" if line.startswith("- ") else f"\n{plain(line)}\n" for line in lines
    ).strip()


def _nearest(turn: ChatTurn) -> str:
    label = "Show passages on this" if turn.kind == "about" else "Show the nearest passages"
    return f"[{label}](#near-{turn.number})" if turn.cards else ""


def _sure(turn: ChatTurn) -> str:
    if turn.overview:
        sentences, articles = len(turn.cards), len({card.article_id for card in turn.cards})
        return f"{_counted(sentences, 'sentence')} from {_counted(articles, 'article')}"
    return f"{min(99, round(100 * turn.confidence))} % sure"  # an estimate is never certain


def _counted(count: int, one: str) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def _searched(turn: ChatTurn) -> str:
    """Return the chip that shows, and lets change, what was searched for instead of the question."""
    if not turn.searched_for:
        return ""
    chip = f"[{plain(_flat(f'Searched for: {turn.searched_for}'))}](#searched-{turn.number})"
    return f"{chip} [Ask as typed](#typed-{turn.number})"


def _headline(turn: ChatTurn) -> str:
    """Return the short answer, where there is one beside the quotation."""
    short = turn.cards[0].quote[1] or ("" if _flat(turn.text) in _flat(turn.cards[0].words) else turn.text)
    return f"**{plain(_flat(short))}**" if short.strip() else ""


def _quotation(turn: ChatTurn, card: Card) -> str:
    lead, short, rest = (re.sub(r"\s+", " ", piece) for piece in card.quote)
    marked = f"<mark>{plain(short)}</mark>" if short.strip() else plain(short)
    return f"> {plain(lead.lstrip())}{marked}{plain(rest.rstrip())} {_marker(turn, card)}"


def _marker(turn: ChatTurn, card: Card) -> str:
    return f'[{card.number}](#src-{turn.number}-{card.number} "Show source {card.number}")'


def _flat(text: str) -> str:
    return " ".join(text.split())
