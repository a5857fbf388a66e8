"""Markdown: the text below its front matter, without comments and the marks of site generators."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.corpus.fields import article_of, named
from qa.corpus.front_matter import part
from qa.text.unseen import without_unseen
from qa.types import Article

MAX_TITLE_AT = 2_000  # characters in which the title is looked for
ATX = re.compile(r"(#{1,6})[ \t]+(\S.*)$")
SETEXT = re.compile(r"=+[ \t]*$|-{2,}[ \t]*$")
FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
EMPHASIS = re.compile(r"(\*\*|__|\*|`|~~)(?=\S)(.+?)(?<=\S)\1")
ATTRIBUTES = re.compile(r"\s*\{[#.:][^{}]*\}$")

# What opens code, which stays as it is, and what opens a mark that is no text; the value closes it.
OPENS = re.compile(
    r"^[ ]{0,3}(?P<fence>`{3,}|~{3,})[^\n]*$|(?P<code>`+)"
    r"|(?P<mark><!--|%%|\{%-?[ \t]*comment\b|\{%|\{\{)"
    r"|^[ ]{0,3}(?P<line>\[(?://|comment|_metadata_[^\]\n]*)\]:[ \t]*[#<]|\{:)[^\n]*$",
    re.MULTILINE | re.IGNORECASE,
)
CLOSES = {"<!--": "-->", "%%": "%%", "{%": "%}", "{{": "}}"}
END_COMMENT = re.compile(r"\{%-?[ \t]*endcomment[ \t]*-?%\}", re.IGNORECASE)
BLANKS = re.compile(r"[ \t]*\n(?:[ \t]*\r?\n){2,}")


def read(article_id: str, text: str) -> tuple[Article, list[str]]:
    """Return the article of a Markdown file, and remarks on fields that had to be left out.

    The fields are those of `named`. Without a title, the first heading or the file's name serves. Raises
    `UnreadableError` for front matter that cannot be read.
    """
    fields, below, remarks = part(text)
    content = _without_marks(without_unseen(below))
    article, more = article_of(article_id, content, named(fields), _heading(content))
    return article, remarks + more


def _heading(text: str) -> str | None:
    """Return the first heading of the first level, else the first heading, outside of code."""
    first = None
    for level, title in _headings(text[:MAX_TITLE_AT]):
        if level == 1:
            return title
        first = first or title
    return first


def _headings(text: str) -> Iterator[tuple[int, str]]:
    fence, above = "", ""
    for line in text.splitlines():
        opened = FENCE.match(line)
        if opened and (not fence or (opened[1].startswith(fence) and not line.strip(" `~"))):
            fence = "" if fence else opened[1]
            above = ""
        elif not fence:
            atx = ATX.match(line)
            if atx:
                yield len(atx[1]), _plain(atx[2].rstrip(" \t\r#"))
            elif above and SETEXT.match(line):
                yield 1 if line[0] == "=" else 2, _plain(above)
            alone = not above and line.strip() and not atx and line[0] not in " \t>-*+|"
            above = line.strip() if alone else "" if not line.strip() else above and "\n"
            above = above if above != "\n" else ""


def _plain(heading: str) -> str:
    """Return a heading without links, emphasis and attributes."""
    return EMPHASIS.sub(r"\2", LINK.sub(r"\1", ATTRIBUTES.sub("", " ".join(heading.split())[:1_000])))


def _without_marks(text: str) -> str:
    """Return a text without comments, templating and attribute lines; code stays as it is."""
    kept = list(_kept(text))
    if len(kept) == 1:
        return text.strip()
    return BLANKS.sub("\n\n", "".join(kept)).strip()


def _kept(text: str) -> Iterator[str]:
    """Yield what is left of a text. A mark that never closes is looked for once, so that time is linear."""
    done = at = 0
    never: set[str] = set()
    while opening := OPENS.search(text, at):
        start, at = opening.start(), opening.end()
        if opening["fence"]:
            at = _after_fence(text, at, opening["fence"])
            continue
        if opening["code"]:
            at = _after_code(text, at, opening["code"], never)
            continue
        end = at if opening["line"] else _after_mark(text, at, opening["mark"], never)
        if end > start:
            yield text[done:start]
            done = at = end
    yield text[done:]


def _after_fence(text: str, at: int, fence: str) -> int:
    closing = re.compile(rf"^[ ]{{0,3}}{fence[0]}{{{len(fence)},}}[ \t\r]*$", re.MULTILINE).search(text, at)
    return closing.end() if closing else len(text)


def _after_code(text: str, at: int, ticks: str, never: set[str]) -> int:
    """Return where code in a line ends: at as many ticks, in the same paragraph."""
    paragraph = text.find("\n\n", at)
    end = -1 if ticks in never else text.find(ticks, at, paragraph if paragraph >= 0 else len(text))
    return end + len(ticks) if end >= 0 else at


def _after_mark(text: str, at: int, mark: str, never: set[str]) -> int:
    """Return where a mark ends, 0 for one that never does: it stays, as what is below it would be lost."""
    comment = "comment" in mark.casefold()
    if mark in never or ("comment" if comment else "") in never:
        return 0
    if comment:
        closing = END_COMMENT.search(text, at)
        end = closing.end() if closing else -1
    else:
        found = text.find(CLOSES[mark], at)
        end = found + len(CLOSES[mark]) if found >= 0 else -1
    if end < 0:
        never.add("comment" if comment else mark)
        return 0
    return end
