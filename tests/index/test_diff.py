"""What changed between two states of a corpus, against a model."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.index.diff import Changes, content_hash, diff
from qa.types import Article, Rename

ARTICLE = Article("a.md", "Text.", "Title", "Source", "https://example.org", date(2016, 6, 24), ("gas",))


def test_every_kind_of_change_in_order_of_id() -> None:
    old = {"same": "1", "edited": "2", "moved-b": "3", "moved-a": "3", "gone": "4", "gone-copy": "3"}
    new = {"same": "1", "edited": "2x", "new": "5", "to-z": "3", "to-a": "3"}
    assert diff(old, new) == Changes(
        added=("new",),
        modified=("edited",),
        renamed=(Rename("gone-copy", "to-a"), Rename("moved-a", "to-z")),
        deleted=("gone", "moved-b"),
        unchanged=("same",),
    )


def test_a_copy_beside_its_original_is_added_not_renamed() -> None:
    assert diff({"a": "1"}, {"a": "1", "b": "1"}) == Changes(("b",), (), (), (), ("a",))


def test_two_files_that_exchange_their_content_are_modified() -> None:
    assert diff({"a": "1", "b": "2"}, {"a": "2", "b": "1"}) == Changes((), ("a", "b"), (), (), ())


STATE = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("1234"))


@given(STATE, STATE)
def test_diff_against_a_model(old: dict[str, str], new: dict[str, str]) -> None:
    changes = diff(old, new)
    assert set(changes.unchanged) == {i for i in new if old.get(i) == new[i]}
    assert set(changes.modified) == {i for i in new if i in old and old[i] != new[i]}
    gone, come = Counter(old[i] for i in old if i not in new), Counter(new[i] for i in new if i not in old)
    assert Counter(new[r.new] for r in changes.renamed) == gone & come  # as many as can pair, and no more
    assert all(old[r.old] == new[r.new] and r.old not in new and r.new not in old for r in changes.renamed)
    assert sorted([*changes.added, *(r.new for r in changes.renamed)]) == sorted(set(new) - set(old))
    assert sorted([*changes.deleted, *(r.old for r in changes.renamed)]) == sorted(set(old) - set(new))
    for ids in (changes.added, changes.modified, changes.deleted, changes.unchanged):
        assert list(ids) == sorted(ids)
    assert bool(changes) is (old != new)


@given(STATE, STATE)
def test_order_of_the_mappings_does_not_matter(old: dict[str, str], new: dict[str, str]) -> None:
    assert diff(dict(reversed(old.items())), dict(reversed(new.items()))) == diff(old, new)


def test_hash_is_of_all_but_the_id() -> None:
    assert content_hash(replace(ARTICLE, id="b.md")) == content_hash(ARTICLE)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Text"},
        {"title": "title"},
        {"source": None},
        {"url": "https://example.org/"},
        {"published": date(2016, 6, 25)},
        {"published": None},
        {"tags": ()},
        {"tags": ("gas", "gas")},
        {"text": "\ud800"},
    ],
)
def test_hash_tells_every_other_field(change: dict[str, object]) -> None:
    assert content_hash(replace(ARTICLE, **change)) != content_hash(ARTICLE)  # type: ignore[arg-type]


def test_hash_does_not_run_fields_together() -> None:
    assert content_hash(Article("a", "b", "c", source="d")) != content_hash(Article("a", "b", "c", url="d"))
    assert content_hash(Article("a", "x", "yz")) != content_hash(Article("a", "xy", "z"))


def test_title_made_from_the_name_is_no_content() -> None:
    old, new = Article("north-line.md", "Gas.", "north line"), Article("south-line.md", "Gas.", "south line")
    assert content_hash(old) == content_hash(new) != content_hash(replace(old, title="Given"))
