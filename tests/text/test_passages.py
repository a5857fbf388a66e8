"""Passages are exact slices of their article."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa.text.passages import encoded_text, split
from qa.types import Article, Passage
from tests.texts import BLANK, HOSTILE

FIRST = "The bank was founded in 2014. It lends to railways."
SECOND = "The second paragraph is about bonds. They were sold in Shanghai."


def article(text: str) -> Article:
    """Return an article of this text."""
    return Article("a.md", text, "Title")


def cut(text: str, size: int, overlap: int) -> list[tuple[int, str]]:
    """Return start and text of each passage."""
    return [(p.start, p.text) for p in split(article(text), size, overlap)]


def test_short_article_is_one_passage_with_its_offsets_in_its_id() -> None:
    assert split(article(FIRST)) == [Passage(f"a.md:0-{len(FIRST)}", "a.md", 0, len(FIRST), FIRST)]


def test_paragraphs_are_cut_first() -> None:
    text = f"{FIRST}\n\n{SECOND}"
    assert cut(text, 100, 0) == [(0, FIRST), (len(FIRST) + 2, SECOND)]


def test_sentences_are_cut_next_and_initials_stay_whole() -> None:
    one, two = (
        "K. V. Kamath of the U.S. office leads the bank.",
        "He was elected in July 2015 for a term of five years.",
    )
    assert cut(f"{one} {two}", 100, 0) == [(0, one), (len(one) + 1, two)]


def test_overlap_begins_with_a_sentence_of_the_passage_before() -> None:
    text = f"{FIRST} {SECOND}"
    assert cut(text, 100, 0) == [(0, text[:88]), (89, "They were sold in Shanghai.")]
    assert cut(text, 100, 40) == [(0, text[:88]), (text.index("The second"), SECOND)]
    assert cut(text, 100, 60) == [(0, text[:88]), (text.index("It lends"), text[30:])]


def test_word_longer_than_a_passage_is_cut_without_loss() -> None:
    text = "w" * 250
    assert cut(text, 100, 20) == [(0, "w" * 100), (100, "w" * 100), (200, "w" * 50)]


def test_chinese_is_cut_after_its_full_stop() -> None:
    sentence = "政府推迟了铁路的建设。"
    found = cut(sentence * 12, 100, 0)
    assert found[0] == (0, sentence * 9)
    assert found[1] == (len(sentence) * 9, sentence * 3)


def test_overlap_after_a_chinese_full_stop_does_not_begin_with_white_space() -> None:
    found = split(article("政府推迟了铁路。 开发银行提供贷款。\u3000" * 20), 100, 40)
    assert [p.text for p in found if p.text != p.text.strip()] == []


@given(HOSTILE, st.integers(100, 200), st.integers(0, 200))
@example("\ufeffA first one. " + "👩‍👩‍👧‍👦" * 40 + "\r\n\r\n" + "e\u0301" * 120 + " End.", 100, 50)
@example("。 " * 200, 100, 60)
@example("\n".join("x" * 30 for _ in range(20)), 100, 100)
def test_passages_are_slices_cover_everything_and_stay_within_size(text: str, size: int, overlap: int) -> None:
    whole = article(text)
    found = split(whole, size, overlap)
    covered: set[int] = set()
    for p in found:
        assert whole.text[p.start : p.end] == p.text
        assert p.text == p.text.strip() != ""
        assert len(p.text) <= size + overlap
        assert (p.article_id, p.id) == ("a.md", f"a.md:{p.start}-{p.end}")
        covered.update(range(p.start, p.end))
    assert all(text[i].isspace() for i in range(len(text)) if i not in covered)
    assert len({p.id for p in found}) == len(found)
    assert [p.end for p in found] == sorted({p.end for p in found})
    assert split(whole, size, overlap) == found


@given(BLANK)
def test_blank_text_has_no_passage(text: str) -> None:
    assert split(article(text), 100, 50) == []


@pytest.mark.parametrize("size", [100, 900])
def test_without_overlap_no_character_is_in_two_passages(size: int) -> None:
    found = split(article(f"{FIRST} {SECOND}\n\n" * 20), size, 0)
    assert len(found) > 1
    assert all(before.end <= after.start for before, after in zip(found, found[1:], strict=False))


def test_encoder_is_given_title_and_passage() -> None:
    assert encoded_text("Title", Passage("a", "a", 3, 7, "text")) == "Title\ntext"
