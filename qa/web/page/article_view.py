"""An article as the reader shows it: paragraphs and headings, with the cited words marked."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from qa.text.tables import Table, cells, tables
from qa.types import Article, Span
from qa.web.page.cards import Shown, about, digest, web_address

HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+")
MAX_SHOWN = 1_000_000  # characters of an article sent to the browser: a thick book
ITEM = re.compile(r"[ \t]*(?:[-*+>|]|\d{1,3}[.)])[ \t]")  # a line that stays a line of its own


class Part(Shown):
    """A stretch of text, marked or not."""

    text: str
    marked: bool


class Block(Shown):
    """A paragraph (level 0), a heading (1 to 6) or a row of a table of an article."""

    level: int
    parts: tuple[Part, ...]
    page: int | None = None  # of a PDF, where one begins with this block
    cells: tuple[tuple[Part, ...], ...] = ()  # of a row of a table; `parts` is then empty
    head: bool = False  # whether the row is the header of its table


class Page(Shown):
    """A whole article for the reader; `note` says what the reader has to know first."""

    title: str
    about: str
    url: str | None
    note: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """What to mark, as offsets; without an end, the rest of the paragraph.

    `quote` are the words that stood there, `check` is their digest; either may be unknown.
    """

    start: int = 0
    end: int = 0
    quote: str = ""
    check: str = ""


def page_of(article: Article, mark: Mark) -> Page:
    """Return an article with its mark.

    Words that no longer stand there are marked where they stand now; if nowhere, a note says so.
    """
    start, end, note = _placed(article.text, mark)
    first = max(0, start - MAX_SHOWN // 2)
    window = (first, first + MAX_SHOWN)
    if len(article.text) > MAX_SHOWN:
        note = f"{note} Of this long article, the part around the mark is shown.".strip()
    return Page(
        title=article.title,
        about=about(article.source, article.published),
        url=web_address(article.url),
        note=note,
        blocks=tuple(blocks(article, start, end, window)),
    )


def _placed(text: str, mark: Mark) -> tuple[int, int, str]:
    """Return where the mark goes, and what has to be said about it."""
    start, end = mark.start, mark.end
    if mark.quote and text[max(0, start) : end] != mark.quote:
        start = text.find(mark.quote)
        end = start + len(mark.quote)
        if start < 0:
            return 0, 0, "This article has changed since; the quoted words are no longer in it."
    if 0 < start < len(text) and end == 0:
        end = next((last for first, last in _paragraphs(text) if last > start), 0)
    if not 0 <= start < end <= len(text):
        start = end = 0
    if mark.check and not mark.quote and digest(text[start:end]) != mark.check:
        return 0, 0, "This article has changed since this address was made; what it marked may have moved."
    return start, end, ""


def blocks(article: Article, start: int, end: int, window: Span) -> Iterator[Block]:
    """Yield the paragraphs and headings of an article that touch a window, with `start..end` marked."""
    text, page = article.text, None
    for first, last, table in _stretches(article):
        if last <= window[0] or first >= window[1]:
            continue
        before, page = page, article.page_at(first)
        begins = None if page == before else page
        if table is not None:
            rows = tuple(_parts(text, cell, (start, end)) for cell in cells(text, (first, last)))
            yield Block(level=0, parts=(), page=begins, cells=rows, head=(first, last) == table.header)
            continue
        heading = HEADING.match(text[first:last])
        level = len(heading[1]) if heading else 0
        if heading:
            words = text[first + heading.end() : last].rstrip().rstrip("#").rstrip()
            first += heading.end()
            last = first + len(words)
        yield Block(level=level, parts=_parts(text, (first, last), (start, end)), page=begins)


def _parts(text: str, span: Span, mark: Span) -> tuple[Part, ...]:
    """Return a stretch of text cut where a mark begins and ends."""
    first, last = span
    cuts = [first, *(min(max(bound, first), last) for bound in mark), last]
    pieces = [text[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    return tuple(Part(text=piece, marked=i == 1) for i, piece in enumerate(pieces) if piece)


def _stretches(article: Article) -> Iterator[tuple[int, int, Table | None]]:
    """Yield where paragraphs, headings and rows of tables begin and end, and the table of a row."""
    at = 0
    for table in tables(article.text):
        yield from ((first, last, None) for first, last in _on_pages(article, at, table.start))
        header = (table.header,) if table.header else ()
        yield from ((*row, table) for row in (*header, *table.rows))
        at = table.end
    yield from ((first, last, None) for first, last in _on_pages(article, at, len(article.text)))


def _on_pages(article: Article, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where paragraphs begin and end; one that runs over a page's end is cut there."""
    for first, last in ((begin + a, begin + b) for a, b in _paragraphs(article.text[begin:end])):
        starts = article.pages[bisect_right(article.pages, first) : bisect_left(article.pages, last)]
        cuts = [first, *dict.fromkeys(starts), last]
        yield from zip(cuts, cuts[1:], strict=False)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield where paragraphs begin and end: at blank lines, around headings and before list items."""
    begun: int | None = None
    at = end = 0
    for line in text.splitlines(keepends=True):
        stripped = line.rstrip()
        heading = HEADING.match(stripped)
        if begun is not None and (not stripped or heading or ITEM.match(line)):
            yield begun, end
            begun = None
        if heading:
            yield at, at + len(stripped)
        elif stripped:
            begun = at if begun is None else begun
            end = at + len(stripped)
        at += len(line)
    if begun is not None:
        yield begun, end
