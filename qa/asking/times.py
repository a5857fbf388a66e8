"""Words of a question that name a time: "in 2015", "last week", "since March", "between May and July 2019".

Small rules find the words; `dateutil` and `dateparser` resolve them. Relative words count from the day that the
question is asked of (`as_of`). Names without a year mean the last such time: "March", asked in November, is that of
this year.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dateutil.parser import ParserError
from dateutil.parser import parse as parse_date
from dateutil.relativedelta import relativedelta

from qa.text.quantities import DAY, MONTH, WEEKDAYS, YEAR

Interval = tuple[date, date]
"""First and last day, both included."""

MAX_CHARS = 600  # of a question that are looked through
YEARS = range(1500, 2100)

WEEKDAY = rf"(?:{'|'.join(WEEKDAYS)})"
UNIT = r"(?:day|week|month|year)"
NUMBER = r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|few|couple of)"
EXACT_DAY = rf"(?:\d{{4}}-\d\d-\d\d|{DAY} (?:of )?{MONTH}(?:,? {YEAR})?|{MONTH} {DAY}(?![\d-])(?:,? {YEAR})?)"
EXACT = rf"(?:{EXACT_DAY}|{MONTH},? {YEAR}|{YEAR}(?![\d-]))"
RELATIVE = (
    rf"(?:the day before yesterday|yesterday|today|this {UNIT}|last {UNIT}|last {WEEKDAY}|"
    rf"(?:the )?(?:last|past) (?:{NUMBER} )?{UNIT}s?|{NUMBER} {UNIT}s? ago)"
)
VAGUE = rf"(?:(?:last )?{MONTH}|{WEEKDAY}|the {YEAR[:-2]}\ds)"  # only behind a preposition: "may" is a verb
ANY = rf"(?:{RELATIVE}|{EXACT}|{VAGUE})"
WORDS = re.compile(
    rf"\b(?:(?:between|from) (?P<a>{ANY}) (?:and|to|until|till) (?P<b>{ANY})"
    rf"|(?P<open>since|after|before|until|till|up to|by) (?P<c>{ANY})(?: on(?:wards?)?\b)?"
    rf"|(?:(?:in|on|during|of|for|over|from|at|throughout|within) (?:the year )?)(?P<d>{ANY})"
    rf"|(?<!-)(?P<e>{EXACT}|{RELATIVE}))(?![\w-])",
    re.I,
)
COUNTS = {word: i for i, word in enumerate("one two three four five six seven eight nine ten".split(), start=1)}
COUNTS |= {"a": 1, "an": 1, "twelve": 12, "few": 3, "couple of": 2}


@dataclass(frozen=True, slots=True)
class Period:
    """A time that a question names: days from `since` to `until`, and where its words stand in the question."""

    since: date | None
    until: date | None
    words: str
    start: int
    end: int

    def holds(self, day: date | None) -> bool:
        """Return whether a day lies in it."""
        return day is not None and (self.since or date.min) <= day <= (self.until or date.max)


def periods_in(text: str, as_of: date) -> list[Period]:
    """Return the times that a text names, in order."""
    found = (_period(match, as_of) for match in WORDS.finditer(text[:MAX_CHARS]))
    return [period for period in found if period is not None]


def without(text: str, periods: list[Period]) -> str:
    """Return a text without the words of its periods."""
    for period in reversed(periods):
        text = f"{text[: period.start]} {text[period.end :]}"
    return re.sub(r"\s+([,?.!])", r"\1", " ".join(text.split()))


def _period(match: re.Match[str], as_of: date) -> Period | None:
    place = (match[0], match.start(), match.end())
    if match["a"]:
        return _between(interval(match["a"], as_of), interval(match["b"], as_of), match, place)
    if match["open"]:
        named = interval(match["c"], as_of)
        try:
            return named and _open(match["open"].lower(), named, place)
        except OverflowError:  # after the last day that there is
            return None
    if match["e"] and re.search(r"(?<!^)\b[A-Z][\w’'-]*\s+$", match.string[: match.start()]):
        return None  # a name: "Agenda 2030"
    named = interval(match["d"] or match["e"], as_of)
    return Period(named[0], named[1], *place) if named else None


def _between(
    first: Interval | None, last: Interval | None, match: re.Match[str], place: tuple[str, int, int]
) -> Period | None:
    if first is None or last is None:
        return None
    start = first[0]
    if not re.search(YEAR, match["a"]) and re.search(YEAR, match["b"]):  # "between May and July 2019"
        start += relativedelta(year=last[1].year)
    return Period(start, last[1], *place) if start <= last[1] else None


def _open(word: str, named: Interval, place: tuple[str, int, int]) -> Period:
    first, last = named
    if word == "since":
        return Period(first, None, *place)
    if word == "after":
        return Period(last + timedelta(days=1), None, *place)
    if word == "before":
        return Period(None, first - timedelta(days=1), *place)
    return Period(None, last, *place)


def interval(words: str, as_of: date) -> Interval | None:
    """Return the days that words such as "2015", "March 2020", "last week" mean; None where there are no such days."""
    text = " ".join(words.lower().replace(",", " ").split()).removeprefix("the ")
    for rule, resolve in RULES:
        if match := rule.fullmatch(text):
            try:
                return resolve(match, as_of)
            except (ValueError, OverflowError, ParserError):
                return None
    return None


def _year(match: re.Match[str], _: date) -> Interval:
    year = int(match[1])
    return date(year, 1, 1), date(year, 12, 31)


def _decade(match: re.Match[str], _: date) -> Interval:
    year = int(match[1])
    return date(year, 1, 1), date(year + 9, 12, 31)


def _month(match: re.Match[str], as_of: date) -> Interval:
    month = parse_date(match["month"].rstrip("."), default=datetime(2000, 1, 1)).month
    year = int(match["year"]) if match["year"] else as_of.year - (month > as_of.month)
    return _span_of(date(year, month, 1), "month")


def _exact_day(match: re.Match[str], as_of: date) -> Interval:
    text = match[0].replace(" of ", " ")
    day = parse_date(text, default=datetime(as_of.year, 1, 1)).date()
    if not re.search(YEAR, text) and day > as_of:
        day -= relativedelta(years=1)
    return day, day


def _weekday(match: re.Match[str], as_of: date) -> Interval:
    wanted = [name.lower() for name in WEEKDAYS].index(match["weekday"])
    day = as_of - timedelta(days=(as_of.weekday() - wanted) % 7)
    if match["last"] and day == as_of:
        day -= timedelta(days=7)
    return day, day


def _this(match: re.Match[str], as_of: date) -> Interval:
    return _span_of(as_of, match["unit"])[0], as_of


def _last(match: re.Match[str], as_of: date) -> Interval:
    return _span_of(as_of - _length(1, match["unit"]), match["unit"])


def _past(match: re.Match[str], as_of: date) -> Interval:
    return as_of - _length(_number(match["n"] or "1"), match["unit"]), as_of


def _ago(match: re.Match[str], as_of: date) -> Interval:
    return _span_of(as_of - _length(_number(match["n"]), match["unit"]), match["unit"])


def _spoken(match: re.Match[str], as_of: date) -> Interval:
    import dateparser  # takes long to load, and few questions need it

    found = dateparser.parse(
        match[0], languages=["en"], settings={"RELATIVE_BASE": datetime(as_of.year, as_of.month, as_of.day)}
    )
    if found is None:
        raise ValueError(match[0])
    return found.date(), found.date()


def _number(word: str) -> int:
    return int(word) if word.isdigit() else COUNTS[word]


def _length(number: int, unit: str) -> relativedelta:
    return relativedelta(
        days=number * (unit == "day"),
        weeks=number * (unit == "week"),
        months=number * (unit == "month"),
        years=number * (unit == "year"),
    )


def _span_of(day: date, unit: str) -> Interval:
    """Return the calendar unit that a day lies in; a week begins on Monday."""
    if unit == "day":
        return day, day
    if unit == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    first = day.replace(day=1) if unit == "month" else day.replace(month=1, day=1)
    return first, first + _length(1, unit) - timedelta(days=1)


Resolve = Callable[[re.Match[str], date], Interval]
_RULES: tuple[tuple[str, Resolve], ...] = (
    (rf"({YEAR})", _year),
    (rf"({YEAR[:-2]}\d)s", _decade),
    (rf"(?:last )?(?P<month>{MONTH})(?: (?P<year>{YEAR}))?", _month),
    (EXACT_DAY, _exact_day),
    (rf"(?P<last>last )?(?P<weekday>{WEEKDAY})", _weekday),
    (r"(?:the )?day before yesterday|yesterday|today", _spoken),
    (rf"this (?P<unit>{UNIT})", _this),
    (rf"last (?P<unit>{UNIT})", _last),
    (rf"(?:last|past) (?:(?P<n>{NUMBER}) )?(?P<unit>{UNIT})s?", _past),
    (rf"(?P<n>{NUMBER}) (?P<unit>{UNIT})s? ago", _ago),
)
RULES = [(re.compile(rule, re.I), resolve) for rule, resolve in _RULES]
