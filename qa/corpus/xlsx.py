"""XLSX: each visible sheet is an article, a row a line; numbers and dates as the sheet shows them.

Runs in the worker only.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook

from qa.corpus.archive import check_archive, core_fields
from qa.corpus.decoding import UnreadableError
from qa.corpus.rows import table
from qa.types import Limits

SHEET = re.compile(r"xl/worksheets/[^/]+\.xml$")
UNCOMPUTED = re.compile(rb"(?:</f>|<f\b[^<>]{0,500}/>)\s{0,9}(?:<v\s?/>|<v></v>)?</c>")
MAX_NAME = 80  # characters of a sheet's name; Excel takes 31
MAX_DECIMALS = 10
LITERAL = re.compile(r'"([^"]*)"|\[\$([^\]-]*)[^\]]*\]|\\(.)|([$€£¥₹% ])|\[[^\]]*\]|_.|\*.')  # of a number format
DIGITS = re.compile(r"[0#?][0#?,.]*")


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return an article for each sheet with text. Raises `UnreadableError`."""
    check_archive(data, limits, ".xlsx", ".xls")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        fields = core_fields(archive, limits)
        strict = _has_book(archive) and b"purl.oclc.org/ooxml" in archive.read("xl/workbook.xml")
        empty = sum(len(UNCOMPUTED.findall(archive.read(name))) for name in archive.namelist() if SHEET.match(name))
    if strict:
        raise UnreadableError("is Strict Open XML; save it as plain Excel workbook (.xlsx)")
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        texts = {sheet.title[:MAX_NAME]: table(_rows(sheet), limits) for sheet in sheets}
    except (UnreadableError, MemoryError):
        raise
    except Exception as exc:  # openpyxl raises whatever a broken workbook provokes
        cause = " ".join((str(exc) or type(exc).__name__).split())[:100]
        raise UnreadableError(f"damaged: {cause}; save it again from the program that made it") from exc
    hidden = len(book.worksheets) - len(sheets)
    remarks = [f"{hidden} hidden {'sheet is' if hidden == 1 else 'sheets are'} not read"] if hidden else []
    if empty:
        remarks.append(f"{empty:,} formulas have no stored value; open and save it in a spreadsheet program")
    parts = [{**fields, "key": name, "section": name, "text": text} for name, text in texts.items() if text]
    return {"parts": parts, "remarks": remarks}


def _has_book(archive: zipfile.ZipFile) -> bool:
    return "xl/workbook.xml" in archive.namelist()


def _rows(sheet: Any) -> Iterator[list[str]]:  # noqa: ANN401 - openpyxl has no types
    sheet.reset_dimensions()  # what the file claims of its size is not believed
    for row in sheet.iter_rows():
        if row:
            yield [_shown(cell.value, getattr(cell, "number_format", "General")) for cell in row]


def _shown(value: object, code: str) -> str:
    """Return what a cell shows."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        return _number(value, code or "General")
    return str(value)


def _number(value: float, code: str) -> str:
    """Return a number with its decimals, thousands, percent sign, currency or unit as its format has them."""
    positive = code.split(";")[0]
    digits = DIGITS.search(LITERAL.sub(lambda m: " " * len(m[0]), positive))
    if digits is None or re.search(r"[Ee][+-]|/", positive):
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    whole, _, decimals = digits[0].partition(".")
    before, after = (_literals(part) for part in (positive[: digits.start()], positive[digits.end() :]))
    scaled = value * 100 if "%" in before + after else value
    comma = "," if "," in whole else ""
    return f"{before}{scaled:{comma}.{min(len(decimals), MAX_DECIMALS)}f}{after}".strip()


def _literals(code: str) -> str:
    return "".join(next((group for group in found if group), "") for found in LITERAL.findall(code))
