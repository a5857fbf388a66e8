"""What a page of a PDF carries besides its text: page numbers, running heads, what browsers print; and its tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

FEW = 4  # lines of a page, from which its first and last may be no text
NEAR = 2  # lines from its top and bottom that are looked at
REPEATED = 3  # pages that must carry a running head
NUMBER = re.compile(
    r"\W*(?:page|seite|p\.)?\s*(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:of|/|von|de)\s*\d{1,4})?\W*", re.IGNORECASE
)
# Head and foot of a page that a browser prints: "11/27/26, 7:59 AM Title", "https://… 1/3".
PRINTED = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4},? \d{1,2}[:.]\d\d(?:\s?[AP]M)?(?:\s.*)?|file:///\S+(?:\s+\d+/\d+)?"
    r"|(?:.{0,200}\s)?(?:https?|file)://\S+\s+\d+/\d+",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"(?:^|\s)(https?://\S+)\s+\d+/\d+$")
COLUMNS = re.compile(r"\s{2,}")
ROWS = 3  # lines of as many columns, one below the other, that make a table


def without_heads(pages: Sequence[str]) -> list[str]:
    """Return the texts of pages without page numbers, running heads and the marks of a browser's print."""
    lines = [page.split("\n") for page in pages]
    counted = Counter(head for page in lines for head in {_shape(page[i]) for i in _edges(page)})
    needed = max(REPEATED, len([page for page in lines if len(page) >= FEW]) // 3)
    return ["\n".join(_kept(page, counted, needed)) for page in lines]


def address_of(pages: Sequence[str]) -> str | None:
    """Return the address that a browser prints below each page."""
    lines = (line.strip() for page in pages[:3] for line in page.split("\n")[-NEAR:])
    return next((match[1] for line in lines if (match := ADDRESS.search(line))), None)


def _edges(lines: Sequence[str]) -> list[int]:
    """Return the places of the lines at top and bottom of a page that has more of them."""
    count = len(lines)
    return sorted({*range(min(NEAR, count)), *range(max(0, count - NEAR), count)}) if count >= FEW else []


def _shape(line: str) -> str:
    return re.sub(r"\d+", "0", " ".join(line.split()).casefold())


def _kept(lines: Sequence[str], counted: Counter[str], needed: int) -> list[str]:
    edges = _edges(lines)
    outer = {edges[0], edges[-1]} if edges else set()
    dropped = {
        i
        for i in edges
        if PRINTED.fullmatch(lines[i].strip())
        or (lines[i].strip() and counted[_shape(lines[i])] >= needed)
        or (i in outer and NUMBER.fullmatch(lines[i].strip()))
    }
    return [line for i, line in enumerate(lines) if i not in dropped]


def may_hold_table(text: str) -> bool:
    """Return whether lines of a page look like rows: three short ones below each other that end no sentence."""
    run = 0
    for line in text.split("\n"):
        run = (
            run + 1
            if 2 <= len(line.split()) <= 14 and not line.rstrip().endswith((".", ",", ";", ":", "?", "!", "-"))
            else 0
        )
        if run >= ROWS and re.search(r"\d", line):
            return True
    return False


def with_bars(text: str, layout: str) -> str:
    """Return the text of a page with bars between the cells of its tables, by its layout in columns."""
    barred: dict[str, str] = {}
    run: list[list[str]] = []
    for line in [*layout.split("\n"), ""]:
        cells = COLUMNS.split(line.strip()) if line.strip() else []
        if len(cells) > 1 and (not run or len(run[0]) == len(cells)):
            run.append(cells)
            continue
        if len(run) >= ROWS:
            barred |= {"".join("".join(row).split()): " | ".join(row) for row in run}
        run = [cells] if len(cells) > 1 else []
    return "\n".join(barred.get("".join(line.split()), line) for line in text.split("\n"))
