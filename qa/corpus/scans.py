"""Pages of a PDF without a text layer: read by OCR where the extra [ocr] is installed, else named."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from qa.corpus.decoding import UnreadableError
from qa.corpus.pages import joined, listed, page_texts

LIBRARIES = ("rapidocr", "onnxruntime", "pypdfium2")
INSTALL = "install the extra [ocr] (pip install 'briefing-qa[ocr]'), or run OCR on it first"


@cache
def engine() -> str | None:
    """Return name and version of the OCR library, or None where the extra is not installed."""
    return f"rapidocr {version('rapidocr')}" if all(map(find_spec, LIBRARIES)) else None


def completed(answer: dict[str, Any], read: Callable[[int], str] | None, most: int) -> dict[str, Any]:
    """Return what was extracted from a PDF with its blank pages read, and named in `scanned` and a remark.

    `read` returns the text of a page, from 1, by OCR, and raises `UnreadableError`; without it the pages are
    named only. At most `most` pages are read. Raises `UnreadableError` if no page has any text then.
    """
    texts = page_texts(str(answer["text"]), answer["pages"])
    blank = [number for number, text in enumerate(texts, start=1) if not text]
    if not blank:
        return answer
    if read is None:
        if len(blank) == len(texts):
            raise UnreadableError(f"holds no text layer, as scans do; {INSTALL}")
        remark = f"{listed(blank)} without text; if there is something to read, {INSTALL}"
        return answer | {"remarks": [*answer["remarks"], remark]}
    failed: dict[int, str] = {}
    for number in blank[:most]:
        try:
            texts[number - 1] = read(number)
        except UnreadableError as exc:
            failed[number] = str(exc)
    scanned = [number for number in blank if texts[number - 1]]
    remarks = [*answer["remarks"], *_remarks(scanned, failed, blank[most:])]
    text, starts = joined(texts)
    if not text:
        raise UnreadableError(next(iter(remarks), "holds neither a text layer nor words that OCR can read"))
    return answer | {"text": text, "pages": starts, "scanned": scanned, "remarks": remarks}


def _remarks(scanned: list[int], failed: dict[int, str], left: list[int]) -> list[str]:
    remarks = [f"{listed(scanned)} read by OCR; compare names and figures with the scan"] if scanned else []
    if failed:
        remarks.append(f"{listed(list(failed))} not read by OCR: {next(iter(failed.values()))}")
    if left:
        remarks.append(f"{listed(left)} not read by OCR; split it, or raise [corpus] max_ocr_pages")
    return remarks
