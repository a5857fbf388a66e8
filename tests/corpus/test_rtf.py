"""RTF: its text, tables as rows, fields of its info group."""

from __future__ import annotations

import pytest

from qa.corpus.decoding import UnreadableError
from qa.corpus.rtf import extract
from qa.types import Limits
from tests.corpus.samples import LOAN, TERM, rtf

LIMITS = Limits()


def test_text_and_fields() -> None:
    assert extract(rtf(), LIMITS) == {
        "title": "Loan",
        "published": "2016-06-29",
        "dated_by": "document properties",
        "tags": "rail, bank",
        "text": f"{LOAN}\n\n{TERM}",
        "remarks": [],
    }


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"Z\'fcrich \u8364? \u-10179?\u-8704?", "Zürich € \U0001f600"),
        (r"a\line b\par a | b", "a\nb\n\na | b"),
        (
            r"T\par\trowd Year\cell Cost\cell\row\trowd 2016\cell 400\cell\row\pard after",
            "T\n\nYear | Cost\n2016 | 400\n\nafter",
        ),
        (r'see {\field{\*\fldinst{HYPERLINK "https://e.org"}}{\fldrslt the bank}} now', "see the bank now"),
        (r"a{\pict\pngblip 0102}{\*\unknown x}b", "ab"),
    ],
)
def test_words(body: str, text: str) -> None:
    assert extract(rtf(body), LIMITS)["text"] == text


def test_footnotes_are_told() -> None:
    assert extract(rtf(r"a{\footnote b}"), LIMITS)["remarks"] == ["1 footnote is not read"]


def test_what_is_no_rtf_is_refused() -> None:
    with pytest.raises(UnreadableError, match=r"^no \.rtf"):
        extract(b"Text.", LIMITS)
