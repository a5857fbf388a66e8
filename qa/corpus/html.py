"""HTML: the article's text without menus, scripts and hidden parts; its fields from meta tags and JSON-LD.

Runs in the worker only. trafilatura finds the article in the page; nothing is fetched.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime

import lxml.html
from htmldate import find_date
from lxml import etree
from lxml.html import HtmlElement
from trafilatura import bare_extraction, extract_metadata

from qa.corpus.decoding import UnreadableError, decode
from qa.corpus.fields import YEARS, clean
from qa.types import Limits

CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]{2,40})""", re.IGNORECASE)
MAX_ITEMS = 10_000  # of a level of JSON-LD
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SPACELESS_STYLE = f"translate(@style, '{CAPITALS} \t\r\n', '{CAPITALS.lower()}')"
# What a reader of the page does not see, or what is no text.
UNSEEN = "|".join(
    [
        *(f"//{tag}" for tag in "script style template noscript iframe object embed svg canvas textarea".split()),
        "//*[@hidden]",
        *(f"//*[contains({SPACELESS_STYLE}, '{rule}')]" for rule in ("display:none", "visibility:hidden")),
    ]
)
DATED = "//*[@itemprop='datePublished'] | //time[@pubdate]"


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return text and fields of a web page. Raises `UnreadableError`."""
    page, remarks = _decode(data)
    tree = _parse(page, limits.max_depth)
    fields = _fields(tree)
    for element in tree.xpath(UNSEEN):
        if element.getparent() is not None:
            element.drop_tree()
    found = bare_extraction(tree, include_comments=False, include_tables=True)
    body = getattr(found, "body", None)
    text = clean("".join(_text(body))) if body is not None else ""
    if not text:
        raise UnreadableError("holds no text of an article; save the page as text, or remove it")
    return {**fields, "text": re.sub(r"\n{3,}", "\n\n", text), "remarks": remarks}


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


def _parse(page: str, max_depth: int) -> HtmlElement:
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        tree = lxml.html.document_fromstring(page.encode("utf-8", "replace"), parser=parser)
    except etree.LxmlError as exc:
        raise UnreadableError("no HTML can be read in it; save it as text, or remove it") from exc
    depth = deepest = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    if deepest > max_depth:
        raise UnreadableError(f"nested more than {max_depth} levels deep; simplify it, or save its text")
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise UnreadableError("has an element too long for the HTML parser; split it, or save its text")
    return tree


def _fields(tree: HtmlElement) -> dict[str, object]:
    """Return title, source, URL, date and tags from the head, JSON-LD and the first heading.

    htmldate would take any date that the text mentions, so it is shown only what declares a date.
    """
    card = lxml.html.Element("html")
    head, body = etree.SubElement(card, "head"), etree.SubElement(card, "body")
    for element in tree.xpath("//head/*[self::meta or self::link] | //script[@type='application/ld+json']"):
        head.append(_alone(element))
    for element in tree.xpath(DATED)[:10]:
        body.append(_alone(element))
    date = _json_ld_date(card) or find_date(
        deepcopy(card),
        extensive_search=False,
        original_date=True,
        deferred_url_extractor=True,
        min_date=f"{YEARS[0]}-01-01",
        max_date=f"{YEARS[-1]}-12-31",
    )
    for element in tree.xpath("//title")[:1]:
        head.append(_alone(element))
    for element in tree.xpath("//h1")[:1]:
        body.append(_alone(element))
    found = extract_metadata(card, date_config={"extensive_search": False})
    tags = ",".join(tag for tag in found.tags or [] if isinstance(tag, str))
    return {"title": found.title, "source": found.sitename, "url": found.url, "published": date, "tags": tags}


def _json_ld_date(card: HtmlElement) -> str | None:
    """Return the outermost `datePublished` that is a date; htmldate knows those of recent decades only."""
    for script in card.iter("script"):
        with contextlib.suppress(ValueError, RecursionError):
            level = [json.loads(script.text or "")]
            while level := level[:MAX_ITEMS]:
                objects = [item for item in level if isinstance(item, dict)]
                for date in (item["datePublished"] for item in objects if "datePublished" in item):
                    with contextlib.suppress(ValueError, TypeError):
                        return datetime.fromisoformat(date).date().isoformat()
                lists = [item for item in level if isinstance(item, list)]
                level = [value for item in objects for value in item.values()] + [v for item in lists for v in item]
    return None


def _alone(element: HtmlElement) -> HtmlElement:
    copy = deepcopy(element)
    copy.tail = None
    return copy


def _text(element: etree._Element) -> Iterator[str]:
    """Yield the text of trafilatura's tree: a blank line between blocks, a line for each list item and table row."""
    tag = element.tag if isinstance(element.tag, str) else ""
    block = tag in ("p", "head", "list", "table", "quote", "code", "div", "body", "comments")
    yield "\n\n" if block else "\n- " if tag == "item" else "\n" if tag in ("row", "lb") else ""
    yield element.text or "" if tag else ""
    for position, child in enumerate(element):
        yield " | " if tag == "row" and position else ""
        yield from _text(child)
    yield "\n\n" if block else ""
    yield element.tail or ""
