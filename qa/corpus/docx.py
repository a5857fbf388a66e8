"""DOCX: the text of body, tables and text boxes as the reader of the document sees it; title, date and keywords from
its core properties.

Runs in the worker only. Deleted and hidden text is left out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime

from docx import Document
from docx.oxml.ns import qn
from lxml import etree

from qa.corpus.archive import check_archive
from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import clean
from qa.types import Limits

BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
UNSEEN = frozenset({"moveFrom", "del", "Fallback", "pPr", "rPr", "sectPr"})  # Fallback repeats what it stands for


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return text and fields of a Word document. Raises `UnreadableError`."""
    check_archive(data, limits, ".docx", ".doc")
    try:
        document = Document(io.BytesIO(data))
        text = clean(re.sub(r"\n{3,}", "\n\n", "".join(_text(document.element.body))))
        title = _title(document.element.body)
    except MemoryError:
        raise
    except Exception as exc:  # python-docx raises whatever a broken package provokes
        cause = " ".join((str(exc) or type(exc).__name__).split())[:100]
        raise UnreadableError(f"damaged: {cause}; save it anew from the program that made it") from exc
    try:
        core = document.core_properties
        fields = {"title": core.title or title, "published": _iso(core.created), "tags": core.keywords}
    except Exception:  # as above; a document may do without
        fields = {"title": title}
    return {**fields, "text": text, "remarks": []}


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(body: etree._Element) -> Iterator[str]:
    """Yield the text: a blank line between paragraphs, a line for each table row, a bar between cells."""
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        tag = _local(element)
        if event == "end":
            if tag in ("p", "tbl") and not (_local(_parent(element)) == "tc" and element.getnext() is None):
                yield "\n\n"
            yield "\n" if tag == "tr" else ""
        elif tag in UNSEEN or (tag == "r" and _hidden(element)):
            walk.skip_subtree()
        elif tag == "t":
            yield element.text or ""
        elif tag == "tc" and element.getprevious() is not None and _local(element.getprevious()) == "tc":
            yield " | "
        else:
            yield BREAKS.get(tag, "")


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    return element if parent is None else parent


def _hidden(run: etree._Element) -> bool:
    vanish = run.find(f"{qn('w:rPr')}/{qn('w:vanish')}")
    return vanish is not None and vanish.get(qn("w:val"), "true") not in ("0", "false", "off")


def _title(body: etree._Element) -> str | None:
    """Return the first paragraph that is styled as a title, else as a heading of the first level."""
    styled = {style: "" for style in ("Title", "Heading1")}
    for paragraph in body.iter(qn("w:p")):
        style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        name = style.get(qn("w:val")) if style is not None else None
        if name in styled and not styled[name]:
            styled[name] = "".join(_text(paragraph)).strip()
    return next((title for title in styled.values() if title), None)


def _iso(created: object) -> str | None:
    return created.date().isoformat() if isinstance(created, datetime) else None
