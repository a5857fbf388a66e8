"""What a question asks for: spelling, abbreviations, neighbouring terms."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.briefing import Briefing
from qa.search.query import Query, spellings
from qa.settings import CorpusSettings, IndexSettings, Settings
from qa.text.abbreviations import in_words_of, long_form
from tests.fakes import FakeEncoder
from tests.texts import write_article

ARTICLES = {
    "a.md": "The China Development Bank (CDB) lends to the government. CDB finances the railway.",
    "b.md": "CDB sold a bond in Shanghai.",
    "c.md": "Lukashenko met the ministers of the China Development Bank.",
    "d.md": "The financing of the railway costs roubles. Bears and boats.",
}


@pytest.fixture
def small(tmp_path: Path) -> Briefing:
    """Four articles, one of which defines an abbreviation."""
    for name, text in ARTICLES.items():
        write_article(tmp_path / "corpus", name, text, title="T")
    settings = Settings(corpus=CorpusSettings(folder=tmp_path / "corpus"), index=IndexSettings(folder=tmp_path / "i"))
    return Briefing.open(settings=settings, encoder=FakeEncoder())


def alternatives(briefing: Briefing, question: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return the alternatives of each term of a question."""
    return {wanted.term: wanted.alternatives for wanted in Query.of(question, briefing.generation).wanted}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("raiwlay", ("railway",)),
        ("railwayy", ("railway",)),
        ("arilway", ("railway",)),
        ("lukashenka", ("lukashenko",)),
        ("rail", ()),
        ("xyzzy", ()),
        ("bod", ()),
        ("2017", ()),
    ],
)
def test_spellings(small: Briefing, typed: str, meant: tuple[str, ...]) -> None:
    assert spellings(typed, small.generation.store) == meant


def test_several_spellings_come_by_frequency_then_name(small: Briefing) -> None:
    assert spellings("beat", small.generation.store) == ("bear", "boat")


def test_known_term_is_never_respelt(small: Briefing) -> None:
    assert alternatives(small, "bond bnod") == {"bond": (("bond",),), "bnod": (("bond",),)}


def test_misspelt_question_has_the_scores_of_the_right_one(small: Briefing) -> None:
    right, wrong = (small.retrieve(q, k=9, mode="bm25") for q in ("Shanghai railway", "Shangahi raiwlay"))
    assert [(hit.passage.id, hit.score, hit.trace) for hit in right] == [
        (hit.passage.id, hit.score, hit.trace) for hit in wrong
    ]
    assert right


@pytest.mark.parametrize("question", ["Who leads CDB?", "who leads cdb", "Who leads the (CDB)?"])
def test_abbreviation_stands_for_its_long_form(small: Briefing, question: str) -> None:
    query = Query.of(question, small.generation)
    assert {w.term: w.alternatives for w in query.wanted}["cdb"] == (("cdb",), ("china", "develop", "bank"))
    assert "China Development Bank" in query.text
    assert {hit.passage.article_id for hit in small.retrieve(question, mode="bm25")} == {"a.md", "b.md", "c.md"}


@pytest.mark.parametrize("question", ["Who leads the China Development Bank?", "china development bank"])
def test_long_form_stands_for_its_abbreviation(small: Briefing, question: str) -> None:
    found = alternatives(small, question)
    assert [found[term] for term in ("china", "develop", "bank")] == [
        (("china",), ("cdb",)),
        (("develop",), ("cdb",)),
        (("bank",), ("cdb",)),
    ]
    assert {hit.passage.article_id for hit in small.retrieve(question, mode="bm25")} == {"a.md", "b.md", "c.md"}


def test_function_words_may_count_in_an_abbreviation(tmp_path: Path) -> None:
    texts = {"a.md": "The Bank of China (BOC) and the Ministry of Foreign Affairs (MFA) met.", "b.md": "BOC and MFA."}
    for name, text in texts.items():
        write_article(tmp_path / "corpus", name, text, title="T")
    settings = Settings(corpus=CorpusSettings(folder=tmp_path / "corpus"), index=IndexSettings(folder=tmp_path / "i"))
    found = Briefing.open(settings=settings, encoder=FakeEncoder())
    assert alternatives(found, "the Bank of China") == {"bank": (("bank",), ("boc",)), "china": (("china",), ("boc",))}
    assert alternatives(found, "ministry of foreign affairs")["foreign"] == (("foreign",), ("mfa",))


def test_undefined_abbreviation_stands_for_itself(small: Briefing) -> None:
    query = Query.of("Does the NATO bank of boats sell?", small.generation)
    assert all(len(way) == 1 for wanted in query.wanted for way in wanted.alternatives)
    assert query.text == "Does the NATO bank of boats sell?"


@pytest.mark.parametrize(
    ("short", "before", "expected"),
    [
        ("CDB", "loans of the China Development Bank ", "China Development Bank"),
        ("HMM", "a hidden Markov model ", "hidden Markov model"),
        ("BOC", "the Bank of China ", "Bank of China"),
        ("IMF", "the International Monetary Fund ", "International Monetary Fund"),
        ("CDB", "nothing of the kind ", None),
        ("AB", "Alphabet ", None),
        ("CDB", "", None),
        ("X", "İstanbul x", None),
    ],
)
def test_long_forms(short: str, before: str, expected: str | None) -> None:
    assert long_form(short, before) == expected


@given(st.text(min_size=1, max_size=8), st.text(max_size=60))
def test_long_form_is_the_end_of_what_stands_before(short: str, before: str) -> None:
    found = long_form(short, before)
    assert found is None or before.strip().endswith(found)


def test_pairs_are_of_neighbours_in_their_indexed_spelling(small: Briefing) -> None:
    store = small.generation.store
    pairs = Query.of("Which raiwlay bond of Shanghai?", small.generation).pairs
    assert set(pairs) == {("railway", "bond"), ("bond", "shanghai")}
    assert pairs["bond", "shanghai"] == pytest.approx((store.idf("bond") + store.idf("shanghai")) / 2)


def test_question_without_terms_asks_for_nothing(small: Briefing) -> None:
    query = Query.of("?", small.generation)
    assert (query.wanted, dict(query.pairs), query.text) == ((), {}, "?")


@pytest.mark.parametrize(
    ("passage", "question", "asked"),
    [
        ("The SCO met in Tashkent.", "When did the Shanghai Cooperation Organisation meet?", "When did the SCO meet?"),
        (
            "The Shanghai Cooperation Organisation met.",
            "did the sco meet",
            "did the Shanghai Cooperation Organisation meet",
        ),
        ("The Shanghai Cooperation Organisation (SCO) met.", "Did the SCO meet?", "Did the SCO meet?"),
        ("Nobody met.", "Did the SCO meet?", "Did the SCO meet?"),
        ("The SCO met.", "Did the shanghai  cooperation\norganisation meet?", "Did the SCO meet?"),
        ("The SCOTUS met.", "Did the Shanghai Cooperation Organisation meet?", None),
    ],
)
def test_a_passage_is_asked_in_its_own_words(passage: str, question: str, asked: str | None) -> None:
    known = {"SCO": "Shanghai Cooperation Organisation"}
    assert in_words_of(passage, question, known) == (question if asked is None else asked)
