"""Dates as files write them: ISO 8601, RFC 822, seconds since 1970, numbers, words of many languages.

The day is the one that is written, whatever its time zone. What could be two days ("3/4/2021") or is only part of one
("March 2021") is none.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from itertools import islice

YEARS = range(1000, 2101)
MAX_CHARS = 100  # of a text that is a date
EPOCH = range(10**8, 5 * 10**9)  # seconds: 1973 to 2128
LANGUAGES = "en fr de es it pt nl ru pl sv da nb fi cs tr uk".split()

DIGITS = re.compile(r"\d{8,17}")
YEAR_FIRST = re.compile(r"(\d{4})\s?([-/.年])\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})日?(?:$|[^\w]|T)", re.ASCII)
YEAR_LAST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)", re.ASCII)
MAIL = re.compile(r"(?:[A-Za-z]{3,9},?\s+)?\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}\s+\d{1,2}:\d\d")
LABEL = re.compile(
    r"^\W*(?:(?:first |originally |last )?(?:published|posted|updated|created|written|issued|released|date[d]?)\b"
    r"(?:\s+(?:on|at)\b)?\s*[:,]?)\s*",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W\d_]{3}")
FOUR_DIGITS = re.compile(r"(?<!\d)\d{4}(?!\d)")
DAY_DIGITS = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
TIME_ZONE = re.compile(r"\s*\(?\b(?:[A-Z]{2,5}T|UTC|GMT)\b\)?")
# A worded day with its year, or a day in ISO 8601, inside other words.
MONTH_WORD = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
WITHIN = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?[ \u00a0-](?:of )?{MONTH_WORD},?[ \u00a0-]\d{{4}}"
    rf"|{MONTH_WORD}[ \u00a0]\d{{1,2}}(?:st|nd|rd|th)?,?[ \u00a0]\d{{4}}|\d{{4}}-\d\d-\d\d)(?!\d)",
    re.IGNORECASE,
)
NAMED = re.compile(r"(?:^|[^\d])(\d{4})[-_.]?(\d\d)[-_.]?(\d\d)(?!\d)")  # in the name of a file
FOLDERS = re.compile(r"(?:^|/)(\d{4})/(\d{1,2})/(\d{1,2})(?:/|$)")  # of a site or a blog


def day_of(value: object) -> date | None:
    """Return the day that a value of a field gives, None if it gives none."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, dict) and "$date" in value:  # MongoDB's export
        return None if isinstance(value["$date"], dict) else day_of(value["$date"])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_epoch(value)
    if isinstance(value, str):
        text = " ".join(value[: 4 * MAX_CHARS].split())
        return _of_text(text) if text and len(text) <= MAX_CHARS else None
    return None


def day_within(text: str) -> tuple[date, str] | None:
    """Return the first whole day in a text, and the words that give it; English or ISO 8601 only."""
    for match in WITHIN.finditer(text):
        found = day_of(match[0])
        if found is not None and found.year in YEARS:
            return found, match[0]
    return None


def day_in_path(path: str) -> date | None:
    """Return the day in the path of a file or an address: `2021-03-04-ferry`, `20210304_ferry`, `2021/03/04/ferry`."""
    for match in (*NAMED.finditer(path.rpartition("/")[2]), *FOLDERS.finditer(path)):
        found = _day(*match.groups())
        if found is not None and 1900 <= found.year < YEARS.stop:
            return found
    return None


@lru_cache(maxsize=4096)
def _of_text(text: str) -> date | None:
    readers: tuple[Callable[[str], date | None], ...] = (_digits, _numbers, _mail, _iso, _words, _foreign)
    shorter = LABEL.sub("", text)
    return next((found for read in readers if (found := read(shorter)) is not None), None)


def _day(year: str, month: str, day: str) -> date | None:
    with contextlib.suppress(ValueError):
        return date(int(year), int(month), int(day))
    return None


def _of_epoch(number: float) -> date | None:
    """Return the day, in UTC, of a number of seconds since 1970, or of thousandths or millionths of them."""
    for unit in (1, 1_000, 1_000_000):
        if EPOCH.start * unit <= number < EPOCH.stop * unit:
            return datetime.fromtimestamp(number / unit, UTC).date()
    return None


def _digits(text: str) -> date | None:
    if not DIGITS.fullmatch(text):
        return None
    written = _day(text[:4], text[4:6], text[6:8]) if len(text) in (8, 12, 14) else None
    return written if written and 1900 <= written.year < YEARS.stop else _of_epoch(int(text))


def _numbers(text: str) -> date | None:
    """Return the day of numbers with its year first, or last; "3/4/2021" is the third or the fourth, so it is none."""
    if first := YEAR_FIRST.match(text):
        return _day(first[1], first[3], first[4])
    last = YEAR_LAST.match(text)
    if last is None:
        return None
    one, mark, two, year = last.groups()
    if mark == "." or int(one) > 12 or one == two:
        return _day(year, two, one)
    return _day(year, one, two) if int(two) > 12 else None


def _mail(text: str) -> date | None:
    with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
        return parsedate_to_datetime(text).date() if MAIL.match(text) else None
    return None


def _iso(text: str) -> date | None:
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(text).date()
    return None


def _is_worded(text: str) -> bool:
    """Return whether there may be a month in words, a year and a day."""
    return bool(WORD.search(text) and FOUR_DIGITS.search(text) and DAY_DIGITS.search(FOUR_DIGITS.sub("", text, 1)))


def _words(text: str) -> date | None:
    if not _is_worded(text):
        return None
    from dateutil import parser

    plain = TIME_ZONE.sub("", text).replace("|", " ").replace(" - ", " ").replace(" at ", " ")
    found = []
    for missing in (datetime(2001, 1, 1), datetime(2002, 2, 2)):  # what the text does not say differs
        with contextlib.suppress(ValueError, TypeError, OverflowError, AttributeError), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a time zone it does not know
            found.append(parser.parse(plain, default=missing, ignoretz=True).date())
    return found[0] if len(found) == 2 and found[0] == found[1] else None


def _foreign(text: str) -> date | None:
    if not _is_worded(text):
        return None
    from dateparser import parse

    rules = {"PARSERS": ["absolute-time"], "STRICT_PARSING": True, "REQUIRE_PARTS": ["day", "month", "year"]}
    with contextlib.suppress(Exception), warnings.catch_warnings():  # it raises what its dozen parsers provoke
        warnings.simplefilter("ignore")
        found = parse(" ".join(islice(text.split(), 8)), languages=LANGUAGES, settings=rules)
        return found.date() if found is not None else None
    return None
