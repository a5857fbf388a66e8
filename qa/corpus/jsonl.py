"""JSON Lines: an object a line, each an article; read as a stream, so that a file may hold any number of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO

from qa.corpus.decoding import UnreachableError, UnreadableError
from qa.corpus.fields import article_of, bounded, clean, one_line
from qa.corpus.plain import first_line
from qa.types import Article, Limits, Problem

MAX_KEY = 200  # characters
MAX_BAD_LINES = 1_000  # a file with more of them is something else, and what was not read must not fill the receipt
NESTED_TOO_DEEP = "nested too deep; write one flat object a line"

Line = tuple[Article, list[str]] | Problem


def read(path_id: str, file: IO[bytes], limits: Limits) -> Iterator[Line]:
    """Yield what each line became: an article with remarks, or a problem by `path#line N`.

    Fields: `title, text, published, source, url`, and `id`, `tags` where given; others are ignored. The
    article's id is `path#key`; the key is its `id`, else its `url`, else `line-N`: none hangs on the text, so
    that an edit stays an edit. Of two articles of one key the first counts.

    Raises `UnreachableError` after `MAX_BAD_LINES` bad lines.
    """
    seen: set[str] = set()
    bad = 0
    for number, line in _lines(file, limits.max_file_bytes):
        try:
            article, remarks = _article(path_id, number, line, limits)
            if article.id in seen:
                raise UnreadableError(f"a second article {article.id!r}; give each its own `id`")
        except UnreadableError as exc:
            bad += 1
            if bad > MAX_BAD_LINES:
                cause = f"more than {MAX_BAD_LINES:,} bad lines; mend them"
                raise UnreachableError(f"{cause}, what stands from line {number:,} on is not read") from exc
            yield Problem(f"{path_id}#line {number}", str(exc))
        else:
            seen.add(article.id)
            yield article, remarks


def _lines(file: IO[bytes], most: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield each line that is not blank with its number, from 1; None for one of more than `most` bytes."""
    number = 0
    while line := file.readline(most + 1):
        number += 1
        if len(line) > most and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(1_000_000)
            yield number, None
        elif line.strip():
            yield number, line.strip()


def _article(path_id: str, number: int, line: bytes | None, limits: Limits) -> tuple[Article, list[str]]:
    if line is None:
        raise UnreadableError(f"more than {limits.max_file_bytes:,} bytes; split it, or raise [corpus] max_file_bytes")
    return article(path_id, f"line-{number}", _object(line, limits.max_depth), limits)


def article(path_id: str, default: str, fields: Mapping[str, object], limits: Limits) -> tuple[Article, list[str]]:
    """Return the article of an object, and remarks; `default` is the key of one that has none.

    Raises `UnreadableError`.
    """
    text = fields.get("text")
    if not isinstance(text, str):
        raise UnreadableError("no `text`; give each line one, as a string")
    text = bounded(clean(text), limits)
    key = one_line(fields.get("id"), MAX_KEY) or one_line(fields.get("url"), MAX_KEY) or default
    return article_of(f"{path_id}#{key}", text, fields, first_line(text))


def _object(line: bytes, max_depth: int) -> dict[str, object]:
    try:
        value = json.loads(line.decode("utf-8-sig"), parse_constant=refuse_constant)
    except UnicodeDecodeError as exc:
        raise UnreadableError(f"not UTF-8 at byte {exc.start} of the line; save the file as UTF-8") from exc
    except RecursionError as exc:
        raise UnreadableError(NESTED_TOO_DEEP) from exc
    except json.JSONDecodeError as exc:
        raise UnreadableError(f"no JSON: {exc.msg} at character {exc.pos + 1}; write one object a line") from exc
    except ValueError as exc:  # an integer of thousands of digits, NaN
        raise UnreadableError(f"no JSON: {str(exc)[:80]}; write one object a line") from exc
    if not isinstance(value, dict):
        raise UnreadableError('no object; write one a line, as {"title": "…", "text": "…"}')
    if depth_of(value) > max_depth:
        raise UnreadableError(NESTED_TOO_DEEP)
    return value


def refuse_constant(constant: str) -> None:
    """Raise `ValueError` for NaN and infinities, which JSON has not."""
    raise ValueError(f"{constant} is no number")


def depth_of(value: object) -> int:
    """Return how deep lists and objects are nested."""
    depth, level = 0, [value]
    while level := [v for v in level if isinstance(v, dict | list)]:
        depth += 1
        level = [item for v in level for item in (v.values() if isinstance(v, dict) else v)]
    return depth
