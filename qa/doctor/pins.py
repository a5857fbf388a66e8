"""Pinned questions (`pinned.toml`) that no article can answer any more."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qa.doctor.findings import Finding, Severity
from qa.types import Article

FILE_NAME = "pinned.toml"


def check_pins(folder: Path, articles: Mapping[str, Article]) -> Iterator[Finding]:
    """Yield pinned questions whose evidence names an article, or words of it, that are not there."""
    try:
        tables = tomllib.loads((folder / FILE_NAME).read_text(encoding="utf-8")).get("question", [])
        pinned = [(str(table["question"]), _evidence(table)) for table in tables]
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as exc:
        problem = f"cannot be read: {exc!r}"
        yield Finding("pinned-unreadable", Severity.ATTENTION, FILE_NAME, problem, "mend it, or take it away")
        return
    for question, evidence in pinned:
        for article_id, quote in evidence:
            article = articles.get(article_id)
            if article is None:
                problem = f"the pinned question {question[:80]!r} must cite {article_id}, which is not in the folder"
            elif quote not in article.text:
                problem = f"the pinned question {question[:80]!r} quotes {quote[:60]!r}, which is not in {article_id}"
            else:
                continue
            remedy = "put the article back, or correct the question"
            yield Finding("pinned", Severity.ATTENTION, FILE_NAME, problem, remedy)


def _evidence(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(str(each["article"]), str(each.get("quote", ""))) for each in table.get("evidence", [])]
