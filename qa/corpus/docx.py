"""DOCX: the text of body, tables, text boxes and notes as the reader of the document sees it; title, date and keywords
from its core properties.

Runs in the worker only. Deleted and hidden text is left out; a note stands after its paragraph, a merged cell in each
of its rows. Page headers and footers are no text, and are remarked on.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from docx import Document
from docx.oxml.ns import qn
from lxml import etree

from qa.corpus.archive import check_archive, parse_xml
from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import clean, own_title
from qa.types import Limits

STRICT = b"purl.oclc.org/ooxml"
MAX_COLUMNS = 1_000
MAX_CELL = 300  # characters of a merged cell that is repeated
# When the templates of programs were made, which their documents carry on: python-docx, pandoc, the beginnings of time.
TEMPLATES = frozenset(
    stamp
    for naive in (
        datetime(2013, 12, 23, 23, 15),
        datetime(2017, 12, 27, 5, 22, 48),
        datetime(2017, 12, 27, 5, 22, 50),
        datetime(1970, 1, 1),
        datetime(1980, 1, 1),
        datetime(1601, 1, 1),
    )
    for stamp in (naive, naive.replace(tzinfo=UTC))
)
# Adobe's Symbol font, as far as prose uses it: unicode.org/Public/MAPPINGS/VENDORS/ADOBE/symbol.txt
SYMBOLS = {
    0x44: "Δ", 0x57: "Ω", 0x61: "α", 0x62: "β", 0x67: "γ", 0x64: "δ", 0x6C: "λ", 0x6D: "μ", 0x70: "π", 0x73: "σ",
    0xA3: "≤", 0xA5: "∞", 0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±", 0xB3: "≥",
    0xB4: "×", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBB: "≈", 0xD6: "√", 0xE5: "∑",
}  # fmt: skip
BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
UNSEEN = frozenset({"moveFrom", "del", "Fallback", "pPr", "rPr", "sectPr"})  # Fallback repeats what it stands for


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return text and fields of a Word document. Raises `UnreadableError`."""
    check_archive(data, limits, ".docx", ".doc")
    if _is_strict(data):
        raise UnreadableError("is a Strict Open XML document; save it as Word document (.docx)")
    remarks: list[str] = []
    try:
        document = Document(io.BytesIO(data))
        body = document.element.body
        _fill_merged(body)
        text = clean(re.sub(r"\n{3,}", "\n\n", "".join(_body(body, _notes(document, limits)))))
        title = _title(body)
        remarks += _heads(document, limits)
    except MemoryError:
        raise
    except Exception as exc:  # python-docx raises whatever a broken package provokes
        cause = " ".join((str(exc) or type(exc).__name__).split())[:100]
        raise UnreadableError(f"damaged: {cause}; save it again from the program that made it") from exc
    return {**_core(data, document, title), "text": text, "remarks": remarks}


def _is_strict(data: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        try:
            return STRICT in archive.read("word/document.xml")[:5_000] or STRICT in archive.read("_rels/.rels")[:5_000]
        except KeyError:
            return False


def _core(data: bytes, document: Any, title: str | None) -> dict[str, object]:  # noqa: ANN401 - a python-docx document
    """Return the fields of the core properties; where there are none, python-docx would make some up."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if not any(name.casefold().endswith("core.xml") for name in archive.namelist()):
            return {"title": title}
    try:
        core = document.core_properties
        created = core.created if core.created not in TEMPLATES else None
        return {
            "title": own_title(core.title) or title,
            "published": _iso(created),
            "dated_by": "day on which the document was made",
            "modified": _iso(core.modified) if core.modified not in TEMPLATES else None,
            "tags": core.keywords,
            "authors": [core.author] if core.author and core.author != "python-docx" else [],
        }
    except Exception:  # a document may do without, or have damaged ones
        return {"title": title}


def _related(document: Any, kind: str, limits: Limits) -> Iterator[etree._Element]:  # noqa: ANN401
    """Yield the roots of the parts of a kind: footnotes, endnotes, headers, footers."""
    for relation in document.part.rels.values():
        if relation.reltype.endswith(f"/{kind}") and not relation.is_external:
            yield parse_xml(relation.target_part.blob, limits)


def _notes(document: Any, limits: Limits) -> dict[tuple[str, str], str]:  # noqa: ANN401
    """Return the text of each footnote and endnote by kind and number."""
    found = {}
    for kind in ("footnote", "endnote"):
        for root in _related(document, f"{kind}s", limits):
            for note in root.iter(qn(f"w:{kind}")):
                words = " ".join("".join(_text(note)).split())
                if words and note.get(qn("w:type")) is None:  # others are the lines above the notes
                    found[kind, note.get(qn("w:id"), "")] = words
    return found


def _heads(document: Any, limits: Limits) -> list[str]:  # noqa: ANN401
    """Return a remark that names what stands in page headers and footers."""
    words = [
        " ".join("".join(_text(root)).split())
        for kind in ("header", "footer")
        for root in _related(document, kind, limits)
    ]
    told = "; ".join(dict.fromkeys(text for text in words if any(map(str.isalpha, text))))
    return [f"headers and footers of its pages are not read: {told[:200]}"] if told else []


def _body(body: etree._Element, notes: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """Yield the text of a body, with the notes of each paragraph or table after it."""
    for child in body:
        yield from _text(child)
        for kind in ("footnote", "endnote"):
            for reference in child.iter(qn(f"w:{kind}Reference")):
                words = notes.get((kind, reference.get(qn("w:id"), "")))
                yield f"\n\n{words}\n\n" if words else ""


def _fill_merged(body: etree._Element) -> None:
    """Put the words of a cell that is merged over rows into each of these rows."""
    for table in body.iter(qn("w:tbl")):
        above: dict[int, etree._Element] = {}
        for row in table.iterchildren(qn("w:tr")):
            column = 0
            for cell in row.iterchildren(qn("w:tc")):
                merge = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
                span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
                if merge is not None and merge.get(qn("w:val"), "continue") == "continue" and column in above:
                    if len("".join(_text(above[column]))) <= MAX_CELL:
                        for part in cell.findall(qn("w:p")):
                            cell.remove(part)
                        cell.extend(deepcopy(part) for part in above[column].findall(qn("w:p")))
                else:
                    above[column] = cell
                column += _number(span, MAX_COLUMNS)


def _number(span: etree._Element | None, most: int) -> int:
    value = span.get(qn("w:val"), "") if span is not None else ""
    return min(int(value), most) if value.isdecimal() and len(value) < 10 else 1


def _symbol(element: etree._Element) -> str:
    """Return the sign of a symbol font, where it has a place in Unicode."""
    code = element.get(qn("w:char"), "")
    try:
        sign = chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
    if element.get(qn("w:font"), "").casefold() == "symbol":
        return SYMBOLS.get(int(code, 16) & 0xFF, "")
    return "" if "\ue000" <= sign <= "\uf8ff" or "\ud800" <= sign <= "\udfff" else sign


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
        elif tag == "sym":
            yield _symbol(element)
        elif (
            tag == "p"
            and element.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None
            and _local(_parent(element)) != "tc"
        ):
            yield "- "
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
