"""JSON files: a list of articles, bare or inside an object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.corpus import json_list, read_corpus
from qa.corpus.decoding import UnreadableError
from qa.types import Limits, Problem
from tests.corpus.samples import LOAN, TERM

FIRST, SECOND = {"id": "a", "title": "Loan", "text": LOAN}, {"title": "Term", "text": TERM}


@pytest.mark.parametrize(
    "value", [[FIRST, SECOND], {"status": "ok", "count": 2, "articles": [FIRST, SECOND]}], ids=["list", "inside"]
)
def test_list_of_objects_becomes_articles(tmp_path: Path, value: object) -> None:
    (tmp_path / "news.json").write_text(json.dumps(value), encoding="utf-8")
    corpus = read_corpus(tmp_path)
    assert [(a.id, a.title, a.text) for a in corpus.articles] == [
        ("news.json#a", "Loan", LOAN),
        ("news.json#item-2", "Term", TERM),
    ]
    assert corpus.rejected == ()


def test_one_object_with_a_text_is_an_article() -> None:
    found = list(json_list.read("a.json", json.dumps(FIRST | {"tags": [{"a": 1}]}).encode(), Limits()))
    assert [item.id if isinstance(item, Problem) else item[0].id for item in found] == ["a.json#a"]


def test_bad_objects_are_named_and_the_rest_is_read() -> None:
    found = list(json_list.read("a.json", json.dumps([FIRST, 3, {"title": "x"}, FIRST]).encode(), Limits()))
    assert [item.id for item in found if isinstance(item, Problem)] == [
        "a.json#item 2",
        "a.json#item 3",
        "a.json#item 4",
    ]


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"[1,\n x]", "no JSON: Expecting value at line 2, character 2"),
        (b"[NaN]", "no JSON: NaN is no number"),
        (b"3", "no list; write"),
        (b"[" * 100_000, "nested too deep"),
        (b'[{"a":' + b"[" * 300 + b"]" * 300 + b"}]", "nested too deep"),
    ],
)
def test_what_is_no_list_is_refused(data: bytes, cause: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        list(json_list.read("a.json", data, Limits()))
    assert str(caught.value).startswith(cause)


def test_lines_of_json_by_their_other_suffix(tmp_path: Path) -> None:
    (tmp_path / "news.ndjson").write_text(json.dumps(FIRST) + "\n", encoding="utf-8")
    assert [article.id for article in read_corpus(tmp_path).articles] == ["news.ndjson#a"]
