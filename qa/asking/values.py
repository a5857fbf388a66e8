"""Whether two articles give the same value: "$6bn" and "6 billion dollars", "Monday" and "20 May", "Osten" and "Karl
Osten". Units of one kind are converted, currencies are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from math import isclose

from qa.asking.times import interval, periods_in
from qa.text.quantities import ABOUT, WEEKDAYS
from qa.text.terms import terms

SCALES = {"hundred": 1e2, "thousand": 1e3, "k": 1e3, "million": 1e6, "mn": 1e6, "m": 1e6, "billion": 1e9, "bn": 1e9}
SCALES |= {"trillion": 1e12, "tn": 1e12}
NUMBERS = {w: i for i, w in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())}
# A unit to the one that it is measured in, and how many of those it is.
UNITS = {
    **dict.fromkeys(("km", "kilometre", "kilometer"), ("metre", 1e3)),
    **dict.fromkeys(("metre", "meter"), ("metre", 1.0)),
    **dict.fromkeys(("cm", "centimetre", "centimeter"), ("metre", 1e-2)),
    **dict.fromkeys(("mm", "millimetre", "millimeter"), ("metre", 1e-3)),
    **dict.fromkeys(("kg", "kilogram"), ("kilogram", 1.0)),
    **dict.fromkeys(("tonne", "ton"), ("kilogram", 1e3)),
    **dict.fromkeys(("%", "percent", "per cent"), ("percent", 1.0)),
    **dict.fromkeys(("$", "us$", "dollar", "us dollar"), ("dollar", 1.0)),
    **dict.fromkeys(("€", "euro"), ("euro", 1.0)),
    **dict.fromkeys(("£", "pound"), ("pound", 1.0)),
}
AMOUNT = re.compile(
    rf"(?P<sign>US\$|[$€£¥])?\s?(?P<number>\d+(?:[.,]\d+)*|\b(?:{'|'.join(NUMBERS)})\b)"
    rf"(?:[\s-]?(?P<scale>{'|'.join(SCALES)})\b)?(?:[\s-]?(?P<unit>%|[^\W\d_][^\W\d_/]*(?: dollars?\b)?))?",
    re.I,
)
ROUGHLY = re.compile(rf"\b{ABOUT}\b", re.I)
ROUGH = 0.1  # how far a figure that is said to be rough may be off
IS_DATE = re.compile(rf"\b(?:{'|'.join(WEEKDAYS)}|yesterday|today|(?:1[5-9]|20)\d\d)\b|\b\d{{1,2}} [A-Z][a-z]+\b", re.I)


@dataclass(frozen=True, slots=True)
class Said:
    """A value as an article says it, and when that was published."""

    text: str
    published: date | None = None


def same_value(one: Said, other: Said) -> bool:
    """Return whether two values are the same, spelling, units and how full a name is aside."""
    dates = _days(one), _days(other)
    if dates[0] and dates[1]:
        return dates[0][0] <= dates[1][1] and dates[1][0] <= dates[0][1]
    amounts = amount_of(one.text), amount_of(other.text)
    if amounts[0] and amounts[1]:
        rough = ROUGHLY.search(one.text) or ROUGHLY.search(other.text)
        return _equal(amounts[0], amounts[1], ROUGH if rough else 1e-9)
    a, b = set(terms(one.text)), set(terms(other.text))
    return bool(a and b) and (a <= b or b <= a)


def amount_of(text: str) -> tuple[float, str] | None:
    """Return the first amount of a text as number and unit ("" where none is said); None where there is none."""
    match = AMOUNT.search(text)
    if match is None:
        return None
    word = match["number"].lower()
    number = float(NUMBERS[word]) if word in NUMBERS else _number(word)
    number *= SCALES.get((match["scale"] or "").lower(), 1.0)
    unit = (match["sign"] or match["unit"] or "").lower()
    base, factor = UNITS.get(unit) or UNITS.get(unit.removesuffix("s")) or (unit.removesuffix("s"), 1.0)
    return number * factor, base


def _number(digits: str) -> float:
    thousands = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits)
    plain = digits.replace(",", "") if thousands else digits.replace(",", ".")
    return float(plain) if plain.count(".") <= 1 else float(plain.replace(".", ""))


def _equal(one: tuple[float, str], other: tuple[float, str], tolerance: float) -> bool:
    units = {one[1], other[1]}
    return (len(units) == 1 or "" in units) and isclose(one[0], other[0], rel_tol=tolerance)


def _days(said: Said) -> tuple[date, date] | None:
    """Return the days that a value means, if it is a date: "Monday" is the one before its article, "2028" the year."""
    if not IS_DATE.search(said.text) or len(said.text.split()) > 6:
        return None
    as_of = said.published or date.max
    if said.published is None and not re.search(r"\d{4}", said.text):
        return None
    named = periods_in(f"in {re.sub(r'^(?:in|on|by|at|from) ', '', said.text.strip(), flags=re.I)}", as_of)
    if named and named[0].since and named[0].until:
        return named[0].since, named[0].until
    return interval(said.text, as_of)
