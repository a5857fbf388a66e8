"""Lines of a page as a picture has them, put in the order in which they are read: columns, paragraphs, rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

PARAGRAPH = 0.9  # heights of a line that part two paragraphs
GUTTER = 1.0  # heights of a line that part two columns
CELL = 2.0  # heights of a line that part two cells of a row
COLUMN_LINES, COLUMN_WIDTH = 3, 5.0  # a column has so many lines, and is so many heights wide


class Line(NamedTuple):
    """Words and the box around them, in pixels from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float
    words: str


def text_of_lines(lines: Sequence[Line]) -> str:
    """Return the text: a blank line between paragraphs and columns, ` | ` between cells of a row."""
    height = median(line.bottom - line.top for line in lines) if lines else 0.0
    return "\n\n".join("\n".join(_rows(block, height)) for block in _blocks(list(lines), height))


def _blocks(lines: list[Line], height: float) -> Iterator[list[Line]]:
    """Yield blocks of lines: cut at gutters that run down a whole block first, then at gaps across it (XY cut)."""
    columns = _cut(lines, [(line.left, line.right) for line in lines], GUTTER * height)
    if len(columns) > 1 and all(_is_column(column, height) for column in columns):
        for column in columns:
            yield from _blocks(column, height)
        return
    paragraphs = _cut(lines, [(line.top, line.bottom) for line in lines], PARAGRAPH * height)
    if len(paragraphs) == 1:
        yield lines
        return
    for paragraph in paragraphs:
        yield from _blocks(paragraph, height)


def _cut(lines: list[Line], sides: list[tuple[float, float]], gap: float) -> list[list[Line]]:
    """Return the lines parted wherever nothing lies in a stretch of `gap`; `sides` are their ends on that axis."""
    parts: list[list[Line]] = []
    reach = float("-inf")
    for (start, end), line in sorted(zip(sides, lines, strict=True)):
        if start - reach >= gap:
            parts.append([])
        parts[-1].append(line)
        reach = max(reach, end)
    return parts


def _is_column(lines: list[Line], height: float) -> bool:
    width = max(line.right for line in lines) - min(line.left for line in lines)
    return len(lines) >= COLUMN_LINES and width >= COLUMN_WIDTH * height


def _rows(lines: list[Line], height: float) -> Iterator[str]:
    """Yield the words of lines side by side as one line."""
    row: list[Line] = []
    for line in sorted(lines, key=lambda line: line.top + line.bottom):
        if row and (line.top + line.bottom) - (row[-1].top + row[-1].bottom) > height:  # more than half a line lower
            yield _joined(row, height)
            row = []
        row.append(line)
    if row:
        yield _joined(row, height)


def _joined(row: list[Line], height: float) -> str:
    row = sorted(row)
    text = row[0].words
    for before, line in zip(row, row[1:], strict=False):
        text += (" | " if line.left - before.right > CELL * height else " ") + line.words
    return text
