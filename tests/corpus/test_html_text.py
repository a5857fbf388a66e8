"""Pieces of HTML in exports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.corpus.html_text import is_markup, plain
from tests.texts import HOSTILE


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        ('<p>The <a href="https://e.org/a?b=c">mill</a>&nbsp;burns.</p>\n<p>It &mdash; half of it.</p>', None),
        ("<script>SECRET()</script><p>The mill burns.</p><style>SECRET</style><p>It — half of it.</p>", None),
        ("The mill burns.<br><br/>It — half of it.", None),
        ("<P>The mill burns.</P><!-- SECRET --><P>It &#8212; half of it.</P>", None),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<table><tr><th>a</th><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a | b\nc | d"),
        ("<pre>a  b\nc</pre><p>d</p>", "a  b\nc\n\nd"),
        ("AT&amp;T &lt;b&gt;", "AT&T <b>"),
        ("if a < b and c > d &c.", "if a < b and c > d &c."),
        ("<svg/><p>seen</p>", "seen"),
        ("<p>seen</p><object>SECRET<p>SECRET", "seen"),
        ("<p>seen</p><img alt='a > b' data-x=\"<p>SECRET</p>\">", "seen"),
        ("5 < 6 and <b>7</b> > 6", "5 < 6 and 7 > 6"),
    ],
)
def test_words_of_a_piece(piece: str, text: str | None) -> None:
    assert plain(piece) == ("The mill burns.\n\nIt — half of it." if text is None else text)


@given(st.one_of(HOSTILE, st.text(st.sampled_from("<>/pbr&;#x!-a \n"), max_size=80)))
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(plain(text), str)
    assert is_markup(text) or "&" in text or plain(text) == text


@pytest.mark.parametrize(
    "piece", ["<", "<p", "<p>", "</", "<!--", "<![CDATA[", "&#", "<script>", "<a b='", "<a '\"", "<a " + "b=''" * 99]
)
def test_time_is_linear(piece: str) -> None:
    plain("<p>x</p>" + piece * (500_000 // len(piece)))
