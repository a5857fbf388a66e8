"""Tables in a text: runs of lines with bars between cells, with or without a line of dashes below the header."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qa.types import Span

BAR = re.compile(r"(?<!\\)\|")
CELLS = re.compile(r"(?<=[ \t])\|(?=[ \t]|$)|(?<=[ \t])\|[ \t]*$")  # a bar between blanks: cells, not "a|b"
EDGED = re.compile(r"[ \t>]*\|.*\S.*\|[ \t\r]*$")  # a line between two bars
DASHES = re.compile(r"[ \t>]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?[ \t]*)?[ \t\r]*$")
YEAR = re.compile(r"(?:1[5-9]|20)\d\d(?:[/\u2013-]\d\d(?:\d\d)?)?")
DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a text: where it begins and ends, its rows, and its header, which is none of them."""

    start: int
    end: int
    header: Span | None
    rows: tuple[Span, ...]


@lru_cache(maxsize=256)
def tables(text: str) -> tuple[Table, ...]:
    """Return the tables of a text, in order. Spans are lines without white space around them."""
    if "|" not in text:
        return ()
    return tuple(table for lines in _runs(text) if (table := _table(text, lines)) is not None)


def table_at(text: str, start: int) -> Table | None:
    """Return the table that holds a character, None if none does."""
    found = tables(text)
    place = bisect_right([table.start for table in found], start) - 1
    return found[place] if place >= 0 and start < found[place].end else None


def header_at(text: str, start: int) -> Span | None:
    """Return the header of the table that a place lies in, if it is above that place."""
    table = table_at(text, start)
    return table.header if table and table.header and table.header[1] <= start else None


def cells(text: str, row: Span) -> list[Span]:
    """Return the cells of a row, trimmed; an empty cell is an empty span."""
    start, end = row
    line = text[start:end]
    bars = [match.start() for match in BAR.finditer(line)]
    first = 0
    if bars and not line[: bars[0]].strip(" \t>"):
        first = bars.pop(0) + 1
    if bars and not line[bars[-1] + 1 :].strip():
        line = line[: bars.pop()]
    found = []
    for bar in [*bars, len(line)]:
        left = first + len(line[first:bar]) - len(line[first:bar].lstrip())
        right = max(left, first + len(line[first:bar].rstrip()))
        found.append((start + left, start + right))
        first = bar + 1
    return found


def _runs(text: str) -> Iterator[list[Span]]:
    """Yield runs of neighbouring lines that may be rows."""
    run: list[Span] = []
    at = 0
    for line in text.split("\n"):
        left = len(line) - len(line.lstrip())
        if "|" in line and (CELLS.search(line) or EDGED.match(line) or DASHES.match(line)):
            run.append((at + left, at + len(line.rstrip())))
        elif run:
            yield run
            run = []
        at += len(line) + 1
    if run:
        yield run


def _table(text: str, lines: Sequence[Span]) -> Table | None:
    """Return the table of a run of lines. One line alone is a table if it has three cells or stands between bars."""
    dashes = [i for i, (start, end) in enumerate(lines) if DASHES.match(text[start:end])]
    rows = [line for i, line in enumerate(lines) if i not in set(dashes)]
    if not rows:
        return None
    if len(lines) == 1 and len(cells(text, rows[0])) < 3 and not EDGED.match(text[slice(*rows[0])]):
        return None
    header = lines[0] if 1 in dashes[:1] else None
    if header is None and not dashes and len(rows) > 1 and _is_header(text, rows):
        header = rows[0]
    return Table(lines[0][0], lines[-1][1], header, tuple(row for row in rows if row != header))


def _is_header(text: str, rows: Sequence[Span]) -> bool:
    """Return whether the first row has something in each cell, no digits but years, and is unlike the rows below it."""
    first = [text[slice(*cell)] for cell in cells(text, rows[0])]
    if len(first) < 2 or not all(first[1:]) or any(DIGIT.search(cell) and not YEAR.fullmatch(cell) for cell in first):
        return False
    below = [text[slice(*cell)] for row in rows[1:] for cell in cells(text, row)]
    return any(DIGIT.search(cell) and not (YEAR.fullmatch(cell) and any(map(YEAR.fullmatch, first))) for cell in below)
