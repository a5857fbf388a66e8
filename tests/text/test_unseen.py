"""Marks that no one sees, and words cut by a line's end."""

from __future__ import annotations

import pytest
from hypothesis import given

from qa.text.terms import terms
from qa.text.unseen import joined_lines, without_unseen
from tests.texts import HOSTILE


def test_marks_inside_words_are_no_text_and_split_no_term() -> None:
    text = "The Vel\u00addin wa\u200bter\u2060works \ufeffem\u00adploy \ufb01ve me\u00adchan\u00adics."
    assert without_unseen(text) == "The Veldin waterworks employ five mechanics."
    assert terms(text) == terms("The Veldin waterworks employ five mechanics.")
    assert without_unseen("\U0001f469\u200d\U0001f680") == "\U0001f469\u200d\U0001f680"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a new tele-\nscope from the glass-\nworks, they say", "a new telescope\nfrom the glassworks,\nthey say"),
        ("the line Moscow-\nKazan is", "the line Moscow-Kazan\nis"),
        ("a well-\nknown man; he is well-known", "a well-known\nman; he is well-known"),
        ("tele-  \r\n  scope x", "telescope\nx"),
        ("in 2019-\n2020 and 5-\nyear", "in 2019-\n2020 and 5-\nyear"),
        ("a dash -\nand more", "a dash -\nand more"),
        ("- one-\n- two", "- one-\n- two"),
        ("G-\nforce", "G-\nforce"),
        ("NATO-\nled", "NATO-\nled"),
    ],
)
def test_words_cut_by_a_line_end_are_whole(text: str, expected: str) -> None:
    assert joined_lines(text) == expected


@given(HOSTILE)
def test_letters_stay_in_order(text: str) -> None:
    joined = joined_lines(text)
    assert [c for c in joined if c.isalnum()] == [c for c in text if c.isalnum()]
