"""What is wrong with articles: each check yields findings in order of article id and is linear in the articles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from qa.corpus.dates import day_within
from qa.doctor.findings import Finding, Severity
from qa.text.near_copies import group_copies, same_words
from qa.types import Article, Corpus

MIN_CHARS = 100  # a sentence or less: too little to answer from
MAX_CHARS = 200_000  # a book: its title says little about any of its passages
LOOKED_AT = 20_000  # characters in which wrongly decoded text is looked for
HEAD = 1_500  # characters in which the date of an article is looked for
UNSURE = ("name of its file", "address", "words beside", "<time>", "day on which")  # signs of a date that declare none
WRONG_LETTERS = 3  # sequences by ftfy's count that real text has not been seen to reach


def check_files(corpus: Corpus) -> Iterator[Finding]:
    """Yield what the reader refused, and its remarks on what it accepted."""
    for refused in corpus.rejected:
        yield Finding(
            "rejected", Severity.ATTENTION, refused.id, refused.cause, "mend it as said, or take it out of the folder"
        )
    for remark in corpus.warnings:
        yield Finding("remark", Severity.HINT, remark.id, remark.cause, "mend it in the file if it is not meant so")


def check_copies(articles: Sequence[Article]) -> Iterator[Finding]:
    """Yield articles that say what another one says, in the same or nearly the same words."""
    texts = [article.text for article in articles]
    for first, *others in group_copies(texts, [article.id for article in articles]):
        for i in others:
            kept, copy = articles[first], articles[i]
            same = same_words(kept.text) == same_words(copy.text)
            yield Finding(
                "duplicate" if same else "near-duplicate",
                Severity.HINT,
                copy.id,
                f"has {'the same words as' if same else 'nearly the same words and the same facts as'} {kept.id}",
                "keep one of the two; until then they are one hit, which names both",
            )


def check_dates(articles: Sequence[Article], today: date) -> Iterator[Finding]:
    """Yield articles without a date, with one that nothing declares, or with one that is still to come."""
    for article in articles:
        if article.published is None:
            yield Finding(
                "no-date",
                Severity.HINT,
                article.id,
                f"has no date of publication{_told(article)}; filters by date leave it out",
                "add `published: YYYY-MM-DD` to its front matter or metadata",
            )
        elif article.published > today:
            yield Finding(
                "future-date",
                Severity.ATTENTION,
                article.id,
                f"was published on {article.published}, which is still to come",
                "correct its date",
            )
        elif (article.dated_by or "").startswith(UNSURE):
            yield Finding(
                "date-from",
                Severity.HINT,
                article.id,
                f"is dated {article.published} by the {article.dated_by}",
                "add `published: YYYY-MM-DD` where that is not the day of publication",
            )


def _told(article: Article) -> str:
    """Return what an article without a date says of one all the same."""
    found = day_within(article.text[:HEAD])
    changed = f"; it was last changed on {article.modified}" if article.modified else ""
    return (f", though its text says {found[1]!r}" if found else "") + changed


def check_titles(articles: Sequence[Article]) -> Iterator[Finding]:
    """Yield articles whose title an earlier one has too."""
    first: dict[str, str] = {}
    for article in articles:
        title = " ".join(article.title.casefold().split())
        other = first.setdefault(title, article.id)
        if other != article.id:
            yield Finding(
                "same-title",
                Severity.HINT,
                article.id,
                f"has the title of {other}: {article.title[:80]!r}",
                "tell them apart in their titles, which are part of what is searched",
            )


def check_lengths(articles: Sequence[Article]) -> Iterator[Finding]:
    """Yield articles with no, very little or very much text."""
    for article in articles:
        length = len(article.text)
        if not any(map(str.isalnum, article.text)):
            yield Finding(
                "empty",
                Severity.ATTENTION,
                article.id,
                "holds no word; nothing in it can be found",
                "look whether its text was extracted (a scan needs OCR), or take it out of the folder",
            )
        elif length < MIN_CHARS:
            yield Finding(
                "very-short",
                Severity.HINT,
                article.id,
                f"has {length} characters of text",
                "look whether its text was extracted whole",
            )
        elif length > MAX_CHARS:
            yield Finding(
                "very-long",
                Severity.HINT,
                article.id,
                f"has {length:,} characters of text under one title",
                "split it by chapter or section, each with a title of its own",
            )


def check_letters(articles: Sequence[Article]) -> Iterator[Finding]:
    """Yield articles whose bytes were once decoded by the wrong encoding (mojibake), by ftfy's heuristic."""
    for article in articles:
        if not (article.text.isascii() and article.title.isascii()):
            problem = _wrong_letters(f"{article.title}\n{article.text[:LOOKED_AT]}")
            if problem:
                yield Finding(
                    "mojibake",
                    Severity.ATTENTION,
                    article.id,
                    problem,
                    "fetch it again, decoded as UTF-8, or mend its text (the Python package ftfy does)",
                )


def _wrong_letters(text: str) -> str | None:
    from ftfy import fix_encoding
    from ftfy.badness import badness

    for line in text.splitlines():
        if line.isascii():
            continue
        if "\ufffd" in line:
            return f"has letters lost in decoding: {_around(line, line.index(chr(0xFFFD)))!r}"
        wrong = badness(line)
        if not wrong:
            continue
        mended = fix_encoding(line)
        if mended != line:
            at = next((i for i, (a, b) in enumerate(zip(line, mended, strict=False)) if a != b), 0)
            return f"has wrongly decoded letters: {_around(line, at)!r} for {_around(mended, at)!r}"
        if wrong >= WRONG_LETTERS:
            return f"has wrongly decoded letters: {line[:60]!r}"
    return None


def _around(line: str, at: int) -> str:
    return line[max(0, at - 15) : at + 15]
