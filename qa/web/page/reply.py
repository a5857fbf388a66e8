"""A reply of the chat as HTML, a class for each part.

Whatever comes from articles, file names and questions is hostile: it reaches the chat only through `plain`. The links
(`#src-<turn>-<card>` and its like) are for the page's modules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from qa.web.page.cards import MONTHS, Card, day, flat
from qa.web.page.view import ChatTurn, Dated, Written

CERTAINTIES = ((0.85, "Sure"), (0.6, "Likely"), (0.0, "Weak match"))  # from which estimate on, in words
HEADING_SIGNS = re.compile(r"(?m)^[ ]{0,3}#{1,6}[ \t]+")  # of Markdown; what follows is a heading's text
SIGN = re.compile(r"[\t\n!-/:-@\[-`{-~]")  # whatever can mean something to Markdown or HTML
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """A question that has no answer yet, and what is going on."""

    question: str
    doing: str = "Searching…"


def plain(text: str) -> str:
    """Return Markdown that shows the text exactly as it is: every ASCII sign becomes a character reference."""
    return SIGN.sub(lambda sign: f"&#{ord(sign[0])};", CONTROL.sub("", text))


def message(turn: ChatTurn, thumbs: bool = False) -> str:
    """Return a turn's reply as HTML, a class for each part; the page's modules read `#src-<turn>-<card>` and its like.

    It holds no blank line and no line break: to Markdown, which the chat makes of it, it is one piece of HTML.
    """
    parts = (*_said(turn), _writer(turn), _chips(turn), _searched(turn), _only(turn), _foot(turn, thumbs))
    return _part("div", f"reply {turn.kind}", *parts)


def messages(turns: Sequence[ChatTurn], asked: NewQuestion | None = None, thumbs: bool = False) -> list[dict[str, str]]:
    """Return the conversation as the chat shows it, with a question that has no answer yet at its end."""
    shown = [
        {"role": role, "content": content}
        for turn in turns
        for role, content in (("user", plain(turn.question)), ("assistant", message(turn, thumbs)))
    ]
    if asked is not None:
        shown += [
            {"role": "user", "content": plain(asked.question)},
            {"role": "assistant", "content": _part("p", "doing", plain(asked.doing))},
        ]
    return shown


def _part(tag: str, name: str, *content: str) -> str:
    """Return an element of a class, or nothing where it would be empty."""
    inside = "".join(content)
    return f'<{tag} class="{name}">{inside}</{tag}>' if inside else ""


def _link(action: str, turn: ChatTurn, label: str) -> str:
    return f'<a class="{action}" href="#{action}-{turn.number}">{plain(label)}</a>'


def _said(turn: ChatTurn) -> tuple[str, ...]:
    """Return what is said, in the form that fits it."""
    if turn.timeline:
        return (_timeline(turn),)
    if turn.parts:
        return tuple(map("".join, (_one_of_several(turn, n) for n in range(len(turn.parts)))))
    if turn.written:
        return tuple(_sentence(turn, sentence) for sentence in turn.written)
    if turn.kind == "answered":
        return _answered(turn)
    listed = turn.total and turn.cards
    return _listing(turn) if listed else _lines(turn.text), _nearest(turn)


def _sentence(turn: ChatTurn, sentence: Written) -> str:
    """Return a sentence with its markers: as a quotation where it is an article's own."""
    told = f"{plain(flat(sentence.text))} {_markers(turn, _numbered(turn, sentence.numbers))}"
    return f"<blockquote><p>{told}</p></blockquote>" if sentence.verbatim else _part("p", "written", told)


def _writer(turn: ChatTurn) -> str:
    """Return the line that says what a language model did, and where text was sent."""
    return _part("p", "writer", plain(flat(turn.writer))) if turn.writer else ""


def _answered(turn: ChatTurn) -> tuple[str, ...]:
    if turn.overview:
        return tuple(_quoted(turn, card) for card in turn.cards)
    first, *more = turn.cards
    also = _part("p", "also", f"See also {_markers(turn, more)}") if more else ""
    return _headline(turn), _quoted(turn, first), _agreement(turn), _earlier(turn), _later(turn), also


def _quoted(turn: ChatTurn, card: Card) -> str:
    """Return a quotation, the days that its words mean, and where it comes from."""
    dates = (f"“{plain(flat(found.words))}”: {day(found.day)}" for found in turn.dates if found.card == card.number)
    return _quotation(turn, card) + _origin(card) + _part("p", "dates", ", ".join(dates))


def _one_of_several(turn: ChatTurn, place: int) -> Iterable[str]:
    part = turn.parts[place]
    yield _part("p", "part", plain(flat(part.question)))
    cards = _numbered(turn, part.cards[:1])
    yield from (_quoted(turn, card) for card in cards) if cards else (_lines(part.text),)


def _numbered(turn: ChatTurn, numbers: Iterable[int]) -> list[Card]:
    cards = {card.number: card for card in turn.cards}
    return [cards[number] for number in numbers if number in cards]


def _markers(turn: ChatTurn, cards: Iterable[Card]) -> str:
    return " ".join(_marker(turn, card) for card in cards)


def _timeline(turn: ChatTurn) -> str:
    """Return dated statements one below the other, the newest on top."""
    entries = sorted(turn.timeline, key=lambda entry: entry.day, reverse=True)
    return _part("ol", "timeline", *(_entry(turn, entry) for entry in entries))


def _entry(turn: ChatTurn, entry: Dated) -> str:
    quoted = (_quoted(turn, card) for card in _numbered(turn, (entry.card,)))
    return f"<li>{_part('p', 'when', _when(entry))}{''.join(quoted)}</li>"


def _when(entry: Dated) -> str:
    """Return a day as exactly as it is known."""
    month = f"{MONTHS[entry.day.month - 1]} {entry.day.year}"
    return {"day": day(entry.day), "month": month, "year": str(entry.day.year)}[entry.precision]


FINDINGS = {"agree": "Sources agree", "differ": "Sources differ", "superseded": "The latest account differs"}


def _agreement(turn: ChatTurn) -> str:
    """Return what each source says; of one value that all give, how many give it."""
    found = turn.agreement
    if found is None or not found.values:
        return ""
    if found.finding == "agree":
        return _part("p", "agreement agree", f"{_counted(len(found.values[0].cards), 'source')} say so")
    values = (
        f"<li{'' if said.current else ' class=superseded'}>{plain(flat(said.value))} "
        f"{_markers(turn, _numbered(turn, said.cards))}</li>"
        for said in found.values
    )
    return _part(
        "div", f"agreement {found.finding}", f"<p>{FINDINGS[found.finding]}:</p>", _part("ul", "values", *values)
    )


def _earlier(turn: ChatTurn) -> str:
    said = (f"{plain(flat(each.value))} {_markers(turn, _numbered(turn, each.cards))}" for each in turn.earlier)
    return _part("p", "earlier", f"Earlier said: {', '.join(said)}") if turn.earlier else ""


def _later(turn: ChatTurn) -> str:
    if not turn.later:
        return ""
    title = "A later article" if len(turn.later) == 1 else "Later articles"
    return _part("p", "later", f"{title}: ", *_articles(turn, "later", turn.later))


def _articles(turn: ChatTurn, action: str, cards: Sequence[Card]) -> Iterable[str]:
    for place, card in enumerate(cards):
        where = f'<a class="article" href="#{action}-{turn.number}-{place}">{plain(flat(card.title))}</a>'
        yield f"{where} {_part('span', 'about', plain(card.about))} "


def _listing(turn: ChatTurn) -> str:
    """Return a list of articles, each with its sentence, and how many there are."""
    first = turn.text.splitlines()[0] if turn.text.strip() else ""
    items = (
        f"<li>{where}{_part('p', 'sentence', plain(flat(card.words)))}</li>"
        for where, card in zip(_articles(turn, "listed", turn.cards), turn.cards, strict=True)
    )
    count = f"{len(turn.cards)} of {turn.total}" if turn.total > len(turn.cards) else ""
    return _part("p", "said", plain(flat(first))) + _part("ol", "listing", *items) + _part("p", "count", count)


def _lines(text: str) -> str:
    """Return a reply of the briefing's own: its paragraphs, and its lists as lists."""
    lines = filter(None, (flat(line) for line in text.splitlines()))
    parts = []
    for listed, group in groupby(lines, key=lambda line: line.startswith("- ")):
        if listed:
            parts.append(_part("ul", "listed", *(f"<li>{plain(line[2:])}</li>" for line in group)))
        else:
            parts += [_part("p", "said", plain(line)) for line in group]
    return "".join(parts)


def _nearest(turn: ChatTurn) -> str:
    label = "Show passages on this" if turn.kind == "about" else "Show the nearest passages"
    return _part("p", "nearest", _link("near", turn, label)) if turn.cards else ""


def _origin(card: Card) -> str:
    """Return the line below a quotation: where it comes from, and when that was published."""
    return _part("p", "origin", plain(flat(" · ".join(filter(None, (card.about, card.title))))))


def _foot(turn: ChatTurn, thumbs: bool) -> str:
    """Return what can be done with a reply, and how sure it is."""
    again = (_link("again", turn, "Ask again"), _link("edit", turn, "Edit question"))
    if turn.kind == "error":
        return _part("p", "foot", *again)
    rating = (_link("up", turn, "Helpful"), _link("down", turn, "Not helpful")) if thumbs else ()
    links = (_link("copy", turn, "Copy"), _link("link", turn, "Copy link"), *again, *rating)
    return _part("div", "foot", _certainty(turn), *links)


def _certainty(turn: ChatTurn) -> str:
    if turn.kind != "answered":
        return ""
    if turn.overview:
        sentences, articles = len(turn.cards), len({card.article_id for card in turn.cards})
        return _part("span", "count", f"{_counted(sentences, 'sentence')} from {_counted(articles, 'article')}")
    words = next(words for least, words in CERTAINTIES if turn.confidence >= least)
    figure = f"Estimated at {min(99, round(100 * turn.confidence))} %: that this sentence answers the question."
    return _part("details", "certainty", f"<summary>{words}</summary>", plain(figure))  # an estimate is never certain


def _counted(count: int, one: str) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def _searched(turn: ChatTurn) -> str:
    """Return the chip that shows, and lets change, what was searched for instead of the question."""
    if not turn.searched_for:
        return ""
    chip = _link("searched", turn, flat(f"Searched for: {turn.searched_for}"))
    return _part("p", "wording", chip, _link("typed", turn, "Ask as typed"))


def _chips(turn: ChatTurn) -> str:
    """Return what was understood in the question, each of which can be taken off."""
    chips = (
        f'<a class="understood" href="#without-{turn.number}-{chip.without}">{plain(flat(chip.label))}</a>'
        for chip in turn.chips
    )
    return _part("p", "understanding", "Understood: ", *chips) if turn.chips else ""


def _only(turn: ChatTurn) -> str:
    return _part("p", "only", plain(flat(f"Only {turn.only}"))) if turn.only else ""


def _headline(turn: ChatTurn) -> str:
    """Return the short answer, where there is one beside the quotation."""
    short = turn.cards[0].quote[1] or ("" if flat(turn.text) in flat(turn.cards[0].words) else turn.text)
    return _part("p", "headline", plain(flat(short)))


def _quotation(turn: ChatTurn, card: Card) -> str:
    lead, short, rest = (re.sub(r"\s+", " ", HEADING_SIGNS.sub("", piece)) for piece in card.quote)
    marked = f"<mark>{plain(short)}</mark>" if short.strip() else plain(short)
    quoted = f"{plain(lead)}{marked}{plain(rest)}".strip()
    return f"<blockquote><p>{quoted} {_marker(turn, card)}</p></blockquote>"


def _marker(turn: ChatTurn, card: Card) -> str:
    where = f"src-{turn.number}-{card.number}"
    return f'<a class="marker" href="#{where}" title="Show source {card.number}">{card.number}</a>'
