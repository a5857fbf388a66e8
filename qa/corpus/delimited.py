"""CSV and TSV: one table, a row a line.

Runs in the worker only: a quotation mark that is never closed makes one field of a file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from qa.corpus.decoding import UnreadableError, decode
from qa.corpus.rows import table
from qa.types import Limits

DELIMITERS = ",;\t|"
SAMPLE = 20  # lines by which the delimiter is told
SEP = "sep="  # Excel's way to name it, as the first line


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return the rows of a table as lines of text. Raises `UnreadableError`."""
    text, remarks = decode(data)
    csv.field_size_limit(limits.max_text_chars)
    first, _, rest = text.partition("\n")
    if first.lower().startswith(SEP) and len(first.rstrip("\r")) == len(SEP) + 1:
        delimiter, text = first[len(SEP)], rest
    else:
        delimiter = _delimiter(text)
    return {"text": table(_rows(text, delimiter), limits), "remarks": remarks}


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    except csv.Error as exc:
        raise UnreadableError(f"damaged: {exc}; save it again from the program that made it") from exc


def _delimiter(text: str) -> str:
    """Return the delimiter that cuts the first rows into equally many fields, the most of them."""

    def evenness(delimiter: str) -> tuple[float, int]:
        rows = csv.reader(io.StringIO(text[: 1 << 16], newline=""), delimiter=delimiter)
        widths = [len(row) for row, _ in zip(rows, range(SAMPLE), strict=False) if row]
        common = max(set(widths), key=widths.count, default=1)
        return (widths.count(common) / len(widths) if common > 1 else 0.0), common

    try:
        return max(DELIMITERS, key=evenness)
    except csv.Error:
        return ","
