"""Bytes to text."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa.corpus.decoding import UnreadableError, decode
from tests.texts import HOSTILE

RUSSIAN = (
    "Правительство отложило строительство северной железной дороги: её стоимость выросла до 1,7 триллиона рублей. "
)
FRENCH = "Le président a été réélu à la tête de l'État; les élèves préfèrent être à l'école. "


@given(HOSTILE)
def test_utf8_is_taken_as_it_is(text: str) -> None:
    data = text.encode()
    if data.startswith(codecs.BOM_UTF8) or "\0" in text:
        return
    assert decode(data) == (text, [])


@given(HOSTILE.filter(lambda text: not text.startswith("\ufeff")))
def test_marked_unicode_is_read_without_its_mark(text: str) -> None:
    for data in (
        codecs.BOM_UTF8 + text.encode(),
        codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + text.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + text.encode("utf-32-be"),
    ):
        assert decode(data) == (text, [])
    if not text.startswith("\0"):  # two zero bytes after the mark are the mark of UTF-32
        assert decode(codecs.BOM_UTF16_LE + text.encode("utf-16-le")) == (text, [])


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
def test_cyrillic_is_recognised_and_remarked_on(encoding: str) -> None:
    text, remarks = decode((RUSSIAN * 2).encode(encoding))
    assert text == RUSSIAN * 2
    assert len(remarks) == 1
    assert remarks[0] == f"not UTF-8, read as {encoding.replace('-', '_')}; save it as UTF-8 to be sure of every letter"


def test_latin1_is_read_with_a_remark() -> None:
    text, remarks = decode((FRENCH * 5).encode("latin-1"))
    assert "pr" in text
    assert len(text) == len(FRENCH * 5)
    assert len(remarks) == 1
    assert remarks[0].startswith("not UTF-8, read as ")
    assert remarks[0].endswith("save it as UTF-8 to be sure of every letter")


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", r"binary data.*save its text as UTF-8"),
        (b"text\0text", r"binary data"),
        (codecs.BOM_UTF16_LE + b"odd", r"marked as utf-16 but damaged at byte \d+; save it as UTF-8"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a\x00", r"marked as utf-16 but damaged"),
        (codecs.BOM_UTF32_LE + b"\xff\xff\xff\xff", r"marked as utf-32 but damaged"),
        (codecs.BOM_UTF8 + b"\xff", r"marked as utf-8-sig but damaged"),
    ],
)
def test_what_is_no_text_is_refused_with_the_cause(data: bytes, cause: str) -> None:
    with pytest.raises(UnreadableError, match=cause):
        decode(data)


def test_encoding_that_does_not_hold_to_the_end_is_refused() -> None:
    data = ("日本語の文章です。" * 6000).encode("shift_jis") + b"\x81"
    with pytest.raises(UnreadableError, match=r"save it as UTF-8"):
        decode(data)


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=60).map(lambda data: data.replace(b"\0", b"\xe9"))))
@example(b"\xff\xfe")
@example(b"\xff\xfe\0\0")
@example(b"\xed\xa0\x80")
@example(b"+AGE-\xe9")
@example(b"\x81\x8d\x8f\x90\x9d" * 20)
def test_any_bytes_become_text_or_are_refused(data: bytes) -> None:
    try:
        text, remarks = decode(data)
    except UnreadableError as exc:
        assert "UTF-8" in str(exc)
    else:
        text.encode()  # no lone surrogate comes out
        assert all("save it as UTF-8" in remark for remark in remarks)


@pytest.mark.parametrize(
    "text",
    [
        "The ferry costs \u00a318 million, the mayor said. \u201cIt is a fair price,\u201d she added.",
        "It was 18\u00b0C and the price was \u00bd of the old one.",
        "The yard is led by Se\u00f1ora N\u00fa\u00f1ez and by Mr \u00c5kerstr\u00f6m of Malm\u00f6.",
        "A record \u2013 and the mayor\u2019s last: the caf\u00e9 on the pier opens in May.",
        FRENCH,
        "El a\u00f1o pasado la ciudad vendi\u00f3 el puerto por 18 millones de \u20ac.",
        "Die B\u00fcrger der Stadt w\u00e4hlten am Sonntag ihren neuen B\u00fcrgermeister.",
    ],
)
def test_western_text_of_windows_is_read_letter_by_letter(text: str) -> None:
    assert decode(text.encode("cp1252")) == (
        text,
        ["not UTF-8, read as cp1252; save it as UTF-8 to be sure of every letter"],
    )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (
            "Rada zatwierdzi\u0142a budow\u0119 mostu przez rzek\u0119; koszt to osiem milion\u00f3w z\u0142otych. ",
            "cp1250",
        ),
        (
            "M\u011bsto schv\u00e1lilo stavbu nov\u00e9ho mostu p\u0159es \u0159eku za osm milion\u016f korun. ",
            "cp1250",
        ),
        (RUSSIAN, "cp1251"),
    ],
)
def test_other_text_is_not_taken_for_western(text: str, encoding: str) -> None:
    assert decode((text * 4).encode(encoding))[0] == text * 4


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_its_mark_is_read_with_a_remark(encoding: str) -> None:
    text = "The mill burnt down \u2013 on Sunday.\r\nNobody was hurt."
    remark = "UTF-16 without its mark, read as such; save it as UTF-8 to be sure of every letter"
    assert decode(text.encode(encoding)) == (text, [remark])
