"""Markdown with YAML front matter; the text is everything below the front matter, as it stands."""

from __future__ import annotations

import re

import yaml

from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import article_of
from qa.types import Article

OPENS = re.compile(r"\s*---[ \t]*\r?\n")
CLOSES = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
NAMED = re.compile(r"[ \t]*[\w-]+[ \t]*:")  # a lone rule may open a text; with `name:` below, it opens front matter
MAX_FRONT_MATTER = 20_000  # characters: far above any real one, too little for a YAML bomb to hurt
SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's where it is built in
HEADING = re.compile(r"^#{1,6}[ \t]+(\S.*)$", re.MULTILINE)


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
    heading = HEADING.search(content[:2000])
    return article_of(article_id, content, metadata, heading[1].rstrip(" \t\r#") if heading else None)
