"""Mailboxes (mbox): mail after mail in one file, read as a stream, so that a mailbox may hold any number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import IO

from qa.corpus.decoding import UnreadableError
from qa.types import Article, Limits, Problem

# The line before each mail; ` at ` stands in archives of mailing lists. Lines of a text that look so are quoted by `>`.
SEPARATOR = re.compile(rb"From \S+( at \S+)?\s.*\d{4}|From .*\d\d:\d\d")
QUOTED = re.compile(rb"^>(?=>*From )", re.MULTILINE)
MAX_BAD = 1_000  # mails named that cannot be read; more would fill the receipt

Mail = tuple[Article, list[str]] | Problem
Read = Callable[[bytes, str], tuple[Article, list[str]]]  # (mail, key where it has none) -> article, remarks


def read(path_id: str, file: IO[bytes], limits: Limits, read_mail: Read) -> Iterator[Mail]:
    """Yield what each mail became: an article with remarks, or a problem by `path#mail-N`.

    An article's id is `path#key`; the key is its Message-ID, else `mail-N`. Copies of a mail are left out.
    """
    seen: set[str] = set()
    bad = 0
    for number, mail in enumerate(_mails(file, limits.max_file_bytes), start=1):
        try:
            if mail is None:
                raise UnreadableError(f"more than {limits.max_file_bytes:,} bytes; raise [corpus] max_file_bytes")
            article, remarks = read_mail(mail, f"mail-{number}")
        except UnreadableError as exc:
            bad += 1
            if bad <= MAX_BAD:
                yield Problem(f"{path_id}#mail-{number}", str(exc))
            continue
        if article.id not in seen:
            seen.add(article.id)
            yield article, remarks
    if bad > MAX_BAD:
        yield Problem(f"{path_id}#", f"{bad - MAX_BAD:,} more mails cannot be read; see the causes of those before")


def _mails(file: IO[bytes], most: int) -> Iterator[bytes | None]:
    """Yield each mail, its quoted `From ` lines as they were; None for one of more than `most` bytes."""
    mail, size, blank, begun = bytearray(), 0, True, False
    while line := file.readline(most + 1):
        if blank and line.startswith(b"From ") and SEPARATOR.match(line[:500]):
            if begun:
                yield _mail(mail, size, most)
            mail, size, begun = bytearray(), 0, True
        elif not begun and line.strip():
            raise UnreadableError("is no mailbox: it does not begin with a line `From …`; export it as mbox anew")
        elif begun:
            size += len(line)
            if size <= most:
                mail += line
        blank = not line.strip()
    if begun:
        yield _mail(mail, size, most)


def _mail(mail: bytearray, size: int, most: int) -> bytes | None:
    return QUOTED.sub(b"", bytes(mail)) if size <= most else None
