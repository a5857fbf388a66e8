"""An article in paragraphs and headings, with its mark."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.types import Article
from qa.web.page import article_view, cards
from qa.web.page.article_view import Mark, blocks, page_of

ARTICLE = Article(
    "a.md",
    "🙂 First line\nof a paragraph.\n\n# Head *one* #\nBelow it.\n- item one\n- item two\n\n\n  Last é🙂 words.  \n",
    "Title",
    "Post",
    "https://a.example/",
    date(2020, 1, 2),
)


def test_an_article_is_cut_into_headings_paragraphs_and_items() -> None:
    shown = page_of(ARTICLE, Mark())
    assert [(block.level, "".join(part.text for part in block.parts)) for block in shown.blocks] == [
        (0, "🙂 First line\nof a paragraph."),
        (1, "Head *one*"),
        (0, "Below it."),
        (0, "- item one"),
        (0, "- item two"),
        (0, "  Last é🙂 words."),
    ]
    assert (shown.title, shown.about, shown.url, shown.note) == ("Title", "Post · 2 Jan 2020", "https://a.example/", "")


@given(
    st.text(alphabet=st.sampled_from("ab #-\n\r\t🙂é\u0301\u2028<"), max_size=80),
    st.integers(-5, 90),
    st.integers(-5, 90),
)
def test_the_mark_covers_what_was_asked_for_and_no_text_is_lost(text: str, start: int, end: int) -> None:
    article = replace(ARTICLE, text=text)
    parts = [part for block in page_of(article, Mark(start, end)).blocks for part in block.parts]
    letters = re.compile(r"[^\s#]+")
    whole = "".join(letters.findall("".join(part.text for part in parts)))
    assert whole == "".join(letters.findall(text))
    marked = "".join(letters.findall("".join(part.text for part in parts if part.marked)))
    if 0 < start < len(text) and end == 0:
        return  # marks the rest of the paragraph
    usable = 0 <= start < end <= len(text)
    assert marked == ("".join(letters.findall(text[start:end])) if usable else "")


def test_a_mark_follows_its_words_when_the_article_changed() -> None:
    start = ARTICLE.text.index("Below")
    changed = replace(ARTICLE, text="New opening.\n\n" + ARTICLE.text)
    shown = page_of(changed, Mark(start, start + 9, quote="Below it."))
    assert [part.text for block in shown.blocks for part in block.parts if part.marked] == ["Below it."]
    assert shown.note == ""


def test_words_that_are_gone_are_said_to_be_gone() -> None:
    shown = page_of(ARTICLE, Mark(3, 9, quote="no such words"))
    assert not any(part.marked for block in shown.blocks for part in block.parts)
    assert "no longer" in shown.note


def test_a_heading_of_many_spaces_takes_no_time_to_speak_of() -> None:
    gap = " " * 20_000
    (heading,) = page_of(replace(ARTICLE, text=f"## a{gap}b  ##  "), Mark()).blocks
    assert (heading.level, [part.text for part in heading.parts]) == (2, [f"a{gap}b"])


def marked(mark: Mark) -> list[str]:
    return [part.text for block in page_of(ARTICLE, mark).blocks for part in block.parts if part.marked]


def test_without_an_end_the_rest_of_the_paragraph_is_marked() -> None:
    start = ARTICLE.text.index("line")
    assert marked(Mark(start)) == ["line\nof a paragraph."]
    assert marked(Mark(len(ARTICLE.text) - 1)) == []


@pytest.mark.parametrize(("check", "words", "note"), [(cards.digest("Below it."), ["Below it."], ""), ("0", [], "may")])
def test_an_address_that_no_longer_fits_marks_nothing(check: str, words: list[str], note: str) -> None:
    start = ARTICLE.text.index("Below")
    mark = Mark(start, start + 9, check=check)
    assert marked(mark) == words
    assert note in page_of(ARTICLE, mark).note


def test_the_pages_of_a_pdf_are_told_where_they_begin() -> None:
    text = "One.\n\nStill one.\nTwo begins.\n\nFour."
    pdf = replace(ARTICLE, text=text, pages=(0, text.index("Two"), text.index("Four"), text.index("Four")))
    shown = page_of(pdf, Mark()).blocks
    assert [(block.page, block.parts[0].text) for block in shown] == [
        (1, "One."),
        (None, "Still one.\n"),
        (2, "Two begins."),
        (4, "Four."),
    ]
    assert {block.page for block in page_of(ARTICLE, Mark()).blocks} == {None}


def test_of_a_very_long_article_the_part_around_the_mark_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(article_view, "MAX_SHOWN", 40)
    text = "\n\n".join(f"Paragraph {n:03}." for n in range(100))
    start = text.index("050")
    shown = page_of(replace(ARTICLE, text=text), Mark(start, start + 3))
    assert [part.text for block in shown.blocks for part in block.parts if part.marked] == ["050"]
    assert len(shown.blocks) <= 4
    assert shown.note == "Of this long article, the part around the mark is shown."


def test_table_is_shown_row_by_row_with_the_mark_in_its_cell() -> None:
    text = "Above.\n\n| Town | People |\n|---|---|\n| Lorvik | 7,000 |\n\nBelow."
    start = text.index("7,000")
    above, head, row, below = blocks(Article("a.md", text, "T"), start, start + 5, (0, len(text)))
    assert [part.text for block in (above, below) for part in block.parts] == ["Above.", "Below."]
    assert [[part.text for part in cell] for cell in head.cells] == [["Town"], ["People"]]
    assert (head.head, row.head, above.cells) == (True, False, ())
    assert [[(part.text, part.marked) for part in cell] for cell in row.cells] == [
        [("Lorvik", False)],
        [("7,000", True)],
    ]
