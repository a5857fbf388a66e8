"""ODT: the text as its reader sees it, with footnotes below their paragraph; fields from its properties.

Runs in the worker only. Deleted text, annotations and indexes are left out.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

from lxml import etree

from qa.corpus.archive import PROPERTIES, check_archive, parse_xml
from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import clean, one_line
from qa.corpus.rows import table
from qa.types import Limits

UNSEEN = frozenset("tracked-changes annotation table-of-content alphabetical-index forms sequence-decls note".split())
MAX_REPEATED = 100  # spaces, or equal cells, that one element may stand for


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return text and fields of an OpenDocument text. Raises `UnreadableError`."""
    check_archive(data, limits, ".odt")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if b"encryption-data" in _member(archive, "META-INF/manifest.xml"):
            raise UnreadableError("is encrypted; save it without a password")
        body = parse_xml(_content(archive), limits).find("{*}body/{*}text")
        meta = _member(archive, "meta.xml")
    if body is None:
        raise UnreadableError("is no OpenDocument text; save it as .odt")
    text = clean(re.sub(r"\n{3,}", "\n\n", "".join(_blocks(body, limits))))
    return {**_fields(meta, limits), "text": text, "remarks": []}


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    return archive.read(name) if name in archive.namelist() else b""


def _content(archive: zipfile.ZipFile) -> bytes:
    if "content.xml" not in archive.namelist():
        raise UnreadableError("no .odt, or damaged: no content.xml in it; save it again from the program that made it")
    return archive.read("content.xml")


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _blocks(parent: etree._Element, limits: Limits) -> Iterator[str]:
    """Yield the text of what a body, section, list or frame holds."""
    for element in parent:
        name = _local(element)
        if name in ("p", "h"):
            yield "".join(_words(element)) + "\n\n"
            for inside in element.iter("{*}note-body", "{*}text-box"):  # footnotes, and text that floats
                yield from _blocks(inside, limits)
        elif name == "list-item":
            yield "- " + "".join(_blocks(element, limits)).strip() + "\n"
        elif name == "list":
            yield from _blocks(element, limits)
            yield "\n"
        elif name == "table":
            yield "\n" + table(_rows(element), limits) + "\n\n"
        elif name not in UNSEEN:
            yield from _blocks(element, limits)


def _rows(element: etree._Element) -> Iterator[list[str]]:
    for row in element.iter("{*}table-row"):
        cells: list[str] = []
        for cell in row:
            words = " ".join("".join(_words(paragraph)) for paragraph in cell.iter("{*}p", "{*}h"))
            cells += [words] * _count(cell, "number-columns-repeated")
        yield cells


def _count(element: etree._Element, name: str) -> int:
    value = next((v for key, v in element.attrib.items() if etree.QName(key).localname == name), "1")
    return min(int(value), MAX_REPEATED) if str(value).isascii() and str(value).isdigit() else 1


def _words(element: etree._Element) -> Iterator[str]:
    """Yield the text of a paragraph, its white space as it is shown."""
    yield _spaces(element.text)
    for child in element:
        name = _local(child)
        if name == "s":
            yield " " * _count(child, "c")
        elif name in ("tab", "line-break"):
            yield "\t" if name == "tab" else "\n"
        elif name not in UNSEEN and name != "text-box":
            yield from _words(child)
        yield _spaces(child.tail)


def _spaces(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def _fields(meta: bytes, limits: Limits) -> dict[str, object]:
    try:
        root = parse_xml(meta, limits)
    except UnreadableError:  # a document may do without
        return {}
    return {
        "title": next(_texts(root, "title"), None),
        "published": next(_texts(root, "creation-date"), None),
        "modified": next(_texts(root, "date"), None),
        "dated_by": PROPERTIES,
        "authors": next(_texts(root, "initial-creator"), None),
        "tags": list(_texts(root, "keyword")),
    }


def _texts(root: etree._Element, name: str) -> Iterator[str]:
    for element in root.iter(f"{{*}}{name}"):
        if text := one_line(element.text):
            yield text
