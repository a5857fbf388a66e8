"""CSV and TSV: rows as lines, whatever parts their cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.corpus.decoding import UnreadableError
from qa.corpus.delimited import extract
from qa.types import Limits
from tests.texts import ANY_TEXT

ROWS = "Year | Cost\n2016 | 400\n2017 | 1,7"


@pytest.mark.parametrize(
    "data",
    [
        b'Year,Cost\n2016,400\n2017,"1,7"\n',
        b"\xef\xbb\xbfYear;Cost\r\n2016;400\r\n;\r\n2017;1,7",
        b"Year\tCost\n2016\t400\n\n2017\t1,7",
        b"sep=|\nYear|Cost\n2016|400\n2017|1,7\n",
        "Year;Cost;\n2016;400;\n2017;1,7;\n".encode("utf-16"),
    ],
)
def test_rows_are_lines_with_the_header_first(data: bytes) -> None:
    assert extract(data, Limits())["text"] == ROWS


def test_line_ends_inside_a_cell_do_not_part_rows() -> None:
    assert extract(b'a,b\n"two\nlines",x\n', Limits())["text"] == "a | b\ntwo lines | x"


def test_more_text_than_allowed_is_refused() -> None:
    with pytest.raises(UnreadableError, match="more than 100 characters of text"):
        extract(b"a,b\n" * 100, Limits(max_text_chars=100))


@given(st.lists(st.lists(ANY_TEXT, min_size=2, max_size=4), max_size=5))
def test_any_cells_are_read_or_refused_by_name(rows: list[list[str]]) -> None:
    data = "\n".join(",".join(row) for row in rows).encode("utf-8", "replace")
    try:
        found = extract(data, Limits())
    except UnreadableError as exc:
        assert ";" in str(exc)
    else:
        assert isinstance(found["text"], str)
