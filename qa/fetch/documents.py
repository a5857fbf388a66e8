"""An article as the Markdown file that is put into the corpus folder."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

import yaml

from qa.corpus.fields import title_from_path
from qa.fetch.feeds import FeedLink
from qa.types import Article

MAX_SLUG = 80  # characters
UNTITLED = "page"  # id, and so title, of a page that has none


def completed(article: Article, address: str, link: FeedLink) -> Article:
    """Return an article with the address it came from, and with what the feed knows where the page says nothing.

    The address that a page gives itself counts if it is of the same host.
    """
    host = urlsplit(address).hostname or ""
    own = article.url if article.url and urlsplit(article.url).hostname == host else None
    titled = article.title != title_from_path(UNTITLED)
    return replace(
        article,
        title=article.title if titled else link.title or title_from_path(urlsplit(address).path) or host,
        source=article.source or link.source or host,
        published=article.published or link.published,
        url=own or address,
    )


def markdown_of(article: Article) -> str:
    """Return the article with what is known of it as front matter."""
    known = {
        "title": article.title,
        "source": article.source,
        "published": article.published,
        "modified": article.modified,
        "authors": list(article.authors),
        "url": article.url,
        "tags": list(article.tags),
    }
    given = {name: value for name, value in known.items() if value}
    return f"---\n{yaml.safe_dump(given, allow_unicode=True, sort_keys=False, width=1_000)}---\n\n{article.text}\n"


def file_name(article: Article, today: date) -> str:
    """Return a name made of the date and the title, in plain letters."""
    letters = unicodedata.normalize("NFKD", article.title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", letters)[:MAX_SLUG].strip("-")
    return f"{article.published or today}-{slug or 'article'}.md"
