"""Bounds of a short answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.reader.bounds import clean_span
from tests.texts import HOSTILE


@pytest.mark.parametrize(
    ("text", "found", "snapped"),
    [
        ("CDB will lend about $6 billion for it.", "6", "$6 billion"),
        ("It costs 1.7 trillion roubles now.", "1.7", "1.7 trillion"),
        ("It costs 1.7 trillion roubles now.", "trillion", "1.7 trillion"),
        ("It owns 9.9 percent of Yamal LNG.", "9 percent", "9.9 percent"),
        ("Worth US$40 billion in all.", "40", "US$40 billion"),
        ("From 2010-2015 it grew.", "2010", "2010-2015"),
        ("The Development Bank lends.", "velopment Ban", "Development Bank"),
        ("A loan (from the bank) is due.", "(from the bank", "(from the bank)"),
        ("A loan (from the bank) is due.", "from the bank)", "from the bank"),
        ("He said “yes, we lend” now.", "yes, we lend”", "yes, we lend"),
        ("The bank, it says, lends.", ", it says,", "it says"),
        ("It fell to -5 degrees.", "-5", "-5"),
        ("In the U.S. it did.", "the U.S.", "the U.S."),
        ("It ended in Kazan.", "Kazan.", "Kazan"),
        ("It has 770 passengers.", "770 passengers", "770 passengers"),
        ("It is 3D printed.", "3D", "3D"),
    ],
)
def test_bounds_are_sensible(text: str, found: str, snapped: str) -> None:
    start = text.index(found)
    a, b = clean_span(text, (start, start + len(found)))
    assert text[a:b] == snapped


def test_mere_punctuation_is_no_answer() -> None:
    assert clean_span("Well ... no.", (5, 8)) == (0, 0)


@given(HOSTILE, st.integers(0, 300), st.integers(1, 60))
def test_span_stays_inside_and_snapping_again_keeps_it_or_widens_it(text: str, at: int, length: int) -> None:
    start = min(at, max(0, len(text) - 1))
    end = min(len(text), start + length)
    a, b = clean_span(text, (start, end))
    assert 0 <= a <= b <= len(text)
    if b > a:
        assert not text[a].isspace() and not text[b - 1].isspace()
