"""Pinned questions (`pinned.toml`) that no article can answer any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from qa.corpus.pinned import FILE_NAME, read_pinned
from qa.doctor.findings import Finding, Severity
from qa.errors import DatasetError
from qa.types import Article


def check_pins(folder: Path, articles: Mapping[str, Article]) -> Iterator[Finding]:
    """Yield pinned questions whose evidence names an article, or words of it, that are not there."""
    try:
        pinned = read_pinned(folder)
    except DatasetError as exc:
        yield Finding("pinned-unreadable", Severity.ATTENTION, FILE_NAME, str(exc), "mend it, or take it away")
        return
    for each in pinned:
        for evidence in each.evidence:
            article = articles.get(evidence.article)
            if article is None:
                problem = f"the pinned question {each.question[:80]!r} must cite {evidence.article}, which is not there"
            elif evidence.quote not in article.text:
                problem = (
                    f"the pinned question {each.question[:80]!r} quotes {evidence.quote[:60]!r}, which is not in "
                    f"{evidence.article}"
                )
            else:
                continue
            remedy = "put the article back, or correct the question"
            yield Finding("pinned", Severity.ATTENTION, FILE_NAME, problem, remedy)
