"""Plain text: the first line is the title if it looks like one."""

from __future__ import annotations

from qa.corpus.fields import article_of
from qa.text.unseen import joined_lines, without_unseen
from qa.types import Article

MAX_TITLE = 140  # characters


def read(article_id: str, text: str) -> tuple[Article, list[str]]:
    """Return the article of a plain text file; its text keeps the title line, and has words whole."""
    content = joined_lines(without_unseen(text)).strip()
    return article_of(article_id, content, {}, first_line(content))


def first_line(text: str) -> str | None:
    """Return the first line of a text if it stands alone, as a title does."""
    first, _, rest = text[: 10 * MAX_TITLE].partition("\n")
    return first if 0 < len(first.strip()) <= MAX_TITLE and rest.startswith(("\n", "\r\n")) else None
