"""Days that words of an article mean: "on Sunday", in an article of Monday 9 March 2020, is 8 March 2020.

A day of the week is the last one before the article, or the next one where the words look ahead ("from Monday", "will
open on Friday").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

from qa.asking.times import interval
from qa.text.quantities import DAY, MONTH, WEEKDAYS, YEAR
from qa.types import Citation, ResolvedDate

Precision = Literal["day", "month", "year"]

WEEKDAY = rf"(?:{'|'.join(WEEKDAYS)})"
DAY_AND_MONTH = rf"(?:{DAY} (?:of )?{MONTH}|{MONTH} {DAY}(?!\d))"
RELATIVE = re.compile(
    rf"\b(?P<weekday>{WEEKDAY})\b(?!,? (?:{DAY}|{MONTH}))|\b(?P<word>yesterday|today|tomorrow)\b"
    rf"|\b(?P<day>{DAY_AND_MONTH})\b(?!,? {YEAR})",
)
FULL = re.compile(rf"\b(?:{DAY} (?:of )?{MONTH},? {YEAR}|{MONTH} {DAY},? {YEAR}|\d{{4}}-\d\d-\d\d)\b")
IN_MONTH = re.compile(rf"\b(?:in|of|since|last) (?P<month>{MONTH}(?:,? {YEAR})?)\b(?! \d)")
IN_YEAR = re.compile(rf"\b(?:in|of|since|during) (?P<year>{YEAR})\b")
AHEAD_BEFORE = re.compile(r"\b(?:from|until|till|by|next|starting|starts?|coming|this coming)\s+$", re.I)
AHEAD = re.compile(
    r"\b(?:will|shall|would|(?:is|are) (?:to|due|set|expected|planned)|plans? to|going to|next|due|decides?|begins?|"
    r"opens?|takes effect)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class EventDate:
    """A day, month or year that words of a sentence mean; `start` and `end` are offsets in the sentence."""

    day: date
    precision: Precision
    start: int
    end: int


def resolved(citations: Sequence[Citation]) -> tuple[ResolvedDate, ...]:
    """Return the relative dates of quotations with the days that they mean."""
    return tuple(
        ResolvedDate(citation.number, citation.start + found.start, citation.start + found.end, found.day)
        for citation in citations
        if citation.published is not None
        for found in relative_days(citation.quote, citation.published)
    )


def relative_days(sentence: str, published: date) -> Iterator[EventDate]:
    """Yield the days that a sentence names without a year, in order."""
    sentence = re.sub(r"\s", " ", sentence)
    for match in RELATIVE.finditer(sentence):
        day = _day(match, sentence, published)
        if day is not None:
            yield EventDate(day, "day", match.start(), match.end())


def event_date(sentence: str, published: date | None) -> EventDate | None:
    """Return when what a sentence tells took place, as exactly as it says; None where it does not say, or looks ahead.

    What lies after the article's own date is a plan, and has no place in time yet.
    """
    found: list[EventDate] = []
    sentence = re.sub(r"\s", " ", sentence)
    for pattern, precision in ((FULL, "day"), (IN_MONTH, "month"), (IN_YEAR, "year")):
        if precision == "month" and published is not None:
            found += relative_days(sentence, published)
        for match in pattern.finditer(sentence):
            days = interval(match[match.lastgroup] if match.lastgroup else match[0], published or date.max)
            if days is not None:
                found.append(EventDate(days[0], precision, match.start(), match.end()))  # type: ignore[arg-type]
    past = [each for each in found if published is None or each.day <= published]
    return past[0] if past and len(past) == len(found) else None


def _day(match: re.Match[str], sentence: str, published: date) -> date | None:
    before = sentence[: match.start()]
    ahead = bool(AHEAD_BEFORE.search(before) or AHEAD.search(before))
    try:
        if match["word"]:
            return published + timedelta(days=("yesterday", "today", "tomorrow").index(match["word"]) - 1)
        if match["weekday"]:
            wanted = WEEKDAYS.index(match["weekday"])
            back = (published.weekday() - wanted) % 7
            return published + timedelta(days=7 - back if ahead and back else -back)
        days = interval(match["day"], published)
        if days is None:
            return None
        far = published - days[0] > timedelta(days=180)  # "a hearing is set for 9 October", in August
        return days[0] + relativedelta(years=1) if (ahead or far) and days[0] < published else days[0]
    except (ValueError, OverflowError):
        return None
