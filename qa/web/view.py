"""What the page shows of answers and articles, as data without markup.

Whatever comes from articles, file names and questions is hostile: it reaches the chat only through
`plain`, and everything else as values that the page's JavaScript puts into text nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from qa.types import Answer, Article, Citation, Hit, Verdict

AROUND = 180  # characters of a passage shown on either side of the quotation
EXCERPT = 320  # characters shown of a passage without a quotation
MAX_TURNS = 50  # kept in the browser: some 5 kB each, of the 5 MB it grants

SIGN = re.compile(r"[\t\n!-/:-@\[-`{-~]")  # whatever can mean something to Markdown or HTML
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+")
ITEM = re.compile(r"[ \t]*(?:[-*+>|]|\d{1,3}[.)])[ \t]")  # a line that stays a line of its own


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Card(_Shown):
    """A source in the panel: its passage in three pieces, the middle one marked; no number if it is only near."""

    number: int | None
    article_id: str
    title: str
    about: str
    url: str | None
    start: int  # what the reader marks, as offsets of the article
    end: int
    before: str
    marked: str
    after: str


class Turn(_Shown):
    """A question and what was said to it; `number` never changes, so that its markers stay good."""

    number: int
    question: str
    kind: Literal["answered", "related", "not_in_corpus", "about", "error"]
    text: str
    confidence: float
    cards: tuple[Card, ...]


class Part(_Shown):
    """A stretch of text, marked or not."""

    text: str
    marked: bool


class Block(_Shown):
    """A paragraph (level 0) or a heading (1 to 6) of an article."""

    level: int
    parts: tuple[Part, ...]


class Page(_Shown):
    """A whole article for the reader; `note` says what the reader has to know first."""

    title: str
    about: str
    url: str | None
    note: str
    blocks: tuple[Block, ...]


TURNS = TypeAdapter(tuple[Turn, ...])


def plain(text: str) -> str:
    """Return Markdown that shows the text exactly as it is: every ASCII sign becomes a character reference."""
    return SIGN.sub(lambda sign: f"&#{ord(sign[0])};", CONTROL.sub("", text))


def message(turn: Turn) -> str:
    """Return a turn's reply as Markdown; `#src-<turn>-<card>` and its like are read by the page's JavaScript."""
    number = turn.number
    if turn.kind == "error":
        return plain(turn.text)
    actions = f"[Copy](#copy-{number}-{turn.kind}) [Copy link](#link-{number})"
    if turn.kind != "answered":
        near = f"[Show the nearest passages](#near-{number})" if turn.cards else ""
        return "\n\n".join(part for part in (plain(turn.text), near, actions) if part)
    first, *others = (f'[{n}](#src-{number}-{n} "Show source {n}")' for n in (card.number for card in turn.cards))
    quotation = f"> {plain(' '.join(turn.text.split()))} {first}"
    also = f"See also {' '.join(others)}" if others else ""
    sure = f"*{min(99, round(100 * turn.confidence))} % sure* {actions}"  # an estimate is never certain
    return "\n\n".join(part for part in (quotation, also, sure) if part)


def messages(turns: Sequence[Turn], asking: str | None = None) -> list[dict[str, str]]:
    """Return the conversation as the chat shows it, with a question that has no answer yet at its end."""
    shown = [
        {"role": role, "content": content}
        for turn in turns
        for role, content in (("user", plain(turn.question)), ("assistant", message(turn)))
    ]
    if asking is not None:
        shown += [{"role": "user", "content": plain(asking)}, {"role": "assistant", "content": "*Searching…*"}]
    return shown


def turn_of(answer: Answer, number: int, articles: Mapping[str, Article]) -> Turn:
    """Return the turn of an answer; hits whose article is no longer among `articles` are left out."""
    if answer.verdict is Verdict.ANSWERED:
        cards = tuple(map(_cited, answer.citations))
    else:
        hits = (hit for hit in answer.hits if hit.passage.article_id in articles)
        cards = tuple(_near(hit, articles[hit.passage.article_id]) for hit in hits)
    return Turn(
        number=number,
        question=answer.question,
        kind=answer.verdict.value,
        text=answer.text,
        confidence=answer.confidence,
        cards=cards,
    )


def restored(saved: object) -> tuple[Turn, ...]:
    """Return the turns that a browser kept, or none if it kept anything else."""
    try:
        return TURNS.validate_python(saved)[-MAX_TURNS:]
    except ValidationError:
        return ()


def kept(turns: Sequence[Turn]) -> list[dict[str, object]]:
    """Return the turns as a browser keeps them."""
    return [turn.model_dump(mode="json") for turn in turns[-MAX_TURNS:]]


def about(source: str | None, published: date | None) -> str:
    """Return the line below a title: source and date, as far as they are known."""
    return " · ".join(part for part in (source, published.isoformat() if published else None) if part)


def page_of(article: Article, start: int, end: int, quote: str = "") -> Page:
    """Return an article with `start..end` marked.

    With a quote that no longer stands there, the mark goes where it stands now; if nowhere, a note says so.
    """
    note = ""
    if quote and article.text[start:end] != quote:
        start = article.text.find(quote)
        end = start + len(quote)
        if start < 0:
            note = "This article has changed since; the quoted words are no longer in it."
    if not 0 <= start < end <= len(article.text):
        start = end = 0
    return Page(
        title=article.title,
        about=about(article.source, article.published),
        url=_link(article.url),
        note=note,
        blocks=tuple(blocks(article.text, start, end)),
    )


def blocks(text: str, start: int, end: int) -> Iterator[Block]:
    """Yield the paragraphs and headings of a text, with `start..end` marked."""
    for first, last in _paragraphs(text):
        heading = HEADING.match(text[first:last])
        level = len(heading[1]) if heading else 0
        if heading:
            words = text[first + heading.end() : last].rstrip().rstrip("#").rstrip()
            first += heading.end()
            last = first + len(words)
        cuts = [first, min(max(start, first), last), min(max(end, first), last), last]
        pieces = [text[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
        parts = (Part(text=piece, marked=i == 1) for i, piece in enumerate(pieces) if piece)
        yield Block(level=level, parts=tuple(parts))


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield where paragraphs begin and end: at blank lines, around headings and before list items."""
    begun: int | None = None
    at = end = 0
    for line in text.splitlines(keepends=True):
        stripped = line.rstrip()
        heading = HEADING.match(stripped)
        if begun is not None and (not stripped or heading or ITEM.match(line)):
            yield begun, end
            begun = None
        if heading:
            yield at, at + len(stripped)
        elif stripped:
            begun = at if begun is None else begun
            end = at + len(stripped)
        at += len(line)
    if begun is not None:
        yield begun, end


def _cited(citation: Citation) -> Card:
    passage = citation.passage
    return Card(
        number=citation.number,
        article_id=citation.article_id,
        title=citation.title,
        about=about(citation.source, citation.published),
        url=_link(citation.url),
        start=citation.start,
        end=citation.end,
        before=_tail(passage.text[: max(0, citation.start - passage.start)]),
        marked=citation.quote,
        after=_head(passage.text[max(0, citation.end - passage.start) :], AROUND),
    )


def _near(hit: Hit, article: Article) -> Card:
    passage = hit.passage
    return Card(
        number=None,
        article_id=article.id,
        title=article.title,
        about=about(article.source, article.published),
        url=_link(article.url),
        start=passage.start,
        end=passage.end,
        before=_head(passage.text, EXCERPT),
        marked="",
        after="",
    )


def _link(url: str | None) -> str | None:
    return url if url and url.lower().startswith(("https://", "http://")) else None


def _head(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return re.sub(r"\s+\S*\Z", "", text[:most]) + " …"


def _tail(text: str) -> str:
    if len(text) <= AROUND:
        return text
    return "… " + re.sub(r"\A\S*\s+", "", text[-AROUND:])
