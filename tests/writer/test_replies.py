"""A reply cut into sentences and citations, however it is cut into pieces on its way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.writer.replies import SentenceParser, WrittenDraft


def drafts(*pieces: str, complete: bool = True) -> list[tuple[str, tuple[int, ...]]]:
    parser = SentenceParser()
    found: list[WrittenDraft] = []
    for piece in pieces:
        found += parser.feed(piece)
    found += parser.rest(complete)
    return [(draft.text, draft.cited) for draft in found]


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("One is so. [1] Two is so. [2][3]", [("One is so.", (1,)), ("Two is so.", (2, 3))]),
        ("One is so [1]. Two is so [2, 3].", [("One is so.", (1,)), ("Two is so.", (2, 3))]),
        ("- One is so. [1]\n2. Two is so. [2]", [("One is so.", (1,)), ("Two is so.", (2,))]),
        ("Here is the answer:\nOne is so. [1]", [("Here is the answer:", ()), ("One is so.", (1,))]),
        ("One is so. [1]\nTwo is uncited.", [("One is so.", (1,)), ("Two is uncited.", ())]),
        ("<think>It may be [1] or [2].</think>\nOne is so. [1]", [("One is so.", (1,))]),
        ("<think>It may be [1] or", []),
        ("NONE", []),
        ("None.", []),
        ("[1] [2]", []),
        ("Hm.", [("Hm.", ())]),
        ("", []),
    ],
)
def test_sentences_and_the_passages_they_cite(reply: str, found: list[tuple[str, tuple[int, ...]]]) -> None:
    assert drafts(reply) == found
    assert drafts(*reply) == found


def test_what_the_limit_cut_off_is_no_sentence() -> None:
    assert drafts("One is so. [1] Two is", complete=False) == [("One is so.", (1,))]


@given(
    st.lists(st.sampled_from(["[1]", "[2, 3]", " ", ".", "\n", "a", "Bee", "- ", "[", "NONE", "<think>", "]"])),
    st.data(),
)
def test_the_pieces_that_a_reply_comes_in_make_no_difference(tokens: list[str], data: st.DataObject) -> None:
    reply = "".join(tokens)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reply)), max_size=6)))
    pieces = [reply[a:b] for a, b in zip([0, *cuts], [*cuts, len(reply)], strict=True)]
    assert drafts(*pieces) == drafts(*reply)
