"""Mailboxes: each mail an article."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from qa.corpus import mailbox, read_corpus
from qa.corpus.decoding import UnreadableError
from qa.types import Article, Limits, Problem
from tests.corpus.samples import LOAN, ROUTE, TERM, mail, mbox


def kept(data: bytes, key: str) -> tuple[Article, list[str]]:
    return Article(id=f"m#{key}", text=data.decode(), title="T"), []


def texts(data: bytes, limits: Limits | None = None) -> list[str]:
    found = mailbox.read("m", io.BytesIO(data), limits or Limits(), kept)
    return [item.cause if isinstance(item, Problem) else item[0].text.strip() for item in found]


def test_each_mail_is_an_article_with_the_message_id_as_key(tmp_path: Path) -> None:
    mails = mail(), mail(ROUTE, Message__ID="", Subject="Route"), mail()
    (tmp_path / "news.mbox").write_bytes(mbox(*mails))
    corpus = read_corpus(tmp_path)
    assert [(a.id, a.text, a.title) for a in corpus.articles] == [
        ("news.mbox#loan@example.org", f"{LOAN}\n{TERM}", "Loan for the northern railway"),
        ("news.mbox#mail-2", ROUTE, "Route"),
    ]
    assert corpus.rejected == ()


def test_quoted_from_lines_are_restored_and_do_not_part_mails() -> None:
    data = mbox(b"A: 1\n\nx\n\nFrom me on Wed Jun 29 08:00:00 2016, to you.\n", b"A: 2\n\ny\nFrom here on\n")
    assert texts(data) == ["A: 1\n\nx\n\nFrom me on Wed Jun 29 08:00:00 2016, to you.", "A: 2\n\ny\nFrom here on"]


def test_mail_that_is_too_large_or_broken_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    assert texts(mbox(b"x" * 200, b"y"), Limits(max_file_bytes=100)) == [
        "more than 100 bytes; raise [corpus] max_file_bytes",
        "y",
    ]
    (tmp_path / "m.mbox").write_bytes(mbox(b"no mail", mail()))
    corpus = read_corpus(tmp_path)
    assert [problem.id for problem in corpus.rejected] == ["m.mbox#mail-1"]
    assert len(corpus.articles) == 1


def test_what_begins_otherwise_is_no_mailbox() -> None:
    with pytest.raises(UnreadableError, match=r"^is no mailbox"):
        texts(b"Hello\n")
