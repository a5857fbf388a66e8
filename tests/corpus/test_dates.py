"""Dates in all the ways in which files write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.corpus.dates import day_in_path, day_of, day_within
from tests.texts import HOSTILE

DAY = date(2021, 3, 4)


@pytest.mark.parametrize(
    "value",
    [
        DAY,
        datetime(2021, 3, 4, 23, 30, tzinfo=timezone(timedelta(hours=-5))),
        "2021-03-04",
        "2021-03-04T23:30:00-05:00",
        "2021-03-04T01:00:00.000Z",
        "2021-03-04 09:00:00 +0300",
        "2021-03-04T09:00+0300",
        "2021-03-04 09:00:00 UTC",
        "2021/3/4",
        "2021.03.04 09:00",
        "20210304",
        "20210304T090000Z",
        "202103040900",
        "04.03.2021",
        "4.3.2021 9:00",
        "Thu, 04 Mar 2021 09:00:00 GMT",
        "Thu, 4 Mar 2021 23:00:00 -0800 (PST)",
        "04 Mar 21 09:00 +0000",
        "4 March 2021",
        "4th of March 2021",
        "March 4, 2021",
        "Mar. 4th, 2021, 9:00 a.m. EST",
        "Thursday, March 4, 2021 at 9:00 pm",
        "Published: March 4, 2021",
        "Posted on 4 March 2021 09:15 GMT",
        "4 mars 2021",
        "4. März 2021",
        "4 de marzo de 2021",
        "2021年3月4日",
        1614848400,
        1614848400.5,
        1614848400000,
        "1614848400",
        "1614848400000",
        {"$date": "2021-03-04T09:00:00Z"},
        {"$date": 1614848400000},
    ],
)
def test_day(value: object) -> None:
    assert day_of(value) == DAY


@pytest.mark.parametrize(
    "value",
    [
        "", "soon", "yesterday", "2021", "March 2021", "4 March", "Thursday", "3/4/2021", "04/03/21", "2021-13-45",
        "30 February 2021", "version 1.2.2021.4", "12", 12, 0, -1, True, None, [], {}, {"$date": {}}, 10**400,
        float("nan"), float("inf"),
        "x" * 10_000, "March 4, 2021 " * 50,
    ],
)  # fmt: skip
def test_what_is_no_day(value: object) -> None:
    assert day_of(value) is None


def test_numbers_that_can_be_one_day_only_are_it() -> None:
    assert day_of("13/03/2021") == date(2021, 3, 13)
    assert day_of("03/13/2021") == date(2021, 3, 13)
    assert day_of("03/03/2021") == date(2021, 3, 3)


@given(st.dates(date(1000, 1, 1), date(2100, 12, 31)))
def test_every_day_is_read_back(day: date) -> None:
    assert day_of(day.isoformat()) == day
    assert day_of(f"{day.day} {day:%B} {day.year}") == day
    assert day_of(f"{day:%b} {day.day}, {day.year}") == day


@given(st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1)))
def test_every_second_since_1980_is_read_back(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    assert day_of(int(moment.timestamp())) == moment.date()
    assert day_of(str(int(moment.timestamp() * 1000))) == moment.date()


@given(st.one_of(HOSTILE, st.text(st.sampled_from("0123456789-/.: TZ,JanMarchMontagde"), max_size=40)))
def test_any_text_is_a_day_or_none(text: str) -> None:
    found = day_of(text)
    assert found is None or isinstance(found, date)


def test_day_within_a_text() -> None:
    assert day_within("By A. Writer, 4 March 2021, five minutes") == (DAY, "4 March 2021")
    assert day_within("On 30 February 2021 and on Mar. 4, 2021.") == (DAY, "Mar. 4, 2021")
    assert day_within("Call 2021-03-045 or come in March 2021.") is None


@pytest.mark.parametrize(
    ("path", "found"),
    [("a/2021-03-04-b.md", DAY), ("2021/3/4/b", DAY), ("b20210304.txt", DAY), ("1066-10-14.md", None), ("b.md", None)],
)
def test_day_in_a_path(path: str, found: date | None) -> None:
    assert day_in_path(path) == found
