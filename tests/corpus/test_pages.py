"""Pages: where each starts in the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qa.corpus.pages import joined, listed, page_texts

TEXTS = st.lists(st.text(st.sampled_from("ab \u00e9"), max_size=5).map(str.strip), min_size=1, max_size=6)


@given(TEXTS)
def test_pages_come_apart_as_they_were_joined(texts: list[str]) -> None:
    text, starts = joined(texts)
    assert page_texts(text, starts) == texts
    assert len(starts) == len(texts)


def test_slides_are_joined_with_a_blank_line() -> None:
    assert joined(["a", "", "b"], "\n\n") == ("a\n\nb", [0, 3, 3])


def test_remarks_name_some_pages() -> None:
    assert listed([3]) == "page 3"
    assert listed(range(1, 30)).startswith("pages 1, 2, 3")
    assert listed(range(1, 30)).endswith("20 and more")
