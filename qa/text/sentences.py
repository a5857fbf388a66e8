"""Sentences of a text, for quotations. They come from sentencex (Wikimedia, rules for some 300 languages)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import sentencex

from qa.text.tables import tables

BLOCK_BREAK = re.compile(r"\n[ \t\r]*\n\s*|\n(?=[ \t]*(?:#{1,6} |[-*+] |\d{1,3}[.)] ))")
STRANGE_SPACE = re.compile(r"[^\S \t\r\n]")
HEADING = re.compile(r"#{1,6} ")
ITEM = re.compile(r"[ \t]*\d{1,3}[.)] ")


def _blocks(text: str, start: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield paragraphs, headings and list items of a stretch of text as (start, end)."""
    for match in BLOCK_BREAK.finditer(text, start, last):
        if match.start() > start:
            yield start, match.start()
        start = match.end()
    if start < last:
        yield start, last


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield the sentences around tables, and the rows of tables."""
    at = 0
    for table in tables(text):
        yield from _prose(text, at, table.start)
        yield from table.rows
        at = table.end
    yield from _prose(text, at, len(text))


def _prose(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for block_start, block_end in _blocks(text, start, end):
        yield from _block_sentences(text, block_start, block_end)


def _block_sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    block = text[start:end]
    heading_end = block.find("\n") if HEADING.match(block) else -1
    if heading_end >= 0:  # a heading ends with its line even when no blank line follows
        yield start, start + heading_end
        yield from _block_sentences(text, start + heading_end + 1, end)
        return
    marker = ITEM.match(block)  # "1." ends no sentence
    first, rest = (marker[0], block[marker.end() :]) if marker else ("", block)
    plain = STRANGE_SPACE.sub(" ", rest)  # of the same length; sentencex panics at some of the others
    pieces = sentencex.segment("en", plain)
    if "".join(pieces) != plain or not pieces:
        pieces = [plain]
    lengths = [len(piece) for piece in pieces]
    lengths[0] += len(first)
    for length in lengths:
        yield start, start + length
        start += length


@lru_cache(maxsize=4096)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Return the sentences of a text as (start, end), trimmed of white space, in order.

    Headings, list items and rows of tables are sentences of their own; no sentence crosses a blank line. The header of
    a table is none: it says nothing without a row.
    """
    found = []
    for start, end in _pieces(text):
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if right > left:
            found.append((left, right))
    return tuple(found)
