"""The new order of hits."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import qa.reader.rerank
from qa.reader.rerank import rerank
from qa.types import Article, Hit
from tests.texts import hit_on

HITS = [hit_on(Article(f"{n}.md", f"Passage {n}.", "T"), rank=n + 1, score=1 - n / 10) for n in range(4)]


def names(hits: Sequence[Hit]) -> list[str]:
    return [hit.passage.article_id for hit in hits]


def test_relevance_moves_hits_and_ranks_follow() -> None:
    found = rerank("Q", HITS, lambda _, hits: [-9, -9, 9, -9][: len(hits)], weight=0.5)
    assert names(found) == ["2.md", "0.md", "1.md", "3.md"]
    assert [hit.rank for hit in found] == [1, 2, 3, 4]
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)
    assert found[0].score == pytest.approx(0.5 * 0.8 + 0.5, abs=1e-3)


def test_equal_relevance_keeps_the_order() -> None:
    assert names(rerank("Q", HITS, lambda _, hits: [0.0] * len(hits))) == names(HITS)


def test_hits_beyond_the_depth_stay_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qa.reader.rerank, "DEPTH", 2)
    found = rerank("Q", HITS, lambda _, hits: [-9.0, 9.0][: len(hits)], weight=0.9)
    assert names(found) == ["1.md", "0.md", "2.md", "3.md"]
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)


def test_nothing_stays_nothing() -> None:
    assert rerank("Q", [], lambda _, __: []) == []
