"""Pieces of HTML without a page around them, as mails, feeds and books hold them: all that a reader sees is text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import lxml.html
from lxml import etree
from lxml.html import HtmlElement

from qa.corpus.archive import check_depth
from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import clean
from qa.types import Limits

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SPACELESS_STYLE = f"translate(@style, '{CAPITALS} \t\r\n', '{CAPITALS.lower()}')"
# What is no text, and what a reader does not see.
UNSEEN = "|".join(
    f"//{tag}" for tag in "script style template noscript iframe object embed svg canvas textarea".split()
)
HIDDEN = " | ".join(
    ["//*[@hidden]"] + [f"//*[contains({SPACELESS_STYLE}, '{rule}')]" for rule in ("display:none", "visibility:hidden")]
)
BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 header hr html li main nav ol p pre section table tbody td tfoot th thead tr ul".split()
)
LAYOUT = "descendant::*[self::table or self::h1 or self::h2 or self::h3 or self::ul or self::ol or self::img]"
MAX_QUOTES = 1_000
MAX_CELL = 300  # characters; a cell that holds more lays out a page


def text_of(page: str, limits: Limits, quoted: str = "") -> str:
    """Return the text of a piece of HTML: a blank line between blocks, a line for each list item and table row.

    `quoted` is an XPath of what someone else is quoted by; its lines begin with `>`, as in plain mail.

    Raises `UnreadableError` for what no parser reads, or what is nested too deep.
    """
    if not page.strip():
        return ""
    tree = parse_html(page, limits.max_depth)
    drop(tree, f"{UNSEEN} | //head | {HIDDEN}")
    for element in tree.xpath(quoted)[:MAX_QUOTES] if quoted else []:
        words = _text(element)
        element.clear(keep_tail=True)
        element.tag, element.text = "pre", "\n".join(f"> {line}" for line in words.split("\n"))
    return _text(tree)


def _text(tree: HtmlElement) -> str:
    text = "".join(_walked(tree, {table for table in tree.iter("table") if _holds_data(table)}))
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", re.sub(r"[ \t]{2,}", " ", text))
    return clean(re.sub(r"\n{3,}", "\n\n", text))


def parse_html(page: str, max_depth: int) -> HtmlElement:
    """Return the tree of a page or a piece of one, without comments.

    Raises `UnreadableError` for what no parser reads, or what is nested too deep.
    """
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        tree = lxml.html.document_fromstring(page.encode("utf-8", "replace"), parser=parser)
    except etree.LxmlError as exc:
        raise UnreadableError("no HTML can be read in it; save it as text, or remove it") from exc
    check_depth(tree, max_depth)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise UnreadableError("has an element too long for the HTML parser; split it, or save its text")
    return tree


def drop(tree: HtmlElement, where: str) -> None:
    """Take the elements that an XPath finds out of a tree; their tails stay."""
    for element in tree.xpath(where):
        if element.getparent() is not None:
            element.drop_tree()


def _holds_data(table: HtmlElement) -> bool:
    """Return whether a table has rows of short cells; mails lay out their text by tables that have not."""
    if table.get("role") == "presentation" or table.xpath(LAYOUT):
        return False
    rows = [row.xpath("td|th") for row in table.iter("tr")]
    short = all(len(cell.text_content()) <= MAX_CELL for row in rows for cell in row)
    return short and len(rows) > 1 and max(map(len, rows)) > 1


def _walked(tree: HtmlElement, tables: set[HtmlElement]) -> Iterator[str]:
    """Yield the text of a tree; these tables hold data."""
    inside = pre = 0  # how many tables of data, and how many <pre>, are open
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        step = 1 if event == "start" else -1
        tag = element.tag if isinstance(element.tag, str) else ""
        if element in tables:
            inside += step
            yield "\n\n"
        else:
            yield _mark(element, tag, event) if inside else "\n\n" if tag in BLOCKS and tag != "li" else ""
        pre += step if tag == "pre" else 0
        yield "\n- " if event == "start" and tag == "li" and not inside else ""
        yield "\n" if event == "start" and tag == "br" and not inside else ""
        words = (element.text if event == "start" else element.tail) or ""
        yield words if pre and not inside else re.sub(r"\s+", " ", words)


def _mark(element: HtmlElement, tag: str, event: str) -> str:
    """Return what stands at the start or end of an element inside a table of data."""
    if tag == "tr":
        return "\n" if event == "start" else ""
    if tag in ("td", "th"):
        return " | " if event == "start" and element.getprevious() is not None else ""
    return " " if tag in BLOCKS or tag == "br" else ""
