"""Terms for BM25, sentences for quotations."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given

from qa.text.sentences import sentences
from qa.text.terms import STOPWORDS, terms
from tests.texts import BLANK, HOSTILE


def cut(text: str) -> list[str]:
    """Return the sentences of a text as strings."""
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Who finances the railways?", ["financ", "railway"]),
        ("The bank’s loan, the bank's loan", ["bank", "loan", "bank", "loan"]),
        ("CAFÉ café cafe\u0301", ["cafe", "cafe", "cafe"]),
        ("1,100 km at 3.07 percent in 2016.", ["1100", "km", "3.07", "percent", "2016"]),
        ("1,234,567 and 1,2 and 12,3456", ["1234567", "1,2", "12,3456"]),
        ("$6bn, $6 billion, 6bn", ["6", "billion"] * 3),
        ("2.5m people, 3tn, 4mn, 5 m", ["2.5", "million", "peopl", "3", "trillion", "4", "million", "5", "m"]),
        ("The U.S. and the u.s.a. and us", ["us", "usa", "us"]),
        ("Moscow-Kazan Moscow–Kazan", ["moscow", "kazan"] * 2),
        ("roubles rubles, colours colors, centre center", ["rubl", "rubl", "color", "color", "center", "center"]),
        ("organisations organizations, analysed analyzed", ["organiz", "organiz", "analyz", "analyz"]),
        ("defence defense, programme program, favourite favorite", ["defens"] * 2 + ["program"] * 2 + ["favorit"] * 2),
        ("four hours, wise, rise, fire, acre", ["four", "hour", "wise", "rise", "fire", "acr"]),
        ("Straße ﬁnance", ["strass", "financ"]),
        ("the of and WHO", []),
        ("政府 推迟", ["政府", "推迟"]),
        ("日本の首相ABC社", ["日本", "本の", "の首", "首相", "abc", "社"]),
        ("ลาว", ["ลา", "าว"]),
        ("में समाचार", ["में", "समाचार"]),
        ("한국어 기사", [unicodedata.normalize("NFKD", word) for word in ("한국어", "기사")]),
        ("👩‍👧 — … !", []),
        ("", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_stopwords_are_dropped_before_stemming() -> None:
    assert terms(" ".join(sorted(STOPWORDS))) == []
    assert terms("being able") == ["abl"]


def test_stemmers_of_several_threads_do_not_disturb_each_other() -> None:
    words = ["financing", "railways", "postponed", "Fortaleza", "declarations"] * 200
    text = " ".join(words)
    expected = ["financ", "railway", "postpon", "fortaleza", "declar"] * 200
    with ThreadPoolExecutor(4) as pool:
        assert all(found == expected for found in pool.map(terms, [text] * 16))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It opened. It closed.", ["It opened.", "It closed."]),
        ("  Trimmed.  \n", ["Trimmed."]),
        ("No full stop\n\nNext block", ["No full stop", "Next block"]),
        ("# Heading\nText below it.", ["# Heading", "Text below it."]),
        ("Text.\n## Heading\nMore.", ["Text.", "## Heading", "More."]),
        ("Goods:\n- rails\n- sleepers", ["Goods:", "- rails", "- sleepers"]),
        (
            "Steps:\n1. The route is surveyed.\n2. Work begins.",
            ["Steps:", "1. The route is surveyed.", "2. Work begins."],
        ),
        ("Dr. Smith spoke. He left.", ["Dr. Smith spoke.", "He left."]),
        ("One line\r\n\r\nAnother one.\r\n", ["One line", "Another one."]),
        ("Broken over\ntwo lines. Second.", ["Broken over\ntwo lines.", "Second."]),
        ("", []),
        (" \r\n\t\u3000", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@given(HOSTILE)
@example("\ufeffA first one. 👩‍👩‍👧‍👦 A second.\r\n\r\n# H\r\nThird e\u0301.")
@example("# \n")
@example("#  \n\n- \n")
def test_sentences_are_trimmed_ordered_disjoint_and_lose_nothing(text: str) -> None:
    covered: set[int] = set()
    last = 0
    for start, end in sentences(text):
        assert last <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        covered.update(range(start, end))
        last = end
    assert all(text[i].isspace() for i in range(len(text)) if i not in covered)


@given(BLANK)
def test_blank_text_has_no_sentence(text: str) -> None:
    assert sentences(text) == ()


@given(HOSTILE)
def test_no_sentence_crosses_a_blank_line(text: str) -> None:
    assert not any("\n\n" in sentence or "\r\n\r\n" in sentence for sentence in cut(text))


@pytest.mark.parametrize("space", ["\u00a0", "\u2028", "\u2003", "\u3000", "\x1f"])
def test_strange_spaces_do_not_bring_the_splitter_down(space: str) -> None:
    text = f"So did I{space}.{space}.{space}. and left. It rained."
    found = [text[start:end] for start, end in sentences(text)]
    assert found[-1] == "It rained."
    assert "".join(text.split()) == "".join("".join(found).split())
