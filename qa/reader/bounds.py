"""Sensible bounds for an answer span: whole words, whole quantities, whole names, no stray punctuation.

All functions take a sentence's text and a span inside it, in code points, and return such a span.
"""

from __future__ import annotations

import re

from qa.types import Span

SCALE = r"(?:hundred|thousand|million|billion|trillion|mn|bn|m|k)"
UNIT = (
    r"(?:%|percent|per cent|percentage points|dollars?|euros?|pounds?|yuan|roubles?|rubles?|yen|renminbi|rupees?|"
    r"cents?|"
    r"km/h|km|kilomet(?:re|er)s?|met(?:re|er)s?|cm|mm|miles?|feet|foot|inches|tonnes?|tons?|kg|kilograms?|lit(?:re|er)s?|"
    r"(?:cubic|square) (?:met(?:re|er)s?|kilomet(?:re|er)s?|feet|miles?)|hours?|minutes?|seconds?|years?|"
    r"months?|weeks?|days?|"
    r"decades?|centuries|degrees?|MW|GW|barrels?|people|passengers|workers)"
)
ABOUT = (
    r"(?:about|around|roughly|approximately|nearly|almost|over|under|some|more than|less than|fewer than|"
    r"at least|at most|"
    r"up to|just over|just under|an estimated)"
)
# "about $6 billion", "1.7 trillion roubles", "25 percent": a quantity is given whole.
QUANTITY = re.compile(
    rf"(?:\b{ABOUT} )?(?-i:\b[A-Z]{{1,3}}\s?)?[$€£¥]?\d+(?:[.,]\d+)*(?:[-–—]\d+(?:[.,]\d+)*)?(?:[\s-]?{SCALE}\b)?"
    rf"(?:[\s-]?{UNIT}(?!\w))?",
    re.I,
)
DAY = r"(?:\d{1,2}(?:st|nd|rd|th)?)"
MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|"
    r"Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
DATE = re.compile(rf"\b(?:{DAY} {MONTH}(?:,? \d{{4}})?|{MONTH} {DAY}(?:, ?\d{{4}})?|{MONTH},? \d{{4}})\b")
INITIALS = re.compile(r"(?:\b[A-Z]\. ?)+[A-Z][\w’'-]+")
PAIRS = {"(": ")", "[": "]", "“": "”", "‘": "’", '"': '"'}
LEFT = ",.;:!?)]}”–—-/|*_#>"
RIGHT = ",;:.!?([{“–—-/|*_#"


def snap(text: str, span: Span) -> Span:
    """Return the span with sensible bounds; (0, 0) when nothing but punctuation is left."""
    start, end = _words(text, *span)
    start, end = _trimmed(text, start, end)
    for whole in (QUANTITY, DATE, INITIALS):
        start, end = _whole(text, start, end, whole)
    start, end = _trimmed(text, *_balanced(text, start, end))
    return (start, end) if end > start else (0, 0)


def _words(text: str, start: int, end: int) -> Span:
    """Move bounds that cut a word or a number outwards."""
    while 0 < start < len(text) and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while 0 < end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return start, end


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and (text[start].isspace() or text[start] in LEFT) and not _is_minus(text, start):
        start += 1
    while start < end and (text[end - 1].isspace() or text[end - 1] in RIGHT) and not _abbreviates(text, start, end):
        end -= 1
    return start, end


def _is_minus(text: str, start: int) -> bool:
    return text[start] in "-–" and text[start + 1 : start + 2].isdigit() and (start == 0 or text[start - 1].isspace())


def _abbreviates(text: str, start: int, end: int) -> bool:
    """Whether the span ends with a full stop that belongs to it: "U.S.", "Inc."."""
    return bool(re.search(r"(?:\b[A-Z]\.[A-Z]\.|\b(?:Inc|Ltd|Co|Jr|Sr|Corp|St)\.)$", text[start:end]))


def _whole(text: str, start: int, end: int, whole: re.Pattern[str]) -> Span:
    """Take in all of a quantity, date or name that a bound of the span cuts."""
    for match in whole.finditer(text):
        a, b = match.span()
        if a < start < b or (a < end < b) or (a == start and end < b):
            start, end = min(start, a), max(end, b)
    return start, end


def _balanced(text: str, start: int, end: int) -> Span:
    """Take in the partner of a bracket or quotation mark that stands alone, or leave it out at a bound."""
    for left, right in PAIRS.items():
        inside = text[start:end]
        if left != right and inside.count(left) > inside.count(right):
            close = text.find(right, end)
            if 0 <= close <= end + 40:
                end = close + 1
            elif inside.startswith(left):
                start += 1
        elif left != right and inside.count(right) > inside.count(left) and inside.endswith(right):
            end -= 1
        elif left == right and inside.count(left) == 1:
            start, end = start + inside.startswith(left), end - inside.endswith(left)
    return start, end
