"""Retrieval with the fake encoder: exact ids, exact order, against an oracle written anew in NumPy."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qa.search.hybrid
from qa.briefing import Briefing
from qa.errors import FilterError, QuestionError, SettingsError
from qa.index import Generation
from qa.search import Search
from qa.search.filters import Filters
from qa.search.query import Query
from qa.settings import CorpusSettings, IndexSettings, RetrievalSettings, Settings
from qa.text.sentences import sentences
from qa.text.terms import terms
from qa.types import Article
from tests.fakes import ConeEncoder, FakeEncoder
from tests.texts import generation_of, write_article

WEIGHTS = RetrievalSettings().weights
Opener = Callable[..., Briefing]


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    """A function that opens a briefing over articles given as id=body; `T` is the title of all."""

    def open_over(articles: dict[str, str], fields: dict[str, dict[str, str]] | None = None) -> Briefing:
        folder = tmp_path / "corpus"
        for article_id, body in articles.items():
            write_article(folder, article_id, body, **{"title": "T"} | (fields or {}).get(article_id, {}))
        settings = Settings(corpus=CorpusSettings(folder=folder), index=IndexSettings(folder=tmp_path / "index"))
        return Briefing.open(settings=settings, encoder=FakeEncoder())

    return open_over


def ids(briefing: Briefing, question: str, k: int = 5, **filters: object) -> list[str]:
    """Return the article ids of the hits."""
    return [hit.passage.article_id for hit in briefing.retrieve(question, k=k, **filters)]  # type: ignore[arg-type]


def test_exact_ids_in_exact_order(briefing: Briefing) -> None:
    assert [hit.passage.id for hit in briefing.retrieve("Who finances the northern railway?", k=3)] == [
        "2016-06-29-railway-loan.md:0-163",
        "2020-03-09-railway-postponed.md:0-276",
        "2016-06-29-railway-loan.md:165-364",
    ]
    assert [hit.passage.article_id for hit in briefing.retrieve("Where is the seat of the bank?", k=2)] == [
        "banks/about.txt",
        "banks/2016-07-21-bank-bond.md",
    ]


def oracle(
    question: str, generation: Generation, weights: tuple[float, ...] = WEIGHTS, admitted: set[str] | None = None
) -> dict[str, float]:
    """Return the fused score of every admitted passage that shares a term or is among the nearest (here: all).

    `weights` are those of passage, sentence, BM25 and pairs. No term of the question may be misspelt.
    """
    passages = [p for p in generation.passages if admitted is None or p.article_id in admitted]
    texts = [f"{generation.articles[p.article_id].title}\n{p.text}" for p in passages]
    everything = [terms(f"{generation.articles[p.article_id].title}\n{p.text}") for p in generation.passages]
    encoder = FakeEncoder()
    cosine = encoder.encode_passages(texts) @ encoder.encode_question(question)
    nearest = [_nearest_sentence(question, generation.articles[p.article_id].title, p.text) for p in passages]
    average = sum(map(len, everything)) / len(everything)
    sequence = terms(question)
    idf = {}
    for term in sequence:
        df = sum(term in each for each in everything)
        idf[term] = log(1 + (len(everything) - df + 0.5) / (df + 0.5))
    total = sum(idf.values()) or 1
    neighbours = set(zip(sequence, sequence[1:], strict=False))
    bm25, pairs = np.zeros(len(texts)), np.zeros(len(texts))
    for i, own in enumerate(map(terms, texts)):
        for term in idf.keys() & set(own):
            tf = own.count(term)
            bm25[i] += idf[term] * (0.5 + tf / (tf + 1.2 * (0.25 + 0.75 * len(own) / average))) / (1.5 * total)
        held = neighbours & set(zip(own, own[1:], strict=False))
        pairs[i] = sum((idf[one] + idf[other]) / 2 for one, other in held) / total
    parts = np.array([cosine, nearest, bm25, pairs])
    fused = np.array(weights) @ parts / sum(weights)
    return {p.id: float(score) for p, score in zip(passages, fused, strict=True)}


def _nearest_sentence(question: str, title: str, text: str) -> float:
    encoder = FakeEncoder()
    vectors = encoder.encode_passages([f"{title}\n{text[start:end]}" for start, end in sentences(text)])
    return float((vectors @ encoder.encode_question(question)).max())


def some_questions(generation: Generation, n: int) -> list[str]:
    """Return questions of words of the corpus, and one word that is not in it."""
    words = sorted({word for article in generation.articles.values() for word in article.text.split()})
    rng = random.Random(7)
    return [" ".join([*rng.sample(words, rng.randint(1, 6)), rng.choice(["penguin", ""])]) for _ in range(n)]


@pytest.mark.parametrize("weights", [WEIGHTS, (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0.5, 0.3, 2, 1)])
def test_fusion_equals_the_oracle_for_every_question(briefing: Briefing, weights: tuple[float, ...]) -> None:
    generation = briefing.generation
    names = ("dense_weight", "sentence_weight", "bm25_weight", "pair_weight")
    settings = RetrievalSettings(k=50, **dict(zip(names, weights, strict=True)))
    for question in some_questions(generation, 40):
        expected = oracle(question, generation, weights)
        found = Search(generation, FakeEncoder(), settings).hits(question)
        assert {hit.passage.id: hit.score for hit in found} == pytest.approx(expected, abs=3e-4)
        assert [hit.rank for hit in found] == list(range(1, len(found) + 1))
        keys = [(-hit.score, hit.passage.id) for hit in found]
        assert keys == sorted(keys)


def test_modes_rank_by_one_retriever_alone(briefing: Briefing) -> None:
    generation = briefing.generation
    for question in some_questions(generation, 20):
        dense, bm25 = (briefing.retrieve(question, k=50, mode=mode) for mode in ("dense", "bm25"))
        cosines, shares = oracle(question, generation, (1, 0, 0, 0)), oracle(question, generation, (0, 0, 1, 0))
        assert {hit.passage.id: hit.score for hit in dense} == pytest.approx(cosines, abs=3e-4)
        held = {passage: share for passage, share in shares.items() if share > 0}
        assert {hit.passage.id: hit.score for hit in bm25} == pytest.approx(held, abs=3e-4)
        for hits in (dense, bm25):
            assert [(-hit.score, hit.passage.id) for hit in hits] == sorted(
                (-hit.score, hit.passage.id) for hit in hits
            )


def test_unknown_mode_is_refused(briefing: Briefing) -> None:
    with pytest.raises(SettingsError, match="mode is 'sparse'; it must be one of hybrid, dense, bm25"):
        briefing.retrieve("gas", mode="sparse")  # type: ignore[arg-type]


def test_bm25_alone_encodes_nothing(briefing: Briefing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeEncoder, "_vector", lambda *_: pytest.fail("a text was encoded"))
    assert [hit.passage.article_id for hit in briefing.retrieve("helium", mode="bm25")] == [
        "2017-05-22-pipeline-progress.md"
    ]


def test_many_questions_have_the_hits_of_each_alone(briefing: Briefing) -> None:
    questions = some_questions(briefing.generation, 12)
    for mode in ("hybrid", "dense", "bm25"):
        alone = [briefing.retrieve(question, k=3, tags=["gas", "finance"], mode=mode) for question in questions]
        assert briefing.retrieve_many(questions, k=3, tags=["gas", "finance"], mode=mode) == alone
    assert briefing.retrieve_many([]) == []
    with pytest.raises(QuestionError):
        briefing.retrieve_many(["gas", " "])


def test_trace_counts_what_a_date_filter_leaves_out_for_want_of_a_date(briefing: Briefing) -> None:
    assert [hit.trace.undated for hit in briefing.retrieve("bank", k=2, since=date(2016, 1, 1))] == [1, 1]
    assert [hit.trace.undated for hit in briefing.retrieve("bank", k=2, tags=["finance"])] == [0, 0]


def test_neighbouring_terms_count_where_they_stand_side_by_side(opened: Opener) -> None:
    briefing = opened({"a.md": "The bank of the river.", "b.md": "The river of the bank.", "c.md": "Gas."})
    first, second, _ = briefing.retrieve("Which river bank?", k=3)
    assert (first.passage.article_id, second.passage.article_id) == ("b.md", "a.md")
    assert first.trace.pair_score == pytest.approx(0.5)
    assert second.trace.pair_score == 0
    assert first.trace.bm25_score == second.trace.bm25_score


def test_filters_apply_before_the_cut_and_scores_are_of_the_admitted_alone(briefing: Briefing) -> None:
    generation = briefing.generation
    post = {a.id for a in generation.articles.values() if a.source == "Morning Post"}
    for question in some_questions(generation, 40):
        expected = oracle(question, generation, admitted=post)
        found = briefing.retrieve(question, k=50, sources=["Morning Post"])
        assert {hit.passage.id: hit.score for hit in found} == pytest.approx(expected, abs=3e-4)
        for k in (1, 2):
            assert briefing.retrieve(question, k=k, sources=["Morning Post"]) == found[:k]


def test_filter_finds_what_no_list_would_have_reached(opened: Opener) -> None:
    """The one admitted passage is the worst of 60, far below the candidates of either retriever."""
    articles = {f"a{n:02}.md": f"Railway loan of the bank number {n}." for n in range(59)} | {"z.md": "Penguins swim."}
    briefing = opened(articles, {"z.md": {"source": "Zoo"}})
    settings = RetrievalSettings(k=3, candidates=5)
    found = Search(briefing.generation, FakeEncoder(), settings).hits("railway loan", Filters(sources=["Zoo"]))
    assert [hit.passage.article_id for hit in found] == ["z.md"]
    assert (found[0].trace.dense_rank, found[0].trace.bm25_rank) == (1, None)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"since": date(2019, 12, 3)}, {"2019-12-03-gas-flows.md", "2020-03-09-railway-postponed.md"}),
        ({"since": date(2019, 12, 4)}, {"2020-03-09-railway-postponed.md"}),
        ({"until": date(2016, 6, 29)}, {"2016-06-29-railway-loan.md"}),
        ({"until": date(2016, 6, 28)}, set()),
        (
            {"since": date(2016, 7, 21), "until": date(2017, 5, 22)},
            {"banks/2016-07-21-bank-bond.md", "2017-05-22-pipeline-progress.md"},
        ),
        ({"since": date(2017, 5, 22), "until": date(2017, 5, 22)}, {"2017-05-22-pipeline-progress.md"}),
        (
            {"sources": {"Rail Gazette", "Energy Weekly"}},
            {"2016-06-29-railway-loan.md", "2017-05-22-pipeline-progress.md"},
        ),
        ({"sources": ["morning post"]}, set()),
        ({"sources": []}, set()),
        ({"tags": ["finance"]}, {"2016-06-29-railway-loan.md", "banks/2016-07-21-bank-bond.md"}),
        ({"tags": ["gas", "unknown"]}, {"2017-05-22-pipeline-progress.md", "2019-12-03-gas-flows.md"}),
        ({"tags": ["gas"], "sources": ["Morning Post"]}, {"2019-12-03-gas-flows.md"}),
        ({"tags": []}, set()),
    ],
)
def test_filters_let_through_exactly_what_they_say(
    briefing: Briefing, filters: dict[str, object], expected: set[str]
) -> None:
    assert set(ids(briefing, "bank railway gas", k=50, **filters)) == expected
    answer = briefing.ask("Who finances the northern railway?", **filters)  # type: ignore[arg-type]
    assert {hit.passage.article_id for hit in answer.hits} <= expected
    assert {citation.article_id for citation in answer.citations} <= expected


def test_every_combination_of_filters_admits_what_a_plain_reading_says() -> None:
    dates = [None, date(2016, 1, 1), date(2017, 1, 1)]
    for published in dates:
        article = Article("a", "t", "t", source="S", published=published, tags=("x", "y"))
        for since in dates:
            for until in dates:
                if since and until and since > until:
                    continue
                inside = not (since or until) or (
                    published is not None and (since or date.min) <= published <= (until or date.max)
                )
                for sources, source_fits in ((None, True), (["S"], True), (["T"], False)):
                    for tags, tag_fits in ((None, True), (["y", "z"], True), (["z"], False)):
                        admitted = Filters(since, until, sources, tags).admits(article)
                        assert admitted is (inside and source_fits and tag_fits)


def test_no_filter_is_false() -> None:
    assert not Filters()
    assert Filters(sources=[])
    assert Filters(until=date(2016, 1, 1))


@pytest.mark.parametrize("field", ["sources", "tags"])
def test_string_in_place_of_a_list_is_refused(field: str) -> None:
    with pytest.raises(FilterError, match=rf"{field} must be a list of strings, not the string 'gas'"):
        Filters(**{field: "gas"})  # type: ignore[arg-type]


def test_range_the_wrong_way_round_is_refused(briefing: Briefing) -> None:
    with pytest.raises(FilterError, match="since 2017-01-01 is after until 2016-01-01; exchange them"):
        briefing.retrieve("gas", since=date(2017, 1, 1), until=date(2016, 1, 1))


def test_equal_scores_come_in_order_of_id(opened: Opener) -> None:
    names = [f"{n}.md" for n in random.Random(1).sample(range(10, 99), 40)]
    briefing = opened({name: f"Railway {name}." for name in names})  # every name is a term of its own
    assert ids(briefing, "penguin", k=50) == sorted(names, key=lambda n: _key(briefing, "penguin", n))
    equal = opened({f"{n}.md": "The seat is here. " + "—" * n for n in range(10, 30)})
    found = equal.retrieve("seat", k=50, collapse=False)
    same = [hit.passage.article_id for hit in found if hit.score == found[0].score]
    assert same == [f"{n}.md" for n in range(10, 30)]


def _key(briefing: Briefing, question: str, name: str) -> tuple[float, str]:
    scores = oracle(question, briefing.generation)
    passage = next(p.id for p in briefing.generation.passages if p.article_id == name)
    return -round(scores[passage], 6), passage


def test_same_words_in_several_articles_are_one_hit_that_names_the_others(opened: Opener) -> None:
    briefing = opened(
        {"b.md": "Gas flows  east.", "a.md": "GAS flows\neast.", "c.md": "Gas flows west.", "d.md": "Rail."}
    )
    first, *others = briefing.retrieve("gas flows east", k=10)
    assert (first.passage.id, first.also_in) == ("a.md:0-15", ("b.md:0-16",))
    assert [(hit.passage.article_id, hit.also_in, hit.rank) for hit in others] == [("c.md", (), 2), ("d.md", (), 3)]


WIRE = """The Development Bank lends 400 billion roubles to the northern railway. The loan runs for twenty years and
carries an interest rate of four percent, the bank said in Shanghai. Trains will cover the distance between Kazan and
Moscow in three and a half hours. Construction is to begin after the route has been surveyed."""


def test_near_copies_in_other_articles_fold_under_the_best_that_names_them(opened: Opener) -> None:
    articles = {
        "a.md": f"SHANGHAI, July 21 (Xinhua) -- {WIRE}",
        "b.md": WIRE.replace("surveyed", "surveeyd"),
        "c.md": WIRE.replace("400 billion", "470 billion"),
        "d.md": WIRE.rpartition(" Construction")[0],
        "e.md": "The railway needs a loan, critics say, that no bank would give.",
    }
    briefing = opened(articles)
    question = "Who lends to the northern railway?"
    hits = briefing.retrieve(question, k=10)
    each = briefing.retrieve(question, k=10, collapse=False)
    assert {(hit.passage.article_id, tuple(i.partition(":")[0] for i in hit.also_in)) for hit in hits} == {
        ("d.md", ("b.md", "a.md")),
        ("c.md", ()),
        ("e.md", ()),
    }
    assert sorted(hit.passage.article_id for hit in each) == sorted(articles)
    assert all(hit.also_in == () for hit in each)
    assert [hit.rank for hit in each] == [1, 2, 3, 4, 5]
    assert [h for h in each if h.passage.article_id == "d.md"][0].score == hits[0].score
    for k in (1, 2, 3):
        assert briefing.retrieve(question, k=k) == hits[:k]
        assert briefing.retrieve(question, k=k, collapse=False) == each[:k]


def test_overlapping_passages_of_one_article_do_not_fold(tmp_path: Path) -> None:
    text = " ".join(f"Sentence number {n} tells of the railway." for n in range(40))
    generation = generation_of(tmp_path, Article("a", text, "T"), size=300, overlap=290)
    assert all(q.start < p.end for p, q in itertools.pairwise(generation.passages))
    hits = Search(generation, FakeEncoder(), RetrievalSettings(k=50)).hits("railway")
    assert sorted(hit.passage.id for hit in hits) == sorted(p.id for p in generation.passages)


def test_copies_do_not_push_others_out_of_the_first_k(opened: Opener) -> None:
    briefing = opened({f"copy{n}.md": "Gas flows east." for n in range(8)} | {"other.md": "Gas flows west."})
    hits = briefing.retrieve("gas flows east", k=2)
    assert [hit.passage.article_id for hit in hits] == ["copy0.md", "other.md"]
    assert hits[0].also_in == tuple(f"copy{n}.md:0-15" for n in range(1, 8))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 33])
def test_corpus_of_copies_alone_is_one_hit_of_the_first(opened: Opener, n: int) -> None:
    briefing = opened({f"{i:02}.md": "The bank lends to the railway." for i in range(n)})
    hits = briefing.retrieve("bank", k=5)
    assert [hit.passage.article_id for hit in hits] == ["00.md"]
    assert hits[0].score == pytest.approx(oracle("bank", briefing.generation)["00.md:0-30"], abs=3e-4)
    assert hits[0].also_in == tuple(f"{i:02}.md:0-30" for i in range(1, n))


def test_lone_hit_is_scored_by_what_it_holds(opened: Opener) -> None:
    briefing = opened({"a.md": "Gas flows."})
    (found,), (unknown,) = briefing.retrieve("gas flows"), briefing.retrieve("penguin")
    assert found.trace.sentence_score == pytest.approx(1, abs=1e-3)
    assert found.score == pytest.approx(oracle("gas flows", briefing.generation)["a.md:0-10"], abs=3e-4)
    assert unknown.score == pytest.approx(oracle("penguin", briefing.generation)["a.md:0-10"], abs=3e-4)
    assert unknown.score < 0.3 < 0.8 < found.score


def test_question_of_unknown_words_is_answered_by_the_vectors_alone(briefing: Briefing) -> None:
    hits = briefing.retrieve("penguin zebra", k=50)
    assert len(hits) == len(briefing.generation.passages)
    assert all(hit.trace.bm25_rank is None and hit.trace.bm25_score == 0 and hit.trace.terms == () for hit in hits)
    assert sorted(hit.trace.dense_rank or 0 for hit in hits) == list(range(1, len(hits) + 1))


@pytest.mark.parametrize("question", ["?", "the of and", "👩‍👧", "\u0301", "x" * 2000, "\0"])
def test_question_without_terms_is_no_crash(briefing: Briefing, question: str) -> None:
    hits = briefing.retrieve(question, k=3)
    assert [hit.rank for hit in hits] == [1, 2, 3]


def test_k_beyond_the_corpus_returns_every_passage_once(briefing: Briefing) -> None:
    found = [hit.passage.id for hit in briefing.retrieve("railway", k=1000)]
    assert sorted(found) == sorted(p.id for p in briefing.generation.passages)


def test_fewer_hits_are_the_beginning_of_more(briefing: Briefing) -> None:
    for question in some_questions(briefing.generation, 20):
        all_hits = briefing.retrieve(question, k=8)
        assert [briefing.retrieve(question, k=k) for k in range(1, 9)] == [all_hits[:k] for k in range(1, 9)]


def test_trace_says_why_a_passage_was_found(briefing: Briefing) -> None:
    hit = briefing.retrieve("Who finances the northern railway, the railways?", k=1)[0]
    assert hit.trace.terms == ("financ", "northern", "railway")
    assert hit.trace.bm25_rank == 1
    text = f"{briefing.article(hit.passage.article_id).title}\n{hit.passage.text}"
    encoder = FakeEncoder()
    cosine = encoder.encode_passages([text])[0] @ encoder.encode_question(
        "Who finances the northern railway, the railways?"
    )
    assert hit.trace.dense_score == pytest.approx(float(cosine), abs=1e-6)


def test_few_candidates_keep_the_best_of_both_lists(briefing: Briefing) -> None:
    generation = briefing.generation
    for question in some_questions(generation, 30):
        everything = Search(generation, FakeEncoder(), RetrievalSettings(k=50)).hits(question)
        query, vector = Query.of(question, generation), FakeEncoder().encode_question(question)
        few = qa.search.hybrid.Candidates.of(query, vector, generation, RetrievalSettings(k=2, candidates=2), None)
        best = {h.passage.id for h in everything if h.trace.dense_rank == 1 or h.trace.bm25_rank == 1}
        assert best <= {generation.passages[row].id for row in few.rows}
        assert len(few.rows) <= 4
        assert max([*few.dense_ranks.values(), *few.bm25_ranks.values()]) <= 2


def test_retrieval_is_the_same_in_every_run(briefing: Briefing, settings: Settings) -> None:
    again = Briefing.open(settings=settings, encoder=FakeEncoder(), update="never")
    for question in some_questions(briefing.generation, 10):
        assert briefing.retrieve(question) == again.retrieve(question) == briefing.retrieve(question)


def test_a_narrow_encoder_has_the_hits_and_scores_of_a_wide_one(briefing: Briefing, settings: Settings) -> None:
    index = settings.index.model_copy(update={"folder": settings.index.folder.with_name("cone")})
    narrow = Briefing.open(settings=settings.model_copy(update={"index": index}), encoder=ConeEncoder(0.7))
    for question in some_questions(briefing.generation, 10):
        hits = briefing.retrieve(question)
        found = narrow.retrieve(question)
        assert {hit.passage.id for hit in found} == {hit.passage.id for hit in hits}
        by_id = {hit.passage.id: hit for hit in hits}
        for hit in found:
            assert hit.score == pytest.approx(by_id[hit.passage.id].score, abs=2e-3)  # stored in half precision
            assert hit.trace.sentence_score == pytest.approx(by_id[hit.passage.id].trace.sentence_score, abs=5e-3)


def test_ranks_follow_the_cut(briefing: Briefing) -> None:
    hits = briefing.retrieve("gas", k=2)
    assert hits == [replace(hit, rank=i) for i, hit in enumerate(hits, start=1)]


@pytest.mark.parametrize("value", ["2016-01-01", datetime(2016, 1, 1, 12), 2016])
def test_filter_dates_must_be_dates(value: Any) -> None:  # noqa: ANN401 (whatever a caller gives)
    with pytest.raises(FilterError, match="since"):
        Filters(since=value)


def test_k_beyond_the_candidates_still_gets_k_hits(tmp_path: Path) -> None:
    for n in range(30):
        write_article(tmp_path / "corpus", f"{n:02}.md", f"The bank number {n} lends money.", title=f"Bank {n}")
    settings = Settings(
        corpus=CorpusSettings(folder=tmp_path / "corpus"),
        index=IndexSettings(folder=tmp_path / "index"),
        retrieval=RetrievalSettings(candidates=5),
    )
    briefing = Briefing.open(settings=settings, encoder=FakeEncoder())
    assert len(briefing.retrieve("Which bank lends?", k=25)) == 25
