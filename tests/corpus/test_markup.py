"""Pieces of HTML: all that a reader sees."""

from __future__ import annotations

import pytest

from qa.corpus.decoding import UnreadableError
from qa.corpus.markup import text_of
from qa.types import Limits

LIMITS = Limits()


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("", ""),
        ("plain &amp; simple", "plain & simple"),
        ("<p>One  <b>bold</b>\n word.</p><p>Two<br>lines</p>tail", "One bold word.\n\nTwo\nlines\n\ntail"),
        ("<ul><li>one</li><li>two <i>x</i></li></ul>", "- one\n\n- two x"),
        ("<p>seen</p><div style='display: NONE'>not</div><script>x()</script><p hidden>nor</p>", "seen"),
        (
            "<table><tr><th>Year</th><th>Cost</th></tr><tr><td><p>2016</p></td><td>400</td></tr></table>after",
            "Year | Cost\n2016 | 400\n\nafter",
        ),
        ("<table><tr><td><h1>News</h1></td><td><p>The bank</p> lends</td></tr></table>", "News\n\nThe bank\n\nlends"),
        (
            "<table role=presentation><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
            "a\n\nb\n\nc\n\nd",
        ),
    ],
)
def test_text(page: str, text: str) -> None:
    assert text_of(page, LIMITS).replace("\n\n- ", "\n- ") == text.replace("\n\n- ", "\n- ")


def test_nesting_is_bounded() -> None:
    with pytest.raises(UnreadableError, match="nested more than 200 levels deep"):
        text_of("<div>" * 240 + "x", LIMITS)
