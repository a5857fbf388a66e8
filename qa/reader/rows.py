"""Rows of tables as answers: which row is asked for, which of its cells may answer, and how the network is told it.

Words alone do not say that a figure belongs to the name at the other end of its line. So a row may only answer if it
holds all that the question has in common with any row, and a cell only if its header, or what it shows, is asked for.
No answer is better than one of another row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from qa.text.question import KINDS, Question
from qa.text.tables import Table, cells, table_at
from qa.text.terms import terms
from qa.types import Article, Span

BEFORE = 1_000  # characters above a table that say what it is about


@dataclass(frozen=True, slots=True)
class Told:
    """A row as the network reads it, and where each cell stands there and in the article."""

    text: str
    cells: tuple[tuple[Span, Span], ...]  # (in `text`, in the article), of the cells that may answer

    def placed(self, start: int, end: int) -> Span | None:
        """Return the cell of the article that a span of `text` lies in, None if it lies in none."""
        return next((there for here, there in self.cells if here[0] <= start and end <= here[1]), None)


def row_at(article: Article, start: int) -> tuple[Table, Span] | None:
    """Return the table and the row that begins at a place of an article, None if no row does."""
    table = table_at(article.text, start) if "|" in article.text else None
    row = next((row for row in table.rows if row[0] == start), None) if table else None
    return (table, row) if table and row else None


def may_answer(asked: Question, article: Article, start: int) -> bool:
    """Return whether what begins at a place may answer: anything but a row that is not the one asked for."""
    found = row_at(article, start)
    if found is None:
        return True
    table, row = found
    own = set(terms(article.text[slice(*row)]))
    header = set(terms(article.text[slice(*table.header)])) if table.header else set()
    wanted = asked.terms.keys() & _held(article.text[table.start : table.end]) - header
    before = article.text[max(0, table.start - BEFORE) : table.start]
    return wanted <= own and asked.names <= own | header | set(terms(f"{article.title}\n{before}"))


def told(asked: Question, article: Article, start: int) -> Told | None:
    """Return a row as the network is told it: the cells that the question names, and those that may answer."""
    found = row_at(article, start)
    if found is None:
        return None
    table, row = found
    places = cells(article.text, row)
    heads = [article.text[slice(*head)] for head in cells(article.text, table.header)] if table.header else []
    texts = [article.text[slice(*place)] for place in places]
    heads = (heads + [""] * len(places))[: len(places)]
    keys = _keys(asked, heads, texts)
    open_ = _may(asked, heads, texts, keys)
    text, kept = "", []
    for i, (head, cell, place) in enumerate(zip(heads, texts, places, strict=True)):
        if cell and (i in keys or i in open_):
            text += f"\n- {head}: " if head else "\n- "
            if i in open_:
                kept.append(((len(text), len(text) + len(cell)), place))
            text += cell
    return Told(text, tuple(kept))


@lru_cache(maxsize=64)
def _held(table: str) -> frozenset[str]:
    return frozenset(terms(table))


def _keys(asked: Question, heads: Sequence[str], texts: Sequence[str]) -> set[int]:
    """Return the cells that the question names by what is in them, not by their header."""
    wanted = asked.terms.keys()
    return {i for i, text in enumerate(texts) if (wanted & set(terms(text))) - set(terms(heads[i]))}


def _may(asked: Question, heads: Sequence[str], texts: Sequence[str], keys: set[int]) -> set[int]:
    """Return the cells that may answer: those whose header is asked for most, else the one that shows the kind."""
    rest = [i for i, text in enumerate(texts) if text and i not in keys]
    named = {i: len(asked.terms.keys() & set(terms(heads[i]))) for i in rest}
    most = max(named.values(), default=0)
    if most:
        return {i for i in rest if named[i] == most}
    if len(rest) == 1:
        return set(rest)
    shows = KINDS[asked.kind].shows if asked.kind else None
    showing = [i for i in rest if shows and any(map(shows.search, _with_units(texts[i], heads[i])))]
    return set(showing) if len(showing) == 1 else set()


def _with_units(text: str, head: str) -> list[str]:
    """Return a cell alone, and with each word of its header behind it: "12" below "Depth in metres" is "12 metres"."""
    return [text, *(f"{text} {word}" for word in head.split())]
