"""Reordering hits by relevance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from qa.briefing import Briefing
from qa.errors import SettingsError
from qa.index import Generation
from qa.reader import SentenceReader, SpanReader
from qa.search.rerank import RERANKED, WEIGHT, rerank
from qa.settings import CorpusSettings, IndexSettings, ReaderSettings, Settings
from qa.types import Article, Corpus, Hit
from tests.fakes import FakeEncoder
from tests.reader.test_spans import MarkedNetwork
from tests.texts import generation_of, hit_on

RAILWAY, BRIDGE = "The bank lends to the railway. Trains run on it.", "Nobody lends to the bridge. The bank sold it."


@pytest.fixture
def generation(tmp_path: Path) -> Generation:
    articles = [Article(f"{i:02}.md", f"Line {i} of the railway is open. {RAILWAY}", "T") for i in range(RERANKED + 3)]
    return generation_of(tmp_path, *articles)


def hits_of(generation: Generation) -> list[Hit]:
    """Return one hit on each article, each score .001 below the one before."""
    return [
        hit_on(article, 0, len(article.text), rank=rank, score=0.5 - rank / 1000)
        for rank, article in enumerate(generation.articles.values(), start=1)
    ]


class Relevant:
    """Says of the passages of some articles that they are relevant; remembers how many it was asked of."""

    def __init__(self, *ids: str) -> None:
        self.ids, self.asked = ids, 0

    def __call__(self, question: str, hits: Sequence[Hit]) -> Mapping[str, float]:
        self.asked = len(hits)
        return {hit.passage.id: 9.0 if hit.passage.article_id in self.ids else -9.0 for hit in hits}


def order(hits: Sequence[Hit]) -> list[str]:
    return [hit.passage.article_id for hit in hits]


def test_relevant_hits_come_first_and_equals_keep_their_order(generation: Generation) -> None:
    hits = hits_of(generation)
    says = Relevant("04.md", "02.md")
    found = rerank("Who lends to the railway?", hits, says)
    assert order(found)[:5] == ["02.md", "04.md", "00.md", "01.md", "03.md"]
    assert [hit.rank for hit in found] == list(range(1, len(hits) + 1))
    assert found[0].score == pytest.approx(hits[2].score + WEIGHT, abs=1e-4)
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)


def test_only_the_first_are_read_and_the_others_follow_as_they_were(generation: Generation) -> None:
    hits, says = hits_of(generation), Relevant()
    found = rerank("Who lends to the railway?", hits, says)
    assert says.asked == RERANKED
    assert found[RERANKED:] == hits[RERANKED:]


@pytest.mark.parametrize("text", ["railway loans", "China lends to the railway", "THE BANK WHO LENDS"])
def test_statements_and_keywords_stay_as_they_are(generation: Generation, text: str) -> None:
    hits, says = hits_of(generation), Relevant("04.md")
    assert rerank(text, hits, says) == hits
    assert says.asked == 0


def test_hits_without_a_reading_gain_nothing(generation: Generation) -> None:
    hits = hits_of(generation)
    assert order(rerank("Who lends?", hits, lambda _, __: {})) == order(hits)


@pytest.mark.usefixtures("fixed_weights")
def test_relevance_is_that_of_each_hits_window(tmp_path: Path) -> None:
    generation = generation_of(tmp_path, Article("a.md", RAILWAY, "Railway"), Article("b.md", BRIDGE, "Bridge"))
    network = MarkedNetwork("lends", relevant=1.5)
    base = SentenceReader(FakeEncoder(), generation)
    reader = SpanReader(network, base, generation)
    hits = [hit_on(a, 0, len(a.text), rank=rank) for rank, a in enumerate(generation.articles.values(), start=1)]
    assert reader.relevance("Who lends?", hits) == {hit.passage.id: 1.5 for hit in hits}
    assert network.seen == [("Who lends?", "Railway", RAILWAY), ("Who lends?", "Bridge", BRIDGE)]


def briefing_in(folder: Path, reader: ReaderSettings) -> Briefing:
    corpus, index = CorpusSettings(folder=folder / "corpus"), IndexSettings(folder=folder / "index")
    return Briefing(Settings(corpus=corpus, index=index, reader=reader), FakeEncoder())


def test_the_sentence_reader_cannot_rerank(tmp_path: Path) -> None:
    briefing = briefing_in(tmp_path, ReaderSettings(model="sentences"))
    briefing.index(Corpus((Article("a.md", RAILWAY, "Railway"),)))
    assert len(briefing.retrieve("Who lends?")) == 1
    with pytest.raises(SettingsError, match="rerank = false"):
        briefing.retrieve("Who lends?", rerank=True)


@pytest.mark.slow
def test_the_network_puts_the_passage_that_answers_first(tmp_path: Path) -> None:
    briefing = briefing_in(tmp_path, ReaderSettings())
    noise = [Article(f"{i}.md", f"Whether a bank lends to the railway {i} is not known.", "T") for i in range(4)]
    briefing.index(Corpus((*noise, Article("z.md", "China Development Bank lends to the railway.", "Loan"))))
    question = "Which bank lends to the railway?"
    plain, better = briefing.retrieve(question, k=2), briefing.retrieve(question, k=2, rerank=True)
    assert (len(plain), len(better)) == (2, 2)
    assert better[0].passage.article_id == "z.md"
    assert briefing.retrieve_many([question], k=2, rerank=True) == [better]
    assert "z.md" not in {hit.passage.article_id for hit in plain}
