"""PDF: the text layer, page by page; title, date and keywords from the info dictionary.

Runs in the worker only.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TypeVar

from pypdf import PdfReader, apply_configuration

from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import clean, own_title
from qa.corpus.pages import joined, listed
from qa.corpus.running_heads import address_of, may_hold_table, with_bars, without_heads
from qa.text.unseen import joined_lines
from qa.types import Limits

T = TypeVar("T")

# Programs that print a page, of the web for the most part: the day is that of printing, not of publication.
PRINTERS = re.compile(
    r"chrom|skia|firefox|mozilla|webkit|safari|opera|wkhtmltopdf|weasyprint|prince|electron|quartz pdfcontext|cairo|"
    r"print to pdf|pdfcreator|edge|phantomjs|puppeteer|\bqt \d|ghostscript|cups|singlefile",
    re.IGNORECASE,
)


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return text, page starts and fields of a PDF; `blank` says that it has pages, but no text layer.

    Raises `UnreadableError`.
    """
    most = limits.max_unpacked_bytes
    with apply_configuration(
        disable_legacy_handling=True,
        maximum_declared_stream_length=min(most, len(data)),
        array_based_stream_maximum_output_length=most,
        lzw_maximum_output_length=most,
        run_length_maximum_output_length=most,
        zlib_maximum_output_length=most,
    ):
        reader = _open(data, limits)
        texts, remarks = _pages(reader, limits)
        fields = _fields(reader) | {"url": address_of(texts)}
    text, starts = joined([joined_lines(page).strip() for page in without_heads(texts)])
    if not text and remarks:
        raise UnreadableError(remarks[0])
    return {**fields, "text": text, "pages": starts, "remarks": remarks} | ({} if text else {"blank": True})


def _open(data: bytes, limits: Limits) -> PdfReader:
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not _opens(reader):
            raise UnreadableError("is encrypted; save it without a password")
        pages = len(reader.pages)
    except (UnreadableError, MemoryError):
        raise
    except Exception as exc:  # pypdf: broken files may cause any exception
        raise UnreadableError(f"damaged: {_cause(exc)}; save it again from the program that made it") from exc
    if pages > limits.max_pages:
        raise UnreadableError(f"{pages:,} pages, more than {limits.max_pages:,}; split it, or raise [corpus] max_pages")
    return reader


def _opens(reader: PdfReader) -> bool:
    """Return whether it opens without a password: some are locked against changes only."""
    try:
        return bool(reader.decrypt(""))
    except Exception:  # an algorithm or a key that is not supported, whatever it raises
        return False


def _pages(reader: PdfReader, limits: Limits) -> tuple[list[str], list[str]]:
    """Return the text of each page, and a remark on pages that are broken."""
    texts: list[str] = []
    broken: list[int] = []
    causes: list[str] = []
    chars = 0
    for number in range(1, len(reader.pages) + 1):
        try:
            texts.append(_page(reader, number - 1))
        except MemoryError:
            raise
        except Exception as exc:  # as above; one broken page does not spoil the others
            texts.append("")
            broken.append(number)
            causes.append(_cause(exc))
        chars += len(texts[-1])
        if chars > limits.max_text_chars:
            raise UnreadableError(
                f"more than {limits.max_text_chars:,} characters of text; split it, or raise [corpus] max_text_chars"
            )
    remarks = [f"{listed(broken)} cannot be read: {causes[0]}; save it again"] if broken else []
    return texts, remarks


def _page(reader: PdfReader, place: int) -> str:
    """Return the text of a page, with bars between the cells of its tables."""
    page = reader.pages[place]
    text = clean(page.extract_text())
    if not may_hold_table(text):
        return text
    layout = _or_none(lambda: page.extract_text(extraction_mode="layout"))
    return with_bars(text, clean(layout)) if layout else text


def _fields(reader: PdfReader) -> dict[str, object]:
    info = _or_none(lambda: reader.metadata)
    if info is None:
        return {}
    title = _or_none(lambda: info.title)
    created = _or_none(lambda: info.creation_date)
    programs = f"{_or_none(lambda: info.creator)} {_or_none(lambda: info.producer)}"
    author = _or_none(lambda: info.author)
    return {
        "title": own_title(title) if isinstance(title, str) else None,
        "published": created.date().isoformat() if created and not PRINTERS.search(programs) else None,
        "dated_by": "day on which the document was made",
        "authors": [author] if author else [],
        "tags": _or_none(lambda: info.keywords),
    }


def _or_none(get: Callable[[], T | None]) -> T | None:
    try:
        return get()
    except MemoryError:
        raise
    except Exception:  # a damaged entry is no entry
        return None


def _cause(exc: Exception) -> str:
    if isinstance(exc, RecursionError):
        return "nested too deep"
    return " ".join((str(exc) or type(exc).__name__).split())[:100]
