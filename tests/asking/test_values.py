"""Whether two articles give the same value."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.asking.values import Said, amount_of, same_value


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("$6bn", "6 billion dollars", True),
        ("US$6 billion", "6bn dollars", True),
        ("about $6 billion", "$6.2 billion", True),
        ("$6 billion", "$6.2 billion", False),
        ("$6 billion", "6 billion euros", False),
        ("1,100 km", "1100 kilometres", True),
        ("2.5 km", "2,500 metres", True),
        ("25 percent", "25%", True),
        ("seven", "7 people", True),
        ("655 million crowns", "590 million crowns", False),
        ("Karl Osten", "Osten", True),
        ("Karl Osten", "Ida Brook", False),
        ("2026", "2028", False),
        ("March 2026", "2026", True),
        ("", "2026", False),
    ],
)
def test_spelling_and_units_are_one(one: str, other: str, same: bool) -> None:
    assert same_value(Said(one), Said(other)) is same
    assert same_value(Said(other), Said(one)) is same


def test_a_day_of_the_week_is_that_of_its_article() -> None:
    monday = Said("Monday", date(2024, 5, 22))
    assert same_value(monday, Said("20 May", date(2024, 6, 30)))
    assert not same_value(monday, Said("Monday", date(2024, 6, 30)))


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_texts_can_be_compared(one: str, other: str) -> None:
    assert same_value(Said(one), Said(other)) in (True, False)
    amount_of(one)
