"""What a web page says of itself: title, source, URL, days of publication and change, tags.

Runs in the worker only. Metadata is looked for in the whole page, since a stray element in `<head>` ends it for the
parser. A date is taken only from what declares that it is the article's own, or stands beside its headline; which of
these it was is told. A related story's date, a comment's, or that of the last change is never the day of publication.
"""

from __future__ import annotations

import contextlib
import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from qa.corpus.dates import YEARS, day_in_path, day_of, day_within
from qa.corpus.fields import one_line

MAX_NODES = 10_000  # objects of JSON-LD
MAX_LD = 2_000_000  # characters of a script
BYLINE = 200  # characters of an element beside the headline that may hold a date
LONG = 12  # words of a paragraph of the text
MAX_BESIDE = 12  # words beside a day in a byline
REACH = 60  # elements with words, before and after the headline, that are looked at

PUBLISHED = re.compile(
    r"(?:^|[.:_\-])(?:d(?:ate)?c?[.:_\-]?)?(?:date[.:_\-]?)?(?:publi(?:sh(?:ed)?|cation)|pub|post(?:ed)?|issued?|"
    r"firstpublished|originalpublication|display|release)[.:_\-]?(?:date|time|datetime|at|on|timestamp|_time)?$"
    r"|^(?:dc|dcterms)[.:]date(?:[.:]?(?:created|issued|available))?$|^(?:dc|dcterms)[.:](?:created|issued)$"
    r"|publish(?:ed)?[_.\-:]?(?:time|date)|publication[_.\-:]?date|pub[_.\-]?date|date[_.\-]?publi|post[_.\-]?date$"
    r"|date[_.\-]?posted|citation_(?:online_)?date|parsely-pub|sailthru\.date|article_date",
    re.IGNORECASE,
)
PLAIN_DATE = re.compile(r"^(?:date|datecreated|date_created|creation_date|created|article:created)$", re.IGNORECASE)
MODIFIED = re.compile(r"modif|updat|revis|last[_.\-]?mod", re.IGNORECASE)
NO_DATE = re.compile(r"expir|unpub|event|birth|valid|copyright|embargo|until|build|section|publisher", re.IGNORECASE)
CHANGED = re.compile(r"\b(?:updated?|modified|edited|corrected|revised|last change)\b", re.IGNORECASE)
DATELINE = re.compile(r"date|time|publish|posted|byline|author|meta\b|credit", re.IGNORECASE)
OTHERS = "aside nav footer form figure figcaption".split()
RELATED = re.compile(
    r"related|recommend|comment|sidebar|widget|popular|trending|most-?read|teaser|promo|newsletter|read-?more|"
    r"more-?(?:stories|news|from)|up-?next|carousel|latest|footer|navbar|breaking",
    re.IGNORECASE,
)
OWN_LISTS = ("@graph", "mainEntity", "mainEntityOfPage")
SEPARATOR = re.compile(r"\s+[|\u2013\u2014\u00b7\u2022\u00bb\u203a/~-]+\s+|\s*\|\s*|\s+::\s+|:\s+(?=[A-Z][^:]{0,30}$)")
LOGO = re.compile(r"logo|site-?(?:title|name)|brand|masthead", re.IGNORECASE)
SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d{1,6}\)(https?://[^\s>]{1,2000})|\n\s*url:\s*(https?://\S{1,2000})")


@dataclass(frozen=True, slots=True)
class WebPage:
    """A parsed page, and what its markup says, gathered once."""

    tree: HtmlElement
    metas: tuple[tuple[str, str], ...]  # name and content, in order
    nodes: tuple[dict[str, Any], ...]  # of JSON-LD, the page's own, those of articles first

    def meta(self, *names: str) -> str | None:
        """Return the content of the first of these names that the page has."""
        for name in names:
            for key, content in self.metas:
                if key == name and content.strip():
                    return content.strip()
        return None


def fields_of(tree: HtmlElement, source: str) -> dict[str, object]:
    """Return title, source, URL, dates, tags and authors of a page; `source` is its markup."""
    page = WebPage(tree, tuple(_metas(tree)), ())
    page = WebPage(tree, page.metas, tuple(_own_nodes(tree, page)))
    site = _site(page)
    title, head = _title(page, site)
    url = _url(page, source)
    found = _published(page, head, url)
    modified = next((day for value in _modified(page) if (day := _sane(value))), None)
    published, dated_by = found if found else (None, None)
    return {
        "title": title,
        "source": site or _site_of_title(page, title) or None,
        "url": url,
        "published": published.isoformat() if published else None,
        "modified": modified.isoformat() if modified else None,
        "dated_by": dated_by,
        "tags": _tags(page),
        "authors": [name for node in page.nodes[:1] for name in _names(node.get("author"))],
    }


def _metas(tree: HtmlElement) -> Iterator[tuple[str, str]]:
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
        if name and element.get("content"):
            yield name.strip().casefold()[:100], element.get("content")[:5_000]


# JSON-LD


def _own_nodes(tree: HtmlElement, page: WebPage) -> Iterator[dict[str, Any]]:
    """Yield the objects of JSON-LD that are about the page: articles whose headline or address is its own, then others.

    What lies in lists of stories, videos, comments and the like is not looked at.
    """
    found = [
        node for script in tree.xpath("//script[contains(@type, 'ld+json')]") for node in _nodes(script.text or "")
    ]
    articles = [node for node in found if _is_article(node)]
    own = [node for node in articles if _is_own(node, page, len(articles) == 1)]
    yield from sorted(own, key=lambda node: "datePublished" not in node)
    yield from (node for node in found if not _is_article(node) and "WebPage" in str(node.get("@type")))


def _nodes(script: str) -> Iterator[dict[str, Any]]:
    text = re.sub(
        r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*$", "", script[:MAX_LD]
    ).strip()
    with contextlib.suppress(ValueError, RecursionError):
        level = [json.loads(text.rstrip(";"), strict=False)]
        seen = 0
        while level and seen < MAX_NODES:
            item = level.pop(0)
            seen += 1
            if isinstance(item, list):
                level += item[:MAX_NODES]
            elif isinstance(item, dict):
                yield item
                level += [item[name] for name in OWN_LISTS if isinstance(item.get(name), dict | list)]


def _types(node: dict[str, Any]) -> list[str]:
    kinds = node.get("@type")
    return [str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])]


def _is_article(node: dict[str, Any]) -> bool:
    return any(kind.endswith(("Article", "Posting", "Report")) or kind == "Review" for kind in _types(node))


def _is_own(node: dict[str, Any], page: WebPage, alone: bool) -> bool:
    """Return whether an article of JSON-LD is the page's: by its address, else by the words of its headline."""
    here, there = _canonical(page), _address(node)
    if here and there and _path(here) == _path(there):
        return True
    headline = _words(str(node.get("headline") or node.get("name") or ""))
    titles = _words(" ".join(filter(None, [_title_tag(page), page.meta("og:title"), *_h1s(page)])))
    if headline and titles:
        apart = not headline & titles and len(titles) > 2
        return len(headline & titles) / len(headline) >= 0.5 or (alone and not apart)
    return alone


def _address(node: dict[str, Any]) -> str | None:
    main = node.get("mainEntityOfPage")
    for value in (node.get("url"), main.get("@id") if isinstance(main, dict) else main, node.get("@id")):
        if isinstance(value, str) and value.startswith("http"):
            return value
    return None


def _path(url: str) -> str:
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        return f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}"
    return url


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", html.unescape(text).casefold()) if len(word) > 2}


def _names(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        name = item.get("name") if isinstance(item, dict) else item
        if isinstance(name, str) and not name.startswith("http"):
            yield name


# Title, source, URL


def _title_tag(page: WebPage) -> str | None:
    for element in page.tree.iter("title"):
        if not any(parent.tag == "svg" for parent in element.iterancestors()):
            return one_line(element.text_content())
    return None


def _h1s(page: WebPage) -> list[str]:
    return [line for element in page.tree.iter("h1") if (line := one_line(element.text_content()))]


def _site(page: WebPage) -> str | None:
    named = page.meta("og:site_name", "application-name", "dc.publisher", "dcterms.publisher", "citation_journal_title")
    publisher = next((name for node in page.nodes for name in _names(node.get("publisher")) if name), None)
    return one_line(html.unescape(named or publisher or "")) or None


def _site_of_title(page: WebPage, title: str | None) -> str | None:
    """Return the part of `<title>` that a logo repeats."""
    parts = [part for part in SEPARATOR.split(_title_tag(page) or "") if part]
    logos = {_fold(line) for element in page.tree.iter("h1") if (line := one_line(element.text_content()))}
    return next((part for part in parts[1:] if _fold(part) in logos and part != title), None)


def _title(page: WebPage, site: str | None) -> tuple[str | None, HtmlElement | None]:
    """Return the title and the element of the headline: what the page declares, else its heading, else `<title>`."""
    tag = _title_tag(page)
    parts = [_fold(part) for part in SEPARATOR.split(tag or "") if part]
    headings = [
        e for e in page.tree.iter("h1", "h2") if (e.tag == "h2" or not _is_logo(e, page, site, parts)) and _line(e)
    ]
    declared = [
        str(node["headline"]) for node in page.nodes if _is_article(node) and isinstance(node.get("headline"), str)
    ]
    declared += [title for name in ("og:title", "twitter:title", "dc.title") if (title := page.meta(name))]
    for candidate in declared:
        title = _without_site(html.unescape(candidate), site, headings)
        if title and _fold(title) != _fold(site or ""):
            return title, _headline(title, headings)
    top = [e for e in headings if e.tag == "h1"]
    inside = [
        e for e in headings if len(parts) > 1 and _fold(_line(e)) in parts and _fold(_line(e)) != _fold(site or "")
    ]
    head = next(iter(inside if not top or len(top) > 1 else top), None)
    if head is None:
        head = next(iter(top), None)
    if head is not None:
        return _line(head), head
    title = _without_site(tag, site, headings) if tag else None
    return title, _headline(title or "", headings)


def _line(element: HtmlElement) -> str:
    return one_line(element.text_content()) or ""


def _is_logo(element: HtmlElement, page: WebPage, site: str | None, parts: Sequence[str]) -> bool:
    """Return whether an h1 is the name of the site: it links to the start page, is its name, or is styled so."""
    line = _fold(_line(element))
    if not line or line == _fold(site or ""):
        return True
    around = [element, *element.iterchildren("a"), *([element.getparent()] if element.getparent() is not None else [])]
    hrefs = [e.get("href", "") for e in around if e.tag == "a"]
    home = any(href in ("/", "#", "./") or re.fullmatch(r"https?://[^/]+/?", href) for href in hrefs)
    named = LOGO.search(f"{element.get('class', '')} {element.get('id', '')}") is not None
    return home or (len(parts) > 1 and line in parts[1:]) or (named and line not in parts[:1])


def _headline(title: str, headings: Sequence[HtmlElement]) -> HtmlElement | None:
    """Return the heading that has the words of a title."""
    wanted = _words(title)
    for element in headings:
        words = _words(_line(element))
        if wanted and words and len(words & wanted) / len(words | wanted) >= 0.6:
            return element
    return next((element for element in headings if element.tag == "h1"), None)


def _without_site(title: str, site: str | None, headings: Sequence[HtmlElement]) -> str | None:
    """Return a title without the name of its site: the part that a heading repeats, else all but a short last part."""
    line = one_line(title)
    parts = [part.strip() for part in SEPARATOR.split(line or "") if part.strip()]
    if line is None or len(parts) < 2:
        return line
    lines = {_fold(_line(element)) for element in headings}
    if _fold(line) in lines:
        return line
    repeated = next((part for part in parts if _fold(part) in lines and _fold(part) != _fold(site or "")), None)
    if repeated:
        return repeated
    names = [_fold(site or ""), *([_fold(site).removeprefix("the ")] if site else [])]
    for bare, cut in (
        (parts[-1], line[: line.rindex(parts[-1])]),
        (parts[0], line[line.index(parts[0]) + len(parts[0]) :]),
    ):
        if _fold(bare) in names or (bare is parts[-1] and len(bare.split()) <= 4 and len(bare) < len(line) / 2):
            return one_line(re.sub(r"^[\W_]+|[\s|\u2013\u2014\u00b7\u2022\u00bb\u203a/~:-]+$", "", cut)) or line
    return line


def _fold(text: str) -> str:
    return " ".join(html.unescape(text).casefold().split())


def _canonical(page: WebPage) -> str | None:
    links = page.tree.xpath("//link[contains(concat(' ', normalize-space(@rel), ' '), ' canonical ')]/@href")
    return next((str(link).strip() for link in links if str(link).strip()), None) or page.meta("og:url", "twitter:url")


def _url(page: WebPage, source: str) -> str | None:
    """Return the address: canonical, that of JSON-LD, else that which a browser notes in a page that it saves."""
    saved = SAVED_FROM.search(source[:5_000])
    noted = next((group for group in saved.groups() if group), None) if saved else None
    base = next(iter(page.tree.xpath("//base/@href")), None) or noted or page.meta("og:url")
    candidates = [_canonical(page), page.meta("og:url"), *(_address(node) for node in page.nodes), noted]
    for candidate in filter(None, candidates):
        with contextlib.suppress(ValueError):
            joined = str(urljoin(str(base), candidate) if base else candidate)
            if urlsplit(joined).scheme in ("http", "https"):
                return joined
    return None


def _tags(page: WebPage) -> str:
    tags = [content for name, content in page.metas if name == "article:tag"]
    return ",".join(tags[:50]) or page.meta("keywords", "news_keywords") or ""


# Dates

Dated = tuple[date, str]


def _published(page: WebPage, head: HtmlElement | None, url: str | None) -> Dated | None:
    """Return the day of publication and what gives it; the surest sign first."""
    for value, sign in (*_declared(page), *_beside(page, head)):
        day = _sane(value)
        if day is not None:
            return day, sign
    day = day_in_path(urlsplit(url).path + "/") if url else None
    return (day, "address") if day else None


def _sane(value: object) -> date | None:
    day = day_of(html.unescape(value).strip() if isinstance(value, str) else value)
    return day if day is not None and day.year in YEARS else None


def _declared(page: WebPage) -> Iterator[tuple[object, str]]:
    """Yield values of JSON-LD, meta tags and microdata that declare the day of publication."""
    articles = [node for node in page.nodes if _is_article(node)]
    yield from ((node["datePublished"], "JSON-LD") for node in articles if "datePublished" in node)
    for pattern in (PUBLISHED, PLAIN_DATE):
        for name, content in page.metas:
            if pattern.search(name) and not MODIFIED.search(name) and not NO_DATE.search(name):
                yield content, f"meta {name}"
    for element in page.tree.xpath("//*[@itemprop='datePublished'] | //time[@pubdate]")[:10]:
        if not _elsewhere(element):
            yield from ((value, "microdata") for value in _values(element))
    for element in page.tree.xpath("//*[@property='datePublished' or @property='schema:datePublished']")[:10]:
        yield from ((value, "RDFa") for value in _values(element))
    for element in page.tree.xpath("//*[contains(concat(' ', @class, ' '), ' published ')]/@title")[:3]:
        yield str(element), "microformat"
    yield from ((node["datePublished"], "JSON-LD") for node in page.nodes if "datePublished" in node)
    yield from ((node["dateCreated"], "JSON-LD dateCreated") for node in articles if "dateCreated" in node)


def _modified(page: WebPage) -> Iterator[object]:
    yield from (node["dateModified"] for node in page.nodes if "dateModified" in node)
    yield from (content for name, content in page.metas if MODIFIED.search(name) and not NO_DATE.search(name))
    for element in page.tree.xpath("//*[@itemprop='dateModified']")[:10]:
        yield from _values(element)


def _values(element: HtmlElement) -> Iterator[str]:
    yield from (value for name in ("content", "datetime", "title") if (value := element.get(name)))
    yield " ".join(element.text_content().split())[:BYLINE]


def _elsewhere(element: HtmlElement) -> bool:
    """Return whether an element belongs to something else than the article: menus, related stories, comments."""
    for around in (element, *element.iterancestors()):
        if around.tag in ("article", "main", "body"):
            return False
        if around.tag in OTHERS or RELATED.search(f"{around.get('class', '')} {around.get('id', '')}"):
            return True
    return False


def _beside(page: WebPage, head: HtmlElement | None) -> Iterator[tuple[object, str]]:
    """Yield `<time>`, then visible dates, of the elements around the headline, above the text."""
    around = list(_around(page, head))
    for element, late in around:
        if element.tag == "time" and not _is_change(element) and (not late or _is_dateline(element)):
            yield from ((value, "<time>") for value in (element.get("datetime"), _line(element)) if value)
    for element, late in around:
        line = _line(element)[: BYLINE + 1]
        found = day_within(line) if len(line) <= BYLINE and not CHANGED.search(line) else None
        if found and not _is_change(element) and _is_byline(line, found[1]) and (not late or _is_dateline(element)):
            yield found[0], "words beside the headline"


def _is_dateline(element: HtmlElement) -> bool:
    """Return whether an element says of itself, or lies in one that says, that it holds date or author."""
    around = [element, *list(element.iterancestors())[:3]]
    return any(e.tag == "header" or DATELINE.search(f"{e.get('class', '')} {e.get('id', '')}") for e in around)


def _is_byline(line: str, day: str) -> bool:
    """Return whether a line is a day with a few words, and no sentence that tells of a day."""
    rest = line.replace(day, " ", 1).split()
    return len(rest) <= MAX_BESIDE and not re.search(r"[^.\s]{3}[.!?]$", line.strip())


def _is_change(element: HtmlElement) -> bool:
    parent = element.getparent()
    near = (
        ""
        if parent is None
        else f"{parent.get('class', '')} {_line(parent)[:BYLINE] if len(_line(parent)) < 60 else ''}"
    )
    before = element.getprevious()
    said = (before.tail if before is not None else parent.text if parent is not None else "") or ""
    own = f"{element.get('class', '')} {element.get('itemprop', '')} {_line(element)}"
    return bool(
        CHANGED.search(f"{own} {said}") or MODIFIED.search(own) or (CHANGED.search(near) and "ublish" not in near)
    )


def _around(page: WebPage, head: HtmlElement | None) -> Iterator[tuple[HtmlElement, bool]]:
    """Yield the elements with words from the headline to the second long paragraph, then those before the headline.

    The second item tells whether there is a long paragraph between: the text may have begun.
    """
    if head is None:
        return
    before: list[HtmlElement] = []
    passed = paragraphs = looked = 0
    for element in page.tree.iter():
        passed += element is head
        if not isinstance(element.tag, str) or element.tag in ("script", "style", "noscript", "template"):
            continue
        if not (element.text or "").strip() and element.tag != "time":
            continue
        line = _line(element) if passed else ""
        paragraphs += bool(element.tag in ("p", "div") and len(line.split()) >= LONG and not day_within(line[:BYLINE]))
        looked += passed
        if paragraphs > 1 or looked > REACH:
            break
        if not _elsewhere(element):
            if passed:
                yield element, paragraphs > 0
            else:
                before.append(element)
    yield from ((element, False) for element in reversed(before[-REACH // 4 :]))
