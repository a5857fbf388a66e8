"""What a file says about itself, made safe: bounded, on one line, with a sane date and an address of the web."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from qa.corpus.decoding import UnreadableError
from qa.types import Article, Limits

MAX_FIELD = 500  # characters of a title, source or tag
MAX_URL = 2_000  # characters: what browsers take
MAX_TAGS = 50
YEARS = range(1000, 2101)
# Control characters, halves of surrogate pairs, and the marks that turn the direction of what follows.
UNSHOWABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
# The same in a text, but that it keeps its tabs, line ends and marks of direction.
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
SHARED = re.compile(r"(?i).*?\.(jsonl|ndjson|json|mbox|xlsx|epub|rss|atom|xml)(?=#)")  # a file of several articles
LINE_END = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")


def title_from_path(article_id: str) -> str:
    """Return a readable title made of a file's name."""
    shared = SHARED.match(article_id)
    path = shared[0] if shared else article_id
    return " ".join(re.split(r"[-_\s]+", PurePosixPath(path).stem)).strip() or article_id


def clean(text: str) -> str:
    """Return an extracted text with plain line ends, without control characters and halves of surrogate pairs."""
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # joins pairs, marks halves
    return CONTROL.sub("", LINE_END.sub("\n", text)).strip()


def bounded(text: str, limits: Limits) -> str:
    """Return a text of an article as it is. Raises `UnreadableError` for an empty one or one that is too long."""
    if not text.strip():
        raise UnreadableError("empty: there is no text in it")
    if len(text) > limits.max_text_chars:
        cause = f"{len(text):,} characters of text, more than {limits.max_text_chars:,}"
        raise UnreadableError(f"{cause}; split it, or raise [corpus] max_text_chars")
    return text


def one_line(value: object, most: int = MAX_FIELD) -> str | None:
    """Return a string or number as one bounded line that can be shown, or None."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        text = UNSHOWABLE.sub("", str(value)[: 10 * most])
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return None
    return " ".join(text.split())[:most].strip() or None


def article_of(
    article_id: str, text: str, fields: Mapping[str, object], title: str | None = None, pages: Sequence[int] = ()
) -> tuple[Article, list[str]]:
    """Return an article of a text and its untrusted fields, and remarks on those that had to be left out.

    Fields: `title, source, published, url, tags`; others are ignored. Without a title, the one given or the
    file's name serves.
    """
    remarks: list[str] = []
    article = Article(
        id=article_id,
        text=text,
        title=one_line(fields.get("title")) or one_line(title) or title_from_path(article_id),
        source=one_line(fields.get("source")),
        url=_url(fields.get("url"), remarks),
        published=_published(fields.get("published"), remarks),
        tags=_tags(fields.get("tags")),
        pages=tuple(pages),
    )
    return article, remarks


def _published(value: object, remarks: list[str]) -> date | None:
    found: date | None = None
    if isinstance(value, datetime):
        found = value.date()
    elif isinstance(value, date):
        found = value
    elif isinstance(value, str):
        with contextlib.suppress(ValueError):
            found = datetime.fromisoformat(value.strip()).date()
    if found is not None and found.year in YEARS:
        return found
    if value not in (None, ""):
        shown = f"{one_line(value) or (found and found.isoformat()) or type(value).__name__!s:.40}"
        cause = "is no date; write it as 2016-06-24"
        if found is not None:
            cause = f"is not of the years {YEARS[0]} to {YEARS[-1]} and is left out"
        remarks.append(f"published: {shown!r} {cause}")
    return None


def _url(value: object, remarks: list[str]) -> str | None:
    url = one_line(value, MAX_URL + 1)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= MAX_URL
    except ValueError:
        usable = False
    if not usable:
        remarks.append(f"url: {url[:60]!r} is not an http or https address and is left out")
    return url if usable else None


def _tags(value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(dict.fromkeys(tag for tag in map(one_line, items[:MAX_TAGS]) if tag))
