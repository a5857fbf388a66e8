"""Sensible bounds for an answer span: whole words, whole quantities, no stray punctuation.

All functions take a sentence's text and a span inside it, in code points, and return such a span.
"""

from __future__ import annotations

import re

from qa.text.quantities import QUANTITY
from qa.types import Span

PAIRS = {"(": ")", "[": "]", "“": "”", "‘": "’", '"': '"'}
LEFT = ",.;:!?)]}”–—-/|*_#>"
RIGHT = ",;:.!?([{“–—-/|*_#"


def clean_span(text: str, span: Span) -> Span:
    """Return the span with sensible bounds; (0, 0) when nothing but punctuation is left."""
    start, end = _words(text, *span)
    start, end = _trimmed(text, start, end)
    start, end = _whole(text, start, end)
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


def _whole(text: str, start: int, end: int) -> Span:
    """Take in all of a quantity that a bound of the span cuts."""
    for match in QUANTITY.finditer(text):
        a, b = match.span()
        if a < start < b or a < end < b or (a == start and end < b):
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
