"""EPUB: each chapter is an article, in the order of the book; titles from its table of contents.

Runs in the worker only.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote, urldefrag

from lxml import etree

from qa.corpus.archive import check_archive, parse_xml
from qa.corpus.decoding import UnreadableError, decode
from qa.corpus.fields import one_line
from qa.corpus.markup import text_of
from qa.types import Limits

CONTAINER, ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
HEADING = re.compile(r"<h[1-3]\b[^>]*>(.{1,500}?)</h[1-3]>", re.IGNORECASE | re.DOTALL)
# XHTML closes any empty element by `/>`; an HTML parser would take what follows for its content.
CLOSED = re.compile(r"<(?!(?:br|hr|img|meta|link|input|col|area|base|wbr)\b)(\w+)\b([^<>]{0,500})/>")


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return an article for each chapter with text. Raises `UnreadableError`."""
    check_archive(data, limits, ".epub", doctypes=True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        path = _package_path(archive, limits)
        package = _member(archive, path, limits)
        spine = list(_spine(package, posixpath.dirname(path)))
        if set(spine) & _encrypted(archive, limits):
            raise UnreadableError("is protected against copying; only the shop's program can read it")
        parts, missing = _chapters(archive, spine, _contents(archive, package, path, limits), limits)
    fields = _fields(package)
    remarks = [f"{missing} of its {len(spine)} files cannot be read or are not there"] if missing else []
    return {"parts": [fields | part for part in parts], "remarks": remarks}


def _member(archive: zipfile.ZipFile, path: str, limits: Limits) -> etree._Element:
    try:
        return parse_xml(archive.read(path), limits)
    except KeyError as exc:
        raise UnreadableError(f"no .epub, or damaged: no {path[:100]} in it; save it again") from exc


def _all(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the elements of a name, whatever their namespace."""
    yield from root.iter(f"{{*}}{name}")


def _package_path(archive: zipfile.ZipFile, limits: Limits) -> str:
    for root_file in _all(_member(archive, CONTAINER, limits), "rootfile"):
        return root_file.get("full-path") or ""
    raise UnreadableError("no .epub, or damaged: it names no package; save it again")


def _resolved(folder: str, href: str | None) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(urldefrag(href or "").url)))


def _spine(package: etree._Element, folder: str) -> Iterator[str]:
    """Yield the paths of what is read in order, without the table of contents."""
    items = {item.get("id"): item for item in _all(package, "item")}
    for reference in _all(package, "itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and "nav" not in (item.get("properties") or "").split():
            yield _resolved(folder, item.get("href"))


def _encrypted(archive: zipfile.ZipFile, limits: Limits) -> set[str]:
    """Return the paths of encrypted files; fonts may be among them."""
    if ENCRYPTION not in archive.namelist():
        return set()
    return {_resolved("", each.get("URI")) for each in _all(_member(archive, ENCRYPTION, limits), "CipherReference")}


def _contents(archive: zipfile.ZipFile, package: etree._Element, path: str, limits: Limits) -> dict[str, str]:
    """Return the first title that the table of contents gives each path: EPUB 3's, else EPUB 2's."""
    found: dict[str, str] = {}
    for item in _all(package, "item"):
        table = _resolved(posixpath.dirname(path), item.get("href"))
        is_nav = "nav" in (item.get("properties") or "").split()
        if (is_nav or item.get("media-type") == "application/x-dtbncx+xml") and table in archive.namelist():
            try:
                root = parse_xml(archive.read(table), limits)
            except UnreadableError:  # a book may do without
                continue
            for href, title in _links(root) if is_nav else _points(root):
                found.setdefault(_resolved(posixpath.dirname(table), href), title)
    return {href: title for href, title in found.items() if title}


def _links(nav: etree._Element) -> Iterator[tuple[str | None, str]]:
    for link in _all(nav, "a"):
        yield link.get("href"), one_line("".join(map(str, link.itertext()))) or ""


def _points(ncx: etree._Element) -> Iterator[tuple[str | None, str]]:
    for point in _all(ncx, "navPoint"):
        label, content = point.find("{*}navLabel/{*}text"), point.find("{*}content")
        if label is not None and content is not None:
            yield content.get("src"), one_line(label.text) or ""


def _chapters(
    archive: zipfile.ZipFile, spine: list[str], titles: dict[str, str], limits: Limits
) -> tuple[list[dict[str, object]], int]:
    """Return a part for each chapter, and how many files are missing.

    A file that neither the table of contents names nor a heading opens goes on with the chapter before it.
    """
    parts: list[dict[str, object]] = []
    missing = 0
    for path in dict.fromkeys(spine):
        try:
            page = CLOSED.sub(r"<\1\2></\1>", decode(archive.read(path))[0])
            text = text_of(page, limits)
        except (KeyError, UnreadableError):
            missing += 1
            continue
        title = titles.get(path) or _heading(page, limits)
        if text and not title and titles and parts:
            parts[-1]["text"] = f"{parts[-1]['text']}\n\n{text}"
        elif text:
            parts.append({"key": path, "section": title or f"part {len(parts) + 1}", "text": text})
    return parts, missing


def _heading(page: str, limits: Limits) -> str | None:
    found = HEADING.search(page)
    return one_line(text_of(found[1], limits)) if found else None


def _fields(package: etree._Element) -> dict[str, object]:
    """Return the book's title, its author as source, and its date."""
    found = {name: next(_texts(package, name), None) for name in ("title", "creator", "publisher", "date")}
    return {
        "title": found["title"],
        "source": found["creator"] or found["publisher"],
        "published": found["date"],
        "dated_by": "metadata of the book",
        "authors": list(_texts(package, "creator")),
        "tags": list(_texts(package, "subject")),
    }


def _texts(package: etree._Element, name: str) -> Iterator[str]:
    for element in _all(package, name):
        if text := one_line("".join(map(str, element.itertext()))):
            yield text
