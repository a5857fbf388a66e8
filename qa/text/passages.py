"""Articles to passages, each an exact slice of its article.

langchain-text-splitters cuts the text without overlap and without dropping a character, so offsets are
running lengths, never searches. The overlap is added afterwards, by moving a passage's start back to the
beginning of a sentence of the passage before it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from qa.types import Article, Passage

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
    cut = 0
    for piece in _splitter(size).split_text(text):
        start, end = cut, cut + len(piece)
        if text[start:end] != piece:
            raise AssertionError(f"{article.id}: the splitter changed the text at {start}")
        cut = end
        if not piece.strip():
            continue
        start += len(piece) - len(piece.lstrip())
        start = _overlap_start(text, start, overlap)
        end = start + len(text[start:end].rstrip())
        passages.append(Passage(f"{article.id}:{start}-{end}", article.id, start, end, text[start:end]))
    if cut != len(text):
        raise AssertionError(f"{article.id}: the splitter lost {len(text) - cut} characters")
    return passages


def encoded_text(title: str, passage: Passage) -> str:
    """Return what the encoder is given for a passage: the article's title, then the passage."""
    return f"{title}\n{passage.text}"
