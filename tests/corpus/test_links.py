"""Links of feeds and of lists of feeds."""

from __future__ import annotations

import pytest

from qa.corpus.decoding import UnreadableError
from qa.corpus.links import extract
from qa.types import Limits
from tests.corpus.samples import ATOM, RSS

LIMITS = Limits()


@pytest.mark.parametrize(("feed", "links"), [(RSS, ["loan", "route", "none"]), (ATOM, ["loan"])])
def test_links_of_a_feed(feed: str, links: list[str]) -> None:
    parts = extract(feed.encode(), LIMITS)["parts"]
    assert isinstance(parts, list)
    assert [part["text"] for part in parts] == [f"https://example.org/rail/{link}" for link in links]
    assert parts[0]["published"] == "2016-06-29"
    assert parts[0]["source"] == "Rail Gazette"


def test_feeds_of_a_list() -> None:
    opml = (
        '<?xml version="1.0"?><opml version="2.0"><body><outline text="x"><outline type="rss" xmlUrl="https://a.org/f"/>'
        '</outline><outline xmlurl="https://b.org/f"/><outline xmlUrl="https://a.org/f"/></body></opml>'
    )
    assert extract(opml.encode(), LIMITS) == {
        "parts": [{"text": "https://a.org/f", "feed": True}, {"text": "https://b.org/f", "feed": True}]
    }


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"<opml><body/></opml>", "is an OPML file that names no feed"),
        (b"<opml", "damaged: "),
        (b'<!DOCTYPE opml [<!ENTITY a "b">]><opml>&a;</opml>', "declares XML entities"),
        (b"<html/>", "is no RSS or Atom feed"),
    ],
)
def test_what_is_neither_is_refused(data: bytes, cause: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        extract(data, LIMITS)
    assert str(caught.value).startswith(cause)
