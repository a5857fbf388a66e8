"""Plain text: the first line is the title if it looks like one."""

from __future__ import annotations

from qa.corpus.markdown import title_from_path
from qa.types import Article

MAX_TITLE = 140  # characters


def read(article_id: str, text: str) -> tuple[Article, list[str]]:
    """Return the article of a plain text file; its text keeps the title line."""
    content = text.strip()
    first, _, rest = content.partition("\n")
    is_title = 0 < len(first.strip()) <= MAX_TITLE and rest.startswith(("\n", "\r\n"))
    title = " ".join(first.split()) if is_title else title_from_path(article_id)
    return Article(id=article_id, text=content, title=title), []
