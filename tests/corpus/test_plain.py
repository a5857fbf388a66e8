"""Plain text files."""

from __future__ import annotations

import pytest
from hypothesis import given

from qa.corpus import plain
from qa.text.unseen import joined_lines, without_unseen
from tests.texts import HOSTILE


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("About the bank\n\nIt lends.", "About the bank"),
        ("\n\n  About   the bank \r\n\r\nIt lends.", "About the bank"),
        ("About the bank\nIt lends.", "bank notes"),  # no blank line: the first line is prose
        ("It lends.", "bank notes"),
        ("x" * 141 + "\n\nIt lends.", "bank notes"),
        ("x" * 140 + "\n\nIt lends.", "x" * 140),
    ],
)
def test_title_is_the_first_line_if_it_stands_alone(text: str, title: str) -> None:
    article, remarks = plain.read("notes/bank-notes.txt", text)
    assert (article.id, article.title, article.text, remarks) == ("notes/bank-notes.txt", title, text.strip(), [])
    assert (article.source, article.url, article.published, article.tags) == (None, None, None, ())


@given(HOSTILE)
def test_any_text_is_kept_as_it_stands(text: str) -> None:
    article, _ = plain.read("a.txt", text)
    assert article.text == joined_lines(without_unseen(text)).strip()
    assert article.title.strip()
