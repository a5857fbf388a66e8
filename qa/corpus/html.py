"""HTML: the article's text without menus, scripts and hidden parts; its fields from meta tags and JSON-LD.

Runs in the worker only. trafilatura finds the article in the page; nothing is fetched.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from copy import deepcopy

import lxml.html
from lxml import etree
from lxml.html import HtmlElement
from trafilatura import bare_extraction

from qa.corpus.decoding import UnreadableError, decode
from qa.corpus.fields import clean
from qa.corpus.markup import HIDDEN, MAX_CELL, UNSEEN, drop, parse_html, text_of
from qa.corpus.page_fields import OTHERS, RELATED, fields_of
from qa.types import Limits

CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]{2,40})""", re.IGNORECASE)
ENOUGH = 30  # words that hidden text must have to be the article
MOST = 2 / 3  # share of the article's words that must be kept
BLOCKS = "p|li|h2|h3|h4|blockquote|pre|td|th|dd"
LINKED = 0.5  # share of a block's letters in links, from which it is a menu or a teaser
MAX_SPAN, MAX_COPIES = 100, 5_000  # rows or columns of one cell; copies of cells in a page


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return text and fields of a web page. Raises `UnreadableError`."""
    page, remarks = _decode(data)
    tree = parse_html(page, limits.max_depth)
    fields = fields_of(tree, page[:5_000])
    drop(tree, UNSEEN)
    _square_tables(tree)
    text, more = _text_of(tree, limits)
    if not text:
        raise UnreadableError("holds no text of an article; save the page as text, or remove it")
    return {**fields, "text": text, "remarks": remarks + more}


def _text_of(tree: HtmlElement, limits: Limits) -> tuple[str, list[str]]:
    """Return the article's text, with what is hidden where that is most of it, and remarks."""
    hidden = [element for element in tree.xpath(HIDDEN) if element.getparent() is not None]
    words = sum(_count(element.text_content()) for element in hidden)
    whole = deepcopy(tree) if words >= ENOUGH and 2 * words >= _count(tree.text_content()) else None
    drop(tree, HIDDEN)
    text, remarks = _complete(tree, limits)
    if whole is not None:
        for element in whole.xpath(HIDDEN):
            element.attrib.pop("style", None)  # trafilatura leaves hidden elements out, too
            element.attrib.pop("hidden", None)
        all_of_it, more = _complete(whole, limits)
        if _count(all_of_it) > max(ENOUGH, 2 * _count(text)):
            return all_of_it, [*more, "most of its text is hidden until a script runs, and was taken all the same"]
    return text, remarks


def _complete(tree: HtmlElement, limits: Limits) -> tuple[str, list[str]]:
    """Return the text that trafilatura finds, or all of the page's `<article>` where that is much more."""
    article = _article(tree)
    there = _words_in(article) if article is not None else 0
    rest = deepcopy(article) if article is not None else None
    found = bare_extraction(tree, include_comments=False, include_tables=True)
    body = getattr(found, "body", None)
    text = re.sub(r"\n{3,}", "\n\n", clean("".join(_text(body)))) if body is not None else ""
    kept = _count(text)
    if rest is None or there < ENOUGH or kept >= MOST * there:
        return text, []
    _prune(rest)
    more = text_of(lxml.html.tostring(rest, encoding="unicode"), limits)
    if _count(more) <= kept:
        return text, []
    return more, [f"{kept:,} of the {there:,} words of its article were found at first; all of it was taken"]


def _article(tree: HtmlElement) -> HtmlElement | None:
    """Return the element that the page says is its article, if it says so."""
    marked = tree.xpath("//*[@itemprop='articleBody'] | //article | //main | //*[@role='main']")
    articles = [e for e in marked if e.tag == "article" or e.get("itemprop")]
    outer = [e for e in articles if not any(a.tag == "article" for a in e.iterancestors())]
    if len(outer) > 3:
        return None  # a list of stories
    return max(outer or marked[:1], key=_words_in, default=None)


def _words_in(element: HtmlElement) -> int:
    """Return how many words of an element are in paragraphs, lists and tables that are its own."""
    return sum(map(_count, {block.text_content() for block in _blocks(element)}))  # trafilatura takes each once


def _blocks(element: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the innermost blocks of text, without menus, teasers and what belongs to other stories."""
    for block in element.iter(*BLOCKS.split("|")):
        inner = next(block.iterdescendants(*BLOCKS.split("|")), None)
        if inner is None and not _is_aside(block, element) and not _is_linked(block):
            yield block


def _is_aside(block: HtmlElement, within: HtmlElement) -> bool:
    for around in (block, *block.iterancestors()):
        if around is within:
            return False
        if around.tag in OTHERS or RELATED.search(f"{around.get('class', '')} {around.get('id', '')}"):
            return True
    return False


def _is_linked(block: HtmlElement) -> bool:
    letters = len(block.text_content().strip())
    return bool(letters) and sum(len(link.text_content()) for link in block.iter("a")) / letters > LINKED


def _prune(element: HtmlElement) -> None:
    """Take out of an article what is not of it."""
    for part in list(element.iterdescendants()):
        if isinstance(part.tag, str) and part.getparent() is not None:
            name = f"{part.get('class', '')} {part.get('id', '')}"
            if part.tag in OTHERS or RELATED.search(name) or (part.tag in ("ul", "p", "div") and _is_linked(part)):
                part.drop_tree()


def _square_tables(tree: HtmlElement) -> None:
    """Put captions above their tables, and a cell that spans rows or columns into each of them."""
    for caption in list(tree.iter("caption")):
        table = caption.getparent()
        if table is not None and table.tag == "table" and table.getparent() is not None:
            caption.tag, caption.tail = "p", None
            table.addprevious(caption)
    room = MAX_COPIES
    for table in tree.iter("table"):
        above: dict[int, tuple[HtmlElement, int]] = {}  # column -> a cell of a row above, and how many rows it has left
        for row in list(table.iter("tr")):
            column, place = 0, 0
            cells = [cell for cell in row if cell.tag in ("td", "th")]
            while place < len(cells) or column in above:
                if column in above:
                    cell, left = above.pop(column)
                    row.insert(row.index(cells[place]) if place < len(cells) else len(row), deepcopy(cell))
                    room -= 1
                else:
                    cell, left = cells[place], _span(cells[place], "rowspan")
                    place += 1
                    for _ in range(_span(cell, "colspan") - 1):
                        cell.addnext(deepcopy(cell))
                        column, room = column + 1, room - 1
                if room < 0:
                    return
                if left > 1:
                    above[column] = (cell, left - 1)
                column += 1


def _span(cell: HtmlElement, name: str) -> int:
    """Return how many rows or columns a cell spans, and take the mark away; long cells lay out a page."""
    value = cell.attrib.pop(name, "1").strip()
    if not value.isdecimal() or len(value) > 4 or len(cell.text_content()) > MAX_CELL:
        return 1
    return min(max(1, int(value)), MAX_SPAN)


def _count(text: str) -> int:
    return len(text.split())


def _decode(data: bytes) -> tuple[str, list[str]]:
    """Return the page's text: UTF-8 if it is that, else by the encoding that it names, else by the likeliest."""
    named = CHARSET.search(data[:4096])
    if named is not None and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) and b"\0" not in data:
        name = named[1].decode("ascii").lower()
        name = "cp1252" if name in ("iso-8859-1", "latin-1", "ascii", "us-ascii") else name  # as browsers read them
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            with contextlib.suppress(LookupError, UnicodeError):  # no such encoding, or not this one
                return data.decode(name), []
    return decode(data)


def _text(element: etree._Element) -> Iterator[str]:
    """Yield the text of trafilatura's tree: a blank line between blocks, a line for each list item and table row."""
    tag = element.tag if isinstance(element.tag, str) else ""
    block = tag in ("p", "head", "list", "table", "quote", "code", "div", "body", "comments")
    yield "\n\n" if block else "\n- " if tag == "item" else "\n" if tag in ("row", "lb") else ""
    if tag == "table" and _holds_data(element):
        yield "\n".join(_rows(element))
    else:
        yield element.text or "" if tag else ""
        for position, child in enumerate(element):
            yield " | " if tag == "row" and position else ""
            yield from _text(child)
    yield "\n\n" if block else ""
    yield element.tail or ""


def _holds_data(table: etree._Element) -> bool:
    return all(len(str(cell.xpath("string()"))) <= MAX_CELL for cell in table.iter("cell"))


def _rows(table: etree._Element) -> Iterator[str]:
    """Yield the rows of a table as lines, and dashes below a header that the page marks as one."""
    for number, row in enumerate(table.iter("row")):
        cells = list(row.iter("cell"))
        yield " | ".join(" ".join("".join(_text(cell)).split()) for cell in cells)
        if number == 0 and len(cells) > 1 and all(cell.get("role") == "head" for cell in cells):
            yield " | ".join("---" for _ in cells)
