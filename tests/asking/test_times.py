"""Words that name a time."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.asking.times import MAX_CHARS, periods_in, without

SATURDAY = date(2026, 11, 28)
Days = tuple[tuple[int, int, int] | None, tuple[int, int, int] | None]


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ("What happened in 2017?", ((2017, 1, 1), (2017, 12, 31))),
        ("What happened last week?", ((2026, 11, 16), (2026, 11, 22))),
        ("What happened last month?", ((2026, 10, 1), (2026, 10, 31))),
        ("What was decided this year?", ((2026, 1, 1), (2026, 11, 28))),
        ("News since March", ((2026, 3, 1), None)),
        ("News since December", ((2025, 12, 1), None)),
        ("News between May and July 2019", ((2019, 5, 1), (2019, 7, 31))),
        ("News from 2015 to 2017", ((2015, 1, 1), (2017, 12, 31))),
        ("Who resigned on 9 March 2020?", ((2020, 3, 9), (2020, 3, 9))),
        ("Who resigned on March 9?", ((2026, 3, 9), (2026, 3, 9))),
        ("Who resigned on 2020-03-09?", ((2020, 3, 9), (2020, 3, 9))),
        ("Who resigned in Feb. 2020?", ((2020, 2, 1), (2020, 2, 29))),
        ("Who resigned on Monday?", ((2026, 11, 23), (2026, 11, 23))),
        ("Who resigned last Saturday?", ((2026, 11, 21), (2026, 11, 21))),
        ("Who resigned yesterday?", ((2026, 11, 27), (2026, 11, 27))),
        ("Who resigned the day before yesterday?", ((2026, 11, 26), (2026, 11, 26))),
        ("Who resigned three weeks ago?", ((2026, 11, 2), (2026, 11, 8))),
        ("Who resigned in the last three months?", ((2026, 8, 28), (2026, 11, 28))),
        ("Who resigned in the 1990s?", ((1990, 1, 1), (1999, 12, 31))),
        ("Who resigned before 8 March?", (None, (2026, 3, 7))),
        ("Who resigned after 2019?", ((2020, 1, 1), None)),
        ("Who had resigned by 2019?", (None, (2019, 12, 31))),
    ],
)
def test_words_become_days(question: str, days: Days) -> None:
    (period,) = periods_in(question, SATURDAY)
    assert (period.since, period.until) == tuple(day and date(*day) for day in days)
    assert question[period.start : period.end] == period.words


@pytest.mark.parametrize(
    "question",
    ["Who won Euro 2016?", "What may the court decide?", "How many of the 2000 tickets were sold on 31 February 2020?"],
)
def test_names_verbs_and_days_that_do_not_exist_are_no_times(question: str) -> None:
    assert [p.words for p in periods_in(question, SATURDAY) if "2000" not in p.words] == []


def test_two_times_are_two_and_can_be_taken_out() -> None:
    question = "Compare the price of milk in 2023 and 2025"
    periods = periods_in(question, SATURDAY)
    assert [p.words for p in periods] == ["in 2023", "2025"]
    assert without(question, periods) == "Compare the price of milk and"


@pytest.mark.parametrize(("question", "as_of"), [("News after today", date.max), ("News before today", date.min)])
def test_there_is_nothing_beyond_the_calendar(question: str, as_of: date) -> None:
    assert periods_in(question, as_of) == []


@given(st.text(max_size=900), st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_any_text_is_read_within_bounds(text: str, as_of: date) -> None:
    for period in periods_in(text, as_of):
        assert 0 <= period.start < period.end <= MAX_CHARS
        assert period.since is None or period.until is None or period.since <= period.until


@given(st.lists(st.sampled_from("in last 3 weeks ago since may 2019 between and march the past monday of 31".split())))
def test_words_of_time_in_any_order_are_read(pieces: list[str]) -> None:
    text = " ".join(pieces)
    for period in periods_in(text, SATURDAY):
        assert text[period.start : period.end] == period.words
