"""Pieces of HTML in a field of an export to plain text.

They are read in this process, so there is no parser that a hostile piece could wear out: tags are found by one pattern
of bounded length, and time is linear. (The standard library's parser takes minutes for a few hundred kB of `<p`.)
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from qa.corpus.fields import clean

IS_MARKUP = re.compile(
    r"</(?:p|div|a|span|b|i|em|strong|h[1-6]|ul|ol|li|table|blockquote|figure|article|section)\s{0,9}>|<br\s{0,9}/?>|<p>",
    re.IGNORECASE,
)
TAG = re.compile(
    r"<!--|<(?P<closes>/?)(?P<name>[a-zA-Z][\w:-]{0,30})"
    r"(?:[^<>\"']|\"[^\"]{0,2000}\"|'[^']{0,2000}'){0,500}>|<[!?][^<>]{0,500}>"
)
REFERENCE = re.compile(r"&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z]{2,20}\d?);", re.IGNORECASE)
BLOCKS = frozenset(
    "address article aside blockquote body dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "header hr main nav ol p pre section table ul".split()
)
UNSEEN = frozenset("script style template noscript iframe object svg canvas textarea head title".split())


def is_markup(text: str) -> bool:
    """Return whether a text is a piece of HTML: it closes an element, or breaks a line, as HTML does."""
    return bool(IS_MARKUP.search(text))


def plain(text: str) -> str:
    """Return the words of a text that may be a piece of HTML; any other text as it is, but for character references.

    There is a blank line between blocks, a line for each list item and table row, a bar between cells.
    """
    if not is_markup(text):
        return html.unescape(text) if REFERENCE.search(text) else text
    lines = (line.strip() for line in clean("".join(_parts(text))).replace("\u00a0", " ").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.removeprefix("| ") for line in lines)).strip()


def _parts(text: str) -> Iterator[str]:
    done = at = preformatted = 0
    while tag := TAG.search(text, at):
        yield _words(text[done : tag.start()], preformatted > 0)
        name, opens = (tag["name"] or "").casefold(), not tag["closes"]
        if name == "pre":
            preformatted = max(0, preformatted + (1 if opens else -1))
        done = at = _end(text, tag, name, opens)
        yield _break(name, opens)
    yield _words(text[done:], preformatted > 0)


def _words(text: str, preformatted: bool) -> str:
    words = html.unescape(text)
    return words if preformatted else re.sub(r"[ \t\r\n\f]+", " ", words)


def _end(text: str, tag: re.Match[str], name: str, opens: bool) -> int:
    """Return where what is not shown ends: a tag, a comment, an element without text; the text's end if nowhere."""
    if tag[0] == "<!--":
        end = text.find("-->", tag.end())
        return end + 3 if end >= 0 else len(text)
    if name in UNSEEN and opens and not tag[0].endswith("/>"):
        closing = re.compile(rf"</{re.escape(name)}\b", re.IGNORECASE).search(text, tag.end())
        return closing.start() if closing else len(text)
    return tag.end()


def _break(name: str, opens: bool) -> str:
    if name in BLOCKS:
        return "\n\n"
    if not opens:
        return ""
    return {"td": " | ", "th": " | ", "li": "\n- ", "br": "\n", "tr": "\n"}.get(name, "")
