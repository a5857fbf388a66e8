"""ODT: what its reader sees."""

from __future__ import annotations

import pytest

from qa.corpus.decoding import UnreadableError
from qa.corpus.odt import extract
from qa.types import Limits
from tests.corpus.samples import LOAN, TERM, archive, odt

LIMITS = Limits()


def text(body: str) -> object:
    return extract(odt(body), LIMITS)["text"]


def test_text_and_fields() -> None:
    assert extract(odt(), LIMITS) == {
        "title": "Loan",
        "published": "2016-06-29T08:00:00",
        "modified": None,
        "dated_by": "document properties",
        "authors": None,
        "tags": ["rail"],
        "text": f"{LOAN}\n\n{TERM}",
        "remarks": [],
    }


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<p>a<s c='3'/>b<tab/>c<line-break/>d  e</p>", "a   b\tc\nd e"),
        ("<h>Head</h><section><p>in <span>a <a>link</a></span>.</p></section>", "Head\n\nin a link."),
        ("<list><list-item><p>one</p></list-item><list-item><p>two</p></list-item></list>", "- one\n- two"),
        ("<tracked-changes><p>gone</p></tracked-changes><p>here<office:annotation>x</office:annotation></p>", "here"),
        (
            "<p>Bank<note><note-citation>1</note-citation><note-body><p>A foot.</p></note-body></note> lends.</p>",
            "Bank lends.\n\nA foot.",
        ),
        ("<p>a<draw:frame><draw:text-box><p>floats</p></draw:text-box></draw:frame></p>", "a\n\nfloats"),
        (
            "<table:table><table:table-row><table:table-cell><p>Year</p></table:table-cell><table:table-cell><p>Cost</p>"
            "</table:table-cell></table:table-row><table:table-row><table:table-cell table:number-columns-repeated='2'>"
            "<p>4</p></table:table-cell></table:table-row></table:table>",
            "Year | Cost\n4 | 4",
        ),
    ],
)
def test_blocks(body: str, shown: str) -> None:
    assert text(body) == shown


def test_repeated_cells_and_spaces_are_bounded() -> None:
    body = "<p>a<s c='999999999'/>b</p>"
    assert len(str(text(body))) == 102


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"PK", "no .odt, or damaged: "),
        (archive({"a": "b"}), "no .odt, or damaged: no content.xml in it"),
        (archive({"content.xml": "<a/>"}), "is no OpenDocument text"),
        (archive({"content.xml": "<a>"}), "damaged: "),
        (odt(manifest="<encryption-data/>"), "is encrypted"),
        (archive({"content.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}), "declares XML entities"),
        (odt("<section>" * 240 + "</section>" * 240), "nested more than 200"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, cause: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        extract(data, LIMITS)
    assert str(caught.value).startswith(cause)
