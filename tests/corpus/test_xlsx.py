"""XLSX: a sheet an article, a row a line."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from pathlib import Path

import pytest
from openpyxl import Workbook

from qa.corpus import read_corpus
from qa.corpus.decoding import UnreadableError
from qa.corpus.xlsx import _shown, extract
from qa.types import Limits
from tests.corpus.samples import LOAN, docx_with, xlsx

LIMITS = Limits()


def test_each_sheet_is_an_article_named_by_file_and_sheet(tmp_path: Path) -> None:
    (tmp_path / "rail-costs.xlsx").write_bytes(xlsx({"By year": [("Year", "Cost"), (2016, 400)], "Notes": [(LOAN,)]}))
    (tmp_path / "one.xlsx").write_bytes(xlsx({"Sheet1": [("a", "b")], "Empty": []}))
    corpus = read_corpus(tmp_path)
    assert [(a.id, a.title, a.text) for a in corpus.articles] == [
        ("one.xlsx#Sheet1", "one", "a | b"),
        ("rail-costs.xlsx#By year", "rail costs: By year", "Year | Cost\n2016 | 400"),
        ("rail-costs.xlsx#Notes", "rail costs: Notes", LOAN),
    ]
    assert corpus.articles[0].published == date(2016, 6, 29)
    assert corpus.rejected == corpus.warnings == ()


def test_empty_rows_and_columns_are_left_out_and_gaps_kept() -> None:
    found = extract(xlsx({"S": [(), (None, "a", None, "c"), (None, None, None, "d"), ()]}), LIMITS)
    assert found["parts"][0]["text"] == "a |  | c\n |  | d".strip()  # type: ignore[index]


def test_hidden_sheets_are_not_read_and_it_is_said() -> None:
    book = Workbook()
    book["Sheet"].append(["seen"])
    book.create_sheet("Secret").append(["not seen"])
    book["Secret"].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    found = extract(out.getvalue(), LIMITS)
    assert len(found["parts"]) == 1  # type: ignore[arg-type]
    assert found["remarks"] == ["1 hidden sheet is not read"]


def test_formulas_that_were_never_computed_are_told() -> None:
    found = extract(xlsx({"S": [("Sum", "=1+2"), ("Twice", "=B1*2")]}), LIMITS)
    assert found["parts"][0]["text"] == "Sum\nTwice"  # type: ignore[index]
    assert found["remarks"] == ["2 formulas have no stored value; open and save it in a spreadsheet program"]


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (None, "General", ""),
        (True, "General", "TRUE"),
        (400, "General", "400"),
        (0.1, "General", "0.1"),
        (1 / 3, "General", "0.333333333333333"),
        (1234.5, "#,##0.00", "1,234.50"),
        (0.256, "0.0%", "25.6%"),
        (-3, '"$"#,##0_);[Red]("$"#,##0)', "$-3"),
        (5, "[$€-407] #,##0.00", "€ 5.00"),
        (5, '0.0" km"', "5.0 km"),
        (0.5, "# ?/?", "0.5"),
        (12345, "0.00E+00", "12345"),
        (5, "@", "5"),
        (datetime(2016, 6, 29), "d-mmm", "2016-06-29"),
        (datetime(2016, 6, 29, 8, 5), "x", "2016-06-29 08:05"),
        (time(8, 5), "h:mm", "08:05:00"),
        ("#N/A", "General", "#N/A"),
    ],
)
def test_cells_are_shown_as_the_sheet_shows_them(value: object, code: str, shown: str) -> None:
    assert _shown(value, code) == shown


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"PK", "no .xlsx, or damaged: "),
        (b"\xd0\xcf\x11\xe0" + bytes(500), "is encrypted, or an old .xls; save it as .xlsx without a password"),
        (docx_with("<w:p/>"), "damaged: "),
    ],
)
def test_what_is_no_workbook_is_refused(data: bytes, cause: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        extract(data, LIMITS)
    assert str(caught.value).startswith(cause)


def test_cell_in_the_last_corner_costs_no_more_than_its_text() -> None:
    book = Workbook()
    book["Sheet"]["XFD1048576"] = LOAN
    out = io.BytesIO()
    book.save(out)
    assert extract(out.getvalue(), LIMITS)["parts"] == []
