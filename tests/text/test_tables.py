"""Tables in texts: rows, headers, cells, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.text.passages import encoded_text, split, with_header
from qa.text.sentences import sentences
from qa.text.tables import cells, header_at, table_at, tables
from qa.types import Article
from tests.texts import ANY_TEXT, HOSTILE

PIPED = "| Town | People |\n|:--|--:|\n| Lorvik | 7,000 |\n| Ostrel | 12,000. A port. |"
BARE = "Town | People\n--- | ---\nLorvik | 7,000\nOstrel | 12,000"
PLAIN = "Town | People\nLorvik | 7,000\nOstrel | 12,000"


def shown(text: str) -> list[tuple[str | None, list[str]]]:
    """Return header and rows of each table of a text."""
    return [(text[slice(*t.header)] if t.header else None, [text[slice(*row)] for row in t.rows]) for t in tables(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PIPED, [("| Town | People |", ["| Lorvik | 7,000 |", "| Ostrel | 12,000. A port. |"])]),
        (BARE, [("Town | People", ["Lorvik | 7,000", "Ostrel | 12,000"])]),
        (PLAIN, [("Town | People", ["Lorvik | 7,000", "Ostrel | 12,000"])]),
        (f"Above.\n{BARE}\n\nBelow.", [("Town | People", ["Lorvik | 7,000", "Ostrel | 12,000"])]),
        (f"{BARE}\n\nBetween.\n\n{PLAIN}", [("Town | People", ["Lorvik | 7,000", "Ostrel | 12,000"])] * 2),
        ("2019 | 2020\n--- | ---\n1 | 2", [("2019 | 2020", ["1 | 2"])]),
        ("Town | 2019 | 2020\nLorvik | 7,000 | 7,100", [("Town | 2019 | 2020", ["Lorvik | 7,000 | 7,100"])]),
        ("Lorvik | 1911\nOstrel | 1923", [(None, ["Lorvik | 1911", "Ostrel | 1923"])]),
        ("Length | 40 km\nCost | 7 crowns", [(None, ["Length | 40 km", "Cost | 7 crowns"])]),
        ("Name | Role\nA. Berg | mayor", [(None, ["Name | Role", "A. Berg | mayor"])]),
        ("Home | News | Sport", [(None, ["Home | News | Sport"])]),
        ("| one row |", [(None, ["| one row |"])]),
        ("Tarvik Post | 4 March 2021", []),
        ("a|b\nc|d", []),
        ("No bars.\n---\nHere.", []),
        ("| --- | --- |", []),
    ],
)
def test_tables_of_a_text(text: str, expected: list[tuple[str | None, list[str]]]) -> None:
    assert shown(text) == expected


def test_rows_are_sentences_of_their_own_and_headers_are_none() -> None:
    text = f"The towns of the coast. They grow.\n\n{PIPED}\n\nMore is planned."
    assert [text[a:b] for a, b in sentences(text)] == [
        "The towns of the coast.",
        "They grow.",
        "| Lorvik | 7,000 |",
        "| Ostrel | 12,000. A port. |",
        "More is planned.",
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("| a | b c |", ["a", "b c"]),
        ("a | b", ["a", "b"]),
        ("|a||c|", ["a", "", "c"]),
        ("a | | c", ["a", "", "c"]),
        (r"| a \| b | c |", [r"a \| b", "c"]),
        ("a |", ["a"]),
    ],
)
def test_cells_of_a_row(row: str, expected: list[str]) -> None:
    assert [row[a:b] for a, b in cells(row, (0, len(row)))] == expected


def test_header_of_a_place() -> None:
    text = f"Above.\n\n{PIPED}\n\nBelow."
    header = header_at(text, text.index("| Ostrel"))
    assert header is not None
    assert text[slice(*header)] == "| Town | People |"
    assert header_at(text, 0) is header_at(text, text.index("Below")) is header_at(text, text.index("| Town")) is None
    assert table_at(text, text.index("7,000")) == tables(text)[0]


LONG = "\n".join([PIPED.split("\n")[0], "|---|---|", *(f"| Town number {n} | {n},000 |" for n in range(100, 180))])


def test_passages_of_a_long_table_are_whole_rows_and_take_the_header_along() -> None:
    article = Article("a.md", f"All towns of the coast.\n\n{LONG}\n\nThe end of it.", "Towns")
    first, *rows, last = split(article, 900, 120)
    assert (first.text, first.header) == ("All towns of the coast.", "")
    assert (last.text, last.header) == ("The end of it.", "")
    assert rows[0].text.startswith("| Town | People |")
    assert rows[0].header == ""
    assert all(p.text.startswith("| Town number") and p.text.endswith("|") for p in rows[1:])
    assert {p.header for p in rows[1:]} == {"| Town | People |"}
    assert max(len(encoded_text("Towns", p)) for p in rows) <= 480
    assert encoded_text("Towns", rows[1]).startswith("Towns\n| Town | People |\n| Town number")
    assert with_header(rows[1], sentences(rows[1].text)[0]).startswith("| Town | People |\n| Town number")
    assert with_header(rows[0], sentences(rows[0].text)[0]) == "| Town | People |\n| Town number 100 | 100,000 |"


def test_change_in_one_row_moves_no_other_passage() -> None:
    before = split(Article("a.md", LONG, "Towns"))
    after = split(Article("a.md", LONG.replace("| 140,000 |", "| 140,000, as counted last |"), "Towns"))
    assert len(before) == len(after) > 4
    assert sum(p.text not in {q.text for q in before} for p in after) == 1


LINES = st.lists(
    st.one_of(
        st.sampled_from(["|", " | ", "|---|---|", "--- | ---", "a | b", "| a | 1 |", "\n", "\n\n", "x" * 60, r"\|"]),
        ANY_TEXT,
    ),
    max_size=40,
).map("".join)


@given(st.one_of(LINES, HOSTILE), st.integers(100, 200))
def test_any_text_has_sound_tables_sentences_and_passages(text: str, size: int) -> None:
    at = 0
    for table in tables(text):
        assert at <= table.start < table.end <= len(text)
        at = table.end
        for row in table.rows:
            assert table.start <= row[0] < row[1] <= table.end
            inside = cells(text, row)
            assert all(row[0] <= a <= b <= row[1] for a, b in inside)
            assert all("\n" not in text[a:b] for a, b in inside)
    found = sentences(text)
    assert list(found) == sorted(found)
    assert all(text[a:b] == text[a:b].strip() != "" for a, b in found)
    covered: set[int] = set()
    for passage in split(Article("a.md", text, "T"), size, 50):
        assert text[passage.start : passage.end] == passage.text
        assert len(passage.text) <= size + 50
        assert passage.header in text
        covered.update(range(passage.start, passage.end))
    assert all(text[i].isspace() for i in range(len(text)) if i not in covered)
