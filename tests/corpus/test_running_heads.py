"""What pages of a PDF carry besides text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.corpus.running_heads import address_of, may_hold_table, with_bars, without_heads

BODY = "The mill burnt down\non Sunday night,\nand nobody was hurt,\nthe town said."


@pytest.mark.parametrize(
    "page",
    [
        f"11/27/26, 7:59 AM Mill of Hadley\n{BODY}\nhttps://e.org/mill 1/3",
        f"{BODY}\n27.11.2026, 07:59 Mill of Hadley\nfile:///home/a/mill.html 1/1",
        f"{BODY}\nMill of Hadley https://e.org/mill 2/3",
        f"{BODY}\n- 12 -",
        f"Page 3 of 12\n{BODY}",
        f"{BODY}\nxii",
    ],
)
def test_print_marks_and_page_numbers_are_no_text(page: str) -> None:
    assert without_heads([page]) == [BODY]


def test_running_heads_are_no_text() -> None:
    bodies = [
        f"The {name} burnt down\non Sunday night,\nand so did\nthe {name}'s barn"
        for name in "mill inn weir pier".split()
    ]
    pages = [f"Hadley Courier, issue {n}\n{body}\nAll rights reserved" for n, body in enumerate(bodies)]
    assert without_heads(pages) == bodies
    assert without_heads(pages[:2]) == pages[:2]


@pytest.mark.parametrize("page", ["1\n2\n3", f"{BODY}\nSee https://e.org/mill", f"In 2021\n{BODY}", "40"])
def test_text_of_its_own_stays(page: str) -> None:
    assert without_heads([page]) == [page]


def test_address_that_a_browser_prints() -> None:
    assert address_of([f"{BODY}\nMill https://e.org/mill 1/3"]) == "https://e.org/mill"
    assert address_of([f"{BODY}\nSee https://e.org/mill"]) is None


def test_columns_get_bars() -> None:
    text = "Fares\nRoute Minutes Fare\nTarvik to Lorvik 45 12 crowns\nLorvik to Ostrel 25 7 crowns\nThey hold."
    layout = (
        "Fares\nRoute               Minutes   Fare\nTarvik to Lorvik    45     12 crowns\n"
        "Lorvik to Ostrel   25     7 crowns\nThey hold."
    )
    assert may_hold_table(text)
    assert not may_hold_table(BODY)
    assert with_bars(text, layout) == (
        "Fares\nRoute | Minutes | Fare\nTarvik to Lorvik | 45 | 12 crowns\nLorvik to Ostrel | 25 | 7 crowns\nThey hold."
    )


@given(st.lists(st.text(st.sampled_from("ab 1\n/:"), max_size=40), max_size=5))
def test_lines_that_stay_are_lines_that_were_there(pages: list[str]) -> None:
    for before, after in zip(pages, without_heads(pages), strict=True):
        assert set(after.split("\n")) <= {*before.split("\n"), ""}
