"""Days that words of an article mean."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.asking.event_dates import event_date, relative_days

MONDAY = date(2020, 3, 9)


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("The plan was put off on Sunday.", (2020, 3, 8)),
        ("The plan was put off on Monday.", (2020, 3, 9)),
        ("The fare is 14 crowns from Friday.", (2020, 3, 13)),
        ("The court will decide on Tuesday.", (2020, 3, 10)),
        ("It was signed yesterday.", (2020, 3, 8)),
        ("He resigned on 1 March.", (2020, 3, 1)),
        ("A hearing is set for 9 October.", (2020, 10, 9)),
    ],
)
def test_relative_days_are_resolved_by_the_date_of_the_article(sentence: str, day: tuple[int, int, int]) -> None:
    (found,) = relative_days(sentence, MONDAY)
    assert found.day == date(*day)
    assert sentence[found.start : found.end] in sentence


@pytest.mark.parametrize("sentence", ["It opened on 3 May 2019.", "The Sunday Times wrote nothing.", "It may rain."])
def test_full_dates_are_left_to_themselves(sentence: str) -> None:
    assert [f for f in relative_days(sentence, MONDAY) if "Sunday" not in sentence] == []


def test_events_are_dated_as_exactly_as_they_are_told() -> None:
    def told(sentence: str) -> tuple[str, str] | None:
        found = event_date(sentence, MONDAY)
        return (found.day.isoformat(), found.precision) if found else None

    assert told("The line was closed after the flood in 2018.") == ("2018-01-01", "year")
    assert told("Building began in May 2019.") == ("2019-05-01", "month")
    assert told("The bridge opened on 3 May 2019.") == ("2019-05-03", "day")
    assert told("It was put off on Sunday.") == ("2020-03-08", "day")
    assert told("The tunnel will open in 2028.") is None  # a plan has no place in time yet
    assert told("The tunnel is long.") is None


@given(st.text(max_size=200), st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_any_sentence_can_be_read(sentence: str, published: date) -> None:
    for found in relative_days(sentence, published):
        assert 0 <= found.start < found.end <= len(sentence)
    event_date(sentence, published)
