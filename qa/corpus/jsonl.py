"""JSON Lines: an object a line, each an article; read as a stream, so that a file may hold any number of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO

from qa.corpus.decoding import UnreachableError, UnreadableError
from qa.corpus.fields import article_of, bounded, clean, folded, named, one_line, plain_line
from qa.corpus.html_text import plain
from qa.corpus.plain import first_line
from qa.types import Article, Limits, Problem

MAX_KEY = 200  # characters
MAX_BAD_LINES = 1_000  # a file with more of them is something else, and what was not read must not fill the receipt
# Fields that hold the text, folded, the likeliest first: of CC-News, news-please, NewsAPI, WordPress, feeds, Ghost.
TEXTS = (
    "text maintext articlebody fulltext articletext content contentencoded contenthtml contenttext textcontent body "
    "bodytext bodyhtml html plaintext article story"
).split()
SHORT = ("description", "summary", "excerpt", "abstract", "lead")  # where there is nothing longer
NESTED_TOO_DEEP = "nested too deep; write one flat object a line"

Line = tuple[Article, list[str]] | Problem


def read(path_id: str, file: IO[bytes], limits: Limits) -> Iterator[Line]:
    """Yield what each line became: an article with remarks, or a problem by `path#line N`.

    The fields are those of `named`, and the text, by the usual names; HTML in it becomes plain text. The article's id
    is `path#key`; the key is its `id`, else its URL, else `line-N`: none hangs on the text, so that an edit stays an
    edit. Of two articles of one key the first counts.

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


def article(path_id: str, default: str, record: Mapping[str, object], limits: Limits) -> tuple[Article, list[str]]:
    """Return the article of an object, and remarks; `default` is the key of one that has none.

    Raises `UnreadableError`.
    """
    text, remarks = text_of(record)
    text = bounded(clean(plain(text)), limits)
    fields = named(record)
    key = one_line(record.get("id"), MAX_KEY) or one_line(fields.get("url"), MAX_KEY) or default
    fields |= {name: plain_line(fields.get(name)) for name in ("title", "source")}
    found, more = article_of(f"{path_id}#{key}", text, fields, first_line(text))
    return found, remarks + more


def has_text(record: Mapping[str, object]) -> bool:
    """Return whether a record has a text of its own, which is no summary."""
    return any(folded(name) in TEXTS and isinstance(value, str) for name, value in record.items())


def text_of(record: Mapping[str, object]) -> tuple[str, list[str]]:
    """Return the text of a record of an export, under whatever name it stands, and remarks on it.

    Raises `UnreadableError` for a record that has none.
    """
    found = {folded(name): (name, _string(value)) for name, value in reversed(list(record.items()))}
    for names in (TEXTS, SHORT):
        for name, text in (found[key] for key in names if key in found):
            if text and text.strip():
                short = f"only `{name}`, a summary, is there; the text itself is not" if names is SHORT else ""
                return text, [short] if short else []
    if any(key in found for key in TEXTS) and found[next(key for key in TEXTS if key in found)][1] is not None:
        return "", []
    raise UnreadableError(f"no `text`; give each line one, as a string{_longest(record)}")


def _string(value: object) -> str | None:
    """Return a text; of an object or list, that in it: `{"rendered": …}` (WordPress), `[{"value": …}]` (feeds)."""
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return "\n\n".join(value)
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = next((value[key] for key in ("rendered", "value", "#text", "_", "html", "text") if key in value), None)
    return value if isinstance(value, str) else None


def _longest(record: Mapping[str, object]) -> str:
    """Return a hint at the field that may be the text: the longest that is one."""
    texts = [(len(value), str(name)) for name, value in record.items() if isinstance(value, str) and len(value) > 200]
    return f" (is it `{one_line(max(texts)[1], 40)}`? rename that field to `text`)" if texts else ""


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
