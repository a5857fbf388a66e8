"""The sentence reader, with weights of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qa.reader
from qa.analysis import sentences
from qa.briefing import Briefing
from qa.index import Generation
from qa.reader import EXPECTED, Linear, Question, SentenceReader, linear, shipped
from qa.types import Article, Reading, Store
from tests.fakes import FakeEncoder
from tests.texts import HOSTILE, generation_of, hit_on


@pytest.fixture
def store(briefing: Briefing) -> Store:
    """The store of the small corpus, for term statistics."""
    return briefing.generation.store


Read = Callable[..., list[str]]


@pytest.fixture
def read(tmp_path: Path, fixed_weights: None) -> Read:
    """A function that reads articles of these texts, a passage each, and returns the sentences, best first."""

    def read_texts(question: str, *bodies: str, size: int = 20_000, overlap: int = 0) -> list[str]:
        articles = [Article(f"{n}.md", body, "T") for n, body in enumerate(bodies)]
        generation = generation_of(tmp_path / "index", *articles, size=size, overlap=overlap)
        return [text_of(reading, generation) for reading in readings_of(question, generation)]

    return read_texts


def readings_of(question: str, generation: Generation, backwards: bool = False) -> list[Reading]:
    """Return the readings of every passage, the first passage being the first hit."""
    passages = generation.passages[::-1] if backwards else generation.passages
    hits = [
        hit_on(generation.articles[p.article_id], p.start, p.end, rank=rank) for rank, p in enumerate(passages, start=1)
    ]
    return SentenceReader(FakeEncoder(), generation).read(question, hits)


def text_of(reading: Reading, generation: Generation) -> str:
    """Return what a reading says."""
    return generation.articles[reading.hit.passage.article_id].text[reading.start : reading.end]


def test_linear_is_bias_and_weighted_sum_of_the_features_it_names() -> None:
    assert Linear(1.5, {"a": 2.0, "b": -1.0})({"a": 3.0, "b": 0.5, "c": 100.0}) == 7.0
    with pytest.raises(KeyError, match="b"):
        Linear(0.0, {"b": 1.0})({"a": 1.0})


@pytest.mark.parametrize("part", ["sentence", "answered", "subject"])
def test_shipped_weights_name_only_features_there_are(part: str) -> None:
    question = Question({}, 0.0, frozenset(), None)
    features = question.features(hit_on(Article("a", "Gas flows.", "Gas")), "Gas flows.", {"gas", "flow"}, 0.0)
    known = set(features) | ({"score"} if part != "sentence" else set())
    weights = shipped(part)["weights"]
    assert isinstance(weights, dict)
    assert set(weights) <= known
    assert isinstance(linear(part)({name: 0.5 for name in known}), float)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When did gas begin to flow?", "date"),
        ("In what year was it founded?", "date"),
        ("How old is the bank?", "date"),
        ("How many kilometres?", "quantity"),
        ("How long is the railway?", "quantity"),
        ("What is the price?", "quantity"),
        ("Who finances the railway?", "who"),
        ("Whose loan is it?", "who"),
        ("Where is the seat?", "where"),
        ("In which city is it?", "where"),
        ("Why was it postponed?", "why"),
        ("How did the bank react?", None),
        ("What is a bond?", None),
        ("Somewhere over the rainbow", None),
    ],
)
def test_kind_of_answer_that_is_asked_for(store: Store, question: str, expected: str | None) -> None:
    assert Question.of(question, store).expected == expected


@pytest.mark.parametrize(
    ("kind", "shows", "lacks"),
    [
        ("date", "It opened in December.", "It opened late."),
        ("date", "It opened in 1986.", "It has 19860 seats."),
        ("quantity", "It is twelve metres long.", "It is long."),
        ("where", "Its seat is in Shanghai.", "Its seat is in a tower."),
        ("why", "It stopped because of the cost.", "It stopped."),
    ],
)
def test_sentence_shows_the_kind_or_lacks_it(kind: str, shows: str, lacks: str) -> None:
    assert EXPECTED[kind][1].search(shows)
    assert not EXPECTED[kind][1].search(lacks)


def test_question_is_weighted_terms_names_and_unknown_words(store: Store) -> None:
    asked = Question.of("Did Mikhail Orlov praise the Amur penguin?", store)
    assert list(asked.terms) == ["mikhail", "orlov", "prais", "amur", "penguin"]
    total = sum(store.idf(term) for term in asked.terms)
    assert asked.terms["amur"] == pytest.approx(store.idf("amur") / total)
    assert sum(asked.terms.values()) == pytest.approx(1)
    assert asked.unknown == pytest.approx(2 * store.idf("penguin") / total)
    assert asked.names == {"mikhail", "orlov", "amur"}
    assert asked.share({"amur", "river"}) == pytest.approx(asked.terms["amur"])


def test_question_without_terms_has_no_weight(store: Store) -> None:
    assert Question.of("Who is it?", store) == Question({}, 0, frozenset(), "who")


def test_features_of_a_sentence(store: Store) -> None:
    article = Article("a.md", "Mikhail Orlov spoke. The Amur rose.", "River")
    hit = hit_on(article, rank=4, score=0.7)
    asked = Question.of("When did the Amur rise near Kazan?", store)
    around = {"mikhail", "orlov", "spoke", "amur", "rose", "river"}
    features = asked.features(hit, "The Amur rose.", around, 0.25)
    assert (features["cosine"], features["passage_cosine"], features["passage_score"]) == (0.25, 0.5, 0.7)
    assert features["passage_first"] == 0.25
    assert features["held"] == features["held_around"] == pytest.approx(asked.terms["amur"])
    assert (features["expected"], features["shows_expected"]) == (1, 0)
    assert features["names_missing"] == features["names_elsewhere"] == 0.5  # Kazan of Amur, Kazan
    assert features["adds"] == pytest.approx(1 / 12)  # "rose"


def test_sentences_come_best_first_with_offsets_of_the_article(tmp_path: Path, fixed_weights: None) -> None:
    body = "Prologue of many quiet words.\n\nThe bridge has two wide lanes. The bank finances the long bridge."
    generation = generation_of(tmp_path, Article("a.md", body, "T"))
    readings = readings_of("Who finances the bridge?", generation)
    assert [text_of(r, generation) for r in readings][:2] == [
        "The bank finances the long bridge.",
        "The bridge has two wide lanes.",
    ]
    encoder = FakeEncoder()
    for r in readings:
        cosine = encoder.encode_passages([text_of(r, generation)])[0] @ encoder.encode_question(
            "Who finances the bridge?"
        )
        assert r.features["cosine"] == pytest.approx(float(cosine), abs=1e-3)
        expected = r.features["cosine"] + 2 * r.features["held"] + 0.5 * r.features["shows_expected"]
        assert r.score == pytest.approx(expected)


def test_offsets_hold_in_passages_that_do_not_begin_the_article(tmp_path: Path, fixed_weights: None) -> None:
    body = "\n\n".join(f"Bank number {n} lends to the railway of its own town. It is small." for n in range(6))
    generation = generation_of(tmp_path, Article("a.md", body, "T"), size=100)
    assert len(generation.passages) == 6
    best = readings_of("Which bank has number 4?", generation)[0]
    assert text_of(best, generation) == "Bank number 4 lends to the railway of its own town."


def test_ties_come_in_reading_order(tmp_path: Path, fixed_weights: None) -> None:
    twice, once = "Penguins swim under cold water. Penguins swim under cold water.", "Penguins swim under cold water."
    generation = generation_of(tmp_path, Article("0.md", once, "T"), Article("a.md", twice, "T"))
    readings = readings_of("Do penguins swim?", generation, backwards=True)
    assert [(r.hit.passage.article_id, r.start) for r in readings] == [("a.md", 0), ("a.md", 32), ("0.md", 0)]


def test_sentence_in_the_overlap_of_two_passages_is_read_once(tmp_path: Path, fixed_weights: None) -> None:
    sentences_of_it = [f"The {nth} bank lends much money abroad." for nth in ("first", "second", "third", "fourth")]
    generation = generation_of(tmp_path, Article("a.md", " ".join(sentences_of_it), "T"), size=100, overlap=60)
    assert [len(spans) for spans in generation.sentences] == [2, 3]  # the second is in both
    readings = readings_of("Which bank lends money?", generation)
    assert sorted(text_of(r, generation) for r in readings) == sorted(sentences_of_it)
    assert next(r for r in readings if "second" in text_of(r, generation)).hit.rank == 1


def test_headings_fragments_and_tables_are_not_quoted_beside_sentences(read: Read) -> None:
    table = "| bank | bond | " * 120
    body = f"# Bank and bond of the long bridge\n\nBank bond.\n\n{table}\n\nThe bank sold one bond to Kazan."
    assert read("Who sold the bond?", body) == ["The bank sold one bond to Kazan."]


def test_fragments_are_read_when_there_is_nothing_else(read: Read) -> None:
    assert read("Bond?", "Bank bond.") == ["Bank bond."]


def test_nothing_is_read_from_nothing(tmp_path: Path) -> None:
    generation = generation_of(tmp_path, Article("a.md", "Gas flows.", "T"))
    assert SentenceReader(FakeEncoder(), generation).read("Who?", []) == []


def test_weights_decide(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = {"bias": 0.0, "weights": {"held": -1.0}}
    monkeypatch.setattr(qa.reader, "shipped", {"sentence": weights}.__getitem__)
    found = read("Who finances the bridge?", "The bank finances the long bridge. The tower has two wide lanes.")
    assert found[0] == "The tower has two wide lanes."


@given(st.lists(HOSTILE.filter(str.strip), min_size=1, max_size=3), HOSTILE)
@settings(max_examples=40)
def test_every_reading_is_a_sentence_of_its_passage(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[str], question: str
) -> None:
    articles = [Article(f"{n}.md", body, "T") for n, body in enumerate(bodies)]
    generation = generation_of(tmp_path_factory.mktemp("index"), *articles, size=100, overlap=50)
    readings = readings_of(question, generation)
    assert readings
    for reading in readings:
        passage = reading.hit.passage
        assert (reading.start - passage.start, reading.end - passage.start) in sentences(passage.text)
    scores = [reading.score for reading in readings]
    assert scores == sorted(scores, reverse=True)
    assert len({(r.hit.passage.article_id, r.end) for r in readings}) == len(readings)
