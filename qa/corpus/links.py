"""Links of a feed (RSS, Atom), or of a list of feeds (OPML), as `qa.fetch` follows them.

Runs in the worker only.
"""

from __future__ import annotations

from lxml import etree

from qa.corpus.archive import parse_xml
from qa.corpus.decoding import UnreadableError
from qa.corpus.feed import day_of, parsed
from qa.corpus.fields import one_line
from qa.types import Limits

MAX_LINKS = 1_000


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return a part for each link: address as text, whether it is a feed, and what is said of it.

    Raises `UnreadableError`.
    """
    if b"<opml" in data[:2_000].lower():
        return {"parts": _of_opml(parse_xml(data, limits))}
    feed, entries = parsed(data)
    source = one_line(feed.get("title"))
    parts = [
        {"text": entry["link"], "title": one_line(entry.get("title")), "published": day_of(entry), "source": source}
        for entry in entries[:MAX_LINKS]
        if isinstance(entry.get("link"), str)
    ]
    return {"parts": parts}


def _of_opml(root: etree._Element) -> list[dict[str, object]]:
    outlines = [{key.lower(): value for key, value in each.attrib.items()} for each in root.iter("outline")]
    addresses = dict.fromkeys(str(each["xmlurl"]) for each in outlines if each.get("xmlurl"))
    if not addresses:
        raise UnreadableError("is an OPML file that names no feed")
    return [{"text": address, "feed": True} for address in list(addresses)[:MAX_LINKS]]
