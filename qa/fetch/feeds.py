"""What a feed, or a list of feeds, links to."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date
from urllib.parse import urljoin

from qa.corpus.sandbox import Sandbox

FORMAT = "links"  # the module of qa.corpus that reads feeds in the child process


@dataclass(frozen=True, slots=True)
class FeedLink:
    """An address, and what a feed says of it; `is_feed` if it leads to a feed itself."""

    url: str
    title: str | None = None
    published: date | None = None
    source: str | None = None
    is_feed: bool = False


def links_of(sandbox: Sandbox, data: bytes, base: str = "") -> list[FeedLink]:
    """Return the links of RSS, Atom or OPML, each once, resolved against the feed's address.

    Raises `UnreadableError`.
    """
    parts = sandbox.extract(FORMAT, data)["parts"]
    links = [
        FeedLink(
            url=urljoin(base, str(part["text"]).strip()),
            title=part.get("title"),
            published=_date(part.get("published")),
            source=part.get("source"),
            is_feed=bool(part.get("feed")),
        )
        for part in parts
    ]
    return list({link.url: link for link in links}.values())


def _date(value: object) -> date | None:
    with contextlib.suppress(ValueError):
        return date.fromisoformat(value) if isinstance(value, str) else None
    return None
