"""Rows of tables as answers: the row that is asked for, and its cell."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from qa.reader.rows import may_answer, row_at, told
from qa.text.question import Question, kind_of
from qa.text.terms import terms
from qa.types import Article

TEXT = """The harbours of the coast in 2020, as counted by the office.

Harbour | Opened | Boats | Depth in metres
--- | --- | --- | ---
North Pier | 1911 | 40 | 7
South Pier | 1923 | 65 | 12
East Basin | 1954 | 12 | 9"""
ARTICLE = Article("a.md", TEXT, "Harbours of Marnow")
NORTH, SOUTH, EAST = (TEXT.index(name) for name in ("North", "South", "East"))


def asked(question: str) -> Question:
    """Analyse a question; all its terms weigh the same."""
    words = dict.fromkeys(terms(question), 1.0)
    names: Mapping[str, float] = {
        t: 1.0 for w in question.split()[1:] if w[0].isupper() or w[0].isdigit() for t in terms(w)
    }
    return Question(words, 0.0, frozenset(names), kind_of(question))


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("When was South Pier opened?", [SOUTH]),
        ("How many boats lie at the North Pier?", [NORTH]),
        ("How deep is the East Basin of Marnow?", [EAST]),
        ("How many boats were in the East Basin in 2020?", [EAST]),
        ("How deep is the West Pier?", []),
        ("When was the North Basin opened?", []),
        ("Which harbour was opened in 1954?", [EAST]),
        ("Which harbour was opened in 1955?", []),
    ],
)
def test_row_that_may_answer(question: str, rows: list[int]) -> None:
    assert [start for start in (NORTH, SOUTH, EAST) if may_answer(asked(question), ARTICLE, start)] == rows


def test_prose_may_always_answer() -> None:
    assert may_answer(asked("How deep is the West Pier?"), ARTICLE, 0)
    assert row_at(ARTICLE, 0) is None
    assert told(asked("How deep is it?"), ARTICLE, 0) is None


@pytest.mark.parametrize(
    ("question", "start", "cells"),
    [
        ("When was South Pier opened?", SOUTH, ["1923"]),
        ("How many boats lie at the North Pier?", NORTH, ["40"]),
        ("How many metres of depth has the East Basin?", EAST, ["9"]),
        ("How deep is the North Pier?", NORTH, ["7"]),
        ("Which harbour was opened in 1954?", EAST, ["East Basin"]),
        ("Who owns the East Basin?", EAST, []),
    ],
)
def test_cells_that_may_answer(question: str, start: int, cells: list[str]) -> None:
    row = told(asked(question), ARTICLE, start)
    assert row is not None
    assert [TEXT[slice(*there)] for _, there in row.cells] == cells
    assert all(row.text[slice(*here)] == TEXT[slice(*there)] for here, there in row.cells)


def test_span_of_a_told_row_is_placed_in_its_cell_or_nowhere() -> None:
    row = told(asked("When was South Pier opened?"), ARTICLE, SOUTH)
    assert row is not None
    assert row.text == "\n- Harbour: South Pier\n- Opened: 1923"
    at = row.text.index("1923")
    place = row.placed(at, at + 4)
    assert place is not None
    assert TEXT[slice(*place)] == "1923"
    assert row.placed(at - 2, at + 4) is None
    assert row.placed(row.text.index("South"), row.text.index("Pier") + 4) is None
