"""RSS and Atom: each entry of a saved feed is an article.

Runs in the worker only.
"""

from __future__ import annotations

import contextlib
import io
from datetime import date
from typing import Any

import feedparser

from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import one_line
from qa.corpus.markup import text_of
from qa.types import Limits

MAX_TITLE = 10_000  # characters of HTML


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return an article for each entry with text. Raises `UnreadableError`."""
    feed, entries = parsed(data)
    source = _plain(feed.get("title"), limits)
    parts = [_article(entry, source, limits) | {"key": key_of(entry)} for entry in entries]
    kept = [part for part in parts if part["text"]]
    lost = len(parts) - len(kept)
    remarks = [f"{lost} {'entry has' if lost == 1 else 'entries have'} no text and no place"] if lost else []
    if parts and not kept:
        raise UnreadableError("its entries have no text; `briefing fetch --feed` gets their pages")
    return {"parts": kept, "remarks": remarks}


def parsed(data: bytes) -> tuple[Any, list[Any]]:
    """Return a feed and its entries as feedparser has them. Raises `UnreadableError`."""
    if b"<!ENTITY" in data.replace(b"\0", b""):  # zeros: UTF-16
        raise UnreadableError("declares XML entities, which no feed needs; save it again")
    found = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    if not found.version and not found.entries:
        raise UnreadableError("is no RSS or Atom feed; save its text, or remove it")
    return found.feed, list(found.entries)


def key_of(entry: Any) -> str | None:  # noqa: ANN401 - feedparser has no types
    """Return the id of an entry, else its address."""
    return one_line(entry.get("id")) or one_line(entry.get("link"))


def day_of(entry: Any) -> str | None:  # noqa: ANN401
    """Return the day on which an entry was published, else updated."""
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    if moment is None:
        return None
    with contextlib.suppress(ValueError):
        return date(*moment[:3]).isoformat()
    return None


def _article(entry: Any, source: str | None, limits: Limits) -> dict[str, object]:  # noqa: ANN401
    texts = [_text(item, limits) for item in [*entry.get("content", []), entry.get("summary_detail", {})]]
    return {
        "text": max(texts, key=len, default=""),
        "title": _plain(entry.get("title"), limits),
        "source": source or one_line(entry.get("author")),
        "url": entry.get("link"),
        "published": day_of(entry),
        "dated_by": "its entry in the feed",
        "authors": entry.get("author"),
        "tags": [tag.get("term") for tag in entry.get("tags", [])],
    }


def _text(item: Any, limits: Limits) -> str:  # noqa: ANN401
    value = item.get("value")
    if not isinstance(value, str):
        return ""
    return value.strip() if item.get("type") == "text/plain" else text_of(value, limits)


def _plain(title: object, limits: Limits) -> str | None:
    """Return a title, which may be HTML, as one line."""
    return one_line(text_of(title[:MAX_TITLE], limits)) if isinstance(title, str) else None
