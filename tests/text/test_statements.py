"""Numbers, names and what is negated, as far as words tell."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.text.statements import MODALS, NEGATIONS, statement


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("$6bn", ["6000000000"]),
        ("1.7 trillion crowns", ["1700000000000"]),
        ("1,100 kilometres", ["1100"]),
        ("twenty-five years", ["25"]),
        ("three hundred people", ["300"]),
        ("3.50 percent and 3.5%", ["3.5", "3.5"]),
        ("on June 29, 2016", ["29", "2016"]),
        ("the 29th of June", ["29"]),
    ],
)
def test_numbers_have_one_form(text: str, values: list[str]) -> None:
    assert [word.number for word in statement(text).words if word.number is not None] == list(map(Decimal, values))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("4 per cent", "4%"),
        ("$6bn", "6 billion dollars"),
        ("June 29, 2016", "29 June 2016"),
        ("Sept. 3", "3 September"),
        ("12 km", "twelve kilometers"),
        ("the U.S. bank’s loan", "the US bank's loan"),
    ],
)
def test_spellings_of_the_same_have_the_same_terms(one: str, other: str) -> None:
    assert [w.term for w in statement(one).content] == [w.term for w in statement(other).content]


@pytest.mark.parametrize(
    ("text", "qualifier"),
    [
        ("more than 6", "more"),
        ("at least 6", "more"),
        ("fewer than 6", "less"),
        ("about 6", "about"),
        ("before 2015", "before"),
        ("some people, 6", ""),
        ("6", ""),
    ],
)
def test_what_qualifies_a_number(text: str, qualifier: str) -> None:
    (number,) = (word for word in statement(text).words if word.number is not None)
    assert number.qualifier == qualifier


def test_a_cue_reaches_over_the_next_words_of_its_clause() -> None:
    told = statement("The budget couldn't bear the railway, but trains run.")
    assert told.scoped(NEGATIONS) == {"bear", "railway"}
    assert told.outside(NEGATIONS) == {"budget", "train", "run"}
    assert statement("In May it may rain.").scoped(MODALS) == {"rain"}


@given(st.text(max_size=80))
def test_any_text_can_be_taken_apart(text: str) -> None:
    told = statement(text)
    assert told.terms == {word.term for word in told.content}
    assert told.scoped(NEGATIONS) <= told.terms
