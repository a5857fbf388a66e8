"""Rows of a table as lines of text, the header first: ` | ` between cells, as in tables of HTML and Word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import clean
from qa.types import Limits

MAX_COLUMNS = 1_000


def table(rows: Iterable[Sequence[str]], limits: Limits) -> str:
    """Return rows as lines; without empty rows, and columns empty on their left.

    Raises `UnreadableError` once they hold more text than an article may.
    """
    kept: list[list[str]] = []
    chars = 0
    for row in rows:
        cells = [_cell(cell) for cell in row[:MAX_COLUMNS]]
        if not any(cells):
            continue
        kept.append(cells)
        chars += sum(map(len, cells)) + 3 * len(cells)
        if chars > limits.max_text_chars:
            most = f"{limits.max_text_chars:,} characters of text"
            raise UnreadableError(f"more than {most}; split it, or raise [corpus] max_text_chars")
    first = min(map(_first, kept), default=0)
    return clean("\n".join(" | ".join(row[first:]).rstrip(" |") for row in kept))


def _cell(text: str) -> str:
    return " ".join(text.split())


def _first(row: Sequence[str]) -> int:
    return next(i for i, cell in enumerate(row) if cell)
