"""Articles to passages, each an exact slice of its article.

langchain-text-splitters cuts the text without overlap and without dropping a character, so offsets are
running lengths, never searches. The overlap is added afterwards, by moving a passage's start back to the
beginning of a sentence of the passage before it. A long table is cut between its rows, into shorter passages, since
figures and bars are many tokens; its header goes along with each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from qa.text.tables import Table, header_at, tables
from qa.types import Article, Passage, Span

if TYPE_CHECKING:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

# Best place to cut first. A sentence ends after a lower-case letter, digit, quote or bracket and a full
# stop, so that initials ("K. V. Kamath", "U.S. banks") are not cut.
SEPARATORS = [
    r"\n[ \t\r]*\n\s*",
    r"\n(?=[ \t]*(?:#{1,6}|[-*+]|\d{1,3}[.)]) )",
    r"(?<=[a-z0-9%)\]”\"’'][.!?])\s+(?=[\"“‘'(A-Z0-9])|(?<=[。！？])",
    r"\n",
    r"[ \t]+",
    "",
]
ROUND = 16  # characters to which the usual length of a row is rounded up
TABLE_SHARE = 0.5  # of the size of a passage, for one of a table
SENTENCE_START = re.compile(r"(?<=[a-z0-9%)\]”\"’'][.!?])\s+(?=[\"“‘'(A-Z0-9])|\n[ \t\r]*\n\s*|(?<=[。！？])")


@lru_cache(maxsize=8)
def _splitter(size: int) -> RecursiveCharacterTextSplitter:
    from langchain_text_splitters import RecursiveCharacterTextSplitter  # a question does not wait for it

    return RecursiveCharacterTextSplitter(
        separators=SEPARATORS,
        is_separator_regex=True,
        keep_separator="end",
        strip_whitespace=False,
        chunk_size=size,
        chunk_overlap=0,
    )


def _overlap_start(text: str, start: int, overlap: int) -> int:
    """Return the first sentence start within `overlap` characters before a cut, or the cut itself."""
    if overlap <= 0 or start == 0:
        return start
    window_start = max(0, start - overlap)
    match = SENTENCE_START.search(text, window_start, start)
    if match is None:
        return start
    overlap_start = match.end()
    return overlap_start + len(text[overlap_start:start]) - len(text[overlap_start:start].lstrip())


def split(article: Article, size: int = 900, overlap: int = 120) -> list[Passage]:
    """Return the passages of an article, in text order: `article.text[p.start:p.end] == p.text`.

    `size` and `overlap` are characters; a passage has at most `size + overlap`. Passages neither begin
    nor end with white space, and together they cover every other character.
    """
    text = article.text
    passages = []
    for cut, last, overlapping in _cuts(article, size):
        start = cut + len(text[cut:last]) - len(text[cut:last].lstrip())
        if start == last:
            continue
        start = _overlap_start(text, start, overlap) if overlapping else start
        end = start + len(text[start:last].rstrip())
        passages.append(passage_of(article, start, end))
    return passages


def passage_of(article: Article, start: int, end: int, passage_id: str | None = None) -> Passage:
    """Return a slice of an article as a passage, with the header of the table in which it begins."""
    header = header_at(article.text, start)
    return Passage(
        id=passage_id or f"{article.id}:{start}-{end}",
        article_id=article.id,
        start=start,
        end=end,
        text=article.text[start:end],
        header=article.text[slice(*header)] if header else "",
    )


def _cuts(article: Article, size: int) -> Iterator[tuple[int, int, bool]]:
    """Yield where each passage begins and ends, and whether it may overlap with the one before."""
    text, at = article.text, 0
    for table in (table for table in tables(text) if table.end - table.start > size * TABLE_SHARE):
        yield from _prose_cuts(article, (at, table.start), size)
        yield from ((start, end, False) for start, end in _table_cuts(article, table, size))
        at = table.end
    first = at > 0
    for start, end, overlapping in _prose_cuts(article, (at, len(text)), size):
        yield start, end, overlapping and not first
        first = False


def _prose_cuts(article: Article, span: Span, size: int) -> Iterator[tuple[int, int, bool]]:
    cut = span[0]
    for piece in _splitter(size).split_text(article.text[slice(*span)]) if span[0] < span[1] else ():
        end = cut + len(piece)
        if article.text[cut:end] != piece:
            raise AssertionError(f"{article.id}: the splitter changed the text at {cut}")
        yield cut, end, cut > span[0] or span[0] == 0
        cut = end
    if cut != span[1]:
        raise AssertionError(f"{article.id}: the splitter lost {span[1] - cut} characters")


def _table_cuts(article: Article, table: Table, size: int) -> Iterator[Span]:
    """Yield runs of whole rows, as many in each, so that a change in one row moves no other passage.

    Rows that are too long together are cut like prose.
    """
    ends = [row[0] for row in table.rows[1:]] + [table.end]
    lengths = sorted(end - row[0] for row, end in zip(table.rows, ends, strict=True))
    usual = -(-lengths[len(lengths) * 9 // 10] // ROUND) * ROUND
    header = table.header[1] - table.header[0] if table.header else 0
    most = max(size * TABLE_SHARE - header, size * TABLE_SHARE / 2)
    step = max(1, int(most // usual))
    start = table.start
    for end in [*ends[step - 1 : -1 : step], ends[-1]]:
        if end - start <= size:
            yield start, end
        else:
            yield from ((a, b) for a, b, _ in _prose_cuts(article, (start, end), size))
        start = end


def encoded_text(title: str, passage: Passage) -> str:
    """Return what the encoder is given for a passage: title, header of the table that it begins in, passage."""
    return f"{title}\n{passage.header}\n{passage.text}" if passage.header else f"{title}\n{passage.text}"


def told_alone(title: str, passage: Passage, span: Span) -> str:
    """Return what the encoder is given for a sentence: below the title, and a row below its header."""
    return f"{title}\n{with_header(passage, span)}"


def with_header(passage: Passage, span: Span) -> str:
    """Return a sentence of a passage, a row of a table with its header before it; offsets are the passage's."""
    sentence = passage.text[slice(*span)]
    if "|" not in sentence:
        return sentence
    inside = header_at(passage.text, span[0])
    header = passage.text[slice(*inside)] if inside else passage.header if _heads(passage, span) else ""
    return f"{header}\n{sentence}" if header else sentence


def _heads(passage: Passage, span: Span) -> bool:
    """Return whether the header that goes along is that of this sentence: it is in the table at the passage's start."""
    first = tables(passage.text)[:1]
    return bool(passage.header) and (not first or span[0] < first[0].end)
