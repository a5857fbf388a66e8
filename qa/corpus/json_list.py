"""JSON: a list of objects, each an article as in JSON Lines; an object that holds one such list, or is an article."""

from __future__ import annotations

import json
from collections.abc import Iterator

from qa.corpus.decoding import UnreadableError, decode
from qa.corpus.jsonl import NESTED_TOO_DEEP, Line, article, depth_of, has_text, refuse_constant
from qa.types import Limits, Problem

MAX_BAD = 1_000  # articles named that cannot be read; more would fill the receipt


def read(path_id: str, data: bytes, limits: Limits) -> Iterator[Line]:
    """Yield what each object became: an article with remarks, or a problem by `path#item N`.

    Fields and ids are those of JSON Lines, `item-N` where an object has no key. Raises `UnreadableError` for what is no
    JSON, or holds no list of objects.
    """
    bad = 0
    seen: set[str] = set()
    for number, fields in enumerate(_objects(data, limits.max_depth), start=1):
        try:
            if not isinstance(fields, dict):
                raise UnreadableError('no object; write each as {"title": "…", "text": "…"}')
            found, remarks = article(path_id, f"item-{number}", fields, limits)
            if found.id in seen:
                raise UnreadableError(f"a second article {found.id!r}; give each its own `id`")
        except UnreadableError as exc:
            bad += 1
            if bad > MAX_BAD:
                raise UnreadableError(f"more than {MAX_BAD:,} bad articles; mend them") from exc
            yield Problem(f"{path_id}#item {number}", str(exc))
        else:
            seen.add(found.id)
            yield found, remarks


def _objects(data: bytes, max_depth: int) -> list[object]:
    """Return the list that a file is, or holds alone, or the one object it is."""
    value = _parsed(data)
    if depth_of(value) > max_depth:
        raise UnreadableError(NESTED_TOO_DEEP)
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        lists = [v for v in value.values() if isinstance(v, list) and v and all(isinstance(item, dict) for item in v)]
        return lists[0] if len(lists) == 1 and not has_text(value) else [value]
    raise UnreadableError('no list; write the articles as [{"title": "…", "text": "…"}, …]')


def _parsed(data: bytes) -> object:
    text, _ = decode(data)
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except RecursionError as exc:
        raise UnreadableError(NESTED_TOO_DEEP) from exc
    except json.JSONDecodeError as exc:
        cause = f"no JSON: {exc.msg} at line {exc.lineno}, character {exc.colno}"
        raise UnreadableError(f"{cause}; mend it, or save an object a line as .jsonl") from exc
    except ValueError as exc:  # an integer of thousands of digits, NaN
        raise UnreadableError(f"no JSON: {str(exc)[:80]}; mend it") from exc
