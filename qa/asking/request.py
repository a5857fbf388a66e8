"""What a question asks for, given the conversation before it: a typed request that can be shown."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date

from qa.asking.kinds import ACCORDING, SOURCE, Wanted, kind_in, with_sources
from qa.asking.overview import subject_of
from qa.asking.parts import parts_of
from qa.asking.rewrite import asks_for_more, wording
from qa.asking.small_talk import POLITE, Aside, aside_of
from qa.asking.times import Period, periods_in, without
from qa.asking.turns import History, Turn, turns_of
from qa.errors import QuestionError
from qa.text.question import is_question
from qa.text.terms import terms
from qa.types import Chip, ParsedRequest, RequestKind

PARTS = ("kind", "time", "sources")  # of what was understood, each of which can be taken off
KEYWORDS = 4  # terms of a search by keywords
LISTS = frozenset({RequestKind.LIST, RequestKind.COUNT})
LABELS = {
    RequestKind.LATEST: "Latest",
    RequestKind.PERIOD: "What happened",
    RequestKind.SOURCE: "Reported by",
    RequestKind.LIST: "Articles",
    RequestKind.COUNT: "How many",
    RequestKind.COMPARE: "Compare",
    RequestKind.TIMELINE: "Timeline",
    RequestKind.OVERVIEW: "Overview",
    RequestKind.SPEAKER: "Who said what",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What a question is read against: the day it is asked of, the sources of the corpus, and what is not to be
    understood in it (`PARTS`).
    """

    as_of: date = field(default_factory=date.today)
    sources: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()

    @classmethod
    def of(cls, as_of: date | None, sources: tuple[str, ...], taken_off: Collection[str]) -> Setting:
        """Return a setting. Raises `QuestionError` for a part of another name."""
        unknown = set(taken_off) - set(PARTS)
        if isinstance(taken_off, str) or unknown:
            raise QuestionError(f"without must be a list of {', '.join(PARTS)}, not {taken_off!r}")
        return cls(as_of or date.today(), sources, frozenset(taken_off))


@dataclass(frozen=True, slots=True)
class Request:
    """A question as asked, as searched for and as understood.

    `raw` is the question as asked where it is retrieved beside the rewritten one; `aside` is set where no article is
    asked, `subject` where an overview is wanted; `already_said` is text that the answer must not repeat; `guessed`
    tells that no word of the question says that it leans on what was said. `periods` are the times that it names.
    """

    question: str
    searched_for: str
    raw: str | None = None
    aside: Aside | None = None
    subject: str | None = None
    already_said: str = ""
    guessed: bool = False
    wanted: Wanted = Wanted(RequestKind.FACT)
    periods: tuple[Period, ...] = ()
    parsed: ParsedRequest = ParsedRequest(RequestKind.FACT, "")
    setting: Setting = field(default_factory=Setting)

    @property
    def as_latest(self) -> Request | None:
        """The latest on its subject ("what happened to X?") or on a few words, no question; None for others."""
        subject = self.parsed.subject
        if subject is None and 1 <= len(terms(self.searched_for)) <= KEYWORDS and not is_question(self.searched_for):
            subject = self.searched_for
        if subject is None or self.parsed.kind is not RequestKind.FACT:
            return None
        return replace(self, parsed=replace(self.parsed, kind=RequestKind.LATEST, subject=subject))

    @property
    def asks_who_said(self) -> bool:
        """Whether it asks who said something."""
        return self.parsed.kind is RequestKind.SPEAKER and self.parsed.speaker is None

    @property
    def as_typed(self) -> Request:
        """The same question, taken to stand alone."""
        return Request(self.question, self.question, parsed=self.parsed)


def request_of(
    question: str, history: History = (), searched_for: str | None = None, setting: Setting | None = None
) -> Request:
    """Return what a question asks for. `searched_for` is a wording that the asker chose: it is taken as it is.

    Raises `QuestionError` where the history is no list of pairs.
    """
    turns, setting = spoken(history), setting or Setting()
    if searched_for is not None:
        subject = subject_of(searched_for)
        kind = RequestKind.OVERVIEW if subject else RequestKind.FACT
        parsed = ParsedRequest(kind, question, subject, as_of=setting.as_of)
        return Request(question, searched_for, subject=subject, parsed=parsed)
    rewritten = wording(question, turns)
    understood = _understood(question, rewritten.text, setting)
    aside = aside_of(question)
    if aside is not None and not _lists(understood):
        parsed = ParsedRequest(RequestKind.SMALL_TALK, question, aside.subject, as_of=setting.as_of)
        return Request(question, question, aside=aside, parsed=parsed)
    more = bool(turns) and asks_for_more(question)
    overview = understood.parsed.kind is RequestKind.OVERVIEW
    return Request(
        question=question,
        searched_for=rewritten.text,
        raw=question if rewritten.text != question and not more else None,
        subject=understood.parsed.subject if overview else None,
        already_said="\n".join(turn.said for turn in turns) if more else "",
        guessed=rewritten.guessed and not more,
        wanted=understood.wanted,
        periods=understood.periods,
        parsed=understood.parsed,
        setting=setting,
    )


def timeline_request(subject: str, setting: Setting) -> Request:
    """Return the request for the timeline of a subject."""
    chips = (Chip(f"{LABELS[RequestKind.TIMELINE]} · {subject}", "kind"),)
    parsed = ParsedRequest(RequestKind.TIMELINE, subject, subject, as_of=setting.as_of, chips=chips)
    return Request(subject, subject, parsed=parsed, setting=setting)


def spoken(history: History) -> list[Turn]:
    """Return the turns that something was said in, thanks and greetings left out. Raises `QuestionError`."""
    turns = turns_of(history)
    return [turn for turn in turns if (aside := aside_of(turn.question)) is None or aside.kind not in POLITE]


@dataclass(frozen=True, slots=True)
class _Understood:
    wanted: Wanted
    periods: tuple[Period, ...]
    parsed: ParsedRequest


def _understood(question: str, text: str, setting: Setting) -> _Understood:
    """Return kind, times and sources of a question that stands alone."""
    periods = () if "time" in setting.without else tuple(periods_in(text, setting.as_of))
    timeless = without(text, list(periods))
    marked, sources = (timeless, ()) if "sources" in setting.without else with_sources(timeless, setting.sources)
    wanted = Wanted(RequestKind.FACT) if "kind" in setting.without else _wanted(text, marked, sources, bool(periods))
    if (
        SOURCE in f"{wanted.subject} {wanted.speaker}"
        or wanted.kind is RequestKind.FACT
        and not ACCORDING.search(marked)
    ):
        sources = ()  # a name like that of a source, and no word that says so
        wanted = Wanted(RequestKind.FACT) if SOURCE in f"{wanted.subject} {wanted.speaker}" else wanted
    parts = parts_of(text) if wanted.kind is RequestKind.FACT and "kind" not in setting.without else ()
    first = periods[0] if periods else None
    parsed = ParsedRequest(
        kind=wanted.kind,
        as_typed=question,
        subject=wanted.subject,
        since=first.since if first else None,
        until=first.until if first else None,
        sources=sources,
        speaker=wanted.speaker,
        as_of=setting.as_of,
        parts=parts,
        chips=_chips(wanted, periods, sources),
    )
    return _Understood(wanted, periods, parsed)


def _wanted(text: str, marked: str, sources: tuple[str, ...], dated: bool) -> Wanted:
    wanted = kind_in(marked)
    if wanted.kind is RequestKind.FACT and (subject := subject_of(text)):
        return Wanted(RequestKind.OVERVIEW, subject)
    if wanted.kind in LISTS and not (wanted.subject or sources or dated):
        return Wanted(RequestKind.FACT)  # small talk has words for all articles
    if wanted.kind is RequestKind.LIST and sources and not wanted.subject:
        return Wanted(RequestKind.SOURCE)
    if wanted.kind is RequestKind.LATEST and dated:
        return Wanted(RequestKind.PERIOD, wanted.subject)
    if wanted.kind is RequestKind.PERIOD and not dated:
        return Wanted(RequestKind.FACT if wanted.subject else RequestKind.LATEST, wanted.subject)
    return wanted


def _lists(understood: _Understood) -> bool:
    return understood.parsed.kind in LISTS | {RequestKind.SOURCE}


def _chips(wanted: Wanted, periods: tuple[Period, ...], sources: tuple[str, ...]) -> tuple[Chip, ...]:
    """Return what was understood as labels: "Latest · railway", "2017", "Trade Post"."""
    about = " · ".join(part for part in (wanted.speaker, wanted.subject) if part)
    about = about or " · ".join(side for side in wanted.sides if SOURCE not in side)
    kind = LABELS.get(wanted.kind)
    label = f"{kind} · {about}" if kind and about else kind
    words = [re.sub(r"^(?:in|on|during|of|for|over|from|at) (?:the year )?", "", p.words, flags=re.I) for p in periods]
    return (
        *((Chip(label, "kind"),) if label else ()),
        *(Chip(word, "time") for word in words),
        *(Chip(source, "sources") for source in sources),
    )
