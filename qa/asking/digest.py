"""What came since a day, on one page: new articles, answers that changed, sources that differ; every line cited."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from qa.asking.values import Said, same_value
from qa.types import Answer, ChangedAnswer, Citation, ListedArticle, Verdict

MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>#|"})  # of Markdown


@dataclass(frozen=True, slots=True)
class Digest:
    """New articles, newest first; pinned questions whose answer changed; those on which sources differ."""

    since: date
    articles: tuple[ListedArticle, ...]
    changed: tuple[ChangedAnswer, ...]
    differ: tuple[Answer, ...]


Ask = Callable[[str, date | None], Answer]
"""Answers a question as of a day, or as of now."""


def digest_of(since: date, news: Answer, questions: Sequence[str], ask: Ask) -> Digest:
    """Return what came since a day; `news` lists the articles, the questions are asked as of the day before and now."""
    changed, differ = [], []
    for question in questions:
        before, after = ask(question, since - timedelta(days=1)), ask(question, None)
        if found := changed_answer(before, after):
            changed.append(found)
        if after.agreement and after.agreement.finding == "differ":
            differ.append(after)
    return Digest(since, news.listing, tuple(changed), tuple(differ))


def changed_answer(before: Answer, after: Answer) -> ChangedAnswer | None:
    """Return how the answer to a question changed; None where it says the same in whatever words."""
    old, new = (a.text if a.verdict is Verdict.ANSWERED else f"({a.verdict})" for a in (before, after))
    answered = Verdict.ANSWERED in (before.verdict, after.verdict)
    if not answered or old == new or (before.verdict is after.verdict and same_value(_said(before), _said(after))):
        return None
    article = after.citations[0].article_id if after.citations else None
    return ChangedAnswer(after.question, old, new, article)


def _said(answer: Answer) -> Said:
    return Said(answer.text, answer.citations[0].published if answer.citations else None)


def as_markdown(digest: Digest) -> str:
    """Return the digest as a page of Markdown; what articles say cannot mark anything up."""
    lines = [f"# Since {digest.since}", "", "## New articles", ""]
    lines += [f"- {_md(line)}" for line in _articles(digest)] or ["None."]
    lines += ["", "## Answers that changed", ""]
    lines += [f"- {_md(line)}" for line in _changes(digest)] or ["None."]
    lines += ["", "## Sources that differ", ""]
    lines += [f"- {_md(line)}" for line in _differences(digest)] or ["None."]
    return "\n".join(lines) + "\n"


def as_html(digest: Digest) -> str:
    """Return the digest as a page of HTML that loads nothing and runs nothing."""
    parts = (("New articles", _articles), ("Answers that changed", _changes), ("Sources that differ", _differences))
    body = [f"<h1>Since {digest.since}</h1>"]
    for title, told in parts:
        items = "".join(f"<li>{html.escape(line)}</li>" for line in told(digest))
        body.append(f"<h2>{title}</h2>{f'<ul>{items}</ul>' if items else '<p>None.</p>'}")
    head = f'<meta charset="utf-8"><title>Since {digest.since}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n' + "\n".join(body) + "\n</body></html>\n"


def _articles(digest: Digest) -> list[str]:
    return [f"{a.title}: “{_flat(a.quote)}” ({_where(a.source, a.published, a.id)})" for a in digest.articles]


def _changes(digest: Digest) -> list[str]:
    return [change_in_words(change) for change in digest.changed]


def change_in_words(change: ChangedAnswer) -> str:
    """Return a change in one line: "When will it open?: 2026 → 2028, from a2.md"."""
    source = f", from {change.article_id}" if change.article_id else ""
    return f"{change.question}: {_flat(change.before)} → {_flat(change.after)}{source}"


def _differences(digest: Digest) -> list[str]:
    return [f"{answer.question}: {'; '.join(_values(answer))}" for answer in digest.differ]


def _values(answer: Answer) -> list[str]:
    cited: dict[int, Citation] = {citation.number: citation for citation in answer.citations}
    values = [value for value in (answer.agreement.values if answer.agreement else ()) if value.current]
    where = [[cited[number] for number in value.citations] for value in values]
    return [
        f"{value.value} ({', '.join(_where(c.source, c.published, c.article_id) for c in own)})"
        for value, own in zip(values, where, strict=True)
    ]


def _where(source: str | None, published: date | None, article_id: str) -> str:
    return ", ".join(str(part) for part in (source, published, article_id) if part)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _md(line: str) -> str:
    return line.translate(MARKS)
