"""Terms for BM25, sentences for quotations."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given

from qa.analysis import STOPWORDS, sentences, terms
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
        ("1,100 km at 3.07 percent in 2016.", ["1,100", "km", "3.07", "percent", "2016"]),
        ("Straße ﬁnance", ["strass", "financ"]),
        ("the of and WHO", []),
        ("政府 推迟", ["政府", "推迟"]),
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
