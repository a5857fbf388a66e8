"""Who said what: statements with their speaker, found in sentences that say so.

`"…", said X`, `X said that …`, `according to X, …`. "She said" is whoever spoke, or was named, before her.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qa.asking.listing import newest
from qa.asking.request import Request
from qa.asking.subjects import Place, places, reading_at, speaking_of
from qa.reader import Findings, overview_from
from qa.search import Filters
from qa.text.terms import terms
from qa.types import Answer, Article, Reading

if TYPE_CHECKING:
    from qa.index import Generation
    from qa.live import Snapshot

MOST = 4  # statements
LOOKED_AT = 50  # articles
SAYING = (
    r"(?:said|says|told|added|adds|argue[sd]|announce[sd]|claim(?:s|ed)|stat(?:es|ed)|warn(?:s|ed)|insist(?:s|ed)|"
    r"explain(?:s|ed)|admit(?:s|ted)|den(?:ies|ied)|promise[sd]|wrote|writes|declare[sd]|"
    r"call(?:s|ed) (?:it|him|her|them))"
)
NAME = r"(?:[A-Z][\w’'-]*(?: (?:of |de |von |van |the )?[A-Z][\w’'-]*)*)"
ROLE = r"(?:[Tt]he|[Tt]heir|[Ii]ts|[Hh]is|[Hh]er|[Aa]n?) (?:[\w’'-]+ ){0,4}?[\w’'-]+"
WHO = rf"(?:(?:[\w’'-]+ ){{0,5}}?{NAME}|{ROLE})"
BESIDE = rf"(?:, (?!who|which|whose|where)(?:[\w’'-]+ ){{0,6}}?{NAME})"  # "their lawyer, Pavel Dorn"
OWN = rf"{NAME} (?:[a-z][\w’'-]* ){{0,4}}?[a-z][\w’'-]*{BESIDE}"  # "Daily X's head of finance, Ann Oak"
NAMED = rf"(?P<who>{OWN}|{WHO}{BESIDE}?)"
ADVERB = r"(?: (?:has|had|also|then|later))?"
ENDS = r"(?=[,.;:]|$| (?:on|in|at|after|before)\b)"
PRONOUN = r"(?:he|she|they)"
BEFORE = re.compile(rf"(?P<who>{WHO}{BESIDE}),{ADVERB} {SAYING}\b")
SIMPLY_BEFORE = re.compile(rf"(?P<who>{WHO})(?:, [^,]{{1,80}},)?{ADVERB} {SAYING}\b")
AFTER = re.compile(rf"[,”\"’'?!] {SAYING} {NAMED}{ENDS}")
ACCORDING = re.compile(rf"\b[Aa]ccording to {NAMED}{ENDS}")
BY_PRONOUN = re.compile(rf"\b(?:{PRONOUN} {SAYING}|{SAYING} {PRONOUN})\b", re.I)
PERSON = re.compile(NAME)


@dataclass(frozen=True, slots=True)
class Attribution:
    """A sentence that gives what somebody says, and who, as the text names them."""

    article: Article
    place: Place
    who: str


def attributions(article: Article, generation: Generation) -> list[Attribution]:
    """Return the statements of an article with their speakers, in order."""
    found: list[Attribution] = []
    last = ""
    for place in places(article, generation, shortest=1):
        text = _on_one_line(article, place)
        who = _speaker(text)
        if who is None and last and BY_PRONOUN.search(text):
            who = last
        if who is not None:
            found.append(Attribution(article, place, who))
            last = who
        elif named := _person(text):
            last = named
    return found


def _speaker(text: str) -> str | None:
    for pattern in (ACCORDING, AFTER, BEFORE, SIMPLY_BEFORE):
        if (match := pattern.search(text)) and not re.fullmatch(PRONOUN, match["who"].strip(), re.I):
            return match["who"].strip(" ,")
    return None


def _person(text: str) -> str | None:
    """Return the first name of two words or more in a sentence: whom "she" in the next one means."""
    return next((match[0] for match in PERSON.finditer(text) if " " in match[0]), None)


def said_by(request: Request, snapshot: Snapshot, filters: Filters) -> Answer | None:
    """Return what somebody said, or who said something, the newest first; None where no sentence tells."""
    generation, parsed = snapshot.generation, request.parsed
    times = (parsed.since, parsed.until) if parsed.speaker else (None, None)  # of what was said, not of when
    chosen = filters.narrowed(*times, parsed.sources)
    about = parsed.speaker or parsed.subject or ""
    articles = [a for a in newest(_mentioning(about, bool(parsed.speaker), generation)) if chosen.admits(a)]
    found = [a for article in articles[:LOOKED_AT] for a in attributions(article, generation)]
    best = _by(parsed.speaker, parsed.subject, found) if parsed.speaker else _saying(parsed.subject or "", found)
    if not best:
        return None
    readings = [_reading(each, generation, rank) for rank, each in enumerate(best[:MOST], start=1)]
    hits = list({reading.hit.passage.id: reading.hit for reading in readings}.values())
    answer = overview_from(
        Findings(request.searched_for, hits, readings, generation.articles, generation.name), readings, {}
    )
    return answer if parsed.speaker else replace(answer, text=f"{best[0].who}\n{answer.text}")


def _mentioning(about: str, speaker: bool, generation: Generation) -> list[Article]:
    found = speaking_of(about, generation)
    if found or not speaker:
        return found
    return speaking_of(about.split()[-1], generation) if about.split() else []


def _by(speaker: str, subject: str | None, found: Sequence[Attribution]) -> list[Attribution]:
    """Return the statements of a speaker, those about the subject first where one is named."""
    asked = set(terms(speaker))
    last = set(terms(speaker.split()[-1]))
    person = speaker[:1].isupper()
    own = [a for a in found if asked <= set(terms(a.who)) or (person and last and last <= set(terms(a.who)))]
    if not subject:
        return own
    wanted = set(terms(subject))
    near = [a for a in own if wanted & set(terms(_text(a)))]
    around = [a for a in own if wanted & set(terms(f"{a.article.title} {a.article.text[:300]}"))]
    return near + [a for a in around if a not in near]


def _saying(what: str, found: Sequence[Attribution]) -> list[Attribution]:
    """Return the statement that holds most of what was said, if it holds most of it."""
    wanted = set(terms(what))
    shares = [(len(wanted & set(terms(_text(a)))) / max(1, len(wanted)), i) for i, a in enumerate(found)]
    best = max(shares, key=lambda pair: (pair[0], -pair[1]), default=(0.0, 0))
    return [found[best[1]]] if best[0] > 0.5 else []


def _text(attribution: Attribution) -> str:
    return _on_one_line(attribution.article, attribution.place)


def _on_one_line(article: Article, place: Place) -> str:
    """Return a sentence with a blank for each line break, as long as it is."""
    return re.sub(r"\s", " ", article.text[place.start : place.end])


def _reading(attribution: Attribution, generation: Generation, rank: int) -> Reading:
    """Return a statement as a reading, its speaker marked where the sentence names them."""
    reading = reading_at(attribution.place, generation, rank)
    at = _text(attribution).find(attribution.who)
    if at < 0:
        return reading
    start = attribution.place.start + at
    return replace(reading, answer_start=start, answer_end=start + len(attribution.who))
