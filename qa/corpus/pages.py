"""Pages in the text of an article: where each starts, and how a remark names them."""

from __future__ import annotations

from collections.abc import Sequence

MAX_LISTED = 20  # pages named in a remark


def joined(texts: Sequence[str], between: str = "\n") -> tuple[str, list[int]]:
    """Return the text of all pages, and where each starts: a line end between two, for sentences run on.

    A page without text starts where the next one does.
    """
    starts: list[int] = []
    length = 0
    for text in texts:
        starts.append(length + len(between) if length and text else length)
        if text:
            length += len(text) + (len(between) if length else 0)
    for i in range(len(texts) - 2, -1, -1):
        if not texts[i]:
            starts[i] = starts[i + 1]
    return between.join(filter(None, texts)), starts


def page_texts(text: str, starts: Sequence[int]) -> list[str]:
    """Return the text of each page."""
    ends = [*starts[1:], len(text)]
    return [text[start:end].removesuffix("\n") for start, end in zip(starts, ends, strict=True)]


def listed(pages: Sequence[int]) -> str:
    """Return numbers of pages as a remark names them."""
    shown = ", ".join(map(str, pages[:MAX_LISTED])) + (" and more" if len(pages) > MAX_LISTED else "")
    return f"page{'s' if len(pages) > 1 else ''} {shown}"
