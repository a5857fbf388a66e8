"""Markdown with YAML front matter; the text is everything below the front matter, as it stands."""

from __future__ import annotations

import contextlib
import re
from datetime import date, datetime
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import yaml

from qa.corpus.decoding import UnreadableError
from qa.types import Article

OPENS = re.compile(r"\s*---[ \t]*\r?\n")
CLOSES = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
NAMED = re.compile(r"[ \t]*[\w-]+[ \t]*:")  # a lone rule may open a text; with `name:` below, it opens front matter
MAX_FRONT_MATTER = 20_000  # characters: far above any real one, too little for a YAML bomb to hurt
SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's where it is built in
MAX_FIELD = 500  # characters of a title, source or tag
HEADING = re.compile(r"^#{1,6}[ \t]+(\S.*)$", re.MULTILINE)


def title_from_path(article_id: str) -> str:
    """Return a readable title made of a file's name."""
    return " ".join(re.split(r"[-_\s]+", PurePosixPath(article_id).stem)).strip() or article_id


def _one_line(value: object) -> str | None:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        text = str(value).encode("utf-8", "replace").decode()  # YAML can spell half a surrogate pair
        return " ".join(text.split())[:MAX_FIELD] or None
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return None


def _published(value: object, remarks: list[str]) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(value.strip()).date()
    if value not in (None, ""):
        shown = f"{_one_line(value) or type(value).__name__!s:.40}"
        remarks.append(f"published: {shown!r} is no date; write it as 2016-06-24")
    return None


def _url(value: object, remarks: list[str]) -> str | None:
    url = _one_line(value)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.netloc)
    except ValueError:
        usable = False
    if not usable:
        remarks.append(f"url: {url[:60]!r} is not an http or https address and is left out")
    return url if usable else None


def _tags(value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(dict.fromkeys(tag for tag in map(_one_line, items[:50]) if tag))


def _split(text: str) -> tuple[dict[str, object], str]:
    """Return the front matter and the text below it."""
    opening = OPENS.match(text)
    if opening is None:
        return {}, text.strip()
    closing = CLOSES.search(text, opening.end())
    if closing is None:
        if NAMED.match(text, opening.end()):
            raise UnreadableError("front matter broken: it opens with --- and never closes; add a line --- after it")
        return {}, text.strip()
    first_line = text.count("\n", 0, opening.end()) + 1
    return _metadata(text[opening.end() : closing.start()], first_line), text[closing.end() :].strip()


def _metadata(block: str, first_line: int) -> dict[str, object]:
    if len(block) > MAX_FRONT_MATTER:
        raise UnreadableError(f"front matter of {len(block):,} characters, more than {MAX_FRONT_MATTER:,}; shorten it")
    try:
        metadata = yaml.load(block, Loader=SAFE_LOADER)
    except Exception as exc:  # PyYAML's constructors raise whatever a hostile value provokes
        mark = getattr(exc, "problem_mark", None)
        place = f" at line {mark.line + first_line}" if mark else ""
        problem = getattr(exc, "problem", None) or type(exc).__name__
        raise UnreadableError(f"front matter broken{place}: {problem}; mend its YAML or remove the block") from exc
    if metadata is None:
        return {}
    if not isinstance(metadata, dict):
        raise UnreadableError("front matter broken: it must be lines of `name: value`; mend it or remove the block")
    return metadata


def read(article_id: str, text: str) -> tuple[Article, list[str]]:
    """Return the article of a Markdown file, and remarks on fields that had to be left out.

    Fields: `title, source, published, url, tags`; others are ignored. Without a title, the first heading
    or the file's name serves. Raises `UnreadableError` for front matter that is not YAML.
    """
    metadata, content = _split(text)
    remarks: list[str] = []
    heading = HEADING.search(content[:2000])
    title = _one_line(metadata.get("title")) or (_one_line(heading[1].rstrip(" \t\r#")) if heading else None)
    article = Article(
        id=article_id,
        text=content,
        title=title or title_from_path(article_id),
        source=_one_line(metadata.get("source")),
        url=_url(metadata.get("url"), remarks),
        published=_published(metadata.get("published"), remarks),
        tags=_tags(metadata.get("tags")),
    )
    return article, remarks
